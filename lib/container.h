/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What a runtime calls its containers, out of the files in which it keeps that. No daemon is asked. Each
 * container is looked up once; how much is read, and from where, has bounds.
 */
#ifndef ESTAB_CONTAINER_H
#define ESTAB_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "cgroup.h"
#include "idset.h"
#include "mounts.h"
#include "row-index.h"

struct estab_ctx;

/* Texts live as long as the table; NULL: not known. */
struct container {
	const char *id;
	const char *name;
	const char *pod_name;
	const char *pod_namespace;
	enum runtime runtime; /* that the files tell, where the path did not */
};

enum {
	CONTAINER_FILE_MAX = 1 << 20,   /* bytes of one container's file, */
	CONTAINER_LIST_MAX = 8 << 20,   /* of a list of them, */
	CONTAINER_BYTES_MAX = 64 << 20, /* and of all that is read for one result */
	CONTAINERS_MAX = 20000,
	CONTAINER_NAME_MAX = 255,
};

struct containers {
	const struct estab_ctx *ctx;
	struct arena arena;
	struct row_index by_id;
	struct container **list;
	size_t n;
	size_t room;
	struct idset lists_read; /* of podman's: by the number of the place and the user */
	char *buffer;
	size_t buffer_size;
	uint64_t bytes_left;
	int root_fd; /* of the host that is looked at; -1: its files are not to be had */
	bool root_opened;
	struct slow_mounts slow; /* where nothing is read */
};

void containers_init(struct containers *containers, const struct estab_ctx *ctx);
void containers_free(struct containers *containers);
/* NULL: it is no container, or there is no memory; else lent as long as the table, though nothing may be
 * known of it. */
const struct container *containers_find(struct containers *containers, const struct cgroup *cgroup);

/* ---- the files, for tests ---- */

/* What such files tell. */
struct container_file {
	char name[CONTAINER_NAME_MAX + 1];
	char pod_name[CONTAINER_NAME_MAX + 1];
	char pod_namespace[CONTAINER_NAME_MAX + 1];
};

/* docker's config.v2.json, and the config.json of a bundle (OCI runtime specification). What is not there
 * stays empty. -EBADMSG: it is no object; what was read up to a fault stands. */
int container_read_file(const char *text, size_t length, struct container_file *ret_file);

typedef int container_list_fn(void *arg, const char *id, const char *name);
/* containers.json of containers/storage: calls for each that has a name. A negative return of fn's ends
 * it; -EBADMSG: it is no list, from there on. */
int container_read_list(const char *text, size_t length, container_list_fn *fn, void *arg);

/* The home of a user in a file in passwd(5)'s form. false: there is none that is an absolute path. */
bool container_find_home(const char *text, size_t length, uint32_t uid, char *home, size_t size);

#endif
