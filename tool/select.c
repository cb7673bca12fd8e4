/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "select.h"

#include <stdbool.h>
#include <string.h>

#include "complain.h"
#include "options.h"
#include "util.h"

#define STATE(name) BIT32(ESTAB_STATE_##name)

static const struct {
	const char *name;
	uint32_t tables;
} names[] = {
	{ "all", SELECT_IP | SELECT_UNIX },
	{ "inet", SELECT_IP },
	{ "tcp", SELECT_TCP },
	{ "udp", SELECT_UDP },
	{ "udplite", SELECT_UDPLITE },
	{ "raw", SELECT_RAW },
	{ "icmp", SELECT_ICMP },
	{ "unix", SELECT_UNIX },
	{ "unix_stream", SELECT_UNIX_STREAM },
	{ "u_str", SELECT_UNIX_STREAM },
	{ "unix_dgram", SELECT_UNIX_DGRAM },
	{ "u_dgr", SELECT_UNIX_DGRAM },
	{ "unix_seqpacket", SELECT_UNIX_SEQPACKET },
	{ "u_seq", SELECT_UNIX_SEQPACKET },
};

static uint32_t find_tables(const char *word, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == length && memcmp(names[i].name, word, length) == 0)
			return names[i].tables;
	return 0;
}

int select_tables(struct options *options, const char *list)
{
	/* A list that begins by taking something away takes it from everything. */
	if (*list == '!' && options->tables == 0)
		options->tables = SELECT_IP | SELECT_UNIX;
	while (*list) {
		bool without = *list == '!';
		size_t length = strcspn(list, ",");
		uint32_t tables = find_tables(list + without, length - without);

		if (tables == 0)
			return complain_word("-A", "no such table", list, length);
		if (without)
			options->tables &= ~tables;
		else
			options->tables |= tables;
		list += length;
		list += *list == ',';
	}
	if (options->tables == 0)
		return complain_usage("-A", "no table is left");
	return 0;
}

int select_family(struct options *options, const char *word)
{
	if (strcmp(word, "unix") == 0) {
		options->tables |= SELECT_UNIX;
		return 0;
	}
	if (strcmp(word, "inet") == 0)
		options->families |= BIT32(ESTAB_FAMILY_INET);
	else if (strcmp(word, "inet6") == 0)
		options->families |= BIT32(ESTAB_FAMILY_INET6);
	else
		return complain_word("-f", "no such family", word, strlen(word));
	options->ip_family = true;
	return 0;
}

/* Nothing about tables or states was said: what most people look for. */
static bool is_plain(const struct options *options)
{
	return options->tables == 0 && !options->ip_family && !options->all &&
	       !options->listening && !options->bound;
}

static uint32_t choose_tables(const struct options *options)
{
	uint32_t tables = options->tables;

	if (is_plain(options))
		return SELECT_TCP | SELECT_UDP;
	if (options->ip_family && !(tables & SELECT_IP))
		tables |= SELECT_IP;
	if (tables != 0)
		return tables;
	/* Only states were named: every table that can have them, as ss(8) does. */
	if (options->bound && !options->all && !options->listening)
		return SELECT_TCP;
	return options->families != 0 ? SELECT_IP : SELECT_IP | SELECT_UNIX;
}

static uint32_t choose_states(const struct options *options)
{
	uint32_t states = 0;

	if (is_plain(options))
		return ESTAB_STATES_ALL & ~(STATE(TIME_WAIT) | STATE(BOUND));
	if (options->all)
		return ESTAB_STATES_ALL;
	if (options->listening)
		states |= STATE(LISTEN) | STATE(UNCONNECTED);
	if (options->bound)
		states |= STATE(BOUND);
	if (states != 0)
		return states;
	return ESTAB_STATES_ALL & ~(STATE(LISTEN) | STATE(UNCONNECTED) | STATE(BOUND) |
				    STATE(TIME_WAIT) | STATE(SYN_RECV));
}

int select_apply(const struct options *options, struct estab_query *query)
{
	uint32_t tables = choose_tables(options);
	uint32_t unix_tables = tables & SELECT_UNIX;
	uint32_t states = choose_states(options);
	uint64_t protos = tables & SELECT_IP;
	int error;

	if (unix_tables)
		protos |= BIT64(ESTAB_PROTO_UNIX);
	error = estab_query_set_protos(query, protos);
	if (error < 0)
		return error;
	if (options->families != 0) {
		/* Narrows IP sockets only. */
		error = estab_query_set_families(query,
						 options->families | BIT32(ESTAB_FAMILY_UNIX));
		if (error < 0)
			return error;
	}
	if (unix_tables != 0 && unix_tables != SELECT_UNIX) {
		error = estab_query_set_types(query, unix_tables >> 16);
		if (error < 0)
			return error;
	}
	error = estab_query_set_states(query, states);
	/* A closed TCP socket is of as little interest as a bound one; a UDP one is a server. */
	if (error == 0 && is_plain(options))
		error = estab_query_set_proto_states(query, ESTAB_PROTO_TCP,
						     states & ~STATE(UNCONNECTED));
	return error;
}
