/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Network namespaces of processes and threads. */
#include "netns-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "owner-walk.h"
#include "parse.h"
#include "process.h"
#include "util.h"

enum { LINK_ROOM = 40 };

int netns_parse_link(const char *link, size_t length, const char *type, uint64_t *ret_inode)
{
	size_t prefix = strlen(type);
	struct cursor cursor = { link + prefix, link + length };
	uint64_t inode;

	if (length <= prefix || memcmp(link, type, prefix) != 0 || !cursor_char(&cursor, ':') ||
	    !cursor_char(&cursor, '[') || !cursor_decimal(&cursor, &inode) ||
	    !cursor_char(&cursor, ']') || cursor.at != cursor.end || inode == 0)
		return -EBADMSG;
	*ret_inode = inode;
	return 0;
}

int netns_read_link(int dir_fd, const char *path, const char *type, uint64_t *ret_inode)
{
	char link[LINK_ROOM];
	ssize_t n = readlinkat(dir_fd, path, link, sizeof(link));

	return n < 0 ? -errno : netns_parse_link(link, (size_t)n, type, ret_inode);
}

void netns_note_error(struct netns_walk *walk, int error)
{
	walk->unopened += error == -EMFILE || error == -ENFILE;
}

uint64_t netns_file_number(int dir_fd, const char *path)
{
	struct stat st;

	return fstatat(dir_fd, path, &st, 0) < 0 ? 0 : st.st_ino;
}

static uint64_t tables_of(const struct netns_walk *walk, int dir_fd)
{
	return walk->tables ? netns_file_number(dir_fd, "net/dev") : 0;
}

/* One whose namespace is not ours to know may still show its tables, and they have a number. */
static int note_shut(struct netns_walk *walk, int dir_fd, const struct netns_place *place)
{
	uint64_t tables = tables_of(walk, dir_fd);
	size_t index;
	int r;

	walk->shut += place->tid == 0 && process_may_hold(dir_fd);
	if (tables == 0)
		return 0;
	r = netns_list_add_tables(walk->list, 0, tables, place, &index);
	return r < 0 ? r
		     : netns_name_by_process(walk, index, dir_fd,
					     place->tid != 0 ? place->tid : place->pid);
}

/* dir_fd is the directory of the process or of its thread. */
static int note_task(struct netns_walk *walk, int dir_fd, const struct netns_place *place)
{
	uint64_t inode = 0;
	size_t index;
	int r = netns_read_link(dir_fd, "ns/net", "net", &inode);

	if (r == -EACCES || r == -EPERM)
		return note_shut(walk, dir_fd, place);
	/* It ended; or a copy lacks it. */
	if (r < 0)
		return 0;
	if (place->tid == 0)
		walk->netns = inode;
	index = netns_list_find(walk->list, inode);
	if (index == NETNS_NONE)
		r = netns_list_add_tables(walk->list, inode, tables_of(walk, dir_fd), place,
					  &index);
	else
		r = netns_list_add(walk->list, inode, place, NULL);
	return r < 0 ? r
		     : netns_name_by_process(walk, index, dir_fd,
					     place->tid != 0 ? place->tid : place->pid);
}

static int walk_threads(struct netns_walk *walk, int dir_fd, uint32_t pid)
{
	_cleanup_(cleanup_close) int task_fd = -1;
	const char *name;
	struct stat st;
	uint32_t tid;
	int r = 0;

	if (fstatat(dir_fd, "task", &st, 0) < 0)
		return 0;
	/* In a procfs the links of "task" are two and one a thread. */
	if (walk->live && st.st_nlink <= 3)
		return 0;
	task_fd = openat(dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (task_fd < 0) {
		netns_note_error(walk, -errno);
		return 0;
	}
	numdir_start(&walk->threads, task_fd);
	while (r == 0 && numdir_next(&walk->threads, &tid, &name) == 0) {
		const struct netns_place place = { .kind = PLACE_PROCESS, .pid = pid, .tid = tid };
		_cleanup_(cleanup_close) int thread_fd = -1;

		if (tid == pid)
			continue;
		thread_fd = openat(task_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (thread_fd >= 0)
			r = note_task(walk, thread_fd, &place);
		else
			netns_note_error(walk, -errno);
		if (r == 0)
			r = env_check(walk->env);
	}
	return r;
}

static int walk_process(struct netns_walk *walk, const char *name, uint32_t pid)
{
	const struct netns_place place = { .kind = PLACE_PROCESS, .pid = pid };
	_cleanup_(cleanup_close) int dir_fd =
		openat(walk->env->ctx->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir_fd < 0) {
		walk->shut += errno == EACCES || errno == EPERM;
		netns_note_error(walk, -errno);
		return 0;
	}
	walk->mnt = 0;
	walk->netns = 0;
	netns_read_link(dir_fd, "ns/mnt", "mnt", &walk->mnt);
	r = note_task(walk, dir_fd, &place);
	if (r == 0)
		r = walk_threads(walk, dir_fd, pid);
	if (r == 0)
		r = netns_walk_mounts(walk, dir_fd, pid);
	if (r == 0 && walk->fds)
		r = netns_walk_fds(walk, dir_fd, pid);
	return r;
}

int netns_walk_processes(struct netns_walk *walk)
{
	const struct estab_ctx *ctx = walk->env->ctx;
	_cleanup_(cleanup_close) int fd =
		openat(ctx->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name;
	uint32_t pid;
	int error = fd < 0 ? -errno : 0;
	int r = 0;

	if (fd >= 0)
		numdir_start(&walk->processes, fd);
	while (fd >= 0 && r == 0 && numdir_next(&walk->processes, &pid, &name) == 0) {
		uint64_t unopened = walk->unopened;

		r = walk_process(walk, name, pid);
		walk->unopened = MIN(walk->unopened, unopened + 1);
		if (r == 0)
			r = env_check(walk->env);
	}
	result_add_source(walk->result, "procfs", "netns", ctx->proc_path, error)->rows =
		walk->list->n;
	netns_note_error(walk, error);
	if (walk->unopened > 0)
		result_add_loss(walk->result, "namespaces", "descriptors", "processes",
				walk->unopened);
	/* What only they hold can't be known of. */
	if (walk->shut > 0)
		result_add_loss(walk->result, "namespaces", "permission", "processes", walk->shut);
	if (walk->unasked > 0)
		result_add_loss(walk->result, "namespaces", "permission", "sockets", walk->unasked);
	if (walk->unknown > 0)
		result_add_loss(walk->result, "namespaces", "permission", NULL, walk->unknown);
	if (walk->live && procfs_hides(ctx->proc_fd))
		result_add_loss(walk->result, "namespaces", "hidepid", NULL, 0);
	return r;
}
