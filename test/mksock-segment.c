/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* TCP segments made and read by hand, so that the other end does exactly what a state needs. */
#include "mksock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define TCP_LEN 20u
#define IP_LEN 20u
#define IP6_LEN 40u
#define MAX_PACKET 2048

static void put16(uint8_t *at, uint16_t value)
{
	value = htons(value);
	memcpy(at, &value, sizeof(value));
}

static void put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, sizeof(value));
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static uint32_t sum16(const uint8_t *at, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(at + i);
	return len & 1 ? sum + ((uint32_t)at[len - 1] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Takes the addresses as they are on the wire: a mapped one is an IPv4 one. */
static bool wire_ip(const struct sockaddr_storage *addr, uint8_t ret_ip[16], uint16_t *ret_port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (addr->ss_family == AF_INET) {
		memcpy(&in, addr, sizeof(in));
		memcpy(ret_ip, &in.sin_addr, 4);
		*ret_port = ntohs(in.sin_port);
		return false;
	}
	memcpy(&in6, addr, sizeof(in6));
	*ret_port = ntohs(in6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
		memcpy(ret_ip, in6.sin6_addr.s6_addr + 12, 4);
		return false;
	}
	memcpy(ret_ip, &in6.sin6_addr, 16);
	return true;
}

void mk_flow_init(struct mk_flow *ret_flow, struct mk_peer *peer,
		  const struct sockaddr_storage *local, const struct sockaddr_storage *remote)
{
	memset(ret_flow, 0, sizeof(*ret_flow));
	ret_flow->peer = peer;
	ret_flow->snd_nxt = 1000;
	wire_ip(local, ret_flow->local_ip, &ret_flow->local_port);
	ret_flow->inet6 = wire_ip(remote, ret_flow->remote_ip, &ret_flow->remote_port);
}

static size_t put_ip(const struct mk_flow *flow, uint8_t *at)
{
	if (flow->inet6) {
		at[0] = 0x60;
		put16(at + 4, TCP_LEN);
		at[6] = IPPROTO_TCP;
		at[7] = 64;
		memcpy(at + 8, flow->remote_ip, 16);
		memcpy(at + 24, flow->local_ip, 16);
		return IP6_LEN;
	}
	at[0] = 0x45;
	put16(at + 2, IP_LEN + TCP_LEN);
	at[8] = 64;
	at[9] = IPPROTO_TCP;
	memcpy(at + 12, flow->remote_ip, 4);
	memcpy(at + 16, flow->local_ip, 4);
	put16(at + 10, fold(sum16(at, IP_LEN, 0)));
	return IP_LEN;
}

/* Sends an empty segment from the remote end, and counts what SYN and FIN take. */
int mk_flow_send(struct mk_flow *flow, uint8_t flags)
{
	uint8_t packet[IP6_LEN + TCP_LEN] = { 0 }, *tcp;
	size_t ip_len = put_ip(flow, packet), addr_len = flow->inet6 ? 16 : 4;
	uint32_t sum = IPPROTO_TCP + TCP_LEN;

	tcp = packet + ip_len;
	put16(tcp, flow->remote_port);
	put16(tcp + 2, flow->local_port);
	put32(tcp + 4, flow->snd_nxt);
	put32(tcp + 8, flags & MK_ACK ? flow->rcv_nxt : 0);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 65535);
	sum = sum16(flow->remote_ip, addr_len, sum16(flow->local_ip, addr_len, sum));
	put16(tcp + 16, fold(sum16(tcp, TCP_LEN, sum)));
	if (write(flow->peer->fd, packet, ip_len + TCP_LEN) != (ssize_t)(ip_len + TCP_LEN))
		return -EIO;
	flow->snd_nxt += (flags & MK_SYN ? 1u : 0u) + (flags & MK_FIN ? 1u : 0u);
	return 0;
}

/* The TCP part of a packet that the kernel sent in this flow, or NULL. */
static const uint8_t *find_tcp(const struct mk_flow *flow, const uint8_t *packet, size_t len,
			       size_t *ret_len)
{
	size_t addr_len = flow->inet6 ? 16 : 4, src_at = flow->inet6 ? 8 : 12, ip_len;
	uint8_t proto;

	if (len < IP_LEN || packet[0] >> 4 != (flow->inet6 ? 6 : 4))
		return NULL;
	ip_len = flow->inet6 ? IP6_LEN : (packet[0] & 15u) * 4;
	proto = packet[flow->inet6 ? 6 : 9];
	if (proto != IPPROTO_TCP || len < ip_len + TCP_LEN ||
	    memcmp(packet + src_at, flow->local_ip, addr_len) != 0 ||
	    memcmp(packet + src_at + addr_len, flow->remote_ip, addr_len) != 0 ||
	    get16(packet + ip_len) != flow->local_port ||
	    get16(packet + ip_len + 2) != flow->remote_port)
		return NULL;
	*ret_len = len - ip_len;
	return packet + ip_len;
}

/* Waits for a segment with these flags; tells which sequence number would acknowledge it. */
int mk_flow_recv(struct mk_flow *flow, uint8_t flags, uint32_t *ret_end_seq)
{
	int64_t until = mk_now_ms() + MK_WAIT_MS;
	uint8_t packet[MAX_PACKET];
	const uint8_t *tcp;
	size_t len;
	ssize_t n;
	int r;

	while (mk_now_ms() < until) {
		r = mk_wait_readable(flow->peer->fd, MK_WAIT_MS);
		if (r < 0)
			return r;
		n = read(flow->peer->fd, packet, sizeof(packet));
		tcp = n > 0 ? find_tcp(flow, packet, (size_t)n, &len) : NULL;
		if (!tcp || (tcp[13] & flags) != flags || (tcp[12] >> 4) * 4u > len)
			continue;
		*ret_end_seq = get32(tcp + 4) + (uint32_t)(len - (tcp[12] >> 4) * 4u) +
			       (tcp[13] & MK_SYN ? 1u : 0u) + (tcp[13] & MK_FIN ? 1u : 0u);
		return 0;
	}
	return -ETIMEDOUT;
}
