/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Netlink and packet sockets. */
#include "mksock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

#define GROUP_WORDS 40
/* An ethertype for local experiments: nothing ever comes in. */
#define SILENT_ETHERTYPE 0x88b5

static int keep(struct mk_spec *spec, int fd)
{
	int r;

	if (fd < 0)
		return mk_fail(spec, "socket");
	r = mk_keep(spec, fd);
	return r < 0 ? mk_failx(spec, -r, "mk_keep") : fd;
}

/* The groups as the kernel has them, from 1 on; those over 32 are in no address. */
static void put_groups(int fd, FILE *out)
{
	uint32_t words[GROUP_WORDS] = { 0 };
	socklen_t len = sizeof(words);
	const char *comma = "";

	if (getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, words, &len) < 0)
		return;
	fputs(",\"groups\":[", out);
	for (unsigned i = 0; i < GROUP_WORDS * 32; i++) {
		if (!(words[i / 32] >> i % 32 & 1))
			continue;
		fprintf(out, "%s%u", comma, i + 1);
		comma = ",";
	}
	fputc(']', out);
}

static int tell_netlink(struct mk_spec *spec, int fd, int64_t protocol)
{
	struct sockaddr_nl addr = { 0 };
	socklen_t len = sizeof(addr);
	struct mk_sock sock;
	char *extra = NULL;
	FILE *out;
	int r = mk_look(spec, fd, "netlink", &sock);

	if (r < 0)
		return r;
	out = open_memstream(&extra, &(size_t){ 0 });
	if (!out) {
		free(sock.owners);
		return mk_fail(spec, "open_memstream");
	}
	if (getpeername(fd, (struct sockaddr *)&addr, &len) == 0 && addr.nl_pid != 0)
		sock.state = "established";
	getsockname(fd, (struct sockaddr *)&addr, &len);
	fprintf(out, "\"portid\":%u", addr.nl_pid);
	put_groups(fd, out);
	fclose(out);
	sock.protocol = protocol;
	sock.extra = extra;
	mk_tell(spec, &sock);
	free(extra);
	return 0;
}

static int make_netlink(struct mk_spec *spec)
{
	int protocol = (int)mk_get(spec, "protocol", NETLINK_ROUTE);
	int group = (int)mk_get(spec, "group", 0);
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = keep(spec, socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));

	if (fd < 0)
		return fd;
	addr.nl_pid = (uint32_t)mk_get(spec, "port", 0);
	if (mk_get(spec, "bind", 1) && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return mk_fail(spec, "bind");
	if (mk_get(spec, "pktinfo", 0) &&
	    setsockopt(fd, SOL_NETLINK, NETLINK_PKTINFO, &(int){ 1 }, sizeof(int)) < 0)
		return mk_fail(spec, "NETLINK_PKTINFO");
	if (group && setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return mk_fail(spec, "NETLINK_ADD_MEMBERSHIP");
	addr.nl_pid = (uint32_t)mk_get(spec, "peer", 0);
	if (addr.nl_pid != 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return mk_fail(spec, "connect");
	return tell_netlink(spec, fd, protocol);
}

static int set_ring(struct mk_spec *spec, int fd)
{
	struct tpacket_req ring = {
		.tp_block_size = 65536, .tp_block_nr = 2, .tp_frame_size = 2048, .tp_frame_nr = 64
	};
	int version = TPACKET_V2;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0)
		return mk_fail(spec, "PACKET_VERSION");
	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) < 0)
		return mk_fail(spec, "PACKET_RX_RING");
	return 0;
}

static int tell_packet(struct mk_spec *spec, int fd, bool fanout, bool ring)
{
	struct sockaddr_ll addr = { 0 };
	socklen_t len = sizeof(addr);
	char extra[160] = "", *at = extra;
	struct mk_sock sock;
	uint32_t group;
	int r = mk_look(spec, fd, "packet", &sock);

	if (r < 0)
		return r;
	if (getsockname(fd, (struct sockaddr *)&addr, &len) == 0) {
		sock.protocol = ntohs(addr.sll_protocol);
		if (addr.sll_ifindex)
			if_indextoname((unsigned)addr.sll_ifindex, sock.interface);
	}
	at += snprintf(at, 96, "\"ring_rx\":%s,\"filter\":%u,\"members\":%u",
		       ring ? "true" : "false", (unsigned)mk_get(spec, "filter", 0),
		       (unsigned)mk_get(spec, "members", 0));
	len = sizeof(group);
	if (fanout && getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, &len) == 0)
		snprintf(at, 48, ",\"fanout\":%u,\"fanout_type\":%u", group & 0xffff, group >> 16);
	sock.extra = extra;
	mk_tell(spec, &sock);
	return 0;
}

/* A filter that lets everything in, so many instructions long. */
static int set_filter(struct mk_spec *spec, int fd, uint16_t length)
{
	struct sock_filter *code = calloc(length, sizeof(*code));
	struct sock_fprog program = { .len = length, .filter = code };
	int r = 0;

	if (!code)
		return mk_failx(spec, ENOMEM, "calloc");
	for (uint16_t i = 0; i < length; i++)
		code[i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, 0);
	code[length - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		r = mk_fail(spec, "SO_ATTACH_FILTER");
	free(code);
	return r;
}

/* Asks the loopback device for so many multicast addresses. */
static int add_members(struct mk_spec *spec, int fd, unsigned members)
{
	struct packet_mreq request = { .mr_ifindex = 1,
				       .mr_type = PACKET_MR_MULTICAST,
				       .mr_alen = 6 };

	for (unsigned i = 0; i < members; i++) {
		memcpy(request.mr_address,
		       (uint8_t[]){ 1, 0, 0x5e, 0, (uint8_t)(i >> 8), (uint8_t)i }, 6);
		if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof(request)) <
		    0)
			return mk_fail(spec, "PACKET_ADD_MEMBERSHIP");
	}
	return 0;
}

/* device= "" is every device. */
static int make_packet(struct mk_spec *spec)
{
	const char *type = mk_text(spec, "type"), *device = mk_text(spec, "device");
	bool dgram = type && strcmp(type, "dgram") == 0, ring = mk_get(spec, "ring", 0) != 0;
	int fanout = (int)mk_get(spec, "fanout", 0), fd, r = 0;
	struct sockaddr_ll addr = { .sll_family = AF_PACKET };

	fd = keep(spec, socket(AF_PACKET, (dgram ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	addr.sll_protocol = htons((uint16_t)mk_get(spec, "protocol", SILENT_ETHERTYPE));
	if (!device || *device) {
		addr.sll_ifindex = (int)if_nametoindex(device ? device : "lo");
		if (!addr.sll_ifindex)
			return mk_fail(spec, "device");
	}
	if (ring)
		r = set_ring(spec, fd);
	if (r >= 0 && mk_get(spec, "filter", 0))
		r = set_filter(spec, fd, (uint16_t)mk_get(spec, "filter", 0));
	if (r >= 0)
		r = add_members(spec, fd, (unsigned)mk_get(spec, "members", 0));
	if (r < 0)
		return r;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return mk_fail(spec, "bind");
	if (fanout && setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &fanout, sizeof(fanout)) < 0)
		return mk_fail(spec, "PACKET_FANOUT");
	return tell_packet(spec, fd, fanout != 0, ring);
}

const struct mk_kind mk_kinds_misc[] = {
	{ "netlink", "protocol group port bind peer pktinfo count",
	  "a netlink socket of protocol= (0), member of group= (from 1 on), port= its portid, bind=0: none, "
	  "connected to peer=, pktinfo=1: with that option",
	  make_netlink, 0 },
	{ "packet", "type device protocol fanout ring filter members count",
	  "a packet socket of type= raw or dgram, with fanout= group, ring=1 for a receive ring, filter= "
	  "instructions, members= multicast addresses",
	  make_packet, 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};
