/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Rows kept: where they lie they stay, so that a snapshot can lend them. */
#ifndef ESTAB_STORE_H
#define ESTAB_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "env.h"
#include "reader.h"
#include "record.h"
#include "result.h"

struct store {
	struct env *env; /* borrowed */
	struct estab_socket **chunks;
	size_t n_chunks;
	size_t count;
	struct arena arena; /* extensions, owners, processes */
};

void store_init(struct store *store, struct env *env);
void store_free(struct store *store);
struct estab_socket *store_at(const struct store *store, size_t index);
/* Copies the row in. -ENOMEM. */
int store_add(struct store *store, const struct row *row);
/* Puts the row in the place of another, which nothing refers to yet. -ENOMEM. */
int store_set(struct store *store, size_t index, const struct row *row);
/* Adds an extension entry to a kept socket. -ENOMEM. */
int store_put(struct store *store, struct estab_socket *sock, enum ext_kind kind, const void *data,
	      size_t length);

/* Gives a kept socket the extension entries of a row, in place of what it has. -ENOMEM. */
int store_extend(struct store *store, struct estab_socket *sock, const struct row *row);

/* Whether it is wanted, or may yet turn out to be when more is known: unknown is what a row lacks so far,
 * NEED_… */
bool store_may_want(const struct plan *plan, const struct estab_socket *sock, uint64_t unknown);
/* Whether a row is kept: it is wanted, or a join may need it. */
bool store_wants(const struct plan *plan, const struct estab_socket *sock);

/*
 * Reads everything the reader has: each socket once, joined, filtered, with owners. -ENOMEM,
 * -ECANCELED.
 */
int store_collect(struct store *store, struct reader *reader, struct estab_result *result);

/* Whether rows may be handed out as bpf_stream_next() makes them; */
bool store_streams(const struct plan *plan, const struct bpf_use *bpf);
/* and what is to be done with those in the store after the last of them. -ENOMEM, -ECANCELED. */
int store_complete(struct store *store, struct estab_result *result);

#endif
