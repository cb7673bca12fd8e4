/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* TCP connections that nobody accepts. */
#include "mksock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* The child of a listener that nobody accepted yet: seen from its client, the other way round. */
static void tell_pending(struct mk_spec *spec, const struct mk_sock *client, int64_t unread)
{
	struct mk_sock child;

	mk_sock_init(&child);
	child.proto = client->proto;
	child.family = client->family;
	child.state = "established";
	child.local = client->peer;
	child.peer = client->local;
	child.recv_q = unread;
	child.send_q = 0;
	child.inode = 0;
	child.no_owner = "pending-accept";
	mk_tell(spec, &child);
}

static int add_pending(struct mk_spec *spec, int listener)
{
	size_t unread = mk_get(spec, "unread", 0);
	int fd = mk_tcp_connect(spec, IPPROTO_TCP, listener), r, out;
	char *data;
	struct mk_sock sock;

	if (fd < 0)
		return fd;
	r = mk_tcp_await(spec, fd, TCP_ESTABLISHED);
	if (r < 0)
		return r;
	data = calloc(1, unread + 1);
	if (!data || (unread && send(fd, data, unread, MSG_NOSIGNAL) != (ssize_t)unread)) {
		free(data);
		return mk_failx(spec, ENOBUFS, "send");
	}
	free(data);
	for (int i = 0; i < MK_WAIT_MS && ioctl(fd, SIOCOUTQ, &out) == 0 && out; i++)
		mk_sleep_ms(1);
	r = mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return r;
	if (sock.send_q == 0)
		tell_pending(spec, &sock, (int64_t)unread);
	mk_tell(spec, &sock);
	return sock.send_q == 0 ? 0 : mk_failx(spec, ETIMEDOUT, "unread: not acknowledged");
}

static int make_pending(struct mk_spec *spec)
{
	uint64_t count = mk_get(spec, "count", 1);
	int listener = mk_tcp_listen(spec, IPPROTO_TCP, (int)mk_get(spec, "backlog", 4096));
	int r = listener;

	for (uint64_t i = 0; i < count && r >= 0; i++)
		r = add_pending(spec, listener);
	return r < 0 ? r : mk_look_tell(spec, listener, "tcp");
}

/* A queue is full when it holds one more than its limit; the next SYN is then ignored. */
static int make_backlog_full(struct mk_spec *spec)
{
	uint64_t backlog = mk_get(spec, "backlog", 1);
	int listener = mk_tcp_listen(spec, IPPROTO_TCP, (int)backlog), fd, r = listener;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	struct mk_sock sock;

	for (uint64_t i = 0; i < backlog + 1 && r >= 0; i++)
		r = add_pending(spec, listener);
	if (r < 0)
		return r;
	fd = mk_tcp_connect(spec, IPPROTO_TCP, listener);
	if (fd < 0)
		return fd;
	mk_sleep_ms(20);
	r = mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return r;
	/* getpeername() knows no peer yet. */
	if (getsockname(listener, (struct sockaddr *)&addr, &len) == 0)
		mk_look_end(&addr, len, &sock.peer);
	sock.timer = "retransmit";
	mk_tell(spec, &sock);
	if (mk_tcp_state(fd) != TCP_SYN_SENT)
		return mk_failx(spec, EISCONN, "the full listener answered");
	return mk_look_tell(spec, listener, "tcp");
}

#define KEYS "family addr port count mark device v6only"

const struct mk_kind mk_kinds_pending[] = {
	{ "tcp-pending", KEYS " backlog unread",
	  "a listener and count= connections that nobody accepted", make_pending, MK_OWN_COUNT },
	{ "tcp-backlog-full", KEYS " backlog",
	  "a listener whose queue is over its limit, and a client that it ignores",
	  make_backlog_full, MK_OWN_COUNT },
	{ NULL, NULL, NULL, NULL, 0 },
};
