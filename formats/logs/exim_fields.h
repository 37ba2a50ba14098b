/* exim_fields.h - the pieces of an Exim log line.
 *
 * Behind its head an Exim line is an address or none, then fields in any
 * order (`H=name (helo) [ip]:port`, `R=router`, `C="250 ok"`, `F=<sender>`),
 * then, behind a colon, words. Values in quotes may hold `\"` and anything
 * else, also what looks like a field. Views into the line; no allocation.
 * Source: Exim specification, chapter "Log files"; deliver.c and receive.c.
 */
#ifndef MM_EXIM_FIELDS_H
#define MM_EXIM_FIELDS_H

#include "formats/base/str.h"

/* A text that a line does not give is absent, a number is -1. */
struct mm_exim_fields {
	struct mm_str host, helo, ip; /* H= */
	int64_t port;
	bool has_host;
	struct mm_str sender;	   /* F=, without < > */
	struct mm_str router;	   /* R=; on arrivals the related id */
	struct mm_str transport;   /* T=; on arrivals the subject, T="..." */
	struct mm_str protocol;	   /* P=; on deliveries the return path */
	struct mm_str auth;	   /* A=plain:user */
	struct mm_str ident;	   /* U= */
	struct mm_str message_id;  /* id= and id*= */
	struct mm_str response;	   /* C=, without the quotes */
	struct mm_str recipients;  /* all behind the word "for" */
	int64_t size_bytes;	   /* S= */
	int64_t queued_us;	   /* QT= */
	int64_t tried_us;	   /* DT= */
	bool has_tls;		   /* X= */
	bool is_defer, is_routing; /* "routing defer (-52)" */
	int64_t number;		   /* the number in it */
	struct mm_str words;	   /* what follows the fields */
};

/* Where the fields end. */
enum mm_exim_end {
	MM_EXIM_COLON, /* arrivals, deliveries: at ": " */
	MM_EXIM_WORD   /* other lines: also at a word that is no field */
};

/* Length of a message id at the front of `s`, old form (6-6-2) or new
 * (6-11-4), with a blank or the end behind it; 0 when there is none. */
size_t mm_exim_id_length(struct mm_str s);

/* Cut "address (parent) <top address>" off the front. The address may be a
 * pipe or a file and hold blanks; `top` is absent when the line has none. */
void mm_exim_take_address(struct mm_str *s, struct mm_str *address,
			  struct mm_str *top);

/* Cut "name (helo) [ip]:port" off the front, each part optional. False and
 * nothing moved when neither helo nor ip follows. */
bool mm_exim_take_host(struct mm_str *s, struct mm_exim_fields *f);

void mm_exim_take_fields(struct mm_str s, enum mm_exim_end end,
			 struct mm_exim_fields *f);

#endif
