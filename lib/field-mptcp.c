/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Getters over struct mptcp_info (include/uapi/linux/mptcp.h), and of what a TCP socket says of the
 * protocol above it. Offsets rather than the build host's struct, as for tcp_info.
 */
#include <string.h>

#include "field.h"
#include "util.h"

enum { MPTCP_INFO_TOKEN = 12 };

/*
 * How long the struct must be to have what is at an offset: twice it grew into the padding at its
 * end, so that offset and size alone don't tell. It had 40 bytes first; 48 with local_addr_used and
 * its like, 80 with counters, 88 with subflows_total, 96 with times.
 */
static size_t length_with(size_t offset)
{
	static const uint8_t starts[] = { 84, 80, 44, 40, 0 };
	static const uint8_t lengths[] = { 96, 88, 80, 48, 40 };
	size_t i = 0;

	while (offset < starts[i])
		i++;
	return lengths[i];
}

static int read_info(const struct estab_socket *sock, size_t offset, size_t size, uint64_t *ret)
{
	size_t length;
	const uint8_t *info = ext_get(sock->ext, EXT_MPTCP_INFO, &length);

	if (!info || length < length_with(offset))
		return FIELD_UNKNOWN;
	read_unsigned(info + offset, size, ret);
	return 0;
}

int get_mptcp_info(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	/* A listener is no connection: the kernel leaves nearly all of it zero. */
	if (record_is_listener(sock))
		return FIELD_NONE;
	return read_info(sock, field->offset, field->size, &ret->u64);
}

int get_mptcp_flag(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	uint64_t flags;
	int r;

	if (record_is_listener(sock))
		return FIELD_NONE;
	r = read_info(sock, field->offset, 4, &flags);
	if (r == 0)
		ret->u64 = flags >> field->size & 1;
	return r;
}

/* Older kernels tell of the protocol above TCP to CAP_NET_ADMIN alone. */
int without_ulp(const struct estab_socket *sock)
{
	return ext_has(sock->ext, EXT_ULP) || sock->has & (SEEN_AS_ADMIN | IS_MINISOCK)
		       ? FIELD_NONE
		       : FIELD_UNKNOWN;
}

int get_ulp(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	size_t length;
	const char *name = ext_get(sock->ext, EXT_ULP, &length);

	(void)field;
	if (!name)
		return without_ulp(sock);
	ret->text.data = name;
	ret->text.length = length;
	return 0;
}

int get_subflow(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	size_t length;
	const uint8_t *subflow = ext_get(sock->ext, EXT_SUBFLOW, &length);

	/* A listener, or another protocol's. */
	if (!subflow)
		return without_ulp(sock);
	if (length < (size_t)field->offset + field->size)
		return FIELD_UNKNOWN;
	read_unsigned(subflow + field->offset, field->size, &ret->u64);
	/* The kernel keeps the peer's number in those subflows only that this end added. */
	return field->id == ESTAB_F_MPTCP_REMOTE_TOKEN && ret->u64 == 0 ? FIELD_UNKNOWN : 0;
}

int get_mptcp_token(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	struct field token = { .offset = offsetof(struct subflow, token), .size = 4 };

	(void)field;
	if (sock->proto == ESTAB_PROTO_TCP)
		return get_subflow(sock, &token, ret);
	if (record_is_listener(sock))
		return FIELD_NONE;
	return read_info(sock, MPTCP_INFO_TOKEN, 4, &ret->u64);
}
