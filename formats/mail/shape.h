/* shape.h - what a reply says, apart from whom and which it says it of.
 *
 * Replies differ in addresses, hosts, ids, times and counts. The shape keeps
 * the words and codes; each run that varies becomes one MM_SHAPE_HOLE, and
 * its bytes go to the arguments. Both together are the text again, byte for
 * byte (but for a byte MM_SHAPE_SEP in the text, which becomes '?'). One pass,
 * no allocation but the growth of the buffers.
 */
#ifndef MM_SHAPE_H
#define MM_SHAPE_H

#include "formats/base/buf.h"

#define MM_SHAPE_HOLE '\x01' /* in a shape */
#define MM_SHAPE_SEP  '\x1f' /* between arguments */

/* Append the shape of `text` to `shape`, its arguments to `args`. A token is
 * a hole when it holds a digit, `@`, `[`, or dots between letters, unless it
 * is an SMTP code, an enhanced code, or a code of words like TSS04. */
void mm_shape_split(struct mm_str text, struct mm_buf *shape,
		    struct mm_buf *args);
/* The text again, appended to `text`. */
void mm_shape_join(struct mm_str shape, struct mm_str args,
		   struct mm_buf *text);

#endif
