/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The lines of a file, in order. It never seeks: the kernel would walk a table from its start again. */
#ifndef ESTAB_LINES_H
#define ESTAB_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "env.h"
#include "procfs.h"

enum {
	LINES_ROOM = 64 * 1024, /* newline included: what is longer is no line of the kernel's */
};

struct lines {
	size_t start;   /* of the next line */
	size_t scanned; /* no newline before it */
	size_t end;
	bool eof;
	bool skipping; /* in a line that is too long */
	char buffer[LINES_ROOM];
};

/* What lines_next() gives, besides a negative errno. */
enum { LINE_READ, LINE_END, LINE_TOO_LONG };

/* To be called before the first line of each file. */
void lines_begin(struct lines *lines);
/* LINE_…, or a negative errno. The line lives until the next call. */
int lines_next(struct lines *lines, int fd, const struct env *env, struct procfs_line *ret_line);

/* Counts the sockets of the protocols whose name begins so, in /proc/net/protocols: net/core/sock.c,
 * proto_seq_show(). -EBADMSG: it is no such file. */
int procfs_count_sockets(const struct env *env, int fd, const char *name, uint64_t *ret_sockets);

#endif
