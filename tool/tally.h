/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Sockets counted by protocol, state and family, and set beside what the kernel counts. */
#ifndef ESTAB_TOOL_TALLY_H
#define ESTAB_TOOL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

enum { TALLY_MAX = 256 };

/* Words are the library's, and last. */
struct tally_entry {
	const char *proto;
	const char *state;
	const char *family;
	bool time_wait; /* its connection is kept for the time-wait, whatever the state */
	bool apart;     /* not among the sockets that the kernel counts at all */
	uint64_t count;
};

struct tally {
	size_t n;
	size_t last; /* that was added to: the next socket is most likely of its kind */
	struct tally_entry entries[TALLY_MAX];
};

/* The fields that tally_add() looks at. */
extern const enum estab_field tally_fields[];
extern const size_t tally_n_fields;

void tally_add(struct tally *tally, const struct estab_socket *sock);
/* How many there are; NULL stands for any. */
uint64_t tally_sum(const struct tally *tally, const char *proto, const char *state,
		   const char *family);
/* How many of them the kernel counts under that name; false when it counts other things there. */
bool tally_like_kernel(const struct tally *tally, const char *name, uint64_t *ret_count);

#endif
