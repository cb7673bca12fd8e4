/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Hosts of netlink and packet sockets: a protocol, and behind it a port id or a device. */
#include <linux/if_ether.h>
#include <string.h>
#include <strings.h>

#include "filter-host.h"
#include "plan.h"

static struct node *never(struct filter_parser *parser)
{
	return node_not(parser, node_leaf(parser, LEAF_EVERY, NULL));
}

/* Names that ss(8) knows and we print otherwise. */
static const struct {
	const char *name;
	uint16_t number;
} netlink_names[] = {
	{ "rtnl", 0 },	  { "unused", 1 },	{ "fw", 3 },	     { "tcpdiag", 4 },
	{ "inet_diag", 4 }, { "fiblookup", 10 }, { "nft", 12 },	     { "ip6fw", 13 },
	{ "dec-rt", 14 }, { "uevent", 15 },	{ "genl", 16 },	     { "scsi-trans", 18 },
}, ether_names[] = {
	{ "802_3", ETH_P_802_3 },   { "802_2", ETH_P_802_2 },	{ "mpls_uc", ETH_P_MPLS_UC },
	{ "mpls_mc", ETH_P_MPLS_MC }, { "ppp_disc", ETH_P_PPP_DISC }, { "ppp_ses", ETH_P_PPP_SES },
	{ "x25", ETH_P_X25 },	    { "snap", ETH_P_SNAP },	{ "ax25", ETH_P_AX25 },
	{ "teb", ETH_P_TEB },	    { "can", ETH_P_CAN },	{ "aarp", ETH_P_AARP },
	{ "atalk", ETH_P_ATALK },   { "pup", ETH_P_PUP },	{ "bpq", ETH_P_BPQ },
};

static bool same_name(const char *a, const char *b)
{
	return a && strcasecmp(a, b) == 0;
}

/* The protocol of that name or number. */
static bool find_protocol(enum estab_proto proto, const char *text, uint64_t *ret_number)
{
	bool netlink = proto == ESTAB_PROTO_NETLINK;
	unsigned int end = netlink ? 32 : UINT16_MAX + 1;

	if (filter_read_u64(text, ret_number))
		return *ret_number < end;
	for (size_t i = 0; netlink && i < ARRAY_SIZE(netlink_names); i++) {
		if (same_name(netlink_names[i].name, text)) {
			*ret_number = netlink_names[i].number;
			return true;
		}
	}
	for (size_t i = 0; !netlink && i < ARRAY_SIZE(ether_names); i++) {
		if (same_name(ether_names[i].name, text)) {
			*ret_number = ether_names[i].number;
			return true;
		}
	}
	for (unsigned int number = 0; number < end; number++) {
		if (same_name(protocol_name(proto, number), text)) {
			*ret_number = number;
			return true;
		}
	}
	return false;
}

static struct node *protocol_node(struct filter_parser *parser, const struct host *host,
				  enum estab_proto proto, struct node *before)
{
	uint64_t number;

	if (host_is_any(host->addr))
		return before;
	if (!find_protocol(proto, host->addr, &number)) {
		filter_fail(parser, host->token->at, "expected %s",
			    proto == ESTAB_PROTO_NETLINK
				    ? "a netlink protocol, as route or 0"
				    : "a protocol of the Ethernet, as ip or 0x800");
		return NULL;
	}
	return node_join(parser, NODE_AND, before,
			 node_number(parser, field_find(ESTAB_F_PROTOCOL),
				     (struct range){ number, number }));
}

struct node *host_netlink(struct filter_parser *parser, const struct host *host, bool local)
{
	struct node *node =
		protocol_node(parser, host, ESTAB_PROTO_NETLINK,
			      node_mask(parser, LEAF_FAMILY, BIT32(ESTAB_FAMILY_NETLINK)));
	uint64_t portid = 0;

	if (!node || !host->port || host_is_any(host->port))
		return node;
	if (strcmp(host->port, "kernel") != 0 &&
	    (!filter_read_u64(host->port, &portid) || portid > UINT32_MAX)) {
		filter_fail(parser, host->token->at, "expected a port id, or kernel");
		return NULL;
	}
	return node_join(
		parser, NODE_AND, node,
		node_number(parser,
			    field_find(local ? ESTAB_F_NETLINK_PORTID : ESTAB_F_NETLINK_DST_PORTID),
			    (struct range){ portid, portid }));
}

/* A packet socket has no other end. */
struct node *host_packet(struct filter_parser *parser, const struct host *host, bool local)
{
	bool device = host->port && !host_is_any(host->port);
	struct node *node =
		protocol_node(parser, host, ESTAB_PROTO_PACKET,
			      node_mask(parser, LEAF_FAMILY, BIT32(ESTAB_FAMILY_PACKET)));

	if (!local && (device || !host_is_any(host->addr)))
		return never(parser);
	if (node && device)
		node = node_join(parser, NODE_AND, node,
				 node_device(parser, host->token, host->port));
	return node;
}

/* By its number or by its name; 0 is none. */
struct node *node_device(struct filter_parser *parser, const struct token *token, const char *text)
{
	struct node *node = node_leaf(parser, LEAF_DEVICE, NULL);
	struct device device = { 0 };
	uint64_t index;
	size_t length = strlen(text);

	if (filter_read_u64(text, &index) && index <= INT32_MAX) {
		device.has_index = true;
		device.index = (uint32_t)index;
	}
	if (length == 0 || length >= sizeof(device.name) - 2) {
		filter_fail(parser, token->at, "expected a device, as eth0 or 2");
		return NULL;
	}
	/* A device may be called "7". */
	device.has_name = !device.has_index || index != 0;
	memcpy(device.name, text, length);
	if (node)
		node->leaf.needs = device.has_name ? NEED_INTERFACE | NEED_IFNAME : NEED_INTERFACE;
	return node_data(parser, node, &device, sizeof(device), 1);
}
