/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Waiting until a socket matches, or none does any more. The kernel tells of sockets that end, and
 * of nothing else: so they are looked for again and again, less and less often while nothing ends,
 * and never so often that looking takes more than a part of the time.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "diag.h"
#include "env.h"
#include "nl.h"
#include "query.h"
#include "util.h"

enum {
	FIRST_US = 10 * 1000,
	LAST_US = 500 * 1000,
	/* Where the end of a socket is what is waited for, and the kernel tells of it. */
	LAST_TOLD_US = 2000 * 1000,
	COST_SHARE = 4,         /* looking takes at most one part in five */
	DRAIN_MAX = 1000,       /* messages read at a time */
	BUFFER_BYTES = 1 << 20, /* what does not fit is as good as an event */
	/* Absence that can't be told for so many looks in a row won't be told. */
	UNCERTAIN_MAX = 5,
};

struct estab_waiter {
	struct estab_query *query; /* borrowed */
	bool gone;
	int epoll_fd;
	int timer_fd;
	struct env *env; /* owned reference; of the events */
	struct nl events;
	struct estab_result lost; /* of the same */
	bool told;                /* the kernel tells of sockets that end */
	uint64_t backoff_us;
	uint64_t looked_us; /* when the last look was over */
	uint64_t cost_us;   /* and how long it took */
	unsigned int uncertain;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int watch(const struct estab_waiter *waiter, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(waiter->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int set_timer(const struct estab_waiter *waiter, uint64_t us)
{
	const struct itimerspec when = {
		.it_value = { .tv_sec = (time_t)(us / 1000000),
			      .tv_nsec = (long)(us % 1000000 * 1000 + 1) },
	};

	return timerfd_settime(waiter->timer_fd, 0, &when, NULL) < 0 ? -errno : 0;
}

/* Hears of every TCP and UDP socket's end in the query's namespace; where that is not to be had, looking
 * has to do. */
static void open_events(struct estab_waiter *waiter)
{
	const struct estab_query *query = waiter->query;

	if (query->ctx->capture || env_new(query->ctx, query, &waiter->env) < 0)
		return;
	/* The socket stays there; the namespace need not be held for it. */
	waiter->told = diag_listen(waiter->env, &waiter->lost, UINT64_MAX, UINT32_MAX, BUFFER_BYTES,
				   &waiter->events) == 0;
	netns_release(&waiter->env->target);
}

int estab_waiter_new(struct estab_query *query, uint32_t flags, struct estab_waiter **ret_waiter)
{
	struct estab_waiter *waiter;
	int r;

	if (flags & ~ESTAB_WAIT_GONE)
		return -EINVAL;
	waiter = calloc(1, sizeof(*waiter));
	if (!waiter)
		return -ENOMEM;
	waiter->query = query;
	waiter->gone = flags & ESTAB_WAIT_GONE;
	waiter->backoff_us = FIRST_US;
	waiter->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	waiter->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	r = waiter->epoll_fd < 0 || waiter->timer_fd < 0 ? -errno : 0;
	if (r == 0)
		r = watch(waiter, waiter->timer_fd);
	/* Readable at once: the first look is not to be waited for. */
	if (r == 0)
		r = set_timer(waiter, 0);
	if (r == 0)
		open_events(waiter);
	if (r == 0 && waiter->told)
		r = watch(waiter, nl_fd(&waiter->events));
	if (r < 0) {
		estab_waiter_unref(waiter);
		return r;
	}
	*ret_waiter = waiter;
	return 0;
}

int estab_waiter_fd(const struct estab_waiter *waiter)
{
	return waiter->epoll_fd;
}

/* Whether a socket ended, or what was told of some is lost. */
static bool take_events(struct estab_waiter *waiter)
{
	const struct nlmsghdr *message;
	unsigned int n = 0;
	int r = NL_MORE;
	bool lost;

	while (waiter->told && n < DRAIN_MAX) {
		r = nl_event_next(&waiter->events, &message);
		if (r != NL_MESSAGE)
			break;
		n++;
	}
	/* Nothing is to be had from there any more: it must not stay readable. */
	if (r != NL_MESSAGE && r != NL_MORE) {
		nl_close(&waiter->events);
		waiter->told = false;
	}
	lost = waiter->lost.n_losses > 0;
	result_forget(&waiter->lost, 0, 0);
	return n > 0 || lost;
}

static bool take_timer(const struct estab_waiter *waiter)
{
	uint64_t times;

	return read(waiter->timer_fd, &times, sizeof(times)) == (ssize_t)sizeof(times);
}

/* 1: there is one; 0: there is none; -ENODATA: none was seen, and not everything could be. */
static int look_once(struct estab_query *query)
{
	const struct estab_socket *sock;
	struct estab_scan *scan;
	int r = estab_scan_open(query, &scan);

	if (r < 0)
		return r;
	r = estab_scan_next(scan, &sock);
	if (r == 1)
		r = estab_result_is_complete(estab_scan_result(scan)) ? 0 : -ENODATA;
	else if (r == 0)
		r = 1;
	estab_scan_close(scan);
	return r;
}

/* 1: what was waited for is so; 0: not yet. */
static int look(struct estab_waiter *waiter)
{
	uint64_t began_us = now_us();
	int r = look_once(waiter->query);

	waiter->looked_us = now_us();
	waiter->cost_us = waiter->looked_us - began_us;
	/* Where one is to appear, one that can't be seen is as none. */
	if (r == -ENODATA && (!waiter->gone || ++waiter->uncertain < UNCERTAIN_MAX))
		return 0;
	if (r < 0)
		return r;
	waiter->uncertain = 0;
	return waiter->gone ? r == 0 : r == 1;
}

/* How long until the next look. */
static uint64_t next_delay(struct estab_waiter *waiter, bool event)
{
	uint64_t last_us = waiter->gone && waiter->told ? LAST_TOLD_US : LAST_US;
	uint64_t delay_us;

	/* Where one socket ends others do, and others begin. */
	if (event)
		waiter->backoff_us = FIRST_US;
	delay_us = MAX(waiter->backoff_us, waiter->cost_us * COST_SHARE);
	waiter->backoff_us = MIN(waiter->backoff_us * 2, last_us);
	return delay_us;
}

int estab_waiter_process(struct estab_waiter *waiter)
{
	bool event = take_events(waiter);
	bool due = take_timer(waiter);
	uint64_t rest_us = MAX(FIRST_US, waiter->cost_us * COST_SHARE);
	uint64_t since_us = now_us() - waiter->looked_us;
	int r;

	if (!event && !due)
		return 0;
	if (!due && since_us < rest_us)
		return set_timer(waiter, rest_us - since_us);
	r = look(waiter);
	if (r != 0)
		return r;
	return set_timer(waiter, next_delay(waiter, event));
}

struct estab_waiter *estab_waiter_unref(struct estab_waiter *waiter)
{
	if (!waiter)
		return NULL;
	nl_close(&waiter->events);
	env_unref(waiter->env);
	result_clear(&waiter->lost);
	if (waiter->timer_fd >= 0)
		close(waiter->timer_fd);
	if (waiter->epoll_fd >= 0)
		close(waiter->epoll_fd);
	free(waiter);
	return NULL;
}
