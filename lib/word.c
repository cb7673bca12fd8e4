/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The words for protocols, families, types and states. */
#include <errno.h>
#include <string.h>

#include "field.h"
#include "util.h"

static const char *const protos[] = {
	[ESTAB_PROTO_TCP] = "tcp",         [ESTAB_PROTO_UDP] = "udp",
	[ESTAB_PROTO_UDPLITE] = "udplite", [ESTAB_PROTO_RAW] = "raw",
	[ESTAB_PROTO_ICMP] = "icmp",       [ESTAB_PROTO_MPTCP] = "mptcp",
	[ESTAB_PROTO_UNIX] = "unix",       [ESTAB_PROTO_NETLINK] = "netlink",
	[ESTAB_PROTO_PACKET] = "packet",   [ESTAB_PROTO_AX25] = "ax25",
	[ESTAB_PROTO_IPX] = "ipx",
};

static const char *const families[] = {
	[ESTAB_FAMILY_INET] = "inet",     [ESTAB_FAMILY_INET6] = "inet6",
	[ESTAB_FAMILY_UNIX] = "unix",     [ESTAB_FAMILY_NETLINK] = "netlink",
	[ESTAB_FAMILY_PACKET] = "packet", [ESTAB_FAMILY_AX25] = "ax25",
	[ESTAB_FAMILY_IPX] = "ipx",
};

static const char *const types[] = {
	[ESTAB_TYPE_STREAM] = "stream",
	[ESTAB_TYPE_DGRAM] = "dgram",
	[ESTAB_TYPE_SEQPACKET] = "seqpacket",
	[ESTAB_TYPE_RAW] = "raw",
};

static const struct {
	const char *name;
	const char *capitals;
} states[] = {
	[ESTAB_STATE_ESTABLISHED] = { "established", "ESTABLISHED" },
	[ESTAB_STATE_SYN_SENT] = { "syn-sent", "SYN-SENT" },
	[ESTAB_STATE_SYN_RECV] = { "syn-recv", "SYN-RECV" },
	[ESTAB_STATE_FIN_WAIT_1] = { "fin-wait-1", "FIN-WAIT-1" },
	[ESTAB_STATE_FIN_WAIT_2] = { "fin-wait-2", "FIN-WAIT-2" },
	[ESTAB_STATE_TIME_WAIT] = { "time-wait", "TIME-WAIT" },
	[ESTAB_STATE_UNCONNECTED] = { "unconnected", "UNCONNECTED" },
	[ESTAB_STATE_CLOSE_WAIT] = { "close-wait", "CLOSE-WAIT" },
	[ESTAB_STATE_LAST_ACK] = { "last-ack", "LAST-ACK" },
	[ESTAB_STATE_LISTEN] = { "listen", "LISTEN" },
	[ESTAB_STATE_CLOSING] = { "closing", "CLOSING" },
	[ESTAB_STATE_BOUND] = { "bound", "BOUND" },
};

const char *word_proto(unsigned int proto)
{
	return proto < ARRAY_SIZE(protos) ? protos[proto] : NULL;
}

const char *word_family(unsigned int family)
{
	return family < ARRAY_SIZE(families) ? families[family] : NULL;
}

const char *word_type(unsigned int type)
{
	return type < ARRAY_SIZE(types) ? types[type] : NULL;
}

const char *word_state(unsigned int state)
{
	return state < ARRAY_SIZE(states) ? states[state].name : NULL;
}

const char *word_state_capitals(unsigned int state)
{
	return state < ARRAY_SIZE(states) ? states[state].capitals : NULL;
}

const char *estab_proto_name(enum estab_proto proto)
{
	return word_proto((unsigned int)proto);
}

const char *estab_family_name(enum estab_family family)
{
	return word_family((unsigned int)family);
}

const char *estab_type_name(enum estab_type type)
{
	return word_type((unsigned int)type);
}

const char *estab_state_name(enum estab_state state)
{
	return word_state((unsigned int)state);
}

#define STATE(name) BIT32(ESTAB_STATE_##name)

int estab_states_from_name(const char *name, uint32_t *ret_states)
{
	/* ss(8)'s synonyms and groups. Its "closed" is the kernel's state 7, bound or not. */
	static const struct {
		const char *name;
		uint32_t states;
	} words[] = {
		{ "syn-rcv", STATE(SYN_RECV) },
		{ "closed", STATE(UNCONNECTED) | STATE(BOUND) },
		{ "close", STATE(UNCONNECTED) | STATE(BOUND) },
		{ "unconnected", STATE(UNCONNECTED) | STATE(BOUND) },
		{ "bound-inactive", STATE(BOUND) },
		{ "listening", STATE(LISTEN) },
		{ "all", ESTAB_STATES_ALL },
		{ "connected",
		  ESTAB_STATES_ALL & ~(STATE(LISTEN) | STATE(UNCONNECTED) | STATE(BOUND)) },
		{ "synchronized", ESTAB_STATES_ALL & ~(STATE(LISTEN) | STATE(UNCONNECTED) |
						       STATE(BOUND) | STATE(SYN_SENT)) },
		{ "bucket", STATE(SYN_RECV) | STATE(TIME_WAIT) },
		{ "big", ESTAB_STATES_ALL & ~(STATE(SYN_RECV) | STATE(TIME_WAIT)) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].name, name) == 0) {
			*ret_states = words[i].states;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if (states[i].name && strcmp(states[i].name, name) == 0) {
			*ret_states = BIT32(i);
			return 0;
		}
	}
	return -EINVAL;
}
