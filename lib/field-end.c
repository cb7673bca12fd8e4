/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* An end of a socket as a table shows it: address and port, path, or what its family has instead. */
#include <netinet/in.h>
#include <string.h>

#include "env.h"
#include "field.h"
#include "util.h"

static bool is_zero(const uint8_t bytes[16])
{
	static const uint8_t zeros[16];

	return memcmp(bytes, zeros, sizeof(zeros)) == 0;
}

/*
 * As ss(8) has it: "*" is an IPv6 wildcard that takes IPv4 too, "[::]" one that does not. A device
 * stands behind the address that it bounds. Where names are wanted and known, they take the place of
 * numbers.
 */
static void put_inet_end(const struct estab_socket *sock, bool local, struct text *text)
{
	const uint8_t *bytes = local ? sock->inet.local : sock->inet.peer;
	uint16_t port = local ? sock->local_port : sock->peer_port;
	bool inet6 = sock->family == ESTAB_FAMILY_INET6;
	struct estab_addr addr = { .family = sock->family };
	bool named = sock->ext->env->ctx->names.flags & ESTAB_NAMES_ENDS;
	const char *host = named ? name_of_host(sock, local) : NULL;
	const char *service = named ? name_of_service(sock, local) : NULL;
	uint8_t v6only = 0;
	size_t length;
	const char *device;

	memcpy(addr.bytes, bytes, sizeof(addr.bytes));
	if (host) {
		text_escape(text, host, strlen(host));
		inet6 = false;
	} else if (inet6 && is_zero(bytes) &&
		   !(ext_read(sock->ext, EXT_V6ONLY, &v6only, 1) && v6only != 0)) {
		text_char(text, '*');
		inet6 = false;
	} else {
		if (inet6)
			text_char(text, '[');
		text_addr(text, &addr);
	}
	if (ext_has(sock->ext, EXT_IFNAME) &&
	    (local || IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)(const void *)addr.bytes))) {
		device = ext_get(sock->ext, EXT_IFNAME, &length);
		text_char(text, '%');
		text_escape(text, device, length);
	}
	if (inet6)
		text_char(text, ']');
	text_char(text, ':');
	if (port == 0)
		text_char(text, '*');
	else if (service)
		text_escape(text, service, strlen(service));
	else
		text_u64(text, port);
}

static void put_number_sign(uint64_t inode, struct text *text)
{
	text_char(text, '#');
	text_u64(text, inode);
}

static void put_unix_end(const struct estab_socket *sock, bool local, struct text *text)
{
	size_t length;
	const char *path = ext_get(sock->ext, local ? EXT_PATH : EXT_PEER_PATH, &length);

	if (path) {
		if (ext_has(sock->ext, local ? EXT_ABSTRACT : EXT_PEER_ABSTRACT))
			text_char(text, '@');
		text_escape(text, path, length);
	} else if (local && sock->inode != 0) {
		put_number_sign(sock->inode, text);
	} else if (!local && sock->has & HAS_PEER_INODE && sock->local.peer_inode != 0) {
		put_number_sign(sock->local.peer_inode, text);
	} else {
		text_char(text, '*');
	}
}

/* "route:1234", "route:kernel"; the peer of a connected one: "1234", "kernel/group5". */
static void put_netlink_end(const struct estab_socket *sock, bool local, struct text *text)
{
	const char *name = protocol_name(sock->proto, sock->netlink.protocol);
	uint32_t portid = local ? sock->netlink.portid : sock->netlink.dst_portid;

	if (!local && sock->state != ESTAB_STATE_ESTABLISHED) {
		text_char(text, '*');
		return;
	}
	if (local && name)
		text_str(text, name);
	else if (local)
		text_u64(text, sock->netlink.protocol);
	if (local)
		text_char(text, ':');
	if (portid != 0)
		text_u64(text, portid);
	else
		text_str(text, local && sock->netlink.in_groups ? "*" : "kernel");
	if (!local && sock->netlink.dst_group != 0) {
		text_str(text, "/group");
		text_u64(text, sock->netlink.dst_group);
	}
}

static void put_ethertype(uint16_t number, struct text *text)
{
	static const char hex[] = "0123456789abcdef";
	char digits[] = { '0',
			  'x',
			  hex[number >> 12],
			  hex[number >> 8 & 15],
			  hex[number >> 4 & 15],
			  hex[number & 15] };

	text_put(text, digits, sizeof(digits));
}

/* "ip:eth0", "all:*", "0x88b5:if7" where the device has no name that is known. */
static void put_packet_end(const struct estab_socket *sock, bool local, struct text *text)
{
	const char *name = protocol_name(sock->proto, sock->packet.protocol);
	uint32_t index = 0;
	size_t length;
	const char *device = ext_get(sock->ext, EXT_IFNAME, &length);

	if (!local) {
		text_char(text, '*');
		return;
	}
	if (name)
		text_str(text, name);
	else
		put_ethertype(sock->packet.protocol, text);
	text_char(text, ':');
	if (device) {
		text_escape(text, device, length);
	} else if (ext_read(sock->ext, EXT_IFINDEX, &index, sizeof(index))) {
		text_str(text, "if");
		text_u64(text, index);
	} else {
		text_char(text, '*');
	}
}

static void put_named_end(const struct estab_socket *sock, bool local, struct text *text)
{
	size_t length;
	const char *name = ext_get(sock->ext, local ? EXT_LOCAL_NAME : EXT_PEER_NAME, &length);

	if (name)
		text_escape(text, name, length);
	else
		text_char(text, '*');
}

void field_format_end(const struct estab_socket *sock, bool local, struct text *text)
{
	switch (sock->family) {
	case ESTAB_FAMILY_INET:
	case ESTAB_FAMILY_INET6:
		put_inet_end(sock, local, text);
		break;
	case ESTAB_FAMILY_UNIX:
		put_unix_end(sock, local, text);
		break;
	case ESTAB_FAMILY_NETLINK:
		put_netlink_end(sock, local, text);
		break;
	case ESTAB_FAMILY_PACKET:
		put_packet_end(sock, local, text);
		break;
	default:
		put_named_end(sock, local, text);
		break;
	}
}
