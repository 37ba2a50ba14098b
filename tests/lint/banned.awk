# Functions that have a safe twin here or in the C library.
{
	line = $0
	gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
	sub(/\/\*.*$/, "", line)
	if (line ~ /^ \*/) next
	if (match(line, /(^|[^A-Za-z0-9_>.])(strtok|sprintf|vsprintf|atoi|atol|atof|strcat|strncat|strncpy|gets|strptime|localtime|gmtime|mktime|rand|srand|alloca|system|setlocale)\(/)) {
		print FILENAME ":" FNR ": banned: " substr(line, RSTART, RLENGTH)
		bad = 1
	}
	if (FILENAME !~ /^(tests\/|formats\/base\/(mem|arena)\.)/ &&
	    match(line, /(^|[^A-Za-z0-9_])(malloc|calloc|realloc|strdup)\(/)) {
		print FILENAME ":" FNR ": use mem.h: " substr(line, RSTART, RLENGTH)
		bad = 1
	}
}
END { exit bad }
