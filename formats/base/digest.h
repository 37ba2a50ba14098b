/* digest.h - hashes: XXH3 for tables and identity, SHA-256 for the ledger.
 *
 * The door to xxHash and to nettle. Source: FIPS 180-4 for SHA-256.
 */
#ifndef MM_DIGEST_H
#define MM_DIGEST_H

#include "formats/base/str.h"

#define MM_SHA256_HEX 65 /* 64 digits and a NUL */

uint64_t mm_hash64(struct mm_str s);

/* 96 bits, keyed: two texts with one hash are neither met by chance nor, with
 * a key that nobody knows, made on purpose. */
struct mm_hash96 {
	uint64_t low;
	uint32_t high;
};
struct mm_hash96 mm_hash96(struct mm_str s, uint64_t key);
/* A key from the system's random source. Never the reason of a result. */
uint64_t mm_hash_key(void);

/* One running SHA-256. Owned; ended by mm_sha256_hex. */
struct mm_sha256;
struct mm_sha256 *mm_sha256_new(void);
void mm_sha256_add(struct mm_sha256 *h, const void *bytes, size_t n);
void mm_sha256_hex(struct mm_sha256 *h, char hex[MM_SHA256_HEX]); /* frees */

/* One running identity of a stream of bytes (XXH3, 64 bits). Owned. */
struct mm_identity;
struct mm_identity *mm_identity_new(void);
void mm_identity_add(struct mm_identity *h, const void *bytes, size_t n);
uint64_t mm_identity_end(struct mm_identity *h); /* frees */

#endif
