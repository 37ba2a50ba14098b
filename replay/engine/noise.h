/* noise.h - chance that does not depend on the order of events.
 *
 * A draw is a hash of who asks: seed, message, its try, and what for. So two
 * policies that are compared meet the same luck, message by message, though
 * one sends at another time or in another order (common random numbers).
 * Source: splitmix64's finisher (Steele, Lea, Flood 2014).
 */
#ifndef MM_NOISE_H
#define MM_NOISE_H

#include <stdint.h>

enum mm_noise_purpose {
	MM_NOISE_CONNECT, /* how long connecting, or being refused, takes */
	MM_NOISE_REPLY,	  /* how long the message takes */
	MM_NOISE_FAIL,	  /* fails for a reason of its own */
	MM_NOISE_RETRY,	  /* how long it waits for the next try */
	MM_NOISE_USER,	  /* the recipient is unknown */
	MM_NOISE_RECEIVER /* a parameter of a receiver */
};

static inline uint64_t
mm_noise_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static inline uint64_t
mm_noise_draw(uint64_t seed, uint64_t who, uint64_t nth,
	      enum mm_noise_purpose what)
{
	uint64_t x = mm_noise_mix(seed + 0x9e3779b97f4a7c15u);

	x = mm_noise_mix(x ^ (who + 0x9e3779b97f4a7c15u));
	return mm_noise_mix(x ^ (nth << 8 | (uint64_t)what));
}

/* The same as a number below `n`. */
static inline uint64_t
mm_noise_below(uint64_t draw, uint64_t n)
{
	return (draw >> 32) * n >> 32;
}

#endif
