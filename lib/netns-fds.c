/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Network namespaces that are kept by a descriptor: of their own file, or of a socket of theirs. */
#include "netns-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "owner-walk.h"
#include "slurp.h"
#include "util.h"

/* Linux 5.6, 5.3, 5.14: not in all headers that we build with. */
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif

enum { FDS_UNCHECKED = 1023, COMM_ROOM = 128 };

static int pidfd_open(uint32_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

/* Its own copy of a descriptor of the process. */
static int take_fd(int pidfd, uint32_t number)
{
	long fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);

	return fd < 0 ? -errno : (int)fd;
}

int netns_of_socket(uint32_t pid, uint32_t fd)
{
	_cleanup_(cleanup_close) int pidfd = pidfd_open(pid);
	_cleanup_(cleanup_close) int sock_fd = pidfd < 0 ? pidfd : take_fd(pidfd, fd);
	int netns_fd;

	if (sock_fd < 0)
		return sock_fd;
	netns_fd = ioctl(sock_fd, SIOCGSKNS);
	if (netns_fd < 0)
		return errno == ENOTTY ? -ESTALE : -errno;
	fcntl(netns_fd, F_SETFD, FD_CLOEXEC);
	return netns_fd;
}

/* One process's descriptors. */
struct holder {
	struct netns_walk *walk;
	int dir_fd;
	uint32_t pid;
	int pidfd; /* -1: not opened yet; -2: it is of no use */
};

static int note_held(const struct holder *holder, uint64_t inode, enum netns_place_kind kind,
		     uint32_t fd)
{
	const struct netns_place place = { .kind = kind, .pid = holder->pid, .fd = fd };
	struct netns_list *list = holder->walk->list;
	char comm[COMM_ROOM];
	size_t index;
	ssize_t n;
	int r = netns_list_add(list, inode, &place, &index);

	if (r < 0 || list->items[index].rank >= RANK_HOLDER)
		return r;
	n = slurp_at(holder->dir_fd, "comm", comm, sizeof(comm));
	if (n > 0 && comm[n - 1] == '\n')
		n--;
	return netns_list_name_process(list, index, RANK_HOLDER, comm, (size_t)MAX(n, (ssize_t)0),
				       holder->pid);
}

/* 0: the kernel does not tell (before Linux 5.14). */
static uint64_t cookie_of(int sock_fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(sock_fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0 ? 0 : cookie;
}

/* That of ours is asked for once. */
static uint64_t own_cookie(struct netns_walk *walk)
{
	_cleanup_(cleanup_close) int fd = -1;

	if (walk->own_cookie != 0)
		return walk->own_cookie;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		walk->own_cookie = cookie_of(fd);
	return walk->own_cookie;
}

/* A socket that is not of our namespace, though its process is: of one that may be known by nothing else. */
static bool is_foreign(struct netns_walk *walk, uint64_t cookie)
{
	return cookie != 0 && walk->netns == walk->env->own_netns && walk->netns != 0 &&
	       cookie != own_cookie(walk);
}

/* It is not to be asked, as no other one of the process is; or this one descriptor was closed. */
static int note_refusal(struct holder *holder, int error)
{
	bool starved = error == -EMFILE || error == -ENFILE;

	if (holder->pidfd >= 0 && !starved && error != -EPERM && error != -ENOSYS)
		return 0;
	if (holder->pidfd >= 0)
		close(holder->pidfd);
	holder->pidfd = -2;
	holder->walk->unasked += !starved;
	netns_note_error(holder->walk, error);
	return 0;
}

static int ask_socket(struct holder *holder, uint32_t fd)
{
	_cleanup_(cleanup_close) int sock_fd = -1;
	struct stat st;
	uint64_t cookie;
	int netns_fd, r;

	if (holder->pidfd == -1)
		holder->pidfd = pidfd_open(holder->pid);
	if (holder->pidfd >= 0)
		sock_fd = take_fd(holder->pidfd, fd);
	if (sock_fd < 0)
		return note_refusal(holder, holder->pidfd < 0 ? holder->pidfd : sock_fd);
	cookie = cookie_of(sock_fd);
	r = cookie != 0 ? idset_add(&holder->walk->cookies, hash64(cookie) | 1) : 0;
	if (r != 0)
		return MIN(r, 0);
	/* CAP_NET_ADMIN over it: who made its user namespace has that. */
	netns_fd = ioctl(sock_fd, SIOCGSKNS);
	if (netns_fd < 0) {
		holder->walk->unknown +=
			(errno == EPERM || errno == EACCES) && is_foreign(holder->walk, cookie);
		netns_note_error(holder->walk, -errno);
		return 0;
	}
	r = fstat(netns_fd, &st);
	close(netns_fd);
	return r < 0 ? 0 : note_held(holder, st.st_ino, PLACE_SOCKET, fd);
}

static int look_at(struct holder *holder, int fd_dir, const char *name, uint32_t fd)
{
	char link[WALK_LINK_MAX];
	ssize_t n = readlinkat(fd_dir, name, link, sizeof(link));
	uint64_t inode;

	if (n < 0)
		return 0;
	if (netns_parse_link(link, (size_t)n, "net", &inode) == 0)
		return note_held(holder, inode, PLACE_FD, fd);
	if (holder->walk->sockets && holder->pidfd != -2 &&
	    walk_read_link(link, (size_t)n, &inode) == LINK_SOCKET)
		return ask_socket(holder, fd);
	return 0;
}

int netns_walk_fds(struct netns_walk *walk, int dir_fd, uint32_t pid)
{
	_cleanup_(cleanup_close) int fd_dir =
		openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct holder holder = { .walk = walk, .dir_fd = dir_fd, .pid = pid, .pidfd = -1 };
	const char *name;
	uint32_t steps = 0;
	uint32_t fd;
	int r = 0;

	if (fd_dir < 0) {
		netns_note_error(walk, -errno);
		return 0;
	}
	if (!ctx_has_own_pids(walk->env->ctx))
		holder.pidfd = -2;
	numdir_start(&walk->descriptors, fd_dir);
	while (r == 0 && numdir_next(&walk->descriptors, &fd, &name) == 0) {
		r = look_at(&holder, fd_dir, name, fd);
		if (r == 0 && (++steps & FDS_UNCHECKED) == 0)
			r = env_check(walk->env);
	}
	if (holder.pidfd >= 0)
		close(holder.pidfd);
	return r;
}
