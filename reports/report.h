/* report.h - a report: answers first, then sections of prose, facts, tables,
 * charts and evidence. Built once, written in several forms.
 *
 * All texts are plain; each form makes them harmless in its own way, so what
 * a log said can be passed as it is. Ids become anchors and file names: small
 * letters, digits and dashes, unique in the report. Texts are copied; tables
 * are taken over. Nothing depends on the machine, the clock or the locale:
 * the same calls give the same bytes.
 */
#ifndef MM_REPORT_H
#define MM_REPORT_H

#include "formats/base/buf.h"
#include "formats/base/table.h"

/* Rows of a table in the readable forms; the CSV files have all. */
#define MM_REPORT_ROWS ((size_t)200)

/* How something is meant; shown by a word or a sign too, never by colour
 * alone. */
enum mm_tone { MM_TONE_PLAIN, MM_TONE_GOOD, MM_TONE_WARN, MM_TONE_BAD };

/* A span of time shaded in a chart. */
struct mm_window {
	int64_t from, to; /* microseconds, as in the chart's first column */
	const char *label;
	const char *see; /* id of the section about it, or NULL */
	enum mm_tone tone;
};

/* What makes a chart of a table whose first column is MM_TIME, or MM_SPAN for
 * time that passed, and whose others are numbers: each one line. */
struct mm_chart {
	const char *y_label;	   /* with the unit */
	const enum mm_tone *tones; /* one for each line; NULL: all plain */
	bool stacked;		   /* the lines add up */
	const struct mm_window *windows;
	size_t n_windows;
};

struct mm_answer {
	const char *question; /* "What happened" */
	struct mm_str text;
	struct mm_str words; /* of the provider; may be absent */
	const char *see;     /* id of the section behind it, or NULL */
};

struct mm_fact {
	const char *label;
	struct mm_cell cell;
};

struct mm_cited {
	struct mm_str source; /* FILE:LINE */
	struct mm_str text;
};

enum mm_block_kind {
	MM_BLOCK_SECTION,
	MM_BLOCK_PART, /* of a section: one incident, one receiver */
	MM_BLOCK_PROSE,
	MM_BLOCK_WORDS, /* quoted; `title` says whose */
	MM_BLOCK_STEPS, /* things to do, in order */
	MM_BLOCK_FACTS, /* label and value */
	MM_BLOCK_TABLE,
	MM_BLOCK_ROWS, /* a table for the CSV files alone */
	MM_BLOCK_CHART,
	MM_BLOCK_EVIDENCE
};

struct mm_block {
	enum mm_block_kind kind;
	const char *id;
	const char *title;
	struct mm_str text;	/* prose, words */
	struct mm_table *table; /* owned; of tables and charts */
	const char *link; /* column of `table` whose texts are ids, or NULL */
	struct mm_chart chart;
	const char **steps;	/* owned */
	struct mm_fact *facts;	/* owned */
	struct mm_cited *lines; /* owned */
	size_t n, cap;		/* of steps, facts or lines */
	size_t n_total;		/* lines that exist; `n` of them are shown */
};

struct mm_report {
	const char *kicker, *title; /* "Post-mortem", "Deferrals at ..." */
	const char *verdict;	    /* "Over since ..."; NULL: none */
	enum mm_tone tone;	    /* of the verdict */
	struct mm_fact *facts;	    /* owned; of the whole: period, hosts */
	struct mm_answer *answers;  /* owned */
	struct mm_block *blocks;    /* owned */
	size_t n_facts, cap_facts, n_answers, cap_answers, n_blocks, cap_blocks;
	struct mm_arena texts;
};

struct mm_report *mm_report_new(const char *kicker, const char *title);
void mm_report_free(struct mm_report *r);

/* The head. Facts that come before the first section belong to it. */
void mm_report_verdict(struct mm_report *r, enum mm_tone tone, const char *fmt,
		       ...) MM_PRINTF(3, 4);
void mm_report_answer(struct mm_report *r, const struct mm_answer *a);

/* The body, in the order of reading. */
void mm_report_section(struct mm_report *r, const char *id, const char *title);
void mm_report_part(struct mm_report *r, const char *id, const char *title);
void mm_report_prose(struct mm_report *r, const char *fmt, ...) MM_PRINTF(2, 3);
void mm_report_words(struct mm_report *r, struct mm_str words,
		     const char *whose);
void mm_report_step(struct mm_report *r, const char *fmt, ...) MM_PRINTF(2, 3);
void mm_report_fact(struct mm_report *r, const char *label,
		    struct mm_cell cell);
/* `t` is owned from here; its name is the id. `link` names the column whose
 * texts are ids of sections, or is NULL. Columns must outlive the report. */
void mm_report_table(struct mm_report *r, struct mm_table *t, const char *link);
/* The same, but too wide or too long to be read: only for the CSV files. */
void mm_report_rows(struct mm_report *r, struct mm_table *t);
void mm_report_chart(struct mm_report *r, struct mm_table *t,
		     const struct mm_chart *c);
/* A list of log lines; `n_total` exist, those that follow are shown. */
void mm_report_evidence(struct mm_report *r, const char *id, const char *title,
			size_t n_total);
void mm_report_line(struct mm_report *r, struct mm_str source,
		    struct mm_str text);

/* The forms. One self-contained page: no script is needed to read it, none
 * but its own runs (content security policy by hash), nothing is fetched. */
void mm_report_html(const struct mm_report *r, struct mm_buf *out);
void mm_report_markdown(const struct mm_report *r, struct mm_buf *out);
/* `width`: of prose and tables; 0: 79 and 120. All of a cell that is cut is
 * in the other forms. */
void mm_report_text(const struct mm_report *r, size_t width, bool colour,
		    struct mm_buf *out);
/* The rows of all tables and charts: NDJSON, each with its table's name. */
void mm_report_json(const struct mm_report *r, struct mm_buf *out);
/* One file NAME.csv for each table and chart in `folder`, which is made. */
enum mm_status mm_report_csv(const struct mm_report *r, const char *folder,
			     struct mm_err *err) MM_USE_RESULT;

#endif
