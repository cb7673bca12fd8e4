/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The sockets of this host that flows are of. They are read before the first flow, in all namespaces that can be
 * reached, and found by their tuples, also by those that address translation gives them on their way. Memory grows
 * with the sockets and the translated flows, not with what is listed: flows still stream.
 */
#ifndef ESTAB_FLOW_SOCKETS_H
#define ESTAB_FLOW_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "query.h"
#include "record.h"
#include "result.h"

struct flow_sockets;

/* A row's, in its extension. The owners are the row's own. */
struct flow_socket {
	struct other_end end;
	uint8_t state; /* enum estab_state */
	bool ambiguous;
};

/* Prepares what the query of flows asks of sockets; errors as env_new(). */
int flow_sockets_new(struct env *env, const struct estab_query *query,
		     struct flow_sockets **ret_sockets);
/* Lent by what it gave to rows: to be kept as long as these. */
struct flow_sockets *flow_sockets_free(struct flow_sockets *sockets);

/* Reads them; what is lost on the way goes to the result. -ENOMEM, -ECANCELED. */
int flow_sockets_read(struct flow_sockets *sockets, struct estab_result *result);
/* Gives a flow its socket, the owners of both ends, and its direction. -ENOMEM. */
int flow_sockets_join(const struct flow_sockets *sockets, struct row *row);

/* ---- socket-index.c: which socket has a tuple ---- */

struct socket_entry;
struct socket_alias;
struct store;
struct nat_way;

struct socket_index {
	const struct store *store;       /* borrowed: its rows don't move any more */
	const struct netaddrs *netaddrs; /* borrowed: of the namespaces of sockets */
	struct socket_entry *entries;
	size_t n_entries;
	size_t entries_room;
	struct socket_alias *aliases; /* tuples of sockets behind translations */
	size_t n_aliases;
	size_t aliases_room;
	uint32_t *heads; /* by tuple */
	size_t mask;
};

/* An end of a flow on this host, or what would be its socket. */
struct socket_end {
	struct nat_way const *way; /* the tuple as this end has it, and where the flow is */
	unsigned int ct_state;     /* of a TCP flow, or FLOW_ANY_STATE */
	bool may_be_here; /* the flow's namespace is known to have its address, or takes what is for many */
	bool may_be_elsewhere; /* it is not known to have it */
};

/* Adds the store's sockets, after which they must not move. -ENOMEM. */
int socket_index_fill(struct socket_index *index);
/* Adds a tuple that a socket's packets have somewhere. -ENOMEM. */
int socket_index_alias(struct socket_index *index, const struct estab_socket *sock,
		       const struct nat_way *way);
/* To be called when all are in. -ENOMEM. */
int socket_index_finish(struct socket_index *index);
void socket_index_free(struct socket_index *index);
/* NULL: no socket that is known has it. Ambiguous: another one may be it as well. */
const struct estab_socket *socket_index_find(const struct socket_index *index,
					     const struct socket_end *end, bool *ret_ambiguous);

#endif
