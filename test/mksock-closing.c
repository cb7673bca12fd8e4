/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* TCP connections on loopback on their way to the end, with and without an owner. */
#include "mksock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define RCV_SHUT 1
#define SEND_SHUT 2

/* The client says that it is done: it comes into fin-wait-2, the server into close-wait. */
static int half_close(struct mk_spec *spec, struct mk_pair *ret_pair)
{
	int r = mk_tcp_pair(spec, IPPROTO_TCP, ret_pair);

	if (r < 0)
		return r;
	mk_drop(spec, ret_pair->listener);
	r = mk_inet_fill(spec, ret_pair->client, ret_pair->server, mk_get(spec, "unread", 0));
	if (r < 0)
		return r;
	if (shutdown(ret_pair->client, SHUT_WR) < 0)
		return mk_fail(spec, "shutdown");
	r = mk_tcp_await(spec, ret_pair->client, TCP_FIN_WAIT2);
	return r < 0 ? r : mk_tcp_await(spec, ret_pair->server, TCP_CLOSE_WAIT);
}

static int tell_shut(struct mk_spec *spec, int fd, int shut)
{
	struct mk_sock sock;
	int r = mk_look(spec, fd, "tcp", &sock);

	if (r < 0)
		return r;
	sock.shutdown = shut;
	mk_tell(spec, &sock);
	return 0;
}

/* A socket without a file: no inode, and the kernel no longer says whose it was. */
static void tell_left(struct mk_spec *spec, struct mk_sock *sock, const char *state,
		      const char *no_owner, const char *timer)
{
	sock->state = state;
	sock->no_owner = no_owner;
	sock->timer = timer;
	sock->inode = 0;
	sock->uid = -1;
	sock->mark = -1;
	mk_tell(spec, sock);
}

static int make_half_closed(struct mk_spec *spec)
{
	struct mk_pair pair;
	int r = half_close(spec, &pair);

	if (r >= 0)
		r = tell_shut(spec, pair.client, SEND_SHUT);
	return r < 0 ? r : tell_shut(spec, pair.server, RCV_SHUT);
}

/*
 * Within a minute of its end an orphan is a time-wait bucket whose state says fin-wait-2. Before
 * that (linger= of more than a minute) it is a whole socket, with the keepalive timer running.
 */
static int make_fin_wait_2_orphan(struct mk_spec *spec)
{
	int linger = (int)mk_get(spec, "linger", 0), r;
	struct mk_sock sock;
	struct mk_pair pair;

	r = half_close(spec, &pair);
	if (r < 0)
		return r;
	if (linger &&
	    setsockopt(pair.client, IPPROTO_TCP, TCP_LINGER2, &linger, sizeof(linger)) < 0)
		return mk_fail(spec, "TCP_LINGER2");
	r = mk_look(spec, pair.client, "tcp", &sock);
	if (r < 0)
		return r;
	mk_drop(spec, pair.client);
	sock.shutdown = linger > 60 ? RCV_SHUT | SEND_SHUT : -1;
	tell_left(spec, &sock, "fin-wait-2", "orphan", linger > 60 ? "keepalive" : "time-wait");
	return tell_shut(spec, pair.server, RCV_SHUT);
}

/* The client closes first; the kernel takes its state away from the file before that closes. */
int mk_time_wait(struct mk_spec *spec)
{
	struct mk_sock sock;
	struct mk_pair pair;
	int r = half_close(spec, &pair);

	if (r < 0)
		return r;
	r = mk_look(spec, pair.client, "tcp", &sock);
	if (r < 0)
		return r;
	mk_drop(spec, pair.server);
	r = mk_tcp_await(spec, pair.client, TCP_CLOSE);
	mk_drop(spec, pair.client);
	if (r < 0) {
		free(sock.owners);
		return r;
	}
	tell_left(spec, &sock, "time-wait", "time-wait", "time-wait");
	return 0;
}

#define KEYS "family addr port count mark device v6only"

const struct mk_kind mk_kinds_closing[] = {
	{ "tcp-close-wait", KEYS " unread", "both ends: close-wait and fin-wait-2, both owned",
	  make_half_closed, 0 },
	{ "tcp-fin-wait-2", KEYS " unread", "the same as tcp-close-wait", make_half_closed, 0 },
	{ "tcp-fin-wait-2-orphan", KEYS " linger",
	  "fin-wait-2 without an owner; with linger= over 60 a whole socket",
	  make_fin_wait_2_orphan, 0 },
	{ "tcp-time-wait", KEYS, "time-wait; no other end", mk_time_wait, 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};
