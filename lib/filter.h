/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Which sockets are wanted: an expression in words, estab-filter(7). */
#ifndef ESTAB_FILTER_H
#define ESTAB_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"

struct estab_filter;
struct estab_socket;

/* As estab_filter_parse_as(), of rows of that subject; flags are known to be known. */
int filter_parse(const char *expression, const struct row_subject *subject, uint32_t flags,
		 struct estab_filter **ret_filter, size_t *ret_position, char **ret_message);
struct estab_filter *filter_ref(struct estab_filter *filter);
struct estab_filter *filter_unref(struct estab_filter *filter);
/* What it is about. */
const struct row_subject *filter_subject(const struct estab_filter *filter);

bool filter_match(const struct estab_filter *filter, const struct estab_socket *sock);
/* False: it will not match, whatever the values turn out to be that need what is named: NEED_… */
bool filter_prematch(const struct estab_filter *filter, const struct estab_socket *sock,
		     uint64_t unknown);

/* As it was given. Lent. */
const char *filter_expression(const struct estab_filter *filter);
/* Whether a socket of that network namespace, which is all that is known of it, may match. */
bool filter_may_match_netns(const struct estab_filter *filter, const struct estab_socket *sock);
/* The same of a flow of which only the event is known. */
bool filter_may_match_event(const struct estab_filter *filter, const struct estab_socket *sock);

/* NEED_… of the fields it looks at in sockets of these protocols. */
uint64_t filter_needs(const struct estab_filter *filter, uint64_t protos);
/* The states to be read where those given were: its state words take their place. */
uint32_t filter_states(const struct estab_filter *filter, uint32_t states);
/* Whether that state is asked for by name: alone, or as one of a few. */
bool filter_names_state(const struct estab_filter *filter, enum estab_state state);
/* Takes away protocols, families and states (by protocol) that no matching socket can have. */
void filter_narrow(const struct estab_filter *filter, uint64_t *protos, uint32_t *families,
		   uint32_t states[PLAN_PROTOS]);
/* Whether a socket that matches still does, whoever else may hold it besides, and any thread can tell. */
bool filter_may_settle(const struct estab_filter *filter);
/* Whether it asks which ports the kernel chooses from: netaddr.h. */
bool filter_needs_auto_ports(const struct estab_filter *filter);

#endif
