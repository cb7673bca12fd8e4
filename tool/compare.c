/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct entry {
	uint64_t key;
	struct saved_row *row;
};

struct pair {
	const struct saved_row *before;
	const struct saved_row *after;
};

/* What is worked with, as large as both listings together. */
struct matching {
	bool same_boot;
	struct entry *before;
	struct entry *after;
	struct pair *pairs;
	size_t n_pairs;
};

/* How rows are told apart: the key (0: none), and whether two with the same one are the same. */
struct way {
	uint64_t (*key)(const struct saved_row *row);
	bool (*is_same)(const struct saved_row *before, const struct saved_row *after);
};

static uint64_t cookie_key(const struct saved_row *row)
{
	return row->cookie != 0 ? row->cookie ^ row->proto : 0;
}

static uint64_t inode_key(const struct saved_row *row)
{
	return row->inode != 0 ? row->inode ^ row->proto : 0;
}

static uint64_t ends_key(const struct saved_row *row)
{
	return row->ends;
}

static bool always(const struct saved_row *before, const struct saved_row *after)
{
	(void)before;
	(void)after;
	return true;
}

/* Two cookies would have told. */
static bool without_cookie(const struct saved_row *before, const struct saved_row *after)
{
	return before->cookie == 0 || after->cookie == 0;
}

static bool without_number(const struct saved_row *before, const struct saved_row *after)
{
	return without_cookie(before, after) && (before->inode == 0 || after->inode == 0);
}

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static size_t collect(const struct saved *saved, uint64_t (*key)(const struct saved_row *row),
		      struct entry *entries)
{
	size_t n = 0;

	for (size_t i = 0; i < saved->n_rows; i++) {
		struct saved_row *row = &saved->rows[i];
		uint64_t value = row->matched ? 0 : key(row);

		if (value != 0)
			entries[n++] = (struct entry){ value, row };
	}
	qsort(entries, n, sizeof(*entries), by_key);
	return n;
}

/* Pairs off those that have the same key, each with one at most. */
static void match(struct matching *matching, const struct way *way, const struct saved *before,
		  const struct saved *after)
{
	size_t n_before = collect(before, way->key, matching->before);
	size_t n_after = collect(after, way->key, matching->after);

	for (size_t i = 0, j = 0; i < n_before && j < n_after;) {
		struct entry *old = &matching->before[i];
		struct entry *new = &matching->after[j];

		if (old->key < new->key) {
			i++;
		} else if (old->key > new->key) {
			j++;
		} else {
			i++;
			j++;
			if (!way->is_same(old->row, new->row))
				continue;
			old->row->matched = new->row->matched = true;
			matching->pairs[matching->n_pairs++] = (struct pair){ old->row, new->row };
		}
	}
}

/* ---- what differs ---- */

/* Of an owner after another boot: numbers have changed, whoever it is. */
static json_t *lasting_owner(const json_t *owner)
{
	static const char *const passing[] = { "pid", "tid", "fd", "start_ticks", "cgroup" };
	json_t *copy = json_copy((json_t *)(uintptr_t)owner);

	for (size_t i = 0; copy && i < ARRAY_SIZE(passing); i++)
		json_object_del(copy, passing[i]);
	return copy;
}

static bool same_owner(bool same_boot, const json_t *before, const json_t *after)
{
	json_t *a;
	json_t *b;
	bool same;

	if (same_boot)
		return json_equal(before, after);
	a = lasting_owner(before);
	b = lasting_owner(after);
	same = json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return same;
}

/* Whether each is among the others; they have no order. */
static bool all_among(bool same_boot, const json_t *owners, const json_t *others)
{
	for (size_t i = 0; i < json_array_size(owners); i++) {
		bool found = false;

		for (size_t j = 0; j < json_array_size(others) && !found; j++)
			found = same_owner(same_boot, json_array_get(owners, i),
					   json_array_get(others, j));
		if (!found)
			return false;
	}
	return true;
}

bool compare_differs(const struct comparison *comparison, const char *key, const json_t *before,
		     const json_t *after)
{
	static const char *const passing[] = { "cgroup_id", "local", "peer", "vfs" };
	bool same_boot = comparison->same_boot;

	if (!before || !after || !saved_is_compared(key))
		return false;
	/* What one of the two does not know is no difference. */
	if (json_is_null(before) || json_is_null(after))
		return false;
	if (json_is_array(before) && json_is_array(after))
		return !all_among(same_boot, before, after) || !all_among(same_boot, after, before);
	/* The ends are what it was found by; the inode of a peer is a number. */
	for (size_t i = 0; !same_boot && i < ARRAY_SIZE(passing); i++)
		if (strcmp(key, passing[i]) == 0)
			return false;
	return !json_equal(before, after);
}

static int has_changed(const struct comparison *comparison, const struct pair *pair)
{
	json_t *before;
	json_t *after;
	json_t *value;
	const char *key;
	bool changed = false;

	/* What is the same all over is not read again, nor what differs without a doubt: of a million rows
	 * reading takes most of the time. */
	if (pair->before->keys == pair->after->keys) {
		if (pair->before->values == pair->after->values)
			return 0;
		if (comparison->same_boot && !pair->before->has_null && !pair->after->has_null)
			return 1;
	}
	before = saved_row_load(pair->before);
	after = saved_row_load(pair->after);
	if (before && after)
		json_object_foreach(before, key, value)
			changed |= compare_differs(comparison, key, value,
						   json_object_get(after, key));
	json_decref(before);
	json_decref(after);
	return before && after ? changed : -ENOMEM;
}

static void add(struct comparison *comparison, enum change change, const struct saved_row *before,
		const struct saved_row *after)
{
	comparison->list[comparison->n++] = (struct difference){ change, before, after };
	comparison->counts[change]++;
}

static int by_place(const void *a, const void *b)
{
	const struct pair *x = a;
	const struct pair *y = b;

	return x->after < y->after ? -1 : x->after > y->after;
}

static int list_all(struct comparison *comparison, struct matching *matching,
		    const struct saved *before, const struct saved *after)
{
	for (size_t i = 0; i < before->n_rows; i++)
		if (!before->rows[i].matched)
			add(comparison, CHANGE_CLOSED, &before->rows[i], NULL);
	qsort(matching->pairs, matching->n_pairs, sizeof(*matching->pairs), by_place);
	for (size_t i = 0; i < matching->n_pairs; i++) {
		const struct pair *pair = &matching->pairs[i];
		int r = has_changed(comparison, pair);

		if (r < 0)
			return r;
		if (r > 0)
			add(comparison, CHANGE_CHANGED, pair->before, pair->after);
		else
			comparison->same++;
	}
	for (size_t i = 0; i < after->n_rows; i++)
		if (!after->rows[i].matched)
			add(comparison, CHANGE_OPENED, NULL, &after->rows[i]);
	return 0;
}

static bool same_boot(const struct saved *before, const struct saved *after)
{
	const char *a = json_string_value(json_object_get(before->head, "boot_id"));
	const char *b = json_string_value(json_object_get(after->head, "boot_id"));

	return a && b && strcmp(a, b) == 0;
}

int compare(struct saved *before, struct saved *after, struct comparison *comparison)
{
	static const struct way ways[] = {
		{ cookie_key, always },
		{ inode_key, without_cookie },
		{ ends_key, without_number },
	};
	static const struct way other_boot = { ends_key, always };
	struct matching matching = { 0 };
	int r = -ENOMEM;

	*comparison = (struct comparison){ .same_boot = same_boot(before, after) };
	matching.before = calloc(before->n_rows + 1, sizeof(*matching.before));
	matching.after = calloc(after->n_rows + 1, sizeof(*matching.after));
	matching.pairs = calloc(before->n_rows + 1, sizeof(*matching.pairs));
	comparison->list = calloc(before->n_rows + after->n_rows + 1, sizeof(*comparison->list));
	if (matching.before && matching.after && matching.pairs && comparison->list) {
		if (!comparison->same_boot)
			match(&matching, &other_boot, before, after);
		for (size_t i = 0; comparison->same_boot && i < ARRAY_SIZE(ways); i++)
			match(&matching, &ways[i], before, after);
		r = list_all(comparison, &matching, before, after);
	}
	free(matching.before);
	free(matching.after);
	free(matching.pairs);
	return r;
}

void compare_free(struct comparison *comparison)
{
	free(comparison->list);
	comparison->list = NULL;
}
