/* formats.h - the kinds of spools and listings that there are, for spools.c.
 */
#ifndef MM_SPOOL_FORMATS_H
#define MM_SPOOL_FORMATS_H

#include "formats/spools/spools.h"

extern const struct mm_spool_format mm_spool_postfix_queue;
extern const struct mm_spool_format mm_spool_postqueue_j;
extern const struct mm_spool_format mm_spool_postfix_mailq;
extern const struct mm_spool_format mm_spool_postconf;
extern const struct mm_spool_format mm_spool_exim;
extern const struct mm_spool_format mm_spool_exim_bp;
extern const struct mm_spool_format mm_spool_sendmail;
extern const struct mm_spool_format mm_spool_sendmail_mailq;
extern const struct mm_spool_format mm_spool_sendmail_hoststat;
extern const struct mm_spool_format mm_spool_opensmtpd;
extern const struct mm_spool_format mm_spool_show_queue;
extern const struct mm_spool_format mm_spool_haraka;

#endif
