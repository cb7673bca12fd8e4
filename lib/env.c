/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "env.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "flow-sockets.h"
#include "netns-list.h"
#include "query.h"

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The namespace of this thread: what sock_diag and /proc/self/net show. A capture doesn't tell. */
static uint64_t own_netns(const struct estab_ctx *ctx)
{
	struct stat st;

	if (ctx->capture || fstatat(ctx->proc_fd, "thread-self/ns/net", &st, 0) < 0)
		return 0;
	return st.st_ino;
}

int env_new(struct estab_ctx *ctx, const struct estab_query *query, struct env **ret_env)
{
	struct env *env = malloc(sizeof(*env));

	if (!env)
		return -ENOMEM;
	memset(env, 0, offsetof(struct env, plan));
	env->empty = (struct ext){ .env = env };
	env->refs = 1;
	env->ctx = estab_ctx_ref(ctx);
	plan_make(query, &env->plan);
	users_init(&env->users, ctx);
	containers_init(&env->containers, ctx);
	env->own_netns = own_netns(ctx);
	env->netns = env->own_netns;
	if (env->plan.deadline_ms != 0)
		env->deadline_us = monotonic_us() + (uint64_t)env->plan.deadline_ms * 1000;
	if (query->netns) {
		int r = netns_find(ctx, query->netns, &env->target);

		if (r < 0) {
			env_unref(env);
			return r;
		}
		if (env->target.way != NETNS_OWN)
			env->netns = env->target.inode;
	}
	if (env->plan.needs & NEED_FLOW_SOCKET) {
		int r = flow_sockets_new(env, query, &env->sockets);

		if (r < 0) {
			env_unref(env);
			return r;
		}
	}
	*ret_env = env;
	return 0;
}

struct env *env_ref(struct env *env)
{
	env->refs++;
	return env;
}

struct env *env_unref(struct env *env)
{
	if (!env || --env->refs > 0)
		return NULL;
	netns_release(&env->target);
	flow_sockets_free(env->sockets);
	if (env->namespaces)
		netns_list_free(env->namespaces);
	free(env->namespaces);
	users_free(&env->users);
	containers_free(&env->containers);
	cgroup_paths_free(&env->cgroup_paths);
	netdevs_free(&env->netdevs);
	netaddrs_free(&env->netaddrs);
	plan_free(&env->plan);
	estab_ctx_unref(env->ctx);
	free(env);
	return NULL;
}

bool env_wants_namespaces(const struct env *env)
{
	if (env->plan.all_netns || env->plan.needs & NEED_NETNS_NAME)
		return true;
	return env->plan.needs & NEED_NAT && env->ctx->flags & ESTAB_CTX_ENTER_NETNS &&
	       !env->ctx->capture;
}

int env_list_namespaces(struct env *env, struct estab_result *result)
{
	struct netns_list *list;
	int r;

	if (env->namespaces || !env_wants_namespaces(env))
		return 0;
	list = malloc(sizeof(*list));
	if (!list)
		return -ENOMEM;
	r = netns_list_read(env, result, list);
	if (r < 0) {
		netns_list_free(list);
		free(list);
		return r;
	}
	env->namespaces = list;
	/* Of a capture it is known by now which it is. */
	if (env->plan.all_netns)
		netns_list_leave(env);
	return 0;
}

int env_check(const struct env *env)
{
	const struct env *at = env;

	do
		if (atomic_load_explicit(&at->cancelled, memory_order_relaxed))
			return -ECANCELED;
	while ((at = at->outer) != NULL);
	if (env->deadline_us != 0 && monotonic_us() >= env->deadline_us)
		return -ETIME;
	return 0;
}
