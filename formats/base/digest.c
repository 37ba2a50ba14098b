#include <nettle/sha2.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

#include "formats/base/digest.h"
#include "formats/base/mem.h"

struct mm_sha256 {
	struct sha256_ctx ctx;
};

struct mm_identity {
	XXH3_state_t *state;
};

uint64_t
mm_hash64(struct mm_str s)
{
	return XXH3_64bits(s.p, s.n);
}

struct mm_hash96
mm_hash96(struct mm_str s, uint64_t key)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(s.p, s.n, key);

	return (struct mm_hash96){ h.low64, (uint32_t)h.high64 };
}

uint64_t
mm_hash_key(void)
{
	uint64_t key = 0;

	/* Without a random source the key is known: slower to attack than
	 * no key, and right all the same. */
	if (getrandom(&key, sizeof(key), GRND_NONBLOCK) < 0)
		key = 0x6d6d6b65790a0a0a;
	return key;
}

struct mm_sha256 *
mm_sha256_new(void)
{
	struct mm_sha256 *h = mm_alloc(sizeof(*h));

	sha256_init(&h->ctx);
	return h;
}

void
mm_sha256_add(struct mm_sha256 *h, const void *bytes, size_t n)
{
	sha256_update(&h->ctx, n, bytes);
}

void
mm_sha256_hex(struct mm_sha256 *h, char hex[MM_SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[SHA256_DIGEST_SIZE];

	sha256_digest(&h->ctx, sizeof(raw), raw);
	for (size_t i = 0; i < sizeof(raw); i++) {
		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
	hex[2 * sizeof(raw)] = '\0';
	free(h);
}

struct mm_identity *
mm_identity_new(void)
{
	struct mm_identity *h = mm_alloc(sizeof(*h));

	h->state = XXH3_createState();
	if (h->state == NULL)
		h->state = mm_realloc(NULL, (size_t)-1); /* ends the program */
	(void)XXH3_64bits_reset(h->state);
	return h;
}

void
mm_identity_add(struct mm_identity *h, const void *bytes, size_t n)
{
	(void)XXH3_64bits_update(h->state, bytes, n);
}

uint64_t
mm_identity_end(struct mm_identity *h)
{
	uint64_t value = XXH3_64bits_digest(h->state);

	(void)XXH3_freeState(h->state);
	free(h);
	return value;
}
