/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters of what only packet sockets have. */
#include <linux/packet_diag.h>
#include <string.h>

#include "field.h"
#include "util.h"

int get_packet_running(const struct estab_socket *sock, const struct field *field,
		       struct value *ret)
{
	(void)field;
	if (!sock->packet.running_known)
		return FIELD_UNKNOWN;
	ret->u64 = sock->packet.running;
	return 0;
}

static bool read_info(const struct estab_socket *sock, struct packet_diag_info *info)
{
	memset(info, 0, sizeof(*info));
	return ext_read(sock->ext, EXT_PACKET_INFO, info, sizeof(*info));
}

int get_packet_flag(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	struct packet_diag_info info;

	if (!read_info(sock, &info))
		return FIELD_UNKNOWN;
	ret->u64 = info.pdi_flags >> field->size & 1;
	return 0;
}

/* The kernel counts TPACKET_V1 to TPACKET_V3 from 0. */
int get_packet_version(const struct estab_socket *sock, const struct field *field,
		       struct value *ret)
{
	struct packet_diag_info info;

	(void)field;
	if (!read_info(sock, &info))
		return FIELD_UNKNOWN;
	ret->u64 = (uint64_t)info.pdi_version + 1;
	return 0;
}

static void give_u32(const void *from, size_t offset, struct value *ret)
{
	uint32_t number;

	memcpy(&number, (const uint8_t *)from + offset, sizeof(number));
	ret->u64 = number;
}

int get_packet_info(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	struct packet_diag_info info;

	if (!read_info(sock, &info))
		return FIELD_UNKNOWN;
	give_u32(&info, field->offset, ret);
	return 0;
}

/* What the kernel tells with the info, and leaves out where there is none of it. */
static int without(const struct estab_socket *sock)
{
	return ext_has(sock->ext, EXT_PACKET_INFO) ? FIELD_NONE : FIELD_UNKNOWN;
}

static int give_ring(const struct estab_socket *sock, enum ext_kind kind, size_t offset,
		     struct value *ret)
{
	struct packet_diag_ring ring = { 0 };

	if (!ext_read(sock->ext, kind, &ring, sizeof(ring)))
		return without(sock);
	give_u32(&ring, offset, ret);
	return 0;
}

int get_packet_rx_ring(const struct estab_socket *sock, const struct field *field,
		       struct value *ret)
{
	return give_ring(sock, EXT_PACKET_RX_RING, field->offset, ret);
}

int get_packet_tx_ring(const struct estab_socket *sock, const struct field *field,
		       struct value *ret)
{
	return give_ring(sock, EXT_PACKET_TX_RING, field->offset, ret);
}

int get_packet_fanout(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	uint32_t fanout = 0;

	(void)field;
	if (!ext_read(sock->ext, EXT_PACKET_FANOUT, &fanout, sizeof(fanout)))
		return without(sock);
	ret->u64 = fanout & UINT16_MAX;
	return 0;
}

int get_packet_fanout_type(const struct estab_socket *sock, const struct field *field,
			   struct value *ret)
{
	static const char *const words[] = { "hash", "lb", "cpu",  "rollover",
					     "rnd",  "qm", "cbpf", "ebpf" };
	uint32_t fanout = 0;

	(void)field;
	if (!ext_read(sock->ext, EXT_PACKET_FANOUT, &fanout, sizeof(fanout)))
		return without(sock);
	fanout = fanout >> 16 & UINT8_MAX;
	if (fanout >= ARRAY_SIZE(words))
		return FIELD_UNKNOWN;
	ret->text.data = words[fanout];
	ret->text.length = strlen(words[fanout]);
	return 0;
}
