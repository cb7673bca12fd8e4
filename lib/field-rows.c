/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters of routes, interfaces, memberships and statistics. */
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

#include "field.h"
#include "rows.h"
#include "subject.h"
#include "util.h"

int get_row_number(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	return numbers_get(sock->ext, (enum row_number)field->offset, &ret->u64) ? 0 : FIELD_NONE;
}

int get_row_signed(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	uint64_t value;

	if (!numbers_get(sock->ext, (enum row_number)field->offset, &value))
		return FIELD_NONE;
	ret->i64 = (int64_t)value;
	return 0;
}

/* The first or the second address of the row; that of all zeros is none. */
static int give_addr(const struct estab_socket *sock, const uint8_t bytes[16], struct value *ret)
{
	memset(&ret->addr, 0, sizeof(ret->addr));
	ret->addr.family = sock->family;
	memcpy(ret->addr.bytes, bytes, sizeof(ret->addr.bytes));
	return 0;
}

int get_row_first(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	(void)field;
	return give_addr(sock, sock->inet.local, ret);
}

int get_gateway(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	static const uint8_t none[16] = { 0 };
	uint8_t other[17]; /* its family, and the address: IPv4 by way of IPv6 */

	(void)field;
	if (ext_read(sock->ext, EXT_GATEWAY, other, sizeof(other))) {
		give_addr(sock, other + 1, ret);
		ret->addr.family = other[0];
		return 0;
	}
	if (memcmp(sock->inet.peer, none, sizeof(none)) == 0)
		return FIELD_NONE;
	return give_addr(sock, sock->inet.peer, ret);
}

int get_row_addr(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	uint8_t bytes[16] = { 0 };

	if (!ext_read(sock->ext, (enum ext_kind)field->offset, bytes, sizeof(bytes)))
		return FIELD_NONE;
	return give_addr(sock, bytes, ret);
}

/* A word for a number; where there is none, the number is unknown. */
static int give_word(const struct estab_socket *sock, enum row_number number,
		     const char *const *words, size_t n, struct value *ret)
{
	uint64_t value;

	if (!numbers_get(sock->ext, number, &value))
		return FIELD_NONE;
	if (value >= n || !words[value])
		return FIELD_UNKNOWN;
	ret->text.data = words[value];
	ret->text.length = strlen(words[value]);
	return 0;
}

int get_route_kind(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	static const char *const words[] = {
		[RTN_UNSPEC] = "unspec",
		[RTN_UNICAST] = "unicast",
		[RTN_LOCAL] = "local",
		[RTN_BROADCAST] = "broadcast",
		[RTN_ANYCAST] = "anycast",
		[RTN_MULTICAST] = "multicast",
		[RTN_BLACKHOLE] = "blackhole",
		[RTN_UNREACHABLE] = "unreachable",
		[RTN_PROHIBIT] = "prohibit",
		[RTN_THROW] = "throw",
		[RTN_NAT] = "nat",
	};

	(void)field;
	return give_word(sock, NUMBER_KIND, words, ARRAY_SIZE(words), ret);
}

int get_route_scope(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	const char *word;
	uint64_t scope;

	(void)field;
	if (!numbers_get(sock->ext, NUMBER_SCOPE, &scope))
		return FIELD_NONE;
	word = rows_scope_word(scope);
	if (!word)
		return FIELD_UNKNOWN;
	ret->text.data = word;
	ret->text.length = strlen(word);
	return 0;
}

int get_route_origin(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	static const char *const words[] = {
		[RTPROT_UNSPEC] = "unspec",
		[RTPROT_REDIRECT] = "redirect",
		[RTPROT_KERNEL] = "kernel",
		[RTPROT_BOOT] = "boot",
		[RTPROT_STATIC] = "static",
		[8] = "gated",
		[9] = "ra",
		[10] = "mrt",
		[11] = "zebra",
		[12] = "bird",
		[13] = "dnrouted",
		[14] = "xorp",
		[15] = "ntk",
		[16] = "dhcp",
		[17] = "mrouted",
		[18] = "keepalived",
		[42] = "babel",
		[186] = "bgp",
		[187] = "isis",
		[188] = "ospf",
		[189] = "rip",
		[192] = "eigrp",
	};

	(void)field;
	return give_word(sock, NUMBER_ORIGIN, words, ARRAY_SIZE(words), ret);
}

int get_operstate(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	/* RFC 2863, as the kernel numbers them. */
	static const char *const words[] = {
		"unknown", "not-present", "down", "lower-layer-down", "testing", "dormant", "up",
	};

	(void)field;
	return give_word(sock, NUMBER_OPERSTATE, words, ARRAY_SIZE(words), ret);
}

int get_link_type(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	static const char *const words[] = {
		[ARPHRD_ETHER] = "ether",    [ARPHRD_INFINIBAND] = "infiniband",
		[ARPHRD_PPP] = "ppp",        [ARPHRD_TUNNEL] = "ipip",
		[ARPHRD_TUNNEL6] = "ip6tnl", [ARPHRD_LOOPBACK] = "loopback",
		[ARPHRD_SIT] = "sit",        [ARPHRD_IPGRE] = "gre",
		[ARPHRD_CAN] = "can",        [ARPHRD_IEEE80211] = "ieee80211",
		[ARPHRD_SLIP] = "slip",
	};

	(void)field;
	return give_word(sock, NUMBER_LINK_TYPE, words, ARRAY_SIZE(words), ret);
}

int get_ax25_state(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	/* AX25_STATE_0 to 4 of include/net/ax25.h. */
	static const char *const words[] = {
		"listening", "sabm-sent", "disc-sent", "established", "recovery",
	};

	(void)field;
	return give_word(sock, NUMBER_AX25_STATE, words, ARRAY_SIZE(words), ret);
}
