/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "nl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "pump.h"
#include "util.h"

enum {
	NL_BUFFER = PUMP_ROOM, /* the kernel fills at most 32 KiB at a time */
	NL_ALONE = 8,          /* datagrams: a dump of fewer is not worth a thread */
	NL_ATTEMPTS = 3,
	NL_SLICE_MS = 100, /* how late a cancelled scan or a deadline may be noticed */
	/* A dump is made within our own system calls: nothing to read means that it is stuck. */
	NL_SILENCE_MS = 2000,
	NL_MAX_ERRNO = 4095,
};

void nl_walk_begin(struct nl_walk *walk, struct estab_result *result, const char *table,
		   uint32_t seq, uint32_t portid)
{
	*walk = (struct nl_walk){
		.result = result,
		.table = table,
		.seq = seq,
		.portid = portid,
		.end = NL_MORE,
	};
}

void nl_walk_feed(struct nl_walk *walk, const void *data, size_t length, bool cut)
{
	walk->at = data;
	walk->left = walk->end == NL_MORE ? length : 0;
	walk->cut = cut;
	walk->n_datagrams++;
	if (cut)
		result_add_loss(walk->result, "rows", "truncated", walk->table, 1);
}

static int walk_end(struct nl_walk *walk, int end)
{
	walk->left = 0;
	walk->end = end;
	return end;
}

/* The number that DONE and ERROR carry; missing when there is none. */
static int get_error(const struct nlmsghdr *message, int missing)
{
	int32_t error;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
		return missing;
	memcpy(&error, nl_body(message), sizeof(error));
	return error < -NL_MAX_ERRNO || error > NL_MAX_ERRNO ? -EPROTO : error;
}

static int walk_control(struct nl_walk *walk, const struct nlmsghdr *message)
{
	int error;

	switch (message->nlmsg_type) {
	case NLMSG_DONE:
		error = get_error(message, 0);
		return walk_end(walk, error < 0 ? error : NL_END);
	case NLMSG_ERROR:
		/* Zero acknowledges a request; a dump is none that is done with that. */
		error = get_error(message, -EPROTO);
		if (error == 0 && walk->call)
			return walk_end(walk, NL_END);
		return walk_end(walk, error == 0 ? -EPROTO : -abs(error));
	case NLMSG_OVERRUN:
		result_add_loss(walk->result, "rows", "overrun", walk->table, 1);
		return NL_MORE;
	default:
		return NL_MORE;
	}
}

/* Without a valid length there is no way to find the message behind this one. */
static void walk_lost(struct nl_walk *walk)
{
	if (!walk->cut)
		result_add_loss(walk->result, "rows", "malformed", walk->table, 1);
	walk->left = 0;
}

int nl_walk_next(struct nl_walk *walk, const struct nlmsghdr **ret_message)
{
	while (walk->left > 0) {
		const struct nlmsghdr *message = (const void *)walk->at;
		size_t step;

		/* mnl_nlmsg_ok() would take a length of 2 GiB or more for a negative one. */
		if (walk->left < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
		    message->nlmsg_len > walk->left) {
			walk_lost(walk);
			break;
		}
		step = MIN((size_t)NLMSG_ALIGN((size_t)message->nlmsg_len), walk->left);
		walk->at += step;
		walk->left -= step;

		if (!walk->multicast &&
		    (message->nlmsg_seq != walk->seq || message->nlmsg_pid != walk->portid))
			continue;
		if (message->nlmsg_flags & NLM_F_DUMP_INTR && !walk->interrupted) {
			walk->interrupted = true;
			result_add_loss(walk->result, "rows", "interrupted", walk->table, 1);
		}
		if (message->nlmsg_type >= NLMSG_MIN_TYPE) {
			*ret_message = message;
			return NL_MESSAGE;
		}
		if (!walk->multicast && walk_control(walk, message) != NL_MORE)
			break;
	}
	return walk->end;
}

/* The message is read again by the next nl_walk_next(). */
static void walk_back(struct nl_walk *walk, const struct nlmsghdr *message)
{
	walk->left += (size_t)(walk->at - (const uint8_t *)message);
	walk->at = (const uint8_t *)message;
}

int nl_open(const struct env *env, struct estab_result *result, int protocol, struct nl *ret_nl)
{
	struct nl nl = { .env = env };
	int fd = netns_socket(env, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int error;

	if (fd < 0)
		return fd;
	nl.socket = mnl_socket_fdopen(fd);
	if (!nl.socket) {
		error = -errno;
		close(fd);
		return error;
	}
	if (mnl_socket_bind(nl.socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		error = -errno;
		nl_close(&nl);
		return error;
	}
	nl.buffer = malloc(NL_BUFFER);
	if (!nl.buffer) {
		nl_close(&nl);
		return -ENOMEM;
	}
	nl.room = NL_BUFFER;
	nl_walk_begin(&nl.walk, result, NULL, 0, mnl_socket_get_portid(nl.socket));
	*ret_nl = nl;
	return 0;
}

void nl_close(struct nl *nl)
{
	nl->pump = pump_stop(nl->pump);
	if (nl->socket)
		mnl_socket_close(nl->socket);
	free(nl->buffer);
	*nl = (struct nl){ 0 };
}

/* Anyone who may administer the namespace can send to our port: the kernel's own is 0. */
static bool from_kernel(const struct msghdr *header)
{
	const struct sockaddr_nl *sender = header->msg_name;

	return header->msg_namelen == sizeof(*sender) && sender->nl_family == AF_NETLINK &&
	       sender->nl_pid == 0;
}

/* What came besides a datagram's bytes. */
enum { CAME_CUT = 1 << 0, CAME_OVERRUN = 1 << 1, CAME_FORGED = 1 << 2 };

/* Receives what is there: 0, or -EAGAIN for nothing, or -EINTR. */
static int receive_into(const struct nl *nl, void *buffer, size_t *ret_length,
			unsigned int *ret_came)
{
	struct sockaddr_nl sender = { 0 };
	struct iovec vec = { .iov_base = buffer, .iov_len = nl->room };
	struct msghdr header = {
		.msg_name = &sender,
		.msg_namelen = sizeof(sender),
		.msg_iov = &vec,
		.msg_iovlen = 1,
	};
	ssize_t n = recvmsg(mnl_socket_get_fd(nl->socket), &header, MSG_DONTWAIT);

	*ret_length = (size_t)MAX(n, (ssize_t)0);
	*ret_came = 0;
	if (n < 0 && errno == ENOBUFS)
		*ret_came = CAME_OVERRUN;
	else if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	else if (!from_kernel(&header))
		*ret_came = CAME_FORGED;
	else if (header.msg_flags & MSG_TRUNC)
		*ret_came = CAME_CUT;
	return 0;
}

/* Feeds the walker with it, or tells why not. */
static void feed(struct nl *nl, const void *data, size_t length, unsigned int came)
{
	if (came & CAME_OVERRUN)
		result_add_loss(nl->walk.result, "rows", "overrun", nl->walk.table, 1);
	else if (came & CAME_FORGED)
		result_add_loss(nl->walk.result, "messages", "forged", nl->walk.table, 1);
	else
		nl_walk_feed(&nl->walk, data, length, came & CAME_CUT);
}

static int receive_now(struct nl *nl)
{
	unsigned int came;
	size_t length;
	int r = receive_into(nl, nl->buffer, &length, &came);

	if (r == 0)
		feed(nl, nl->buffer, length, came);
	return r;
}

/* Whether the dump ends in this datagram: nobody is to wait for another. */
static bool has_end(const struct nl *nl, const uint8_t *data, size_t length)
{
	while (length >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *message = (const void *)data;
		size_t step = NLMSG_ALIGN((size_t)message->nlmsg_len);

		if (message->nlmsg_seq == nl->walk.seq &&
		    (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR))
			return true;
		if (step < sizeof(*message) || step > length)
			break;
		data += step;
		length -= step;
	}
	return false;
}

static int wait_readable(const struct nl *nl)
{
	struct pollfd wait = { .fd = mnl_socket_get_fd(nl->socket), .events = POLLIN };
	int r = poll(&wait, 1, NL_SLICE_MS);

	return r < 0 && errno != EINTR ? -errno : r;
}

/* Of the walk it reads what doesn't change as long as the pump runs. */
static int receive_ahead(void *arg, struct pump_chunk *chunk)
{
	const struct nl *nl = arg;
	int r = receive_into(nl, chunk->data, &chunk->length, &chunk->flags);

	if (r == -EAGAIN) {
		r = wait_readable(nl);
		return r < 0 ? r : -EAGAIN;
	}
	if (r < 0)
		return r == -EINTR ? -EAGAIN : r;
	return chunk->flags == 0 && has_end(nl, chunk->data, chunk->length);
}

/* 0, or -EAGAIN after as long as one waits at a time. */
static int receive_pumped(struct nl *nl)
{
	const struct pump_chunk *chunk;
	int r = pump_next(nl->pump, &chunk);

	if (r == 0)
		feed(nl, chunk->data, chunk->length, chunk->flags);
	/* It ended for the thread, and not for the walker. */
	return r == 1 ? -ETIMEDOUT : r;
}

static int receive(struct nl *nl)
{
	unsigned int silent_ms = 0;

	if (!nl->pump && nl->walk.n_datagrams == NL_ALONE &&
	    nl->env->ctx->flags & ESTAB_CTX_THREADS)
		pump_start(receive_ahead, nl, &nl->pump);
	for (;;) {
		int r = env_check(nl->env);

		if (r < 0)
			return r;
		r = nl->pump ? receive_pumped(nl) : receive_now(nl);
		if (r == -EINTR)
			continue;
		if (r != -EAGAIN)
			return r;
		if (silent_ms >= NL_SILENCE_MS)
			return -ETIMEDOUT;
		r = nl->pump ? 0 : wait_readable(nl);
		if (r < 0)
			return r;
		if (r == 0)
			silent_ms += NL_SLICE_MS;
	}
}

struct nlmsghdr *nl_dump_request(void *buffer, uint16_t type, size_t body_size)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(request, body_size);
	return request;
}

static int send_request(const struct nl *nl, const struct nlmsghdr *request)
{
	while (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int await_first(struct nl *nl)
{
	const struct nlmsghdr *first;
	int r = nl_dump_next(nl, &first);

	if (r == NL_MESSAGE)
		walk_back(&nl->walk, first);
	return r < 0 ? r : 0;
}

/* Reads a dump that nobody wants any more to its end: the kernel runs one at a time. */
static int drain(struct nl *nl)
{
	int r;

	do {
		r = env_check(nl->env);
		if (r == 0)
			r = receive_now(nl);
	} while (r == 0 || r == -EINTR);
	return r == -EAGAIN ? 0 : r;
}

int nl_dump_start(struct nl *nl, struct nlmsghdr *request, const char *table)
{
	nl->pump = pump_stop(nl->pump);
	for (unsigned int attempt = 1;; attempt++) {
		int r;

		request->nlmsg_seq = nl->walk.seq + 1;
		nl_walk_begin(&nl->walk, nl->walk.result, table, request->nlmsg_seq,
			      nl->walk.portid);
		r = send_request(nl, request);
		if (r < 0)
			return r;
		r = await_first(nl);
		if (r != -EBUSY || attempt == NL_ATTEMPTS)
			return r;
		r = drain(nl);
		if (r < 0)
			return r;
	}
}

int nl_dump_next(struct nl *nl, const struct nlmsghdr **ret_message)
{
	for (;;) {
		int r = nl_walk_next(&nl->walk, ret_message);

		if (r != NL_MORE)
			return r;
		r = receive(nl);
		if (r < 0)
			return r;
	}
}

int nl_call_start(struct nl *nl, struct nlmsghdr *request, const char *table)
{
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = nl->walk.seq + 1;
	nl_walk_begin(&nl->walk, nl->walk.result, table, request->nlmsg_seq, nl->walk.portid);
	nl->walk.call = true;
	return send_request(nl, request);
}

int nl_call(struct nl *nl, struct nlmsghdr *request, const char *table)
{
	const struct nlmsghdr *message;
	int r = nl_call_start(nl, request, table);

	while (r == 0)
		r = nl_dump_next(nl, &message);
	return r < 0 ? r : 0;
}

int nl_listen(struct nl *nl, const char *table, uint32_t buffer_bytes)
{
	int fd = nl_fd(nl);
	int bytes = (int)buffer_bytes;

	nl_walk_begin(&nl->walk, nl->walk.result, table, 0, nl->walk.portid);
	nl->walk.multicast = true;
	/* The second heeds a limit, which only the first user namespace's administrator may pass over. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) < 0)
		return -errno;
	return 0;
}

int nl_join(struct nl *nl, unsigned int group)
{
	return setsockopt(nl_fd(nl), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0
		       ? -errno
		       : 0;
}

/* The kernel says once that it had no room, and counts how often. */
static void count_drops(struct nl *nl, bool told)
{
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	socklen_t length = sizeof(memory);
	uint32_t drops = nl->drops + told;

	/* Linux 4.12. */
	if (getsockopt(nl_fd(nl), SOL_SOCKET, SO_MEMINFO, memory, &length) == 0 &&
	    length > SK_MEMINFO_DROPS * sizeof(memory[0]))
		drops = memory[SK_MEMINFO_DROPS];
	if (drops != nl->drops)
		result_add_loss(nl->walk.result, "events", "overrun", nl->walk.table,
				drops - nl->drops);
	nl->drops = drops;
}

int nl_event_next(struct nl *nl, const struct nlmsghdr **ret_message)
{
	for (;;) {
		unsigned int came;
		size_t length;
		int r = nl_walk_next(&nl->walk, ret_message);

		if (r != NL_MORE)
			return r;
		r = receive_into(nl, nl->buffer, &length, &came);
		if (r == -EINTR)
			continue;
		/* Once it is full, all is lost until it is empty. */
		if (r == -EAGAIN && nl->overrun)
			count_drops(nl, false);
		if (r < 0) {
			nl->overrun = false;
			return r == -EAGAIN ? NL_MORE : r;
		}
		if (came & CAME_OVERRUN) {
			nl->overrun = true;
			count_drops(nl, true);
		} else {
			feed(nl, nl->buffer, length, came);
		}
	}
}

int nl_fd(const struct nl *nl)
{
	return mnl_socket_get_fd(nl->socket);
}
