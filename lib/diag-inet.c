/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "nl.h"
#include "util.h"

enum {
	KERNEL_NEW_SYN_RECV = 12, /* a request socket; sock_diag reports it as SYN_RECV */
	TCP_INFO_MAX = 512,
	NAME_MAX_LENGTH = 64,
	/* Not among the headers of every distribution we build on. */
	DIAG_CGROUP_ID = 21,
	DIAG_SOCKOPT = 22,
	DIAG_ATTRS = 23,
};

#define ALWAYS (UINT64_C(1) << 63) /* no NEED_… */

/* What is read of the attributes. All but the first become an extension entry as they are. */
static const struct {
	uint64_t need;
	uint16_t min; /* shorter ones are skipped */
	uint16_t max; /* longer ones are cut */
	enum ext_kind kind;
} diag_attrs[DIAG_ATTRS] = {
	[INET_DIAG_SHUTDOWN] = { ALWAYS, 1, 1, EXT_KINDS },
	[INET_DIAG_INFO] = { NEED_TCP_INFO, 1, TCP_INFO_MAX, EXT_TCP_INFO },
	[INET_DIAG_DCTCPINFO] = { NEED_CONGESTION_INFO, sizeof(struct tcp_dctcp_info),
				  sizeof(struct tcp_dctcp_info), EXT_DCTCP },
	[INET_DIAG_BBRINFO] = { NEED_CONGESTION_INFO, sizeof(struct tcp_bbr_info),
				sizeof(struct tcp_bbr_info), EXT_BBR },
	[INET_DIAG_CONG] = { NEED_CONGESTION, 1, NAME_MAX_LENGTH, EXT_CONGESTION },
	[INET_DIAG_TOS] = { NEED_TOS, 1, 1, EXT_TOS },
	[INET_DIAG_TCLASS] = { NEED_TCLASS, 1, 1, EXT_TCLASS },
	[INET_DIAG_CLASS_ID] = { NEED_TCLASS, 4, 4, EXT_CLASS_ID },
	[INET_DIAG_SKMEMINFO] = { NEED_MEM, 4, DIAG_MEM_MAX, EXT_MEM },
	[INET_DIAG_PROTOCOL] = { ALWAYS, 1, 1, EXT_PROTOCOL },
	[INET_DIAG_SKV6ONLY] = { ALWAYS, 1, 1, EXT_V6ONLY },
	[INET_DIAG_MARK] = { ALWAYS, 4, 4, EXT_MARK }, /* tells who we are, too */
	[INET_DIAG_ULP_INFO] = { NEED_ULP, 1, UINT16_MAX, EXT_KINDS },
	[DIAG_CGROUP_ID] = { NEED_CGROUP_ID, 8, 8, EXT_CGROUP_ID },
	[DIAG_SOCKOPT] = { NEED_SOCKOPT, 1, 2, EXT_SOCKOPT },
};

void diag_reading_init(struct diag_reading *reading, struct env *env, const struct source_job *job,
		       uint8_t protocol)
{
	static const uint8_t types[] = {
		[ESTAB_PROTO_TCP] = ESTAB_TYPE_STREAM,
		[ESTAB_PROTO_UDP] = ESTAB_TYPE_DGRAM,
		[ESTAB_PROTO_UDPLITE] = ESTAB_TYPE_DGRAM,
		[ESTAB_PROTO_RAW] = ESTAB_TYPE_RAW,
	};

	*reading = (struct diag_reading){
		.env = env,
		.needs = env->plan.needs,
		.states = job->states,
		.netns = (uint32_t)env->netns,
		.has = env->netns != 0 ? HAS_NETNS : 0,
		.proto = (uint8_t)job->proto,
		.type = (size_t)job->proto < ARRAY_SIZE(types) ? types[job->proto] : 0,
		.protocol = protocol,
	};
	/* mptcp_info comes in the same attribute, and under a need of its own. */
	if (job->proto == ESTAB_PROTO_MPTCP) {
		reading->needs &=
			~(NEED_TCP_INFO | NEED_CONGESTION | NEED_ULP | NEED_CONGESTION_INFO);
		if (reading->needs & NEED_MPTCP_INFO)
			reading->needs |= NEED_TCP_INFO;
	}
	for (size_t i = 0; i < DIAG_ATTRS; i++)
		if (diag_attrs[i].need & (reading->needs | ALWAYS))
			reading->attrs |= BIT32(i);
}

static uint8_t wanted_extensions(uint64_t needs)
{
	unsigned int bits = 0;

	/* The protocol above comes along with it (Linux 5.6), and not without. */
	if (needs & (NEED_TCP_INFO | NEED_ULP))
		bits |= 1u << (INET_DIAG_INFO - 1);
	if (needs & NEED_CONGESTION)
		bits |= 1u << (INET_DIAG_CONG - 1);
	if (needs & NEED_CONGESTION_INFO) /* of whichever algorithm it is */
		bits |= 1u << (INET_DIAG_VEGASINFO - 1);
	if (needs & NEED_TOS)
		bits |= 1u << (INET_DIAG_TOS - 1);
	if (needs & NEED_TCLASS) /* brings the class id too */
		bits |= 1u << (INET_DIAG_TCLASS - 1);
	if (needs & NEED_MEM)
		bits |= 1u << (INET_DIAG_SKMEMINFO - 1);
	return (uint8_t)bits;
}

/* A TCP socket that is closed is in no table; asking for it would only cost the walk. */
static uint32_t wanted_states(const struct diag_reading *reading)
{
	if (reading->proto == ESTAB_PROTO_TCP)
		return reading->states & ~BIT32(ESTAB_STATE_UNCONNECTED);
	return reading->states;
}

static void put_ports(const struct diag_reading *reading, struct inet_diag_sockid *id)
{
	id->idiag_sport = htons(reading->ports.local);
	id->idiag_dport = htons(reading->ports.peer);
}

struct nlmsghdr *diag_inet_request(const struct diag_reading *reading, uint8_t family, void *buffer)
{
	uint32_t states = wanted_states(reading);
	uint8_t extensions = wanted_extensions(reading->needs);
	struct nlmsghdr *request;

	if (family == AF_UNSPEC) {
		struct inet_diag_req *body;

		request = nl_dump_request(buffer, TCPDIAG_GETSOCK, sizeof(*body));
		body = mnl_nlmsg_get_payload(request);
		body->idiag_ext = extensions;
		body->idiag_states = states;
		put_ports(reading, &body->id);
	} else {
		struct inet_diag_req_v2 *body;

		request = nl_dump_request(buffer, SOCK_DIAG_BY_FAMILY, sizeof(*body));
		body = mnl_nlmsg_get_payload(request);
		body->sdiag_family = family;
		body->sdiag_protocol = reading->protocol;
		body->idiag_ext = extensions;
		body->idiag_states = states;
		put_ports(reading, &body->id);
	}
	return request;
}

/* Bound TCP sockets that neither listen nor are connected come as CLOSE (Linux 6.8). */
static unsigned int row_state(const struct diag_reading *reading, unsigned int state)
{
	if (state == KERNEL_NEW_SYN_RECV)
		return ESTAB_STATE_SYN_RECV;
	if (state == ESTAB_STATE_UNCONNECTED && reading->proto == ESTAB_PROTO_TCP &&
	    !reading->ended)
		return ESTAB_STATE_BOUND;
	return state;
}

/* The parts of a row each return the presence bits that go with them. */
static unsigned int decode_timer(const struct inet_diag_msg *diag, struct estab_socket *sock)
{
	if (diag->idiag_timer >= TIMER_KINDS)
		return 0;
	sock->timer_kind = (uint8_t)(diag->idiag_timer & 0xf);
	sock->timer_retransmits = diag->idiag_retrans;
	/* One that is due reads as a small negative number on older kernels. */
	sock->timer_ms = diag->idiag_expires <= INT32_MAX ? diag->idiag_expires : 0;
	return diag->idiag_timer == TIMER_TIME_WAIT ? HAS_TIMER | IS_MINISOCK : HAS_TIMER;
}

static void decode_ends(const struct inet_diag_sockid *id, struct estab_socket *sock)
{
	if (sock->family == ESTAB_FAMILY_INET) {
		memcpy(sock->inet.local, id->idiag_src, 4);
		memcpy(sock->inet.peer, id->idiag_dst, 4);
	} else {
		memcpy(sock->inet.local, id->idiag_src, 16);
		memcpy(sock->inet.peer, id->idiag_dst, 16);
	}
	sock->local_port = ntohs(id->idiag_sport);
	sock->peer_port = ntohs(id->idiag_dport);
}

static unsigned int decode_base(const struct diag_reading *reading,
				const struct inet_diag_msg *diag, struct estab_socket *sock)
{
	unsigned int has = reading->has | HAS_INODE | HAS_QUEUES;

	sock->netns = reading->netns;
	sock->type = reading->type;
	decode_ends(&diag->id, sock);
	has |= diag_set_cookie(sock, diag->id.idiag_cookie);
	sock->recv_q = diag->idiag_rqueue;
	sock->send_q = diag->idiag_wqueue;
	if (sock->state == ESTAB_STATE_LISTEN)
		has |= HAS_BACKLOG_LIMIT;
	sock->inode = diag->idiag_inode;
	/* Without an inode the kernel says 0 for want of a user. */
	if (diag->idiag_inode != 0) {
		sock->uid = diag->idiag_uid;
		has |= HAS_UID;
	}
	if (reading->proto == ESTAB_PROTO_TCP)
		has |= decode_timer(diag, sock);
	return has;
}

int diag_put_device(const struct diag_reading *reading, uint32_t index, struct row *row)
{
	const char *name = NULL;
	int r;

	if (index == 0 || !(reading->needs & (NEED_INTERFACE | NEED_IFNAME)))
		return 0;
	r = row_put(row, EXT_IFINDEX, &index, sizeof(index));
	if (r == 0 && reading->needs & NEED_IFNAME)
		name = netdevs_name(reading->env, index);
	return name ? row_put(row, EXT_IFNAME, name, strlen(name)) : r;
}

int diag_put_mem(const struct diag_reading *reading, const struct nl_attr *attr, struct row *row)
{
	uint32_t mem[SK_MEMINFO_WMEM_ALLOC + 1];

	if (attr->length >= sizeof(mem)) {
		memcpy(mem, attr->data, sizeof(mem));
		row->sock.recv_q = mem[SK_MEMINFO_RMEM_ALLOC];
		row->sock.send_q = mem[SK_MEMINFO_WMEM_ALLOC];
		row->sock.has |= HAS_QUEUES;
	}
	if (!(reading->needs & NEED_MEM))
		return 0;
	return row_put(row, EXT_MEM, attr->data, MIN(attr->length & ~(size_t)3, DIAG_MEM_MAX));
}

/* One of those that reading->attrs names. */
static int decode_attr(const struct diag_reading *reading, const struct nl_attr *attr,
		       struct row *row)
{
	uint16_t type = attr->type;
	enum ext_kind kind = diag_attrs[type].kind;
	size_t length = MIN(attr->length, diag_attrs[type].max);

	if (attr->length < diag_attrs[type].min)
		return 0;
	switch (type) {
	case INET_DIAG_SHUTDOWN:
		row->sock.has |= diag_shutdown_bits(*(const uint8_t *)attr->data);
		return 0;
	case INET_DIAG_ULP_INFO:
		return diag_ulp_decode(attr, row);
	case INET_DIAG_MARK:
		row->sock.has |= SEEN_AS_ADMIN;
		if (!(reading->needs & NEED_MARK))
			return 0;
		break;
	case INET_DIAG_INFO:
		if (reading->proto == ESTAB_PROTO_MPTCP)
			kind = EXT_MPTCP_INFO;
		break;
	case INET_DIAG_CONG:
		length = strnlen(attr->data, length);
		break;
	case INET_DIAG_SKMEMINFO:
		length &= ~(size_t)3;
		break;
	default:
		break;
	}
	return row_put(row, kind, attr->data, length);
}

int diag_inet_decode(const struct diag_reading *reading, const struct nlmsghdr *message,
		     struct row *row)
{
	const struct inet_diag_msg *diag = nl_body(message);
	struct nl_attrs attrs;
	struct nl_attr attr;
	unsigned int state;
	int r;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY && message->nlmsg_type != TCPDIAG_GETSOCK)
		return DIAG_SKIP;
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*diag)) ||
	    (diag->idiag_family != AF_INET && diag->idiag_family != AF_INET6))
		return -EBADMSG;
	state = row_state(reading, diag->idiag_state);
	if (state >= 32 || !(reading->states & BIT32(state)))
		return DIAG_SKIP;

	row_reset(row, reading->proto,
		  diag->idiag_family == AF_INET ? ESTAB_FAMILY_INET : ESTAB_FAMILY_INET6);
	row->sock.state = (uint8_t)state;
	row->sock.has = (uint16_t)decode_base(reading, diag, &row->sock);
	r = diag_put_device(reading, diag->id.idiag_if, row);
	attrs = nl_attrs_of(message, sizeof(*diag));
	while (r == 0 && nl_attr_next(&attrs, &attr))
		if (attr.type < 32 && reading->attrs & BIT32(attr.type))
			r = decode_attr(reading, &attr, row);
	/* Only a full socket says how it was shut down. */
	if (state == ESTAB_STATE_SYN_RECV && !(row->sock.has & HAS_SHUTDOWN))
		row->sock.has |= IS_MINISOCK;
	return r;
}

int diag_listen(const struct env *env, struct estab_result *result, uint64_t protos,
		uint32_t families, uint32_t buffer_bytes, struct nl *ret_nl)
{
	static const struct {
		enum estab_proto proto;
		enum estab_family family;
		unsigned int group;
	} all[] = {
		{ ESTAB_PROTO_TCP, ESTAB_FAMILY_INET, SKNLGRP_INET_TCP_DESTROY },
		{ ESTAB_PROTO_UDP, ESTAB_FAMILY_INET, SKNLGRP_INET_UDP_DESTROY },
		{ ESTAB_PROTO_TCP, ESTAB_FAMILY_INET6, SKNLGRP_INET6_TCP_DESTROY },
		{ ESTAB_PROTO_UDP, ESTAB_FAMILY_INET6, SKNLGRP_INET6_UDP_DESTROY },
	};
	bool any = false;
	int r = nl_open(env, result, NETLINK_SOCK_DIAG, ret_nl);

	if (r < 0)
		return r;
	r = nl_listen(ret_nl, "ended", buffer_bytes);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(all); i++) {
		if (!(protos & BIT64(all[i].proto)) || !(families & BIT32(all[i].family)))
			continue;
		any = true;
		r = nl_join(ret_nl, all[i].group);
	}
	if (r == 0 && !any)
		r = -EOPNOTSUPP;
	if (r < 0)
		nl_close(ret_nl);
	return r;
}
