/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The path of the cgroup that a socket was made in, of which the kernel tells the id. */
#ifndef ESTAB_CGROUP_PATH_H
#define ESTAB_CGROUP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "row-index.h"

enum { CGROUPS_MAX = 100000, CGROUP_DEPTH_MAX = 64 };

/* All zero: nothing was asked yet. */
struct cgroup_paths {
	bool opened;
	bool refused; /* to open by id: the tree was walked */
	int mount_fd; /* of version 2's hierarchy; -1: there is none */
	char *point;  /* where it is mounted, */
	char *root;   /* and what of it: empty for the whole */
	struct row_index by_id;
	const char **paths; /* NULL: the cgroup is gone, or out of sight */
	size_t n;
	size_t room;
	struct arena arena;
};

/* Lent as long as the table. NULL: it is gone, or not to be had. proc_fd is that of our own /proc. */
const char *cgroup_paths_find(struct cgroup_paths *paths, int proc_fd, uint64_t id);
void cgroup_paths_free(struct cgroup_paths *paths);

#endif
