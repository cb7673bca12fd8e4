/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Addresses of a network namespace out of text, where there is no netlink: a capture, or a process's tables. */
#include "netaddr.h"

#include <string.h>

/* Takes "192.0.2.1", and nothing behind it. */
static bool take_dotted(struct cursor *text, uint8_t addr[4])
{
	uint64_t number;

	for (size_t i = 0; i < 4; i++) {
		if ((i > 0 && !cursor_char(text, '.')) || !cursor_decimal(text, &number) ||
		    number > UINT8_MAX)
			return false;
		addr[i] = (uint8_t)number;
	}
	cursor_blanks(text);
	return text->at == text->end;
}

/* net/ipv4/fib_trie.c, fib_trie_seq_show(): "/32 host LOCAL" below "|-- 192.0.2.1". What has a shorter prefix is a
 * range that is kept, as 127.0.0.0/8, and no address of a device. */
static bool is_local(struct cursor text)
{
	static const char local[] = "LOCAL";
	const char *word;
	uint64_t prefix;
	size_t length;

	if (!cursor_char(&text, '/') || !cursor_decimal(&text, &prefix) || prefix != 32)
		return false;
	cursor_blanks(&text);
	if (!cursor_word(&text, &word, &length))
		return false;
	cursor_blanks(&text);
	return cursor_word(&text, &word, &length) && length == strlen(local) &&
	       memcmp(word, local, length) == 0;
}

int netaddr_trie_line(struct netaddr_trie *trie, struct cursor line, struct netaddr_set *set)
{
	static const char leaf[] = "-- ";

	cursor_blanks(&line);
	if (cursor_char(&line, '|')) {
		struct cursor addr = line;

		trie->known = line.end - line.at > (ptrdiff_t)strlen(leaf) &&
			      memcmp(line.at, leaf, strlen(leaf)) == 0;
		if (trie->known) {
			addr.at += strlen(leaf);
			trie->known = take_dotted(&addr, trie->addr);
		}
		return 0;
	}
	if (!trie->known || !is_local(line))
		return 0;
	/* An address may be told of in several tables, or with several metrics. */
	trie->known = false;
	return netaddr_set_add(set, trie->addr, sizeof(trie->addr));
}

int netaddr_inet6_line(struct cursor line, struct netaddr_set *set)
{
	uint8_t addr[16];
	uint32_t word;

	/* net/ipv6/addrconf.c, if6_seq_show(): 32 digits, in the order in which one writes them. */
	for (size_t i = 0; i < sizeof(addr); i += sizeof(word)) {
		if (!cursor_hex_exact(&line, 8, &word))
			return 0;
		for (size_t k = 0; k < sizeof(word); k++)
			addr[i + k] = (uint8_t)(word >> (24 - 8 * k));
	}
	if (line.at == line.end || !cursor_is_blank(*line.at))
		return 0;
	return netaddr_set_add(set, addr, sizeof(addr));
}
