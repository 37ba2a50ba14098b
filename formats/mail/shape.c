#include <string.h>

#include "formats/mail/shape.h"

enum {
	IN_WORD = 1,
	DIGIT = 2,
	UPPER = 4,
	LOWER = 8,
	VARYING = 16 /* makes any token that holds it a hole */
};

static unsigned
class_of(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return IN_WORD | DIGIT;
	if (c >= 'A' && c <= 'Z')
		return IN_WORD | UPPER;
	if (c >= 'a' && c <= 'z')
		return IN_WORD | LOWER;
	if (c == '@' || c == MM_SHAPE_HOLE || c == MM_SHAPE_SEP)
		return IN_WORD | VARYING;
	if (c >= 0x80 || strchr("._-+/=~%$&#!", c) != NULL)
		return c != '\0' ? IN_WORD : 0;
	return 0;
}

/* 550, 4.7.28, 5.1.1: codes are words of the reply. */
static bool
is_code(struct mm_str s)
{
	size_t dots = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' || s.p[i] == '-') {
			dots++;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	if (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5')
		return false;
	return (dots == 0 && s.n == 3) ||
	       (dots == 2 && s.n >= 5 && s.n <= 9 && s.p[1] == '.') ||
	       (s.n >= 5 && s.n <= 13 && s.p[3] == '-');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Capitals, or "In" and "Out": how long is the word at the front of `s`? */
static size_t
label_word(struct mm_str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= 'A' && s.p[n] <= 'Z')
		n++;
	while (n > 0 && n < 3 && n < s.n && s.p[n] >= 'a' && s.p[n] <= 'z')
		n++;
	return n;
}

/* TSS04, S3140, LPN007_420, SFR_IN_105, In-1310, BL000010: words and few
 * digits: a provider's own code, short and drawn from a small set. */
static bool
is_label(struct mm_str s)
{
	size_t all = s.n, groups = 0;

	while (s.n > 0) {
		size_t letters = label_word(s), digits = 0, bits = 0;

		if (groups == 0 && letters == 0)
			return false;
		s = mm_str_from(s, letters);
		for (; digits < s.n && is_digit(s.p[digits]); digits++)
			bits += s.p[digits] <= '1';
		/* Lists as bits: as many as there are lists. */
		if (letters + digits == 0 ||
		    digits > (letters >= 2 && bits == digits ? 6U : 4U))
			return false;
		s = mm_str_from(s, digits);
		groups++;
		if (s.n > 0 && s.p[0] != '_' && s.p[0] != '-')
			return false;
		if (s.n > 0 && (groups > 2 || (letters < 2 && s.p[0] == '_')))
			return false;
		s = mm_str_from(s, 1);
	}
	return all <= (groups > 1 ? 12U : 8U);
}

/* Where a label stands at the end of a longer token ("AUP#In-1310", the end
 * of a link): its place, else the length. */
static size_t
label_at_end(struct mm_str s)
{
	size_t at = s.n;

	while (at > 0 && s.p[at - 1] != '/' && s.p[at - 1] != '#')
		at--;
	return at > 0 && is_label(mm_str_from(s, at)) ? at : s.n;
}

/* a.b.example: dots with letters on both sides. */
static bool
is_host(struct mm_str s)
{
	size_t dots = 0;

	for (size_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] == '.' && s.p[i - 1] != '.' && s.p[i + 1] != '.')
			dots++;
	return dots >= 1 && strchr("_-+/=~%$&#!", s.p[0]) == NULL;
}

static bool
is_hole(struct mm_str s, unsigned seen)
{
	if ((seen & VARYING) != 0)
		return true;
	if ((seen & DIGIT) != 0)
		return !is_code(s) && !is_label(s);
	return is_host(s);
}

/* A dot, comma or dash that ends a token belongs to the sentence. */
static size_t
trimmed(const char *p, size_t n)
{
	while (n > 1 && strchr("._-!", p[n - 1]) != NULL)
		n--;
	return n;
}

/* The separator itself cannot stand inside an argument. */
static void
add_argument(struct mm_buf *args, struct mm_str word)
{
	for (size_t i = 0; i < word.n; i++)
		mm_buf_addc(args, word.p[i] != MM_SHAPE_SEP ? word.p[i] : '?');
	mm_buf_addc(args, MM_SHAPE_SEP);
}

void
mm_shape_split(struct mm_str text, struct mm_buf *shape, struct mm_buf *args)
{
	size_t i = 0, kept = 0;

	while (i < text.n) {
		size_t start = i;
		unsigned seen = 0, c;
		struct mm_str word;

		while (i < text.n &&
		       ((c = class_of((unsigned char)text.p[i])) & IN_WORD)) {
			seen |= c;
			i++;
		}
		if (i == start) {
			i++;
			continue;
		}
		word = (struct mm_str){ text.p + start,
					trimmed(text.p + start, i - start) };
		if ((seen & (DIGIT | VARYING)) == 0 &&
		    memchr(word.p, '.', word.n) == NULL)
			continue;
		if (!is_hole(word, seen))
			continue;
		word.n = label_at_end(word);
		mm_buf_add(shape, text.p + kept, start - kept);
		mm_buf_addc(shape, MM_SHAPE_HOLE);
		if ((seen & VARYING) != 0) {
			add_argument(args, word);
		} else {
			mm_buf_adds(args, word);
			mm_buf_addc(args, MM_SHAPE_SEP);
		}
		kept = start + word.n;
	}
	mm_buf_add(shape, text.p + kept, text.n - kept);
}

void
mm_shape_join(struct mm_str shape, struct mm_str args, struct mm_buf *text)
{
	for (size_t i = 0; i < shape.n; i++) {
		struct mm_str arg;

		if (shape.p[i] != MM_SHAPE_HOLE)
			mm_buf_addc(text, shape.p[i]);
		else if (mm_str_cutc(&args, MM_SHAPE_SEP, &arg))
			mm_buf_adds(text, arg);
	}
}
