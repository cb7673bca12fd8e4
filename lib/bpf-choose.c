/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "caps.h"
#include "filter-push.h"
#include "netns-list.h"
#include "parse.h"
#include "slurp.h"
#include "sockstat.h"
#include "util.h"

/* Not among the headers of every distribution we build on. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

/* The walk of /proc costs some 50 us a process and 5 us a descriptor; a program takes 1.5 to 2.5 ms to
 * load, the first time twice that. Threads of the kernel are cheap, and there are about a hundred of
 * them. */
enum { PROCESSES_MIN = 140, SOCKETS_MIN = 400, NAMESPACES_MIN = 8 };

#define FIRST_PID_NS UINT32_C(0xeffffffc) /* the kernel's PROC_PID_INIT_INO */

#define IP_PROTOS (BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_UDP))

/* What rows of TCP and UDP from BPF can't have, and those of netlink can; the rest is of owners, or of
 * other protocols. */
#define NOT_OF_ROWS                                                                           \
	(NEED_TCP_INFO | NEED_MEM | NEED_CONGESTION | NEED_TOS | NEED_TCLASS | NEED_SOCKOPT | \
	 NEED_ULP | NEED_TIMER | NEED_CONGESTION_INFO)

static bool may_load(void)
{
	return caps_have(CAP_SYS_ADMIN) || (caps_have(CAP_BPF) && caps_have(CAP_PERFMON));
}

int bpf_check(const struct env *env)
{
	const struct estab_ctx *ctx = env->ctx;

	if (!(ctx->flags & ESTAB_CTX_BPF))
		return -EPERM;
	if (ctx->capture || !ctx_has_own_pids(ctx))
		return -EOPNOTSUPP;
	return may_load() ? 0 : -EPERM;
}

static uint32_t wanted_classes(const struct plan *plan)
{
	uint32_t wanted = 0;

	if (plan->protos & BIT64(ESTAB_PROTO_UNIX))
		wanted |= WANT_UNIX;
	if (plan->protos & BIT64(ESTAB_PROTO_NETLINK))
		wanted |= WANT_NETLINK;
	if (plan->protos & BIT64(ESTAB_PROTO_PACKET))
		wanted |= WANT_PACKET;
	if (plan->protos & (BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_MPTCP)))
		wanted |= WANT_TCP;
	if (plan->protos & BIT64(ESTAB_PROTO_UDP))
		wanted |= WANT_UDP;
	if (plan->protos &
	    (BIT64(ESTAB_PROTO_UDPLITE) | BIT64(ESTAB_PROTO_RAW) | BIT64(ESTAB_PROTO_ICMP)))
		wanted |= WANT_INET;
	if (plan->protos & (BIT64(ESTAB_PROTO_AX25) | BIT64(ESTAB_PROTO_IPX)))
		wanted |= WANT_OTHER;
	return wanted;
}

/*
 * The protocols whose rows come from BPF. A dump finds the few that listen much faster, and those
 * that the kernel can tell apart itself. Another namespace's tables can't be read here, and rows are
 * exact only with them.
 */
static uint64_t row_protos(const struct env *env)
{
	const struct plan *plan = &env->plan;
	uint64_t protos = plan->protos & (IP_PROTOS | BIT64(ESTAB_PROTO_NETLINK));
	uint8_t code[BYTECODE_ROOM];

	if (env->target.way != NETNS_OWN && !plan->all_netns)
		return 0;
	if (plan->needs & NOT_OF_ROWS)
		protos &= ~IP_PROTOS;
	if (plan->only_bpf)
		return protos;
	if (!(plan->read_states[ESTAB_PROTO_TCP] & BIT32(ESTAB_STATE_ESTABLISHED)))
		protos &= ~BIT64(ESTAB_PROTO_TCP);
	/* They are few, and those who know them by ss expect a dump's order. */
	if (!plan->all_netns && !plan->consistent)
		protos &= ~BIT64(ESTAB_PROTO_NETLINK);
	if (filter_push_plan(env, ESTAB_PROTO_TCP, PUSH_ALL, code) > 0)
		protos &= ~BIT64(ESTAB_PROTO_TCP);
	if (filter_push_plan(env, ESTAB_PROTO_UDP, PUSH_ALL, code) > 0)
		protos &= ~BIT64(ESTAB_PROTO_UDP);
	return protos;
}

static bool many_sockets(const struct env *env)
{
	struct sockstat sockstat;

	return sockstat_read(env, &sockstat) && sockstat.used >= SOCKETS_MIN;
}

/* The links of a procfs are two, some entries of its own, and one a process. */
static bool many_processes(const struct env *env)
{
	struct stat st;

	return fstat(env->ctx->proc_fd, &st) == 0 && st.st_nlink >= PROCESSES_MIN;
}

/* In each of which a dump would walk through the sockets of all of them. */
static bool many_namespaces(const struct env *env)
{
	size_t n = 0;

	for (size_t i = 0; env->plan.all_netns && i < env->namespaces->n; i++)
		n += !env->namespaces->items[i].unwanted;
	return n >= NAMESPACES_MIN;
}

bool bpf_is_nested(const struct env *env)
{
	struct stat st;

	return fstatat(env->ctx->proc_fd, "self/ns/pid", &st, 0) < 0 || st.st_ino != FIRST_PID_NS;
}

static int load(struct env *env, uint64_t protos, struct estab_result *result)
{
	bool owners = env->plan.needs & NEED_OWNERS;
	struct bpf_files_config config = {
		.netns = env->plan.all_netns ? 0 : (uint32_t)env->netns,
		.fields = bpf_fields(&env->plan),
		.nested = bpf_is_nested(env),
	};
	int fd;

	/* All states: they are counted, too. */
	if (protos & BIT64(ESTAB_PROTO_TCP)) {
		config.tcp_states = UINT32_MAX;
		config.wanted |= WANT_TCP;
	}
	if (protos & BIT64(ESTAB_PROTO_UDP)) {
		config.udp_states = UINT32_MAX;
		config.wanted |= WANT_UDP;
	}
	if (protos & BIT64(ESTAB_PROTO_NETLINK)) {
		config.netlink = true;
		config.wanted |= WANT_NETLINK;
	}
	if (owners)
		config.wanted |= wanted_classes(&env->plan);
	fd = bpf_open_files(&config);
	if (fd >= 0) {
		env->bpf.files = bpf_reader_new(env, fd);
		fd = env->bpf.files ? 0 : -ENOMEM;
	}
	/* Short of memory, the kernel has none for a program, and we may have enough. */
	if (fd < 0) {
		result_add_source(result, "bpf", owners ? "owners" : "tcp", NULL, fd);
		ctx_log(env->ctx, 6, "bpf: the program was not loaded: %s", strerror(-fd));
	}
	return fd;
}

int bpf_begin(struct env *env, struct estab_result *result)
{
	const struct plan *plan = &env->plan;
	bool owners = plan->needs & NEED_OWNERS;
	uint64_t protos;
	int r;

	/* The filter leaves nothing. */
	if (plan->protos == 0)
		return 0;
	/* Rows alone come cheaper, and one by one, from a dump, but one is not enough for all of them. */
	if (!plan->only_bpf && (plan->source || !(env->ctx->flags & ESTAB_CTX_BPF) ||
				(!owners && !plan->consistent && !many_namespaces(env))))
		return 0;
	protos = row_protos(env);
	if (!plan->only_bpf && !owners && protos == 0)
		return 0;
	r = bpf_check(env);
	/* It picks by the number. */
	if (r == 0 && !plan->all_netns && (env->netns == 0 || env->netns > UINT32_MAX))
		r = -EOPNOTSUPP;
	if (r == 0 && !owners && protos == 0)
		r = -EOPNOTSUPP;
	if (r == 0 && !plan->only_bpf && !many_sockets(env) && !many_processes(env) &&
	    !many_namespaces(env))
		return 0;
	env->bpf.later = r == 0 && !plan->only_bpf && protos == 0;
	if (env->bpf.later)
		return 0;
	if (r < 0)
		ctx_log(env->ctx, 7, "bpf: not used: %s", strerror(-r));
	else
		r = load(env, protos, result);
	if (r < 0)
		return plan->only_bpf ? r : 0;
	env->bpf.row_protos = protos;
	env->plan.keep = true;
	return 0;
}

void bpf_begin_owners(struct env *env, struct estab_result *result)
{
	if (env->bpf.later)
		load(env, 0, result);
	env->bpf.later = false;
}

void bpf_end(struct env *env)
{
	env->bpf.files = bpf_reader_free(env->bpf.files);
}

const char *bpf_tell(const struct env *env, int error, bool *ret_used)
{
	bool many = many_sockets(env);

	*ret_used = false;
	if (env->ctx->capture)
		return "what is not this host's own has no BPF";
	if (!(env->ctx->flags & ESTAB_CTX_BPF))
		return "the program that asks does not allow BPF";
	if (!may_load())
		return "BPF needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN";
	if (bpf_check(env) < 0)
		return "BPF numbers processes in another way than this /proc";
	if (error == -EOPNOTSUPP)
		return "this build has no BPF programs";
	if (error < 0)
		return "the kernel refuses BPF programs, or lacks what they need";
	if (!many && !many_processes(env))
		return "few processes and sockets: /proc is read sooner than a program is loaded";
	*ret_used = true;
	return many ? "many sockets: one pass over all open files gives their owners with them"
		    : "many processes: one pass over all open files is faster than /proc";
}
