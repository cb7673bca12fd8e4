/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * A reading that runs ahead on a thread of its own, a few buffers at most: while the kernel makes the
 * next part of a dump, the one before becomes rows and text. Worth it only where much is to be read.
 */
#ifndef ESTAB_PUMP_H
#define ESTAB_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PUMP_ROOM = 64 * 1024 };

struct pump_chunk {
	size_t length;
	unsigned int flags; /* what its maker and its taker agree on */
	_Alignas(8) uint8_t data[PUMP_ROOM];
};

/* Fills a chunk: 0; 1: this is the last one; or a negative errno, which is the end too. Must come back
 * every now and then: -EAGAIN, and it is called again. */
typedef int pump_fill_fn(void *arg, struct pump_chunk *chunk);

struct pump;

/* fill runs on the thread alone until pump_stop(). -ENOMEM; -EAGAIN: no thread is to be had. */
int pump_start(pump_fill_fn *fill, void *arg, struct pump **ret_pump);
/* 0: a chunk, lent until the next call; 1: there are no more; -EAGAIN: none came for a while; or what
 * fill said, once all before it is taken. */
int pump_next(struct pump *pump, const struct pump_chunk **ret_chunk);
/* Ends the thread, and waits for it. In a child that was forked off there is none to wait for. */
struct pump *pump_stop(struct pump *pump);

#endif
