/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A process and those it descends from, as owners of nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "env.h"
#include "json.h"
#include "owner.h"
#include "query.h"
#include "text.h"
#include "util.h"

/* Nobody's are so many; a copy may have a ring of them. */
enum { GENERATIONS_MAX = 64 };

struct estab_lineage {
	struct env *env; /* owned reference */
	struct arena arena;
	size_t n;
	struct process processes[GENERATIONS_MAX];
	struct estab_owner owners[GENERATIONS_MAX];
};

static bool was_before(const struct estab_lineage *lineage, uint32_t pid)
{
	for (size_t i = 0; i < lineage->n; i++)
		if (lineage->processes[i].pid == pid)
			return true;
	return false;
}

/* A parent is older than its child: one that is not has got the number of the parent that ended. */
static bool may_be_parent(const struct estab_lineage *lineage, const struct process_stat *stat,
			  uint64_t child_start)
{
	return lineage->n == 0 || stat->start_ticks <= child_start;
}

/* Adds one; -ESRCH: there is no such process, or not that of which the child was born. */
static int read_one(struct estab_lineage *lineage, struct process_reader *reader, uint32_t pid,
		    struct process_stat *stat)
{
	struct env *env = lineage->env;
	struct process *process = &lineage->processes[lineage->n];
	uint64_t child_start = stat->start_ticks;
	_cleanup_(cleanup_close) int dir_fd = -1;
	char name[20 + 1];
	int r;

	name[text_digits(pid, name)] = '\0';
	dir_fd = openat(env->ctx->proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	r = process_read_stat(dir_fd, stat);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	if (!may_be_parent(lineage, stat, child_start))
		return -ESRCH;
	*process = (struct process){ .pid = pid };
	r = process_read(reader, dir_fd, dir_fd, env->plan.needs | NEED_PPID, process);
	if (r < 0)
		return r;
	process_complete(env, process);
	lineage->owners[lineage->n++] = (struct estab_owner){ .process = process, .fd = -1 };
	return 0;
}

static int read_all(struct estab_lineage *lineage, uint32_t pid)
{
	struct process_reader reader;
	struct process_stat stat = { 0 };
	int r;

	process_reader_init(&reader, &lineage->arena);
	r = read_one(lineage, &reader, pid, &stat);
	/* What is not to be had of its parents ends the line. */
	while (r == 0 && stat.ppid != 0 && lineage->n < GENERATIONS_MAX &&
	       !was_before(lineage, stat.ppid)) {
		r = env_check(lineage->env);
		if (r == 0)
			r = read_one(lineage, &reader, stat.ppid, &stat);
	}
	process_reader_free(&reader);
	return lineage->n > 0 && r != -ENOMEM ? 0 : r;
}

int estab_lineage_read(const struct estab_query *query, uint32_t pid,
		       struct estab_lineage **ret_lineage)
{
	struct estab_lineage *lineage = calloc(1, sizeof(*lineage));
	int r;

	if (!lineage)
		return -ENOMEM;
	r = env_new(query->ctx, query, &lineage->env);
	if (r == 0)
		r = read_all(lineage, pid);
	if (r < 0) {
		estab_lineage_unref(lineage);
		return r;
	}
	*ret_lineage = lineage;
	return 0;
}

size_t estab_lineage_count(const struct estab_lineage *lineage)
{
	return lineage->n;
}

const struct estab_owner *estab_lineage_get(const struct estab_lineage *lineage, size_t index)
{
	return index < lineage->n ? &lineage->owners[index] : NULL;
}

int estab_lineage_write_json(const struct estab_lineage *lineage, size_t index, estab_write_fn *fn,
			     void *arg)
{
	struct json json;

	if (index >= lineage->n)
		return -EINVAL;
	json_write_init(&json, fn, arg);
	json_write_owner(&json, &lineage->env->plan, ESTAB_F_OWNERS, &lineage->owners[index]);
	return json_write_flush(&json);
}

struct estab_lineage *estab_lineage_unref(struct estab_lineage *lineage)
{
	if (!lineage)
		return NULL;
	env_unref(lineage->env);
	arena_free(&lineage->arena);
	free(lineage);
	return NULL;
}
