/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command as netstat(8): tables that are not of sockets. */
#ifndef ESTAB_TOOL_COMPAT_NETSTAT_TABLES_H
#define ESTAB_TOOL_COMPAT_NETSTAT_TABLES_H

#include "compat-netstat.h"

typedef void netstat_row_fn(struct netstat *netstat, const struct estab_socket *row);

/* Puts text where it is not NULL, and hands out every row of the subject as the text files in /proc/net
 * have it: the old tool's order and numbers. 0, or a negative errno where there is no such file:
 * nothing is put, then. */
int netstat_rows(struct netstat *netstat, enum estab_subject subject, uint32_t families,
		 const char *text, netstat_row_fn *fn);
/* Keeps them, as the kernel has them, from whichever source serves. */
int netstat_take(struct netstat *netstat, enum estab_subject subject,
		 struct estab_snapshot **ret_snapshot);
/* Whether a word is among those with commas between. */
bool netstat_has_word(const char *list, const char *word);

enum { NETSTAT_INTERFACE = 16 };

/* A line of netstat -i: an interface, or an alias, which an address of IPv4 has for its label. */
struct netstat_interface {
	const struct estab_socket *row;
	bool alias;
	char name[NETSTAT_INTERFACE];
};

/* As ifconfig(8) has it. */
void netstat_put_interface(struct netstat *netstat, const struct netstat_interface *interface);

/* An address of an interface, out of the field's words. */
struct netstat_address {
	struct estab_addr addr, peer, broadcast;
	unsigned int prefix;
	char label[NETSTAT_INTERFACE];
};

/* The first or next one of a list, and moves on behind it; false at the end. */
bool netstat_next_address(const char **list, struct netstat_address *ret_address);
/* Puts a text on the left of its width, and a number on the right of its. */
void netstat_put_left(struct netstat *netstat, const char *text, size_t width);
void netstat_put_right(struct netstat *netstat, uint64_t number, size_t width);
/* The same on the left; -1 is that. */
void netstat_put_number(struct netstat *netstat, int64_t number, size_t width);

/* Each returns the exit status. */
int netstat_routes(struct netstat *netstat);
int netstat_interfaces(struct netstat *netstat);
int netstat_groups(struct netstat *netstat);
int netstat_statistics(struct netstat *netstat);

#endif
