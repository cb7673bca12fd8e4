/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "select.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "complain.h"
#include "options.h"
#include "util.h"

#define STATE(name) BIT32(ESTAB_STATE_##name)

static const struct {
	const char *name;
	uint32_t tables;
} names[] = {
	{ "all", SELECT_ALL },
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
	{ "mptcp", SELECT_MPTCP },
	{ "netlink", SELECT_NETLINK },
	{ "packet", SELECT_PACKET },
	{ "packet_raw", SELECT_PACKET_RAW },
	{ "p_raw", SELECT_PACKET_RAW },
	{ "packet_dgram", SELECT_PACKET_DGRAM },
	{ "p_dgr", SELECT_PACKET_DGRAM },
	{ "ax25", SELECT_AX25 },
	{ "ipx", SELECT_IPX },
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
		options->tables = SELECT_ALL;
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
	static const struct {
		const char *name;
		uint32_t tables;
	} families[] = {
		{ "unix", SELECT_UNIX },   { "netlink", SELECT_NETLINK },
		{ "link", SELECT_PACKET }, { "packet", SELECT_PACKET },
		{ "ax25", SELECT_AX25 },   { "ipx", SELECT_IPX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (strcmp(word, families[i].name) == 0) {
			options->tables |= families[i].tables;
			return 0;
		}
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

uint32_t select_chosen(const struct options *options)
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
	return options->families != 0 ? SELECT_IP : SELECT_ALL;
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

/* Only of these: unix_stream, packet_raw, … */
static int apply_types(uint32_t tables, struct estab_query *query)
{
	uint32_t unix_types = (tables & SELECT_UNIX) >> 16;
	int error = 0;

	if (unix_types != 0)
		error = estab_query_set_proto_types(query, ESTAB_PROTO_UNIX, unix_types);
	if (error == 0 && tables & SELECT_PACKET)
		error = estab_query_set_proto_types(
			query, ESTAB_PROTO_PACKET,
			(tables & SELECT_PACKET_RAW ? BIT32(ESTAB_TYPE_RAW) : 0) |
				(tables & SELECT_PACKET_DGRAM ? BIT32(ESTAB_TYPE_DGRAM) : 0));
	return error;
}

static int apply_states(const struct options *options, struct estab_query *query)
{
	/* Hardly any of these ever has a connection; ss(8) shows them just the same. */
	static const enum estab_proto unconnected[] = { ESTAB_PROTO_NETLINK, ESTAB_PROTO_PACKET };
	uint32_t states = choose_states(options);
	int error = estab_query_set_states(query, states);

	/* A closed TCP socket is of as little interest as a bound one; a UDP one is a server. */
	if (error == 0 && is_plain(options))
		error = estab_query_set_proto_states(query, ESTAB_PROTO_TCP,
						     states & ~STATE(UNCONNECTED));
	if (options->all || options->listening || options->bound)
		return error;
	for (size_t i = 0; i < ARRAY_SIZE(unconnected) && error == 0; i++)
		error = estab_query_set_proto_states(query, unconnected[i],
						     STATE(ESTABLISHED) | STATE(UNCONNECTED));
	return error;
}

/* The protocols of the tables. */
static uint64_t protos_of(uint32_t tables)
{
	uint64_t protos = tables & ~(SELECT_UNIX | SELECT_PACKET);

	if (tables & SELECT_UNIX)
		protos |= BIT64(ESTAB_PROTO_UNIX);
	if (tables & SELECT_PACKET)
		protos |= BIT64(ESTAB_PROTO_PACKET);
	return protos;
}

int select_widen(const struct options *options, struct estab_query *query)
{
	uint64_t protos = estab_query_filter_protos(query);

	if (options->subject != ESTAB_SUBJECT_SOCKETS || !is_plain(options) ||
	    protos & protos_of(select_chosen(options)))
		return 0;
	protos &= protos_of(SELECT_ALL);
	return protos != 0 ? estab_query_set_protos(query, protos) : 0;
}

/* Details that only some rows have. */
static const struct {
	size_t offset;
	bool flows; /* these have them, too */
	const char *why;
} details[] = {
	{ offsetof(struct options, process), true, "-p belongs to sockets and flows" },
	{ offsetof(struct options, context), true, "-Z belongs to sockets and flows" },
	{ offsetof(struct options, owners), true, "--owners belongs to sockets and flows" },
	{ offsetof(struct options, extended), true, "-e belongs to sockets and flows" },
	{ offsetof(struct options, nat), true, "--nat belongs to sockets and flows" },
	{ offsetof(struct options, timer), false, "-o belongs to sockets" },
	{ offsetof(struct options, memory), false, "-m belongs to sockets" },
	{ offsetof(struct options, internals), false, "-i belongs to sockets" },
};

int select_check(const struct options *options)
{
	const char *name = estab_subject_name(options->subject);
	bool flows = options->subject == ESTAB_SUBJECT_FLOWS;

	if (options->subject == ESTAB_SUBJECT_SOCKETS)
		return 0;
	if (options->tables != 0 || options->listening || options->bound || options->summary)
		return complain_usage(name,
				      "takes no options for tables, states and counts of sockets");
	for (size_t i = 0; i < ARRAY_SIZE(details); i++)
		if (*(const bool *)((const char *)options + details[i].offset) &&
		    !(flows && details[i].flows))
			return complain_usage(name, details[i].why);
	return 0;
}

int select_apply(const struct options *options, struct estab_query *query)
{
	/* -4 and -6 narrow IP sockets only. */
	static const uint32_t others = BIT32(ESTAB_FAMILY_UNIX) | BIT32(ESTAB_FAMILY_NETLINK) |
				       BIT32(ESTAB_FAMILY_PACKET) | BIT32(ESTAB_FAMILY_AX25) |
				       BIT32(ESTAB_FAMILY_IPX);
	uint32_t tables = select_chosen(options);
	bool sockets = options->subject == ESTAB_SUBJECT_SOCKETS;
	int error = sockets ? estab_query_set_protos(query, protos_of(tables)) : 0;

	if (error == 0 && options->families != 0)
		error = estab_query_set_families(query, options->families | others);
	if (!sockets)
		return error;
	if (error == 0)
		error = apply_types(tables, query);
	return error == 0 ? apply_states(options, query) : error;
}
