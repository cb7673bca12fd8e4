/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters over what a congestion control algorithm tells of itself: union tcp_cc_info. */
#include <linux/inet_diag.h>
#include <string.h>

#include "field.h"
#include "util.h"

/* A connection under another algorithm has none of it. */
static int without(const struct estab_socket *sock)
{
	return ext_has(sock->ext, EXT_TCP_INFO) || sock->has & IS_MINISOCK ||
			       ext_has(sock->ext, EXT_BBR) || ext_has(sock->ext, EXT_DCTCP) ||
			       ext_has(sock->ext, EXT_CONGESTION)
		       ? FIELD_NONE
		       : FIELD_UNKNOWN;
}

static int read_u32(const struct estab_socket *sock, enum ext_kind kind, size_t offset,
		    uint32_t *ret)
{
	size_t length;
	const uint8_t *info = ext_get(sock->ext, kind, &length);

	if (!info || length < offset + sizeof(*ret))
		return without(sock);
	memcpy(ret, info + offset, sizeof(*ret));
	return 0;
}

int get_ext_member(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	uint32_t number;
	int r = read_u32(sock, (enum ext_kind)field->offset, field->size, &number);

	if (r == 0)
		ret->u64 = number;
	return r;
}

int get_bbr_bandwidth(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	uint32_t low, high;
	int r = read_u32(sock, EXT_BBR, offsetof(struct tcp_bbr_info, bbr_bw_lo), &low);

	(void)field;
	if (r == 0)
		r = read_u32(sock, EXT_BBR, offsetof(struct tcp_bbr_info, bbr_bw_hi), &high);
	if (r == 0)
		ret->u64 = (uint64_t)high << 32 | low;
	return r;
}

int get_bbr_gain(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	enum { BBR_UNIT = 256 };
	uint32_t gain;
	int r = read_u32(sock, EXT_BBR, field->size, &gain);

	if (r == 0)
		ret->f64 = (double)gain / BBR_UNIT;
	return r;
}

int get_dctcp(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	size_t length;
	const uint8_t *info = ext_get(sock->ext, EXT_DCTCP, &length);
	uint16_t number;

	if (!info || length < (size_t)field->offset + sizeof(number))
		return without(sock);
	memcpy(&number, info + field->offset, sizeof(number));
	ret->u64 = number;
	return 0;
}
