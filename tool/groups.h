/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Counts and sums by key: memory is as many groups as there are keys. */
#ifndef ESTAB_TOOL_GROUPS_H
#define ESTAB_TOOL_GROUPS_H

#include <stddef.h>
#include <stdint.h>

enum { GROUPS_SUMS_MAX = 16 };

struct group {
	uint64_t count;
	uint64_t socket; /* the last one that was added, so that none counts twice */
	uint64_t hash;
	size_t length; /* of the key */
	char *key;     /* owned */
	uint64_t sums[GROUPS_SUMS_MAX];
};

struct groups {
	size_t n;
	size_t room;
	struct group *list;
	size_t n_slots;  /* a power of two, or 0 */
	uint32_t *slots; /* an index into the list plus one; 0: free */
};

/* Counts the socket of that number, which is above that of any before, in the group of that key, once.
 * 0 or -ENOMEM. */
int groups_add(struct groups *groups, const char *key, size_t length, uint64_t socket,
	       const uint64_t *values, size_t n_values);
/* The largest first, and equal ones by key. Nothing can be added any more. */
void groups_sort(struct groups *groups);
void groups_free(struct groups *groups);

#endif
