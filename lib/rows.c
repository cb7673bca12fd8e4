/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "rows.h"

#include <linux/if.h>
#include <linux/ipv6_route.h>
#include <linux/route.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "text.h"
#include "util.h"

_Static_assert(NUMBERS <= 64, "the mask has a bit for each");

int numbers_put(const struct row_numbers *numbers, struct row *row)
{
	uint64_t packed[1 + NUMBERS];
	size_t n = 0;

	packed[n++] = numbers->has;
	for (uint64_t left = numbers->has; left != 0; left &= left - 1)
		packed[n++] = numbers->values[__builtin_ctzll(left)];
	return row_put(row, EXT_NUMBERS, packed, n * sizeof(packed[0]));
}

bool numbers_get(const struct ext *ext, enum row_number number, uint64_t *ret_value)
{
	size_t length;
	const uint8_t *data = ext_get(ext, EXT_NUMBERS, &length);
	uint64_t has;
	size_t at;

	if (!data)
		return false;
	memcpy(&has, data, sizeof(has));
	if (!(has & BIT64(number)))
		return false;
	at = 1 + (size_t)__builtin_popcountll(has & (BIT64(number) - 1));
	memcpy(ret_value, data + at * sizeof(has), sizeof(*ret_value));
	return true;
}

void rows_begin(struct row *row, unsigned int kind, enum estab_family family, uint64_t serial)
{
	row_reset(row, (enum estab_proto)kind, family);
	row->sock.cookie = serial;
	row->sock.has |= HAS_COOKIE;
}

int rows_put_device(struct row *row, uint32_t index, const char *name)
{
	int r = index != 0 ? row_put(row, EXT_IFINDEX, &index, sizeof(index)) : 0;

	if (r == 0 && name && *name)
		r = row_put(row, EXT_IFNAME, name, strlen(name));
	return r;
}

const char *rows_scope_word(uint64_t scope)
{
	static const char *const words[] = {
		[RT_SCOPE_UNIVERSE] = "global", [RT_SCOPE_SITE] = "site",
		[RT_SCOPE_LINK] = "link",       [RT_SCOPE_HOST] = "host",
		[RT_SCOPE_NOWHERE] = "nowhere",
	};

	return scope < ARRAY_SIZE(words) ? words[scope] : NULL;
}

int rows_put_route_flags(struct row *row, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		char letter;
	} letters[] = {
		{ RTF_UP, 'U' },       { RTF_REJECT, '!' },    { RTF_GATEWAY, 'G' },
		{ RTF_HOST, 'H' },     { RTF_REINSTATE, 'R' }, { RTF_DYNAMIC, 'D' },
		{ RTF_MODIFIED, 'M' }, { RTF_DEFAULT, 'd' },   { RTF_ALLONLINK, 'a' },
		{ RTF_ADDRCONF, 'A' }, { RTF_NONEXTHOP, 'n' }, { RTF_EXPIRES, 'e' },
		{ RTF_CACHE, 'C' },    { RTF_FLOW, 'f' },      { RTF_LOCAL, 'l' },
		{ RTF_POLICY, 'p' },   { RTF_MTU, 'u' },       { RTF_WINDOW, 'w' },
		{ RTF_IRTT, 'i' },
	};
	char text[ARRAY_SIZE(letters)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (flags & letters[i].flag)
			text[n++] = letters[i].letter;
	return row_put(row, EXT_FLAGS, text, n);
}

int rows_put_link_flags(struct row *row, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *word;
	} words[] = {
		{ IFF_UP, "up" },
		{ IFF_BROADCAST, "broadcast" },
		{ IFF_DEBUG, "debug" },
		{ IFF_LOOPBACK, "loopback" },
		{ IFF_POINTOPOINT, "pointopoint" },
		{ IFF_NOTRAILERS, "notrailers" },
		{ IFF_RUNNING, "running" },
		{ IFF_NOARP, "noarp" },
		{ IFF_PROMISC, "promisc" },
		{ IFF_ALLMULTI, "allmulti" },
		{ IFF_MASTER, "master" },
		{ IFF_SLAVE, "slave" },
		{ IFF_MULTICAST, "multicast" },
		{ IFF_DYNAMIC, "dynamic" },
		{ IFF_LOWER_UP, "lower-up" },
	};
	char buffer[256];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!(flags & words[i].flag))
			continue;
		if (text.length > 0)
			text_char(&text, ',');
		text_str(&text, words[i].word);
	}
	return row_put(row, EXT_FLAGS, buffer, text.length);
}
