/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * flowfarm COUNT [NAMESPACES]: puts that many TCP entries into the connection table of the network namespace it
 * runs in, through ctnetlink, says "ready", and stays until its input ends. Every fourth is translated, as a load
 * balancer would; every eighth has a mark. With NAMESPACES it makes so many, of a process each, and divides the
 * entries among them: nf_conntrack_max bounds each namespace by itself.
 */
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parse.h"

enum { BATCH_BYTES = 48 * 1024, MESSAGE_ROOM = 512, TIMEOUT_S = 36000 };

struct end {
	uint32_t addr;
	uint16_t port;
};

static void put_tuple(struct nlmsghdr *message, uint16_t type, const struct end *src,
		      const struct end *dst)
{
	struct nlattr *tuple = mnl_attr_nest_start(message, type);
	struct nlattr *nest = mnl_attr_nest_start(message, CTA_TUPLE_IP);

	mnl_attr_put_u32(message, CTA_IP_V4_SRC, htobe32(src->addr));
	mnl_attr_put_u32(message, CTA_IP_V4_DST, htobe32(dst->addr));
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(message, CTA_PROTO_NUM, IPPROTO_TCP);
	mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htobe16(src->port));
	mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htobe16(dst->port));
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, tuple);
}

static size_t put_flow(void *buffer, uint32_t number)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *body;
	struct end client = { 0x0a000000 + number / 50000, (uint16_t)(1024 + number % 50000) };
	struct end service = { 0xc6120001 + number % 16, 443 };
	struct end backend =
		number % 4 == 0 ? (struct end){ 0xac100001 + number % 64, 8443 } : service;
	struct nlattr *info, *tcp;

	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->nfgen_family = AF_INET;
	body->version = NFNETLINK_V0;
	put_tuple(message, CTA_TUPLE_ORIG, &client, &service);
	put_tuple(message, CTA_TUPLE_REPLY, &backend, &client);
	mnl_attr_put_u32(message, CTA_TIMEOUT, htobe32(TIMEOUT_S));
	mnl_attr_put_u32(message, CTA_STATUS,
			 htobe32(IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
	if (number % 8 == 0)
		mnl_attr_put_u32(message, CTA_MARK, htobe32(7));
	info = mnl_attr_nest_start(message, CTA_PROTOINFO);
	tcp = mnl_attr_nest_start(message, CTA_PROTOINFO_TCP);
	mnl_attr_put_u8(message, CTA_PROTOINFO_TCP_STATE, TCP_CONNTRACK_ESTABLISHED);
	mnl_attr_nest_end(message, tcp);
	mnl_attr_nest_end(message, info);
	return NLMSG_ALIGN(message->nlmsg_len);
}

/* What went wrong, if anything did: the kernel says so without being asked. */
static int drain(struct mnl_socket *socket)
{
	_Alignas(struct nlmsghdr) char buffer[8192];
	int error = 0;

	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(socket), buffer, sizeof(buffer), MSG_DONTWAIT);
		const struct nlmsghdr *message = (const void *)buffer;
		const struct nlmsgerr *answer = mnl_nlmsg_get_payload(message);

		if (n < 0)
			return errno == EAGAIN ? error : -errno;
		if (mnl_nlmsg_ok(message, (int)n) && message->nlmsg_type == NLMSG_ERROR &&
		    answer->error != 0)
			error = answer->error;
	}
}

static int send_flows(struct mnl_socket *socket, uint32_t count)
{
	static _Alignas(struct nlmsghdr) char batch[BATCH_BYTES];
	size_t used = 0;
	int r;

	for (uint32_t i = 0; i < count; i++) {
		used += put_flow(batch + used, i);
		if (used + MESSAGE_ROOM <= sizeof(batch) && i + 1 < count)
			continue;
		if (mnl_socket_sendto(socket, batch, used) < 0)
			return -errno;
		used = 0;
		r = drain(socket);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Fills the table of the namespace that this is in, says so to a descriptor, and waits for the input's end. */
static int stay(uint32_t count, int fd)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	int r = !socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0
			? -errno
			: send_flows(socket, count);

	if (socket)
		mnl_socket_close(socket);
	if (r < 0) {
		fprintf(stderr, "flowfarm: %s\n", strerror(-r));
		return 1;
	}
	if (write(fd, "ready\n", 6) != 6)
		return 1;
	while (getchar() != EOF)
		;
	return 0;
}

/* One process for each namespace: all say that they are ready, or there is no farm. */
static int stay_apart(uint32_t count, uint32_t namespaces)
{
	char said[6];
	int ends[2];

	if (pipe(ends) < 0)
		return 1;
	for (uint32_t i = 0; i < namespaces; i++) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (child == 0) {
			close(ends[0]);
			_exit(unshare(CLONE_NEWNET) < 0 ? 1 : stay(count / namespaces, ends[1]));
		}
	}
	close(ends[1]);
	for (uint32_t i = 0; i < namespaces; i++)
		if (read(ends[0], said, sizeof(said)) != (ssize_t)sizeof(said))
			return 1;
	puts("ready");
	fflush(stdout);
	while (wait(NULL) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t namespaces = 0;
	uint32_t count;

	if (argc < 2 || argc > 3 || parse_u32(argv[1], &count) < 0 ||
	    (argc == 3 && parse_u32(argv[2], &namespaces) < 0)) {
		fputs("usage: flowfarm COUNT [NAMESPACES]\n", stderr);
		return 2;
	}
	return namespaces > 0 ? stay_apart(count, namespaces) : stay(count, STDOUT_FILENO);
}
