/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "result.h"

#include <errno.h>
#include <string.h>

#include "util.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The same as of another namespace. */
static struct result_source *find_source(struct estab_result *result, const char *source,
					 const char *table, const char *path, int error)
{
	for (size_t i = 0; result->in_netns && i < result->n_sources; i++) {
		struct result_source *place = &result->sources[i];

		if (place->namespaces == 0 || place->error != error ||
		    !same_text(place->source, source) || !same_text(place->table, table))
			continue;
		if (!same_text(place->path, path)) {
			free(place->path);
			place->path = NULL;
		}
		place->namespaces++;
		return place;
	}
	return NULL;
}

struct result_source *result_add_source(struct estab_result *result, const char *source,
					const char *table, const char *path, int error)
{
	struct result_source *place = find_source(result, source, table, path, error);

	if (place)
		return place;
	/* Far more places than tables exist; a flood would only blur the last one. */
	if (result->n_sources < RESULT_SOURCES_MAX)
		result->n_sources++;
	place = &result->sources[result->n_sources - 1];
	free(place->path);
	*place = (struct result_source){ .source = source, .table = table, .error = error };
	place->namespaces = result->in_netns;
	if (path)
		place->path = strdup(path);
	return place;
}

/* Whether both say the same, whichever namespaces they are of. */
static bool same_loss(const struct result_loss *a, const struct result_loss *b)
{
	return same_text(a->what, b->what) && same_text(a->why, b->why) &&
	       same_text(a->detail, b->detail);
}

static void add_up(struct result_loss *loss, const struct result_loss *other)
{
	loss->count += other->count;
	loss->netns = 0;
	loss->netns_name = NULL;
}

/* Of very many namespaces not each can be told of: but how much was lost, and why. */
static void add_to_others(struct estab_result *result, const struct result_loss *added)
{
	struct result_loss *losses = result->losses;

	for (size_t i = result->n_losses; i-- > 0;) {
		if (same_loss(&losses[i], added)) {
			add_up(&losses[i], added);
			return;
		}
	}
	for (size_t i = result->n_losses; i-- > 0;) {
		for (size_t k = 0; k < i; k++) {
			if (same_loss(&losses[k], &losses[i])) {
				add_up(&losses[k], &losses[i]);
				losses[i] = *added;
				return;
			}
		}
	}
}

void result_add_loss(struct estab_result *result, const char *what, const char *why,
		     const char *detail, uint64_t count)
{
	const struct result_loss added = {
		.what = what,
		.why = why,
		.detail = detail,
		.count = count,
		.netns = result->at_netns,
		.netns_name = result->at_netns_name,
	};

	for (size_t i = 0; i < result->n_losses; i++) {
		struct result_loss *loss = &result->losses[i];

		if (same_loss(loss, &added) && loss->netns == added.netns &&
		    same_text(loss->netns_name, added.netns_name)) {
			loss->count += count;
			return;
		}
	}
	if (result->n_losses == RESULT_LOSSES_MAX)
		add_to_others(result, &added);
	else
		result->losses[result->n_losses++] = added;
}

void result_set_netns(struct estab_result *result, uint64_t inode, const char *name)
{
	result->in_netns = true;
	result->at_netns = inode;
	result->at_netns_name = name;
}

void result_leave_netns(struct estab_result *result)
{
	result->in_netns = false;
	result->at_netns = 0;
	result->at_netns_name = NULL;
}

void result_forget(struct estab_result *result, size_t n_sources, size_t n_losses)
{
	while (result->n_sources > n_sources)
		free(result->sources[--result->n_sources].path);
	memset(&result->sources[n_sources], 0,
	       (RESULT_SOURCES_MAX - n_sources) * sizeof(result->sources[0]));
	result->n_losses = MIN(result->n_losses, n_losses);
}

void result_clear(struct estab_result *result)
{
	for (size_t i = 0; i < result->n_sources; i++)
		free(result->sources[i].path);
	memset(result, 0, RESULT_CLEARED);
}

uint64_t estab_result_count(const struct estab_result *result)
{
	return result->count;
}

int estab_result_is_complete(const struct estab_result *result)
{
	return result->n_losses == 0;
}

int estab_result_is_exact(const struct estab_result *result)
{
	return result->exact;
}

unsigned int estab_result_pass_count(const struct estab_result *result)
{
	return MAX(result->passes, 1u);
}

int estab_result_is_stable(const struct estab_result *result)
{
	return result->exact || (result->passes > 1 && !result->unstable);
}

size_t estab_result_source_count(const struct estab_result *result)
{
	return result->n_sources;
}

size_t estab_result_loss_count(const struct estab_result *result)
{
	return result->n_losses;
}

/* Copies as much of a struct as its caller knows, and leaves its size alone. */
static int copy_sized(void *to, size_t to_size, const void *from, size_t from_size)
{
	size_t head = sizeof(size_t);

	if (to_size <= head)
		return -EINVAL;
	memcpy((char *)to + head, (const char *)from + head, MIN(to_size, from_size) - head);
	return 0;
}

int estab_result_get_source(const struct estab_result *result, size_t index,
			    struct estab_source_info *ret_info)
{
	if (index >= result->n_sources)
		return -ENOENT;

	const struct result_source *source = &result->sources[index];
	struct estab_source_info info = {
		.source = source->source,
		.table = source->table,
		.path = source->path,
		.error = source->error,
		.namespaces = source->namespaces,
		.rows = source->rows,
	};

	return copy_sized(ret_info, ret_info->size, &info, sizeof(info));
}

int estab_result_get_loss(const struct estab_result *result, size_t index,
			  struct estab_loss *ret_loss)
{
	if (index >= result->n_losses)
		return -ENOENT;

	const struct result_loss *loss = &result->losses[index];
	struct estab_loss copy = {
		.what = loss->what,
		.why = loss->why,
		.detail = loss->detail,
		.count = loss->count,
		.netns = loss->netns,
		.netns_name = loss->netns_name,
	};

	return copy_sized(ret_loss, ret_loss->size, &copy, sizeof(copy));
}
