/* Every log format against its corpus: the .txt files of test-corpus/FORMAT
 * hold lines with the wanted records beside them, written by hand from the
 * documents that the format's header names. A file reads:
 *
 *   # comment, or an empty line
 *   postfix/smtpd[22599]: disconnect from mx.example.org[192.0.2.1]
 *   	disconnect client_name=mx.example.org client_ip=192.0.2.1
 *   : 1tEsT0-000AFB-07 Completed
 *   	done queue_id=1tEsT0-000AFB-07
 *
 * A line is "tag[pid]: text" or "tag: text"; ": text" has no tag, "@ text" has
 * a stamp as in Exim's own files before it and no tag, "| text" is a whole line
 * of a file of CSV or JSON (the lines of names before it count). Below it,
 * indented, one row for each record in order, or one row "noise", "foreign" or
 * "malformed WHY". A row names the event and all fields that are there, as
 * fields.h says. The fields mta, instance, program and pid are compared only
 * where the row names them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>

#include "formats/base/buf.h"
#include "formats/logs/logs.h"
#include "formats/mail/fields.h"
#include "formats/read/envelope.h"

#define LINE_T_US ((int64_t)1700000000000000)

struct shown {
	struct mm_buf rows; /* one line each */
	const char *want;   /* the rows as the corpus has them */
	const struct mm_line *line;
};

static void
put_extra(struct shown *s, const char *name, struct mm_str value)
{
	char label[32];

	(void)snprintf(label, sizeof(label), " %s=", name);
	if (strstr(s->want, label) == NULL || value.p == NULL)
		return;
	mm_buf_addz(&s->rows, label);
	mm_buf_adds(&s->rows, value.n > 0 ? value : MM_STR("\"\""));
}

static void
show(void *ctx, const struct mm_record *r)
{
	struct shown *s = ctx;
	char pid[16];

	/* What every record takes from its line. */
	assert_true(r->t_us == s->line->t_us);
	assert_true(mm_str_eq(r->host, s->line->host) ||
		    s->line->cells != NULL);
	assert_true(r->pid == s->line->pid || s->line->pid == 0);
	mm_record_add(&s->rows, r);
	put_extra(s, "mta", mm_str_z(mm_mta_name(r->mta)));
	if (s->line->cells != NULL)
		put_extra(s, "host", r->host);
	put_extra(s, "instance", r->instance);
	put_extra(s, "program", r->program);
	(void)snprintf(pid, sizeof(pid), "%u", r->pid);
	put_extra(s, "pid", mm_str_z(pid));
	mm_buf_addc(&s->rows, '\n');
}

/* A line of a file that says itself what its values are. */
static void
open_line(struct mm_envelope *e, struct mm_str raw, struct mm_line *line)
{
	struct mm_framer f;

	mm_framer_init(&f, LINE_T_US, 0);
	if (!mm_envelope_wants(e, raw) ||
	    mm_envelope_open(e, &f, raw, line) == MM_WRAP_NONE)
		mm_frame(&f, raw, line);
	line->raw = raw;
}

/* "tag[pid]: text" as the framer would hand it over. */
static void
split_line(struct mm_envelope *e, struct mm_str raw, struct mm_line *line)
{
	struct mm_str head;
	uint64_t pid = 0;

	if (mm_str_skip(&raw, "| ")) {
		open_line(e, raw, line);
		return;
	}

	*line = (struct mm_line){ .raw = raw,
				  .framing = MM_FRAME_RFC3164,
				  .t_us = LINE_T_US,
				  .host = MM_STR("host"),
				  .text = raw,
				  .repeats = 1 };
	if (mm_str_skip(&line->text, ": ")) {
		line->raw = line->text;
		line->framing = MM_FRAME_NONE;
		return;
	}
	if (mm_str_skip(&line->text, "@ ")) {
		line->framing = MM_FRAME_ISO_BLANK;
		return;
	}
	assert_true(mm_str_cut(&line->text, ": ", &head));
	if (mm_str_cutc(&head, '[', &line->tag))
		assert_true(mm_str_take_u64(&head, &pid));
	else
		line->tag = head;
	line->pid = (uint32_t)pid;
}

static const char *
claimed_by(const struct mm_line *line)
{
	for (size_t i = 0; mm_logs_format(i) != NULL; i++)
		if (mm_logs_format(i)->claims(line))
			return mm_logs_format(i)->name;
	return "nobody";
}

static void
add_verdict(struct mm_buf *rows, enum mm_verdict v, const char *why)
{
	if (v == MM_LINE_NOISE)
		mm_buf_addz(rows, "noise\n");
	if (v == MM_LINE_FOREIGN)
		mm_buf_addz(rows, "foreign\n");
	if (v == MM_LINE_MALFORMED)
		mm_buf_addf(rows, "malformed %s\n", why);
}

/* One line against its wanted rows; says whether it went well. */
static bool
check(struct mm_envelope *e, const char *where, const char *format,
      struct mm_str raw, const char *want)
{
	struct mm_line line;
	struct shown s = { .want = want, .line = &line };
	struct mm_emit emit = { show, &s, NULL };
	enum mm_verdict v;
	bool well;

	mm_buf_init(&s.rows, 1 << 20);
	split_line(e, raw, &line);
	v = mm_logs_parse(NULL, &line, &emit);
	assert_true((v == MM_LINE_RECORD) == (s.rows.n > 0));
	add_verdict(&s.rows, v, emit.why);
	well = strcmp(s.rows.p, want) == 0;
	if (!well)
		print_error("%s: %.*s\nwant\n%sgot\n%s", where, MM_STR_ARG(raw),
			    want, s.rows.p);
	if (v != MM_LINE_FOREIGN && strcmp(claimed_by(&line), format) != 0) {
		print_error("%s: claimed by %s\n", where, claimed_by(&line));
		well = false;
	}
	mm_buf_fini(&s.rows);
	return well;
}

/* The state between a line and its rows. */
struct reader {
	const char *format;
	char where[1100];
	struct mm_envelope *envelope;
	struct mm_buf raw, want;
	size_t n_lines, n_bad;
};

static void
end_of_rows(struct reader *rd)
{
	if (rd->raw.n == 0)
		return;
	rd->n_lines++;
	if (!check(rd->envelope, rd->where, rd->format, mm_buf_str(&rd->raw),
		   rd->want.p))
		rd->n_bad++;
	mm_buf_clear(&rd->raw);
	mm_buf_clear(&rd->want);
}

static void
read_file(struct reader *rd, const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t cap = 0, number = 0;
	ssize_t n;

	assert_non_null(f);
	rd->envelope = mm_envelope_new();
	while ((n = getline(&text, &cap, f)) > 0) {
		number++;
		if (text[n - 1] == '\n')
			text[--n] = '\0';
		if (text[0] == '\t') {
			assert_true(rd->raw.n > 0);
			mm_buf_addf(&rd->want, "%s\n", text + 1);
			continue;
		}
		end_of_rows(rd);
		if (n == 0 || text[0] == '#')
			continue;
		snprintf(rd->where, sizeof(rd->where), "%s:%zu", path, number);
		mm_buf_add(&rd->raw, text, (size_t)n);
	}
	end_of_rows(rd);
	mm_envelope_free(rd->envelope);
	free(text);
	fclose(f);
}

static int
is_text(const struct dirent *d)
{
	return mm_str_ends(mm_str_z(d->d_name), ".txt");
}

static void
test_corpus(void **state)
{
	(void)state;
	for (size_t i = 0; mm_logs_format(i) != NULL; i++) {
		struct reader rd = { .format = mm_logs_format(i)->name };
		struct dirent **files = NULL;
		char path[1024];
		int n;

		mm_buf_init(&rd.raw, 1 << 20);
		mm_buf_init(&rd.want, 1 << 20);
		snprintf(path, sizeof(path), "test-corpus/%s", rd.format);
		n = scandir(path, &files, is_text, alphasort);
		for (int k = 0; k < n; k++) {
			snprintf(path, sizeof(path), "test-corpus/%s/%s",
				 rd.format, files[k]->d_name);
			read_file(&rd, path);
			free(files[k]);
		}
		free(files);
		print_message("  %s: %zu lines\n", rd.format, rd.n_lines);
		assert_int_equal(rd.n_bad, 0);
		assert_true(rd.n_lines >= 3);
		mm_buf_fini(&rd.raw);
		mm_buf_fini(&rd.want);
	}
}

static void
test_list(void **state)
{
	(void)state;
	for (size_t i = 0; mm_logs_format(i) != NULL; i++) {
		const struct mm_log_format *f = mm_logs_format(i);

		assert_true(strlen(f->name) > 0 && strlen(f->source) > 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(f->name,
						mm_logs_format(k)->name);
	}
}

static void
test_foreign(void **state)
{
	static const char *const lines[] = {
		"CRON[411]: (root) CMD (run-parts /etc/cron.hourly)",
		"sshd[77]: Connection closed by 192.0.2.9 port 4711",
		"systemd[1]: Started session-4.scope - Session 4 of User root.",
		": Lorem ipsum dolor sit amet",
		": ",
	};

	(void)state;
	for (size_t i = 0; i < MM_COUNT(lines); i++)
		assert_true(check(NULL, "foreign", "", mm_str_z(lines[i]),
				  "foreign\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests_name("logs", tests, NULL, NULL);
}
