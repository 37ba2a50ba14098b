/* archive.h - archives, and compressions other than gzip. The door to
 * libarchive.
 *
 * Compressions: bzip2, xz, lzma, zstd, lz4, lzip, compress. Archives: tar,
 * cpio, zip. All told by their first bytes, read as streams: nothing is
 * unpacked to disk. A torn stream gives all but the last block of libarchive
 * before the break (64 KiB of text, 128 KiB for zstd).
 * Source: libarchive-formats(5), tar(5), cpio(5), APPNOTE.TXT of PKWARE.
 */
#ifndef MM_ARCHIVE_H
#define MM_ARCHIVE_H

#include "formats/read/source.h"

/* "bzip2", ...; NULL when `head` is none of them. */
const char *mm_packed_name(struct mm_str head);
/* What the compressed stream `lower` holds; owns it. */
struct mm_source *mm_source_packed(struct mm_source *lower);

/* "tar", "cpio", "zip"; NULL when `head` is none of them. */
const char *mm_archive_name(struct mm_str head);

struct mm_archive;

/* One regular file in it. Views are valid until the next step. */
struct mm_member {
	struct mm_str path; /* without a leading "./" or "/" */
	int64_t mtime_us;   /* MM_TIME_NONE when it is not told */
	unsigned mode;
	uint64_t n_bytes;
	uint64_t number; /* from 0, counting all entries */
	bool encrypted;	 /* cannot be read */
};

/* `lower` is decompressed, and stays the caller's. */
struct mm_archive *mm_archive_open(struct mm_source *lower);
/* Step to the next regular file. MM_END behind the last, MM_EFORMAT where the
 * archive breaks (`torn_at` of the source below is set), MM_EIO. */
enum mm_status mm_archive_next(struct mm_archive *a, struct mm_member *m,
			       struct mm_err *err) MM_USE_RESULT;
/* The bytes of the member at hand, to be closed before the next step. With
 * `owns`, closing it closes the archive and the source below, too. */
struct mm_source *mm_archive_member(struct mm_archive *a, const char *name,
				    bool owns);
void mm_archive_close(struct mm_archive *a);

#endif
