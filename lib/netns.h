/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Network namespaces other than the caller's. No thread of the caller's ever leaves its own: a
 * helper goes there, and what it opens stays there.
 */
#ifndef ESTAB_NETNS_H
#define ESTAB_NETNS_H

#include <stdint.h>

struct env;
struct estab_ctx;

enum netns_way {
	NETNS_OWN = 0, /* the caller's: plain system calls */
	NETNS_THREAD,  /* a helper thread may enter it */
	NETNS_CHILD,   /* a child may, through the user namespace that owns it */
	NETNS_PROCESS, /* nobody may; but a process of it shows its tables */
};

/* The namespace that is read. All zero: the caller's. */
struct netns {
	enum netns_way way;
	int fd;           /* of the namespace, or of the process's directory; not with NETNS_OWN */
	uint64_t inode;   /* 0: unknown */
	char net_dir[24]; /* of the process: "4711/net" */
};

/*
 * Finds the namespace of that name, as estab_query_set_netns() takes it, and how it can be read;
 * errors as there. netns_release() it.
 */
int netns_find(const struct estab_ctx *ctx, const char *name, struct netns *ret_netns);
/* Gives up what it holds; nothing can be opened there any more. */
void netns_release(struct netns *netns);

/* As socket(2), in the namespace that is read; or a negative errno. -EPERM: it can't be entered. */
int netns_socket(const struct env *env, int domain, int type, int protocol);
/* Opens a table of the namespace that is read, "tcp", without ever waiting; or a negative errno. */
int netns_open(const struct env *env, const char *table);
/* The directory it is in, for people, below the context's proc_path. Lent. */
const char *netns_net_dir(const struct env *env);

/* ---- netns-enter.c ---- */

/* What is to be opened within a namespace. Any thread or child can do it: no memory is taken. */
struct netns_call {
	const char *path; /* a file, relative to dir_fd; NULL: a socket */
	int dir_fd;
	int domain;
	int type;
	int protocol;
};

/* All return a file descriptor (close-on-exec if the call says so) or a negative errno. */

int netns_call_here(const struct netns_call *call);
/* In a helper thread that entered the namespace: -EPERM without CAP_SYS_ADMIN over it. */
int netns_call_thread(int netns_fd, const struct netns_call *call);
/* In a child that entered this user namespace first, which gives a user's own ones to it; -EPERM
 * otherwise. -ETIMEDOUT, -EAGAIN: the child was not to be had. */
int netns_call_child(int userns_fd, int netns_fd, const struct netns_call *call);

#endif
