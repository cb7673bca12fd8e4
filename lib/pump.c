/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "pump.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	PUMP_CHUNKS = 8,
	PUMP_WAIT_MS = 100, /* how late a cancelled scan or a deadline may be noticed */
};

struct pump {
	pump_fill_fn *fill;
	void *arg;
	pid_t owner;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows, but not of the chunks themselves */
	pthread_cond_t moved;
	size_t n_filled; /* so far, and the chunk of that number is filled next */
	size_t n_taken;
	bool lent; /* the chunk before n_taken is */
	bool stop;
	int end; /* 0 until fill said more */
	struct pump_chunk chunks[PUMP_CHUNKS];
};

/* Waits until there is room: the chunk to be filled, or NULL when nobody wants more. */
static struct pump_chunk *wait_for_room(struct pump *pump)
{
	struct pump_chunk *chunk = NULL;

	pthread_mutex_lock(&pump->lock);
	while (!pump->stop && pump->n_filled - pump->n_taken + pump->lent == PUMP_CHUNKS)
		pthread_cond_wait(&pump->moved, &pump->lock);
	if (!pump->stop)
		chunk = &pump->chunks[pump->n_filled % PUMP_CHUNKS];
	pthread_mutex_unlock(&pump->lock);
	return chunk;
}

static void hand_over(struct pump *pump, int r)
{
	pthread_mutex_lock(&pump->lock);
	pump->n_filled += r >= 0;
	pump->end = r;
	pthread_cond_signal(&pump->moved);
	pthread_mutex_unlock(&pump->lock);
}

static void *run(void *arg)
{
	struct pump *pump = arg;
	struct pump_chunk *chunk;
	int r = 0;

	while (r == 0 && (chunk = wait_for_room(pump))) {
		r = pump->fill(pump->arg, chunk);
		if (r == -EAGAIN)
			r = 0;
		else
			hand_over(pump, r);
	}
	return NULL;
}

int pump_start(pump_fill_fn *fill, void *arg, struct pump **ret_pump)
{
	struct pump *pump = malloc(sizeof(*pump));
	pthread_condattr_t attributes;
	sigset_t all, before;
	int error;

	if (!pump)
		return -ENOMEM;
	pump->fill = fill;
	pump->arg = arg;
	pump->owner = getpid();
	pump->n_filled = pump->n_taken = 0;
	pump->lent = pump->stop = false;
	pump->end = 0;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&pump->lock, NULL);
	pthread_cond_init(&pump->moved, &attributes);
	pthread_condattr_destroy(&attributes);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&pump->thread, NULL, run, pump);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		free(pump);
		return -EAGAIN;
	}
	*ret_pump = pump;
	return 0;
}

static struct timespec in_a_while(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_nsec += PUMP_WAIT_MS * 1000000L;
	if (time.tv_nsec >= 1000000000L) {
		time.tv_nsec -= 1000000000L;
		time.tv_sec++;
	}
	return time;
}

int pump_next(struct pump *pump, const struct pump_chunk **ret_chunk)
{
	struct timespec until = in_a_while();
	int r = 0;

	pthread_mutex_lock(&pump->lock);
	pump->lent = false;
	pthread_cond_signal(&pump->moved);
	while (r == 0 && pump->n_taken == pump->n_filled && pump->end == 0)
		if (pthread_cond_timedwait(&pump->moved, &pump->lock, &until) == ETIMEDOUT)
			r = -EAGAIN;
	if (pump->n_taken < pump->n_filled) {
		*ret_chunk = &pump->chunks[pump->n_taken++ % PUMP_CHUNKS];
		pump->lent = true;
		r = 0;
	} else if (pump->end != 0) {
		r = pump->end;
	}
	pthread_mutex_unlock(&pump->lock);
	return r;
}

struct pump *pump_stop(struct pump *pump)
{
	if (!pump)
		return NULL;
	if (pump->owner == getpid()) {
		pthread_mutex_lock(&pump->lock);
		pump->stop = true;
		pthread_cond_signal(&pump->moved);
		pthread_mutex_unlock(&pump->lock);
		pthread_join(pump->thread, NULL);
		pthread_cond_destroy(&pump->moved);
		pthread_mutex_destroy(&pump->lock);
	}
	free(pump);
	return NULL;
}
