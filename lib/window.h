/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The identities of the last rows, to fold what a dump says twice: it goes on in the bucket that a
 * chunk's end cut, and what was put in front there meanwhile moves the others behind it.
 */
#ifndef ESTAB_WINDOW_H
#define ESTAB_WINDOW_H

#include <stddef.h>
#include <stdint.h>

/* The last WINDOW_ROWS to 2 * WINDOW_ROWS rows are remembered. */
enum { WINDOW_ROWS = 1024, WINDOW_SLOTS = 4 * WINDOW_ROWS };

/* All zero at first. Most readings are short: what they need grows with them. */
struct window {
	uint64_t *slots[2]; /* open addressing; 0: free. NULL: none yet */
	size_t n_slots;     /* of the current half; the other has WINDOW_SLOTS */
	unsigned int current;
	size_t n_rows; /* in the current half */
};

/* Remembers the identity (never 0). Returns 1 if it was there already, else 0, or -ENOMEM. */
int window_seen(struct window *window, uint64_t identity);
void window_free(struct window *window);

#endif
