/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * A kernel that answers netlink requests as a test wants it to: it stands in for recvmsg(),
 * sendto(), poll() and getsockopt() of the whole program, so one test program includes it once. Until
 * fake_begin() they are the real ones.
 */
#ifndef FAKE_NETLINK_H
#define FAKE_NETLINK_H

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* In a message: the sequence number of the request that is answered, and its sender's port. */
enum { FAKE_OURS = 0x7fffff01 };

struct fake_answer {
	int error; /* recvmsg()'s errno; 0: the datagram */
	uint16_t sender_family;
	uint32_t sender_port;
	socklen_t sender_length;
	int flags;
	size_t length;
	_Alignas(8) uint8_t data[4096];
};

static struct {
	bool on;
	struct fake_answer answers[32];
	unsigned int n_answers;
	unsigned int n_received;
	unsigned int n_polls;
	unsigned int n_requests;
	_Alignas(8) uint8_t requests[8][512];
	uint32_t port;
	uint32_t drops; /* what the socket counts */
} fake;

static inline void fake_begin(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.on = true;
}

static inline void fake_end(void)
{
	fake.on = false;
}

/* The next datagram of the kernel; messages are added to it. */
static inline struct fake_answer *fake_datagram(void)
{
	struct fake_answer *answer = &fake.answers[fake.n_answers++];

	answer->sender_family = AF_NETLINK;
	answer->sender_length = sizeof(struct sockaddr_nl);
	return answer;
}

static inline void fake_errno(int error)
{
	fake_datagram()->error = error;
}

static inline struct nlmsghdr *fake_message(struct fake_answer *answer, uint16_t type,
					    const void *body, size_t length)
{
	struct nlmsghdr *message = (void *)(answer->data + answer->length);

	*message = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_MULTI,
		.nlmsg_seq = FAKE_OURS,
		.nlmsg_pid = FAKE_OURS,
	};
	if (length > 0)
		memcpy(message + 1, body, length);
	answer->length += NLMSG_ALIGN(NLMSG_HDRLEN + length);
	return message;
}

static inline void fake_number(struct fake_answer *answer, uint16_t type, int32_t number)
{
	fake_message(answer, type, &number, sizeof(number));
}

static inline const struct nlmsghdr *fake_request(unsigned int index)
{
	return (const void *)fake.requests[index];
}

static inline void fake_address(struct fake_answer *answer)
{
	const struct nlmsghdr *request;
	size_t at = 0;

	if (fake.n_requests == 0)
		return;
	request = fake_request(fake.n_requests - 1);
	while (at + NLMSG_HDRLEN <= answer->length) {
		struct nlmsghdr *message = (void *)(answer->data + at);

		if (message->nlmsg_seq == FAKE_OURS)
			message->nlmsg_seq = request->nlmsg_seq;
		if (message->nlmsg_pid == FAKE_OURS)
			message->nlmsg_pid = fake.port;
		if (message->nlmsg_len < NLMSG_HDRLEN || message->nlmsg_len > answer->length)
			break;
		at += NLMSG_ALIGN(message->nlmsg_len);
	}
}

/* libmnl must find them too. */
#pragma GCC visibility push(default)

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's are reserved names. */
ssize_t recvmsg(int fd, struct msghdr *header, int flags)
{
	struct fake_answer *answer;
	struct sockaddr_nl sender = { 0 };

	if (!fake.on)
		return syscall(SYS_recvmsg, fd, header, flags);
	if (fake.n_received == fake.n_answers) {
		errno = EAGAIN;
		return -1;
	}
	answer = &fake.answers[fake.n_received++];
	if (answer->error != 0) {
		errno = answer->error;
		return -1;
	}
	fake_address(answer);
	sender.nl_family = answer->sender_family;
	sender.nl_pid = answer->sender_port;
	memcpy(header->msg_name, &sender, sizeof(sender));
	header->msg_namelen = answer->sender_length;
	header->msg_flags = answer->flags;
	if (answer->length > header->msg_iov[0].iov_len)
		abort();
	memcpy(header->msg_iov[0].iov_base, answer->data, answer->length);
	return (ssize_t)answer->length;
}

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to,
	       socklen_t to_length)
{
	struct sockaddr_nl own = { 0 };
	socklen_t own_length = sizeof(own);

	if (!fake.on)
		return syscall(SYS_sendto, fd, data, length, flags, to, to_length);
	if (length > sizeof(fake.requests[0]) || fake.n_requests == 8)
		abort();
	getsockname(fd, (struct sockaddr *)&own, &own_length);
	fake.port = own.nl_pid;
	memcpy(fake.requests[fake.n_requests++], data, length);
	return (ssize_t)length;
}

int poll(struct pollfd *fds, nfds_t n_fds, int timeout_ms)
{
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

	if (!fake.on)
		return (int)syscall(SYS_ppoll, fds, n_fds, timeout_ms < 0 ? NULL : &timeout, NULL,
				    0);
	fake.n_polls++;
	return 0;
}
int getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
	int r = (int)syscall(SYS_getsockopt, fd, level, name, value, length);

	if (fake.on && level == SOL_SOCKET && name == SO_MEMINFO && r == 0)
		((uint32_t *)value)[SK_MEMINFO_DROPS] = fake.drops;
	return r;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

#pragma GCC visibility pop

#endif
