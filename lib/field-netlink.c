/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters of what only netlink sockets have. */
#include "field.h"
#include "util.h"

int get_netlink_portid(const struct estab_socket *sock, const struct field *field,
		       struct value *ret)
{
	(void)field;
	ret->u64 = sock->netlink.portid;
	return 0;
}

int get_netlink_dst(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	if (sock->netlink.from_text)
		return FIELD_UNKNOWN;
	if (sock->state != ESTAB_STATE_ESTABLISHED)
		return FIELD_NONE;
	ret->u64 = field->size == 0 ? sock->netlink.dst_portid : sock->netlink.dst_group;
	return 0;
}

int get_netlink_groups(const struct estab_socket *sock, const struct field *field,
		       struct value *ret)
{
	size_t length;
	const char *groups = ext_get(sock->ext, EXT_NETLINK_GROUPS, &length);

	(void)field;
	if (!groups)
		return FIELD_UNKNOWN;
	ret->text.data = groups;
	ret->text.length = length;
	return 0;
}

int get_netlink_groups_mask(const struct estab_socket *sock, const struct field *field,
			    struct value *ret)
{
	(void)field;
	ret->u64 = sock->netlink.groups;
	return 0;
}

int get_netlink_flag(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	uint32_t flags = 0;

	/* Text has the first of them and no other. */
	if (!ext_read(sock->ext, EXT_NETLINK_FLAGS, &flags, sizeof(flags)) ||
	    (sock->netlink.from_text && field->size > 0))
		return FIELD_UNKNOWN;
	ret->u64 = flags >> field->size & 1;
	return 0;
}
