/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What a network namespace is called after the first process in it: its container's name, or its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "container.h"
#include "netns-walk.h"
#include "slurp.h"
#include "util.h"

enum { COMM_ROOM = 128, CGROUP_ROOM = 16 * 1024, SHORT_ID = 12, LONG_ID = 64 };

/* All containers of a pod are in one namespace, which is the pod's. */
static int name_by_pod(struct netns_list *list, size_t index, const struct container *container)
{
	const char *space = container->pod_namespace ? container->pod_namespace : "";
	char name[2 * CONTAINER_NAME_MAX + 1];
	size_t length = strlen(space);

	memcpy(name, space, length);
	if (length > 0)
		name[length++] = '/';
	memcpy(name + length, container->pod_name, strlen(container->pod_name));
	length += strlen(container->pod_name);
	return netns_list_name(list, index, RANK_CONTAINER, name, length);
}

/* A container has mounts of its own: who has ours need not be asked. */
static bool may_be_contained(const struct netns_walk *walk)
{
	return walk->env->plan.needs & NEED_NETNS_NAME &&
	       (walk->mnt == 0 || walk->mnt != walk->own_mnt);
}

static int name_by_container(struct netns_walk *walk, size_t index, int dir_fd)
{
	const struct container *container;
	const struct cgroup *cgroup;
	const char *name;
	size_t length;
	ssize_t n;
	int r;

	if (!walk->cgroup_text) {
		walk->cgroup_text = malloc(CGROUP_ROOM);
		if (!walk->cgroup_text)
			return -ENOMEM;
	}
	n = slurp_at(dir_fd, "cgroup", walk->cgroup_text, CGROUP_ROOM);
	if (n < 0)
		return 0;
	r = cgroup_parse(&walk->list->arena, walk->cgroup_text, (size_t)n, &cgroup);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	container = containers_find(&walk->env->containers, cgroup);
	if (!container)
		return 0;
	if (container->pod_name)
		return name_by_pod(walk->list, index, container);
	name = container->name ? container->name : container->id;
	length = strlen(name);
	/* As its runtime shows it. */
	if (!container->name && length == LONG_ID)
		length = SHORT_ID;
	return netns_list_name(walk->list, index, RANK_CONTAINER, name, length);
}

static int name_by_command(struct netns_walk *walk, size_t index, int dir_fd, uint32_t pid)
{
	struct netns_item *item = &walk->list->items[index];
	char comm[COMM_ROOM];
	ssize_t n;

	/* It was named by this one when it seemed no more than to keep it. */
	if (item->rank == RANK_HOLDER && item->named_pid == pid) {
		item->rank = RANK_PROCESS;
		return 0;
	}
	n = slurp_at(dir_fd, "comm", comm, sizeof(comm));
	/* One newline is the kernel's. */
	if (n > 0 && comm[n - 1] == '\n')
		n--;
	return netns_list_name_process(walk->list, index, RANK_PROCESS, comm,
				       (size_t)MAX(n, (ssize_t)0), pid);
}

int netns_name_by_process(struct netns_walk *walk, size_t index, int dir_fd, uint32_t pid)
{
	int r = 0;

	/* The first one in it decides: a container that shares the host's gives it no name. */
	if (walk->list->items[index].rank >= RANK_PROCESS)
		return 0;
	if (may_be_contained(walk))
		r = name_by_container(walk, index, dir_fd);
	if (r == 0 && walk->list->items[index].rank < RANK_PROCESS)
		r = name_by_command(walk, index, dir_fd, pid);
	return r;
}
