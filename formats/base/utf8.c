#include "formats/base/utf8.h"

struct range {
	uint32_t from, to;
};

static const struct range zero_width[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },	  { 0x591, 0x5bd },
	{ 0x610, 0x61a },   { 0x64b, 0x65f },	  { 0x6d6, 0x6dc },
	{ 0x900, 0x902 },   { 0x93c, 0x93c },	  { 0x941, 0x948 },
	{ 0xe31, 0xe31 },   { 0xe34, 0xe3a },	  { 0xe47, 0xe4e },
	{ 0x1160, 0x11ff }, { 0x1ab0, 0x1aff },	  { 0x1dc0, 0x1dff },
	{ 0x200b, 0x200f }, { 0x2060, 0x2064 },	  { 0x20d0, 0x20ff },
	{ 0x3099, 0x309a }, { 0xfe00, 0xfe0f },	  { 0xfe20, 0xfe2f },
	{ 0xfeff, 0xfeff }, { 0x1f3fb, 0x1f3ff }, { 0xe0100, 0xe01ef },
};

static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x23e9, 0x23ec },
	{ 0x2614, 0x2615 },   { 0x2648, 0x2653 },   { 0x26aa, 0x26ab },
	{ 0x26bd, 0x26be },   { 0x2705, 0x2705 },   { 0x270a, 0x270b },
	{ 0x274c, 0x274c },   { 0x2753, 0x2755 },   { 0x2795, 0x2797 },
	{ 0x2b1b, 0x2b1c },   { 0x2e80, 0x303e },   { 0x3041, 0x4dbf },
	{ 0x4e00, 0xa4c6 },   { 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfad9 },   { 0xfe10, 0xfe19 },   { 0xfe30, 0xfe6b },
	{ 0xff01, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x16fe0, 0x1b2fb },
	{ 0x1f300, 0x1f320 }, { 0x1f32d, 0x1f3fa }, { 0x1f400, 0x1f64f },
	{ 0x1f680, 0x1f6fc }, { 0x1f900, 0x1f9ff }, { 0x1fa70, 0x1faf6 },
	{ 0x20000, 0x3fffd },
};

/* Those that act without being seen; C0, DEL and C1 are asked first. */
static const struct range acting[] = {
	{ 0x61c, 0x61c },   { 0x200e, 0x200f }, { 0x2028, 0x202e },
	{ 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
};

static bool
in_ranges(const struct range *r, size_t n, uint32_t code)
{
	for (size_t i = 0; i < n && code >= r[i].from; i++)
		if (code <= r[i].to)
			return true;
	return false;
}

size_t
mm_utf8_take(const char *p, size_t n, uint32_t *code)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t want = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	uint32_t c = u[0];

	if (want > 1) {
		if (u[0] < 0xc2 || u[0] > 0xf4 || want > n)
			return 0;
		c &= 0x7fU >> want;
		for (size_t i = 1; i < want; i++) {
			if ((u[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (u[i] & 0x3f);
		}
		if ((want == 3 && c < 0x800) || (want == 4 && c < 0x10000) ||
		    (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
			return 0;
	}
	if (code != NULL)
		*code = c;
	return want;
}

bool
mm_utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
	       in_ranges(acting, MM_COUNT(acting), code);
}

size_t
mm_utf8_width(uint32_t code)
{
	if (code < 0x300)
		return 1;
	if (in_ranges(zero_width, MM_COUNT(zero_width), code))
		return 0;
	return in_ranges(wide, MM_COUNT(wide), code) ? 2 : 1;
}

/* Walks `s` up to `columns`; how far it came, and the columns used. */
static size_t
walk(struct mm_str s, size_t columns, size_t *used)
{
	size_t i = 0;

	*used = 0;
	while (i < s.n) {
		uint32_t code = 0;
		size_t len = mm_utf8_take(s.p + i, s.n - i, &code);
		size_t w = len > 0 ? mm_utf8_width(code) : 1;

		if (w > columns - *used)
			break;
		*used += w;
		i += len > 0 ? len : 1;
	}
	return i;
}

size_t
mm_utf8_columns(struct mm_str s)
{
	size_t used;

	(void)walk(s, SIZE_MAX, &used);
	return used;
}

size_t
mm_utf8_fit(struct mm_str s, size_t columns)
{
	size_t used;

	return walk(s, columns, &used);
}

static void
add_control(struct mm_buf *b, uint32_t code)
{
	static const char *const names[] = {
		['\t'] = "\\t", ['\n'] = "\\n", ['\r'] = "\\r"
	};

	if (code < MM_COUNT(names) && names[code] != NULL)
		mm_buf_addz(b, names[code]);
	else
		mm_buf_addf(b, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
}

static void
add(struct mm_buf *b, struct mm_str s, bool lines)
{
	size_t i = 0, start = 0;

	while (i < s.n) {
		uint32_t code = 0;
		size_t len = mm_utf8_take(s.p + i, s.n - i, &code);

		if (len > 0 && (!mm_utf8_is_control(code) ||
				(lines && (code == '\t' || code == '\n' ||
					   code == '\r')))) {
			i += len;
			continue;
		}
		mm_buf_add(b, s.p + start, i - start);
		if (len == 0)
			mm_buf_addz(b, "\xef\xbf\xbd");
		else
			add_control(b, code);
		i += len > 0 ? len : 1;
		start = i;
	}
	mm_buf_add(b, s.p + start, i - start);
}

void
mm_utf8_add_visible(struct mm_buf *b, struct mm_str s)
{
	add(b, s, false);
}

void
mm_utf8_add_lines(struct mm_buf *b, struct mm_str s)
{
	add(b, s, true);
}
