/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What the kernel counts in a namespace of the list. Rows from BPF are compared with that before and
 * after they are read: meanwhile the files stay open, as far as there are descriptors, for in many
 * namespaces it is opening them that takes the time.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "bpf.h"
#include "netns-list.h"
#include "util.h"

enum { AHEAD_MIN = 8 }; /* of fewer, a thread is not worth while */

static void drop_files(struct netns_item *item)
{
	if (item->files_open)
		sockstat_close(item->files);
	item->files_open = false;
}

void netns_list_drop_files(struct netns_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		drop_files(&list->items[i]);
}

/* Half of the descriptors are for others. The lowest that is free is what one gets: its number tells how many
 * there are. */
static bool may_keep(const int files[SOCKSTAT_FILES])
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return false;
	for (size_t i = 0; i < SOCKSTAT_FILES; i++)
		if (files[i] >= 0 && (rlim_t)files[i] >= limit.rlim_cur / 2)
			return false;
	return true;
}

/* Whether that process's tables told, and it is where they were opened. */
static bool count_by_place(const struct env *env, struct netns_item *item,
			   const struct netns_place *place, bool keep,
			   struct sockstat *ret_sockstat)
{
	int files[SOCKSTAT_FILES];
	char path[48];
	bool known;

	netns_place_path(place, "/net", path, sizeof(path));
	sockstat_open_at(env->ctx->proc_fd, path, files);
	known = netns_place_is_there(env->ctx, item, place) &&
		sockstat_read_files(files, ret_sockstat);
	if (known && keep && may_keep(files)) {
		memcpy(item->files, files, sizeof(files));
		item->files_open = true;
	} else {
		sockstat_close(files);
	}
	return known;
}

static bool count_by_process(const struct env *env, struct netns_item *item, bool keep,
			     struct sockstat *ret_sockstat)
{
	bool known = false;

	for (size_t i = 0; !known && !item->own && i < item->n_places; i++)
		known = item->places[i].kind == PLACE_PROCESS &&
			count_by_place(env, item, &item->places[i], keep, ret_sockstat);
	return known;
}

/* Without going there. */
static bool count_outside(const struct env *env, struct netns_item *item, bool keep,
			  struct sockstat *ret_sockstat)
{
	bool known = item->files_open && sockstat_read_files(item->files, ret_sockstat);

	drop_files(item);
	return known || count_by_process(env, item, keep, ret_sockstat);
}

static int count(struct env *env, size_t index, bool keep, struct sockstat *ret_sockstat)
{
	struct netns_item *item = &env->namespaces->items[index];
	int r;

	if (item->counted_ahead) {
		item->counted_ahead = false;
		*ret_sockstat = item->ahead;
		return 0;
	}
	if (count_outside(env, item, keep, ret_sockstat))
		return 0;
	r = netns_list_enter(env, index);
	if (r == 0)
		r = !sockstat_read(env, ret_sockstat);
	return r;
}

int netns_list_count(struct env *env, size_t index, struct sockstat *ret_sockstat)
{
	return count(env, index, false, ret_sockstat);
}

int netns_list_count_first(struct env *env, size_t index)
{
	struct netns_item *item = &env->namespaces->items[index];
	int r = count(env, index, env->bpf.row_protos != 0, &item->tally.before);

	item->tally.counted = r == 0;
	return MIN(r, 0);
}

/* ---- on two threads ---- */

/* Takes one after another, until both have no more to take. */
static void *count_all(void *arg)
{
	struct netns_counting *counting = arg;
	const struct env *env = counting->env;
	struct netns_list *list = env->namespaces;
	size_t i;

	while ((i = atomic_fetch_add(&counting->next, 1)) < list->n && env_check(env) == 0) {
		struct netns_item *item = &list->items[i];

		item->counted_ahead =
			!item->unwanted && count_outside(env, item, !counting->again, &item->ahead);
	}
	return NULL;
}

/* A table of descriptors that threads share grows at the price of waiting for all CPUs (expand_fdtable() in the
 * kernel), at each doubling: so let it grow before, at once. */
static void make_room(const struct env *env)
{
	size_t n = MIN(env->namespaces->n * SOCKSTAT_FILES, (size_t)INT16_MAX);
	struct rlimit limit;
	int fd;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	fd = fcntl(env->ctx->proc_fd, F_DUPFD_CLOEXEC, (int)MIN((rlim_t)n, limit.rlim_cur / 2));
	if (fd >= 0)
		close(fd);
}

static bool is_worth_it(const struct env *env)
{
	return env->plan.all_netns && env->namespaces->n >= AHEAD_MIN && !env->plan.source &&
	       bpf_check(env) == 0;
}

void netns_count_start(struct env *env, bool again, struct netns_counting *counting)
{
	sigset_t all, before;

	counting->env = env;
	counting->again = again;
	counting->started = false;
	atomic_init(&counting->next, 0);
	if (!is_worth_it(env))
		return;
	if (!again)
		make_room(env);
	if (!(env->ctx->flags & ESTAB_CTX_THREADS))
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	counting->started = pthread_create(&counting->thread, NULL, count_all, counting) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void netns_count_end(struct netns_counting *counting)
{
	struct netns_list *list = counting->env->namespaces;
	int state;

	if (!counting->started)
		return;
	/* Whoever cancels us must not leave it behind. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	count_all(counting);
	pthread_join(counting->thread, NULL);
	pthread_setcancelstate(state, NULL);
	for (size_t i = 0; !counting->again && i < list->n; i++) {
		list->items[i].tally.before = list->items[i].ahead;
		list->items[i].tally.counted = list->items[i].counted_ahead;
	}
	/* Nobody will ask again. */
	if (!counting->env->bpf.row_protos)
		netns_list_drop_files(list);
}
