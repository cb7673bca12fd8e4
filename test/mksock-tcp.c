/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* TCP and MPTCP on loopback: listening, established and unaccepted. */
#include "mksock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* In no header beside <netinet/tcp.h>, which <linux/tcp.h> excludes. */
enum { ESTABLISHED = 1 };

int mk_tcp_state(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ? -errno : info.tcpi_state;
}

int mk_tcp_await(struct mk_spec *spec, int fd, int state)
{
	int64_t until = mk_now_ms() + MK_WAIT_MS;

	while (mk_tcp_state(fd) != state) {
		if (mk_now_ms() > until)
			return mk_failx(spec, ETIMEDOUT, "the state never came");
		mk_sleep_ms(1);
	}
	return 0;
}

/* A listener by itself. */
int mk_tcp_listener(struct mk_spec *spec)
{
	int fd = mk_inet_socket(spec, SOCK_STREAM, IPPROTO_TCP), r;

	if (fd < 0)
		return fd;
	r = mk_inet_bind(spec, fd, mk_port(spec));
	if (r < 0)
		return r;
	if (listen(fd, (int)mk_get(spec, "backlog", 128)) < 0)
		return mk_fail(spec, "listen");
	return fd;
}

/* A listener for connections that the spec makes itself. */
int mk_tcp_listen(struct mk_spec *spec, int protocol, int backlog)
{
	int fd = mk_inet_socket(spec, SOCK_STREAM, protocol), one = 1, small = 8192, r;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Inherited by what is accepted: a queue that is full soon, and of one size. */
	if (mk_get(spec, "unsent", 0) &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) < 0)
		return mk_fail(spec, "SO_RCVBUF");
	r = mk_inet_bind(spec, fd, (uint16_t)mk_get(spec, "port", 0));
	if (r < 0)
		return r;
	if (listen(fd, backlog) < 0)
		return mk_fail(spec, "listen");
	return fd;
}

/* Begins to connect; the caller waits for the state that it wants. */
int mk_tcp_connect(struct mk_spec *spec, int protocol, int listener)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int fd = mk_inet_socket(spec, SOCK_STREAM, protocol);
	int big = (int)mk_get(spec, "unsent", 0) * 2;

	if (fd < 0)
		return fd;
	if (big && setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	if (getsockname(listener, (struct sockaddr *)&addr, &len) < 0)
		return mk_fail(spec, "getsockname");
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return mk_fail(spec, "fcntl");
	if (connect(fd, (struct sockaddr *)&addr, len) < 0 && errno != EINPROGRESS)
		return mk_fail(spec, "connect");
	return fd;
}

int mk_tcp_pair(struct mk_spec *spec, int protocol, struct mk_pair *ret_pair)
{
	struct mk_pair pair;
	int r;

	pair.listener = mk_tcp_listen(spec, protocol, 128);
	if (pair.listener < 0)
		return pair.listener;
	pair.client = mk_tcp_connect(spec, protocol, pair.listener);
	if (pair.client < 0)
		return pair.client;
	r = mk_wait_readable(pair.listener, MK_WAIT_MS);
	if (r < 0)
		return mk_failx(spec, -r, "waiting for a connection");
	pair.server = accept4(pair.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (pair.server < 0)
		return mk_fail(spec, "accept");
	r = mk_keep(spec, pair.server);
	if (r < 0)
		return mk_failx(spec, -r, "mk_keep");
	r = mk_tcp_await(spec, pair.client, ESTABLISHED);
	if (r >= 0)
		r = mk_tcp_await(spec, pair.server, ESTABLISHED);
	if (r >= 0)
		*ret_pair = pair;
	return r;
}

static int make_listen(struct mk_spec *spec)
{
	int fd = mk_tcp_listener(spec);

	return fd < 0 ? fd : mk_look_tell(spec, fd, "tcp");
}

static int make_bound(struct mk_spec *spec)
{
	int fd = mk_inet_socket(spec, SOCK_STREAM, IPPROTO_TCP), r;

	if (fd < 0)
		return fd;
	r = mk_inet_bind(spec, fd, mk_port(spec));
	return r < 0 ? r : mk_look_tell(spec, fd, "tcp");
}

static int make_unbound(struct mk_spec *spec)
{
	int fd = mk_inet_socket(spec, SOCK_STREAM, IPPROTO_TCP);

	return fd < 0 ? fd : mk_look_tell(spec, fd, "tcp");
}

/* Sends until the receiver's window is closed and the sender only probes it. */
static int fill_both(struct mk_spec *spec, const struct mk_pair *pair, size_t bytes)
{
	int64_t until = mk_now_ms() + MK_WAIT_MS;
	char *data = calloc(1, bytes);
	struct tcp_info info;
	uint32_t waiting = 0;
	socklen_t len;
	ssize_t sent;

	if (!data)
		return mk_failx(spec, ENOMEM, "calloc");
	sent = send(pair->client, data, bytes, MSG_NOSIGNAL);
	free(data);
	if (sent != (ssize_t)bytes)
		return mk_failx(spec, ENOBUFS, "unsent: more than the sender's queue takes");
	for (int still = 0; mk_now_ms() < until; mk_sleep_ms(10)) {
		len = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (getsockopt(pair->client, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
			return mk_fail(spec, "TCP_INFO");
		/* Nothing is in flight, and nothing more goes out for longer than a delayed ACK. */
		still = info.tcpi_unacked == 0 && info.tcpi_notsent_bytes > 0 &&
					info.tcpi_notsent_bytes == waiting
				? still + 1
				: 0;
		waiting = info.tcpi_notsent_bytes;
		if (still == 30)
			return 0;
	}
	return mk_failx(spec, ENODATA, "unsent: too little to close the receiver's window");
}

static int make_established(struct mk_spec *spec)
{
	size_t unread = mk_get(spec, "unread", 0), unsent = mk_get(spec, "unsent", 0);
	struct mk_sock sock;
	struct mk_pair pair;
	int r = mk_tcp_pair(spec, IPPROTO_TCP, &pair);

	if (r < 0)
		return r;
	mk_drop(spec, pair.listener);
	r = unsent ? fill_both(spec, &pair, unsent)
		   : mk_inet_fill(spec, pair.client, pair.server, unread);
	if (r >= 0)
		r = mk_look(spec, pair.client, "tcp", &sock);
	if (r < 0)
		return r;
	sock.timer = unsent ? "probe" : NULL;
	mk_tell(spec, &sock);
	return mk_look_tell(spec, pair.server, "tcp");
}

static int make_keepalive(struct mk_spec *spec)
{
	struct mk_sock sock;
	struct mk_pair pair;
	int r = mk_tcp_pair(spec, IPPROTO_TCP, &pair), one = 1;

	if (r < 0)
		return r;
	mk_drop(spec, pair.listener);
	if (setsockopt(pair.client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) < 0)
		return mk_fail(spec, "SO_KEEPALIVE");
	r = mk_look(spec, pair.client, "tcp", &sock);
	if (r < 0)
		return r;
	sock.timer = "keepalive";
	mk_tell(spec, &sock);
	return mk_look_tell(spec, pair.server, "tcp");
}

static int make_reuseport(struct mk_spec *spec)
{
	uint16_t port = (uint16_t)mk_get(spec, "port", 0);
	uint64_t count = mk_get(spec, "count", 2);
	struct mk_sock sock;
	int one = 1, fd, r = 0;

	for (uint64_t i = 0; i < count && r >= 0; i++) {
		fd = mk_inet_socket(spec, SOCK_STREAM, IPPROTO_TCP);
		if (fd < 0)
			return fd;
		if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0)
			return mk_fail(spec, "SO_REUSEPORT");
		r = mk_inet_bind(spec, fd, port);
		if (r < 0)
			return r;
		if (listen(fd, (int)mk_get(spec, "backlog", 128)) < 0)
			return mk_fail(spec, "listen");
		r = mk_look(spec, fd, "tcp", &sock);
		if (r < 0)
			return r;
		port = (uint16_t)sock.local.port;
		mk_tell(spec, &sock);
	}
	return r;
}

static int make_device(struct mk_spec *spec)
{
	int r = mk_default(spec, "device", "lo");

	return r < 0 ? r : make_listen(spec);
}

static int make_mark(struct mk_spec *spec)
{
	int r = mk_default(spec, "mark", "51966");

	return r < 0 ? r : make_listen(spec);
}

/* Each MPTCP socket, and the TCP subflow beneath it: one inode, but a cookie of its own. */
static int tell_mptcp(struct mk_spec *spec, int fd)
{
	struct mk_sock sock;
	int r = mk_look(spec, fd, "mptcp", &sock);

	if (r < 0)
		return r;
	mk_tell(spec, &sock);
	r = mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return r;
	sock.cookie = 0;
	sock.subflow = true;
	mk_tell(spec, &sock);
	return 0;
}

/* A byte each way: only then does the kernel add subflows of its own. */
static int talk(struct mk_spec *spec, const struct mk_pair *pair)
{
	char byte = 'x';

	if (write(pair->client, &byte, 1) != 1 || read(pair->server, &byte, 1) != 1 ||
	    write(pair->server, &byte, 1) != 1 || read(pair->client, &byte, 1) != 1)
		return mk_fail(spec, "talk");
	return 0;
}

static int make_mptcp(struct mk_spec *spec)
{
	struct mk_pair pair;
	int r = mk_tcp_pair(spec, IPPROTO_MPTCP, &pair);

	if (r >= 0 && mk_get(spec, "talk", 0))
		r = talk(spec, &pair);
	if (r >= 0)
		r = tell_mptcp(spec, pair.listener);
	if (r >= 0)
		r = tell_mptcp(spec, pair.client);
	return r < 0 ? r : tell_mptcp(spec, pair.server);
}

#define KEYS "family addr port count mark device v6only"

const struct mk_kind mk_kinds_tcp[] = {
	{ "tcp-listen", KEYS " backlog", "a listener", make_listen, 0 },
	{ "tcp-bound", KEYS, "bound, not listening", make_bound, 0 },
	{ "tcp-unbound", "family count mark device v6only", "socket() only: no source lists it",
	  make_unbound, 0 },
	{ "tcp-established", KEYS " unread unsent",
	  "both ends; unread= bytes wait at the server, or unsent= bytes close its window",
	  make_established, 0 },
	{ "tcp-keepalive", KEYS, "both ends; the client keeps alive", make_keepalive, 0 },
	{ "tcp-reuseport", KEYS " backlog", "count= listeners on one port", make_reuseport,
	  MK_OWN_COUNT },
	{ "tcp-device", KEYS, "a listener bound to device= (lo)", make_device, 0 },
	{ "tcp-mark", KEYS, "a listener with mark= (51966)", make_mark, 0 },
	{ "mptcp", KEYS " talk",
	  "an MPTCP listener and connection, with their subflows; talk=1: bytes go both ways",
	  make_mptcp, 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};
