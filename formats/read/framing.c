#include <string.h>

#include "formats/base/status.h"
#include "formats/read/header.h"
#include "formats/read/stamp.h"

void
mm_framer_init(struct mm_framer *f, int64_t anchor_us, int64_t zone_us)
{
	*f = (struct mm_framer){ .anchor_us = anchor_us,
				 .zone_us = zone_us,
				 .last_us = MM_TIME_NONE,
				 .stamp_us = MM_TIME_NONE };
}

int64_t
mm_framer_utc(struct mm_framer *f, int64_t local_us)
{
	struct mm_zone_span s;

	if (f->zone != NULL &&
	    (local_us < f->zone_from_us || local_us >= f->zone_to_us)) {
		s = mm_zone_local(f->zone, local_us, f->last_us);
		f->zone_us = s.offset_us;
		f->zone_from_us = s.from_us;
		f->zone_to_us = s.to_us;
	}
	return local_us - f->zone_us;
}

void
mm_framer_settle(struct mm_framer *f, int64_t t_us)
{
	struct mm_civil c;

	mm_time_to_civil(t_us + f->zone_us, &c);
	f->year = c.year;
	f->last_us = t_us;
	f->stamp_us = MM_TIME_NONE;
	if (f->anchor_us != MM_TIME_NONE && f->anchor_us < t_us)
		f->anchor_us = MM_TIME_NONE;
}

const char *
mm_framing_name(enum mm_framing f)
{
	static const char *const names[MM_FRAME_COUNT] = {
		[MM_FRAME_NONE] = "none",
		[MM_FRAME_RFC3164] = "rfc3164",
		[MM_FRAME_RFC3339] = "rfc3339",
		[MM_FRAME_RFC5424] = "rfc5424",
		[MM_FRAME_ISO_BLANK] = "iso-blank",
		[MM_FRAME_DATED] = "dated",
		[MM_FRAME_EPOCH] = "epoch",
		[MM_FRAME_TAI64N] = "tai64n",
		[MM_FRAME_CRI] = "cri",
		[MM_FRAME_DOCKER] = "docker-json",
		[MM_FRAME_JSON] = "json",
		[MM_FRAME_JOURNAL] = "journal",
		[MM_FRAME_CSV] = "csv",
	};

	return names[f];
}

static bool
nil(struct mm_str s)
{
	return mm_str_is(s, "-");
}

/* Structured data: `-` or a run of `[id name="value" ...]`. */
static void
skip_structured(struct mm_str *s)
{
	bool quoted = false;
	size_t i = 0;

	if (mm_str_skip(s, "-"))
		return;
	while (i < s->n && s->p[i] == '[') {
		for (i++; i < s->n && (quoted || s->p[i] != ']'); i++) {
			if (s->p[i] == '"')
				quoted = !quoted;
			else if (quoted && s->p[i] == '\\')
				i++;
		}
		i += i < s->n;
	}
	*s = mm_str_from(*s, i < s->n ? i : s->n);
}

/* Behind "<22>1 ": "stamp host app pid msgid structured text". */
static bool
take_rfc5424(struct mm_framer *f, struct mm_str s, struct mm_line *out)
{
	struct mm_str host, app, pid, msgid;
	int64_t t_us = MM_TIME_NONE;
	uint64_t v;

	if (!mm_str_skip(&s, "- ") &&
	    (!mm_stamp_iso(f, &s, &t_us) || !mm_str_skip(&s, " ")))
		return false;
	if (!mm_str_cutc(&s, ' ', &host) || !mm_str_cutc(&s, ' ', &app) ||
	    !mm_str_cutc(&s, ' ', &pid) || !mm_str_cutc(&s, ' ', &msgid))
		return false;
	out->t_us = t_us;
	if (!nil(host) && host.n > 0)
		out->host = host;
	if (!nil(app))
		out->tag = app;
	if (mm_str_to_u64(pid, &v) && v <= UINT32_MAX)
		out->pid = (uint32_t)v;
	skip_structured(&s);
	(void)mm_str_skip(&s, " ");
	(void)mm_str_skip(&s, MM_BYTE_ORDER_MARK);
	out->text = s;
	out->framing = MM_FRAME_RFC5424;
	return true;
}

/* Exim: "stamp [pid] text"; everything else that Exim may put in stays. Some
 * templates of rsyslog have host and tag here. */
static void
take_iso_blank(struct mm_str s, struct mm_line *out)
{
	struct mm_str number, rest;
	uint64_t v;

	out->framing = MM_FRAME_ISO_BLANK;
	(void)mm_str_skip(&s, " ");
	(void)mm_str_skip(&s, " "); /* s6-log puts two */
	rest = out->text = s;
	if (!mm_str_skip(&rest, "[")) {
		if (mm_header_is(s))
			mm_header_take(s, out);
		else
			mm_header_tag(s, false, out);
	} else if (mm_str_cutc(&rest, ']', &number) && number.n < 10 &&
		   mm_str_skip(&rest, " ") && mm_str_to_u64(number, &v)) {
		out->pid = (uint32_t)v;
		out->text = rest;
	}
}

/* "<22>": at most three digits. */
static bool
skip_priority(struct mm_str *s)
{
	size_t i = 1;

	while (i < s->n && i < 4 && mm_is_digit(s->p[i]))
		i++;
	if (i == 1 || i >= s->n || s->p[i] != '>')
		return false;
	*s = mm_str_from(*s, i + 1);
	return true;
}

/* Kubernetes: "stamp stdout F text"; parts ("P") are joined by who reads the
 * lines. What is inside is framed by mm_frame_inner(). */
static bool
is_cri(struct mm_str *s)
{
	return s->n > 10 && s->p[1] == 's' && s->p[2] == 't' &&
	       s->p[3] == 'd' &&
	       (mm_str_skip(s, " stdout ") || mm_str_skip(s, " stderr ")) &&
	       (mm_str_skip(s, "F ") || mm_str_skip(s, "P "));
}

/* The stamps that nearly all lines have. */
static bool
frame_usual(struct mm_framer *f, struct mm_str s, struct mm_line *out)
{
	const char *p = s.p;

	if (s.n < 15)
		return false;
	if (!mm_is_digit(p[0])) {
		if (!mm_stamp_rfc3164(f, &s, &out->t_us))
			return false;
		out->framing = MM_FRAME_RFC3164;
	} else {
		if (!mm_stamp_iso(f, &s, &out->t_us))
			return false;
		if (p[10] == ' ') {
			take_iso_blank(s, out);
			return true;
		}
		out->framing = MM_FRAME_RFC3339;
		if (is_cri(&s)) {
			out->framing = MM_FRAME_CRI;
			out->text = s;
			return true;
		}
	}
	mm_header_take(s, out);
	return true;
}

static bool
frame_other(struct mm_framer *f, struct mm_str s, struct mm_line *out)
{
	struct mm_stamp stamp;

	if (!mm_stamp_other(f, &s, &stamp))
		return false;
	out->t_us = stamp.t_us;
	out->framing = stamp.framing;
	if (stamp.header &&
	    (stamp.framing != MM_FRAME_EPOCH || mm_header_is(s))) {
		mm_header_take(s, out);
		return true;
	}
	while (mm_str_skip(&s, " "))
		;
	mm_header_tag(s, false, out);
	return true;
}

/* Escape sequences that colour a terminal. */
static bool
skip_colour(struct mm_str *s)
{
	struct mm_str rest = *s, inside;

	if (!mm_str_skip(&rest, "\x1b[") || !mm_str_cutc(&rest, 'm', &inside) ||
	    inside.n > 8)
		return false;
	*s = rest;
	return true;
}

/* docker compose logs: "mail-1  | text". */
static bool
skip_compose(struct mm_str *s)
{
	struct mm_str rest = *s, name;

	if (!mm_str_cutc(&rest, '|', &name) || name.n < 2 || name.n > 100)
		return false;
	while (skip_colour(&name))
		;
	name = mm_str_trim(name);
	if (name.n == 0 || mm_str_findc(name, ' ') != MM_NOT_FOUND)
		return false;
	while (skip_colour(&rest))
		;
	(void)mm_str_skip(&rest, " ");
	*s = rest;
	return true;
}

/* cat -n: "   123\ttext"; grep -n: "123:text". */
static bool
skip_number(struct mm_str *s)
{
	struct mm_str rest = mm_str_trim(*s);
	uint64_t v;

	if (!mm_str_take_u64(&rest, &v) ||
	    (!mm_str_skip(&rest, "\t") && !mm_str_skip(&rest, ":")))
		return false;
	*s = rest;
	return true;
}

/* grep -H: "maillog-20240101:text", "/var/log/mail.log:123:text". */
static bool
skip_file(struct mm_str *s)
{
	struct mm_str rest = *s, name;

	if (!mm_str_cutc(&rest, ':', &name) || name.n == 0 || name.n > 255 ||
	    rest.n == 0 || rest.p[0] == ' ' ||
	    mm_str_findc(name, ' ') != MM_NOT_FOUND)
		return false;
	(void)skip_number(&rest);
	*s = rest;
	return true;
}

/* A spreadsheet's marks: a quote in front, or what keeps a cell a text. */
static bool
skip_quote(struct mm_str *s)
{
	struct mm_str rest = *s;

	while (mm_str_skip(&rest, "\"") || mm_str_skip(&rest, "'") ||
	       mm_str_skip(&rest, "="))
		;
	if (rest.n == s->n)
		return false;
	if (mm_str_ends(rest, "\""))
		rest.n--;
	*s = rest;
	return true;
}

/* What a crash, an editor or a terminal left in front. */
static bool
skip_rubbish(struct mm_str *s)
{
	size_t n = s->n;

	while (s->n > 0 && s->p[0] == '\0')
		*s = mm_str_from(*s, 1);
	while (mm_str_skip(s, MM_BYTE_ORDER_MARK) || skip_colour(s))
		;
	return s->n < n;
}

/* Something stands before the stamp that does not belong to the line. */
static bool
frame_behind(struct mm_framer *f, struct mm_str s, struct mm_line *out)
{
	static bool (*const skips[])(struct mm_str *) = {
		skip_rubbish, skip_quote, skip_compose, skip_number, skip_file,
	};

	for (size_t i = 0; i < MM_COUNT(skips); i++) {
		struct mm_str rest = s;

		if (!skips[i](&rest))
			continue;
		if (frame_usual(f, rest, out) || frame_other(f, rest, out))
			return true;
		mm_header_tag(rest, false, out);
		if (out->tag.p != NULL)
			return true;
	}
	return false;
}

/* Commas that a spreadsheet added to fill its columns. */
static struct mm_str
without_padding(struct mm_str s)
{
	size_t n = s.n;

	while (n > 0 && s.p[n - 1] == ',')
		n--;
	return s.n - n >= 3 ? mm_str_upto(s, n) : s;
}

/* rsyslog: "message repeated 2 times: [ text ]" (some put no blank in). */
static void
take_repeats(struct mm_line *out)
{
	struct mm_str s = out->text;
	uint64_t v;

	if (!mm_str_skip(&s, "message repeated ") || !mm_str_take_u64(&s, &v) ||
	    v == 0 || v > UINT32_MAX || !mm_str_skip(&s, " times: [") ||
	    !mm_str_ends(s, "]"))
		return;
	out->repeats = (uint32_t)v;
	s.n--;
	(void)mm_str_skip(&s, " ");
	out->text = s;
}

/* Exim and qmail put their own stamp behind that of syslog; it has a year or
 * a fraction. */
static void
take_own_stamp(struct mm_framer *f, struct mm_line *out)
{
	struct mm_line own = { .raw = out->raw, .repeats = 1 };
	struct mm_framer within = *f;

	within.stamp_us = MM_TIME_NONE;
	if (mm_str_starts(out->tag, "exim")) {
		if (!mm_stamp_iso(&within, &out->text, &own.t_us))
			return;
		take_iso_blank(out->text, &own);
		f->year = within.year;
	} else if (!mm_str_starts(out->tag, "qmail") ||
		   !frame_other(&within, out->text, &own)) {
		return;
	}
	out->t_us = own.t_us;
	out->text = own.text;
	f->is_local = within.is_local;
}

/* One layer: false when there is no stamp and no header. */
static bool
frame(struct mm_framer *f, struct mm_str s, struct mm_line *out)
{
	if (s.n > 0 && s.p[0] == '<' && skip_priority(&s) &&
	    mm_str_starts(s, "1 ") && take_rfc5424(f, mm_str_from(s, 2), out))
		return true;
	return frame_usual(f, s, out) || frame_other(f, s, out) ||
	       frame_behind(f, s, out);
}

static void
frame_line(struct mm_framer *f, struct mm_str raw, struct mm_line *out)
{
	struct mm_str s = raw;

	if (s.n > 0 && s.p[0] == '\xef')
		(void)mm_str_skip(&s, MM_BYTE_ORDER_MARK);
	if (s.n > 0 && s.p[s.n - 1] == ',')
		s = without_padding(s);
	*out = (struct mm_line){
		.raw = raw, .t_us = MM_TIME_NONE, .text = s, .repeats = 1
	};
	if (!frame(f, s, out)) {
		mm_header_tag(s, false, out);
		return;
	}
	if (out->text.n > 0 && out->text.p[0] == 'm')
		take_repeats(out);
	if (out->text.n > 10 && mm_is_digit(out->text.p[0]) && out->tag.n > 3)
		take_own_stamp(f, out);
	if (out->t_us != MM_TIME_NONE)
		f->last_us = out->t_us;
}

void
mm_frame_inner(struct mm_framer *f, struct mm_str text, int64_t t_us,
	       struct mm_line *out)
{
	struct mm_framer within;

	if (t_us == MM_TIME_NONE) {
		frame_line(f, text, out);
		return;
	}
	/* What is outside has a year and a zone. */
	mm_framer_init(&within, t_us, f->zone_us);
	within.zone = f->zone;
	frame_line(&within, text, out);
	if (out->t_us == MM_TIME_NONE || out->framing == MM_FRAME_RFC3164)
		out->t_us = t_us;
	f->last_us = out->t_us;
	f->is_local = false;
}

void
mm_frame(struct mm_framer *f, struct mm_str raw, struct mm_line *out)
{
	struct mm_line inner;

	frame_line(f, raw, out);
	if (out->framing != MM_FRAME_CRI)
		return;
	mm_frame_inner(f, out->text, out->t_us, &inner);
	inner.raw = raw;
	inner.framing = MM_FRAME_CRI;
	*out = inner;
}
