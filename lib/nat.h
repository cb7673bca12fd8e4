/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What address translation did to sockets' connections. A client's socket has the addresses of a flow's
 * original tuple, a server's those of its reply tuple: the other tuple leads to the real other end.
 */
#ifndef ESTAB_NAT_H
#define ESTAB_NAT_H

#include <stdbool.h>
#include <stdint.h>

#include "flow.h"
#include "result.h"
#include "store.h"

/* Of a socket, in its extension. */
struct nat {
	struct flow_tuple tuples[FLOW_DIRS]; /* of the flow that is nearest to it */
	uint8_t peer[16];                    /* the real other end, */
	uint8_t self[16];                    /* and as what that sees this one */
	uint16_t peer_port;
	uint16_t self_port;
	uint32_t netns; /* where the nearest flow is; 0: unknown */
	uint8_t dir;    /* which of the tuples is the socket's own: enum flow_dir */
	uint8_t hops;   /* how many times it was translated */
	bool inet6;     /* the tuples, which may be IPv4 of an IPv6 socket */
	bool ambiguous; /* another flow would lead elsewhere */
} FLOW_PACKED;

/* NULL: nothing was translated, or nobody looked. */
const struct nat *nat_of(const struct estab_socket *sock);

struct nat_way;

/* Is told of each way that a socket's packets go behind a translation. 0, or a negative errno. */
typedef int nat_hop_fn(void *arg, const struct estab_socket *sock, const struct nat_way *way);

/*
 * Reads the connection tables of this namespace or, where the plan has a list of them, of all that can be
 * reached, and gives every kept socket what they say of it. hop may be NULL. -ENOMEM, -ECANCELED; what can't
 * be read is a loss.
 */
int nat_join(struct store *store, nat_hop_fn *hop, void *hop_arg, struct estab_result *result);

/* The ends of a socket as a flow has them: what is IPv4 in IPv6 is IPv4 there, and of a ping socket the identifier
 * is a port. Of a raw socket there are no ports. The tuple is the way's. False: no flow is such a socket's. */
bool nat_way_of(const struct estab_socket *sock, struct flow_tuple *tuple, struct nat_way *ret_way);

/* ---- nat-table.c ---- */

/* One flow that was translated, as the join knows it. */
struct nat_flow {
	struct flow_tuple tuples[FLOW_DIRS];
	uint64_t start_ns;        /* 0: unknown */
	uint32_t next[FLOW_DIRS]; /* in its chain, plus one; 0: the last */
	uint32_t netns;           /* 0: unknown */
	uint16_t zone;
	uint8_t l4proto;
	uint8_t state;
	bool has_state;
	bool inet6;
};

struct nat_table {
	const struct netaddrs *netaddrs; /* borrowed: where each address is at home */
	struct nat_flow *flows;
	size_t count;
	size_t room;
	/* By the tuple of that direction. Nobody serves ICMP but the kernel: by its reply nothing is looked
	 * for, and those are found by their identifier there. */
	uint32_t *heads[FLOW_DIRS];
	size_t mask;
};

/* A way that packets go: two ends, as a socket or a flow has them. */
struct nat_way {
	const struct flow_tuple *tuple;
	uint32_t netns; /* where that is so: the socket's, or of the flow that comes before */
	uint8_t l4proto;
	bool inet6;
	uint8_t tcp_state; /* of the socket; 0: it is not known */
};

/* Adds the row's flow, if it was translated. */
int nat_table_add(struct nat_table *table, const struct estab_socket *row);
/* To be called when all are in, before anything is looked for. */
int nat_table_index(struct nat_table *table);
void nat_table_free(struct nat_table *table);
/*
 * The flow whose tuple of that direction this is; NULL: none that can be believed. One of the way's own namespace
 * is it for certain; where others lead elsewhere, it is ambiguous which.
 */
const struct nat_flow *nat_table_find(const struct nat_table *table, enum flow_dir dir,
				      const struct nat_way *way, bool *ret_ambiguous);
/* The same of a ping socket that has sent to whom it liked: by the identifier, and its address if it has one. */
const struct nat_flow *nat_table_find_ping(const struct nat_table *table, const struct nat_way *way,
					   bool *ret_ambiguous);

#endif
