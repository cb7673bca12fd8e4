/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { SLOTS_MIN = 64 };

static uint64_t hash_key(const char *key, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)key[i]) * UINT64_C(0x100000001b3);
	hash ^= hash >> 32;
	return hash * UINT64_C(0x9e3779b97f4a7c15);
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t *slot_of(const struct groups *groups, uint64_t hash, const char *key, size_t length)
{
	size_t at = (size_t)(hash >> 16) & (groups->n_slots - 1);

	for (;; at = (at + 1) & (groups->n_slots - 1)) {
		uint32_t *slot = &groups->slots[at];
		const struct group *group;

		if (*slot == 0)
			return slot;
		group = &groups->list[*slot - 1];
		if (group->hash == hash && group->length == length &&
		    memcmp(group->key, key, length) == 0)
			return slot;
	}
}

static int grow(struct groups *groups)
{
	size_t n_slots = MAX(groups->n_slots * 2, (size_t)SLOTS_MIN);
	size_t room = n_slots / 2;
	struct group *list = reallocarray(groups->list, room, sizeof(*list));
	uint32_t *slots;

	if (!list)
		return -ENOMEM;
	groups->list = list;
	slots = room < UINT32_MAX ? calloc(n_slots, sizeof(*slots)) : NULL;
	if (!slots)
		return -ENOMEM;
	free(groups->slots);
	groups->slots = slots;
	groups->n_slots = n_slots;
	groups->room = room;
	for (size_t i = 0; i < groups->n; i++)
		*slot_of(groups, list[i].hash, list[i].key, list[i].length) = (uint32_t)i + 1;
	return 0;
}

static int make_group(struct groups *groups, uint64_t hash, const char *key, size_t length,
		      struct group **ret_group)
{
	char *copy;
	struct group *group;

	if (groups->n == groups->room) {
		int error = grow(groups);

		if (error < 0)
			return error;
	}
	copy = malloc(length);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, key, length);
	group = &groups->list[groups->n];
	*group = (struct group){ .hash = hash, .key = copy, .length = length };
	*slot_of(groups, hash, key, length) = (uint32_t)groups->n + 1;
	groups->n++;
	*ret_group = group;
	return 0;
}

int groups_add(struct groups *groups, const char *key, size_t length, uint64_t socket,
	       const uint64_t *values, size_t n_values)
{
	uint64_t hash = hash_key(key, length);
	uint32_t *slot = groups->n_slots > 0 ? slot_of(groups, hash, key, length) : NULL;
	struct group *group;

	if (slot && *slot != 0) {
		group = &groups->list[*slot - 1];
		if (group->socket == socket)
			return 0;
	} else {
		int error = make_group(groups, hash, key, length, &group);

		if (error < 0)
			return error;
	}
	group->socket = socket;
	group->count++;
	for (size_t i = 0; i < n_values; i++)
		group->sums[i] += values[i];
	return 0;
}

static int compare_groups(const void *left, const void *right)
{
	const struct group *a = left;
	const struct group *b = right;
	int order;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	order = memcmp(a->key, b->key, MIN(a->length, b->length));
	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

void groups_sort(struct groups *groups)
{
	free(groups->slots);
	groups->slots = NULL;
	groups->n_slots = 0;
	if (groups->n > 0)
		qsort(groups->list, groups->n, sizeof(*groups->list), compare_groups);
}

void groups_free(struct groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		free(groups->list[i].key);
	free(groups->list);
	free(groups->slots);
	*groups = (struct groups){ 0 };
}
