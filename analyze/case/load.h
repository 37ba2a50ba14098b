/* load.h - rows into a new case, in bulk.
 *
 * Dictionaries are kept in memory and written at the end; rows go to the
 * writer's thread as they come. The first failure is kept and everything
 * after it ignored, so that callers ask once, at the end.
 */
#ifndef MM_LOAD_H
#define MM_LOAD_H

#include "analyze/case/rows_in.h"
#include "analyze/case/store.h"
#include "formats/base/intern.h"
#include "formats/base/time.h"

/* What only the rules of causes know; the caller gives it. */
struct mm_judge {
	/* Who runs this host; NULL when unknown. Static text. */
	const char *(*operator_of)(void *ctx, struct mm_str host);
	/* The cause of a reason (static texts; `*rule` NULL when none). `dsn`,
	 * the server's own status code, counts where nobody replied; it may be
	 * all there is. */
	const char *(*cause_of)(void *ctx, const char *operator_name,
				struct mm_str reason, struct mm_str dsn,
				const char **rule);
	void *ctx;
};

struct mm_record;

struct mm_load;
struct mm_load *mm_load_new(struct mm_store *s, const struct mm_judge *j,
			    struct mm_err *err);
/* Write the dictionaries; the first failure of the load, if any. */
enum mm_status mm_load_finish(struct mm_load *l,
			      struct mm_err *err) MM_USE_RESULT;
void mm_load_free(struct mm_load *l);

/* The texts of `r` will soon be asked for: the long misses of the caches run
 * while its life is found. A hint, for speed. */
void mm_load_expect(const struct mm_load *l, const struct mm_record *r);
/* Dictionary numbers; 0 for an absent text. */
uint32_t mm_load_name(struct mm_load *l, struct mm_str s);
uint32_t mm_load_address(struct mm_load *l, struct mm_str s);
uint32_t mm_load_relay(struct mm_load *l, struct mm_str name, struct mm_str ip,
		       int64_t port);
uint32_t mm_load_origin(struct mm_load *l, struct mm_str host,
			struct mm_str mta, struct mm_str instance);
/* The shape of `reason` at the operator of `relay`. What the shape leaves out
 * goes to `args`, appended; nothing is lost (mm_shape_join). A reason that
 * says next to nothing ("Deferred") is told from another by its `dsn`. */
uint32_t mm_load_reply(struct mm_load *l, struct mm_str reason,
		       struct mm_str dsn, uint32_t relay, struct mm_buf *args);
struct mm_str mm_load_address_text(const struct mm_load *l, uint32_t id);
/* The names of a relay and of an origin's host; absent: it has none. */
struct mm_str mm_load_relay_name(const struct mm_load *l, uint32_t id);
struct mm_str mm_load_origin_host(const struct mm_load *l, uint32_t id);
/* Is the relay one of this machine (loopback, local, a pipe)? */
bool mm_load_relay_is_local(const struct mm_load *l, uint32_t id);
bool mm_load_is_local(struct mm_str name, struct mm_str ip);

/* Hand a row to the case; texts are copied. */
void mm_load_row(struct mm_load *l, const struct mm_row *row);

#endif
