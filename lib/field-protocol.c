/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The protocol that a raw, netlink or packet socket was made for, and its well-known name. */
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>

#include "field.h"
#include "util.h"

struct protocol_word {
	uint16_t number;
	const char *name;
};

/* IANA's protocol numbers, those that raw sockets are made for. */
static const struct protocol_word ip_words[] = {
	{ 1, "icmp" },       { 2, "igmp" },  { 4, "ipip" },  { 6, "tcp" },    { 17, "udp" },
	{ 41, "ipv6" },      { 46, "rsvp" }, { 47, "gre" },  { 50, "esp" },   { 51, "ah" },
	{ 58, "ipv6-icmp" }, { 89, "ospf" }, { 103, "pim" }, { 112, "vrrp" }, { 132, "sctp" },
	{ 136, "udplite" },  { 255, "raw" },
};

/* NETLINK_… of include/uapi/linux/netlink.h, also those that the kernel gave up. */
static const struct protocol_word netlink_words[] = {
	{ 0, "route" },       { 2, "usersock" },       { 3, "firewall" },
	{ 4, "sock-diag" },   { 5, "nflog" },          { 6, "xfrm" },
	{ 7, "selinux" },     { 8, "iscsi" },          { 9, "audit" },
	{ 10, "fib-lookup" }, { 11, "connector" },     { 12, "netfilter" },
	{ 13, "ip6-fw" },     { 14, "dnrtmsg" },       { 15, "kobject-uevent" },
	{ 16, "generic" },    { 18, "scsitransport" }, { 19, "ecryptfs" },
	{ 20, "rdma" },       { 21, "crypto" },        { 22, "smc" },
};

/* Of include/uapi/linux/if_ether.h. */
static const struct protocol_word ether_words[] = {
	{ ETH_P_802_3, "802.3" },
	{ ETH_P_ALL, "all" },
	{ ETH_P_802_2, "802.2" },
	{ ETH_P_LOOP, "loop" },
	{ ETH_P_IP, "ip" },
	{ ETH_P_ARP, "arp" },
	{ ETH_P_BATMAN, "batman" },
	{ ETH_P_RARP, "rarp" },
	{ ETH_P_8021Q, "802.1q" },
	{ ETH_P_IPX, "ipx" },
	{ ETH_P_IPV6, "ipv6" },
	{ ETH_P_MPLS_UC, "mpls" },
	{ ETH_P_MPLS_MC, "mpls-mc" },
	{ ETH_P_PPP_DISC, "pppoe-disc" },
	{ ETH_P_PPP_SES, "pppoe" },
	{ ETH_P_PAE, "eapol" },
	{ ETH_P_PROFINET, "profinet" },
	{ ETH_P_AOE, "aoe" },
	{ ETH_P_ETHERCAT, "ethercat" },
	{ ETH_P_8021AD, "802.1ad" },
	{ ETH_P_PREAUTH, "preauth" },
	{ ETH_P_TIPC, "tipc" },
	{ ETH_P_LLDP, "lldp" },
	{ ETH_P_MACSEC, "macsec" },
	{ ETH_P_1588, "ptp" },
	{ ETH_P_FCOE, "fcoe" },
	{ ETH_P_FIP, "fip" },
};

static const char *find_word(const struct protocol_word *words, size_t n, unsigned int number)
{
	for (size_t i = 0; i < n; i++)
		if (words[i].number == number)
			return words[i].name;
	return NULL;
}

const char *protocol_name(unsigned int proto, unsigned int protocol)
{
	switch (proto) {
	case ESTAB_PROTO_RAW:
		return find_word(ip_words, ARRAY_SIZE(ip_words), protocol);
	case ESTAB_PROTO_NETLINK:
		return find_word(netlink_words, ARRAY_SIZE(netlink_words), protocol);
	case ESTAB_PROTO_PACKET:
		return find_word(ether_words, ARRAY_SIZE(ether_words), protocol);
	default:
		return NULL;
	}
}

int get_protocol(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	uint8_t protocol = 0;

	(void)field;
	switch (sock->proto) {
	case ESTAB_PROTO_NETLINK:
		ret->u64 = sock->netlink.protocol;
		return 0;
	case ESTAB_PROTO_PACKET:
		ret->u64 = sock->packet.protocol;
		return 0;
	default:
		if (!ext_read(sock->ext, EXT_PROTOCOL, &protocol, sizeof(protocol)))
			return FIELD_UNKNOWN;
		ret->u64 = protocol;
		return 0;
	}
}

int get_protocol_name(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	const char *name;
	int r = get_protocol(sock, field, ret);

	if (r < 0)
		return r;
	name = protocol_name(sock->proto, (unsigned int)ret->u64);
	if (!name)
		return FIELD_NONE;
	ret->text.data = name;
	ret->text.length = strlen(name);
	return 0;
}
