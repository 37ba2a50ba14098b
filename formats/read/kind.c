#include <string.h>

#include "formats/base/status.h"
#include "formats/read/kind.h"

/* What turns up beside logs, with the way on. */
static const struct {
	const char *magic;
	size_t n;
	const char *what;
	const char *way;
} known[] = {
	/* clang-format off */
	{ "\x89PNG", 4, "a PNG image", NULL },
	{ "\xff\xd8\xff", 3, "a JPEG image", NULL },
	{ "GIF8", 4, "a GIF image", NULL },
	{ "%PDF-", 5, "a PDF document", NULL },
	{ "\x7f" "ELF", 4, "a program", NULL },
	{ "SQLite format 3", 15, "an SQLite database", "give a case with -c" },
	{ "LPKSHHRH", 8, "a systemd journal",
	  "export it with journalctl --file=FILE -o export" },
	{ "ElfFile", 7, "a Windows event log", "export it as text" },
	{ "\xd0\xcf\x11\xe0", 4, "an office document", "export it as text" },
	{ "7z\xbc\xaf\x27\x1c", 6, "a 7-Zip archive", "unpack it first" },
	{ "Rar!", 4, "a RAR archive", "unpack it first" },
	{ "\x89LZO", 4, "lzop data", "unpack it first" },
	{ "!<arch>\n", 8, "an ar archive", "unpack it first" },
	{ "\xd4\xc3\xb2\xa1", 4, "a packet capture", NULL },
	{ "\x0a\x0d\x0d\x0a", 4, "a packet capture", NULL },
	/* clang-format on */
};

/* Text has few control bytes; NULs come in runs where a machine went down. */
static bool
is_text(struct mm_str head)
{
	size_t bad = 0, n = 0;

	for (size_t i = 0; i < head.n; i++) {
		unsigned char c = (unsigned char)head.p[i];

		n += c != 0;
		bad += c != 0 && c < 32 && c != '\n' && c != '\r' &&
		       c != '\t' && c != 27;
	}
	return n > 0 && bad * 20 <= n;
}

const char *
mm_kind_of(struct mm_str head, const char **way)
{
	*way = NULL;
	if (head.n == 0)
		return "empty";
	for (size_t i = 0; i < MM_COUNT(known); i++)
		if (head.n >= known[i].n &&
		    memcmp(head.p, known[i].magic, known[i].n) == 0) {
			*way = known[i].way;
			return known[i].what;
		}
	return is_text(head) ? "log" : "binary";
}
