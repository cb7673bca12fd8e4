/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "owner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { SLOTS_MIN = 64, HOLDINGS_MIN = 64, INSERTION_MAX = 32 };

static int make_slots(struct owner_index *index, size_t n_slots)
{
	uint64_t *inodes = calloc(n_slots, sizeof(*inodes));
	uint8_t *marks = calloc(n_slots, sizeof(*marks));

	if (!inodes || !marks) {
		free(inodes);
		free(marks);
		return -ENOMEM;
	}
	index->inodes = inodes;
	index->marks = marks;
	index->n_slots = n_slots;
	return 0;
}

int owner_index_init(struct owner_index *index, size_t n_sockets)
{
	struct owner_index empty = { 0 };
	size_t n_slots = SLOTS_MIN;
	int r;

	/* A holding's slot has 32 bits. */
	if (n_sockets > UINT32_MAX / 4)
		return -ENOMEM;
	while (n_slots < n_sockets * 2)
		n_slots *= 2;
	r = make_slots(&empty, n_slots);
	if (r < 0)
		return r;
	*index = empty;
	return 0;
}

void owner_index_free(struct owner_index *index)
{
	free(index->inodes);
	free(index->marks);
	free(index->holdings);
	*index = (struct owner_index){ 0 };
}

/* Returns the inode's slot, or the free one where it would go. */
static size_t slot_of(const struct owner_index *index, uint64_t inode)
{
	size_t mask = index->n_slots - 1;
	size_t slot = hash64(inode) & mask;

	while (index->inodes[slot] != 0 && index->inodes[slot] != inode)
		slot = (slot + 1) & mask;
	return slot;
}

/* Slots change: not once there are holdings. */
static int grow_slots(struct owner_index *index)
{
	struct owner_index old = *index;
	int r;

	if (old.n_holdings > 0 || old.n_slots > UINT32_MAX / 2)
		return -ENOMEM;
	r = make_slots(index, old.n_slots * 2);
	if (r < 0)
		return r;
	for (size_t i = 0; i < old.n_slots; i++)
		if (old.inodes[i] != 0)
			index->inodes[slot_of(index, old.inodes[i])] = old.inodes[i];
	free(old.inodes);
	free(old.marks);
	return 0;
}

int owner_index_want(struct owner_index *index, uint64_t inode)
{
	size_t slot = slot_of(index, inode);
	int r;

	if (index->inodes[slot] == inode)
		return 0;
	if ((index->n_inodes + 1) * 2 > index->n_slots) {
		r = grow_slots(index);
		if (r < 0)
			return r;
		slot = slot_of(index, inode);
	}
	index->inodes[slot] = inode;
	index->n_inodes++;
	return 0;
}

int64_t owner_index_find(const struct owner_index *index, uint64_t inode)
{
	size_t slot;

	if (inode == 0)
		return -1;
	slot = slot_of(index, inode);
	return index->inodes[slot] == inode ? (int64_t)slot : -1;
}

static int make_room(struct owner_index *index, size_t more)
{
	size_t room = MAX(index->room, (size_t)HOLDINGS_MIN);
	struct owner_holding *holdings;

	while (room < index->n_holdings + more)
		room *= 2;
	if (room == index->room)
		return 0;
	holdings = reallocarray(index->holdings, room, sizeof(*holdings));
	if (!holdings)
		return -ENOMEM;
	index->holdings = holdings;
	index->room = room;
	return 0;
}

static void mark_found(struct owner_index *index, uint32_t slot)
{
	if (!index->marks || index->marks[slot] & SLOT_FOUND)
		return;
	index->marks[slot] |= SLOT_FOUND;
	index->n_found++;
}

int owner_index_add(struct owner_index *index, uint32_t slot, const struct estab_owner *owner)
{
	int r = make_room(index, 1);

	if (r < 0)
		return r;
	index->holdings[index->n_holdings++] =
		(struct owner_holding){ .slot = slot, .owner = *owner };
	mark_found(index, slot);
	return 0;
}

void owner_index_view(const struct owner_index *index, struct owner_index *ret_view)
{
	*ret_view = (struct owner_index){
		.inodes = index->inodes,
		.n_slots = index->n_slots,
		.n_inodes = index->n_inodes,
		.enough = index->enough,
		.enough_arg = index->enough_arg,
	};
}

int owner_index_merge(struct owner_index *index, struct owner_index *view)
{
	size_t first = index->n_holdings;
	int r = 0;

	index->incomplete |= view->incomplete;
	if (!index->holdings) {
		index->holdings = TAKE_PTR(view->holdings);
		index->n_holdings = view->n_holdings;
		index->room = view->room;
	} else if (view->n_holdings > 0) {
		r = make_room(index, view->n_holdings);
		if (r == 0) {
			memcpy(index->holdings + first, view->holdings,
			       view->n_holdings * sizeof(*view->holdings));
			index->n_holdings += view->n_holdings;
		}
	}
	for (size_t i = first; i < index->n_holdings; i++)
		mark_found(index, index->holdings[i].slot);
	free(view->holdings);
	*view = (struct owner_index){ 0 };
	return r;
}

static int compare_owners(const void *left, const void *right)
{
	const struct estab_owner *a = left;
	const struct estab_owner *b = right;

	if (a->process->pid != b->process->pid)
		return a->process->pid < b->process->pid ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->fd != b->fd)
		return a->fd < b->fd ? -1 : 1;
	return (a->via > b->via) - (a->via < b->via);
}

/* A walk meets them nearly in order, and most sockets have one. */
void owner_list_sort(struct owner_list *list)
{
	struct estab_owner *owners = list->owners;

	if (list->count > INSERTION_MAX) {
		qsort(owners, list->count, sizeof(*owners), compare_owners);
		return;
	}
	for (uint32_t i = 1; i < list->count; i++) {
		struct estab_owner owner = owners[i];
		uint32_t at = i;

		for (; at > 0 && compare_owners(&owners[at - 1], &owner) > 0; at--)
			owners[at] = owners[at - 1];
		owners[at] = owner;
	}
}

/* A file may be registered with one ring several times. */
static void drop_doubles(struct owner_list *list)
{
	uint32_t kept = 1;

	for (uint32_t i = 1; i < list->count; i++)
		if (compare_owners(&list->owners[kept - 1], &list->owners[i]) != 0)
			list->owners[kept++] = list->owners[i];
	list->count = kept;
}

/* Gives every slot that has holdings an empty list with room for them. */
static int place_lists(const struct owner_index *index, struct arena *arena,
		       struct owner_list **lists)
{
	_cleanup_(cleanup_free) uint32_t *counts = calloc(index->n_slots, sizeof(*counts));
	size_t size = 0;
	char *memory;

	if (!counts)
		return -ENOMEM;
	for (size_t i = 0; i < index->n_holdings; i++) {
		uint32_t slot = index->holdings[i].slot;

		size += counts[slot]++ == 0 ? sizeof(struct owner_list) : 0;
	}
	size += index->n_holdings * sizeof(struct estab_owner);
	memory = arena_alloc(arena, size);
	if (!memory)
		return -ENOMEM;
	for (size_t i = 0; i < index->n_holdings; i++) {
		uint32_t slot = index->holdings[i].slot;

		if (lists[slot])
			continue;
		lists[slot] = (struct owner_list *)(void *)memory;
		lists[slot]->count = 0;
		lists[slot]->reserved = 0;
		memory += sizeof(struct owner_list) + counts[slot] * sizeof(struct estab_owner);
	}
	return 0;
}

int owner_index_link(struct owner_index *index, struct arena *arena,
		     const struct owner_list ***ret_lists)
{
	_cleanup_(cleanup_free) struct owner_list **lists = calloc(index->n_slots, sizeof(*lists));
	void *done;
	int r;

	if (!lists)
		return -ENOMEM;
	if (index->n_holdings > 0) {
		r = place_lists(index, arena, lists);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < index->n_holdings; i++) {
		struct owner_list *list = lists[index->holdings[i].slot];

		list->owners[list->count++] = index->holdings[i].owner;
	}
	for (size_t i = 0; i < index->n_slots; i++) {
		if (!lists[i] || lists[i]->count <= 1)
			continue;
		owner_list_sort(lists[i]);
		drop_doubles(lists[i]);
	}
	done = TAKE_PTR(lists);
	*ret_lists = done;
	return 0;
}

/* Without an inode there is no struct socket: nobody ever had it, or nobody has it any more. */
static enum no_owner reason_without_inode(const struct estab_socket *sock)
{
	if (sock->proto == ESTAB_PROTO_UNIX)
		return NO_OWNER_PENDING_ACCEPT;
	if (sock->proto != ESTAB_PROTO_TCP && sock->proto != ESTAB_PROTO_MPTCP)
		return NO_OWNER_KERNEL;
	switch (sock->state) {
	case ESTAB_STATE_ESTABLISHED:
	case ESTAB_STATE_CLOSE_WAIT:
		return NO_OWNER_PENDING_ACCEPT;
	case ESTAB_STATE_FIN_WAIT_1:
	case ESTAB_STATE_FIN_WAIT_2:
	case ESTAB_STATE_LAST_ACK:
	case ESTAB_STATE_CLOSING:
		return NO_OWNER_ORPHAN;
	default:
		return NO_OWNER_KERNEL;
	}
}

enum no_owner owner_reason(const struct estab_socket *sock, bool incomplete)
{
	/* A FIN_WAIT_2 with this timer is a time-wait socket on its way. */
	if (sock->state == ESTAB_STATE_TIME_WAIT ||
	    (sock->state == ESTAB_STATE_FIN_WAIT_2 &&
	     (sock->has & IS_MINISOCK ||
	      (sock->has & HAS_TIMER && sock->timer_kind == TIMER_TIME_WAIT))))
		return NO_OWNER_TIME_WAIT;
	if (sock->state == ESTAB_STATE_SYN_RECV)
		return NO_OWNER_SYN_RECV;
	if (!(sock->has & HAS_INODE))
		return NO_OWNER_NONE;
	/* The kernel's own have an inode, but no port id. A user's that has none yet is in a group, or it
	 * would not be listed. */
	if (sock->proto == ESTAB_PROTO_NETLINK && sock->netlink.portid == 0 &&
	    !sock->netlink.in_groups)
		return NO_OWNER_KERNEL;
	if (sock->inode == 0)
		return reason_without_inode(sock);
	return incomplete ? NO_OWNER_PERMISSION : NO_OWNER_NOT_VISIBLE;
}
