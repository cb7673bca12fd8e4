/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The inet sockets without a state machine: UDP, UDP-Lite, ping and raw; and what all share. */
#include "mksock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Makes and keeps a socket of the spec's family, with the options that every inet spec takes. */
int mk_inet_socket(struct mk_spec *spec, int type, int protocol)
{
	const char *device = mk_text(spec, "device");
	int fd = socket(mk_domain(spec), type | SOCK_CLOEXEC, protocol);
	int v6only = (int)mk_get(spec, "v6only", 0), r;
	uint32_t mark = (uint32_t)mk_get(spec, "mark", 0);

	if (fd < 0)
		return mk_fail(spec, "socket");
	r = mk_keep(spec, fd);
	if (r < 0)
		return mk_failx(spec, -r, "mk_keep");
	/* A raw socket's is fixed from the start. */
	if (mk_domain(spec) == AF_INET6 && type != SOCK_RAW &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) < 0)
		return mk_fail(spec, "IPV6_V6ONLY");
	if (mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0)
		return mk_fail(spec, "SO_MARK");
	if (device &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) < 0)
		return mk_fail(spec, "SO_BINDTODEVICE");
	return fd;
}

int mk_inet_bind(struct mk_spec *spec, int fd, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = mk_addr(spec, mk_text(spec, "addr"), port, &addr);

	if (len == 0)
		return mk_failx(spec, EINVAL, "addr");
	if (bind(fd, (struct sockaddr *)&addr, len) < 0)
		return mk_fail(spec, "bind");
	return 0;
}

/* Streams: sends so many bytes, and returns once they are in the receiver's queue, acknowledged. */
int mk_inet_fill(struct mk_spec *spec, int from, int to, size_t bytes)
{
	char *data = calloc(1, bytes ? bytes : 1);
	int64_t until = mk_now_ms() + MK_WAIT_MS;
	int in = -1, out = -1;
	ssize_t len;

	if (!data)
		return mk_failx(spec, ENOMEM, "calloc");
	len = send(from, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
	free(data);
	if (len < 0)
		return mk_fail(spec, "send");
	while (mk_now_ms() < until) {
		if (ioctl(to, SIOCINQ, &in) == 0 && ioctl(from, SIOCOUTQ, &out) == 0 &&
		    (size_t)in == bytes && out == 0)
			return 0;
		mk_sleep_ms(2);
	}
	return mk_failx(spec, ENOBUFS, "unread: more than the receiver's queue takes");
}

static int peer_of(struct mk_spec *spec, int fd, struct sockaddr_storage *ret_addr,
		   socklen_t *ret_len)
{
	*ret_len = sizeof(*ret_addr);
	if (getsockname(fd, (struct sockaddr *)ret_addr, ret_len) < 0)
		return mk_fail(spec, "getsockname");
	return 0;
}

static int send_to_self(struct mk_spec *spec, int from, const struct sockaddr_storage *to,
			socklen_t len, size_t times)
{
	size_t size = mk_get(spec, "size", 100);
	char *data = calloc(1, size ? size : 1);
	ssize_t sent = 0;

	if (!data)
		return mk_failx(spec, ENOMEM, "calloc");
	for (size_t i = 0; i < times && sent >= 0; i++)
		sent = sendto(from, data, size, 0, (const struct sockaddr *)to, to ? len : 0);
	free(data);
	return sent < 0 ? mk_fail(spec, "sendto") : 0;
}

static int datagram_unconnected(struct mk_spec *spec, const char *proto, int protocol)
{
	size_t unread = mk_get(spec, "unread", 0);
	struct sockaddr_storage addr;
	socklen_t len;
	int fd = mk_inet_socket(spec, SOCK_DGRAM, protocol), r;

	if (fd < 0)
		return fd;
	r = mk_inet_bind(spec, fd, mk_port(spec));
	if (r >= 0 && unread) {
		r = peer_of(spec, fd, &addr, &len);
		if (r >= 0)
			r = send_to_self(spec, fd, &addr, len, unread);
		if (r >= 0)
			r = mk_wait_readable(fd, MK_WAIT_MS);
	}
	return r < 0 ? r : mk_look_tell(spec, fd, proto);
}

/* Two ends that are connected to each other; unread= datagrams wait at the one with port=. */
static int datagram_connected(struct mk_spec *spec, const char *proto, int protocol)
{
	struct sockaddr_storage addr;
	socklen_t len;
	int fd[2], r = 0;

	for (int i = 0; i < 2; i++) {
		fd[i] = mk_inet_socket(spec, SOCK_DGRAM, protocol);
		if (fd[i] < 0)
			return fd[i];
		r = mk_inet_bind(spec, fd[i], i == 0 ? mk_port(spec) : 0);
		if (r < 0)
			return r;
	}
	for (int i = 0; i < 2; i++) {
		r = peer_of(spec, fd[1 - i], &addr, &len);
		if (r < 0)
			return r;
		if (connect(fd[i], (struct sockaddr *)&addr, len) < 0)
			return mk_fail(spec, "connect");
	}
	if (mk_get(spec, "unread", 0)) {
		r = send_to_self(spec, fd[1], NULL, 0, mk_get(spec, "unread", 0));
		if (r >= 0)
			r = mk_wait_readable(fd[0], MK_WAIT_MS);
	}
	if (r >= 0)
		r = mk_look_tell(spec, fd[0], proto);
	return r < 0 ? r : mk_look_tell(spec, fd[1], proto);
}

static int make_udp_unconnected(struct mk_spec *spec)
{
	return datagram_unconnected(spec, "udp", IPPROTO_UDP);
}

static int make_udp_connected(struct mk_spec *spec)
{
	return datagram_connected(spec, "udp", IPPROTO_UDP);
}

static int make_udplite(struct mk_spec *spec)
{
	int r = datagram_unconnected(spec, "udplite", IPPROTO_UDPLITE);

	return r < 0 || mk_get(spec, "port", 0)
		       ? r
		       : datagram_connected(spec, "udplite", IPPROTO_UDPLITE);
}

/* The port of a ping socket is its ICMP identifier. */
static int make_icmp_ping(struct mk_spec *spec)
{
	int protocol = mk_family(spec) == MK_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	if (mk_family(spec) == MK_MAPPED)
		return mk_failx(spec, EAFNOSUPPORT, "ping sockets know no mapped addresses");
	/* Refused only when this is not a namespace of our own: then socket() tells why. */
	mk_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	return datagram_unconnected(spec, "icmp", protocol);
}

static int make_raw(struct mk_spec *spec)
{
	int protocol = (int)mk_get(spec, "protocol", 253), fd, r;
	const char *addr = mk_text(spec, "addr");

	if (protocol > 255)
		return mk_failx(spec, EINVAL, "protocol");
	fd = mk_inet_socket(spec, SOCK_RAW, protocol);
	if (fd < 0)
		return fd;
	r = addr ? mk_inet_bind(spec, fd, 0) : 0;
	return r < 0 ? r : mk_look_tell(spec, fd, "raw");
}

#define KEYS "family addr port count mark device v6only"

const struct mk_kind mk_kinds_inet[] = {
	{ "udp-unconnected", KEYS " unread size",
	  "a bound UDP socket; unread= datagrams of size= bytes wait in it", make_udp_unconnected,
	  0 },
	{ "udp-connected", KEYS " unread size", "two UDP sockets connected to each other",
	  make_udp_connected, 0 },
	{ "udplite", KEYS " unread size",
	  "a bound UDP-Lite socket and, without port=, a connected pair", make_udplite, 0 },
	{ "icmp-ping", KEYS, "a ping socket (SOCK_DGRAM, ICMP or ICMPv6); port= is its identifier",
	  make_icmp_ping, 0 },
	{ "raw", "family addr count mark device protocol",
	  "a raw socket of protocol=, bound if addr= is given", make_raw, 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};
