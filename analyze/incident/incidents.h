/* incidents.h - what went wrong, when, on whose side, and how bad it was.
 *
 * A scene is everything the detectors look at; a detector adds incidents to
 * the list; links and stories are made when all of them are known. The list
 * of detectors stands in incidents.c.
 */
#ifndef MM_INCIDENTS_H
#define MM_INCIDENTS_H

#include "analyze/incident/limits.h"
#include "analyze/incident/series.h"
#include "analyze/incident/stock.h"

#define MM_EVIDENCE_MAX 10
#define MM_ALSO_MAX	60
/* Who did not take mail once in so long, the life of a mail in a queue (RFC
 * 5321 section 4.5.4.1), is not down: nobody is there. */
#define MM_NEVER_WELL_US (5 * MM_DAY_US)

struct mm_place { /* a line */
	uint32_t file, line;
};

struct mm_incident {
	const char *kind, *side;
	struct mm_str target;
	struct mm_str also[MM_ALSO_MAX]; /* other names it concerns */
	size_t n_also;
	struct mm_str host; /* the own server that saw it; absent: several */
	/* `end_us` MM_TIME_NONE: not over when the logs end. The window may be
	 * wider than what was seen of it: start in last_good ... first_bad, end
	 * in last_bad ... recovered. */
	int64_t start_us, end_us, peak_us;
	int64_t last_good_us, first_bad_us, last_bad_us, recovered_us;
	struct mm_str cause, trigger;
	double confidence; /* 0 ... 1 */
	uint32_t messages, recipients, attempts_failed, expired;
	uint32_t n_passed; /* successes within the window */
	struct mm_place evidence[MM_EVIDENCE_MAX];
	size_t n_evidence;
	struct mm_str story;
	/* The contacts that failed, by time, for who looks closer; arena. */
	const uint32_t *bad;
	size_t n_bad;
	/* Whom it hit, by recipient; arena. */
	const struct mm_hit *hits;
	size_t n_hits;
	uint32_t waiting; /* at the peak of a backlog */
	/* Numbers in the list, from 1: what leads its chain, and what it came
	 * of (0: nothing known), with the proof. */
	uint32_t chain, after;
	struct mm_str link;
	/* What it cost. Delays of those it hit and that came, and of the same
	 * receivers' mail before; MM_TIME_NONE: none to measure by. */
	uint32_t senders, bounced;
	uint32_t unsure; /* messages: may have come twice */
	int64_t delay_p50_us, delay_p95_us, usual_p50_us, usual_p95_us;
	struct mm_str missed; /* deadlines: a JSON list; absent: none */
};

struct mm_incidents {
	struct mm_incident *v;
	size_t n, cap;
	struct mm_arena texts;
};

struct mm_scene_event { /* of the MTA, by time */
	int64_t t_us;
	uint32_t origin;
	struct mm_str kind, what, program, text;
	struct mm_place at;
};

struct mm_scene_step { /* of a message, by time */
	int64_t t_us;
	uint32_t message, origin;
	struct mm_str kind;
	struct mm_place at;
};

struct mm_scene {
	struct mm_store *store;
	struct mm_series *series;
	struct mm_stock stock;
	const struct mm_limits *limits;
	struct mm_scene_event *events;
	struct mm_scene_step *steps;
	size_t n_events, n_steps, cap_events, cap_steps;
	struct mm_arena texts;
};

/* One kind of detector. Finds nothing in an empty scene. */
struct mm_detector {
	const char *name;
	enum mm_status (*find)(const struct mm_scene *sc,
			       struct mm_incidents *list, struct mm_err *err);
};

extern const struct mm_detector mm_detect_pause, mm_detect_hold,
    mm_detect_local_stop, mm_detect_transports, mm_detect_failover,
    mm_detect_spikes, mm_detect_gaps, mm_detect_said, mm_detect_backlog,
    mm_detect_retries, mm_detect_snapshots;

/* Find the incidents of a filled case and write them into it. */
enum mm_status mm_incidents_find(struct mm_store *s,
				 const struct mm_limits *limits,
				 struct mm_err *err) MM_USE_RESULT;

/* "outage", "throttle", ...: those that story.c can tell. */
bool mm_incident_is_kind(struct mm_str name);

/* For detectors. The incident is valid until the next is added. */
struct mm_incident *mm_incidents_add(struct mm_incidents *l, const char *kind,
				     struct mm_str target);
void mm_incident_also(struct mm_incidents *l, struct mm_incident *in,
		      struct mm_str name);
/* Does it speak of one of these? Absent names are none. */
bool mm_incident_names(const struct mm_incident *in, struct mm_str a,
		       struct mm_str b);
void mm_incident_place(struct mm_incident *in, struct mm_place at);
/* Counts, peak, cause, evidence, first and last bad from these contacts (by
 * time); start and end are set to them. */
void mm_incident_from(const struct mm_scene *sc, struct mm_incidents *l,
		      struct mm_incident *in, const uint32_t *bad, size_t n);

/* Whom it hit: copied; counts messages and recipients where nobody has. */
void mm_incident_hit(const struct mm_scene *sc, struct mm_incidents *l,
		     struct mm_incident *in, const struct mm_hit *hits,
		     size_t n);
/* The same for all recipients of messages; t_us of each in `hits`, with the
 * message in place of the recipient. */
void mm_incident_hit_mails(const struct mm_scene *sc, struct mm_incidents *l,
			   struct mm_incident *in, const struct mm_hit *hits,
			   size_t n);

/* Incidents that are one become one. `list` is sorted by start. */
void mm_incidents_widen(const struct mm_scene *sc, struct mm_incidents *list);

/* What each cost; and how all mail kept its deadlines, into the case. */
enum mm_status mm_incidents_toll(const struct mm_scene *sc,
				 struct mm_incidents *list,
				 struct mm_err *err) MM_USE_RESULT;

/* What may have set each off. */
enum mm_status mm_incidents_trigger(const struct mm_scene *sc,
				    struct mm_incidents *list,
				    struct mm_err *err) MM_USE_RESULT;

/* What came of what; the list, sorted by start, is put in order of chains. */
void mm_incidents_link(struct mm_incidents *list);

#endif
