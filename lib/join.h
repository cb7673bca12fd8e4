/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What rows that were read say of one another, and what others say of them. Each join is one pass, or
 * one hash over the rows.
 */
#ifndef ESTAB_JOIN_H
#define ESTAB_JOIN_H

#include "plan.h"
#include "result.h"
#include "store.h"

/* What is not known of a row before these steps: NEED_… */
#define BEFORE_OWNERS (NEED_OWNERS | NEED_ENDS | NEED_NAT)
#define BEFORE_JOIN (BEFORE_OWNERS | NEED_UNIX_PEER_PATH | NEED_ENDS)

/* Whether the joins of ends are about rows of this kind. */
bool join_is_about(const struct estab_socket *sock);

/* Gives unix sockets the names of their peers. -ENOMEM. */
int join_paths(struct store *store);

/* Finds the owners of all rows that lack them, or why they have none. -ENOMEM, -ECANCELED; what else
 * goes wrong is told. */
int join_owners(struct store *store, struct estab_result *result);
/* The same, where there is such a row. */
int join_rest_of_owners(struct store *store, struct estab_result *result);

/*
 * Finds the other end of each wanted row, the listener that let it in, and its direction, as far as the
 * plan needs them. For owners theirs must be known before. -ENOMEM.
 */
int join_ends(struct store *store, const struct estab_result *result);
/* Drops the rows that neither may be wanted nor will be needed by join_ends(), so that nobody looks for
 * their owners. -ENOMEM. */
int join_ends_keep(struct store *store);

/* ---- join-direction.c ---- */

/* What decides on a direction. */
struct direction_facts {
	bool connected; /* it has a peer */
	bool listening; /* it has none, and one may come */
	bool local;     /* both ends are on this host */
	bool syn_sent;
	bool not_accepted;    /* it came in, and waits */
	bool listener;        /* there is one for it */
	bool listeners_known; /* so that "none" means none */
	bool local_auto;      /* the port is one that the kernel chooses */
	bool peer_auto;
};

enum direction direction_of(const struct direction_facts *facts);

#endif
