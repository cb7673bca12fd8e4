/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "subflow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "util.h"

enum { SLOTS_MIN = 64 };

static struct subflow_parent *slot_of(struct subflow_parent *slots, size_t n_slots, uint64_t inode)
{
	size_t i = (size_t)hash64(inode) & (n_slots - 1);

	while (slots[i].inode != 0 && slots[i].inode != inode)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static int grow(struct subflows *subflows)
{
	size_t n_slots = MAX(subflows->n_slots * 2, (size_t)SLOTS_MIN);
	struct subflow_parent *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < subflows->n_slots; i++)
		if (subflows->slots[i].inode != 0)
			*slot_of(slots, n_slots, subflows->slots[i].inode) = subflows->slots[i];
	free(subflows->slots);
	subflows->slots = slots;
	subflows->n_slots = n_slots;
	return 0;
}

int subflows_add(struct subflows *subflows, const struct estab_socket *sock)
{
	struct subflow_parent *slot;
	struct value token;

	if (sock->inode == 0)
		return 0;
	if ((subflows->n + 1) * 2 > subflows->n_slots) {
		int r = grow(subflows);

		if (r < 0)
			return r;
	}
	slot = slot_of(subflows->slots, subflows->n_slots, sock->inode);
	subflows->n += slot->inode == 0;
	slot->inode = sock->inode;
	slot->token = get_mptcp_token(sock, NULL, &token) == 0 ? token.u64 : UINT64_MAX;
	return 0;
}

const struct subflow_parent *subflows_find(const struct subflows *subflows,
					   const struct estab_socket *sock)
{
	const struct subflow_parent *parent;

	if (subflows->n == 0 || sock->inode == 0)
		return NULL;
	parent = slot_of(subflows->slots, subflows->n_slots, sock->inode);
	return parent->inode != 0 ? parent : NULL;
}

int subflows_mark(const struct subflows *subflows, struct row *row)
{
	static const char name[] = "mptcp";
	const struct subflow_parent *parent = subflows_find(subflows, &row->sock);
	uint32_t token;
	int r;

	if (!parent)
		return 0;
	r = row_put(row, EXT_ULP, name, strlen(name));
	if (r < 0 || parent->token == UINT64_MAX || record_is_listener(&row->sock))
		return r;
	token = (uint32_t)parent->token;
	return row_put(row, EXT_SUBFLOW, &token, sizeof(token));
}

void subflows_free(struct subflows *subflows)
{
	free(subflows->slots);
	*subflows = (struct subflows){ 0 };
}
