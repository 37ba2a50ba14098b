#include <stdlib.h>
#include <string.h>

#include "formats/base/buf.h"
#include "formats/base/json.h"
#include "formats/base/mem.h"
#include "formats/read/envelope.h"
#include "formats/read/sheet.h"

/* The fields of the journal that a line needs. */
enum field {
	F_MESSAGE,
	F_IDENTIFIER,
	F_COMM,
	F_SYSLOG_PID,
	F_PID,
	F_HOSTNAME,
	F_SOURCE_TIME,
	F_TIME,
	N_FIELDS
};

static const char *const field_names[N_FIELDS] = {
	"MESSAGE",
	"SYSLOG_IDENTIFIER",
	"_COMM",
	"SYSLOG_PID",
	"_PID",
	"_HOSTNAME",
	"_SOURCE_REALTIME_TIMESTAMP",
	"__REALTIME_TIMESTAMP",
};

enum state {
	IDLE,
	DOCKER, /* within a long line: parts of it are kept */
	CRI,
	PRETTY, /* within an object over several lines */
	EXPORT, /* within a record of NAME=VALUE lines */
	BINARY	/* within a field of it that has its length in front */
};

struct mm_envelope {
	enum state state;
	struct mm_buf kept; /* the record as it came, or joined parts */
	/* Export: where each field's value stands in `kept`. */
	size_t field_at[N_FIELDS], field_n[N_FIELDS];
	int field;	      /* that the binary data belongs to; -1: none */
	size_t binary_at;     /* where its length stands */
	int64_t joined_us;    /* when the long line began */
	struct mm_json *root; /* owned: what `line` may view */
	struct mm_cells_room cells;
	struct mm_sheet *sheet; /* owned */
	struct mm_buf text;
};

struct mm_envelope *
mm_envelope_new(void)
{
	struct mm_envelope *e = mm_calloc(1, sizeof(*e));

	mm_buf_init(&e->kept, MM_LINE_MAX_BYTES);
	mm_buf_init(&e->text, MM_LINE_MAX_BYTES);
	mm_cells_init(&e->cells);
	e->sheet = mm_sheet_new();
	return e;
}

void
mm_envelope_free(struct mm_envelope *e)
{
	if (e == NULL)
		return;
	mm_buf_fini(&e->kept);
	mm_buf_fini(&e->text);
	mm_json_free(e->root);
	mm_cells_fini(&e->cells);
	mm_sheet_free(e->sheet);
	free(e);
}

bool
mm_envelope_wants(const struct mm_envelope *e, struct mm_str raw)
{
	if (e->state != IDLE)
		return true;
	if (mm_sheet_wants(e->sheet, raw))
		return true;
	if (raw.n == 0)
		return false;
	return raw.p[0] == '{' || raw.p[0] == '\x1e' ||
	       (raw.p[0] == '_' && mm_str_starts(raw, "__CURSOR=")) ||
	       (raw.p[0] == 'd' && mm_str_starts(raw, "data: {"));
}

static void
blank_line(struct mm_line *line, enum mm_framing framing)
{
	*line = (struct mm_line){ .framing = framing,
				  .t_us = MM_TIME_NONE,
				  .repeats = 1 };
}

/* Microseconds as the journal counts them. */
static int64_t
journal_time(struct mm_str s)
{
	uint64_t us;

	return mm_str_to_u64(s, &us) && us <= (uint64_t)INT64_MAX
		   ? (int64_t)us
		   : MM_TIME_NONE;
}

static void
journal_line(const struct mm_str fields[N_FIELDS], struct mm_line *line)
{
	uint64_t pid;

	blank_line(line, MM_FRAME_JOURNAL);
	line->text =
	    fields[F_MESSAGE].p != NULL ? fields[F_MESSAGE] : MM_STR("");
	if (fields[F_HOSTNAME].n > 0)
		line->host = fields[F_HOSTNAME];
	line->tag =
	    fields[fields[F_IDENTIFIER].p != NULL ? F_IDENTIFIER : F_COMM];
	/* When it was sent, which is what syslog would have written. */
	line->t_us = journal_time(fields[F_SOURCE_TIME]);
	if (line->t_us == MM_TIME_NONE)
		line->t_us = journal_time(fields[F_TIME]);
	if ((mm_str_to_u64(fields[F_SYSLOG_PID], &pid) ||
	     mm_str_to_u64(fields[F_PID], &pid)) &&
	    pid <= UINT32_MAX)
		line->pid = (uint32_t)pid;
}

/* A string; of several values the first; an array of bytes where the text is
 * no UTF-8. */
static struct mm_str
journal_value(struct mm_envelope *e, const struct mm_json *v)
{
	const struct mm_json *first = mm_json_at(v, 0);

	if (mm_json_len(v) == 0)
		return mm_json_str(v);
	if (!mm_json_is_number(first))
		return mm_json_str(first);
	mm_buf_clear(&e->text);
	for (size_t i = 0; i < mm_json_len(v); i++)
		mm_buf_addc(&e->text, (char)mm_json_int(mm_json_at(v, i), '?'));
	return mm_buf_str(&e->text);
}

static bool
open_journal(struct mm_envelope *e, struct mm_line *line)
{
	struct mm_str fields[N_FIELDS];

	if (mm_json_get(e->root, field_names[F_TIME]) == NULL)
		return false;
	for (size_t i = 0; i < N_FIELDS; i++)
		fields[i] =
		    i == F_MESSAGE
			? journal_value(e, mm_json_get(e->root, field_names[i]))
			: mm_json_str(mm_json_get(e->root, field_names[i]));
	journal_line(fields, line);
	return true;
}

/* A time as log shippers write it: RFC 3339, or a number of seconds,
 * milli-, micro- or nanoseconds. */
static int64_t
json_time(const struct mm_json *v)
{
	struct mm_str s = mm_json_str(v);
	bool has_zone;
	int64_t t_us;
	double d;

	if (s.p != NULL)
		return mm_time_take_iso(&s, &t_us, &has_zone) ? t_us
							      : MM_TIME_NONE;
	d = mm_json_real(v, -1);
	if (d < 1e8 || d > 4e18)
		return MM_TIME_NONE;
	if (d >= 1e17)
		return (int64_t)(d / 1e3);
	if (d >= 1e14)
		return (int64_t)d;
	return (int64_t)(d >= 1e11 ? d * 1e3 : d * 1e6 + 0.5);
}

/* A part of a long line; the first one begins it. */
static void
add_part(struct mm_envelope *e, enum state state, struct mm_str text,
	 int64_t t_us)
{
	if (e->state == IDLE) {
		mm_buf_clear(&e->kept);
		e->joined_us = t_us;
	}
	e->state = state;
	mm_buf_adds(&e->kept, text);
}

static void
close_parts(struct mm_envelope *e, struct mm_framer *f, struct mm_line *line)
{
	enum mm_framing framing =
	    e->state == CRI ? MM_FRAME_CRI : MM_FRAME_DOCKER;
	struct mm_str text = mm_buf_str(&e->kept);

	while (mm_str_ends(text, "\n") || mm_str_ends(text, "\r"))
		text.n--;
	e->state = IDLE;
	mm_frame_inner(f, text, e->joined_us, line);
	line->framing = framing;
}

/* What is kept has no end: a line of its own. */
static enum mm_wrapped
give_up(struct mm_envelope *e, struct mm_framer *f, struct mm_line *line)
{
	if (e->state == DOCKER || e->state == CRI) {
		close_parts(e, f, line);
		return MM_WRAP_BROKEN;
	}
	e->state = IDLE;
	blank_line(line, MM_FRAME_NONE);
	line->text = mm_str_trim(mm_buf_str(&e->kept));
	return MM_WRAP_BROKEN;
}

/* Docker: long lines come in parts, only the last ends with LF. */
static enum mm_wrapped
open_docker(struct mm_envelope *e, struct mm_framer *f, struct mm_line *line)
{
	struct mm_str log = mm_json_str(mm_json_get(e->root, "log"));

	add_part(e, DOCKER, log, json_time(mm_json_get(e->root, "time")));
	if (!mm_str_ends(log, "\n"))
		return MM_WRAP_PART;
	close_parts(e, f, line);
	return MM_WRAP_LINE;
}

static bool
is_docker(const struct mm_json *root)
{
	return mm_json_str(mm_json_get(root, "log")).p != NULL &&
	       mm_json_get(root, "stream") != NULL;
}

static const struct mm_json *
first_of(const struct mm_json *root, const char *const *keys)
{
	const struct mm_json *v = NULL;

	for (; *keys != NULL && v == NULL; keys++)
		v = mm_json_get(root, *keys);
	return v;
}

/* ECS keeps what belongs together in objects: {"process":{"name":"exim"}}. */
static const struct mm_json *
first_within(const struct mm_json *root, const char *object,
	     const char *const *keys)
{
	return first_of(mm_json_get(root, object), keys);
}

static const char *const time_keys[] = { "@timestamp", "timestamp", "time",
					 "date",       "ts",	    NULL };

/* What a mail server writes as JSON itself: it has a time, and says what kind
 * of thing it is. Kept as it is, with its members beside it. */
static bool
open_own(struct mm_envelope *e, struct mm_framer *f, struct mm_str raw,
	 struct mm_line *line)
{
	static const char *const exact_keys[] = { "event_time", NULL };
	int64_t t_us = json_time(first_of(e->root, exact_keys));

	if (t_us == MM_TIME_NONE)
		t_us = json_time(first_of(e->root, time_keys));
	if (t_us == MM_TIME_NONE ||
	    mm_json_str(mm_json_get(e->root, "type")).p == NULL)
		return false;
	blank_line(line, MM_FRAME_JSON);
	line->t_us = t_us;
	line->text = raw;
	mm_cells_clear(&e->cells);
	mm_cells_json(&e->cells, e->root);
	line->cells = mm_cells_done(&e->cells);
	f->last_us = t_us;
	f->is_local = false;
	return true;
}

/* A log shipper's object counts only when there is a line of syslog in it:
 * some MTAs write JSON of their own. */
static bool
open_shipped(struct mm_envelope *e, struct mm_framer *f, struct mm_line *line)
{
	static const char *const text_keys[] = { "message", "short_message",
						 "MESSAGE", "msg",
						 "log",	    NULL };
	static const char *const host_keys[] = { "host", "hostname",
						 "_HOSTNAME", NULL };
	static const char *const tag_keys[] = { "ident", "program", "appname",
						"SYSLOG_IDENTIFIER", NULL };
	static const char *const pid_keys[] = { "pid", "procid", "SYSLOG_PID",
						NULL };
	static const char *const names[] = { "name", "hostname", NULL };
	const struct mm_json *host = first_of(e->root, host_keys);
	struct mm_str text = mm_json_str(first_of(e->root, text_keys));
	struct mm_str tag = mm_json_str(first_of(e->root, tag_keys));
	const struct mm_json *pid = first_of(e->root, pid_keys);
	uint64_t v;

	/* Haraka's own have a message, too. */
	if (text.p == NULL || (mm_json_get(e->root, "uuid") != NULL &&
			       mm_json_get(e->root, "level") != NULL))
		return false;
	if (tag.p == NULL)
		tag = mm_json_str(first_within(e->root, "process", names));
	if (pid == NULL)
		pid = first_within(e->root, "process", pid_keys);
	v = (uint64_t)mm_json_int(pid, 0);
	mm_frame_inner(f, mm_str_trim(text),
		       json_time(first_of(e->root, time_keys)), line);
	/* Lines of Haraka have neither stamp nor program. */
	if (line->framing == MM_FRAME_NONE && line->tag.p == NULL &&
	    tag.p == NULL && !mm_str_starts(line->text, "[") &&
	    !mm_str_starts(line->text, "{\"level\":"))
		return false;
	line->framing = MM_FRAME_JSON;
	if (line->host.p == NULL)
		line->host = mm_json_is_object(host)
				 ? mm_json_str(first_of(host, names))
				 : mm_json_str(host);
	if (line->host.n == 0)
		line->host = MM_STR_ABSENT;
	if (line->tag.p == NULL) {
		line->tag = tag;
		if (mm_json_str(pid).p != NULL)
			(void)mm_str_to_u64(mm_json_str(pid), &v);
		line->pid = v <= UINT32_MAX ? (uint32_t)v : 0;
	}
	return true;
}

static enum mm_wrapped
open_object(struct mm_envelope *e, struct mm_framer *f, struct mm_str text,
	    struct mm_line *line)
{
	mm_json_free(e->root);
	text = mm_str_trim(text);
	if (mm_str_ends(text, ","))
		text.n--;
	e->root = mm_json_parse(text, NULL);
	if (e->root == NULL)
		return e->state == DOCKER ? give_up(e, f, line) : MM_WRAP_NONE;
	if (is_docker(e->root))
		return open_docker(e, f, line);
	if (e->state == DOCKER)
		return give_up(e, f, line);
	return open_journal(e, line) || open_shipped(e, f, line) ||
		       open_own(e, f, text, line)
		   ? MM_WRAP_LINE
		   : MM_WRAP_NONE;
}

/* An object over several lines: all but the last begin with a blank. */
static enum mm_wrapped
add_pretty(struct mm_envelope *e, struct mm_framer *f, struct mm_str raw,
	   struct mm_line *line)
{
	bool last = mm_str_starts(raw, "}");
	enum mm_wrapped w;

	if (raw.n == 0 || (!last && raw.p[0] != ' ' && raw.p[0] != '\t') ||
	    e->kept.n + raw.n >= MM_LINE_MAX_BYTES)
		return give_up(e, f, line);
	mm_buf_adds(&e->kept, raw);
	mm_buf_addc(&e->kept, '\n');
	if (!last)
		return MM_WRAP_PART;
	e->state = IDLE;
	w = open_object(e, f, mm_buf_str(&e->kept), line);
	if (w != MM_WRAP_NONE)
		return w;
	(void)give_up(e, f, line);
	return MM_WRAP_LINE;
}

static int
field_of(struct mm_str name)
{
	for (int i = 0; i < N_FIELDS; i++)
		if (mm_str_is(name, field_names[i]))
			return i;
	return -1;
}

static void
set_field(struct mm_envelope *e, int field, size_t at, size_t n)
{
	/* Of a field that is there twice the first counts. */
	if (field < 0 || e->field_at[field] != 0)
		return;
	e->field_at[field] = at;
	e->field_n[field] = n;
}

static enum mm_wrapped
close_export(struct mm_envelope *e, struct mm_line *line)
{
	struct mm_str fields[N_FIELDS];

	e->state = IDLE;
	for (size_t i = 0; i < N_FIELDS; i++)
		fields[i] = e->field_at[i] == 0
				? MM_STR_ABSENT
				: (struct mm_str){ e->kept.p + e->field_at[i],
						   e->field_n[i] };
	journal_line(fields, line);
	return MM_WRAP_LINE;
}

static bool
is_field_name(struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') ||
		      (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
			return false;
	return s.n > 0 && s.n <= 64;
}

/* Eight bytes of length, little-endian, the bytes, LF. All of it may hold
 * more LFs, so lines are put together until there are enough. */
static enum mm_wrapped
add_binary(struct mm_envelope *e)
{
	const unsigned char *p = (unsigned char *)e->kept.p + e->binary_at;
	size_t have = e->kept.n - e->binary_at;
	uint64_t n = 0;

	if (have < 9)
		return MM_WRAP_PART;
	for (size_t i = 0; i < 8; i++)
		n |= (uint64_t)p[i] << 8 * i;
	if (n > have - 9)
		return MM_WRAP_PART;
	set_field(e, e->field, e->binary_at + 8, (size_t)n);
	e->state = EXPORT;
	return MM_WRAP_PART;
}

static enum mm_wrapped
add_export(struct mm_envelope *e, struct mm_framer *f, struct mm_str raw,
	   struct mm_line *line)
{
	struct mm_str name, value = raw;

	if (raw.n == 0 && e->state == EXPORT)
		return close_export(e, line);
	if (e->kept.n + raw.n >= MM_LINE_MAX_BYTES)
		return give_up(e, f, line);
	if (e->state == BINARY) {
		mm_buf_adds(&e->kept, raw);
		mm_buf_addc(&e->kept, '\n');
		return add_binary(e);
	}
	if (!mm_str_cutc(&value, '=', &name))
		name = raw;
	if (!is_field_name(name))
		return give_up(e, f, line);
	mm_buf_adds(&e->kept, raw);
	mm_buf_addc(&e->kept, '\n');
	if (name.n == raw.n) {
		e->state = BINARY;
		e->field = field_of(name);
		e->binary_at = e->kept.n;
	} else {
		set_field(e, field_of(name), e->kept.n - 1 - value.n, value.n);
	}
	return MM_WRAP_PART;
}

enum mm_wrapped
mm_envelope_open(struct mm_envelope *e, struct mm_framer *f, struct mm_str raw,
		 struct mm_line *line)
{
	enum mm_wrapped w;

	if (e->state == PRETTY)
		return add_pretty(e, f, raw, line);
	if (e->state == EXPORT || e->state == BINARY)
		return add_export(e, f, raw, line);
	if (e->state == IDLE && mm_sheet_wants(e->sheet, raw)) {
		w = mm_sheet_open(e->sheet, f, raw, line);
		if (w != MM_WRAP_NONE || raw.n == 0 || raw.p[0] != '{')
			return w;
	}
	if (e->state == CRI) /* told by who has framed it */
		return MM_WRAP_NONE;
	if (e->state == IDLE &&
	    (raw.p[0] == '_' || (raw.p[0] == '{' && raw.n == 1))) {
		mm_buf_clear(&e->kept);
		memset(e->field_at, 0, sizeof(e->field_at));
		e->state = raw.p[0] == '_' ? EXPORT : PRETTY;
		mm_buf_adds(&e->kept, raw);
		mm_buf_addc(&e->kept, '\n');
		return MM_WRAP_PART;
	}
	(void)mm_str_skip(&raw, "\x1e");
	(void)mm_str_skip(&raw, "data: ");
	w = open_object(e, f, raw, line);
	if (w == MM_WRAP_LINE && line->t_us != MM_TIME_NONE)
		f->last_us = line->t_us;
	return w;
}

enum mm_wrapped
mm_envelope_cri(struct mm_envelope *e, struct mm_framer *f,
		struct mm_line *line)
{
	struct mm_str raw = line->raw, word;
	bool part;

	/* "stamp stream P text" */
	if (line->framing != MM_FRAME_CRI || !mm_str_cutc(&raw, ' ', &word) ||
	    !mm_str_cutc(&raw, ' ', &word) || !mm_str_cutc(&raw, ' ', &word))
		return e->state == CRI ? give_up(e, f, line) : MM_WRAP_NONE;
	part = mm_str_is(word, "P");
	if (!part && e->state == IDLE)
		return MM_WRAP_NONE;
	add_part(e, CRI, raw, line->t_us);
	if (part)
		return MM_WRAP_PART;
	close_parts(e, f, line);
	return MM_WRAP_LINE;
}

bool
mm_envelope_peek(const struct mm_envelope *e, struct mm_framer *f,
		 struct mm_str raw, struct mm_line *line)
{
	return e->state == IDLE && mm_sheet_peek(e->sheet, f, raw, line);
}

enum mm_wrapped
mm_envelope_end(struct mm_envelope *e, struct mm_framer *f,
		struct mm_line *line)
{
	if (e->state == IDLE)
		return mm_sheet_end(e->sheet, line);
	if (e->state != EXPORT)
		return give_up(e, f, line);
	/* The last record may lack the empty line behind it. */
	(void)close_export(e, line);
	return MM_WRAP_BROKEN;
}
