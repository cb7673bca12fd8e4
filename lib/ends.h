/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Which row is at the other end of a row, and which listener let it in. One hash over the rows of a
 * store, made once, in which each question is answered by a few look-ups: linear in the rows.
 */
#ifndef ESTAB_ENDS_H
#define ESTAB_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "row-index.h"
#include "store.h"

struct end_slot {
	uint32_t hash;
	uint32_t row; /* of the first with that key; ROW_NONE: free */
};

struct ends {
	const struct store *store; /* borrowed: neither may rows move, nor may more come */
	struct end_slot *slots;
	size_t n_slots; /* a power of two */
	size_t n_used;
	uint32_t *next; /* of each row: another one of its tuple */
	struct row_index unix_inodes;
	struct row_index unix_names; /* of listeners */
	bool many_netns;
};

/* -ENOMEM. */
int ends_init(struct ends *ends, const struct store *store);
void ends_free(struct ends *ends);

/* Both return a row's number, or ROW_NONE. */

/*
 * The other end, where that is on this host and among the rows. In the same network namespace it is the
 * row with the reversed tuple (IPv4 and IPv4-mapped are the same), or of a connected UDP socket the one
 * that is bound there; in another namespace the only row with that tuple, if the addresses are known to
 * be theirs.
 */
uint32_t ends_peer(const struct ends *ends, const struct estab_socket *sock);
/* The listener on the local port and address, or of all addresses; of UDP a socket that is bound and
 * not connected; of unix sockets the one of that name. One of them where several share a port. */
uint32_t ends_listener(const struct ends *ends, const struct estab_socket *sock);

/* Whether there is a peer at all; */
bool ends_connected(const struct estab_socket *sock);
/* or none, and one may come; */
bool ends_listening(const struct estab_socket *sock);
/* and whether its address is one of this host's own, in the row's namespace. */
bool ends_at_home(const struct estab_socket *sock);

#endif
