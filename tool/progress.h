/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A line on standard error that shows that long work is alive: from the first second on. */
#ifndef ESTAB_TOOL_PROGRESS_H
#define ESTAB_TOOL_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

struct progress {
	bool running;
	bool stop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
};

/* Does nothing unless wanted, or where no thread is to be had. */
void progress_start(struct progress *progress, bool wanted);
/* Ends it, and takes the line away. May be called again. */
void progress_stop(struct progress *progress);
/* The program is about to die: takes the line away, and none comes after it. Async-signal-safe. */
void progress_end(void);

#endif
