/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The request that deletes one entry of the connection table. Its tuple finds it, and its id tells it from
 * another that has the same tuple by now, unless that got its memory too (nf_ct_get_id()). There always is a tuple: without one the kernel empties the table.
 */
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#include "flow.h"

static void put_ends(struct nlmsghdr *request, bool v6, const struct flow_tuple *tuple)
{
	struct nlattr *nest = mnl_attr_nest_start(request, CTA_TUPLE_IP);
	size_t length = v6 ? 16 : 4;

	mnl_attr_put(request, v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, length, tuple->src);
	mnl_attr_put(request, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, length, tuple->dst);
	mnl_attr_nest_end(request, nest);
}

static void put_proto(struct nlmsghdr *request, bool v6, uint8_t l4proto,
		      const struct flow_tuple *tuple)
{
	struct nlattr *nest = mnl_attr_nest_start(request, CTA_TUPLE_PROTO);

	mnl_attr_put_u8(request, CTA_PROTO_NUM, l4proto);
	if (tuple->has & TUPLE_HAS_PORTS) {
		mnl_attr_put_u16(request, CTA_PROTO_SRC_PORT, htobe16(tuple->src_port));
		mnl_attr_put_u16(request, CTA_PROTO_DST_PORT, htobe16(tuple->dst_port));
	}
	if (tuple->has & TUPLE_HAS_ICMP) {
		mnl_attr_put_u16(request, v6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID,
				 htobe16(tuple->icmp_id));
		mnl_attr_put_u8(request, v6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE,
				tuple->icmp_type);
		mnl_attr_put_u8(request, v6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE,
				tuple->icmp_code);
	}
	mnl_attr_nest_end(request, nest);
}

int flow_delete_request(const struct estab_socket *sock, struct nlmsghdr *request)
{
	const struct flow *flow = flow_of(sock);
	bool v6 = sock->family == ESTAB_FAMILY_INET6;
	const struct flow_tuple *orig;
	struct nfgenmsg *body;
	struct nlattr *nest;

	if (!flow)
		return -EPROTONOSUPPORT;
	if (!(flow->has & FLOW_HAS_ID))
		return -ENODATA;
	orig = &flow->tuples[FLOW_ORIG];
	body = mnl_nlmsg_get_payload(request);
	body->nfgen_family = v6 ? AF_INET6 : AF_INET;
	body->version = NFNETLINK_V0;
	nest = mnl_attr_nest_start(request, CTA_TUPLE_ORIG);
	put_ends(request, v6, orig);
	put_proto(request, v6, flow->l4proto, orig);
	if (orig->has & TUPLE_HAS_ZONE)
		mnl_attr_put_u16(request, CTA_TUPLE_ZONE, htobe16(orig->zone));
	mnl_attr_nest_end(request, nest);
	if (flow->zone != 0)
		mnl_attr_put_u16(request, CTA_ZONE, htobe16(flow->zone));
	mnl_attr_put_u32(request, CTA_ID, htobe32(flow->id));
	return 0;
}
