/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "netns-list.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "caps.h"
#include "netns-walk.h"
#include "text.h"
#include "util.h"

enum { ITEMS_MIN = 16, PROCESSES_KEPT = 2 };

void netns_list_free(struct netns_list *list)
{
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

static uint64_t number_of(int dir_fd, const char *path)
{
	struct stat st;

	return fstatat(dir_fd, path, &st, 0) < 0 ? 0 : st.st_ino;
}

/* The caller's own; of a capture, the one whose tables are read when nobody asks for others. */
static int add_own(struct netns_walk *walk)
{
	const struct estab_ctx *ctx = walk->env->ctx;
	uint64_t inode = walk->env->own_netns;
	char path[sizeof(ctx->net_dir) + 16];
	uint64_t tables;
	int r;

	snprintf(path, sizeof(path), "%s/dev", ctx->net_dir);
	tables = walk->tables ? number_of(ctx->proc_fd, path) : 0;
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
	walk->sockets = !found && !ctx->capture && caps_have(CAP_NET_ADMIN);
	if (r >= 0)
		r = netns_walk_mounts(walk, -1, 0);
	return r < 0 ? r : netns_walk_processes(walk);
}

int netns_list_read(const struct env *env, struct estab_result *result, struct netns_list *ret_list)
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
	free(walk);
	return r;
}

/* ---- entering ---- */

/* Of the process's or thread's directory below /proc, and what is below that. */
static void place_path(const struct netns_place *place, const char *below, char *path, size_t size)
{
	if (place->tid != 0)
		snprintf(path, size, "%u/task/%u%s", place->pid, place->tid, below);
	else
		snprintf(path, size, "%u%s", place->pid, below);
}

static int open_mount(const struct estab_ctx *ctx, const struct netns_place *place)
{
	_cleanup_(cleanup_free) char *path = NULL;

	if (place->pid == 0)
		return netns_open_file(AT_FDCWD, place->path);
	if (asprintf(&path, "%u/root%s", place->pid, place->path) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return netns_open_file(ctx->proc_fd, path);
}

static int open_place(const struct estab_ctx *ctx, const struct netns_place *place)
{
	char path[48];

	switch (place->kind) {
	case PLACE_PROCESS:
		place_path(place, "/ns/net", path, sizeof(path));
		return netns_open_file(ctx->proc_fd, path);
	case PLACE_MOUNT:
		return open_mount(ctx, place);
	case PLACE_FD:
		snprintf(path, sizeof(path), "%u/fd/%u", place->pid, place->fd);
		return netns_open_file(ctx->proc_fd, path);
	case PLACE_SOCKET:
		return netns_of_socket(place->pid, place->fd);
	case PLACE_ID:
		return netns_kernel.open(netns_kernel.arg, place->id);
	}
	return -ESTALE;
}

/* Opens it where it was met. A place may belong to another one by now. */
static int open_item(const struct estab_ctx *ctx, const struct netns_item *item,
		     const struct netns_place *place)
{
	struct stat st;
	int fd = open_place(ctx, place);

	if (fd < 0)
		return fd == -ENOENT || fd == -ESRCH ? -ESTALE : fd;
	if (fstat(fd, &st) == 0 && (item->inode == 0 || st.st_ino == item->inode))
		return fd;
	close(fd);
	return -ESTALE;
}

/* Whether the process or thread is still in that namespace; another one that is now is as good. */
static bool is_there(const struct estab_ctx *ctx, const struct netns_item *item,
		     const struct netns_place *place)
{
	uint64_t inode;
	char path[48];

	place_path(place, "/ns/net", path, sizeof(path));
	if (item->inode != 0 && netns_read_link(ctx->proc_fd, path, "net", &inode) == 0)
		return inode == item->inode;
	place_path(place, "/net/dev", path, sizeof(path));
	return item->tables != 0 && number_of(ctx->proc_fd, path) == item->tables;
}

static int find_tables(const struct estab_ctx *ctx, const struct netns_item *item,
		       const struct netns_place *place, int error, struct netns *ret_netns)
{
	_cleanup_(cleanup_close) int dir_fd = -1;
	struct netns netns;
	char path[48];
	int r;

	place_path(place, "", path, sizeof(path));
	dir_fd = openat(ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || !is_there(ctx, item, place))
		return -ESTALE;
	r = netns_find_tables(ctx, dir_fd, path, error, &netns);
	if (r < 0)
		return r;
	netns.inode = item->inode;
	*ret_netns = netns;
	return 0;
}

/* Whatever shows most of it: to be in it, or a process that is. */
static int find_item(const struct estab_ctx *ctx, struct netns_list *list,
		     const struct netns_item *item, struct netns *ret_netns)
{
	int error = -ESTALE;
	int r;

	for (size_t i = 0; !ctx->capture && i < item->n_places; i++) {
		int fd = open_item(ctx, item, &item->places[i]);

		r = fd < 0 ? fd : netns_find_open(ctx, fd, list->known, ret_netns);
		if (r == 0) {
			if (!list->known && ret_netns->way == NETNS_THREAD)
				list->known = caps_are_initial() && caps_have(CAP_SYS_ADMIN);
			return 0;
		}
		if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
			return r;
		if (error == -ESTALE)
			error = r;
	}
	for (size_t i = 0; i < item->n_places; i++) {
		if (item->places[i].kind != PLACE_PROCESS)
			continue;
		r = find_tables(ctx, item, &item->places[i], error, ret_netns);
		if (r == 0)
			return 0;
		if (error == -ESTALE)
			error = r;
	}
	return error;
}

static void take_own(struct env *env)
{
	netns_release(&env->target);
	env->target = (struct netns){ .way = NETNS_OWN };
	env->netns = env->namespaces->items[0].inode;
	env->netns_at = 0;
}

void netns_list_leave(struct env *env)
{
	if (env->namespaces)
		take_own(env);
}

int netns_list_enter(struct env *env, size_t index)
{
	struct netns_item *item = &env->namespaces->items[index];
	struct netns target;
	int r;

	if (env->netns_at == index)
		return 0;
	take_own(env);
	if (item->own)
		return 0;
	r = find_item(env->ctx, env->namespaces, item, &target);
	if (r < 0)
		return r;
	env->target = target;
	env->netns = item->inode != 0 ? item->inode : target.inode;
	env->netns_at = index;
	return 0;
}

/* Whether that process's tables told, and it is where they were opened. */
static bool count_by_process(const struct estab_ctx *ctx, const struct netns_item *item,
			     const struct netns_place *place, struct sockstat *ret_sockstat)
{
	int fds[SOCKSTAT_FILES];
	char path[48];
	bool there;

	place_path(place, "/net", path, sizeof(path));
	sockstat_open_at(ctx->proc_fd, path, fds);
	there = is_there(ctx, item, place);
	return sockstat_read_files(fds, ret_sockstat) && there;
}

int netns_list_count(struct env *env, size_t index, struct sockstat *ret_sockstat)
{
	const struct netns_item *item = &env->namespaces->items[index];
	int r;

	for (size_t i = 0; !item->own && i < item->n_places; i++)
		if (item->places[i].kind == PLACE_PROCESS &&
		    count_by_process(env->ctx, item, &item->places[i], ret_sockstat))
			return 0;
	r = netns_list_enter(env, index);
	if (r == 0)
		r = !sockstat_read(env, ret_sockstat);
	return r;
}
