/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A quarter of the slots is used at most. */
enum { SLOTS_A_ROW = WINDOW_SLOTS / WINDOW_ROWS, SLOTS_FIRST = 128 };

/* Identities are hashes already: their low bits serve. n_slots is a power of two. */
static uint64_t *window_slot(uint64_t *slots, size_t n_slots, uint64_t identity)
{
	size_t i = (size_t)(identity >> 8) & (n_slots - 1);

	while (slots[i] != 0 && slots[i] != identity)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

/* Only the first half grows: the second is begun when that is full. */
static int window_grow(struct window *window)
{
	uint64_t *old = window->slots[0];
	size_t n_old = old ? window->n_slots : 0;
	size_t n_slots = n_old > 0 ? 2 * n_old : SLOTS_FIRST;
	uint64_t *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < n_old; i++)
		if (old[i] != 0)
			*window_slot(slots, n_slots, old[i]) = old[i];
	free(old);
	window->slots[0] = slots;
	window->n_slots = n_slots;
	return 0;
}

/* Forgets the older half and goes on in it. */
static int window_turn(struct window *window)
{
	uint64_t **other = &window->slots[!window->current];

	if (*other)
		memset(*other, 0, WINDOW_SLOTS * sizeof(**other));
	else
		*other = calloc(WINDOW_SLOTS, sizeof(**other));
	if (!*other)
		return -ENOMEM;
	window->current = !window->current;
	window->n_rows = 0;
	return 0;
}

int window_seen(struct window *window, uint64_t identity)
{
	uint64_t *other = window->slots[!window->current];
	uint64_t *slot = NULL;
	int r;

	if (window->n_slots > 0) {
		slot = window_slot(window->slots[window->current], window->n_slots, identity);
		if (*slot == identity)
			return 1;
	}
	if (other && *window_slot(other, WINDOW_SLOTS, identity) == identity)
		return 1;
	if (!slot || window->n_rows == window->n_slots / SLOTS_A_ROW) {
		r = window->n_slots < WINDOW_SLOTS ? window_grow(window) : window_turn(window);
		if (r < 0)
			return r;
		slot = window_slot(window->slots[window->current], window->n_slots, identity);
	}
	*slot = identity;
	window->n_rows++;
	return 0;
}

void window_free(struct window *window)
{
	free(window->slots[0]);
	free(window->slots[1]);
	*window = (struct window){ 0 };
}
