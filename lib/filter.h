/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Which sockets are wanted: an expression in words. */
#ifndef ESTAB_FILTER_H
#define ESTAB_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct estab_socket;
struct filter;

/* As estab_query_set_filter(). The expression is not empty. */
int filter_parse(const char *expression, struct filter **ret_filter, size_t *ret_position,
		 char **ret_message);
struct filter *filter_ref(struct filter *filter);
struct filter *filter_unref(struct filter *filter);
bool filter_match(const struct filter *filter, const struct estab_socket *sock);
/* The states that its state words leave, 0 when it has none. */
uint32_t filter_states(const struct filter *filter);
/* NEED_… of the fields it looks at. */
uint32_t filter_needs(const struct filter *filter);

#endif
