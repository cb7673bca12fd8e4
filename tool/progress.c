/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"

/* Between the thread that shows the line and the signal handler that takes it away for good. */
static atomic_bool shown;
static atomic_bool showing;
static atomic_bool ended;

static void show(unsigned int seconds)
{
	struct buf line;

	buf_init(&line, STDERR_FILENO);
	buf_str(&line, "\restab: reading sockets, ");
	buf_u64(&line, seconds);
	buf_str(&line, " s\033[K");
	showing = true;
	if (!ended) {
		shown = true;
		buf_flush(&line);
	}
	showing = false;
	buf_free(&line);
}

static void erase(void)
{
	static const char text[] = "\r\033[K";

	if (shown && write(STDERR_FILENO, text, sizeof(text) - 1) >= 0)
		shown = false;
}

void progress_end(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	ended = true;
	/* The line may be on its way; a stopped terminal must not hold us up, though. */
	for (int i = 0; i < 100 && showing; i++)
		nanosleep(&moment, NULL);
	erase();
}

static void *run(void *arg)
{
	struct progress *progress = arg;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	pthread_mutex_lock(&progress->lock);
	for (unsigned int seconds = 1; !progress->stop; seconds++) {
		int error = 0;

		until.tv_sec++;
		while (!progress->stop && error == 0)
			error = pthread_cond_timedwait(&progress->wake, &progress->lock, &until);
		if (!progress->stop && error == ETIMEDOUT)
			show(seconds);
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

void progress_start(struct progress *progress, bool wanted)
{
	pthread_condattr_t monotonic;
	sigset_t all, before;

	*progress = (struct progress){ .running = false };
	if (!wanted)
		return;
	pthread_mutex_init(&progress->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&progress->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	/* Signals are for the thread that knows what to tidy up. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	progress->running = pthread_create(&progress->thread, NULL, run, progress) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!progress->running) {
		pthread_cond_destroy(&progress->wake);
		pthread_mutex_destroy(&progress->lock);
	}
}

void progress_stop(struct progress *progress)
{
	if (!progress->running)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->stop = true;
	pthread_cond_signal(&progress->wake);
	pthread_mutex_unlock(&progress->lock);
	pthread_join(progress->thread, NULL);
	pthread_cond_destroy(&progress->wake);
	pthread_mutex_destroy(&progress->lock);
	progress->running = false;
	erase();
}
