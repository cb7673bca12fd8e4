/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { GENERATIONS_MAX = 64 };

/* That a process holds a socket. */
struct holding {
	uint32_t pid;
	size_t row; /* its number in the snapshot */
	const struct estab_socket *sock;
	const struct estab_owner *owner;
};

static int compare_holdings(const void *left, const void *right)
{
	const struct holding *a = left;
	const struct holding *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

static size_t count_holdings(const struct estab_snapshot *snapshot)
{
	size_t count = 0;

	for (size_t i = 0; i < estab_snapshot_count(snapshot); i++)
		count += estab_socket_owner_count(estab_snapshot_get(snapshot, i));
	return count;
}

/* Notes who holds what, and what nobody does. */
static size_t gather(const struct estab_snapshot *snapshot, struct holding *holdings,
		     struct holders *holders)
{
	size_t n = 0;

	for (size_t i = 0; i < estab_snapshot_count(snapshot); i++) {
		const struct estab_socket *sock = estab_snapshot_get(snapshot, i);
		uint32_t count = estab_socket_owner_count(sock);

		if (count == 0)
			holders->unowned[holders->n_unowned++] = sock;
		for (uint32_t k = 0; k < count; k++) {
			const struct estab_owner *owner = estab_socket_owner(sock, k);
			uint64_t pid = 0;

			estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &pid);
			holdings[n++] = (struct holding){ (uint32_t)pid, i, sock, owner };
		}
	}
	return n;
}

/* A process may hold a socket by several descriptors. */
static void group(const struct holding *holdings, size_t n, struct holders *holders)
{
	struct holder *holder = NULL;
	size_t n_rows = 0;

	for (size_t i = 0; i < n; i++) {
		const struct holding *holding = &holdings[i];

		if (!holder || holder->pid != holding->pid) {
			holder = &holders->list[holders->n++];
			*holder = (struct holder){ .pid = holding->pid,
						   .owner = holding->owner,
						   .rows = holders->rows + n_rows,
						   .parent = SIZE_MAX };
		} else if (holder->rows[holder->n_rows - 1] == holding->sock) {
			continue;
		}
		holders->rows[n_rows++] = holding->sock;
		holder->n_rows++;
	}
}

int holders_make(const struct estab_snapshot *snapshot, struct holders *ret_holders)
{
	size_t room = count_holdings(snapshot);
	struct holding *holdings = calloc(room + 1, sizeof(*holdings));
	struct holders holders = {
		.list = calloc(room + 1, sizeof(*holders.list)),
		.rows = calloc(room + 1, sizeof(const struct estab_socket *)),
		.unowned = calloc(estab_snapshot_count(snapshot) + 1,
				  sizeof(const struct estab_socket *)),
	};

	if (!holdings || !holders.list || !holders.rows || !holders.unowned) {
		free(holdings);
		holders_free(&holders);
		return -ENOMEM;
	}
	room = gather(snapshot, holdings, &holders);
	qsort(holdings, room, sizeof(*holdings), compare_holdings);
	group(holdings, room, &holders);
	free(holdings);
	*ret_holders = holders;
	return 0;
}

static int compare_pids(const void *left, const void *right)
{
	const struct holder *a = left;
	const struct holder *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

int holders_add(struct holders *holders, uint32_t pid)
{
	const struct holder key = { .pid = pid, .parent = SIZE_MAX };
	struct holder *list;

	if (bsearch(&key, holders->list, holders->n, sizeof(key), compare_pids))
		return 0;
	list = reallocarray(holders->list, holders->n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	holders->list = list;
	list[holders->n++] = key;
	qsort(list, holders->n, sizeof(*list), compare_pids);
	return 0;
}

static bool same_command(const struct holder *a, const struct holder *b)
{
	const void *names[2];
	size_t lengths[2];

	return estab_owner_get_bytes(holder_process(a), ESTAB_F_OWNER_COMM, &names[0],
				     &lengths[0]) == 0 &&
	       estab_owner_get_bytes(holder_process(b), ESTAB_F_OWNER_COMM, &names[1],
				     &lengths[1]) == 0 &&
	       lengths[0] == lengths[1] && memcmp(names[0], names[1], lengths[0]) == 0;
}

/* Workers that a server has forked are of one kind with it. */
static void find_parent(struct holders *holders, struct holder *holder)
{
	const struct estab_owner *parent = estab_lineage_get(holder->lineage, 1);
	struct holder key = { 0 };
	const struct holder *found;
	uint64_t pid;

	if (!parent || estab_owner_get_u64(parent, ESTAB_F_OWNER_PID, &pid) < 0)
		return;
	key.pid = (uint32_t)pid;
	found = bsearch(&key, holders->list, holders->n, sizeof(key), compare_pids);
	if (found && same_command(holder, found))
		holder->parent = (size_t)(found - holders->list);
}

/* The first of them, which has no such parent. */
static void find_first(const struct holders *holders, struct holder *holder)
{
	size_t first = holder->parent;

	for (int i = 0; first != SIZE_MAX && holders->list[first].parent != SIZE_MAX; i++) {
		/* Only a copy that was made up has a ring of them: then nobody is the first. */
		if (i == GENERATIONS_MAX) {
			first = SIZE_MAX;
			break;
		}
		first = holders->list[first].parent;
	}
	holder->parent = first;
}

int holders_read(struct holders *holders, const struct estab_query *query)
{
	size_t kept = 0;

	for (size_t i = 0; i < holders->n; i++) {
		struct holder *holder = &holders->list[i];
		int error = estab_lineage_read(query, holder->pid, &holder->lineage);

		/* What one process does not tell takes nothing from the others. */
		if (error == -ENOMEM || error == -ETIMEDOUT || error == -ECANCELED)
			return error;
		holder->ended = error == -ESRCH;
		/* Of one that was only asked for there is nothing to tell. */
		if (holder->lineage || holder->n_rows > 0)
			holders->list[kept++] = *holder;
	}
	holders->n = kept;
	for (size_t i = 0; i < holders->n; i++)
		if (holders->list[i].lineage)
			find_parent(holders, &holders->list[i]);
	for (size_t i = 0; i < holders->n; i++)
		find_first(holders, &holders->list[i]);
	return 0;
}

const struct estab_owner *holder_process(const struct holder *holder)
{
	return holder->lineage ? estab_lineage_get(holder->lineage, 0) : holder->owner;
}

void holders_free(struct holders *holders)
{
	for (size_t i = 0; i < holders->n; i++)
		estab_lineage_unref(holders->list[i].lineage);
	free(holders->list);
	free(holders->rows);
	free(holders->unowned);
	*holders = (struct holders){ 0 };
}
