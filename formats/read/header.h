/* header.h - what stands between the stamp of a line and its text: host,
 * facility words, tag and pid. Private to this room.
 * Sources: RFC 3164 section 4.1; syslogd(8) of FreeBSD, Solaris, AIX and
 * BusyBox; syslog-ng's chain_hostnames().
 */
#ifndef MM_HEADER_H
#define MM_HEADER_H

#include "formats/read/framing.h"

/* "tag[pid]: text", "tag: text", "tag[pid] text", "tag[pid]:text"; else all
 * is text. Without a header before it only a pid tells a tag from words. */
void mm_header_tag(struct mm_str s, bool header, struct mm_line *out);

/* " host tag[pid]: text". The host may be empty (two blanks) or missing (the
 * tag comes first); a word like mail.info may stand on either side of it. */
void mm_header_take(struct mm_str s, struct mm_line *out);

/* Does a word and then "tag[pid]:" follow? */
bool mm_header_is(struct mm_str s);

struct mm_str mm_header_word(struct mm_str s); /* up to the first blank */

#endif
