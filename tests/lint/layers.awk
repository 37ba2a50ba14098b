# An include goes to the own floor or to one below, never up; siblings (two
# parsers, two detectors, two renderers) do not know each other. Only cmd_*.c
# joins branches, only mailmortem.c names verbs.
function room(p) {
	if (p ~ /^tests\//) return "tests"
	if (p ~ /^formats\/|^analyze\/.*\/|^replay\/.*\//) {
		match(p, /^[^\/]*\/[^\/]*/)
		return substr(p, 1, RLENGTH)
	}
	sub(/\/.*/, "", p)
	return p
}
BEGIN {
	f = "formats/base"
	ok["formats/base"] = f
	ok["formats/read"] = f " formats/read"
	ok["formats/mail"] = f " formats/mail"
	both = f " formats/read formats/mail"
	ok["formats/logs"] = both " formats/logs"
	ok["formats/spools"] = both " formats/spools"
	low = both " formats/logs formats/spools"
	ok["analyze/case"] = low " analyze/case"
	ok["analyze/cause"] = ok["analyze/case"] " analyze/cause"
	ok["analyze/timeline"] = ok["analyze/case"] " analyze/timeline"
	ok["analyze/incident"] = ok["analyze/case"] " analyze/incident"
	ok["analyze"] = low " analyze analyze/case analyze/cause analyze/timeline analyze/incident"
	ok["replay/engine"] = ok["analyze"] " replay/engine"
	ok["replay/study"] = ok["analyze"] " replay/engine replay/study"
	ok["replay"] = ok["replay/study"] " replay"
	ok["reports"] = f " reports"
	# Headers that a room of siblings shares.
	n = split("logs spools entries formats postfix_record incidents series burst sign habits limits stock traffic report renderers page", s, " ")
	for (i = 1; i <= n; i++) shared[s[i] ".h"] = 1
	siblings["formats/logs"] = siblings["formats/spools"] = 1
	siblings["analyze/incident"] = siblings["reports"] = 1
}
FILENAME ~ /(^tests\/|\/cmd_[^\/]*$|^mailmortem\.c$)/ { next }
match($0, /^#include "[^"]+"/) {
	h = substr($0, RSTART + 10, RLENGTH - 11)
	from = room(FILENAME)
	if (index(" " ok[from] " ", " " room(h) " ") == 0) {
		print FILENAME ":" FNR ": may not include " h " (it climbs)"
		bad = 1
	}
	stem = FILENAME; sub(/.*\//, "", stem); sub(/\.[ch]$/, "", stem)
	base = h; sub(/.*\//, "", base)
	# postfix_smtpd.c belongs to postfix.c: one parser in several files.
	family = stem; sub(/_.*/, "", family)
	kin = base; sub(/[_.].*/, "", kin)
	if (from in siblings && room(h) == from && kin != family &&
	    !(base in shared) && stem !~ /^(logs|spools|incidents|story|renderers|output)$/) {
		print FILENAME ":" FNR ": may not include its sibling " h
		bad = 1
	}
}
# One door per library.
BEGIN {
	door["sqlite3.h"] = "analyze/case/store.c"
	door["zlib.h"] = "formats/read/source.c"
	door["archive.h"] = door["archive_entry.h"] = "formats/read/archive.c"
	door["pcre2.h"] = "formats/base/regex.c"
	door["jansson.h"] = "formats/base/json.c"
	door["xxhash.h"] = door["nettle/sha2.h"] = "formats/base/digest.c"
	door["csv.h"] = "formats/base/csv.c"
}
match($0, /^#include <[^>]+>/) {
	h = substr($0, RSTART + 10, RLENGTH - 11)
	if (h in door && FILENAME != door[h]) {
		print FILENAME ":" FNR ": " h " stays behind " door[h]
		bad = 1
	}
}
END { exit bad }
