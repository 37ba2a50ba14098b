# No function over 100 lines, no .c over 800, no line over 80 columns (a tab
# counts 8; long strings in tests excepted). Tables are no functions.
function finish() { if (FNR_last > 800 && last !~ /^tests\//) { print last ": " FNR_last " lines, 800 are allowed"; bad = 1 } }
FNR == 1 { if (NR > 1) finish(); last = FILENAME; start = 0; FNR_last = 0 }
{ FNR_last = FNR }
/^{/ { start = FNR }
/^}/ {
	if (start && FNR - start > 100 && $0 !~ /^};/) {
		print FILENAME ":" start ": function of " FNR - start " lines, 100 are allowed"
		bad = 1
	}
	start = 0
}
FILENAME !~ /^tests\// {
	line = $0; w = 0
	for (i = 1; i <= length(line); i++)
		w = substr(line, i, 1) == "\t" ? w + 8 - w % 8 : w + 1
	if (w > 80 && line !~ /"/) { print FILENAME ":" FNR ": " w " columns"; bad = 1 }
}
END { finish(); exit bad }
