/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* User names by uid, each asked for once. */
#ifndef ESTAB_USERS_H
#define ESTAB_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct estab_ctx;

struct user {
	uint32_t uid;
	const char *name; /* NULL: no such user, or not to be had */
};

struct users {
	const struct estab_ctx *ctx;
	struct user *slots; /* open addressing; used[] tells which are taken */
	uint8_t *used;
	size_t n_slots; /* a power of two, or 0 */
	size_t n_users;
	bool passwd_read; /* the passwd file was read whole into the table */
	struct arena names;
};

void users_init(struct users *users, const struct estab_ctx *ctx);
void users_free(struct users *users);
/* Returns the name, lent as long as the table; NULL when unknown or out of memory. */
const char *users_name(struct users *users, uint32_t uid);

#endif
