mailmortem summary reports/report.png
