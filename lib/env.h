/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What the rows of one result share: the plan they were read by, and the names that many of them
 * lend. Counted, so that a copied socket keeps it.
 */
#ifndef ESTAB_ENV_H
#define ESTAB_ENV_H

#include <stdatomic.h>
#include <stdint.h>

#include "cgroup-path.h"
#include "container.h"
#include "ctx.h"
#include "netaddr.h"
#include "netdev.h"
#include "netns.h"
#include "plan.h"
#include "process.h"
#include "record.h"
#include "result.h"
#include "users.h"

struct bpf_reader;
struct diag_ones;
struct flow_sockets;
struct netns_list;

/* What BPF does for one result (bpf.h). All zero: nothing. */
struct bpf_use {
	struct bpf_reader *files; /* NULL: it is not used, or not yet */
	bool later;               /* it is to be, if rows are left when others have read them */
	uint64_t row_protos;      /* whose rows come from it; owners come in any case */
};

struct env {
	unsigned int refs;
	struct estab_ctx *ctx; /* owned reference */
	struct users users;
	struct containers containers;
	struct process_clock clock;
	struct cgroup_paths cgroup_paths;
	struct netdevs netdevs;
	struct netaddrs netaddrs; /* where a join or the filter asks */
	struct netns target;      /* the namespace that is read; held while it is */
	uint64_t netns;           /* its inode; 0: unknown */
	uint64_t own_netns;       /* the caller's; 0: unknown */
	/* All there are, where they are to be read or named; else NULL. Lends their names. */
	struct netns_list *namespaces;
	struct diag_ones *ones; /* sockets to be asked for one by one; NULL: dumps are made */
	size_t netns_at;        /* which of them is read, where all are */
	uint64_t deadline_us;   /* CLOCK_MONOTONIC; 0: none */
	atomic_bool cancelled;
	struct flow_sockets *sockets; /* NULL: flows are asked for none. Lends owners to rows. */
	const struct env *outer; /* of whose sockets they are: cancels this one, too; or NULL */
	struct bpf_use bpf;
	struct plan plan; /* plan_make() clears what must be */
	struct ext empty; /* what a row without extensions points at */
};

/* Errors: those of netns_find(), and -ENOMEM. */
int env_new(struct estab_ctx *ctx, const struct estab_query *query, struct env **ret_env);
struct env *env_ref(struct env *env);
struct env *env_unref(struct env *env);
/* Whether the plan asks for a list of namespaces: to read all, to name some, or since any may translate. */
bool env_wants_namespaces(const struct env *env);
/* Makes the list of namespaces, if the plan asks for it. -ENOMEM, or as env_check(). */
int env_list_namespaces(struct env *env, struct estab_result *result);
/* 0, or -ECANCELED when the scan was cancelled, -ETIME past the deadline. For every loop that may
 * take long. */
int env_check(const struct env *env);

#endif
