/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "bpf.h"
#include "field.h"
#include "json.h"
#include "numdir.h"
#include "owner-walk.h"
#include "query.h"
#include "reader.h"
#include "util.h"

/* Opens what the source has of one family, and closes it at once. */
static void try_table(struct estab_probe *probe, struct env *env, const struct source *source,
		      const struct source_job *job, unsigned int family,
		      struct estab_result *scratch)
{
	struct probe_table *table = &probe->tables[probe->n_tables];
	struct source_cursor *cursor;

	if (probe->n_tables == PROBE_TABLES_MAX)
		return;
	*table = (struct probe_table){
		.table = job->table,
		.family = word_family(family),
		.source = source->name,
		.error = source->open(env, job, scratch, &cursor),
	};
	if (table->error == 0)
		source->close(cursor);
	/* The source notes in the result what it tried, the last thing last. */
	if (scratch->n_sources > 0 && scratch->sources[scratch->n_sources - 1].path)
		table->path = strdup(scratch->sources[scratch->n_sources - 1].path);
	result_clear(scratch);
	probe->n_tables++;
}

static int try_tables(struct estab_probe *probe, struct env *env)
{
	struct estab_result *scratch = calloc(1, sizeof(*scratch));
	struct source_job whole;

	if (!scratch)
		return -ENOMEM;
	for (size_t i = 0; reader_table(i, &whole); i++) {
		for (unsigned int family = 0; family < 32; family++) {
			struct source_job job = whole;
			const struct source *source;

			job.families &= BIT32(family);
			for (size_t s = 0; job.families && (source = reader_source(i, s)); s++)
				try_table(probe, env, source, &job, family, scratch);
		}
	}
	free(scratch);
	return 0;
}

static void note_owners(struct estab_probe *probe, const char *source, const char *path, int error)
{
	struct probe_table *table = &probe->tables[probe->n_tables];

	if (probe->n_tables == PROBE_TABLES_MAX)
		return;
	*table = (struct probe_table){
		.table = "owners",
		.family = "all",
		.source = source,
		.path = path ? strdup(path) : NULL,
		.error = error,
	};
	probe->n_tables++;
}

/* Loads what would find owners by BPF, insisting on it, and gives it up. */
static int try_bpf(struct estab_probe *probe, const struct estab_query *query)
{
	struct estab_result *scratch = calloc(1, sizeof(*scratch));
	struct env *env;
	int r = scratch ? env_new(query->ctx, query, &env) : -ENOMEM;

	if (r < 0) {
		free(scratch);
		return r;
	}
	env->plan.only_bpf = true;
	env->plan.needs |= NEED_OWNERS;
	r = bpf_begin(env, scratch);
	bpf_end(env);
	env_unref(env);
	result_clear(scratch);
	free(scratch);
	if (r == -ENOMEM)
		return r;
	note_owners(probe, "bpf", NULL, r);
	return 0;
}

/* Whether the process's descriptors can be read: 1 or 0; -1: it has ended, or has none. */
static int may_read(int proc_fd, const char *name, struct numdir *descriptors)
{
	_cleanup_(cleanup_close) int dir_fd =
		openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(cleanup_close) int fd_dir = -1;
	const char *descriptor;
	char link[8];
	uint32_t number;
	int error = 0;

	if (dir_fd < 0)
		return errno == EACCES || errno == EPERM ? 0 : -1;
	fd_dir = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd_dir < 0) {
		error = errno;
	} else {
		numdir_start(descriptors, fd_dir);
		if (numdir_next(descriptors, &number, &descriptor) == 0 &&
		    readlinkat(fd_dir, descriptor, link, sizeof(link)) < 0)
			error = errno;
	}
	if (error == ENOENT || error == ESRCH || !process_may_hold(dir_fd))
		return -1;
	return error != EACCES && error != EPERM;
}

static int try_processes(struct estab_probe *probe, const struct env *env,
			 struct probe_processes *processes)
{
	_cleanup_(cleanup_free) struct numdir *dirs = calloc(2, sizeof(*dirs));
	_cleanup_(cleanup_close) int fd =
		openat(env->ctx->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name;
	uint32_t pid;
	int r;

	if (!dirs)
		return -ENOMEM;
	note_owners(probe, "procfd", env->ctx->proc_path, fd < 0 ? -errno : 0);
	if (fd < 0)
		return 0;
	numdir_start(&dirs[0], fd);
	while ((r = numdir_next(&dirs[0], &pid, &name)) == 0) {
		int readable = may_read(fd, name, &dirs[1]);

		processes->readable += readable == 1;
		processes->unreadable += readable == 0;
	}
	processes->known = r == 1;
	processes->hidden = procfs_hides(fd);
	return 0;
}

int estab_probe_run(const struct estab_query *query, struct estab_probe **ret_probe)
{
	struct probe_processes processes = { 0 };
	struct estab_probe *probe = calloc(1, sizeof(*probe));
	struct env *env;
	int r;

	if (!probe)
		return -ENOMEM;
	r = env_new(query->ctx, query, &env);
	if (r == 0) {
		r = try_tables(probe, env);
		if (r == 0)
			r = try_processes(probe, env, &processes);
		if (r == 0)
			r = try_bpf(probe, query);
		if (r == 0)
			facts_fill(probe, env, &processes);
		env_unref(env);
	}
	if (r < 0) {
		estab_probe_unref(probe);
		return r;
	}
	*ret_probe = probe;
	return 0;
}

struct estab_probe *estab_probe_unref(struct estab_probe *probe)
{
	if (!probe)
		return NULL;
	for (size_t i = 0; i < probe->n_tables; i++)
		free(probe->tables[i].path);
	free(probe);
	return NULL;
}

size_t estab_probe_table_count(const struct estab_probe *probe)
{
	return probe->n_tables;
}

int estab_probe_get_table(const struct estab_probe *probe, size_t index,
			  struct estab_probe_table *ret_table)
{
	size_t size = ret_table->size;

	if (index >= probe->n_tables)
		return -ENOENT;
	if (size <= sizeof(size))
		return -EINVAL;

	const struct probe_table *found = &probe->tables[index];
	struct estab_probe_table table = {
		.size = size,
		.table = found->table,
		.family = found->family,
		.source = found->source,
		.path = found->path,
		.error = found->error,
	};

	memcpy(ret_table, &table, MIN(size, sizeof(table)));
	return 0;
}

size_t estab_probe_fact_count(const struct estab_probe *probe)
{
	return probe->n_facts;
}

int estab_probe_get_fact(const struct estab_probe *probe, size_t index, struct estab_fact *ret_fact)
{
	size_t size = ret_fact->size;

	if (index >= probe->n_facts)
		return -ENOENT;
	if (size <= sizeof(size))
		return -EINVAL;

	const struct fact *found = &probe->facts[index];
	struct estab_fact fact = {
		.size = size,
		.name = found->name,
		.kind = found->kind,
		.known = found->known,
		.number = found->number,
		.text = found->kind == ESTAB_KIND_STR ? found->text : NULL,
		.help = found->help,
	};

	memcpy(ret_fact, &fact, MIN(size, sizeof(fact)));
	return 0;
}

static void write_fact(struct json *json, const struct fact *fact, const char *key)
{
	if (!fact->known)
		json_write_null(json, key);
	else if (fact->kind == ESTAB_KIND_STR)
		json_write_str(json, key, fact->text);
	else if (fact->kind == ESTAB_KIND_BOOL)
		json_write_bool(json, key, fact->number != 0);
	else
		json_write_u64(json, key, fact->number);
}

static void write_facts(struct json *json, const struct estab_probe *probe)
{
	char open[32] = "";

	json_write_open(json, "facts", '{');
	for (size_t i = 0; i < probe->n_facts; i++) {
		const struct fact *fact = &probe->facts[i];
		const char *dot = strchr(fact->name, '.');
		size_t length = (size_t)(dot - fact->name);

		if (strncmp(open, fact->name, length) != 0 || open[length] != '\0') {
			if (open[0] != '\0')
				json_write_close(json, '}');
			memcpy(open, fact->name, length);
			open[length] = '\0';
			json_write_open(json, open, '{');
		}
		write_fact(json, fact, dot + 1);
	}
	if (open[0] != '\0')
		json_write_close(json, '}');
	json_write_close(json, '}');
}

int estab_probe_write_json(const struct estab_probe *probe, estab_write_fn *fn, void *arg)
{
	struct json json;

	json_write_init(&json, fn, arg);
	write_facts(&json, probe);
	json_write_open(&json, "tables", '[');
	for (size_t i = 0; i < probe->n_tables; i++) {
		const struct probe_table *table = &probe->tables[i];

		json_write_open(&json, NULL, '{');
		json_write_str(&json, "table", table->table);
		json_write_str(&json, "family", table->family);
		json_write_str(&json, "source", table->source);
		if (table->path)
			json_write_str(&json, "path", table->path);
		json_write_bool(&json, "served", table->error == 0);
		if (table->error != 0)
			json_write_str(&json, "error", result_error_word(table->error));
		json_write_close(&json, '}');
	}
	json_write_close(&json, ']');
	return json_write_flush(&json);
}
