/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"
#include "window.h"

/* Checking a row is dear: about as many formats as there are fields. */
enum { CHECKED_ROWS = 8 };

static struct {
	char path[256];
	int fd;
} tree;

static void remove_below(int dir_fd)
{
	DIR *dir = fdopendir(dir_fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    unlinkat(dir_fd, entry->d_name, 0) == 0)
			continue;

		int fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0)
			remove_below(fd);
		unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
}

static void tree_remove(void)
{
	remove_below(tree.fd);
	rmdir(tree.path);
}

const char *tree_path(void)
{
	const char *above = getenv("TMPDIR");

	if (tree.path[0])
		return tree.path;
	snprintf(tree.path, sizeof(tree.path), "%s/estab-fuzz-XXXXXX", above ? above : "/tmp");
	must(mkdtemp(tree.path));
	tree.fd = open(tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(tree.fd >= 0);
	must(atexit(tree_remove) == 0);
	return tree.path;
}

int tree_fd(void)
{
	tree_path();
	return tree.fd;
}

static void make_way(const char *path)
{
	char part[128];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);

		must(length < sizeof(part));
		memcpy(part, path, length);
		part[length] = '\0';
		must(mkdirat(tree_fd(), part, 0700) == 0 || errno == EEXIST);
	}
}

void tree_write(const char *path, const void *data, size_t size)
{
	enum { FLAGS = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW };
	int fd = openat(tree_fd(), path, FLAGS, 0600);

	if (fd < 0) {
		make_way(path);
		fd = openat(tree_fd(), path, FLAGS, 0600);
	}
	must(fd >= 0);
	must(size == 0 || write(fd, data, size) == (ssize_t)size);
	close(fd);
}

void tree_link(const char *path, const char *target)
{
	unlinkat(tree_fd(), path, 0);
	if (symlinkat(target, tree_fd(), path) == 0)
		return;
	make_way(path);
	must(symlinkat(target, tree_fd(), path) == 0);
}

struct estab_ctx *tree_ctx(const struct estab_ctx_options *options)
{
	struct estab_ctx_options with = { .size = sizeof(with) };
	struct estab_ctx *ctx = NULL;

	if (options)
		with = *options;
	with.proc_root = tree_path();
	must(estab_ctx_new(&with, &ctx) == 0);
	return ctx;
}

static size_t take_snapshot(struct estab_query *query)
{
	struct estab_snapshot *snapshot = NULL;
	size_t count;

	must(estab_snapshot_take(query, &snapshot) == 0);
	count = estab_snapshot_count(snapshot);
	for (size_t i = 0; i < MIN(count, (size_t)CHECKED_ROWS); i++)
		check_socket(estab_snapshot_get(snapshot, i));
	must(!estab_snapshot_get(snapshot, count));
	must(estab_result_count(estab_snapshot_result(snapshot)) == count);
	check_result(estab_snapshot_result(snapshot));
	estab_snapshot_unref(snapshot);
	return count;
}

static size_t run_scan(struct estab_query *query)
{
	const struct estab_socket *sock;
	struct estab_scan *scan = NULL;
	size_t count = 0;
	int r;

	must(estab_scan_open(query, &scan) == 0);
	while ((r = estab_scan_next(scan, &sock)) == 0)
		if (count++ < CHECKED_ROWS)
			check_socket(sock);
	must(r == 1 && estab_scan_next(scan, &sock) == 1);
	must(estab_result_count(estab_scan_result(scan)) == count);
	check_result(estab_scan_result(scan));
	estab_scan_close(scan);
	return count;
}

void tree_ask_all(struct estab_query *query, enum estab_subject subject)
{
	struct estab_field_info info = { .size = sizeof(info) };
	enum estab_field field = ESTAB_F_NONE;

	while ((field = estab_field_next(field)) != ESTAB_F_NONE) {
		must(estab_field_get_info(field, &info) == 0);
		must(estab_query_add_field(query, field) ==
		     (info.subjects & 1u << subject ? 0 : -EINVAL));
	}
}

void tree_check(struct estab_ctx *ctx, uint64_t protos)
{
	struct estab_query *query = NULL;
	size_t scanned;
	size_t kept;

	must(estab_query_new(ctx, &query) == 0);
	must(estab_query_set_protos(query, protos) == 0);
	scanned = run_scan(query);
	tree_ask_all(query, ESTAB_SUBJECT_SOCKETS);
	must(estab_query_add_sort(query, ESTAB_F_LOCAL, 0) == 0);
	must(estab_query_add_sort(query, ESTAB_F_INODE, 1) == 0);
	kept = take_snapshot(query);
	/* What the window remembers is folded by both. */
	must(scanned <= WINDOW_ROWS ? kept == scanned : kept <= scanned);
	estab_query_unref(query);
}

void tree_check_flows(struct estab_ctx *ctx)
{
	struct estab_query *query = NULL;
	size_t scanned;
	size_t kept;

	must(estab_query_new(ctx, &query) == 0);
	must(estab_query_set_subject(query, ESTAB_SUBJECT_FLOWS) == 0);
	scanned = run_scan(query);
	tree_ask_all(query, ESTAB_SUBJECT_FLOWS);
	must(estab_query_add_sort(query, ESTAB_F_ORIG_SRC_ADDR, 0) == 0);
	must(estab_query_add_sort(query, ESTAB_F_TIMEOUT_S, 1) == 0);
	kept = take_snapshot(query);
	must(scanned <= WINDOW_ROWS ? kept == scanned : kept <= scanned);
	estab_query_unref(query);
}
