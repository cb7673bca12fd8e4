/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The identities of the last rows, to fold what a dump says twice: it goes on in the bucket that a
 * chunk's end cut, and what was put in front there meanwhile moves the others behind it.
 */
#ifndef ESTAB_WINDOW_H
#define ESTAB_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The last WINDOW_ROWS to 2 * WINDOW_ROWS rows are remembered. */
enum { WINDOW_ROWS = 1024, WINDOW_SLOTS = 4 * WINDOW_ROWS };

struct window {
	uint64_t slots[2][WINDOW_SLOTS]; /* open addressing; 0: free */
	unsigned int current;
	size_t n_rows; /* in the current half */
};

/* Remembers the identity (never 0). Returns whether it was there already. */
bool window_seen(struct window *window, uint64_t identity);

#endif
