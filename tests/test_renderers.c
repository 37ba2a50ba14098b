/* Expected values: CONTRACT (NDJSON, CSV), RFC 4180, RFC 8259, the CSV
 * injection list of OWASP, GFM section 4.10, and counting by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reports/renderers.h"

static const struct mm_column columns[] = {
	{ "who", "Who", MM_TEXT },
	{ "n", "Messages", MM_INT },
	{ "at", "At", MM_TIME },
	{ "took", "Took", MM_SPAN },
	{ "size", "Size", MM_BYTES },
	{ "share", "Share", MM_SHARE },
	{ "confidence", "Conf.", MM_REAL },
	{ "over", "Over", MM_BOOL },
	{ "next", "Next", MM_NESTED },
};

#define T0 (INT64_C(1795325560) * 1000000) /* 2026-11-22T05:32:40Z */

static struct mm_table *
sample(void)
{
	struct mm_table *t =
	    mm_table_new("sample", "A sample", columns, MM_COUNT(columns));
	const struct mm_cell full[] = {
		mm_cell_z("a@example.org"),
		mm_cell_int(-1234567),
		mm_cell_time(T0 + 19509),
		mm_cell_span(90500000),
		mm_cell_bytes(1234567),
		mm_cell_share(0.125),
		mm_cell_real(0.85),
		mm_cell_bool(true),
		mm_cell_nested(MM_STR("{\"host\":\"b\",\"proof\":[1,2]}")),
	};
	const struct mm_cell unknown[] = {
		mm_cell_null(), mm_cell_null(), mm_cell_null(),
		mm_cell_null(), mm_cell_null(), mm_cell_null(),
		mm_cell_null(), mm_cell_null(), mm_cell_null(),
	};
	const struct mm_cell edge[] = {
		mm_cell_z(""),
		mm_cell_int(INT64_MIN),
		mm_cell_time(-500000),
		mm_cell_span(-1),
		mm_cell_bytes(0),
		mm_cell_share(0.9999),
		mm_cell_real(NAN),
		mm_cell_bool(false),
		mm_cell_nested(MM_STR("[]")),
	};

	mm_table_add(t, full);
	mm_table_add(t, unknown);
	mm_table_add(t, edge);
	return t;
}

static void
check(struct mm_render *r, const struct mm_table *t, const char *want)
{
	struct mm_buf b;

	mm_buf_init(&b, 1 << 20);
	r->out = &b;
	mm_render_table(r, t);
	assert_string_equal(b.p, want);
	mm_buf_fini(&b);
}

static void
check_sample(const struct mm_renderer *as, const char *want)
{
	struct mm_render r = { .as = as };
	struct mm_table *t = sample();

	check(&r, t, want);
	mm_table_free(t);
}

/* One table of one text cell. */
static void
check_text(struct mm_render *r, const char *cell, const char *want)
{
	static const struct mm_column one[] = { { "x", "X", MM_TEXT } };
	struct mm_table *t = mm_table_new(NULL, NULL, one, 1);
	struct mm_cell c = mm_cell_z(cell);

	print_message("  %s\n", want);
	mm_table_add(t, &c);
	check(r, t, want);
	mm_table_free(t);
}

static void
test_json(void **state)
{
	struct mm_render r = { .as = &mm_as_json, .name = "named" };

	(void)state;
	check_sample(
	    &mm_as_json,
	    "{\"who\":\"a@example.org\",\"n\":-1234567,"
	    "\"at\":1795325560.019509,\"took\":90.5,\"size\":1234567,"
	    "\"share\":0.125,\"confidence\":0.85,\"over\":true,"
	    "\"next\":{\"host\":\"b\",\"proof\":[1,2]}}\n"
	    "{\"who\":null,\"n\":null,\"at\":null,\"took\":null,\"size\":null,"
	    "\"share\":null,\"confidence\":null,\"over\":null,\"next\":null}\n"
	    "{\"who\":\"\",\"n\":-9223372036854775808,\"at\":-0.5,"
	    "\"took\":-0.000001,\"size\":0,\"share\":0.9999,"
	    "\"confidence\":null,\"over\":false,\"next\":[]}\n");
	check_text(&r, "\xff\"\\\n\033</script>\xc2\x9b",
		   "{\"table\":\"named\",\"x\":\"\xef\xbf\xbd\\\"\\\\\\n\\u001b"
		   "</script>\\u009b\"}\n");
}

static void
test_csv(void **state)
{
	static const struct {
		const char *cell, *want;
	} rows[] = {
		{ "=1+2", "x\r\n'=1+2\r\n" },
		{ "+31 20", "x\r\n'+31 20\r\n" },
		{ "-2+3", "x\r\n'-2+3\r\n" },
		{ "-5.7.1", "x\r\n'-5.7.1\r\n" },
		{ "-5.7", "x\r\n-5.7\r\n" },
		{ "+15", "x\r\n+15\r\n" },
		{ "-", "x\r\n'-\r\n" },
		{ "@SUM(A1)", "x\r\n'@SUM(A1)\r\n" },
		{ "\t=1", "x\r\n\"'\t=1\"\r\n" },
		{ "\r=1", "x\r\n\"'\r=1\"\r\n" },
		{ "\xef\xbc\x9d"
		  "1",
		  "x\r\n'\xef\xbc\x9d"
		  "1\r\n" },
		{ "a=1", "x\r\na=1\r\n" },
		{ "=1,\"2\"", "x\r\n\"'=1,\"\"2\"\"\"\r\n" },
		{ "", "x\r\n\"\"\r\n" },
		{ "two\nlines", "x\r\n\"two\nlines\"\r\n" },
		{ "\033[2J\xff", "x\r\n\\x1b[2J\xef\xbf\xbd\r\n" },
	};
	struct mm_render r = { .as = &mm_as_csv };

	(void)state;
	check_sample(&mm_as_csv,
		     "who,n,at,took,size,share,confidence,over,next\r\n"
		     "a@example.org,-1234567,1795325560.019509,90.5,1234567,"
		     "0.125,0.85,true,"
		     "\"{\"\"host\"\":\"\"b\"\",\"\"proof\"\":[1,2]}\"\r\n"
		     ",,,,,,,,\r\n"
		     "\"\",-9223372036854775808,-0.5,-0.000001,0,0.9999,,false,"
		     "[]\r\n");
	for (size_t i = 0; i < MM_COUNT(rows); i++)
		check_text(&r, rows[i].cell, rows[i].want);
	r.terminal = true;
	check_text(&r, "a\r\nb", "x\r\na\\r\\nb\r\n");
}

static void
test_text(void **state)
{
	struct mm_render r = { .as = &mm_as_text };

	(void)state;
	check_sample(
	    &mm_as_text,
	    "A sample\n"
	    "Who                        Messages  At                    "
	    "      Took    Size    Share  Conf.  Over  Next\n"
	    "-------------  --------------------  --------------------  "
	    "----------  ------  -------  -----  ----  "
	    "--------------------------\n"
	    "a@example.org              -1234567  2026-11-22T05:32:40Z  "
	    "1 min 30 s  1.2 MB   12.5 %   0.85  yes   "
	    "{\"host\":\"b\",\"proof\":[1,2]}\n"
	    "-                                 -  -                     "
	    "         -       -        -      -  -     -\n"
	    "               -9223372036854775808  1969-12-31T23:59:59Z  "
	    "     -0 ms     0 B  >99.9 %      -  no    []\n");
	check_text(&r, "\033]0;owned\a",
		   "X\n----------------\n"
		   "\\x1b]0;owned\\x07\n");
	/* Long cells stay whole, but for a terminal. */
	check_text(&r, "0123456789012345678901234567890",
		   "X\n-------------------------------\n"
		   "0123456789012345678901234567890\n");
	r.width = 12;
	r.terminal = true;
	check_text(&r, "0123456789012345678901234567890",
		   "X\n------------\n01234567890\xe2\x80\xa6\n");
	check_text(&r,
		   "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
		   "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5",
		   "X\n------------\n\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
		   "\xe6\x97\xa5\xe6\x97\xa5\xe2\x80\xa6\n");
	r.colour = true;
	check_text(&r, "a", "\033[1mX\033[0m\n-\na\n");
}

/* The widths come from the first thousand rows, and what follows is printed
 * with them as it comes. */
static void
test_text_streams(void **state)
{
	static const struct mm_column two[] = { { "a", "A", MM_TEXT },
						{ "b", "B", MM_INT } };
	struct mm_buf b;
	struct mm_render r = {
		.as = &mm_as_text, .columns = two, .n_columns = 2, .out = &b
	};
	struct mm_cell row[] = { mm_cell_z("x"), mm_cell_int(7) };

	(void)state;
	mm_buf_init(&b, 1 << 20);
	r.as->begin(&r);
	for (int i = 0; i < 999; i++)
		r.as->row(&r, row);
	assert_int_equal(b.n, 0);
	r.as->row(&r, row);
	assert_int_equal(b.n, (2 + 1000) * strlen("x  7\n"));
	mm_buf_clear(&b);
	row[0] = mm_cell_z("longer");
	r.as->row(&r, row);
	assert_string_equal(b.p, "longer  7\n");
	r.as->end(&r);
	mm_buf_fini(&b);
}

static void
test_markdown(void **state)
{
	struct mm_render r = { .as = &mm_as_markdown };

	(void)state;
	check_text(&r, "a|b\n<script> *x* [y](z) `q` \\ & _w_ my_name",
		   "| X |\n| --- |\n| a\\|b\\\\n&lt;script> \\*x\\* "
		   "\\[y\\](z) \\`q\\` \\\\ &amp; \\_w\\_ my_name |\n\n");
	check_sample(
	    &mm_as_markdown,
	    "### A sample\n\n"
	    "| Who | Messages | At | Took | Size | Share | Conf. | Over | Next "
	    "|\n"
	    "| --- | ---: | --- | ---: | ---: | ---: | ---: | --- | --- |\n"
	    "| a@example.org | -1234567 | 2026-11-22T05:32:40Z | 1 min 30 s | "
	    "1.2 MB | 12.5 % | 0.85 | yes | "
	    "{\"host\":\"b\",\"proof\":\\[1,2\\]} |\n"
	    "| - | - | - | - | - | - | - | - | - |\n"
	    "|  | -9223372036854775808 | 1969-12-31T23:59:59Z | -0 ms | 0 B | "
	    "\\>99.9 % | - | no | \\[\\] |\n\n");
}

static void
test_html(void **state)
{
	struct mm_render r = { .as = &mm_as_html };

	(void)state;
	check_text(&r, "<script>alert('x')</script>&amp;\"\033\xff",
		   "<table>\n<thead><tr><th scope=\"col\">X</th></tr></thead>\n"
		   "<tbody>\n<tr><td>&lt;script&gt;alert(&#39;x&#39;)"
		   "&lt;/script&gt;&amp;amp;&quot;\\x1b\xef\xbf\xbd</td></tr>\n"
		   "</tbody></table>\n");
	check_sample(
	    &mm_as_html,
	    "<table>\n<caption>A sample</caption>\n"
	    "<thead><tr><th scope=\"col\">Who</th>"
	    "<th scope=\"col\" class=\"n\">Messages</th>"
	    "<th scope=\"col\">At <small>UTC</small></th>"
	    "<th scope=\"col\" class=\"n\">Took</th>"
	    "<th scope=\"col\" class=\"n\">Size</th>"
	    "<th scope=\"col\" class=\"n\">Share</th>"
	    "<th scope=\"col\" class=\"n\">Conf.</th>"
	    "<th scope=\"col\">Over</th><th scope=\"col\">Next</th>"
	    "</tr></thead>\n<tbody>\n"
	    "<tr><td>a@example.org</td>"
	    "<td class=\"n\">-1\xe2\x80\xaf"
	    "234\xe2\x80\xaf"
	    "567</td>"
	    "<td><time datetime=\"2026-11-22T05:32:40Z\">2026-11-22 05:32:40"
	    "</time></td>"
	    "<td class=\"n\" data-v=\"90.5\">1 min 30 s</td>"
	    "<td class=\"n\" data-v=\"1234567\">1.2 MB</td>"
	    "<td class=\"n s\" data-v=\"0.125\">12.5 %</td>"
	    "<td class=\"n\" data-v=\"0.85\">0.85</td><td>yes</td>"
	    "<td>{&quot;host&quot;:&quot;b&quot;,&quot;proof&quot;:[1,2]}</td>"
	    "</tr>\n"
	    "<tr><td class=\"u\">-</td><td class=\"n u\">-</td>"
	    "<td class=\"u\">-</td><td class=\"n u\">-</td>"
	    "<td class=\"n u\">-</td><td class=\"n u\">-</td>"
	    "<td class=\"n u\">-</td><td class=\"u\">-</td>"
	    "<td class=\"u\">-</td></tr>\n"
	    "<tr><td></td><td class=\"n\">-9\xe2\x80\xaf"
	    "223\xe2\x80\xaf"
	    "372\xe2\x80\xaf"
	    "036\xe2\x80\xaf"
	    "854\xe2\x80\xaf"
	    "775\xe2\x80\xaf"
	    "808</td>"
	    "<td><time datetime=\"1969-12-31T23:59:59Z\">1969-12-31 23:59:59"
	    "</time></td>"
	    "<td class=\"n\" data-v=\"-0.000001\">-0 ms</td>"
	    "<td class=\"n\" data-v=\"0\">0 B</td>"
	    "<td class=\"n s\" data-v=\"0.9999\">&gt;99.9 %</td>"
	    "<td class=\"n\" data-v=\"\">-</td><td>no</td><td>[]</td></tr>\n"
	    "</tbody></table>\n");
	r.link = "x";
	check_text(&r, "i1",
		   "<table>\n<thead><tr><th scope=\"col\">X</th></tr></thead>\n"
		   "<tbody>\n<tr><td><a href=\"#i1\">i1</a></td></tr>\n"
		   "</tbody></table>\n");
	check_text(&r, "\"><b>",
		   "<table>\n<thead><tr><th scope=\"col\">X</th></tr></thead>\n"
		   "<tbody>\n<tr><td><a href=\"#&quot;&gt;&lt;b&gt;\">"
		   "&quot;&gt;&lt;b&gt;</a></td></tr>\n</tbody></table>\n");
}

static void
test_humane(void **state)
{
	static const struct {
		struct mm_cell cell;
		const char *want;
	} rows[] = {
		{ { .kind = MM_BYTES, .i = 999 }, "999 B" },
		{ { .kind = MM_BYTES, .i = 1000 }, "1.0 kB" },
		{ { .kind = MM_BYTES, .i = 99949 }, "99.9 kB" },
		{ { .kind = MM_BYTES, .i = 99950 }, "100 kB" },
		{ { .kind = MM_BYTES, .i = 999600 }, "1.0 MB" },
		{ { .kind = MM_BYTES, .i = 5000000000 }, "5.0 GB" },
		{ { .kind = MM_SHARE, .r = 0 }, "0.0 %" },
		{ { .kind = MM_SHARE, .r = 0.0001 }, "<0.1 %" },
		{ { .kind = MM_SHARE, .r = 0.99949 }, "99.9 %" },
		{ { .kind = MM_SHARE, .r = 0.99999 }, ">99.9 %" },
		{ { .kind = MM_SHARE, .r = 1 }, "100.0 %" },
		{ { .kind = MM_REAL, .r = 12345.678 }, "12345.68" },
		{ { .kind = MM_REAL, .r = 0.00123 }, "0.0012" },
		{ { .kind = MM_REAL, .r = 0 }, "0.00" },
	};
	struct mm_buf b;

	(void)state;
	mm_buf_init(&b, 100);
	for (size_t i = 0; i < MM_COUNT(rows); i++) {
		print_message("  %s\n", rows[i].want);
		mm_buf_clear(&b);
		mm_render_humane(&b, &rows[i].cell);
		assert_string_equal(b.p, rows[i].want);
	}
	mm_buf_fini(&b);
}

static void
test_list(void **state)
{
	(void)state;
	for (size_t i = 0; mm_renderers[i] != NULL; i++)
		assert_ptr_equal(mm_renderer_named(mm_renderers[i]->name),
				 mm_renderers[i]);
	assert_null(mm_renderer_named("pdf"));
	assert_ptr_equal(mm_renderer_for("a.b/x.CSV"), &mm_as_csv);
	assert_ptr_equal(mm_renderer_for("x.ndjson"), &mm_as_json);
	assert_ptr_equal(mm_renderer_for("x.md"), &mm_as_markdown);
	assert_null(mm_renderer_for("x.html"));
	assert_null(mm_renderer_for("csv"));
	assert_null(mm_renderer_for("x."));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_streams),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_humane),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
