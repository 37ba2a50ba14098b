printf '421\t4.7.0\t[TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints\n' | mailmortem classify --tsv
