/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Opening a socket or a file in another network namespace, from a helper thread or a child. */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
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
	int fd = call->path ? openat(call->dir_fd, call->path, flags)
			    : socket(call->domain, call->type, call->protocol);

	return fd < 0 ? -errno : fd;
}

/* What the caller's thread must not be disturbed in while it has a helper. */
struct calm {
	sigset_t signals;
	int cancel_state;
};

/* The helper inherits the mask, and so never runs a handler of the program's. */
static void calm_begin(struct calm *calm)
{
	sigset_t all;

	sigfillset(&all);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &calm->cancel_state);
	pthread_sigmask(SIG_SETMASK, &all, &calm->signals);
}

static void calm_end(const struct calm *calm)
{
	pthread_sigmask(SIG_SETMASK, &calm->signals, NULL);
	pthread_setcancelstate(calm->cancel_state, NULL);
}

struct helper {
	int netns_fd;
	const struct netns_call *call;
	int result;
};

static void *helper_run(void *arg)
{
	struct helper *helper = arg;

	helper->result =
		setns(helper->netns_fd, CLONE_NEWNET) < 0 ? -errno : netns_call_here(helper->call);
	return NULL;
}

int netns_call_thread(int netns_fd, const struct netns_call *call)
{
	struct helper helper = { .netns_fd = netns_fd, .call = call };
	struct calm calm;
	pthread_t thread;
	int error;

	calm_begin(&calm);
	error = pthread_create(&thread, NULL, helper_run, &helper);
	if (error == 0)
		error = pthread_join(thread, NULL);
	calm_end(&calm);
	return error == 0 ? helper.result : -error;
}

/* What the child answers: a result, and with it the descriptor when that is one. */
struct answer {
	int result;
	union {
		struct cmsghdr header; /* aligns it */
		char bytes[CMSG_SPACE(sizeof(int))];
	} rights;
};

static struct msghdr answer_message(struct answer *answer, struct iovec *vec)
{
	*vec = (struct iovec){ &answer->result, sizeof(answer->result) };
	return (struct msghdr){
		.msg_iov = vec,
		.msg_iovlen = 1,
		.msg_control = answer->rights.bytes,
		.msg_controllen = sizeof(answer->rights.bytes),
	};
}

/* Nothing but system calls, to the end: another thread may have held any lock. */
static _Noreturn void child_run(int answer_fd, int userns_fd, int netns_fd,
				const struct netns_call *call)
{
	struct answer answer = { .result = -EPERM };
	struct iovec vec;
	struct msghdr message = answer_message(&answer, &vec);
	struct cmsghdr *rights = &answer.rights.header;

	if (setns(userns_fd, CLONE_NEWUSER) == 0 && setns(netns_fd, CLONE_NEWNET) == 0)
		answer.result = netns_call_here(call);
	if (answer.result >= 0) {
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &answer.result, sizeof(int));
	} else {
		message.msg_controllen = 0;
	}
	sendmsg(answer_fd, &message, MSG_NOSIGNAL);
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

/* The descriptor that the child sent, or why it sent none. */
static int receive(int answer_fd)
{
	struct answer answer = { .result = -EPERM };
	struct iovec vec;
	struct msghdr message = answer_message(&answer, &vec);
	const struct cmsghdr *rights;
	int r = await(answer_fd);
	ssize_t n;
	int fd;

	if (r < 0)
		return r;
	do
		n = recvmsg(answer_fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* It ended without a word: something forbade it a call on pain of death. */
	if (n != sizeof(answer.result))
		return -EPERM;
	if (answer.result < 0)
		return answer.result;
	rights = CMSG_FIRSTHDR(&message);
	/* There was no room for it in our table of descriptors. */
	if (!rights || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EMFILE;
	memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
	return fd;
}

int netns_call_child(int userns_fd, int netns_fd, const struct netns_call *call)
{
	struct calm calm;
	int pair[2];
	long child;
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	calm_begin(&calm);
	/* As fork(), but the program's handlers for that don't run; and no exit signal: neither
	 * its SIGCHLD handler nor its wait() gets to see a child that is not its own. */
	child = syscall(SYS_clone, 0, 0, 0, 0, 0);
	r = -errno;
	if (child == 0)
		child_run(pair[1], userns_fd, netns_fd, call);
	close(pair[1]);
	if (child > 0) {
		r = receive(pair[0]);
		if (r == -ETIMEDOUT)
			kill((pid_t)child, SIGKILL);
		while (waitpid((pid_t)child, NULL, __WALL) < 0 && errno == EINTR)
			continue;
	}
	close(pair[0]);
	calm_end(&calm);
	return r;
}
