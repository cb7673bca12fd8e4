/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "ends.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "util.h"

enum {
	SLOTS_MIN = 64,
	/* Sockets of one tuple differ in their device only: more than there are, nobody looks at. */
	SAME_TUPLE_MAX = 64,
};

enum end_kind {
	END_CONNECTED = 1, /* by both ends */
	END_ANYWHERE,      /* the same, whatever the namespace */
	END_LISTENING,     /* by the local end */
};

/* A flag of rows in slots: there are others with that key. ROW_NONE has it, too. */
#define ROW_SEVERAL (UINT32_C(1) << 31)

/* Without holes: it is hashed and compared as bytes. IPv4 addresses are IPv4-mapped. */
struct end_key {
	uint8_t local[16];
	uint8_t peer[16];
	uint32_t netns;
	uint32_t device; /* of listeners */
	uint16_t local_port;
	uint16_t peer_port;
	uint8_t kind;
	uint8_t proto;
	uint8_t v4;
	uint8_t reserved;
};

_Static_assert(sizeof(struct end_key) == 48, "no holes");

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool is_zero(const uint8_t *bytes, size_t length)
{
	uint8_t any = 0;

	for (size_t i = 0; i < length; i++)
		any |= bytes[i];
	return any == 0;
}

static bool is_unix(const struct estab_socket *sock)
{
	return sock->proto == ESTAB_PROTO_UNIX;
}

static bool is_udp(const struct estab_socket *sock)
{
	return sock->proto == ESTAB_PROTO_UDP || sock->proto == ESTAB_PROTO_UDPLITE;
}

static bool has_ports(const struct estab_socket *sock)
{
	return sock->proto == ESTAB_PROTO_TCP || sock->proto == ESTAB_PROTO_MPTCP || is_udp(sock);
}

bool ends_connected(const struct estab_socket *sock)
{
	if (is_unix(sock))
		return sock->state == ESTAB_STATE_ESTABLISHED ||
		       (sock->has & HAS_PEER_INODE && sock->local.peer_inode != 0);
	return has_ports(sock) && sock->peer_port != 0 && sock->state != ESTAB_STATE_LISTEN;
}

bool ends_listening(const struct estab_socket *sock)
{
	if (sock->state == ESTAB_STATE_LISTEN)
		return true;
	if (sock->state != ESTAB_STATE_UNCONNECTED || ends_connected(sock))
		return false;
	/* A datagram socket that has a name takes from anyone. */
	if (is_unix(sock))
		return sock->type == ESTAB_TYPE_DGRAM && ext_has(sock->ext, EXT_PATH);
	return is_udp(sock) && sock->local_port != 0;
}

/* Writes the address as 16 bytes; whether it is IPv4, as such or mapped. */
static bool spread(const struct estab_socket *sock, const uint8_t addr[16], uint8_t out[16])
{
	if (sock->family == ESTAB_FAMILY_INET6) {
		memcpy(out, addr, 16);
		return memcmp(addr, mapped, sizeof(mapped)) == 0;
	}
	memcpy(out, mapped, sizeof(mapped));
	memcpy(out + sizeof(mapped), addr, 4);
	return true;
}

static uint32_t device_of(const struct estab_socket *sock)
{
	uint32_t device = 0;

	ext_read(sock->ext, EXT_IFINDEX, &device, sizeof(device));
	return device;
}

static uint32_t hash_key(const struct end_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];
	uint64_t hash = 0;

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
	return (uint32_t)hash64(hash);
}

static void connected_key(const struct estab_socket *sock, enum end_kind kind, bool reversed,
			  struct end_key *ret_key)
{
	const uint8_t *local = reversed ? sock->inet.peer : sock->inet.local;
	const uint8_t *peer = reversed ? sock->inet.local : sock->inet.peer;
	bool v4;

	*ret_key = (struct end_key){
		.netns = kind == END_CONNECTED ? sock->netns : 0,
		.local_port = reversed ? sock->peer_port : sock->local_port,
		.peer_port = reversed ? sock->local_port : sock->peer_port,
		.kind = (uint8_t)kind,
		.proto = sock->proto,
	};
	v4 = spread(sock, local, ret_key->local);
	ret_key->v4 = spread(sock, peer, ret_key->peer) && v4;
}

/* Where a listener takes connections of that family from: false if it takes none. */
static bool listening_key(const struct estab_socket *sock, bool v4, struct end_key *ret_key)
{
	struct end_key key = {
		.netns = sock->netns,
		.device = device_of(sock),
		.local_port = sock->local_port,
		.kind = END_LISTENING,
		.proto = sock->proto,
		.v4 = v4,
	};
	bool own = spread(sock, sock->inet.local, key.local);
	uint8_t v6only = 0;

	if (sock->family == ESTAB_FAMILY_INET6 && !own && v4) {
		ext_read(sock->ext, EXT_V6ONLY, &v6only, 1);
		if (v6only || !is_zero(key.local, sizeof(key.local)))
			return false;
		own = true;
	}
	/* Any address is the same in both. */
	if (own && is_zero(key.local + 12, 4))
		memset(key.local, 0, sizeof(key.local));
	*ret_key = key;
	return own == v4;
}

static bool row_has_key(const struct estab_socket *sock, const struct end_key *key)
{
	struct end_key own;

	if (sock->proto != key->proto || sock->local_port != key->local_port)
		return false;
	if (key->kind == END_LISTENING) {
		if (!ends_listening(sock) || !listening_key(sock, key->v4, &own))
			return false;
	} else {
		if (!ends_connected(sock))
			return false;
		connected_key(sock, (enum end_kind)key->kind, false, &own);
	}
	return memcmp(&own, key, sizeof(own)) == 0;
}

/* The key's slot, or the free one where it belongs. */
static struct end_slot *slot_of(const struct ends *ends, const struct end_key *key, uint32_t hash)
{
	size_t slot = hash & (ends->n_slots - 1);

	for (;; slot = (slot + 1) & (ends->n_slots - 1)) {
		struct end_slot *at = &ends->slots[slot];

		if (at->row == ROW_NONE)
			return at;
		if (at->hash == hash &&
		    row_has_key(store_at(ends->store, at->row & ~ROW_SEVERAL), key))
			return at;
	}
}

static int make_slots(struct ends *ends, size_t n_slots)
{
	struct end_slot *slots = malloc(n_slots * sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < n_slots; i++)
		slots[i].row = ROW_NONE;
	for (size_t i = 0; i < ends->n_slots; i++) {
		size_t slot = ends->slots[i].hash & (n_slots - 1);

		if (ends->slots[i].row == ROW_NONE)
			continue;
		while (slots[slot].row != ROW_NONE)
			slot = (slot + 1) & (n_slots - 1);
		slots[slot] = ends->slots[i];
	}
	free(ends->slots);
	ends->slots = slots;
	ends->n_slots = n_slots;
	return 0;
}

static int add_key(struct ends *ends, const struct end_key *key, uint32_t row)
{
	uint32_t hash = hash_key(key);
	struct end_slot *slot;

	if ((ends->n_used + 1) * 3 > ends->n_slots * 2) {
		int r = make_slots(ends, ends->n_slots * 2);

		if (r < 0)
			return r;
	}
	slot = slot_of(ends, key, hash);
	if (slot->row == ROW_NONE) {
		*slot = (struct end_slot){ hash, row };
		ends->n_used++;
	} else if (key->kind == END_CONNECTED) {
		ends->next[row] = ends->next[slot->row];
		ends->next[slot->row] = row;
	} else if (key->kind == END_ANYWHERE) {
		slot->row |= ROW_SEVERAL;
	}
	return 0;
}

static uint32_t find_key(const struct ends *ends, const struct end_key *key)
{
	return slot_of(ends, key, hash_key(key))->row;
}

/* ---- unix ---- */

/* A path is known by its file, which has one name here; an abstract name by its namespace. Never 0. */
static uint64_t name_key(const struct estab_socket *sock)
{
	bool abstract = ext_has(sock->ext, EXT_ABSTRACT);
	uint64_t hash = hash64((uint64_t)sock->type << 1 | abstract);
	size_t length;
	const uint8_t *name = ext_get(sock->ext, EXT_PATH, &length);

	if (!name)
		return 0;
	hash ^= abstract ? sock->netns
			 : (uint64_t)sock->local.vfs_dev << 32 | sock->local.vfs_inode;
	for (size_t i = 0; i < length; i++)
		hash = (hash ^ name[i]) * UINT64_C(0x100000001b3);
	return hash64(hash) | 1;
}

static bool same_name(const struct estab_socket *a, const struct estab_socket *b)
{
	size_t a_length = 0;
	size_t b_length = 0;
	const void *a_name = ext_get(a->ext, EXT_PATH, &a_length);
	const void *b_name = ext_get(b->ext, EXT_PATH, &b_length);

	return a_name && b_name && a_length == b_length && memcmp(a_name, b_name, a_length) == 0;
}

static int add_unix(struct ends *ends, const struct estab_socket *sock, uint32_t row)
{
	uint64_t key = sock->state == ESTAB_STATE_LISTEN ? name_key(sock) : 0;
	int r = 0;

	if (sock->inode != 0)
		r = row_index_add(&ends->unix_inodes, sock->inode, row, NULL);
	if (r >= 0 && key != 0)
		r = row_index_add(&ends->unix_names, key, row, NULL);
	return MIN(r, 0);
}

/* ---- the index ---- */

static int add_row(struct ends *ends, const struct estab_socket *sock, uint32_t row)
{
	struct end_key key;
	int r = 0;

	if (is_unix(sock))
		return add_unix(ends, sock, row);
	if (!has_ports(sock))
		return 0;
	if (ends_connected(sock)) {
		connected_key(sock, END_CONNECTED, false, &key);
		r = add_key(ends, &key, row);
		if (r == 0 && ends->many_netns) {
			connected_key(sock, END_ANYWHERE, false, &key);
			r = add_key(ends, &key, row);
		}
		return r;
	}
	if (!ends_listening(sock))
		return 0;
	for (int v4 = 0; r == 0 && v4 <= 1; v4++)
		if (listening_key(sock, v4, &key))
			r = add_key(ends, &key, row);
	return r;
}

int ends_init(struct ends *ends, const struct store *store)
{
	size_t n_slots = SLOTS_MIN;
	int r;

	*ends = (struct ends){ .store = store };
	while (n_slots * 2 < store->count * 3)
		n_slots *= 2;
	ends->next = malloc(MAX(store->count, (size_t)1) * sizeof(*ends->next));
	r = ends->next ? make_slots(ends, n_slots) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < store->count; i++) {
		ends->next[i] = ROW_NONE;
		ends->many_netns |= store_at(store, i)->netns != store_at(store, 0)->netns;
	}
	for (size_t i = 0; r == 0 && i < store->count; i++)
		r = add_row(ends, store_at(store, i), (uint32_t)i);
	if (r < 0)
		ends_free(ends);
	return r;
}

void ends_free(struct ends *ends)
{
	free(ends->slots);
	free(ends->next);
	row_index_free(&ends->unix_inodes);
	row_index_free(&ends->unix_names);
	*ends = (struct ends){ 0 };
}

/* ---- questions ---- */

/* How well a row that has the reversed tuple fits: 0 is not at all. Two VRFs may have the same
 * addresses; a pair of link-local ones is on two devices of one link. */
static int fit(const struct estab_socket *sock, const struct estab_socket *other, bool only)
{
	uint32_t own = device_of(sock);
	uint32_t its = device_of(other);

	if (own == its)
		return sock == other ? 1 : 4;
	if (own == 0 || its == 0)
		return 3;
	return only && sock->family == ESTAB_FAMILY_INET6 &&
			       IN6_IS_ADDR_LINKLOCAL(
				       (const struct in6_addr *)(const void *)sock->inet.peer)
		       ? 2
		       : 0;
}

static uint32_t find_reversed(const struct ends *ends, const struct estab_socket *sock)
{
	uint32_t found = ROW_NONE;
	struct end_key key;
	uint32_t row;
	int best = 0;
	bool only;

	connected_key(sock, END_CONNECTED, true, &key);
	row = find_key(ends, &key);
	only = row != ROW_NONE && ends->next[row] == ROW_NONE;
	for (int i = 0; row != ROW_NONE && i < SAME_TUPLE_MAX; i++, row = ends->next[row]) {
		int how = fit(sock, store_at(ends->store, row), only);

		if (how > best) {
			best = how;
			found = row;
		}
	}
	return found;
}

/* Whether the namespace is known to have the address. */
static bool owns(const struct estab_socket *sock, uint32_t netns, const uint8_t addr[16])
{
	const struct netaddr_set *set = netaddrs_find(&sock->ext->env->netaddrs, netns);
	uint8_t spread_addr[16];

	spread(sock, addr, spread_addr);
	return set && netaddr_set_has(set, spread_addr);
}

/*
 * Addresses are unique within a namespace only: the row in another one is the other end where each
 * namespace has its own end's address and not the other's.
 */
static uint32_t find_anywhere(const struct ends *ends, const struct estab_socket *sock)
{
	const struct estab_socket *other;
	struct end_key key;
	uint32_t row;

	connected_key(sock, END_ANYWHERE, false, &key);
	if (find_key(ends, &key) & ROW_SEVERAL)
		return ROW_NONE;
	connected_key(sock, END_ANYWHERE, true, &key);
	row = find_key(ends, &key);
	if (row & ROW_SEVERAL)
		return ROW_NONE;
	other = store_at(ends->store, row);
	if (other->netns == sock->netns || !owns(sock, sock->netns, sock->inet.local) ||
	    !owns(sock, other->netns, sock->inet.peer) ||
	    owns(sock, sock->netns, sock->inet.peer) || owns(sock, other->netns, sock->inet.local))
		return ROW_NONE;
	return row;
}

/* The listener that has this end, on this device or on any. */
static uint32_t find_listening(const struct ends *ends, const struct estab_socket *sock,
			       const uint8_t addr[16], uint16_t port)
{
	uint32_t device = device_of(sock);
	struct end_key key = {
		.netns = sock->netns,
		.local_port = port,
		.kind = END_LISTENING,
		.proto = sock->proto,
	};

	key.v4 = spread(sock, addr, key.local);
	for (int any = 0; any <= 1; any++) {
		uint32_t row = ROW_NONE;

		if (any)
			memset(key.local, 0, sizeof(key.local));
		key.device = device;
		row = find_key(ends, &key);
		if (row == ROW_NONE && device != 0) {
			key.device = 0;
			row = find_key(ends, &key);
		}
		if (row != ROW_NONE)
			return row;
	}
	return ROW_NONE;
}

static bool is_loopback(const uint8_t addr[16], bool v4)
{
	static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;

	return v4 ? addr[12] == 127 : memcmp(addr, &loopback, sizeof(loopback)) == 0;
}

bool ends_at_home(const struct estab_socket *sock)
{
	uint8_t addr[16];
	size_t length = sock->family == ESTAB_FAMILY_INET ? 4 : 16;

	if (is_unix(sock))
		return true;
	if (is_loopback(addr, spread(sock, sock->inet.peer, addr)) ||
	    memcmp(sock->inet.local, sock->inet.peer, length) == 0)
		return true;
	return owns(sock, sock->netns, sock->inet.peer);
}

uint32_t ends_peer(const struct ends *ends, const struct estab_socket *sock)
{
	uint32_t row;

	if (!ends_connected(sock))
		return ROW_NONE;
	if (is_unix(sock))
		return sock->has & HAS_PEER_INODE
			       ? row_index_find(&ends->unix_inodes, sock->local.peer_inode)
			       : ROW_NONE;
	row = find_reversed(ends, sock);
	if (row == ROW_NONE && ends->many_netns)
		row = find_anywhere(ends, sock);
	if (row == ROW_NONE && is_udp(sock) && ends_at_home(sock))
		row = find_listening(ends, sock, sock->inet.peer, sock->peer_port);
	return row;
}

uint32_t ends_listener(const struct ends *ends, const struct estab_socket *sock)
{
	uint32_t row;

	if (!ends_connected(sock))
		return ROW_NONE;
	if (!is_unix(sock))
		return find_listening(ends, sock, sock->inet.local, sock->local_port);
	row = row_index_find(&ends->unix_names, name_key(sock));
	return row != ROW_NONE && same_name(sock, store_at(ends->store, row)) ? row : ROW_NONE;
}
