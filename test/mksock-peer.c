/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The TCP states that need a peer which keeps silent at the right moment. */
#include "mksock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYN_RETRIES 30
#define REMOTE_PORT 7

/*
 * After the handshake, what each side does. f: the peer sends a FIN, acknowledging nothing of
 * the kernel's; F: the kernel's end shuts down; d: it sends data. The peer never acknowledges.
 */
static const struct {
	const char *name;
	const char *script;
	int state;
	int shutdown;
} states[] = {
	{ "tcp-fin-wait-1", "F", TCP_FIN_WAIT1, 2 },
	{ "tcp-last-ack", "fF", TCP_LAST_ACK, 3 },
	{ "tcp-closing", "Ff", TCP_CLOSING, 3 },
	{ "tcp-retransmit", "d", TCP_ESTABLISHED, -1 },
};

static int start_connect(struct mk_spec *spec, struct mk_flow *ret_flow)
{
	uint16_t port = (uint16_t)mk_get(spec, "port", REMOTE_PORT);
	struct sockaddr_storage local, remote;
	int fd, retries = SYN_RETRIES, r;
	struct mk_peer *peer;
	socklen_t len;

	r = mk_peer_open(spec, &peer);
	if (r >= 0)
		r = mk_peer_addr(spec, peer, true, port, &remote, &len);
	if (r < 0)
		return r;
	fd = mk_inet_socket(spec, SOCK_STREAM, IPPROTO_TCP);
	if (fd < 0)
		return fd;
	setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return mk_fail(spec, "fcntl");
	if (connect(fd, (struct sockaddr *)&remote, len) < 0 && errno != EINPROGRESS)
		return mk_fail(spec, "connect");
	len = sizeof(local);
	if (getsockname(fd, (struct sockaddr *)&local, &len) < 0)
		return mk_fail(spec, "getsockname");
	mk_flow_init(ret_flow, peer, &local, &remote);
	r = mk_flow_recv(ret_flow, MK_SYN, &ret_flow->rcv_nxt);
	return r < 0 ? mk_failx(spec, -r, "waiting for the SYN") : fd;
}

static int make_syn_sent(struct mk_spec *spec)
{
	struct sockaddr_storage remote;
	struct mk_sock sock;
	struct mk_flow flow;
	socklen_t len;
	int fd = start_connect(spec, &flow), r;

	if (fd < 0)
		return fd;
	r = mk_tcp_await(spec, fd, TCP_SYN_SENT);
	if (r >= 0)
		r = mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return r;
	/* getpeername() knows no peer yet. */
	mk_peer_addr(spec, flow.peer, true, flow.remote_port, &remote, &len);
	mk_look_end(&remote, len, &sock.peer);
	sock.timer = "retransmit";
	mk_tell(spec, &sock);
	return 0;
}

static int handshake(struct mk_spec *spec, struct mk_flow *ret_flow)
{
	uint32_t end;
	int fd = start_connect(spec, ret_flow), r;

	if (fd < 0)
		return fd;
	r = mk_flow_send(ret_flow, MK_SYN | MK_ACK);
	if (r >= 0)
		r = mk_flow_recv(ret_flow, MK_ACK, &end);
	if (r < 0)
		return mk_failx(spec, -r, "handshake");
	r = mk_tcp_await(spec, fd, TCP_ESTABLISHED);
	return r < 0 ? r : fd;
}

static int play(struct mk_spec *spec, int fd, struct mk_flow *flow, char step)
{
	size_t size = mk_get(spec, "size", 100);
	char *data;
	uint32_t end;
	int r = 0;

	switch (step) {
	case 'f':
		r = mk_flow_send(flow, MK_FIN | MK_ACK);
		break;
	case 'F':
		if (shutdown(fd, SHUT_WR) < 0)
			return mk_fail(spec, "shutdown");
		r = mk_flow_recv(flow, MK_FIN, &end);
		break;
	default:
		data = calloc(1, size + 1);
		if (!data)
			return mk_failx(spec, ENOMEM, "calloc");
		r = send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -ENOBUFS;
		free(data);
	}
	return r < 0 ? mk_failx(spec, -r, "playing the peer") : 0;
}

static int make_state(struct mk_spec *spec)
{
	struct mk_sock sock;
	struct mk_flow flow;
	size_t i = 0;
	int fd, r;

	while (strcmp(states[i].name, spec->kind->name) != 0)
		i++;
	fd = handshake(spec, &flow);
	r = fd;
	for (const char *step = states[i].script; *step && r >= 0; step++) {
		r = play(spec, fd, &flow, *step);
		if (r >= 0 && step[0] == 'f' && step[1])
			r = mk_tcp_await(spec, fd, TCP_CLOSE_WAIT);
	}
	if (r >= 0)
		r = mk_tcp_await(spec, fd, states[i].state);
	if (r >= 0)
		r = mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return r;
	sock.timer = "retransmit";
	sock.shutdown = states[i].shutdown;
	if (mk_get(spec, "orphan", 0)) {
		/* close() sends nothing more: the FIN is on its way, and the state stays. */
		mk_drop(spec, fd);
		sock.no_owner = "orphan";
		sock.inode = 0;
		sock.uid = sock.mark = -1;
		sock.shutdown = 3;
	}
	mk_tell(spec, &sock);
	return 0;
}

static int peer_listener(struct mk_spec *spec, struct mk_peer *peer)
{
	int fd = mk_inet_socket(spec, SOCK_STREAM, IPPROTO_TCP), retries = SYN_RETRIES, r;
	struct sockaddr_storage addr;
	socklen_t len;

	if (fd < 0)
		return fd;
	r = mk_peer_addr(spec, peer, false, (uint16_t)mk_get(spec, "port", 0), &addr, &len);
	if (r < 0)
		return r;
	/* A listener's own count is that of its unanswered SYN-ACKs, too. */
	setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
	if (bind(fd, (struct sockaddr *)&addr, len) < 0)
		return mk_fail(spec, "bind");
	return listen(fd, 4096) < 0 ? mk_fail(spec, "listen") : fd;
}

static int add_syn_recv(struct mk_spec *spec, struct mk_peer *peer,
			const struct sockaddr_storage *local, uint16_t port)
{
	struct sockaddr_storage remote;
	struct mk_flow flow;
	struct mk_sock sock;
	socklen_t len;
	uint32_t end;
	int r = mk_peer_addr(spec, peer, true, port, &remote, &len);

	if (r < 0)
		return r;
	mk_flow_init(&flow, peer, local, &remote);
	r = mk_flow_send(&flow, MK_SYN);
	if (r >= 0)
		r = mk_flow_recv(&flow, MK_SYN | MK_ACK, &end);
	if (r < 0)
		return mk_failx(spec, -r, "waiting for the SYN-ACK");
	mk_sock_init(&sock);
	sock.proto = "tcp";
	sock.family = mk_domain(spec) == AF_INET ? "inet" : "inet6";
	sock.state = "syn-recv";
	sock.no_owner = "syn-recv";
	sock.timer = "retransmit";
	sock.inode = 0;
	mk_look_end(local, len, &sock.local);
	mk_look_end(&remote, len, &sock.peer);
	mk_tell(spec, &sock);
	return 0;
}

static int make_syn_recv(struct mk_spec *spec)
{
	uint64_t count = mk_get(spec, "count", 1);
	struct sockaddr_storage local;
	socklen_t len = sizeof(local);
	struct mk_peer *peer;
	int fd, r = mk_peer_open(spec, &peer);

	if (r < 0)
		return r;
	if (count > 4000)
		return mk_failx(spec, ERANGE, "count");
	fd = peer_listener(spec, peer);
	if (fd < 0)
		return fd;
	if (getsockname(fd, (struct sockaddr *)&local, &len) < 0)
		return mk_fail(spec, "getsockname");
	for (uint64_t i = 0; i < count && r >= 0; i++)
		r = add_syn_recv(spec, peer, &local, (uint16_t)(20000 + i));
	return r < 0 ? r : mk_look_tell(spec, fd, "tcp");
}

static int scope_connect(struct mk_spec *spec, int listener, const struct sockaddr_in6 *addr)
{
	int client = mk_inet_socket(spec, SOCK_STREAM, IPPROTO_TCP), server, r;

	if (client < 0)
		return client;
	if (connect(client, (const struct sockaddr *)addr, sizeof(*addr)) < 0)
		return mk_fail(spec, "connect");
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		return mk_fail(spec, "accept");
	r = mk_keep(spec, server);
	if (r < 0)
		return mk_failx(spec, -r, "mk_keep");
	r = mk_look_tell(spec, client, "tcp");
	return r < 0 ? r : mk_look_tell(spec, server, "tcp");
}

/* A link-local address only means something together with its device. */
static int make_scope(struct mk_spec *spec)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(addr);
	struct mk_peer *peer;
	int fd, r = mk_peer_open(spec, &peer);

	if (r < 0)
		return r;
	if (!peer->inet6)
		return mk_failx(spec, EADDRNOTAVAIL, "no IPv6 address on the device");
	fd = mk_inet_socket(spec, SOCK_STREAM, IPPROTO_TCP);
	if (fd < 0)
		return fd;
	inet_pton(AF_INET6, "fe80::1", &addr.sin6_addr);
	addr.sin6_scope_id = peer->ifindex;
	addr.sin6_port = htons(mk_port(spec));
	if (bind(fd, (struct sockaddr *)&addr, len) < 0)
		return mk_fail(spec, "bind");
	if (listen(fd, 128) < 0 || getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		return mk_fail(spec, "listen");
	r = mk_look_tell(spec, fd, "tcp");
	return r < 0 ? r : scope_connect(spec, fd, &addr);
}

#define KEYS "family port count mark"

const struct mk_kind mk_kinds_peer[] = {
	{ "tcp-syn-sent", KEYS, "a SYN that nobody answers", make_syn_sent, 0 },
	{ "tcp-syn-recv", KEYS, "a listener and count= requests that nobody completes",
	  make_syn_recv, MK_OWN_COUNT },
	{ "tcp-fin-wait-1", KEYS " orphan", "a FIN that nobody acknowledges", make_state, 0 },
	{ "tcp-last-ack", KEYS " orphan", "the same after the peer's FIN", make_state, 0 },
	{ "tcp-closing", KEYS " orphan", "the same before the peer's FIN", make_state, 0 },
	{ "tcp-retransmit", KEYS " size", "established; size= bytes that nobody acknowledges",
	  make_state, 0 },
	{ "tcp-scope", "port count", "a listener and a connection on link-local addresses",
	  make_scope, MK_ONLY_INET6 },
	{ NULL, NULL, NULL, NULL, 0 },
};
