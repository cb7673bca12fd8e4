/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Files under way: sent over a unix socket (SCM_RIGHTS) and not yet received, they are open, and nobody
 * has a descriptor of them. The fdinfo of the socket that will receive them has their number (since
 * Linux 5.6), not what they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "idset.h"
#include "owner-walk.h"
#include "parse.h"
#include "slurp.h"
#include "util.h"

enum {
	INFO_MAX = 4096,
	INFOS_MAX = 64 * 1024, /* read at most so many: half a second */
};

struct search {
	const struct env *env;
	const struct owner_index *index;
	struct idset seen; /* a socket may have many descriptors */
	uint64_t enough;
	uint64_t count;
	uint32_t infos_left;
	struct numdir processes;
	struct numdir descriptors;
};

static uint64_t read_count(int process_fd, const char *name)
{
	_cleanup_(cleanup_close) int fd = walk_open_fdinfo(process_fd, name);
	static const char key[] = "\nscm_fds:";
	char text[INFO_MAX];
	ssize_t n = fd < 0 ? -1 : slurp_fd(fd, text, sizeof(text));
	const char *at = n < 0 ? NULL : memmem(text, (size_t)n, key, sizeof(key) - 1);
	uint64_t count = 0;

	if (!at)
		return 0;

	struct cursor cursor = { at + sizeof(key) - 1, text + n };

	cursor_blanks(&cursor);
	return cursor_decimal(&cursor, &count) && count <= UINT32_MAX ? count : 0;
}

static bool may_carry(const struct search *search, uint64_t inode)
{
	int64_t slot = owner_index_find(search->index, inode);

	return inode != 0 && (slot < 0 || !(search->index->marks[slot] & SLOT_NO_CARRIER));
}

static int look_at(struct search *search, int process_fd, int fd_dir, const char *name)
{
	char link[WALK_LINK_MAX];
	ssize_t n = readlinkat(fd_dir, name, link, sizeof(link));
	uint64_t inode;
	int r;

	if (n < 0 || walk_read_link(link, (size_t)n, &inode) != LINK_SOCKET ||
	    !may_carry(search, inode))
		return 0;
	r = idset_add(&search->seen, hash64(inode));
	if (r != 0)
		return r < 0 ? r : 0;
	search->infos_left--;
	search->count += read_count(process_fd, name);
	return 0;
}

static bool is_over(const struct search *search)
{
	return search->count >= search->enough || search->infos_left == 0;
}

static int look_into(struct search *search, const char *pid)
{
	_cleanup_(cleanup_close) int process_fd =
		openat(search->env->ctx->proc_fd, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(cleanup_close) int fd_dir =
		process_fd < 0 ? -1 : openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name;
	uint32_t fd;
	int r = 0;

	if (fd_dir < 0)
		return 0;
	numdir_start(&search->descriptors, fd_dir);
	while (r == 0 && !is_over(search) && numdir_next(&search->descriptors, &fd, &name) == 0)
		r = look_at(search, process_fd, fd_dir, name);
	return r;
}

static int look_into_all(struct search *search)
{
	_cleanup_(cleanup_close) int fd =
		openat(search->env->ctx->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name;
	uint32_t pid;
	int r = 0;

	if (fd < 0)
		return 0;
	numdir_start(&search->processes, fd);
	while (r == 0 && !is_over(search) && numdir_next(&search->processes, &pid, &name) == 0) {
		r = env_check(search->env);
		if (r == 0)
			r = look_into(search, name);
	}
	return r;
}

int owner_count_carried(const struct env *env, const struct owner_index *index, uint64_t enough,
			uint64_t *ret_count)
{
	struct search *search = calloc(1, sizeof(*search));
	int r;

	if (!search)
		return -ENOMEM;
	search->env = env;
	search->index = index;
	search->enough = enough;
	search->infos_left = INFOS_MAX;
	r = look_into_all(search);
	if (r == 0)
		*ret_count = search->count;
	idset_free(&search->seen);
	free(search);
	return r;
}
