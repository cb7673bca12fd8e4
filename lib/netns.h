/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Network namespaces other than the caller's. No thread of the caller's ever leaves its own: a
 * helper goes there, and what it opens stays there.
 */
#ifndef ESTAB_NETNS_H
#define ESTAB_NETNS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct env;
struct estab_ctx;
struct estab_socket;

enum netns_way {
	NETNS_OWN = 0, /* the caller's: plain system calls */
	NETNS_THREAD,  /* a helper thread may enter it */
	NETNS_CHILD,   /* a child may, through the user namespace that owns it */
	NETNS_PROCESS, /* nobody may; but a process of it shows its tables */
};

/* Users of a user namespace, and who they are in the caller's. */
struct netns_users {
	uint32_t inside;
	uint32_t outside; /* UINT32_MAX: nobody */
	uint32_t count;
};

/* The namespace that is read. All zero: the caller's. */
struct netns {
	enum netns_way way;
	int fd;           /* of the namespace, or of the process's directory; not with NETNS_OWN */
	uint64_t inode;   /* 0: unknown */
	char net_dir[48]; /* of the process: "4711/net", or of its thread: "4711/task/4712/net" */
	/* What is opened from within a user namespace tells of its users: with NETNS_CHILD. */
	struct netns_users *users;
	size_t n_users;
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
/* The same for some at once, at most NETNS_OPEN_MAX, each with its own result. */
void netns_open_all(const struct env *env, const char *const tables[], size_t n, int ret_fds[]);
enum { NETNS_OPEN_MAX = 4 };
/* The same of a sysctl below /proc: "sys/net/…", which shows the namespace of whoever opens it. -EPERM: only
 * a process's tables can be read. */
int netns_open_sysctl(const struct env *env, const char *path);
/* An iterator over that namespace, from a link of BPF; or a negative errno. */
int netns_iterate(const struct env *env, int link_fd);
/* The directory it is in, for people, below the context's proc_path. Lent. */
const char *netns_net_dir(const struct env *env);

/* Makes the uid, as a netlink socket of that namespace told it, one of the caller's. */
void netns_adopt_uid(const struct netns *netns, struct estab_socket *sock);
/* Reads /proc/PID/uid_map. -ENOMEM; what is malformed is no user. */
int netns_read_users(struct netns *netns, int fd);

/* ---- for netns-visit.c ---- */

/* Opens a network namespace's file; -EINVAL: it is something else. */
int netns_open_file(int dir_fd, const char *path);
/* Finds how the open namespace, which it takes over, can be read. known: that is NETNS_THREAD unless
 * it is the caller's own, so that nobody needs to try. */
int netns_find_open(const struct estab_ctx *ctx, int fd, bool known, struct netns *ret_netns);
/*
 * The tables of the process or thread whose directory that is, which stands at path below proc_path, are
 * anyone's to read. error: why there is no other way.
 */
int netns_find_tables(const struct estab_ctx *ctx, int dir_fd, const char *path, int error,
		      struct netns *ret_netns);

/* ---- netns-enter.c ---- */

enum netns_what { NETNS_SOCKET, NETNS_FILE, NETNS_ITERATOR };

/* What is to be opened within a namespace. Any thread or child can do it: no memory is taken. */
struct netns_call {
	enum netns_what what;
	const char *path; /* of a file, relative to fd */
	int fd;           /* of a directory; of a BPF link, for an iterator */
	int domain;       /* of a socket, as the two below */
	int type;
	int protocol;
};

/* Both return a file descriptor (close-on-exec if the call says so) or a negative errno. */

int netns_call_here(const struct netns_call *call);
/* In a helper thread that entered the namespace: -EPERM without CAP_SYS_ADMIN over it. */
int netns_call_thread(int netns_fd, const struct netns_call *call);
/* The same for several, each with its own result. */
void netns_call_all(int netns_fd, const struct netns_call calls[], size_t n, int ret_fds[]);

/* What the caller's thread must not be disturbed by while it has a helper. */
struct netns_calm {
	sigset_t signals;
	int cancel_state;
};

struct netns_child {
	pid_t pid;
	int fd; /* what it opened, -1 if nothing; the caller's */
	int link_fd;
	struct netns_calm calm;
};

/*
 * Puts a child into a network namespace by way of a user namespace, which gives its maker all
 * capabilities over what belongs to it; it opens something there (call may be NULL), and waits to be
 * stopped, soon. -EPERM: it may not; -ETIMEDOUT, -EAGAIN, -EMFILE: it was not to be had.
 */
int netns_child_start(int userns_fd, int netns_fd, const struct netns_call *call,
		      struct netns_child *ret_child);
void netns_child_stop(struct netns_child *child);

#endif
