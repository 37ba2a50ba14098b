#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/mem.h"
#include "formats/base/whole.h"
#include "formats/base/zone.h"

#define ZONEINFO   "/usr/share/zoneinfo"
#define FILE_BYTES ((size_t)1 << 20)
#define LAST_YEAR  2100
/* Lines of one log are out of order by no more than this. */
#define BACK_US (2 * MM_MINUTE_US)

struct change {
	int64_t t_us;	   /* UTC */
	int64_t offset_us; /* from then on */
};

struct mm_zone {
	char *name;	   /* owned */
	int64_t offset_us; /* before the first change */
	struct change *v;  /* owned, ascending */
	size_t n, cap;
};

void
mm_zone_free(struct mm_zone *z)
{
	if (z == NULL)
		return;
	free(z->name);
	free(z->v);
	free(z);
}

const char *
mm_zone_name(const struct mm_zone *z)
{
	return z->name;
}

static void
add(struct mm_zone *z, int64_t t_us, int64_t offset_us)
{
	int64_t last = z->n > 0 ? z->v[z->n - 1].offset_us : z->offset_us;

	if (offset_us == last || (z->n > 0 && t_us <= z->v[z->n - 1].t_us))
		return;
	z->v = mm_grow(z->v, z->n, &z->cap, sizeof(*z->v));
	z->v[z->n++] = (struct change){ t_us, offset_us };
}

/* ---- the rule for what lies behind the changes that are listed ---- */

struct date_rule { /* Mm.w.d/time: the w-th (5: the last) day d of month m */
	int month, week, day;
	int64_t time_us;
};

struct rule {
	int64_t std_us, dst_us;
	struct date_rule to_dst, to_std;
};

/* "CET", "<+03>": 3 letters or more. */
static bool
skip_abbreviation(struct mm_str *s)
{
	size_t n = 0;

	if (mm_str_starts(*s, "<")) {
		n = mm_str_findc(*s, '>');
		if (n == MM_NOT_FOUND)
			return false;
		*s = mm_str_from(*s, n + 1);
		return true;
	}
	while (n < s->n && ((s->p[n] >= 'A' && s->p[n] <= 'Z') ||
			    (s->p[n] >= 'a' && s->p[n] <= 'z')))
		n++;
	*s = mm_str_from(*s, n);
	return n >= 3;
}

/* "[+-]h[:m[:s]]" */
static bool
take_clock(struct mm_str *s, int64_t *us)
{
	int64_t unit = 3600, sum = 0;
	bool minus = mm_str_skip(s, "-");
	uint64_t v;

	if (!minus)
		(void)mm_str_skip(s, "+");
	do {
		if (!mm_str_take_u64(s, &v) || v > 167)
			return false;
		sum += (int64_t)v * unit;
		unit /= 60;
	} while (unit > 0 && mm_str_skip(s, ":"));
	*us = (minus ? -sum : sum) * MM_SECOND_US;
	return true;
}

static bool
take_date(struct mm_str *s, struct date_rule *r)
{
	uint64_t m, w, d;

	if (!mm_str_skip(s, ",M") || !mm_str_take_u64(s, &m) ||
	    !mm_str_skip(s, ".") || !mm_str_take_u64(s, &w) ||
	    !mm_str_skip(s, ".") || !mm_str_take_u64(s, &d) || m < 1 ||
	    m > 12 || w < 1 || w > 5 || d > 6)
		return false;
	*r = (struct date_rule){ (int)m, (int)w, (int)d, 2 * MM_HOUR_US };
	return !mm_str_skip(s, "/") || take_clock(s, &r->time_us);
}

/* "CET-1CEST,M3.5.0,M10.5.0/3". False: none, or by day numbers, which no
 * zone uses today. */
static bool
take_rule(struct mm_str s, struct rule *r)
{
	int64_t west;

	if (!skip_abbreviation(&s) || !take_clock(&s, &west))
		return false;
	r->std_us = -west;
	if (!skip_abbreviation(&s))
		return false;
	r->dst_us = r->std_us + MM_HOUR_US;
	if (s.n > 0 && s.p[0] != ',') {
		if (!take_clock(&s, &west))
			return false;
		r->dst_us = -west;
	}
	return take_date(&s, &r->to_dst) && take_date(&s, &r->to_std);
}

/* Local time of the rule in a year. */
static int64_t
date_of(const struct date_rule *r, int year)
{
	struct mm_civil c = { .year = year, .month = r->month, .day = 1 };
	int64_t first = mm_time_from_civil(&c) / MM_DAY_US;
	/* 1970-01-01 was a Thursday. */
	int weekday = (int)((first + 4) % 7);
	int day = 1 + (r->day - weekday + 7) % 7 + (r->week - 1) * 7;

	if (day > mm_time_month_days(year, r->month))
		day -= 7;
	return (first + day - 1) * MM_DAY_US + r->time_us;
}

static void
add_rule(struct mm_zone *z, const struct rule *r)
{
	struct mm_civil c = { .year = 1970 };

	if (z->n > 0)
		mm_time_to_civil(z->v[z->n - 1].t_us, &c);
	for (int year = c.year; year <= LAST_YEAR; year++) {
		int64_t dst = date_of(&r->to_dst, year) - r->std_us;
		int64_t std = date_of(&r->to_std, year) - r->dst_us;

		if (std < dst)
			add(z, std, r->std_us);
		add(z, dst, r->dst_us);
		if (std >= dst)
			add(z, std, r->std_us);
	}
}

/* ---- the file ---- */

static int64_t
big_endian(const char *p, size_t n)
{
	uint64_t v = (unsigned char)p[0] >= 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return (int64_t)v;
}

/* Counts of a block's header, in their order. */
enum count { IS_UT, IS_STD, LEAPS, CHANGES, TYPES, CHARS, N_COUNTS };

/* The header of a block with times of `width` bytes, and how long its data
 * are; 0: it is none. */
static size_t
read_header(struct mm_str s, size_t width, size_t n[N_COUNTS])
{
	if (s.n < 44 || memcmp(s.p, "TZif", 4) != 0)
		return 0;
	for (size_t i = 0; i < N_COUNTS; i++) {
		int64_t v = big_endian(s.p + 20 + 4 * i, 4);

		if (v < 0 || v > (int64_t)FILE_BYTES)
			return 0;
		n[i] = (size_t)v;
	}
	return 44 + n[CHANGES] * (width + 1) + n[TYPES] * 6 + n[CHARS] +
	       n[LEAPS] * (width + 4) + n[IS_STD] + n[IS_UT];
}

/* The second block, with times of 64 bits, and the rule behind it. */
static bool
read_file(struct mm_zone *z, struct mm_str s)
{
	size_t n[N_COUNTS], first = read_header(s, 4, n), all;
	const char *times, *types, *infos;
	struct mm_str footer;
	struct rule rule;

	if (first == 0 || first > s.n || s.p[4] < '2')
		return false;
	s = mm_str_from(s, first);
	all = read_header(s, 8, n);
	if (all == 0 || all > s.n || n[TYPES] == 0)
		return false;
	times = s.p + 44;
	types = times + 8 * n[CHANGES];
	infos = types + n[CHANGES];
	z->offset_us = big_endian(infos, 4) * MM_SECOND_US;
	for (size_t i = 0; i < n[CHANGES]; i++) {
		size_t type = (unsigned char)types[i];
		int64_t t = big_endian(times + 8 * i, 8);

		if (type >= n[TYPES])
			return false;
		if (t > -(INT64_C(1) << 40) && t < INT64_C(1) << 40)
			add(z, t * MM_SECOND_US,
			    big_endian(infos + 6 * type, 4) * MM_SECOND_US);
	}
	footer = mm_str_trim(mm_str_from(s, all));
	if (take_rule(footer, &rule))
		add_rule(z, &rule);
	return true;
}

/* Letters, digits and what stands in names of zones; no way out. */
static bool
is_name(struct mm_str s)
{
	if (s.n == 0 || s.n > 64 || s.p[0] == '/' ||
	    mm_str_find(s, "..") != MM_NOT_FOUND)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') ||
		      (s.p[i] >= 'a' && s.p[i] <= 'z') ||
		      (s.p[i] >= '0' && s.p[i] <= '9') ||
		      memchr("/_+-", s.p[i], 4) != NULL))
			return false;
	return true;
}

static enum mm_status
load(struct mm_zone *z, struct mm_err *err)
{
	const char *folder = getenv("TZDIR");
	char path[4096];
	struct mm_buf file;
	enum mm_status st;

	(void)snprintf(path, sizeof(path), "%s/%s",
		       folder != NULL && folder[0] != '\0' ? folder : ZONEINFO,
		       z->name);
	mm_buf_init(&file, FILE_BYTES);
	st = mm_whole_read(path, &file, err);
	if (st != MM_OK)
		st = mm_err_set(err, MM_EUSAGE,
				"no time zone is called \"%s\" here (%s is not "
				"there): write UTC, +01:00, or a name such as "
				"Europe/Berlin; the package tzdata has them",
				z->name, path);
	else if (!read_file(z, mm_buf_str(&file)))
		st = mm_err_set(err, MM_EFORMAT, "%s: not a TZif file", path);
	mm_buf_fini(&file);
	return st;
}

/* "+01:00": midnight there, seen from UTC, is minus the offset. */
static bool
take_fixed(struct mm_zone *z)
{
	char full[96];
	struct mm_str s;
	bool has_zone;
	int64_t t;

	if (strcmp(z->name, "UTC") == 0 || strcmp(z->name, "Z") == 0)
		return true;
	if (z->name[0] != '+' && z->name[0] != '-')
		return false;
	(void)snprintf(full, sizeof(full), "1970-01-02T00:00:00%.64s", z->name);
	s = mm_str_z(full);
	if (!mm_time_take_iso(&s, &t, &has_zone) || !has_zone || s.n > 0)
		return false;
	z->offset_us = MM_DAY_US - t;
	return true;
}

struct mm_zone *
mm_zone_new(const char *name, struct mm_err *err)
{
	struct mm_zone *z = mm_calloc(1, sizeof(*z));
	enum mm_status st = MM_OK;

	z->name = mm_strdup(name);
	if (!take_fixed(z))
		st = is_name(mm_str_z(name))
			 ? load(z, err)
			 : mm_err_set(err, MM_EUSAGE,
				      "\"%s\" is no time zone: write UTC, "
				      "+01:00, or a name such as Europe/Berlin",
				      name);
	if (st == MM_OK)
		return z;
	mm_zone_free(z);
	return NULL;
}

/* ---- asking ---- */

/* The change that holds at `t_us`: index + 1; 0: none yet. */
static size_t
find(const struct mm_zone *z, int64_t t_us)
{
	size_t low = 0, high = z->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->v[mid].t_us <= t_us)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int64_t
offset_after(const struct mm_zone *z, size_t i)
{
	return i > 0 ? z->v[i - 1].offset_us : z->offset_us;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct mm_zone_span
mm_zone_local(const struct mm_zone *z, int64_t local_us, int64_t last_us)
{
	/* What holds a day before begins no later than what is meant. */
	size_t i = find(z, local_us - MM_DAY_US - MM_HOUR_US);
	struct mm_zone_span s;
	int64_t before, after;

	/* Go on while it is certainly behind the next change. */
	while (i < z->n) {
		before = offset_after(z, i);
		after = offset_after(z, i + 1);
		if (local_us < z->v[i].t_us + larger(before, after)) {
			bool twice =
			    local_us >= z->v[i].t_us + smaller(before, after);

			if (!twice || before < after ||
			    last_us == MM_TIME_NONE ||
			    local_us - before >= last_us - BACK_US)
				break;
		}
		i++;
	}
	s.offset_us = offset_after(z, i);
	s.from_us = INT64_MIN;
	s.to_us = INT64_MAX;
	if (i > 0)
		s.from_us = z->v[i - 1].t_us +
			    larger(offset_after(z, i - 1), s.offset_us);
	if (i < z->n)
		s.to_us =
		    z->v[i].t_us + smaller(s.offset_us, offset_after(z, i + 1));
	return s;
}
