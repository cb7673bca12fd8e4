/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A scan kept: read whole, each socket once, sorted. */
#include <errno.h>
#include <stdlib.h>

#include "head.h"
#include "query.h"
#include "reader.h"
#include "sort.h"
#include "store.h"
#include "util.h"

struct estab_snapshot {
	struct env *env; /* owned reference */
	struct estab_result result;
	struct store store;
	const struct estab_socket **rows;
};

static int snapshot_fill(struct estab_snapshot *snapshot)
{
	struct reader reader;
	size_t count;
	int r = reader_open(&reader, snapshot->env, &snapshot->result);

	if (r == 0)
		r = store_collect(&snapshot->store, &reader, &snapshot->result);
	reader_close(&reader);
	if (r < 0)
		return r;
	count = snapshot->store.count;
	snapshot->result.count = count;
	snapshot->rows = malloc(MAX(count, (size_t)1) * sizeof(const struct estab_socket *));
	if (!snapshot->rows)
		return -ENOMEM;
	return sort_rows(&snapshot->store, &snapshot->env->plan, snapshot->rows);
}

int estab_snapshot_take(struct estab_query *query, struct estab_snapshot **ret_snapshot)
{
	struct estab_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	int r;

	if (!snapshot)
		return -ENOMEM;
	r = env_new(query->ctx, query, &snapshot->env);
	if (r == 0) {
		store_init(&snapshot->store, snapshot->env);
		head_fill(&snapshot->result, snapshot->env);
		r = snapshot_fill(snapshot);
	}
	if (r < 0) {
		estab_snapshot_unref(snapshot);
		return r;
	}
	*ret_snapshot = snapshot;
	return 0;
}

size_t estab_snapshot_count(const struct estab_snapshot *snapshot)
{
	return snapshot->store.count;
}

const struct estab_socket *estab_snapshot_get(const struct estab_snapshot *snapshot, size_t index)
{
	return index < snapshot->store.count ? snapshot->rows[index] : NULL;
}

const struct estab_result *estab_snapshot_result(const struct estab_snapshot *snapshot)
{
	return &snapshot->result;
}

struct estab_snapshot *estab_snapshot_unref(struct estab_snapshot *snapshot)
{
	if (!snapshot)
		return NULL;
	free(snapshot->rows);
	store_free(&snapshot->store);
	result_clear(&snapshot->result);
	env_unref(snapshot->env);
	free(snapshot);
	return NULL;
}
