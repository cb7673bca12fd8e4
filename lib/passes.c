/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "passes.h"

#include <errno.h>
#include <stdlib.h>

#include "util.h"

struct passes {
	struct store *store;
	struct row_index *seen;
	struct row row;
	uint8_t *last; /* of each row: the pass that had it last */
	size_t room;
	unsigned int pass; /* from 1 */
	uint64_t n_added;  /* rows that no pass before had */
	uint64_t n_missed; /* that the pass before missed: an earlier one had them, and this one has */
};

static int make_room(struct passes *passes)
{
	size_t room = MAX(passes->room * 2, (size_t)1024);
	uint8_t *last;

	if (passes->store->count < passes->room)
		return 0;
	last = realloc(passes->last, room);
	if (!last)
		return -ENOMEM;
	passes->last = last;
	passes->room = room;
	return 0;
}

static int add_row(struct passes *passes)
{
	uint32_t next = (uint32_t)passes->store->count;
	uint32_t place = next;
	int r = make_room(passes);

	if (r == 0)
		r = row_index_add(passes->seen, record_identity(&passes->row.sock), next, &place);
	if (r == 0) {
		passes->last[next] = (uint8_t)passes->pass;
		passes->n_added++;
		return store_add(passes->store, &passes->row);
	}
	if (r < 0 || passes->last[place] == passes->pass)
		return MIN(r, 0);
	passes->n_missed += passes->last[place] + 1u < passes->pass;
	passes->last[place] = (uint8_t)passes->pass;
	/* What is known of it now is as good as the newest that is asked for. */
	return store_set(passes->store, place, &passes->row);
}

static int read_pass(struct passes *passes, struct reader *reader)
{
	const struct plan *plan = &passes->store->env->plan;
	int r;

	passes->n_added = 0;
	passes->n_missed = 0;
	while ((r = reader_next(reader, &passes->row)) == 0) {
		if (!store_wants(plan, &passes->row.sock))
			continue;
		r = add_row(passes);
		if (r < 0)
			return r;
	}
	return MIN(r, 0);
}

/* Nothing new came, or what came was not there before: the pass before missed nothing that is known. */
static bool is_stable(const struct passes *passes)
{
	return passes->pass > 1 &&
	       (passes->n_added == 0 || (passes->pass > 2 && passes->n_missed == 0));
}

static int read_passes(struct passes *passes, struct reader *reader, struct estab_result *result)
{
	const struct env *env = passes->store->env;
	int r;

	for (passes->pass = 1;; passes->pass++) {
		r = read_pass(passes, reader);
		if (r < 0 || !env->plan.consistent)
			return r;
		result->passes = passes->pass;
		/* All of it may come from elsewhere. */
		result->unstable = reader->any_open && !is_stable(passes);
		if (!result->unstable || passes->pass == PASSES_MAX || env_check(env) == -ETIME)
			return 0;
		r = reader_again(reader);
		if (r < 0)
			return r;
	}
}

int passes_read(struct store *store, struct reader *reader, struct row_index *seen,
		struct estab_result *result)
{
	struct passes passes = { .store = store, .seen = seen };
	int r = ext_builder_init(&passes.row.ext, store->env);

	if (r == 0)
		r = read_passes(&passes, reader, result);
	ext_builder_free(&passes.row.ext);
	free(passes.last);
	return r;
}
