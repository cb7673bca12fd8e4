/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The mounts of a process, line by line; mountinfo.c takes those apart. */
#ifndef ESTAB_MOUNTS_H
#define ESTAB_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct mounts {
	FILE *file;
	char *line;
	size_t room;
};

/* Lent until the next call. */
struct mount {
	char *root; /* of the file system, what is mounted */
	char *point;
	char *type;
	bool may_hang; /* its server may keep a reader waiting for good */
};

/* path is that of a mountinfo, relative to the directory. A negative errno. */
int mounts_open(struct mounts *mounts, int dir_fd, const char *path);
/* false: the end. Lines that are of another form are passed over. */
bool mounts_next(struct mounts *mounts, struct mount *ret_mount);
void mounts_close(struct mounts *mounts);

/*
 * Mounts whose server, on a network or a program of some user's, may keep a reader waiting for good; and
 * what is mounted below them. All zero: none.
 */
struct slow_mounts {
	struct slow_mount *list;
	size_t n;
	size_t room;
};

/* -ENOENT: there is no such file; or why it could not be read. */
int slow_mounts_read(struct slow_mounts *mounts, int dir_fd, const char *mountinfo);
/* Whether an absolute path, without links, is on one of them. */
bool slow_mounts_have(const struct slow_mounts *mounts, const char *path);
void slow_mounts_free(struct slow_mounts *mounts);

#endif
