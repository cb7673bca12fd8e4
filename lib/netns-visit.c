/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Going to a namespace of the list: by whichever of the places where it was met still leads there. */
#include "netns-list.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>

#include "caps.h"
#include "netns-walk.h"
#include "util.h"

void netns_place_path(const struct netns_place *place, const char *below, char *path, size_t size)
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
		netns_place_path(place, "/ns/net", path, sizeof(path));
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

	/* Before ip-netns(8) removes the file, it is one of no namespace. */
	if (fd < 0)
		return fd == -ENOENT || fd == -ESRCH || fd == -EINVAL ? -ESTALE : fd;
	if (fstat(fd, &st) == 0 && (item->inode == 0 || st.st_ino == item->inode))
		return fd;
	close(fd);
	return -ESTALE;
}

bool netns_place_is_there(const struct estab_ctx *ctx, const struct netns_item *item,
			  const struct netns_place *place)
{
	uint64_t inode;
	char path[48];

	netns_place_path(place, "/ns/net", path, sizeof(path));
	if (item->inode != 0 && netns_read_link(ctx->proc_fd, path, "net", &inode) == 0)
		return inode == item->inode;
	netns_place_path(place, "/net/dev", path, sizeof(path));
	return item->tables != 0 && netns_file_number(ctx->proc_fd, path) == item->tables;
}

static int find_tables(const struct estab_ctx *ctx, const struct netns_item *item,
		       const struct netns_place *place, int error, struct netns *ret_netns)
{
	_cleanup_(cleanup_close) int dir_fd = -1;
	struct netns netns;
	char path[48];
	int r;

	netns_place_path(place, "", path, sizeof(path));
	dir_fd = openat(ctx->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || !netns_place_is_there(ctx, item, place))
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
