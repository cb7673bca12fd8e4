/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Names of hosts and devices in the filter of ss(8). The library's filter never asks the network; here each
 * "dst NAME:port" becomes one of all addresses that the name has, before the filter is read.
 */
#include <ctype.h>
#include <net/if.h>
#include <netdb.h>
#include <string.h>

#include "compat-ss.h"
#include "util.h"

/* What ends a word of the filter. */
static const char ends[] = " \t()&|!=<>";

struct host {
	const char *family; /* "inet:" or another prefix, or "" */
	size_t family_length;
	const char *name;
	size_t length;
	const char *port; /* with its colon, or "" */
	size_t port_length;
	bool ip4, ip6;
};

static bool has_prefix(const char *word, size_t length, const char *prefix)
{
	return length >= strlen(prefix) && strncmp(word, prefix, strlen(prefix)) == 0;
}

/* Digits, dots and colons are addresses; "*", "[…]" and what has a prefix are none but those. */
static bool is_name(const char *text, size_t length)
{
	static const char *const words[] = { "any", "all", "default" };
	bool letter = false;

	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("-._", text[i]))
			return false;
		letter |= isalpha((unsigned char)text[i]) != 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == length && strncmp(words[i], text, length) == 0)
			return false;
	return letter;
}

/* Takes apart what stands behind dst or src; false: it is no name of a host. */
static bool split(const struct ss_options *options, const char *word, size_t length,
		  struct host *ret_host)
{
	struct host host = {
		.family = word,
		.name = word,
		.length = length,
		.ip4 = options->families & BIT32(ESTAB_FAMILY_INET),
		.ip6 = options->families & BIT32(ESTAB_FAMILY_INET6),
	};

	if (has_prefix(word, length, "inet:") || has_prefix(word, length, "inet6:")) {
		host.family_length = (size_t)((const char *)memchr(word, ':', length) - word) + 1;
		host.ip6 = word[4] == '6';
		host.ip4 = !host.ip6;
		host.name += host.family_length;
		host.length -= host.family_length;
	} else if (options->reads != 0) {
		return false;
	}
	host.port = memchr(host.name, ':', host.length);
	if (host.port) {
		host.port_length = host.length - (size_t)(host.port - host.name);
		host.length -= host.port_length;
	}
	*ret_host = host;
	return is_name(host.name, host.length);
}

static void put_address(struct buf *buf, const char *end, const struct host *host,
			const struct addrinfo *address)
{
	char text[NI_MAXHOST];

	if (getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof(text), NULL, 0,
			NI_NUMERICHOST) != 0)
		return;
	buf_str(buf, end);
	buf_char(buf, ' ');
	buf_put(buf, host->family, host->family_length);
	buf_str(buf, address->ai_family == AF_INET6 ? "[" : "");
	/* A link's name is no part of an address in the filter. */
	buf_put(buf, text, strcspn(text, "%"));
	buf_str(buf, address->ai_family == AF_INET6 ? "]" : "");
	buf_put(buf, host->port, host->port_length);
}

/* "( dst A:port or dst B:port )"; false: the name has no address. */
static bool put_addresses(struct buf *buf, const char *end, const struct host *host)
{
	static const int families[] = { AF_INET, AF_INET6 };
	bool any = false;
	char name[NI_MAXHOST];

	if (host->length >= sizeof(name))
		return false;
	memcpy(name, host->name, host->length);
	name[host->length] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct addrinfo hints = { .ai_family = families[i], .ai_socktype = SOCK_STREAM };
		struct addrinfo *list;

		if (!(families[i] == AF_INET ? host->ip4 : host->ip6) ||
		    getaddrinfo(name, NULL, &hints, &list) != 0)
			continue;
		for (const struct addrinfo *at = list; at; at = at->ai_next) {
			buf_str(buf, any ? " or " : "( ");
			put_address(buf, end, host, at);
			any = true;
		}
		freeaddrinfo(list);
	}
	if (any)
		buf_str(buf, " )");
	return any;
}

static bool is_end(const char *word, size_t length)
{
	return length == 3 && (strncmp(word, "dst", 3) == 0 || strncmp(word, "src", 3) == 0);
}

/* "=", "==" or "eq" between blanks, which may be missing. */
static const char *skip_equals(const char *at)
{
	size_t length;

	at += strspn(at, " \t");
	length = strcspn(at, ends);
	if (length == 2 && strncmp(at, "eq", 2) == 0)
		at += 2;
	else
		at += strspn(at, "=");
	return at + strspn(at, " \t");
}

/* Behind dst or src: blanks, perhaps an equals sign, and the host, which is replaced if it is a name.
 * Returns where it goes on. */
static const char *put_condition(const struct ss_options *options, struct buf *buf,
				 const char *word)
{
	const char end[] = { word[0], word[1], word[2], '\0' };
	const char *at = word + 3;
	struct host host;
	size_t length;

	at = skip_equals(at);
	length = strcspn(at, ends);
	if (split(options, at, length, &host) && put_addresses(buf, end, &host))
		return at + length;
	buf_put(buf, word, (size_t)(at - word));
	return at;
}

void ss_put_filter_addresses(const struct ss_options *options, struct buf *buf)
{
	const char *at = options->filter;

	while (*at) {
		size_t length = strcspn(at, ends);

		if (is_end(at, length)) {
			at = put_condition(options, buf, at);
			length = strcspn(at, ends);
		}
		length += strspn(at + length, ends);
		buf_put(buf, at, length);
		at += length;
	}
}

/* What stands behind "dev": a device that is there, or a number. */
static bool is_device(const char *text, size_t length)
{
	char name[IF_NAMESIZE] = "";

	if (strspn(text, "0123456789") == length)
		return true;
	if (length >= sizeof(name))
		return false;
	memcpy(name, text, length);
	return if_nametoindex(name) != 0;
}

bool ss_has_devices(const struct ss_options *options)
{
	const char *at = options->filter;

	/* Those of another namespace are not asked for: one that is not there has no socket. */
	while (*at && !options->netns) {
		size_t length = strcspn(at, ends);
		bool device = length == 3 && strncmp(at, "dev", 3) == 0;

		at += length;
		at += strspn(at, device ? " \t=!" : ends);
		if (device && !is_device(at, strcspn(at, ends)))
			return false;
	}
	return true;
}
