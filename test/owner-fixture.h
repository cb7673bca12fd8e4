/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the tests of processes and owners share: trees that look like /proc, and a walk's setting. */
#ifndef ESTAB_OWNER_FIXTURE_H
#define ESTAB_OWNER_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "owner.h"

/* A directory of its own, and its descriptor. */
struct tree {
	char path[64];
	int fd;
};

static inline void tree_make(struct tree *tree)
{
	/* In memory where that is to be had: a disk takes seconds for a crowd. */
	snprintf(tree->path, sizeof(tree->path), "%s", "/dev/shm/estab-test-XXXXXX");
	if (!mkdtemp(tree->path)) {
		snprintf(tree->path, sizeof(tree->path), "%s", "/tmp/estab-test-XXXXXX");
		assert_non_null(mkdtemp(tree->path));
	}
	tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->fd >= 0);
}

static inline void remove_all(int dir_fd)
{
	DIR *dir = fdopendir(dup(dir_fd));
	struct dirent *entry;

	assert_non_null(dir);
	rewinddir(dir);
	while ((entry = readdir(dir))) {
		int fd;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dir_fd, entry->d_name, 0) == 0)
			continue;
		fchmodat(dir_fd, entry->d_name, 0700, 0);
		fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(fd >= 0);
		remove_all(fd);
		close(fd);
		assert_int_equal(unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR), 0);
	}
	closedir(dir);
}

static inline void tree_remove(struct tree *tree)
{
	remove_all(tree->fd);
	close(tree->fd);
	assert_int_equal(rmdir(tree->path), 0);
}

static inline void tree_dir(const struct tree *tree, const char *path)
{
	assert_int_equal(mkdirat(tree->fd, path, 0755), 0);
}

static inline void tree_file(const struct tree *tree, const char *path, const char *data,
			     size_t length)
{
	int fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, length), (ssize_t)length);
	close(fd);
}

static inline void tree_text(const struct tree *tree, const char *path, const char *text)
{
	tree_file(tree, path, text, strlen(text));
}

static inline void tree_link(const struct tree *tree, const char *path, const char *target)
{
	assert_int_equal(symlinkat(target, tree->fd, path), 0);
}

/* Where a walk is done, and what it finds. */
struct setting {
	struct estab_ctx ctx;
	struct estab_result result;
	struct owner_index index;
	struct arena arena;
	const struct owner_list **lists;
	char path[64];
	struct env env; /* its last member has no size */
};

static inline void setting_make(struct setting *setting, int proc_fd, bool capture, uint64_t needs)
{
	memset(setting, 0, sizeof(*setting));
	snprintf(setting->path, sizeof(setting->path), "%s", "/proc of a test");
	setting->ctx.capture = capture;
	setting->ctx.proc_fd = proc_fd;
	setting->ctx.proc_path = setting->path;
	setting->env.ctx = &setting->ctx;
	setting->env.plan.needs = NEED_OWNERS | needs;
	users_init(&setting->env.users, &setting->ctx);
	containers_init(&setting->env.containers, &setting->ctx);
	assert_int_equal(owner_index_init(&setting->index, 4), 0);
}

static inline void setting_free(struct setting *setting)
{
	free(setting->lists);
	owner_index_free(&setting->index);
	arena_free(&setting->arena);
	users_free(&setting->env.users);
	containers_free(&setting->env.containers);
	result_clear(&setting->result);
}

static inline void setting_want(struct setting *setting, uint64_t inode)
{
	assert_int_equal(owner_index_want(&setting->index, inode), 0);
}

static inline int setting_walk(struct setting *setting)
{
	int r = owner_walk(&setting->env, &setting->index, &setting->arena, &setting->result);

	if (owner_index_link(&setting->index, &setting->arena, &setting->lists) < 0)
		abort();
	return r;
}

/* The list of a wanted inode, an empty one when nobody holds it. */
static inline const struct owner_list *owners_of(const struct setting *setting, uint64_t inode)
{
	static const struct owner_list none;
	int64_t slot = owner_index_find(&setting->index, inode);

	if (slot < 0)
		abort();
	return setting->lists[slot] ? setting->lists[slot] : &none;
}

static inline bool owner_is(const struct owner_list *list, uint32_t i, uint32_t pid, uint32_t tid,
			    int32_t fd)
{
	const struct estab_owner *owner = &list->owners[i];

	return i < list->count && owner->process->pid == pid && owner->tid == tid &&
	       owner->fd == fd;
}

/* How often this was lost; -1 when nothing is said of it. */
static inline long lost(const struct estab_result *result, const char *what, const char *why)
{
	for (size_t i = 0; i < result->n_losses; i++)
		if (strcmp(result->losses[i].what, what) == 0 &&
		    strcmp(result->losses[i].why, why) == 0)
			return (long)result->losses[i].count;
	return -1;
}

static inline uint64_t inode_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		abort();
	return st.st_ino;
}

/* Runs fn in a child, where it may change what it is. fn says whether all was well. */
static inline bool in_child(bool (*fn)(void *), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return false;
	if (pid == 0)
		_exit(fn(arg) ? 0 : 1);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* For children, who can't use cmocka's assertions. */
#define check(condition)                                                                \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			return false;                                                   \
		}                                                                       \
	} while (0)

#define skip_because(reason)                         \
	do {                                         \
		print_message("skip: %s\n", reason); \
		skip();                              \
	} while (0)

#endif
