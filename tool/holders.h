/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The processes that hold the sockets of a snapshot: what each of them is, and which it holds. */
#ifndef ESTAB_TOOL_HOLDERS_H
#define ESTAB_TOOL_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

struct holder {
	uint32_t pid;
	struct estab_lineage *lineage; /* NULL: it has ended since, or can't be read */
	bool ended;
	const struct estab_owner *owner; /* as its first socket has it */
	size_t n_rows;
	const struct estab_socket *const *rows; /* each once, in the snapshot's order */
	size_t parent; /* of these, where that runs the same command; else SIZE_MAX */
};

struct holders {
	size_t n;            /* with those that hold nothing */
	struct holder *list; /* by process id */
	const struct estab_socket **rows;
	size_t n_unowned;
	const struct estab_socket **unowned; /* that nobody is known to hold */
};

/* -ENOMEM. The snapshot must outlive what is made of it. */
int holders_make(const struct estab_snapshot *snapshot, struct holders *ret_holders);
/* Adds a process that was asked for by its number, and may hold nothing; before holders_read(), which drops it
 * if it does not live. -ENOMEM. */
int holders_add(struct holders *holders, uint32_t pid);
/* Reads what they are: the fields of the query. A negative errno. */
int holders_read(struct holders *holders, const struct estab_query *query);
void holders_free(struct holders *holders);

/* The process itself, as far as it is known. */
const struct estab_owner *holder_process(const struct holder *holder);

#endif
