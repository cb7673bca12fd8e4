/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What an io_uring holds. A file that is registered with a ring needs no descriptor: it is told of in the
 * fdinfo of the ring only. io_uring/fdinfo.c:
 *
 *	UserFiles:	2
 *	    0: socket:[10879270]
 *	    1: /etc/passwd
 *	UserBufs:	0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lines.h"
#include "owner-walk.h"
#include "parse.h"
#include "util.h"

enum { TRIES = 5, PAUSE_MS = 2 };

int walk_open_fdinfo(int table_fd, const char *name)
{
	char path[sizeof("fdinfo/") + 10];
	size_t length = strlen(name);
	int fd;

	if (length >= sizeof(path) - strlen("fdinfo/"))
		return -ENOENT;
	memcpy(path, "fdinfo/", strlen("fdinfo/"));
	memcpy(path + strlen("fdinfo/"), name, length + 1);
	fd = openat(table_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

static bool begins_list(const struct cursor *text)
{
	static const char head[] = "UserFiles:";
	size_t length = (size_t)(text->end - text->at);

	return length >= sizeof(head) - 1 && memcmp(text->at, head, sizeof(head) - 1) == 0;
}

/* Takes "    0: " off the front. */
static bool take_number(struct cursor *text)
{
	uint64_t number;

	cursor_blanks(text);
	return cursor_decimal(text, &number) && cursor_char(text, ':') && cursor_char(text, ' ');
}

/* Older kernels give a socket's kind ("TCP") in place of the path that has its inode. */
static bool is_opaque(const struct cursor *text)
{
	size_t length = (size_t)(text->end - text->at);

	return !memchr(text->at, '/', length) && !memchr(text->at, ':', length) &&
	       !(length == 6 && memcmp(text->at, "<none>", 6) == 0);
}

/* What one reading gave. */
struct list {
	bool seen;   /* the list was there */
	bool opaque; /* and something in it could not be told */
};

/* Returns 0, or a negative errno; what ends the walk goes to walker->status. */
static int read_list(struct walker *walker, struct subject *subject, int table_fd, int info_fd,
		     struct estab_owner ring, struct list *list)
{
	struct procfs_line line;
	uint64_t inode;
	int r;

	lines_begin(walker->ring_lines);
	while ((r = lines_next(walker->ring_lines, info_fd, walker->walk->env, &line)) !=
	       LINE_END) {
		struct cursor text = line.text;

		if (r < 0)
			return r;
		if (!list->seen) {
			list->seen = r == LINE_READ && begins_list(&text);
			continue;
		}
		/* No socket has so long a path. */
		if (r == LINE_TOO_LONG)
			continue;
		if (!take_number(&text))
			break;
		if (walk_read_link(text.at, (size_t)(text.end - text.at), &inode) == LINK_SOCKET)
			walker->status = walk_hold(walker, subject, table_fd, inode, ring);
		else
			list->opaque |= is_opaque(&text);
		if (walker->status < 0)
			break;
	}
	return 0;
}

/* The kernel leaves the list out while the ring is busy. */
static void pause_for_ring(struct walker *walker)
{
	const struct timespec step = { .tv_nsec = PAUSE_MS * 1000000 };

	if (walker->reader.patience_ms < PAUSE_MS)
		return;
	walker->reader.patience_ms -= PAUSE_MS;
	nanosleep(&step, NULL);
}

int owner_read_ring(struct walker *walker, struct subject *subject, int table_fd, const char *name,
		    struct estab_owner ring)
{
	struct list list = { false, false };

	if (!walker->ring_lines)
		walker->ring_lines = malloc(sizeof(*walker->ring_lines));
	if (!walker->ring_lines) {
		walker->status = -ENOMEM;
		return 0;
	}
	for (int i = 0; i < TRIES && !list.seen; i++) {
		_cleanup_(cleanup_close) int info_fd = walk_open_fdinfo(table_fd, name);
		int r = info_fd;

		if (i > 0 && info_fd >= 0)
			pause_for_ring(walker);
		if (info_fd >= 0)
			r = read_list(walker, subject, table_fd, info_fd, ring, &list);
		if (r >= 0)
			continue;
		walker->status = env_check(walker->walk->env);
		/* Closed meanwhile; but a saved tree may lack it, or may not be read. */
		if (walker->walk->live && (r == -ENOENT || r == -ESRCH))
			return 0;
		break;
	}
	if (walker->status == 0 && (!list.seen || list.opaque)) {
		walker->lost[LOST_RINGS]++;
		walker->view.incomplete = true;
	}
	return 0;
}
