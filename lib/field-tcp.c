/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Getters over struct tcp_info (include/uapi/linux/tcp.h). Offsets rather than the build host's
 * struct: the kernel's is read by its length, whichever version made it.
 */
#include <string.h>

#include "field.h"
#include "util.h"

enum {
	TCP_INFO_BYTES_SENT = 200,
	TCP_INFO_BYTES_RETRANS = 208,
};

/* What the kernel stores for "never set" in 32 bits: ~0, or TCP_INFINITE_SSTHRESH. */
#define UNSET_MAX UINT64_C(0x7fffffff)

struct tcp_info_place tcp_info_find(const struct estab_socket *sock)
{
	struct tcp_info_place place = { 0 };

	place.info = ext_get(sock->ext, EXT_TCP_INFO, &place.length);
	return place;
}

static int read_info(const struct estab_socket *sock, size_t offset, size_t size, uint64_t *ret)
{
	struct tcp_info_place place = tcp_info_find(sock);

	if (!place.info)
		return sock->has & IS_MINISOCK ? FIELD_NONE : FIELD_UNKNOWN;
	return tcp_info_read(&place, offset, size, ret);
}

int get_tcp_info(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	return read_info(sock, field->offset, field->size, &ret->u64);
}

int tcp_info_number(const struct tcp_info_place *place, const struct field *field, uint64_t *ret)
{
	uint64_t number;
	bool unset;

	if (tcp_info_read(place, field->offset, field->size, &number) < 0)
		return FIELD_UNKNOWN;
	if (field->get == get_tcp_unset_zero)
		unset = number == 0;
	else if (field->get == get_tcp_unset_max)
		unset = number >= UNSET_MAX;
	else
		unset = field->get == get_tcp_pacing && number == UINT64_MAX;
	if (unset)
		return FIELD_UNKNOWN;
	*ret = number;
	return 0;
}

static int give_number(const struct estab_socket *sock, const struct field *field,
		       struct value *ret)
{
	struct tcp_info_place place = tcp_info_find(sock);

	if (!place.info)
		return sock->has & IS_MINISOCK ? FIELD_NONE : FIELD_UNKNOWN;
	return tcp_info_number(&place, field, &ret->u64);
}

int get_tcp_unset_zero(const struct estab_socket *sock, const struct field *field,
		       struct value *ret)
{
	return give_number(sock, field, ret);
}

int get_tcp_unset_max(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	return give_number(sock, field, ret);
}

int get_tcp_pacing(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	return give_number(sock, field, ret);
}

static int read_bits(const struct estab_socket *sock, size_t offset, unsigned int shift,
		     unsigned int width, struct value *ret)
{
	uint64_t byte;
	int r = read_info(sock, offset, 1, &byte);

	if (r < 0)
		return r;
	/* Bit fields start at the highest bit on big-endian machines. */
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		shift = 8 - shift - width;
	ret->u64 = byte >> shift & (BIT32(width) - 1);
	return 0;
}

int get_tcp_option(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	uint64_t options;
	int r = read_info(sock, field->offset, 1, &options);

	if (r < 0)
		return r;
	ret->u64 = options >> field->size & 1;
	return 0;
}

int get_tcp_wscale(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	return read_bits(sock, field->offset, field->size, 4, ret);
}

int get_tcp_app_limited(const struct estab_socket *sock, const struct field *field,
			struct value *ret)
{
	return read_bits(sock, field->offset, field->size, 1, ret);
}

int get_tcp_fastopen_fail(const struct estab_socket *sock, const struct field *field,
			  struct value *ret)
{
	return read_bits(sock, field->offset, 1, 2, ret);
}

int get_tcp_ca_state(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	static const char *const words[] = { "open", "disorder", "cwr", "recovery", "loss" };
	uint64_t state;
	int r = read_info(sock, field->offset, field->size, &state);

	if (r < 0)
		return r;
	if (state >= ARRAY_SIZE(words))
		return FIELD_UNKNOWN;
	ret->text.data = words[state];
	ret->text.length = strlen(words[state]);
	return 0;
}

int get_tcp_retrans_percent(const struct estab_socket *sock, const struct field *field,
			    struct value *ret)
{
	uint64_t sent;
	uint64_t retrans;
	int r = read_info(sock, TCP_INFO_BYTES_SENT, 8, &sent);

	(void)field;
	if (r == 0)
		r = read_info(sock, TCP_INFO_BYTES_RETRANS, 8, &retrans);
	if (r < 0)
		return r;
	if (sent == 0)
		return FIELD_UNKNOWN;
	ret->f64 = (double)retrans * 100 / (double)sent;
	return 0;
}

int get_congestion(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	size_t length;
	const char *name = ext_get(sock->ext, EXT_CONGESTION, &length);

	(void)field;
	if (!name)
		return sock->has & IS_MINISOCK ? FIELD_NONE : FIELD_UNKNOWN;
	ret->text.data = name;
	ret->text.length = length;
	return 0;
}
