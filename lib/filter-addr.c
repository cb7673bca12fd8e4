/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Addresses and networks in a filter. */
#include <arpa/inet.h>
#include <string.h>

#include "filter-parse.h"
#include "parse.h"

enum { ADDR_TEXT_MAX = 64 };

/* One to four numbers with dots between; those that are missing are 0, as in ss(8): "10/8". */
static bool read_v4(const char *text, uint8_t bytes[4])
{
	struct cursor cursor = { text, text + strlen(text) };

	memset(bytes, 0, 4);
	for (size_t i = 0; i < 4; i++) {
		uint64_t number;

		if (!cursor_decimal(&cursor, &number) || number > UINT8_MAX)
			return false;
		bytes[i] = (uint8_t)number;
		if (cursor.at == cursor.end)
			return true;
		if (!cursor_char(&cursor, '.'))
			return false;
	}
	return false;
}

/* "24", or "255.255.255.0". */
static bool read_bits(const char *text, bool v4, uint8_t *ret_bits)
{
	uint8_t mask[4];
	uint32_t bits;

	if (parse_u32(text, &bits) == 0) {
		if (bits > (v4 ? 32 : 128))
			return false;
		*ret_bits = (uint8_t)bits;
		return true;
	}
	if (!v4 || !strchr(text, '.') || !read_v4(text, mask))
		return false;

	uint32_t word = (uint32_t)mask[0] << 24 | (uint32_t)mask[1] << 16 | (uint32_t)mask[2] << 8 |
			mask[3];

	/* Ones, and behind them noughts. */
	if ((~word & (~word + 1)) != 0)
		return false;
	*ret_bits = (uint8_t)__builtin_popcount(word);
	return true;
}

static bool looks_like_name(const char *text)
{
	bool colon = strchr(text, ':') != NULL;

	for (const char *at = text; *at; at++)
		if ((*at >= 'g' && *at <= 'z') || (*at >= 'G' && *at <= 'Z') || *at == '-' ||
		    *at == '_')
			return true;
	/* "cafe" is no address either. */
	return !colon && text[strspn(text, "0123456789./")] != '\0';
}

bool filter_read_prefix(const char *text, bool raw, struct prefix *ret_prefix, const char **ret_why)
{
	struct prefix prefix = { .v4 = true };
	char addr[ADDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);

	*ret_why = "expected an address, as 192.0.2.1, 10.0.0.0/8 or 2001:db8::1";
	if (length >= sizeof(addr) || length == 0)
		return false;
	memcpy(addr, text, length);
	addr[length] = '\0';
	if (!read_v4(addr, prefix.bytes)) {
		prefix.v4 = false;
		if (inet_pton(AF_INET6, addr, prefix.bytes) != 1) {
			if (looks_like_name(text))
				*ret_why =
					"expected an address, as 192.0.2.1 or 2001:db8::1; names "
					"of hosts are not looked up";
			return false;
		}
	}
	prefix.bits = prefix.v4 ? 32 : 128;
	if (slash && !read_bits(slash + 1, prefix.v4, &prefix.bits)) {
		*ret_why = prefix.v4 ? "expected a length from 0 to 32 behind the slash"
				     : "expected a length from 0 to 128 behind the slash";
		return false;
	}
	/* Mapped addresses compare as their IPv4. */
	if (!raw && !prefix.v4 && prefix.bits >= 96 && is_mapped(prefix.bytes)) {
		memmove(prefix.bytes, prefix.bytes + 12, 4);
		memset(prefix.bytes + 4, 0, 12);
		prefix.bits = (uint8_t)(prefix.bits - 96);
		prefix.v4 = true;
	}
	*ret_prefix = prefix;
	return true;
}
