/* CSV, RFC 4180, with a header of column names. A text that a spreadsheet
 * would take for a formula gets an apostrophe in front (OWASP, "CSV
 * Injection"). Unknown is an empty field, an empty text is "". */
#include <stdlib.h>

#include "formats/base/csv.h"
#include "formats/base/mem.h"
#include "formats/base/utf8.h"
#include "reports/renderers.h"

static void
begin(struct mm_render *r)
{
	r->own = mm_alloc(sizeof(struct mm_buf));
	mm_buf_init(r->own, SIZE_MAX / 2);
	if (r->name != NULL)
		mm_buf_addf(r->out, "table,%s\r\n", r->name);
	for (size_t c = 0; c < r->n_columns; c++) {
		if (c > 0)
			mm_buf_addc(r->out, ',');
		mm_csv_add_field(r->out, mm_str_z(r->columns[c].name));
	}
	mm_buf_addz(r->out, "\r\n");
}

/* -5, +1.5e3: what a spreadsheet takes for a number, not a formula. */
static bool
is_number(struct mm_str s)
{
	size_t digits = 0, i = s.p[0] == '-' || s.p[0] == '+';
	bool point = false;

	for (; i < s.n; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			digits++;
		else if (s.p[i] == '.' && !point)
			point = true;
		else
			return false;
	}
	return digits > 0;
}

static bool
is_formula(struct mm_str s)
{
	static const char *const starts[] = {
		"=",
		"+",
		"-",
		"@",
		"\t",
		"\r",
		"\n",
		"\xef\xbc\x9d" /* the full-width ones */,
		"\xef\xbc\x8b",
		"\xef\xbc\x8d",
		"\xef\xbc\xa0",
	};

	if (s.n == 0 || ((s.p[0] & 0x80) == 0 && s.p[0] > '@'))
		return false;
	for (size_t i = 0; i < MM_COUNT(starts); i++)
		if (mm_str_starts(s, starts[i]))
			return !is_number(s);
	return false;
}

static void
add_text(struct mm_render *r, struct mm_str s)
{
	struct mm_buf *scratch = r->own;

	mm_buf_clear(scratch);
	if (is_formula(s))
		mm_buf_addc(scratch, '\'');
	if (r->terminal)
		mm_utf8_add_visible(scratch, s);
	else
		mm_utf8_add_lines(scratch, s);
	mm_csv_add_field(r->out, mm_buf_str(scratch));
}

static void
row(struct mm_render *r, const struct mm_cell *cells)
{
	for (size_t c = 0; c < r->n_columns; c++) {
		if (c > 0)
			mm_buf_addc(r->out, ',');
		if (cells[c].kind == MM_TEXT || cells[c].kind == MM_NESTED)
			add_text(r, cells[c].s);
		else
			(void)mm_render_number(r->out, &cells[c]);
	}
	mm_buf_addz(r->out, "\r\n");
}

static void
end(struct mm_render *r)
{
	if (r->name != NULL)
		mm_buf_addz(r->out, "\r\n");
	mm_buf_fini(r->own);
	free(r->own);
	r->own = NULL;
}

const struct mm_renderer mm_as_csv = {
	.name = "csv",
	.suffixes = ".csv ",
	.begin = begin,
	.row = row,
	.end = end,
};
