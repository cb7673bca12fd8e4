/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Which TCP sockets are subflows of which MPTCP connection. They have its inode, so that the
 * connections' own rows, read first, tell: without a privilege, and at no cost but theirs.
 */
#ifndef ESTAB_SUBFLOW_H
#define ESTAB_SUBFLOW_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct subflow_parent {
	uint64_t inode; /* 0: free */
	uint64_t token; /* ~0: unknown, or of a listener */
};

/* By inode, with open addressing. All zero: empty. */
struct subflows {
	struct subflow_parent *slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t n;
};

/* Remembers an MPTCP socket. -ENOMEM. */
int subflows_add(struct subflows *subflows, const struct estab_socket *sock);
/* What the socket is a subflow of; NULL: of nothing. */
const struct subflow_parent *subflows_find(const struct subflows *subflows,
					   const struct estab_socket *sock);
/* Tells a TCP row what it is the subflow of, if it is and does not know it. -ENOMEM. */
int subflows_mark(const struct subflows *subflows, struct row *row);
void subflows_free(struct subflows *subflows);

#endif
