/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "window.h"

#include <string.h>

/* Identities are hashes already: their low bits serve. */
static uint64_t *window_slot(uint64_t slots[WINDOW_SLOTS], uint64_t identity)
{
	size_t i = (size_t)(identity >> 8) % WINDOW_SLOTS;

	while (slots[i] != 0 && slots[i] != identity)
		i = (i + 1) % WINDOW_SLOTS;
	return &slots[i];
}

bool window_seen(struct window *window, uint64_t identity)
{
	uint64_t *slot = window_slot(window->slots[window->current], identity);

	if (*slot == identity ||
	    *window_slot(window->slots[!window->current], identity) == identity)
		return true;
	if (window->n_rows == WINDOW_ROWS) {
		window->current = !window->current;
		memset(window->slots[window->current], 0, sizeof(window->slots[0]));
		window->n_rows = 0;
		slot = window_slot(window->slots[window->current], identity);
	}
	*slot = identity;
	window->n_rows++;
	return false;
}
