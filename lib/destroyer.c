/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Closing sockets: SOCK_DESTROY, which names a socket by its ends and its cookie. Without the cookie
 * the kernel would take whatever has those ends by now, a listener too. Deleting flows goes the same way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>

#include "caps.h"
#include "conntrack.h"
#include "env.h"
#include "flow.h"
#include "nl.h"
#include "query.h"
#include "record.h"
#include "util.h"

enum {
	/* Of sockets that share a port the kernel finds one by a hash of both ends: so many other
	 * ends are tried until it is the one with the cookie. */
	SHARED_ATTEMPTS = 512,
	REQUEST_ROOM = 256,
};

struct estab_destroyer {
	struct env *env; /* owned reference */
	struct estab_result result;
	struct nl nl;
	bool flows;     /* not sockets */
	bool forbidden; /* it takes a capability that we have not */
};

static int open_socket(struct estab_destroyer *destroyer)
{
	int protocol = destroyer->flows ? NETLINK_NETFILTER : NETLINK_SOCK_DIAG;

	if (destroyer->flows && !conntrack_is_here(destroyer->env))
		return -ENOENT;
	return nl_open(destroyer->env, &destroyer->result, protocol, &destroyer->nl);
}

int estab_destroyer_open(struct estab_query *query, struct estab_destroyer **ret_destroyer)
{
	struct estab_destroyer *destroyer = calloc(1, sizeof(*destroyer));
	int r;

	if (!destroyer)
		return -ENOMEM;
	destroyer->flows = query->subject->id == ESTAB_SUBJECT_FLOWS;
	r = query->ctx->capture ? -EOPNOTSUPP : env_new(query->ctx, query, &destroyer->env);
	if (r == 0)
		r = open_socket(destroyer);
	if (r < 0) {
		estab_destroyer_close(destroyer);
		return r;
	}
	/* Whoever made the user namespace that owns it has all capabilities over it. */
	destroyer->forbidden =
		destroyer->env->target.way != NETNS_CHILD && !caps_have(CAP_NET_ADMIN);
	/* The socket stays there; the namespace need not be held for it. */
	netns_release(&destroyer->env->target);
	query->more_needs |= NEED_INTERFACE;
	*ret_destroyer = destroyer;
	return 0;
}

/* The protocol that the kernel knows it by; 0: none of that kind can be closed by its cookie. */
static uint8_t diag_protocol(const struct estab_socket *sock)
{
	switch (sock->proto) {
	case ESTAB_PROTO_TCP:
		/* It has no peer and does not listen: no table that is looked through has it. */
		return sock->state == ESTAB_STATE_BOUND ? 0 : IPPROTO_TCP;
	case ESTAB_PROTO_UDP:
		return IPPROTO_UDP;
	case ESTAB_PROTO_UDPLITE:
		return IPPROTO_UDPLITE;
	default:
		/* raw_diag_destroy() (Linux 4.19 to 6.18) takes the first that has these ends, and
		 * never looks at the cookie; mptcp_diag and unix_diag close nothing. */
		return 0;
	}
}

static struct nlmsghdr *make_request(const struct estab_socket *sock, uint8_t protocol,
				     void *buffer)
{
	struct nlmsghdr *request = nl_dump_request(buffer, SOCK_DESTROY, 0);
	size_t length = sock->family == ESTAB_FAMILY_INET ? 4 : 16;
	struct inet_diag_req_v2 *body;

	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->sdiag_family = sock->family == ESTAB_FAMILY_INET ? AF_INET : AF_INET6;
	body->sdiag_protocol = protocol;
	body->idiag_states = UINT32_MAX;
	/* The normal order for UDP too, whose look-up of a single one has it reversed. */
	memcpy(body->id.idiag_src, sock->inet.local, length);
	memcpy(body->id.idiag_dst, sock->inet.peer, length);
	body->id.idiag_sport = htons(sock->local_port);
	body->id.idiag_dport = htons(sock->peer_port);
	ext_read(sock->ext, EXT_IFINDEX, &body->id.idiag_if, sizeof(body->id.idiag_if));
	body->id.idiag_cookie[0] = (uint32_t)sock->cookie;
	body->id.idiag_cookie[1] = (uint32_t)(sock->cookie >> 32);
	return request;
}

static int check_kind(const struct estab_destroyer *destroyer, const struct estab_socket *sock)
{
	if (!sock)
		return destroyer->forbidden ? -EPERM : 0;
	if (destroyer->flows) {
		const struct flow *flow = flow_of(sock);

		if (!flow)
			return -EPROTONOSUPPORT;
		return flow->has & FLOW_HAS_ID ? 0 : -ENODATA;
	}
	if (diag_protocol(sock) == 0)
		return -EPROTONOSUPPORT;
	return sock->has & HAS_COOKIE && sock->cookie != 0 ? 0 : -ENODATA;
}

int estab_destroyer_check(const struct estab_destroyer *destroyer, const struct estab_socket *sock)
{
	int r = check_kind(destroyer, sock);

	if (r < 0 || !sock)
		return r;
	if (sock->has & HAS_NETNS && destroyer->env->netns != 0 &&
	    sock->netns != (uint32_t)destroyer->env->netns)
		return -EXDEV;
	return 0;
}

static int delete_flow(struct estab_destroyer *destroyer, const struct estab_socket *sock)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[REQUEST_ROOM];
	struct nlmsghdr *request = nl_dump_request(
		buffer, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, sizeof(struct nfgenmsg));
	int r = flow_delete_request(sock, request);

	return r < 0 ? r : nl_call(&destroyer->nl, request, "delete");
}

static int destroy_socket(struct estab_destroyer *destroyer, const struct estab_socket *sock)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[REQUEST_ROOM];
	struct inet_diag_req_v2 *body;
	struct nlmsghdr *request;
	int r;

	request = make_request(sock, diag_protocol(sock), buffer);
	body = mnl_nlmsg_get_payload(request);
	r = nl_call(&destroyer->nl, request, "destroy");
	if (sock->peer_port != 0)
		return r;
	for (uint16_t port = 1; r == -ENOENT && port <= SHARED_ATTEMPTS; port++) {
		body->id.idiag_dport = htons(port);
		r = nl_call(&destroyer->nl, request, "destroy");
	}
	return r;
}

int estab_destroyer_destroy(struct estab_destroyer *destroyer, const struct estab_socket *sock)
{
	int r = estab_destroyer_check(destroyer, sock);

	if (r < 0)
		return r;
	return destroyer->flows ? delete_flow(destroyer, sock) : destroy_socket(destroyer, sock);
}

struct estab_destroyer *estab_destroyer_close(struct estab_destroyer *destroyer)
{
	if (!destroyer)
		return NULL;
	nl_close(&destroyer->nl);
	result_clear(&destroyer->result);
	env_unref(destroyer->env);
	free(destroyer);
	return NULL;
}
