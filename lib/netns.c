/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "ctx.h"
#include "env.h"
#include "parse.h"
#include "text.h"
#include "util.h"

static const char process_prefix[] = "pid:";

/* Whether both are one file; false when one can't be seen. */
static bool same_file(int dir_a, const char *a, int dir_b, const char *b)
{
	struct stat st_a, st_b;

	return fstatat(dir_a, a, &st_a, AT_EMPTY_PATH) == 0 &&
	       fstatat(dir_b, b, &st_b, AT_EMPTY_PATH) == 0 && st_a.st_dev == st_b.st_dev &&
	       st_a.st_ino == st_b.st_ino;
}

int netns_open_file(int dir_fd, const char *path)
{
	struct statfs fs;
	struct stat st;
	int fd;

	/* Opening a device may do something; a namespace looks like a regular file. */
	if (fstatat(dir_fd, path, &st, 0) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC ||
	    ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

/* Enters through the user namespace that owns it; the caller's own is no way to more rights. */
static int start_child(const struct estab_ctx *ctx, int netns_fd, const struct netns_call *call,
		       struct netns_child *ret_child)
{
	_cleanup_(cleanup_close) int owner_fd = ioctl(netns_fd, NS_GET_USERNS);

	if (owner_fd < 0)
		return -errno;
	if (same_file(owner_fd, "", ctx->proc_fd, "thread-self/ns/user"))
		return -EPERM;
	return netns_child_start(owner_fd, netns_fd, call, ret_child);
}

/* Opens a file in the child's directory with the caller's own credentials: what is read is then
 * told as the caller sees it. */
static int open_of_child(const struct estab_ctx *ctx, const struct netns_child *child,
			 const char *name)
{
	char path[64];
	const struct netns_call call = { .what = NETNS_FILE, .path = path, .fd = ctx->proc_fd };

	if (snprintf(path, sizeof(path), "%d/%s", child->pid, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return netns_call_here(&call);
}

static int try_child(const struct estab_ctx *ctx, struct netns *netns)
{
	_cleanup_(cleanup_close) int map_fd = -1;
	struct netns_child child;
	int r = start_child(ctx, netns->fd, NULL, &child);

	if (r < 0)
		return r;
	map_fd = open_of_child(ctx, &child, "uid_map");
	netns_child_stop(&child);
	netns->way = NETNS_CHILD;
	return map_fd < 0 ? map_fd : netns_read_users(netns, map_fd);
}

/* Finds out by trying: what the kernel allows is more than capabilities. */
static int find_way(const struct estab_ctx *ctx, bool known, struct netns *netns)
{
	static const struct netns_call probe = { .domain = AF_UNIX,
						 .type = SOCK_DGRAM | SOCK_CLOEXEC };
	int r;

	if (same_file(netns->fd, "", ctx->proc_fd, "thread-self/ns/net")) {
		netns->way = NETNS_OWN;
		return 0;
	}
	if (!(ctx->flags & ESTAB_CTX_ENTER_NETNS))
		return -EPERM;
	netns->way = NETNS_THREAD;
	if (known)
		return 0;
	r = netns_call_thread(netns->fd, &probe);
	if (r == -EPERM)
		return try_child(ctx, netns);
	if (r < 0)
		return r;
	close(r);
	return 0;
}

int netns_find_open(const struct estab_ctx *ctx, int fd, bool known, struct netns *ret_netns)
{
	struct netns netns = { .fd = fd };
	struct stat st;
	int r = fstat(fd, &st) < 0 ? -errno : find_way(ctx, known, &netns);

	if (r < 0 || netns.way == NETNS_OWN) {
		close(fd);
		netns.fd = -1;
	}
	if (r < 0)
		return r;
	netns.inode = st.st_ino;
	*ret_netns = netns;
	return 0;
}

static int find_named(const struct estab_ctx *ctx, const char *name, struct netns *ret_netns)
{
	static const char *const directories[] = { "/run/netns", "/var/run/netns" };
	bool is_path = strchr(name, '/') != NULL;
	int fd = is_path ? netns_open_file(AT_FDCWD, name) : -ENOENT;

	for (size_t i = 0; !is_path && fd == -ENOENT && i < ARRAY_SIZE(directories); i++) {
		_cleanup_(cleanup_free) char *path = NULL;

		if (asprintf(&path, "%s/%s", directories[i], name) < 0)
			return -ENOMEM;
		fd = netns_open_file(AT_FDCWD, path);
	}
	return fd < 0 ? fd : netns_find_open(ctx, fd, false, ret_netns);
}

/* Holding the directory, a process that gets the number later can't pass for it. */
int netns_find_tables(const struct estab_ctx *ctx, int dir_fd, const char *path, int error,
		      struct netns *ret_netns)
{
	struct netns netns = { .way = NETNS_PROCESS };
	struct stat st;

	/* A table has a number that no other namespace's has. */
	if (!ctx->capture && same_file(dir_fd, "net/dev", ctx->proc_fd, "thread-self/net/dev")) {
		*ret_netns = (struct netns){ .way = NETNS_OWN };
		return 0;
	}
	if (faccessat(dir_fd, "net", R_OK | X_OK, AT_EACCESS) < 0)
		return ctx->capture ? -errno : error;
	if (!ctx->capture && fstatat(dir_fd, "ns/net", &st, 0) == 0)
		netns.inode = st.st_ino;
	netns.fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	if (netns.fd < 0)
		return -errno;
	snprintf(netns.net_dir, sizeof(netns.net_dir), "%s/net", path);
	ctx_log(ctx, 7, "the namespace of process %s can't be entered: reading %s/%s", path,
		ctx->proc_path, netns.net_dir);
	*ret_netns = netns;
	return 0;
}

static int find_process(const struct estab_ctx *ctx, const char *text, struct netns *ret_netns)
{
	_cleanup_(cleanup_close) int dir_fd = -1;
	char name[16];
	uint32_t pid;
	int r;

	if (parse_u32(text, &pid) < 0 || pid == 0 || pid > INT32_MAX)
		return -EINVAL;
	/* Not by its text: "007" is no process's directory. */
	snprintf(name, sizeof(name), "%u", pid);
	dir_fd = openat(ctx->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	r = ctx->capture ? -EPERM : netns_open_file(dir_fd, "ns/net");
	if (r >= 0)
		r = netns_find_open(ctx, r, false, ret_netns);
	if (r == -EACCES || r == -EPERM)
		r = netns_find_tables(ctx, dir_fd, name, r, ret_netns);
	/* It has ended, and was not waited for yet. */
	return r == -ENOENT && !ctx->capture ? -ESRCH : r;
}

int netns_find(const struct estab_ctx *ctx, const char *name, struct netns *ret_netns)
{
	if (strncmp(name, process_prefix, strlen(process_prefix)) == 0)
		return find_process(ctx, name + strlen(process_prefix), ret_netns);
	if (ctx->capture || *name == '\0')
		return -EINVAL;
	return find_named(ctx, name, ret_netns);
}

void netns_release(struct netns *netns)
{
	if (netns->way != NETNS_OWN && netns->fd >= 0)
		close(netns->fd);
	netns->fd = -1;
	free(netns->users);
	netns->users = NULL;
	netns->n_users = 0;
}

/* Does one of the things that can be done in any way but a process's tables. */
static int call_there(const struct env *env, const struct netns_call *call)
{
	struct netns_child child;
	int r;

	switch (env->target.way) {
	case NETNS_OWN:
		return netns_call_here(call);
	case NETNS_THREAD:
		return netns_call_thread(env->target.fd, call);
	case NETNS_CHILD:
		r = start_child(env->ctx, env->target.fd, call, &child);
		if (r < 0)
			return r;
		netns_child_stop(&child);
		return child.fd;
	case NETNS_PROCESS:
		break;
	}
	return -EPERM;
}

int netns_socket(const struct env *env, int domain, int type, int protocol)
{
	const struct netns_call call = {
		.domain = domain,
		.type = type,
		.protocol = protocol,
	};

	return call_there(env, &call);
}

int netns_open_sysctl(const struct env *env, const char *path)
{
	const struct netns_call call = {
		.what = NETNS_FILE,
		.path = path,
		.fd = env->ctx->proc_fd,
	};

	return call_there(env, &call);
}

int netns_iterate(const struct env *env, int link_fd)
{
	const struct netns_call call = { .what = NETNS_ITERATOR, .fd = link_fd };

	return call_there(env, &call);
}

/* Of the child, so that it is the caller who opens it. */
static void open_through_child(const struct env *env, const struct netns_call calls[], size_t n,
			       int ret_fds[])
{
	struct netns_child child;
	int r = start_child(env->ctx, env->target.fd, NULL, &child);

	for (size_t i = 0; i < n; i++)
		ret_fds[i] = r < 0 ? r : open_of_child(env->ctx, &child, calls[i].path);
	if (r == 0)
		netns_child_stop(&child);
}

void netns_open_all(const struct env *env, const char *const tables[], size_t n, int ret_fds[])
{
	const struct netns *netns = &env->target;
	/* Of a process that is there; else of the thread that opens it. */
	bool of_process = netns->way == NETNS_PROCESS || netns->way == NETNS_CHILD;
	const char *directory = of_process ? "net" : env->ctx->net_dir;
	char paths[NETNS_OPEN_MAX][sizeof(env->ctx->net_dir) + 32];
	struct netns_call calls[NETNS_OPEN_MAX];

	for (size_t i = 0; i < n; i++) {
		calls[i] = (struct netns_call){
			.what = NETNS_FILE,
			.path = paths[i],
			.fd = of_process ? netns->fd : env->ctx->proc_fd,
		};
		text_path(paths[i], sizeof(paths[i]), directory, tables[i]);
	}
	if (netns->way == NETNS_THREAD)
		netns_call_all(netns->fd, calls, n, ret_fds);
	else if (netns->way == NETNS_CHILD)
		open_through_child(env, calls, n, ret_fds);
	else
		for (size_t i = 0; i < n; i++)
			ret_fds[i] = netns_call_here(&calls[i]);
}

int netns_open(const struct env *env, const char *table)
{
	int fd;

	netns_open_all(env, &table, 1, &fd);
	return fd;
}

const char *netns_net_dir(const struct env *env)
{
	return env->target.way == NETNS_PROCESS ? env->target.net_dir : env->ctx->net_dir;
}
