/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Flows as conntrack(8) -L prints them (version 1.4.7; `-o extended` begins with the family): scripts read
 * this. What a source doesn't tell is left out, as conntrack leaves out what the kernel didn't.
 */
#include <netinet/in.h>
#include <string.h>

#include "output.h"

static bool number_of(const struct estab_socket *sock, enum estab_field field, uint64_t *ret)
{
	return estab_socket_get_u64(sock, field, ret) == 0;
}

/* "NAME=NUMBER ", where it is known. */
static void put_pair(struct buf *buf, const struct estab_socket *sock, enum estab_field field,
		     const char *name)
{
	uint64_t number;

	if (!number_of(sock, field, &number))
		return;
	buf_str(buf, name);
	buf_char(buf, '=');
	buf_u64(buf, number);
	buf_char(buf, ' ');
}

/* Where the kernel knows a protocol no more (DCCP, since Linux 6.16), conntrack still has ports, of 0. */
static void put_port(struct buf *buf, const struct estab_socket *sock, enum estab_field field,
		     const char *name)
{
	uint64_t l4proto = 0;
	uint64_t port;

	if (!number_of(sock, field, &port) && number_of(sock, ESTAB_F_FLOW_L4PROTO, &l4proto) &&
	    l4proto == IPPROTO_DCCP) {
		buf_str(buf, name);
		buf_str(buf, "=0 ");
	}
	put_pair(buf, sock, field, name);
}

static void put_key(struct buf *buf, const struct estab_socket *sock, enum estab_field field,
		    const char *name)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t number;
	int shift = 12;

	if (!number_of(sock, field, &number))
		return;
	buf_str(buf, name);
	buf_str(buf, "=0x");
	while (shift > 0 && !(number >> shift & 15))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		buf_char(buf, digits[number >> shift & 15]);
	buf_char(buf, ' ');
}

static void put_name(struct buf *buf, const struct estab_socket *sock, enum estab_field field,
		     const char *name)
{
	const void *bytes;
	size_t length;

	if (estab_socket_get_bytes(sock, field, &bytes, &length) < 0)
		return;
	buf_str(buf, name);
	buf_char(buf, '=');
	buf_escape(buf, bytes, length);
	buf_char(buf, ' ');
}

static void put_addr(struct buf *buf, const struct estab_socket *sock, enum estab_field field,
		     const char *name)
{
	struct estab_addr addr;
	char text[46];

	if (estab_socket_get_addr(sock, field, &addr) < 0)
		return;
	buf_str(buf, name);
	buf_char(buf, '=');
	buf_put(buf, text, estab_addr_format(&addr, text));
	buf_char(buf, ' ');
}

/* "NAME     NUMBER ": the name in a column of eight. */
static void put_proto(struct buf *buf, const char *name, uint64_t number)
{
	size_t length = strlen(name);

	buf_str(buf, name);
	buf_blanks(buf, length < 8 ? 8 - length : 0);
	buf_char(buf, ' ');
	buf_u64(buf, number);
	buf_char(buf, ' ');
}

/* "syn-sent" as the kernel has it: "SYN_SENT". */
static void put_capitals(struct buf *buf, const char *word)
{
	for (; *word; word++) {
		char c = *word;

		if (c == '-')
			c = '_';
		buf_char(buf, (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c));
	}
}

/* Whether one of the status's words is this. */
static bool has_status(const char *status, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = status; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

/* The fields of a direction, in the order of those of the original one. */
enum { REPLY = ESTAB_F_REPLY - ESTAB_F_ORIG };

static void put_direction(struct buf *buf, const struct estab_socket *sock, int direction)
{
	put_addr(buf, sock, (enum estab_field)(ESTAB_F_ORIG_SRC_ADDR + direction), "src");
	put_addr(buf, sock, (enum estab_field)(ESTAB_F_ORIG_DST_ADDR + direction), "dst");
	put_port(buf, sock, (enum estab_field)(ESTAB_F_ORIG_SRC_PORT + direction), "sport");
	put_port(buf, sock, (enum estab_field)(ESTAB_F_ORIG_DST_PORT + direction), "dport");
	put_key(buf, sock, (enum estab_field)(ESTAB_F_ORIG_SRC_KEY + direction), "srckey");
	put_key(buf, sock, (enum estab_field)(ESTAB_F_ORIG_DST_KEY + direction), "dstkey");
	put_pair(buf, sock, (enum estab_field)(ESTAB_F_ORIG_ICMP_TYPE + direction), "type");
	put_pair(buf, sock, (enum estab_field)(ESTAB_F_ORIG_ICMP_CODE + direction), "code");
	put_pair(buf, sock, (enum estab_field)(ESTAB_F_ORIG_ICMP_ID + direction), "id");
	put_pair(buf, sock, (enum estab_field)(ESTAB_F_ORIG_ZONE + direction),
		 direction == REPLY ? "zone-reply" : "zone-orig");
	put_pair(buf, sock, (enum estab_field)(ESTAB_F_ORIG_PACKETS + direction), "packets");
	put_pair(buf, sock, (enum estab_field)(ESTAB_F_ORIG_BYTES + direction), "bytes");
}

/* "    [NEW] ", of an event: on the right of a column of nine. */
static void put_event(struct buf *buf, const struct estab_socket *sock)
{
	const char *word;
	size_t length;

	if (estab_socket_get_str(sock, ESTAB_F_EVENT, &word) < 0)
		return;
	length = strlen(word) + 2;
	buf_blanks(buf, length < 9 ? 9 - length : 0);
	buf_char(buf, '[');
	put_capitals(buf, word);
	buf_str(buf, "] ");
}

static void put_line(struct buf *buf, const struct estab_socket *sock, bool extended)
{
	uint64_t number = 0;
	const char *word = "unknown";
	const char *family = "inet";
	const char *status = "";

	put_event(buf, sock);
	estab_socket_get_str(sock, ESTAB_F_FAMILY, &family);
	if (extended)
		put_proto(buf, family[4] == '6' ? "ipv6" : "ipv4", family[4] == '6' ? 10 : 2);
	estab_socket_get_str(sock, ESTAB_F_PROTO, &word);
	number_of(sock, ESTAB_F_FLOW_L4PROTO, &number);
	put_proto(buf, word, number);
	if (number_of(sock, ESTAB_F_TIMEOUT_S, &number)) {
		buf_u64(buf, number);
		buf_char(buf, ' ');
	}
	if (estab_socket_get_str(sock, ESTAB_F_FLOW_STATE, &word) == 0) {
		put_capitals(buf, word);
		buf_char(buf, ' ');
	}
	estab_socket_get_str(sock, ESTAB_F_FLOW_STATUS, &status);
	put_direction(buf, sock, 0);
	if (has_status(status, "unreplied"))
		buf_str(buf, "[UNREPLIED] ");
	put_direction(buf, sock, REPLY);
	if (has_status(status, "hw-offload"))
		buf_str(buf, "[HW_OFFLOAD] ");
	else if (has_status(status, "offload"))
		buf_str(buf, "[OFFLOAD] ");
	else if (has_status(status, "assured"))
		buf_str(buf, "[ASSURED] ");
	put_pair(buf, sock, ESTAB_F_MARK, "mark");
	put_name(buf, sock, ESTAB_F_FLOW_SECCTX, "secctx");
	if (number_of(sock, ESTAB_F_ZONE, &number) && number != 0)
		put_pair(buf, sock, ESTAB_F_ZONE, "zone");
	put_pair(buf, sock, ESTAB_F_FLOW_DURATION_S, "delta-time");
	put_name(buf, sock, ESTAB_F_FLOW_HELPER, "helper");
	if (number_of(sock, ESTAB_F_FLOW_USE, &number)) {
		buf_str(buf, "use=");
		buf_u64(buf, number);
	} else if (buf->used > 0 && buf->data[buf->used - 1] == ' ') {
		buf->used--;
	}
	buf_char(buf, '\n');
}

static void begin(struct output *output, const struct estab_result *result)
{
	(void)output;
	(void)result;
}

static void row(struct output *output, const struct estab_socket *sock)
{
	put_line(output->buf, sock, false);
}

static void extended_row(struct output *output, const struct estab_socket *sock)
{
	put_line(output->buf, sock, true);
}

const struct output_format output_conntrack = { begin, row, begin };
const struct output_format output_conntrack_extended = { begin, extended_row, begin };
