#include <stdlib.h>

#include "formats/base/mem.h"
#include "replay/engine/num.h"
#include "replay/engine/power.h"

static void
push_digit(struct mm_natural *a, uint64_t digit)
{
	a->digit = mm_grow(a->digit, a->n, &a->cap, sizeof(*a->digit));
	a->digit[a->n++] = digit;
}

/* to = a * by; `to` may be `a`. */
static void
multiply(struct mm_natural *to, const struct mm_natural *a, uint64_t by)
{
	size_t n = by == 0 ? 0 : a->n;
	uint64_t carry = 0;

	if (to != a)
		to->n = 0;
	for (size_t i = 0; i < n; i++) {
		mm_uwide wide = a->digit[i];

		wide = wide * by + carry;
		carry = (uint64_t)(wide >> 64);
		if (to == a)
			to->digit[i] = (uint64_t)wide;
		else
			push_digit(to, (uint64_t)wide);
	}
	to->n = n;
	if (carry > 0)
		push_digit(to, carry);
}

static int
compare(const struct mm_natural *a, const struct mm_natural *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (size_t i = a->n; i-- > 0;)
		if (a->digit[i] != b->digit[i])
			return a->digit[i] < b->digit[i] ? -1 : 1;
	return 0;
}

/* Is below * q <= above? */
static bool
fits(struct mm_powers *p, int64_t q)
{
	multiply(&p->scratch, &p->below, (uint64_t)q);
	return compare(&p->scratch, &p->above) <= 0;
}

static int64_t
divide(struct mm_powers *p)
{
	int64_t low = 0, high = p->cap;

	if (fits(p, high))
		return high;
	while (high - low > 1) { /* low fits, high does not */
		int64_t middle = low + (high - low) / 2;

		if (fits(p, middle))
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int64_t
common_divisor(int64_t a, int64_t b)
{
	while (b != 0) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

void
mm_powers_init(struct mm_powers *p, int64_t base, int64_t num, int64_t den,
	       int64_t cap)
{
	int64_t d = common_divisor(num, den);

	*p = (struct mm_powers){ .num = num / d, .den = den / d, .cap = cap };
	if (base > 0)
		push_digit(&p->above, (uint64_t)base);
	push_digit(&p->below, 1);
}

void
mm_powers_fini(struct mm_powers *p)
{
	free(p->above.digit);
	free(p->below.digit);
	free(p->scratch.digit);
	free(p->known);
	*p = (struct mm_powers){ 0 };
}

int64_t
mm_powers_get(struct mm_powers *p, size_t k)
{
	while (p->n <= k && !p->settled) {
		int64_t v = divide(p);

		/* The powers rise for good, or fall for good. */
		p->settled = p->num == p->den || v == 0 ||
			     (p->num > p->den && v == p->cap);
		p->known =
		    mm_grow(p->known, p->n, &p->n_room, sizeof(*p->known));
		p->known[p->n++] = v;
		multiply(&p->above, &p->above, (uint64_t)p->num);
		multiply(&p->below, &p->below, (uint64_t)p->den);
	}
	return p->known[k < p->n ? k : p->n - 1];
}
