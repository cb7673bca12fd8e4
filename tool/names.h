/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Names of hosts and services, for those fields that show them. */
#ifndef ESTAB_TOOL_NAMES_H
#define ESTAB_TOOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

#include "columns.h"
#include "resolve.h"

struct options;

enum { NAME_FIELDS = 4 };

struct names {
	struct resolver *resolver; /* made when the first name is asked for */
	uint32_t timeout_ms;
	size_t n_shown;
	enum estab_field shown[NAME_FIELDS]; /* the fields of names that columns show */
	bool asking;                         /* ahead of time: nobody waits */
	bool settled;                        /* then: no answer is to come any more */
};

/* Lets the context know whom to ask, whatever the columns are: a filter may want to know, too. The
 * names must live as long as the context. */
void names_init(struct names *names, const struct options *options, const struct columns *columns,
		struct estab_ctx *ctx);
void names_free(struct names *names);
/* Begins to look for the names that the columns show of this socket. Returns whether showing it
 * would wait for none of them. */
bool names_ask(struct names *names, const struct estab_socket *sock);
/* How many were not answered in time, or not at all. */
uint64_t names_unanswered(const struct names *names);

#endif
