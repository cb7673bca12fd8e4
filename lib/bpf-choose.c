/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "caps.h"
#include "parse.h"
#include "slurp.h"
#include "util.h"

/* Not among the headers of every distribution we build on. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

/* The walk of /proc costs some 50 us a process and 5 us a descriptor; a program takes 3 ms to load.
 * Threads of the kernel are cheap, and there are about a hundred of them. */
enum { PROCESSES_MIN = 160, SOCKETS_MIN = 600 };

#define FIRST_PID_NS UINT32_C(0xeffffffc) /* the kernel's PROC_PID_INIT_INO */

#define ROW_PROTOS (BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_UDP))

/* What rows of TCP and UDP from BPF can't have; the rest is of owners, or of other protocols. */
#define NOT_OF_ROWS                                                                           \
	(NEED_TCP_INFO | NEED_MEM | NEED_CONGESTION | NEED_TOS | NEED_TCLASS | NEED_SOCKOPT | \
	 NEED_ULP | NEED_TIMER | NEED_CONGESTION_INFO)

static bool may_load(void)
{
	return caps_have(CAP_SYS_ADMIN) || (caps_have(CAP_BPF) && caps_have(CAP_PERFMON));
}

/* Whether /proc numbers processes as the iterator does: as our system calls do. */
static bool proc_is_ours(const struct estab_ctx *ctx)
{
	char link[16];
	ssize_t n = readlinkat(ctx->proc_fd, "self", link, sizeof(link) - 1);
	uint32_t pid;

	if (n < 0)
		return false;
	link[n] = '\0';
	return parse_u32(link, &pid) == 0 && pid == (uint32_t)getpid();
}

/* 0, or why BPF is out of the question. */
static int check_use(const struct env *env)
{
	const struct estab_ctx *ctx = env->ctx;

	if (!(ctx->flags & ESTAB_CTX_BPF))
		return -EPERM;
	if (ctx->capture || env->netns == 0 || env->netns > UINT32_MAX || !proc_is_ours(ctx))
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
 * The protocols whose rows come from BPF. A dump finds the few that listen much faster. Another
 * namespace's tables can't be read here, and rows are exact only with them.
 */
static uint64_t row_protos(const struct env *env)
{
	const struct plan *plan = &env->plan;
	uint64_t protos = plan->protos & ROW_PROTOS;

	if (plan->needs & NOT_OF_ROWS || env->target.way != NETNS_OWN)
		return 0;
	if (!(plan->states[ESTAB_PROTO_TCP] & BIT32(ESTAB_STATE_ESTABLISHED)))
		protos &= ~BIT64(ESTAB_PROTO_TCP);
	return protos;
}

/* "sockets: used N": of all families, in the namespace that is read. */
static bool many_sockets(const struct env *env)
{
	static const char word[] = "sockets: used ";
	_cleanup_(cleanup_close) int fd = netns_open(env, "sockstat");
	char text[64];
	ssize_t n = fd < 0 ? -1 : slurp_fd(fd, text, sizeof(text));
	struct cursor cursor = { text + sizeof(word) - 1, text + MAX(n, (ssize_t)0) };
	uint64_t used;

	return n > (ssize_t)sizeof(word) && memcmp(text, word, sizeof(word) - 1) == 0 &&
	       cursor_decimal(&cursor, &used) && used >= SOCKETS_MIN;
}

/* The links of a procfs are two, some entries of its own, and one a process. */
static bool many_processes(const struct env *env)
{
	struct stat st;

	return fstat(env->ctx->proc_fd, &st) == 0 && st.st_nlink >= PROCESSES_MIN;
}

static bool is_nested(const struct env *env)
{
	struct stat st;

	return fstatat(env->ctx->proc_fd, "self/ns/pid", &st, 0) < 0 || st.st_ino != FIRST_PID_NS;
}

static int load(struct env *env, uint64_t protos, struct estab_result *result)
{
	bool owners = env->plan.needs & NEED_OWNERS;
	struct bpf_files_config config = {
		.netns = (uint32_t)env->netns,
		.fields = bpf_fields(&env->plan),
		.nested = is_nested(env),
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
	if (owners)
		config.wanted |= wanted_classes(&env->plan);
	fd = bpf_open_files(&config);
	if (fd < 0) {
		result_add_source(result, "bpf", owners ? "owners" : "tcp", NULL, fd);
		ctx_log(env->ctx, 6, "bpf: the program was not loaded: %s", strerror(-fd));
		return fd;
	}
	env->bpf.files = bpf_reader_new(env, fd);
	return env->bpf.files ? 0 : -ENOMEM;
}

int bpf_begin(struct env *env, struct estab_result *result)
{
	const struct plan *plan = &env->plan;
	bool owners = plan->needs & NEED_OWNERS;
	uint64_t protos = row_protos(env);
	int r;

	/* Rows alone come cheaper, and one by one, from a dump. */
	if (!plan->only_bpf && (!owners || plan->source || !(env->ctx->flags & ESTAB_CTX_BPF)))
		return 0;
	r = check_use(env);
	if (r == 0 && !owners && protos == 0)
		r = -EOPNOTSUPP;
	if (r == 0 && !plan->only_bpf && !many_sockets(env) && !many_processes(env))
		return 0;
	if (r < 0)
		ctx_log(env->ctx, 7, "bpf: not used: %s", strerror(-r));
	else
		r = load(env, protos, result);
	if (r < 0)
		return plan->only_bpf || r == -ENOMEM ? r : 0;
	env->bpf.row_protos = protos;
	env->plan.keep = true;
	return 0;
}

void bpf_end(struct env *env)
{
	env->bpf.files = bpf_reader_free(env->bpf.files);
}
