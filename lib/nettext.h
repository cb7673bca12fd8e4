/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Lines of the text tables under /proc/net that are no tables of sockets. The functions are pure: they
 * read one line, which may come from anywhere. What a line says to those behind it is kept.
 */
#ifndef ESTAB_NETTEXT_H
#define ESTAB_NETTEXT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procfs.h"
#include "record.h"

enum { NETTEXT_HEAD = 16 * 1024, NETTEXT_SECTION = 32 };

struct nettext {
	bool big_endian; /* of the machine that printed it */
	uint64_t serial; /* of the last row */
	/* igmp: the device that the groups below are of */
	char device[IF_NAMESIZE];
	uint32_t index;
	/* snmp, netstat: a line of names, and what is left of the line of values below it */
	size_t head_length;
	char section[NETTEXT_SECTION];
	struct cursor names;
	struct cursor values;
	char head[NETTEXT_HEAD]; /* the last: it is not cleared */
};

/* To be called before the first line of each file. */
void nettext_begin(struct nettext *text);

/* Each: 0, the row is filled; 1, there is none in this line; -EBADMSG, it is no such line; -ENOMEM. */
typedef int nettext_fn(struct nettext *text, struct procfs_line line, struct row *row);
nettext_fn nettext_route;
nettext_fn nettext_route6;
nettext_fn nettext_dev;
nettext_fn nettext_igmp;
nettext_fn nettext_igmp6;
nettext_fn nettext_snmp; /* netstat, too */
nettext_fn nettext_snmp6;
nettext_fn nettext_sctp;

/* The next value of the line that was read last: 0; 1: there is none. */
int nettext_more(struct nettext *text, struct row *row);

#endif
