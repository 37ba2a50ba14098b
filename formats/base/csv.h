/* csv.h - CSV in and out: the door to libcsv. Source: RFC 4180.
 */
#ifndef MM_CSV_H
#define MM_CSV_H

#include "formats/base/buf.h"

/* Out: one field, quoted when it must be (separator, quote, line ends, blanks
 * at its ends) or when it is empty: an unknown value is written as nothing at
 * all, so the two stay apart. The caller adds commas and CR LF. */
void mm_csv_add_field(struct mm_buf *b, struct mm_str field);

/* In: one reader, fed with the lines of a file; used by one thread. */
struct mm_csv;

/* Owned. `separator` is ',' or what the file uses; a record may hold up to
 * `max_bytes` bytes in its fields. */
struct mm_csv *mm_csv_new(char separator, size_t max_bytes);
void mm_csv_free(struct mm_csv *c);
/* Feed a line, without its LF or CR LF.
 * MM_OK: a record is complete, its fields wait in mm_csv_fields. MM_END: the
 * line was blank, or a quoted field goes on in the next line. MM_ELIMIT: the
 * record was too long and is dropped, the next line begins a new one. */
enum mm_status mm_csv_line(struct mm_csv *c, struct mm_str line);
/* The record at the end of the file, when a quote was never closed: MM_OK
 * and its fields, or MM_END when nothing was pending. */
enum mm_status mm_csv_finish(struct mm_csv *c);
/* Views, valid until the next call; an empty field without quotes is absent,
 * one with quotes is empty. */
const struct mm_str *mm_csv_fields(const struct mm_csv *c, size_t *n);

#endif
