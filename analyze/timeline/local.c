#include <stdlib.h>
#include <string.h>

#include "analyze/timeline/local.h"
#include "formats/base/mem.h"

void
mm_locals_init(struct mm_locals *l)
{
	*l = (struct mm_locals){ 0 };
	mm_intern_init(&l->domains);
	mm_buf_init(&l->key, 4096);
}

void
mm_locals_fini(struct mm_locals *l)
{
	mm_intern_fini(&l->domains);
	mm_buf_fini(&l->key);
	free(l->counts);
}

void
mm_locals_note(struct mm_locals *l, uint32_t origin, struct mm_str address)
{
	size_t at = mm_str_find_last(address, "@"), before = l->domains.n;
	uint32_t id;

	if (at == MM_NOT_FOUND)
		return;
	mm_buf_clear(&l->key);
	mm_buf_add(&l->key, &origin, sizeof(origin));
	mm_buf_adds(&l->key, mm_str_from(address, at));
	id = mm_intern_add(&l->domains, mm_buf_str(&l->key));
	if (l->domains.n > before) {
		l->counts =
		    mm_grow(l->counts, before, &l->cap, sizeof(*l->counts));
		l->counts[before] = 0;
	}
	l->counts[id - 1]++;
}

/* "@example.org", or absent. */
static struct mm_str
domain_of(const struct mm_locals *l, uint32_t origin)
{
	struct mm_str best = MM_STR_ABSENT;
	uint32_t most = 0, of;

	for (uint32_t id = 1; id <= l->domains.n; id++) {
		struct mm_str key = mm_intern_text(&l->domains, id);

		memcpy(&of, key.p, sizeof(of));
		if (of == origin && l->counts[id - 1] > most) {
			most = l->counts[id - 1];
			best = mm_str_from(key, sizeof(of));
		}
	}
	return best;
}

uint32_t
mm_locals_qualify(struct mm_locals *l, struct mm_load *load, uint32_t origin,
		  uint32_t address)
{
	struct mm_str name = mm_load_address_text(load, address), domain;

	/* A program, a file, an include: no user. */
	if (name.n == 0 || strchr("|/\":", name.p[0]) != NULL ||
	    mm_str_findc(name, '@') != MM_NOT_FOUND)
		return address;
	domain = domain_of(l, origin);
	if (domain.p == NULL)
		return address;
	mm_buf_clear(&l->key);
	mm_buf_adds(&l->key, name);
	mm_buf_adds(&l->key, domain);
	return mm_load_address(load, mm_buf_str(&l->key));
}
