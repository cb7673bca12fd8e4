/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What ss -e shows of a packet socket. */
#include <stdio.h>
#include <string.h>

#include "compat-ss.h"
#include "util.h"

static void put_field(struct buf *buf, const char *name, const struct estab_socket *sock,
		      enum estab_field field)
{
	buf_str(buf, name);
	buf_u64(buf, compat_u64(sock, field, 0));
}

static void put_flags(struct buf *buf, const struct estab_socket *sock)
{
	static const struct {
		enum estab_field field;
		const char *word;
	} flags[] = {
		{ ESTAB_F_PACKET_RUNNING, "running" },  { ESTAB_F_PACKET_AUXDATA, " auxdata" },
		{ ESTAB_F_PACKET_ORIGDEV, " origdev" }, { ESTAB_F_PACKET_VNETHDR, " vnethdr" },
		{ ESTAB_F_PACKET_LOSS, " loss" },
	};
	bool any = false;

	buf_str(buf, " flags( ");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (compat_u64(sock, flags[i].field, 0) == 0)
			continue;
		buf_str(buf, flags[i].word);
		any = true;
	}
	buf_str(buf, any ? " )" : "0 )");
}

/* The fields of both rings stand in the same order: block_size, block_nr, frame_size, frame_nr,
 * retire_tmo, sizeof_priv, features. */
static void put_ring(const struct ss *ss, struct buf *buf, const struct estab_socket *sock,
		     const char *name, enum estab_field first)
{
	static const char *const names[] = { "blk_size:", ",blk_nr:", ",frm_size:", ",frm_nr:",
					     ",tmo:" };

	if (compat_u64(sock, first, UINT64_MAX) == UINT64_MAX)
		return;
	ss_put_break(ss, buf);
	buf_str(buf, name);
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		put_field(buf, names[i], sock, (enum estab_field)(first + i));
	buf_str(buf, ",features:0x");
	compat_put_hex(buf, compat_u64(sock, (enum estab_field)(first + 6), 0));
	buf_char(buf, ')');
}

static void put_fanout(const struct ss *ss, struct buf *buf, const struct estab_socket *sock)
{
	/* Two have other names there. */
	static const struct {
		const char *word;
		const char *name;
	} names[] = {
		{ "rollover", "roll" }, { "rnd", "random" }, { "cbpf", "0x6" }, { "ebpf", "0x7" }
	};
	const char *type = compat_str(sock, ESTAB_F_PACKET_FANOUT_TYPE);

	if (compat_u64(sock, ESTAB_F_PACKET_FANOUT_ID, UINT64_MAX) == UINT64_MAX)
		return;
	for (size_t i = 0; type && i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].word, type) == 0)
			type = names[i].name;
	ss_put_break(ss, buf);
	put_field(buf, "fanout(id:", sock, ESTAB_F_PACKET_FANOUT_ID);
	buf_str(buf, ",type:");
	buf_str(buf, type ? type : "unknown");
	buf_char(buf, ')');
}

/* struct sock_filter: code, jump if true, jump if false, operand. */
void ss_put_filter(const struct ss *ss, struct buf *buf, const struct estab_socket *sock)
{
	enum { INSTRUCTION = 8 };
	const void *code;
	const uint8_t *at;
	size_t length;

	if (estab_socket_get_bytes(sock, ESTAB_F_PACKET_FILTER_CODE, &code, &length) < 0)
		return;
	ss_put_break(ss, buf);
	buf_str(buf, "bpf filter (");
	buf_u64(buf, length / INSTRUCTION);
	buf_str(buf, "): ");
	at = code;
	for (; length >= INSTRUCTION; length -= INSTRUCTION, at += INSTRUCTION) {
		char text[60];
		uint16_t operation;
		uint32_t operand;

		memcpy(&operation, at, sizeof(operation));
		memcpy(&operand, at + 4, sizeof(operand));
		snprintf(text, sizeof(text), " 0x%02x %u %u %u,", operation, at[2], at[3], operand);
		buf_str(buf, text);
	}
}

void ss_put_packet(const struct ss *ss, struct buf *buf, const struct estab_socket *sock)
{
	uint64_t version = compat_u64(sock, ESTAB_F_PACKET_VERSION, 0);

	if (compat_u64(sock, ESTAB_F_PACKET_VERSION, UINT64_MAX) != UINT64_MAX) {
		ss_put_break(ss, buf);
		/* It counts from 0: TPACKET_V1. */
		buf_str(buf, "ver:");
		buf_u64(buf, version > 0 ? version - 1 : 0);
		put_field(buf, " cpy_thresh:", sock, ESTAB_F_PACKET_COPY_THRESH);
		put_flags(buf, sock);
	}
	put_ring(ss, buf, sock, "ring_rx(", ESTAB_F_PACKET_RX_BLOCK_SIZE);
	put_ring(ss, buf, sock, "ring_tx(", ESTAB_F_PACKET_TX_BLOCK_SIZE);
	put_fanout(ss, buf, sock);
}
