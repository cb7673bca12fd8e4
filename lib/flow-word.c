/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The words for what a flow is: protocols, states, status bits. */
#include <netinet/in.h>
#include <string.h>

#include "flow.h"
#include "text.h"
#include "util.h"

#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

/* net/netfilter/nf_conntrack_standalone.c: l4proto_name(). */
const char *flow_proto_word(unsigned int l4proto)
{
	switch (l4proto) {
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_DCCP:
		return "dccp";
	case IPPROTO_GRE:
		return "gre";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_UDPLITE:
		return "udplite";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		return NULL;
	}
}

/* As we write it, and as the kernel does. */
struct state_word {
	const char *word;
	const char *kernel;
};

/* enum tcp_conntrack. */
static const struct state_word tcp_states[] = {
	{ "none", "NONE" },         { "syn-sent", "SYN_SENT" },
	{ "syn-recv", "SYN_RECV" }, { "established", "ESTABLISHED" },
	{ "fin-wait", "FIN_WAIT" }, { "close-wait", "CLOSE_WAIT" },
	{ "last-ack", "LAST_ACK" }, { "time-wait", "TIME_WAIT" },
	{ "close", "CLOSE" },       { "syn-sent2", "SYN_SENT2" },
};

/* enum sctp_conntrack; the last was dropped in Linux 6.3. */
static const struct state_word sctp_states[] = {
	{ "none", "NONE" },
	{ "closed", "CLOSED" },
	{ "cookie-wait", "COOKIE_WAIT" },
	{ "cookie-echoed", "COOKIE_ECHOED" },
	{ "established", "ESTABLISHED" },
	{ "shutdown-sent", "SHUTDOWN_SENT" },
	{ "shutdown-recd", "SHUTDOWN_RECD" },
	{ "shutdown-ack-sent", "SHUTDOWN_ACK_SENT" },
	{ "heartbeat-sent", "HEARTBEAT_SENT" },
	{ "heartbeat-acked", "HEARTBEAT_ACKED" },
};

/* enum ct_dccp_states. */
static const struct state_word dccp_states[] = {
	{ "none", "NONE" },         { "request", "REQUEST" },   { "respond", "RESPOND" },
	{ "partopen", "PARTOPEN" }, { "open", "OPEN" },         { "closereq", "CLOSEREQ" },
	{ "closing", "CLOSING" },   { "timewait", "TIMEWAIT" }, { "ignore", "IGNORE" },
	{ "invalid", "INVALID" },
};

static const struct state_word *find_states(unsigned int l4proto, size_t *ret_count)
{
	switch (l4proto) {
	case IPPROTO_TCP:
		*ret_count = ARRAY_SIZE(tcp_states);
		return tcp_states;
	case IPPROTO_SCTP:
		*ret_count = ARRAY_SIZE(sctp_states);
		return sctp_states;
	case IPPROTO_DCCP:
		*ret_count = ARRAY_SIZE(dccp_states);
		return dccp_states;
	default:
		*ret_count = 0;
		return NULL;
	}
}

const char *flow_state_word(unsigned int l4proto, unsigned int state)
{
	size_t count;
	const struct state_word *states = find_states(l4proto, &count);

	return state < count ? states[state].word : NULL;
}

bool flow_state_find(unsigned int l4proto, const char *word, size_t length, uint8_t *ret_state)
{
	size_t count;
	const struct state_word *states = find_states(l4proto, &count);

	for (size_t i = 0; i < count; i++) {
		if (strlen(states[i].kernel) == length &&
		    memcmp(states[i].kernel, word, length) == 0) {
			*ret_state = (uint8_t)i;
			return true;
		}
	}
	return false;
}

const char *flow_status_word(unsigned int bit)
{
	static const char *const words[] = {
		"expected",      "seen-reply",       "assured",   "confirmed", "snat",
		"dnat",          "seq-adjust",       "snat-done", "dnat-done", "dying",
		"fixed-timeout", "template",         "nat-clash", "helper",    "offload",
		"hw-offload",    [30] = "unreplied",
	};

	return bit < ARRAY_SIZE(words) ? words[bit] : NULL;
}

void flow_put_status(const struct flow *flow, uint32_t bits, struct text *text)
{
	bits &= flow->status;
	for (unsigned int bit = 0; bit < 32; bit++) {
		if (!(bits & BIT32(bit)) || !flow_status_word(bit))
			continue;
		if (text->length > 0)
			text_char(text, ',');
		text_str(text, flow_status_word(bit));
	}
}

static bool same_end(const uint8_t a[16], uint16_t a_port, const uint8_t b[16], uint16_t b_port)
{
	return memcmp(a, b, 16) == 0 && a_port == b_port;
}

/* Text has no bit for it, and netlink's bits are of rules rather than of what they did: the tuples
 * tell. */
const char *flow_nat_word(const struct flow *flow)
{
	const struct flow_tuple *orig = &flow->tuples[FLOW_ORIG];
	const struct flow_tuple *reply = &flow->tuples[FLOW_REPLY];
	bool snat = !same_end(orig->src, orig->src_port, reply->dst, reply->dst_port);
	bool dnat = !same_end(orig->dst, orig->dst_port, reply->src, reply->src_port);

	if (snat && dnat)
		return "both";
	if (snat)
		return "snat";
	return dnat ? "dnat" : NULL;
}

const char *flow_event_word(const struct flow *flow)
{
	if (flow->has & FLOW_EVENT_NEW)
		return "new";
	if (flow->has & FLOW_EVENT_UPDATE)
		return "update";
	return flow->has & FLOW_EVENT_DESTROY ? "destroy" : NULL;
}
