/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What is done to rows, not only shown: those that match are read, a person is asked, and each is named with what
 * became of it.
 */
#ifndef ESTAB_TOOL_DEED_H
#define ESTAB_TOOL_DEED_H

#include <stdbool.h>

#include <estab.h>

struct options;

/* Its words, and what is its own. */
struct deed {
	const char *name;        /* in front of complaints, and the key of JSON's array: "kill" */
	const char *one;         /* "socket", which is JSON's key too */
	const char *many;        /* "sockets" */
	const char *infinitive;  /* "close" */
	const char *question;    /* the same in capitals: "Close" */
	const char *past;        /* "closed" */
	const char *conditional; /* of a rehearsal: "would-close" */
	const char *impossible;  /* "not-closable" */
	const char *why_one;     /* why one can't be, " of a kind that …" */
	const char *why_many;    /* and several */
	const char *privilege;   /* what it takes: a complaint */
	const char *unsupported; /* the kernel can't: the same */
	/* Asks the query for what it takes besides; NULL: for nothing. 0 or a negative errno. */
	int (*prepare)(const struct options *options, struct estab_query *query);
	/* Left alone, unless it is named; NULL: none is. */
	bool (*is_spared)(const struct options *options, const struct estab_query *query,
			  const struct estab_socket *sock);
	const char *spared_one; /* why one was left alone, " that …" */
	const char *spared_many;
};

/* The exit status. */
int deed_do(const struct deed *deed, const struct options *options);

#endif
