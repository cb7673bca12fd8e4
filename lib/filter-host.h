/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What filter-host.c takes apart, and the families that filter-link.c knows. */
#ifndef ESTAB_FILTER_HOST_H
#define ESTAB_FILTER_HOST_H

#include <stdbool.h>
#include <string.h>

#include "filter-parse.h"

/* One value, taken apart. The texts are the parser's to change. */
struct host {
	const struct token *token;
	bool has_family;
	enum estab_family family;
	char *addr; /* "" for none */
	char *port; /* NULL for none */
};

static inline bool host_is_any(const char *text)
{
	return *text == '\0' || strcmp(text, "*") == 0;
}

struct node *host_netlink(struct filter_parser *parser, const struct host *host, bool local);
struct node *host_packet(struct filter_parser *parser, const struct host *host, bool local);

#endif
