/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The context: where to look, what is allowed, whom to tell. */
#ifndef ESTAB_CTX_H
#define ESTAB_CTX_H

#include <stdbool.h>
#include <stdint.h>

#include "estab.h"
#include "util.h"

struct estab_ctx {
	unsigned int refs;
	uint32_t flags;
	bool capture;    /* proc_fd is not this host's own /proc: no netlink, no local users */
	bool big_endian; /* of the text under proc_fd */
	int proc_fd;     /* directory: /proc or what stands for it */
	/* Of the network tables, relative to proc_fd: "thread-self/net" or "net", "1/net", … */
	char net_dir[24];
	char *proc_path;   /* for messages and the result: "/proc", or as it was given */
	char *passwd_file; /* NULL: the host's database, none with a capture */
	estab_log_fn *log_fn;
	void *log_arg;
	struct estab_names names; /* all zero: nobody knows any */
};

/* Whether the numbers of its processes are those that our system calls take: a procfs of another pid
 * namespace (mounted before ours was made, say) has others. */
bool ctx_has_own_pids(const struct estab_ctx *ctx);

void ctx_log(const struct estab_ctx *ctx, int level, const char *format, ...) _printf_(3, 4);

#endif
