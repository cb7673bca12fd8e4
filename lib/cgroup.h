/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What the path of a process's cgroup tells of it: systemd's unit, the container, the pod. Only shapes
 * of names are looked at, and who may make a cgroup may give it any name.
 */
#ifndef ESTAB_CGROUP_H
#define ESTAB_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* Who made a container. */
enum runtime {
	RUNTIME_UNKNOWN,
	RUNTIME_DOCKER,
	RUNTIME_PODMAN,
	RUNTIME_CONTAINERD,
	RUNTIME_CRIO,
	RUNTIME_NERDCTL,
	RUNTIME_ECS,
	RUNTIME_LXC,
	RUNTIME_NSPAWN,
	RUNTIME_MACHINE, /* registered with systemd-machined, by whomever */
	RUNTIMES,
};

/* NULL: not known. */
const char *runtime_word(enum runtime runtime);

/* A piece of a path; at is NULL where there is none. */
struct piece {
	const char *at;
	size_t length;
};

/* Pieces of the path that was looked at, still escaped. */
struct cgroup_look {
	struct piece unit; /* the deepest unit that holds processes; without any, the deepest slice */
	struct piece slice; /* the deepest one above the unit */
	struct piece container;
	struct piece pod;
	enum runtime runtime;
	bool has_uid; /* the unit is of a user's own service manager: */
	uint32_t uid;
};

void cgroup_look(const char *path, size_t length, struct cgroup_look *ret_look);

/* Texts are in the arena; NULL: there is none. */
struct cgroup {
	const char *path;
	const char *unit;
	const char *slice;
	const char *container;
	const char *pod;
	enum runtime runtime;
	bool has_uid;
	uint32_t uid;
};

/*
 * Reads what /proc/PID/cgroup says, of version 1, 2 or both. The path is that of version 2, of systemd's
 * hierarchy or of the first other one that is not the root, in this order; what it does not tell of a
 * container, one of the others may. 0; -EBADMSG: there is not one line of that form; -ENOMEM.
 */
int cgroup_parse(struct arena *arena, const char *text, size_t length,
		 const struct cgroup **ret_cgroup);

/* NULL: out of memory. */
const struct cgroup *cgroup_copy(struct arena *arena, const struct cgroup *cgroup);

#endif
