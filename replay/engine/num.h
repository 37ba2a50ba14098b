/* num.h - integers that stop at their ends instead of running over.
 *
 * Scenario times are any signed 64-bit numbers; a sum past the end means
 * "later than every event", and that is what the last number says. Exact
 * wherever the exact result fits.
 */
#ifndef MM_NUM_H
#define MM_NUM_H

#include <stdint.h>

/* 128 bits are no ISO C: these names keep -Wpedantic quiet. */
__extension__ typedef __int128 mm_wide;
__extension__ typedef unsigned __int128 mm_uwide;

static inline int64_t
mm_num_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return a > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

static inline int64_t
mm_num_sub(int64_t a, int64_t b)
{
	int64_t difference;

	if (__builtin_sub_overflow(a, b, &difference))
		return b < 0 ? INT64_MAX : INT64_MIN;
	return difference;
}

static inline int64_t
mm_num_mul(int64_t a, int64_t b)
{
	int64_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
	return product;
}

/* a * b / c rounded down, for a, b >= 0 and c >= 1. */
static inline int64_t
mm_num_mul_div(int64_t a, int64_t b, int64_t c)
{
	int64_t product;
	mm_uwide wide = (uint64_t)a;

	if (!__builtin_mul_overflow(a, b, &product))
		return product / c;
	wide = wide * (uint64_t)b / (uint64_t)c;
	return wide > INT64_MAX ? INT64_MAX : (int64_t)wide;
}

/* Rounded down, for b >= 1. */
static inline int64_t
mm_num_floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static inline int64_t
mm_num_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t
mm_num_max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
