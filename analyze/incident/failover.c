/* Breaks of habit at receivers that took the mail all the same. A domain
 * whose mail went to another of its hosts for a while: the usual host was
 * skipped, which some MTAs never write down (Sendmail tries the next MX in
 * silence). A host that spoke TLS before and after but not meanwhile: mail
 * went in clear. */
#include <math.h>
#include <string.h>

#include "analyze/incident/incidents.h"

enum { IS_SECURE = 1 }; /* mm_habit_contact.way of series' `tls` */

static double
need_of(const struct mm_scene *sc)
{
	return log(((double)sc->series->n_contacts + 1) /
		   sc->limits->false_alarms);
}

/* What is seen only now and then began and ended half way between. */
static int64_t
middle(int64_t a_us, int64_t b_us, int64_t longest_us)
{
	int64_t half = (b_us - a_us) / 2;

	return half < longest_us ? half : longest_us;
}

static struct mm_incident *
add_run(const struct mm_scene *sc, struct mm_incidents *list, const char *kind,
	struct mm_str target, const struct mm_habit_run *r)
{
	const struct mm_series *s = sc->series;
	struct mm_incident *in = mm_incidents_add(list, kind, target);

	in->last_good_us = r->last_good_us;
	in->first_bad_us = in->peak_us = r->first_us;
	in->last_bad_us = r->last_us;
	in->recovered_us = r->recovered_us;
	in->start_us =
	    r->first_us - middle(r->last_good_us, r->first_us, s->retry_us);
	if (r->recovered_us != MM_TIME_NONE)
		in->end_us = r->last_us +
			     middle(r->last_us, r->recovered_us, s->retry_us);
	in->messages = r->n;
	in->n_passed = r->n;
	in->host = s->dict->origins[r->origin].host;
	in->confidence = 1 - 0.5 * exp(-(r->score - need_of(sc)) / 10);
	for (size_t i = 0; i < r->n_at; i++)
		mm_incident_place(
		    in, (struct mm_place){ r->at[i].file, r->at[i].line });
	return in;
}

/* Is there an incident already that says why the usual host was left? */
static bool
is_explained(const struct mm_incidents *list, struct mm_str host,
	     struct mm_str domain, const struct mm_habit_run *r)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct mm_incident *in = &list->v[i];

		if (strcmp(in->side, "receiver") == 0 &&
		    mm_incident_names(in, host, domain) &&
		    in->start_us <= r->last_us &&
		    (in->end_us == MM_TIME_NONE || in->end_us >= r->first_us))
			return true;
	}
	return false;
}

static void
add_failover(const struct mm_scene *sc, struct mm_incidents *list,
	     const struct mm_habit_run *r)
{
	const struct mm_series *s = sc->series;
	struct mm_str domain = s->dict->names[r->party];
	struct mm_str usual = s->hosts[r->usual].name;
	struct mm_str other = s->hosts[r->way].name;
	struct mm_incident *in;

	if (!is_explained(list, usual, domain, r)) {
		in = add_run(sc, list, "outage", usual, r);
		in->side = "receiver";
		in->messages = 0; /* none failed */
		in->n_passed = 0;
		in->cause = MM_STR("net_unreachable: the mail of its domain "
				   "went to another host meanwhile");
		mm_incident_also(list, in, domain);
		mm_incident_also(list, in, s->hosts[r->usual].ip);
	}
	in = add_run(sc, list, "failover", domain, r);
	in->side = "receiver";
	in->cause =
	    mm_str_z(mm_arena_fmt(&list->texts,
				  "net_unreachable: %.*s took the mail "
				  "that goes to %.*s",
				  MM_STR_ARG(other), MM_STR_ARG(usual)));
	mm_incident_also(list, in, usual);
	mm_incident_also(list, in, other);
}

static void
add_clear(const struct mm_scene *sc, struct mm_incidents *list,
	  const struct mm_habit_run *r)
{
	const struct mm_series *s = sc->series;
	const struct mm_host *h = &s->hosts[r->party];
	struct mm_incident *in = add_run(sc, list, "tls", h->name, r);

	in->side = "receiver";
	in->start_us = r->first_us;
	in->end_us =
	    r->recovered_us == MM_TIME_NONE ? MM_TIME_NONE : r->last_us;
	in->cause = MM_STR("tls_failure: mail went in clear that goes over "
			   "TLS before and after");
	mm_incident_also(list, in, h->ip);
	mm_incident_also(list, in, s->dict->names[h->domain]);
}

static enum mm_status
find(const struct mm_scene *sc, struct mm_incidents *list, struct mm_err *err)
{
	const struct mm_series *s = sc->series;
	double need = need_of(sc);

	(void)err;
	/* Without a way back it may be a move: new MX, no TLS any more. */
	for (size_t i = 0; i < s->ways.n_runs; i++)
		if (s->ways.runs[i].score >= need &&
		    s->ways.runs[i].recovered_us != MM_TIME_NONE)
			add_failover(sc, list, &s->ways.runs[i]);
	for (size_t i = 0; i < s->tls.n_runs; i++)
		if (s->tls.runs[i].score >= need &&
		    s->tls.runs[i].usual == IS_SECURE)
			add_clear(sc, list, &s->tls.runs[i]);
	return MM_OK;
}

const struct mm_detector mm_detect_failover = { "failover", find };
