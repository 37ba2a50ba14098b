#include <stdlib.h>
#include <string.h>

#include "formats/base/buf.h"
#include "formats/base/csv.h"
#include "formats/base/mem.h"
#include "formats/read/sheet.h"

#define POWERMTA_REST                                                          \
	"orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,"        \
	"srcType,"                                                             \
	"srcMta,dlvType,dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,"       \
	"dlvSize,"                                                             \
	"vmta,jobId,envId,queue,vmtaPool"

/* The columns of PowerMTA when it is told nothing else; 3.5 and 4.0 have one
 * more, which is mostly empty. */
static const char powermta_names[] =
    "type,timeLogged,timeQueued," POWERMTA_REST;
static const char powermta_old_names[] =
    "type,timeLogged,timeQueued,timeImprinted," POWERMTA_REST;
#define OLD_ACTION_AT 7 /* dsnAction in the old ones */

/* Those of message tracking by how many there are: 2007, 2010, 2013 and later
 * (of these the last three came one by one). */
#define EXCHANGE_FIRST                                                         \
	"date-time,client-ip,client-hostname,server-ip,server-hostname,"       \
	"source-context,connector-id,source,event-id,internal-message-id,"     \
	"message-id,"
#define EXCHANGE_REST                                                          \
	"recipient-address,recipient-status,total-bytes,recipient-count,"      \
	"related-recipient-address,reference,message-subject,sender-address,"  \
	"return-path,message-info"
#define EXCHANGE_2010                                                          \
	","                                                                    \
	"directionality,tenant-id,original-client-ip,original-server-ip,"      \
	"custom-data"

static const struct {
	size_t least, most; /* values of a row */
	const char *names;
} exchange_names[] = {
	{ 21, 21, EXCHANGE_FIRST EXCHANGE_REST },
	{ 26, 26, EXCHANGE_FIRST EXCHANGE_REST EXCHANGE_2010 },
	{ 27, 30,
	  EXCHANGE_FIRST "network-message-id," EXCHANGE_REST EXCHANGE_2010
			 ",transport-traffic-type,log-id,schema-version" },
};
#define SOURCE_AT 7 /* and event-id behind it */

/* Lines of names begin so. */
static const char *const begins[] = {
	"type,",
	"\"type\",",
	"#Fields: ",
	"date-time,",
	"\"date-time\",",
	"\"PSComputerName\"",
	"\"RunspaceId\"",
	"\"Timestamp\"",
	"date_time",
	"\"date_time",
	"origin_timestamp",
	"\"origin_timestamp",
	"\"Organization\",\"MessageId\"",
	"PSComputerName,",
	"RunspaceId,",
	"Timestamp,",
};

/* Where the time stands, by the names there are. */
static const char *const times[] = {
	"timeLogged", "date-time",	  "date-time-utc",	  "Timestamp",
	"Received",   "origin-timestamp", "origin-timestamp-utc",
};

struct mm_sheet {
	struct mm_csv *csv; /* owned */
	struct mm_buf names_text;
	struct mm_str *names; /* owned; views of names_text */
	size_t n_names, cap_names;
	size_t time_at; /* the column */
	bool assumed;	/* the names are those of PowerMTA's defaults */
	size_t rcpt_at; /* then: where the recipient stands */
	struct mm_cells_room cells;
	struct mm_buf row; /* as it came, while a value is open */
	bool open;
};

struct mm_sheet *
mm_sheet_new(void)
{
	struct mm_sheet *s = mm_calloc(1, sizeof(*s));

	s->csv = mm_csv_new(',', MM_ROW_MAX_BYTES);
	mm_buf_init(&s->names_text, MM_ROW_MAX_BYTES);
	mm_buf_init(&s->row, MM_LINE_MAX_BYTES);
	mm_cells_init(&s->cells);
	return s;
}

void
mm_sheet_free(struct mm_sheet *s)
{
	if (s == NULL)
		return;
	mm_csv_free(s->csv);
	mm_buf_fini(&s->names_text);
	mm_buf_fini(&s->row);
	mm_cells_fini(&s->cells);
	free(s->names);
	free(s);
}

static void
blank(struct mm_line *line, struct mm_str text)
{
	*line = (struct mm_line){ .framing = MM_FRAME_CSV,
				  .t_us = MM_TIME_NONE,
				  .text = text,
				  .repeats = 1 };
}

static bool
is_names(struct mm_str raw)
{
	for (size_t i = 0; i < MM_COUNT(begins); i++)
		if (mm_str_starts(raw, begins[i]))
			return true;
	return false;
}

/* "2024-02-04 09:29:26+0100", or seconds since 1970 (PowerMTA before 3.5). */
static bool
take_time(struct mm_framer *f, struct mm_str s, int64_t *t_us)
{
	bool has_zone = true;
	uint64_t seconds;

	if ((s.n == 9 || s.n == 10) && mm_str_to_u64(s, &seconds)) {
		*t_us = (int64_t)seconds * MM_SECOND_US;
	} else {
		if (!mm_time_take_iso(&s, t_us, &has_zone) || s.n > 0)
			return false;
		if (!has_zone)
			*t_us = mm_framer_utc(f, *t_us);
	}
	f->is_local = !has_zone;
	return true;
}

/* A row of PowerMTA's: "tq,2024-02-04 09:29:26+0100,". */
static bool
is_powermta(struct mm_str raw)
{
	static const char *const types[] = { "d,",  "b,",  "t,", "tq,", "r,",
					     "rb,", "rs,", "f,", "p," };
	struct mm_framer f;
	struct mm_str value;
	int64_t t_us;

	for (size_t i = 0; i < MM_COUNT(types); i++)
		if (mm_str_skip(&raw, types[i])) {
			mm_framer_init(&f, MM_TIME_NONE, 0);
			return mm_str_cutc(&raw, ',', &value) &&
			       take_time(&f, value, &t_us);
		}
	return false;
}

/* A row of message tracking: "2024-02-04T08:29:26.123Z,". */
static bool
is_exchange(struct mm_str raw)
{
	return raw.n > 24 && raw.p[23] == 'Z' && raw.p[24] == ',' &&
	       raw.p[10] == 'T' && raw.p[19] == '.';
}

bool
mm_sheet_wants(const struct mm_sheet *s, struct mm_str raw)
{
	if (s->open)
		return true;
	if (raw.n == 0)
		return false;
	if (s->n_names > 0)
		return true;
	(void)mm_str_skip(&raw, MM_BYTE_ORDER_MARK);
	if (raw.n == 0)
		return false;
	switch (raw.p[0]) {
	case '"':
	case '#':
		return is_names(raw);
	case 'b':
	case 'd': /* date-time, too */
	case 'f':
	case 'o': /* origin_timestamp */
	case 'p':
	case 'P': /* PowerShell 7 may leave quotes out */
	case 'R':
	case 'T':
	case 'r':
	case 't':
		return is_names(raw) || is_powermta(raw);
	default:
		return is_exchange(raw);
	}
}

/* Does a row begin here? By its time, which no quotes stand before. */
static bool
begins_row(const struct mm_sheet *s, struct mm_framer *f, struct mm_str raw,
	   int64_t *t_us)
{
	struct mm_str value = MM_STR_ABSENT;

	for (size_t i = 0; i <= s->time_at; i++)
		if (!mm_str_cutc(&raw, ',', &value))
			return false;
	if (mm_str_skip(&value, "\"") && value.n > 0)
		value.n--;
	return take_time(f, value, t_us);
}

bool
mm_sheet_peek(const struct mm_sheet *s, struct mm_framer *f, struct mm_str raw,
	      struct mm_line *line)
{
	int64_t t_us;

	if (s->open || s->n_names == 0 || !begins_row(s, f, raw, &t_us))
		return false;
	blank(line, raw);
	line->t_us = t_us;
	return true;
}

/* ASCII case ignored, and `_` for `-`. */
static bool
is_called(struct mm_str s, const char *name)
{
	if (s.n != strlen(name))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		struct mm_str a = { s.p + i, 1 }, b = { name + i, 1 };

		if (!mm_str_ieq(a, b) && (s.p[i] != '_' || name[i] != '-'))
			return false;
	}
	return true;
}

/* Keep the names of a line; false when it has no time among them. */
static bool
take_names(struct mm_sheet *s, struct mm_str raw)
{
	const struct mm_str *fields;
	size_t n, time_at = 0;
	bool online;

	(void)mm_str_skip(&raw, "#Fields: ");
	if (mm_csv_line(s->csv, raw) != MM_OK) {
		(void)mm_csv_finish(s->csv);
		return false;
	}
	fields = mm_csv_fields(s->csv, &n);
	online = n > 0 && mm_str_findc(fields[0], '_') != MM_NOT_FOUND;
	for (size_t t = 0; t < MM_COUNT(times); t++)
		for (size_t i = 0; i < n && time_at == 0; i++)
			if (is_called(fields[i], times[t]))
				time_at = i + 1;
	if (time_at == 0 || n < 3)
		return false;
	s->n_names = 0;
	s->assumed = false;
	s->time_at = time_at - 1;
	mm_buf_clear(&s->names_text);
	for (size_t i = 0; i < n; i++)
		mm_buf_adds(&s->names_text, fields[i]);
	/* Exchange Online writes date_time, on premises it is date-time. */
	for (size_t i = 0; online && i < s->names_text.n; i++)
		if (s->names_text.p[i] == '_')
			s->names_text.p[i] = '-';
	for (size_t i = 0, at = 0; i < n; at += fields[i].n, i++) {
		s->names =
		    mm_grow(s->names, i, &s->cap_names, sizeof(*s->names));
		s->names[i] =
		    (struct mm_str){ s->names_text.p + at, fields[i].n };
		s->n_names++;
	}
	return true;
}

/* Is there one of the words of RFC 3464? */
static bool
is_action(struct mm_str s)
{
	static const char *const words[] = { "relayed", "delivered", "failed",
					     "delayed", "expanded" };

	for (size_t i = 0; i < MM_COUNT(words); i++)
		if (mm_str_is(s, words[i]))
			return true;
	return false;
}

/* "STOREDRIVER" */
static bool
is_capitals(struct mm_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	return s.n > 0;
}

static void
assume_exchange(struct mm_sheet *s, const struct mm_str *fields, size_t n)
{
	if (n <= SOURCE_AT + 1 || !is_capitals(fields[SOURCE_AT]) ||
	    !is_capitals(fields[SOURCE_AT + 1]))
		return;
	for (size_t i = 0; i < MM_COUNT(exchange_names); i++)
		if (n >= exchange_names[i].least &&
		    n <= exchange_names[i].most) {
			(void)take_names(s, mm_str_z(exchange_names[i].names));
			s->n_names = n;
		}
}

/* The names of a file that lost its own, or never had any: grep takes them
 * away. */
static void
assume_names(struct mm_sheet *s, struct mm_str row)
{
	const struct mm_str *fields;
	bool exchange = is_exchange(row), old = false;
	size_t n = 0;

	if (mm_csv_line(s->csv, row) != MM_OK)
		(void)mm_csv_finish(s->csv);
	fields = mm_csv_fields(s->csv, &n);
	if (exchange) {
		assume_exchange(s, fields, n);
		return;
	}
	if (n > OLD_ACTION_AT)
		old = is_action(fields[OLD_ACTION_AT]);
	(void)take_names(s,
			 mm_str_z(old ? powermta_old_names : powermta_names));
	s->assumed = true;
	s->rcpt_at = old ? 5 : 4;
}

/* As many values as there are names, though none is a time that we know: it
 * is a row, and who reads it may say so. */
static bool
is_undated_row(const struct mm_sheet *s, struct mm_str raw)
{
	size_t n = 1;

	for (size_t i = 0; i < raw.n; i++)
		n += raw.p[i] == ',';
	return n >= s->n_names;
}

/* Do the values fit names that were assumed? How many the defaults of a
 * version are is not known; but a recipient is an address, and a time a time.
 */
static bool
fits_assumed(const struct mm_sheet *s, const struct mm_str *fields, size_t n)
{
	struct mm_framer f;
	int64_t t_us;

	if (mm_str_is(fields[0], "tq") || mm_str_is(fields[0], "f") ||
	    mm_str_is(fields[0], "p") || mm_str_starts(fields[0], "r"))
		return true;
	mm_framer_init(&f, MM_TIME_NONE, 0);
	return n > s->rcpt_at && take_time(&f, fields[2], &t_us) &&
	       mm_str_findc(fields[s->rcpt_at], '@') != MM_NOT_FOUND;
}

/* As many values as names; a spreadsheet may put empty ones behind. */
static bool
is_ragged(const struct mm_sheet *s, const struct mm_str *fields, size_t n)
{
	if (s->assumed)
		return !fits_assumed(s, fields, n);
	while (n > s->n_names && fields[n - 1].n == 0)
		n--;
	return n != s->n_names;
}

static enum mm_wrapped
take_row(struct mm_sheet *s, struct mm_framer *f, struct mm_str text,
	 struct mm_line *line)
{
	const struct mm_str *fields;
	size_t n;

	fields = mm_csv_fields(s->csv, &n);
	blank(line, text);
	if (s->time_at >= n)
		return MM_WRAP_NONE;
	if (take_time(f, fields[s->time_at], &line->t_us))
		f->last_us = line->t_us;
	else if (n != s->n_names)
		return MM_WRAP_NONE;
	else
		line->t_us = MM_TIME_NONE;
	mm_cells_clear(&s->cells);
	for (size_t i = 0; i < n && i < s->n_names; i++)
		mm_cells_add(&s->cells, s->names[i], fields[i]);
	s->cells.cells.ragged = is_ragged(s, fields, n);
	line->cells = mm_cells_done(&s->cells);
	return MM_WRAP_LINE;
}

enum mm_wrapped
mm_sheet_end(struct mm_sheet *s, struct mm_line *line)
{
	if (!s->open)
		return MM_WRAP_NONE;
	s->open = false;
	(void)mm_csv_finish(s->csv);
	blank(line, mm_buf_str(&s->row));
	line->text = mm_str_trim(line->text);
	return MM_WRAP_BROKEN;
}

/* More of a row whose value is open. */
static enum mm_wrapped
go_on(struct mm_sheet *s, struct mm_framer *f, struct mm_str raw,
      struct mm_line *line)
{
	enum mm_status st;
	int64_t t_us;

	if (begins_row(s, f, raw, &t_us) || is_names(raw))
		return mm_sheet_end(s, line); /* the quote was never closed */
	mm_buf_addc(&s->row, '\n');
	mm_buf_adds(&s->row, raw);
	st = mm_csv_line(s->csv, raw);
	if (st == MM_END && !s->row.over)
		return MM_WRAP_PART;
	if (st == MM_ELIMIT || s->row.over) {
		s->open = false;
		blank(line, mm_buf_str(&s->row));
		return MM_WRAP_LINE;
	}
	s->open = false;
	/* What was put together is a line of its own in any case. */
	(void)take_row(s, f, mm_buf_str(&s->row), line);
	return MM_WRAP_LINE;
}

enum mm_wrapped
mm_sheet_open(struct mm_sheet *s, struct mm_framer *f, struct mm_str raw,
	      struct mm_line *line)
{
	enum mm_status st;
	int64_t t_us;
	bool starts;

	if (s->open)
		return go_on(s, f, raw, line);
	(void)mm_str_skip(&raw, MM_BYTE_ORDER_MARK);
	if (is_names(raw)) {
		if (!take_names(s, raw)) {
			s->n_names = 0; /* those before are over as well */
			/* Of accounting without a time who reads it tells. */
			if (!mm_str_starts(raw, "type,orig"))
				return MM_WRAP_NONE;
		}
		blank(line, raw);
		return MM_WRAP_LINE;
	}
	if (s->n_names == 0)
		assume_names(s, raw);
	if (s->n_names == 0)
		return MM_WRAP_NONE;
	starts = begins_row(s, f, raw, &t_us);
	if (!starts && !is_undated_row(s, raw))
		return MM_WRAP_NONE;
	st = mm_csv_line(s->csv, raw);
	if (st == MM_OK)
		return take_row(s, f, raw, line);
	if (st == MM_ELIMIT && starts) {
		blank(line, raw); /* who reads it says that it is too long */
		return MM_WRAP_LINE;
	}
	if (st == MM_ELIMIT)
		return MM_WRAP_NONE;
	if (!starts) {
		(void)mm_csv_finish(s->csv);
		return MM_WRAP_NONE;
	}
	mm_buf_clear(&s->row);
	mm_buf_adds(&s->row, raw);
	s->open = true;
	return MM_WRAP_PART;
}
