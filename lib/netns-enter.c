/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Opening a socket or a file in another network namespace, from a helper thread or a child. */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "util.h"

/* The child makes a handful of system calls that wait for nothing. */
enum { CHILD_WAIT_MS = 2000 };

int netns_call_here(const struct netns_call *call)
{
	/* A saved copy may hold anything: don't wait for a FIFO's writer. */
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	union bpf_attr attr;
	long fd = -1;

	switch (call->what) {
	case NETNS_SOCKET:
		fd = socket(call->domain, call->type, call->protocol);
		break;
	case NETNS_FILE:
		fd = openat(call->fd, call->path, flags);
		break;
	case NETNS_ITERATOR:
		memset(&attr, 0, sizeof(attr));
		attr.iter_create.link_fd = (uint32_t)call->fd;
		fd = syscall(__NR_bpf, BPF_ITER_CREATE, &attr, sizeof(attr));
		break;
	}
	return fd < 0 ? -errno : (int)fd;
}

/* The helper inherits the mask, and so never runs a handler of the program's. */
static void calm_begin(struct netns_calm *calm)
{
	sigset_t all;

	sigfillset(&all);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &calm->cancel_state);
	pthread_sigmask(SIG_SETMASK, &all, &calm->signals);
}

static void calm_end(const struct netns_calm *calm)
{
	pthread_sigmask(SIG_SETMASK, &calm->signals, NULL);
	pthread_setcancelstate(calm->cancel_state, NULL);
}

struct helper {
	int netns_fd;
	const struct netns_call *calls;
	size_t n_calls;
	int *results;
};

static void *helper_run(void *arg)
{
	struct helper *helper = arg;
	int error = setns(helper->netns_fd, CLONE_NEWNET) < 0 ? -errno : 0;

	for (size_t i = 0; i < helper->n_calls; i++)
		helper->results[i] = error < 0 ? error : netns_call_here(&helper->calls[i]);
	return NULL;
}

int netns_call_thread(int netns_fd, const struct netns_call *call)
{
	int fd;

	netns_call_all(netns_fd, call, 1, &fd);
	return fd;
}

void netns_call_all(int netns_fd, const struct netns_call calls[], size_t n, int ret_fds[])
{
	struct helper helper = { netns_fd, calls, n, ret_fds };
	struct netns_calm calm;
	pthread_t thread;
	int error;

	calm_begin(&calm);
	error = pthread_create(&thread, NULL, helper_run, &helper);
	if (error == 0)
		error = pthread_join(thread, NULL);
	calm_end(&calm);
	for (size_t i = 0; error != 0 && i < n; i++)
		ret_fds[i] = -error;
}

/* What the child answers: 0, and the descriptor if there is to be one; or why not. */
struct answer {
	int error;
	union {
		struct cmsghdr header; /* aligns it */
		char bytes[CMSG_SPACE(sizeof(int))];
	} rights;
};

static struct msghdr answer_message(struct answer *answer, struct iovec *vec)
{
	*vec = (struct iovec){ &answer->error, sizeof(answer->error) };
	return (struct msghdr){
		.msg_iov = vec,
		.msg_iovlen = 1,
		.msg_control = answer->rights.bytes,
		.msg_controllen = sizeof(answer->rights.bytes),
	};
}

static void answer_send(int link_fd, int error, int fd)
{
	struct answer answer = { .error = error };
	struct iovec vec;
	struct msghdr message = answer_message(&answer, &vec);
	struct cmsghdr *rights = &answer.rights.header;

	if (fd >= 0) {
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	} else {
		message.msg_controllen = 0;
	}
	sendmsg(link_fd, &message, MSG_NOSIGNAL);
}

/* Nothing but system calls, to the end: another thread may have held any lock. */
static _Noreturn void child_run(int link_fd, int userns_fd, int netns_fd,
				const struct netns_call *call)
{
	int error = -EPERM;
	int fd = -1;
	char byte;

	if (setns(userns_fd, CLONE_NEWUSER) == 0 && setns(netns_fd, CLONE_NEWNET) == 0)
		error = 0;
	if (error == 0 && call) {
		fd = netns_call_here(call);
		error = MIN(fd, 0);
	}
	/* Whom it was made by may look into it, even where others' processes are hidden. */
	prctl(PR_SET_DUMPABLE, 1);
	answer_send(link_fd, error, fd);
	while (read(link_fd, &byte, sizeof(byte)) < 0 && errno == EINTR)
		continue;
	/* Not _exit(), of which sanitizers have a version that does more. */
	for (;;)
		syscall(SYS_exit_group, 0);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0 when something can be read, or the other end is closed. */
static int await(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t end = now_ms() + CHILD_WAIT_MS;

	for (;;) {
		int64_t left = end - now_ms();
		int n = poll(&wait, 1, (int)MAX(left, 0));

		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* 0, with the descriptor that the child sent if one is wanted; or why there is none. */
static int answer_receive(int link_fd, bool wanted, int *ret_fd)
{
	struct answer answer = { .error = -EPERM };
	struct iovec vec;
	struct msghdr message = answer_message(&answer, &vec);
	const struct cmsghdr *rights;
	int r = await(link_fd);
	ssize_t n;

	if (r < 0)
		return r;
	do
		n = recvmsg(link_fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* It ended without a word: something forbade it a call on pain of death. */
	if (n != sizeof(answer.error))
		return -EPERM;
	if (answer.error < 0 || !wanted)
		return answer.error;
	rights = CMSG_FIRSTHDR(&message);
	/* There was no room for it in our table of descriptors. */
	if (!rights || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EMFILE;
	memcpy(ret_fd, CMSG_DATA(rights), sizeof(*ret_fd));
	return 0;
}

/* It never ends by itself before this, so the number is still its own. */
static void child_end(pid_t pid, int link_fd)
{
	kill(pid, SIGKILL);
	close(link_fd);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		continue;
}

int netns_child_start(int userns_fd, int netns_fd, const struct netns_call *call,
		      struct netns_child *ret_child)
{
	struct netns_child child = { .fd = -1 };
	int link[2];
	long pid;
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link) < 0)
		return -errno;
	calm_begin(&child.calm);
	/* As fork(), but the program's handlers for that don't run; and no exit signal: neither
	 * its SIGCHLD handler nor its wait() gets to see a child that is not its own. */
	pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	r = pid < 0 ? -errno : 0;
	if (pid == 0) {
		close(link[0]);
		child_run(link[1], userns_fd, netns_fd, call);
	}
	close(link[1]);
	if (r == 0) {
		r = answer_receive(link[0], call != NULL, &child.fd);
		if (r < 0)
			child_end((pid_t)pid, link[0]);
	} else {
		close(link[0]);
	}
	if (r < 0) {
		calm_end(&child.calm);
		return r;
	}
	child.pid = (pid_t)pid;
	child.link_fd = link[0];
	*ret_child = child;
	return 0;
}

void netns_child_stop(struct netns_child *child)
{
	child_end(child->pid, child->link_fd);
	calm_end(&child->calm);
}
