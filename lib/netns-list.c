/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "netns-list.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "caps.h"
#include "netns-walk.h"
#include "text.h"
#include "util.h"

enum { ITEMS_MIN = 16, PROCESSES_KEPT = 2 };

void netns_list_free(struct netns_list *list)
{
	netns_list_drop_files(list);
	arena_free(&list->arena);
	free(list->items);
	row_index_free(&list->by_inode);
	row_index_free(&list->by_tables);
	*list = (struct netns_list){ 0 };
}

size_t netns_list_find(const struct netns_list *list, uint64_t inode)
{
	uint32_t place = row_index_find(&list->by_inode, inode);

	return place == ROW_NONE ? NETNS_NONE : place;
}

/* A place of each kind is enough; of processes, which may end, two. */
static int add_place(struct netns_list *list, struct netns_item *item,
		     const struct netns_place *place)
{
	struct netns_place *copy = &item->places[item->n_places];
	size_t n = 0;

	for (size_t i = 0; i < item->n_places; i++)
		n += item->places[i].kind == place->kind;
	if (item->n_places == NETNS_PLACES ||
	    n >= (place->kind == PLACE_PROCESS ? PROCESSES_KEPT : 1))
		return 0;
	*copy = *place;
	if (place->path) {
		copy->path = arena_text(&list->arena, place->path, strlen(place->path));
		if (!copy->path)
			return -ENOMEM;
	}
	item->n_places++;
	return 0;
}

static int add_item(struct netns_list *list)
{
	if (list->n == list->room) {
		size_t room = MAX(list->room * 2, (size_t)ITEMS_MIN);
		struct netns_item *items = reallocarray(list->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->room = room;
	}
	list->items[list->n++] = (struct netns_item){ 0 };
	return 0;
}

/* Notes by what an item can be found from now on. */
static int index_item(struct netns_list *list, size_t index)
{
	const struct netns_item *item = &list->items[index];
	int r = 0;

	if (item->inode != 0)
		r = row_index_add(&list->by_inode, item->inode, (uint32_t)index, NULL);
	if (r >= 0 && item->tables != 0)
		r = row_index_add(&list->by_tables, item->tables, (uint32_t)index, NULL);
	return MIN(r, 0);
}

int netns_list_add_tables(struct netns_list *list, uint64_t inode, uint64_t tables,
			  const struct netns_place *place, size_t *ret_index)
{
	uint32_t index = row_index_find(&list->by_inode, inode);
	struct netns_item *item;
	int r = 0;

	if (index == ROW_NONE)
		index = row_index_find(&list->by_tables, tables);
	/* Of one that is gone, and another one has its number. */
	if (index != ROW_NONE && inode != 0 && list->items[index].inode != 0 &&
	    list->items[index].inode != inode)
		index = ROW_NONE;
	if (index == ROW_NONE) {
		r = add_item(list);
		if (r < 0)
			return r;
		index = (uint32_t)list->n - 1;
	}
	item = &list->items[index];
	if ((item->inode == 0 && inode != 0) || (item->tables == 0 && tables != 0)) {
		item->inode = inode != 0 ? inode : item->inode;
		item->tables = tables != 0 ? tables : item->tables;
		r = index_item(list, index);
	}
	if (r == 0 && place)
		r = add_place(list, item, place);
	if (r == 0 && ret_index)
		*ret_index = index;
	return r;
}

int netns_list_add(struct netns_list *list, uint64_t inode, const struct netns_place *place,
		   size_t *ret_index)
{
	return netns_list_add_tables(list, inode, 0, place, ret_index);
}

int netns_list_name(struct netns_list *list, size_t index, enum netns_rank rank, const void *name,
		    size_t length)
{
	struct netns_item *item = &list->items[index];

	if (item->rank >= (uint8_t)rank)
		return 0;
	item->name = arena_text(&list->arena, name, length);
	if (!item->name)
		return -ENOMEM;
	item->rank = (uint8_t)rank;
	item->named_pid = 0;
	return 0;
}

int netns_list_name_process(struct netns_list *list, size_t index, enum netns_rank rank,
			    const char *comm, size_t length, uint32_t pid)
{
	char name[128 + 24];
	size_t at = MIN(length, (size_t)128);
	int r;

	memcpy(name, comm, at);
	name[at++] = '[';
	at += text_digits(pid, name + at);
	name[at++] = ']';
	r = netns_list_name(list, index, rank, name, at);
	if (r == 0 && list->items[index].rank == (uint8_t)rank && list->items[index].named_pid == 0)
		list->items[index].named_pid = pid;
	return r;
}

/* ---- reading ---- */

/* The caller's own; of a capture, the one whose tables are read when nobody asks for others. */
static int add_own(struct netns_walk *walk)
{
	const struct estab_ctx *ctx = walk->env->ctx;
	uint64_t inode = walk->env->own_netns;
	char path[sizeof(ctx->net_dir) + 16];
	uint64_t tables;
	int r;

	snprintf(path, sizeof(path), "%s/dev", ctx->net_dir);
	tables = walk->tables ? netns_file_number(ctx->proc_fd, path) : 0;
	if (ctx->capture) {
		const char *slash = strrchr(ctx->net_dir, '/');

		snprintf(path, sizeof(path), "%.*s/ns/net", slash ? (int)(slash - ctx->net_dir) : 1,
			 slash ? ctx->net_dir : "1");
		netns_read_link(ctx->proc_fd, path, "net", &inode);
	}
	r = add_item(walk->list);
	if (r < 0)
		return r;
	walk->list->items[0] = (struct netns_item){ .inode = inode, .tables = tables, .own = true };
	return index_item(walk->list, 0);
}

static int compare_items(const void *left, const void *right)
{
	const struct netns_item *a = left;
	const struct netns_item *b = right;

	if (a->own != b->own)
		return a->own ? -1 : 1;
	/* Those that nobody knows come last. */
	if (a->inode != b->inode)
		return a->inode - 1 < b->inode - 1 ? -1 : 1;
	return (a->tables > b->tables) - (a->tables < b->tables);
}

static int compare_places(const void *left, const void *right)
{
	const struct netns_place *a = left;
	const struct netns_place *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int sort_items(struct netns_list *list)
{
	int r = 0;

	for (size_t i = 0; i < list->n; i++)
		qsort(list->items[i].places, list->items[i].n_places,
		      sizeof(list->items[i].places[0]), compare_places);
	qsort(list->items, list->n, sizeof(*list->items), compare_items);
	row_index_free(&list->by_inode);
	row_index_free(&list->by_tables);
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = index_item(list, i);
	return r;
}

/* By all ways that there are; the quick ones spare us the slow one. */
static int read_all(struct netns_walk *walk)
{
	const struct estab_ctx *ctx = walk->env->ctx;
	bool listed = false;
	bool found = false;
	int r = add_own(walk);

	if (r == 0 && !ctx->capture) {
		r = netns_walk_kernel(walk, &netns_kernel);
		listed = r == 0 && caps_are_initial() && caps_have(CAP_SYS_ADMIN);
		if (r >= 0)
			r = netns_walk_bpf(walk);
		found = r == 0;
	}
	walk->fds = !found && !listed;
	walk->sockets = !found && !ctx->capture;
	if (r >= 0)
		r = netns_walk_mounts(walk, -1, 0);
	return r < 0 ? r : netns_walk_processes(walk);
}

int netns_list_read(struct env *env, struct estab_result *result, struct netns_list *ret_list)
{
	struct netns_walk *walk = calloc(1, sizeof(*walk));
	struct statfs fs;
	int r;

	*ret_list = (struct netns_list){ 0 };
	if (!walk)
		return -ENOMEM;
	walk->env = env;
	walk->list = ret_list;
	walk->result = result;
	walk->live = fstatfs(env->ctx->proc_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
	walk->tables = walk->live && !(caps_are_initial() && caps_have(CAP_SYS_PTRACE));
	r = read_all(walk);
	/* What was found by then will do. */
	if (r == -ETIME && ret_list->n > 0) {
		result_add_loss(result, "namespaces", "deadline", NULL, 1);
		r = 0;
	}
	if (r == 0)
		r = sort_items(ret_list);
	idset_free(&walk->mounts);
	idset_free(&walk->cookies);
	free(walk->cgroup_text);
	free(walk);
	return r;
}
