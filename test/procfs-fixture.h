/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the tests of the procfs source share: readings of /proc, and of trees that look like it. */
#ifndef ESTAB_PROCFS_FIXTURE_H
#define ESTAB_PROCFS_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "source.h"
#include "util.h"

enum {
	BOTH = BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6),
	V4 = BIT32(ESTAB_FAMILY_INET),
	V6 = BIT32(ESTAB_FAMILY_INET6),
	ROWS_MAX = 4096,
	NAME_MAX_SIZE = 108,
};

struct kept {
	struct estab_socket sock;
	uint32_t drops;
	bool has_drops;
	bool has_path;
	bool abstract;
	size_t path_length;
	char path[NAME_MAX_SIZE];
};

/* One reading of one table. */
struct reading {
	struct estab_ctx ctx;
	struct env *env;
	struct estab_result result;
	struct source_job job;
	char directory[32]; /* with what test_write() made; "": none */
	int error;
	size_t n_rows;
	struct kept rows[ROWS_MAX];
};

static inline struct reading *reading_on(const char *proc_path, const char *net_dir)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	assert_non_null(reading);
	reading->ctx.proc_path = strdup(proc_path);
	snprintf(reading->ctx.net_dir, sizeof(reading->ctx.net_dir), "%s", net_dir);
	reading->ctx.proc_fd = open(proc_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(reading->ctx.proc_fd >= 0);
	reading->env = calloc(1, sizeof(*reading->env));
	assert_non_null(reading->env);
	reading->env->ctx = &reading->ctx;
	reading->env->plan.needs = NEED_UNIX_NAME | NEED_MEM;
	reading->job = (struct source_job){ ESTAB_PROTO_TCP, "tcp", BOTH, ESTAB_STATES_ALL };
	return reading;
}

/* On an empty capture, to be filled by write_table(). */
static inline struct reading *reading_on_new(void)
{
	char directory[] = "/tmp/test-source-procfs-XXXXXX";
	struct reading *reading;

	assert_non_null(mkdtemp(directory));
	reading = reading_on(directory, "net");
	snprintf(reading->directory, sizeof(reading->directory), "%s", directory);
	assert_int_equal(mkdirat(reading->ctx.proc_fd, "net", 0700), 0);
	return reading;
}

static inline void write_bytes(struct reading *reading, const char *table, const void *bytes,
			       size_t length)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "net/%s", table);
	fd = openat(reading->ctx.proc_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

static inline void write_table(struct reading *reading, const char *table, const char *text)
{
	write_bytes(reading, table, text, strlen(text));
}

static inline void keep_row(struct kept *kept, const struct row *row)
{
	const struct ext *ext = row->sock.ext;
	const void *path;

	kept->sock = row->sock;
	kept->has_drops = ext_read(ext, EXT_DROPS, &kept->drops, sizeof(kept->drops));
	kept->abstract = ext_has(ext, EXT_ABSTRACT);
	path = ext_get(ext, EXT_PATH, &kept->path_length);
	kept->has_path = path != NULL;
	if (path) {
		assert_true(kept->path_length <= sizeof(kept->path));
		memcpy(kept->path, path, kept->path_length);
	}
}

/* Reads the whole table; returns what open() did, and keeps what the last next() did. */
static inline int run(struct reading *reading)
{
	struct source_cursor *cursor = NULL;
	struct row row;
	int r;

	result_clear(&reading->result);
	reading->n_rows = 0;
	r = source_procfs.open(reading->env, &reading->job, &reading->result, &cursor);
	if (r < 0) {
		assert_null(cursor);
		return r;
	}
	assert_int_equal(ext_builder_init(&row.ext, reading->env), 0);
	while ((r = source_procfs.next(cursor, &row)) == 0) {
		assert_true(reading->n_rows < ROWS_MAX);
		keep_row(&reading->rows[reading->n_rows++], &row);
	}
	reading->error = r;
	if (r == 1)
		assert_int_equal(source_procfs.next(cursor, &row), 1);
	assert_null(source_procfs.close(cursor));
	ext_builder_free(&row.ext);
	return 0;
}

static inline struct reading *reading_end(struct reading *reading)
{
	static const char *const tables[] = { "tcp", "tcp6", "udp", "udp6", "raw", "unix" };
	char path[64];

	if (reading->directory[0]) {
		for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
			snprintf(path, sizeof(path), "net/%s", tables[i]);
			if (unlinkat(reading->ctx.proc_fd, path, 0) < 0)
				unlinkat(reading->ctx.proc_fd, path, AT_REMOVEDIR);
		}
		unlinkat(reading->ctx.proc_fd, "net", AT_REMOVEDIR);
		rmdir(reading->directory);
	}
	close(reading->ctx.proc_fd);
	free(reading->ctx.proc_path);
	result_clear(&reading->result);
	free(reading->env);
	free(reading);
	return NULL;
}

static inline uint64_t lost(const struct reading *reading, const char *what, const char *why,
			    const char *detail)
{
	for (size_t i = 0; i < reading->result.n_losses; i++) {
		const struct result_loss *loss = &reading->result.losses[i];

		if (strcmp(loss->what, what) == 0 && strcmp(loss->why, why) == 0 &&
		    strcmp(loss->detail, detail) == 0)
			return loss->count;
	}
	return 0;
}

#endif
