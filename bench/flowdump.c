/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* flowdump: receives a dump of the connection table and drops it: the least that anyone can take who asks ctnetlink. */
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

enum { BUFFER = 64 * 1024 };

static bool has_end(const char *buffer, ssize_t length)
{
	const struct nlmsghdr *message = (const void *)buffer;
	int left = (int)length;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			return true;
	return false;
}

int main(void)
{
	static _Alignas(struct nlmsghdr) char buffer[BUFFER];
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *body;
	ssize_t n;

	request->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->version = NFNETLINK_V0;
	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) {
		perror("flowdump");
		return 1;
	}
	do {
		n = recv(mnl_socket_get_fd(socket), buffer, sizeof(buffer), 0);
		if (n <= 0) {
			perror("flowdump");
			return 1;
		}
	} while (!has_end(buffer, n));
	mnl_socket_close(socket);
	return 0;
}
