/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The first, small language: terms that must all hold.
 *
 *   state WORD        a state or one of ss(8)'s groups; several states unite
 *   sport|dport [=] [:]PORT
 *   src|dst [=] ADDRESS[/PREFIX][:PORT]
 */
#include "filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "estab.h"
#include "parse.h"
#include "record.h"
#include "util.h"

enum { TERMS_MAX = 32, WORD_MAX = 127 };

struct term {
	bool local;
	bool has_addr;
	bool has_port;
	uint8_t family; /* enum estab_family */
	uint8_t prefix; /* bits of the address that count */
	uint16_t port;
	uint8_t addr[16];
};

struct filter {
	unsigned int refs;
	uint32_t states;
	size_t n_terms;
	struct term terms[TERMS_MAX];
};

struct parser {
	const char *start;
	struct cursor cursor;
	char word[WORD_MAX + 1];
	size_t word_at; /* where the word began, in bytes from the start */
	const char *message;
};

static int fail(struct parser *parser, const char *message)
{
	parser->message = message;
	return -EINVAL;
}

/* The next word, "=" being one of its own. 1: there is none. */
static int next_word(struct parser *parser)
{
	struct cursor *cursor = &parser->cursor;
	size_t length = 0;

	cursor_blanks(cursor);
	parser->word_at = (size_t)(cursor->at - parser->start);
	if (cursor->at == cursor->end)
		return 1;
	if (*cursor->at == '=') {
		do
			length++;
		while (length < 2 && cursor->at + length < cursor->end &&
		       cursor->at[length] == '=');
	} else {
		while (cursor->at + length < cursor->end && !strchr(" \t=", cursor->at[length]))
			length++;
	}
	if (length > WORD_MAX)
		return fail(parser, "the word is too long");
	memcpy(parser->word, cursor->at, length);
	parser->word[length] = '\0';
	cursor->at += length;
	return 0;
}

/* The value behind a word, past an optional "=". */
static int next_value(struct parser *parser, const char *expected)
{
	int r = next_word(parser);

	if (r == 0 && (strcmp(parser->word, "=") == 0 || strcmp(parser->word, "==") == 0))
		r = next_word(parser);
	return r == 1 ? fail(parser, expected) : r;
}

static int read_port(struct parser *parser, const char *text, struct term *term)
{
	uint32_t port;

	if (parse_u32(text, &port) < 0 || port > UINT16_MAX)
		return fail(parser, "expected a port from 0 to 65535");
	term->port = (uint16_t)port;
	term->has_port = true;
	return 0;
}

/* Splits "addr", "addr:port", "[addr]:port", ":port" in place. */
static int split_port(struct parser *parser, char **ret_addr, char **ret_port)
{
	char *addr = parser->word;
	char *colon = strrchr(addr, ':');

	*ret_port = NULL;
	if (*addr == '[') {
		char *close = strchr(addr, ']');

		if (!close || (close[1] != '\0' && close[1] != ':' && close[1] != '/'))
			return fail(parser, "expected [address]:port");
		memmove(addr, addr + 1, (size_t)(close - addr - 1));
		memmove(close - 1, close + 1, strlen(close + 1) + 1);
		colon = strchr(close - 1, ':');
	} else if (colon && colon != addr && memchr(addr, ':', (size_t)(colon - addr))) {
		colon = NULL; /* a bare IPv6 address */
	}
	if (colon) {
		*colon = '\0';
		*ret_port = colon + 1;
	}
	*ret_addr = addr;
	return 0;
}

static int read_end(struct parser *parser, struct term *term)
{
	uint32_t prefix;
	char *addr;
	char *port;
	char *slash;
	int r = split_port(parser, &addr, &port);

	if (r < 0)
		return r;
	if (port) {
		r = read_port(parser, port, term);
		if (r < 0)
			return r;
	}
	if (*addr == '\0' || strcmp(addr, "*") == 0)
		return port ? 0 : fail(parser, "expected an address");
	slash = strchr(addr, '/');
	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, addr, term->addr) == 1)
		term->family = ESTAB_FAMILY_INET;
	else if (inet_pton(AF_INET6, addr, term->addr) == 1)
		term->family = ESTAB_FAMILY_INET6;
	else
		return fail(parser, "expected an address, as 192.0.2.1 or 2001:db8::1");
	prefix = term->family == ESTAB_FAMILY_INET ? 32 : 128;
	if (slash && (parse_u32(slash, &prefix) < 0 ||
		      prefix > (term->family == ESTAB_FAMILY_INET ? 32 : 128)))
		return fail(parser, "the prefix is too long for the address");
	term->prefix = (uint8_t)prefix;
	term->has_addr = true;
	return 0;
}

static int read_state(struct parser *parser, struct filter *filter)
{
	uint32_t states;
	int r = next_value(parser, "expected a state");

	if (r < 0)
		return r;
	if (estab_states_from_name(parser->word, &states) < 0)
		return fail(parser, "no such state");
	filter->states |= states;
	return 0;
}

static int read_term(struct parser *parser, struct filter *filter)
{
	const char *word = parser->word;
	struct term term = { 0 };
	bool port = strcmp(word, "sport") == 0 || strcmp(word, "dport") == 0;
	int r;

	if (strcmp(word, "and") == 0)
		return filter->n_terms || filter->states ? 0
							 : fail(parser, "expected a term first");
	if (strcmp(word, "state") == 0)
		return read_state(parser, filter);
	if (!port && strcmp(word, "src") != 0 && strcmp(word, "dst") != 0)
		return fail(parser, "expected state, sport, dport, src or dst");
	if (filter->n_terms == TERMS_MAX)
		return fail(parser, "too many terms");
	term.local = *word == 's';
	r = next_value(parser, port ? "expected a port" : "expected an address");
	if (r < 0)
		return r;
	if (port)
		r = read_port(parser, parser->word + (*parser->word == ':'), &term);
	else
		r = read_end(parser, &term);
	if (r == 0)
		filter->terms[filter->n_terms++] = term;
	return r;
}

int filter_parse(const char *expression, struct filter **ret_filter, size_t *ret_position,
		 char **ret_message)
{
	struct parser parser = {
		.start = expression,
		.cursor = { expression, expression + strlen(expression) },
	};
	struct filter *filter = calloc(1, sizeof(*filter));
	int r;

	if (!filter)
		return -ENOMEM;
	filter->refs = 1;
	while ((r = next_word(&parser)) == 0) {
		r = read_term(&parser, filter);
		if (r < 0)
			break;
	}
	if (r < 0) {
		char *message = ret_message ? strdup(parser.message) : NULL;

		filter_unref(filter);
		if (ret_message && !message)
			return -ENOMEM;
		if (ret_position)
			*ret_position = parser.word_at;
		if (ret_message)
			*ret_message = message;
		return r;
	}
	*ret_filter = filter;
	return 0;
}

struct filter *filter_ref(struct filter *filter)
{
	filter->refs++;
	return filter;
}

struct filter *filter_unref(struct filter *filter)
{
	if (filter && --filter->refs == 0)
		free(filter);
	return NULL;
}

/* v4-mapped addresses compare as their IPv4. */
static bool match_addr(const struct term *term, const struct estab_socket *sock)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *addr = term->local ? sock->inet.local : sock->inet.peer;
	uint8_t family = sock->family;
	unsigned int bytes = term->prefix / 8;
	unsigned int bits = term->prefix % 8;

	if (family == ESTAB_FAMILY_INET6 && term->family == ESTAB_FAMILY_INET &&
	    memcmp(addr, mapped, sizeof(mapped)) == 0) {
		addr += sizeof(mapped);
		family = ESTAB_FAMILY_INET;
	}
	if (family != term->family || memcmp(addr, term->addr, bytes) != 0)
		return false;
	return bits == 0 || (addr[bytes] ^ term->addr[bytes]) >> (8 - bits) == 0;
}

bool filter_match(const struct filter *filter, const struct estab_socket *sock)
{
	for (size_t i = 0; i < filter->n_terms; i++) {
		const struct term *term = &filter->terms[i];

		if (!record_is_inet(sock))
			return false;
		if (term->has_port &&
		    term->port != (term->local ? sock->local_port : sock->peer_port))
			return false;
		if (term->has_addr && !match_addr(term, sock))
			return false;
	}
	return true;
}

uint32_t filter_states(const struct filter *filter)
{
	return filter->states;
}

uint32_t filter_needs(const struct filter *filter)
{
	/* Addresses, ports and states are in every record. */
	(void)filter;
	return 0;
}
