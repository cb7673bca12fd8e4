/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "columns.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "options.h"
#include "select.h"
#include "util.h"

enum { CONTINUED = 1 << 0, SHRINKS = 1 << 1 };

/* How a column behaves in a table; what is not here is as wide as its title and goes early. */
static const struct trait {
	enum estab_field field;
	uint16_t width;
	uint8_t priority;
	uint8_t flags;
} traits[] = {
	{ ESTAB_F_LOCAL, 23, 100, 0 },
	{ ESTAB_F_PEER, 23, 100, 0 },
	{ ESTAB_F_STATE, 11, 90, 0 },
	{ ESTAB_F_ORIG_SRC, 21, 100, 0 },
	{ ESTAB_F_ORIG_DST, 21, 100, 0 },
	{ ESTAB_F_REPLY_SRC, 21, 95, 0 },
	{ ESTAB_F_REPLY_DST, 21, 95, 0 },
	{ ESTAB_F_FLOW_STATE, 11, 90, 0 },
	{ ESTAB_F_FLOW_STATUS, 9, 60, SHRINKS },
	{ ESTAB_F_TIMEOUT_S, 7, 50, 0 },
	{ ESTAB_F_FLOW, 0, 20, CONTINUED },
	{ ESTAB_F_NAT, 0, 75, CONTINUED },
	{ ESTAB_F_PROTO, 5, 80, 0 },
	{ ESTAB_F_NETNS_NAME, 12, 75, 0 },
	{ ESTAB_F_OWNERS, 24, 70, SHRINKS },
	{ ESTAB_F_OWNER_COMM, 15, 65, SHRINKS },
	{ ESTAB_F_PEER_OWNERS, 24, 64, SHRINKS },
	{ ESTAB_F_LISTENER_OWNERS, 24, 63, SHRINKS },
	{ ESTAB_F_DIRECTION, 9, 60, 0 },
	{ ESTAB_F_RECV_Q, 6, 51, 0 },
	{ ESTAB_F_OWNER_CONTAINER_NAME, 15, 34, SHRINKS },
	{ ESTAB_F_OWNER_UNIT, 15, 33, SHRINKS },
	{ ESTAB_F_SEND_Q, 6, 50, 0 },
	{ ESTAB_F_USER, 8, 45, 0 },
	{ ESTAB_F_TIMER, 24, 40, 0 },
	{ ESTAB_F_INTERFACE, 9, 35, 0 },
	{ ESTAB_F_INODE, 8, 30, 0 },
	{ ESTAB_F_SHUTDOWN, 8, 25, 0 },
	{ ESTAB_F_MARK, 4, 24, 0 },
	{ ESTAB_F_DESTINATION, 24, 100, 0 },
	{ ESTAB_F_GATEWAY, 16, 90, 0 },
	{ ESTAB_F_KIND, 11, 60, 0 },
	{ ESTAB_F_TABLE, 5, 55, 0 },
	{ ESTAB_F_METRIC, 6, 54, 0 },
	{ ESTAB_F_SOURCE, 15, 40, 0 },
	{ ESTAB_F_GROUP, 24, 100, 0 },
	{ ESTAB_F_SECTION, 9, 100, 0 },
	{ ESTAB_F_CPU, 3, 100, 0 },
	{ ESTAB_F_NAME, 26, 100, 0 },
	{ ESTAB_F_VALUE, 12, 100, 0 },
	{ ESTAB_F_STATS_COUNT, 7, 90, 0 },
	{ ESTAB_F_STATS_MAX, 7, 80, 0 },
	{ ESTAB_F_STATS_FOUND, 8, 70, 0 },
	{ ESTAB_F_STATS_INVALID, 8, 70, 0 },
	{ ESTAB_F_STATS_INSERT, 8, 70, 0 },
	{ ESTAB_F_STATS_DROP, 8, 70, 0 },
	{ ESTAB_F_STATS_ERROR, 8, 70, 0 },
	{ ESTAB_F_EXPECT_SRC, 21, 100, 0 },
	{ ESTAB_F_EXPECT_DST, 21, 100, 0 },
	{ ESTAB_F_EXPECT_MASTER_SRC, 21, 90, 0 },
	{ ESTAB_F_EXPECT_MASTER_DST, 21, 90, 0 },
	{ ESTAB_F_TIME, 27, 100, 0 },
	{ ESTAB_F_EVENT, 7, 100, 0 },
	{ ESTAB_F_OPERSTATE, 9, 60, 0 },
	{ ESTAB_F_ADDRESSES, 24, 80, SHRINKS },
	{ ESTAB_F_CGROUP_ID, 9, 23, 0 },
	{ ESTAB_F_COOKIE, 8, 22, 0 },
	{ ESTAB_F_OWNER_CONTEXT, 24, 22, SHRINKS },
	{ ESTAB_F_OWNER_EXE, 24, 21, SHRINKS },
	{ ESTAB_F_OWNER_CMDLINE, 24, 21, SHRINKS },
	{ ESTAB_F_PEER_OWNER_COMM, 15, 21, SHRINKS },
	{ ESTAB_F_PEER_OWNER_EXE, 24, 21, SHRINKS },
	{ ESTAB_F_PEER_OWNER_CMDLINE, 24, 21, SHRINKS },
	{ ESTAB_F_LISTENER_OWNER_COMM, 15, 21, SHRINKS },
	{ ESTAB_F_LISTENER_OWNER_EXE, 24, 21, SHRINKS },
	{ ESTAB_F_LISTENER_OWNER_CMDLINE, 24, 21, SHRINKS },
	{ ESTAB_F_PEER_SOCKET, 0, 20, CONTINUED },
	{ ESTAB_F_SOCKOPT, 0, 20, CONTINUED },
	{ ESTAB_F_MEM, 0, 20, CONTINUED },
	{ ESTAB_F_TCP, 0, 20, CONTINUED },
	{ ESTAB_F_MPTCP, 0, 20, CONTINUED },
	{ ESTAB_F_NETLINK, 0, 20, CONTINUED },
	{ ESTAB_F_PACKET, 0, 20, CONTINUED },
};

enum { PRIORITY_OTHERS = 20 };

static const enum estab_field of_sockets[] = {
	ESTAB_F_PROTO, ESTAB_F_STATE, ESTAB_F_RECV_Q, ESTAB_F_SEND_Q, ESTAB_F_LOCAL, ESTAB_F_PEER,
};

static const enum estab_field of_flows[] = {
	ESTAB_F_PROTO,     ESTAB_F_FLOW_STATE, ESTAB_F_ORIG_SRC,  ESTAB_F_ORIG_DST,
	ESTAB_F_REPLY_SRC, ESTAB_F_REPLY_DST,  ESTAB_F_TIMEOUT_S, ESTAB_F_FLOW_STATUS,
};

static const enum estab_field of_routes[] = {
	ESTAB_F_DESTINATION, ESTAB_F_GATEWAY, ESTAB_F_INTERFACE, ESTAB_F_KIND,  ESTAB_F_TABLE,
	ESTAB_F_METRIC,      ESTAB_F_ORIGIN,  ESTAB_F_SOURCE,    ESTAB_F_FLAGS, ESTAB_F_WEIGHT,
};

static const enum estab_field of_interfaces[] = {
	ESTAB_F_INTERFACE, ESTAB_F_OPERSTATE, ESTAB_F_MTU,        ESTAB_F_RX_PACKETS,
	ESTAB_F_RX_BYTES,  ESTAB_F_RX_ERRORS, ESTAB_F_RX_DROPPED, ESTAB_F_TX_PACKETS,
	ESTAB_F_TX_BYTES,  ESTAB_F_TX_ERRORS, ESTAB_F_TX_DROPPED, ESTAB_F_ADDRESSES,
};

static const enum estab_field of_memberships[] = {
	ESTAB_F_INTERFACE,
	ESTAB_F_USERS,
	ESTAB_F_GROUP,
};

static const enum estab_field of_stats[] = {
	ESTAB_F_SECTION,
	ESTAB_F_NAME,
	ESTAB_F_VALUE,
};

/* What conntrack(8) -S and -C print. */
static const enum estab_field of_flow_stats[] = {
	ESTAB_F_CPU,
	ESTAB_F_STATS_COUNT,
	ESTAB_F_STATS_MAX,
	ESTAB_F_STATS_FOUND,
	ESTAB_F_STATS_INVALID,
	ESTAB_F_STATS_INSERT,
	ESTAB_F_STATS_INSERT_FAILED,
	ESTAB_F_STATS_DROP,
	ESTAB_F_STATS_EARLY_DROP,
	ESTAB_F_STATS_ERROR,
	ESTAB_F_STATS_SEARCH_RESTART,
	ESTAB_F_STATS_CLASH_RESOLVE,
	ESTAB_F_STATS_CHAINTOOLONG,
};

static const enum estab_field of_expectations[] = {
	ESTAB_F_EXPECT_PROTO,      ESTAB_F_EXPECT_SRC,        ESTAB_F_EXPECT_DST,
	ESTAB_F_EXPECT_MASTER_SRC, ESTAB_F_EXPECT_MASTER_DST, ESTAB_F_EXPECT_TIMEOUT_S,
	ESTAB_F_EXPECT_HELPER,     ESTAB_F_EXPECT_FLAGS,
};

/* What a table of a subject shows. */
static const struct {
	const enum estab_field *fields;
	size_t n;
} bases[] = {
	[ESTAB_SUBJECT_SOCKETS] = { of_sockets, ARRAY_SIZE(of_sockets) },
	[ESTAB_SUBJECT_FLOWS] = { of_flows, ARRAY_SIZE(of_flows) },
	[ESTAB_SUBJECT_ROUTES] = { of_routes, ARRAY_SIZE(of_routes) },
	[ESTAB_SUBJECT_INTERFACES] = { of_interfaces, ARRAY_SIZE(of_interfaces) },
	[ESTAB_SUBJECT_MEMBERSHIPS] = { of_memberships, ARRAY_SIZE(of_memberships) },
	[ESTAB_SUBJECT_STATS] = { of_stats, ARRAY_SIZE(of_stats) },
	[ESTAB_SUBJECT_FLOW_STATS] = { of_flow_stats, ARRAY_SIZE(of_flow_stats) },
	[ESTAB_SUBJECT_EXPECTATIONS] = { of_expectations, ARRAY_SIZE(of_expectations) },
};

/* In front of what follows, where events are told. */
static const enum estab_field events[] = { ESTAB_F_TIME, ESTAB_F_EVENT };

/* All that conntrack(8) prints of a flow. */
static const enum estab_field conntrack[] = {
	ESTAB_F_PROTO,       ESTAB_F_FAMILY,      ESTAB_F_MARK,
	ESTAB_F_TIMEOUT_S,   ESTAB_F_ZONE,        ESTAB_F_FLOW_STATUS,
	ESTAB_F_FLOW_HELPER, ESTAB_F_FLOW_SECCTX, ESTAB_F_FLOW_USE,
};

/* With -e: of those, what the subject has. */
static const enum estab_field extended[] = {
	ESTAB_F_USER,         ESTAB_F_INODE,       ESTAB_F_COOKIE,        ESTAB_F_INTERFACE,
	ESTAB_F_MARK,         ESTAB_F_CGROUP_ID,   ESTAB_F_SHUTDOWN,      ESTAB_F_ZONE,
	ESTAB_F_ORIG_PACKETS, ESTAB_F_ORIG_BYTES,  ESTAB_F_REPLY_PACKETS, ESTAB_F_REPLY_BYTES,
	ESTAB_F_LABELS,       ESTAB_F_FLOW_HELPER, ESTAB_F_FLOW_ID,
};

/* What a list of owners is made of, where its parts are columns of their own. */
static const struct part {
	enum estab_field group;
	enum estab_field field;
} owners_parts[] = {
	{ ESTAB_F_OWNERS, ESTAB_F_OWNER_PID },
	{ ESTAB_F_OWNERS, ESTAB_F_OWNER_TID },
	{ ESTAB_F_OWNERS, ESTAB_F_OWNER_FD },
	{ ESTAB_F_OWNERS, ESTAB_F_OWNER_COMM },
	{ ESTAB_F_OWNERS, ESTAB_F_NO_OWNER },
	{ ESTAB_F_OWNERS, ESTAB_F_OWNERS_COMPLETE },
	{ ESTAB_F_PEER_OWNERS, ESTAB_F_PEER_OWNER_PID },
	{ ESTAB_F_PEER_OWNERS, ESTAB_F_PEER_OWNER_TID },
	{ ESTAB_F_PEER_OWNERS, ESTAB_F_PEER_OWNER_FD },
	{ ESTAB_F_PEER_OWNERS, ESTAB_F_PEER_OWNER_COMM },
	{ ESTAB_F_LISTENER_OWNERS, ESTAB_F_LISTENER_OWNER_PID },
	{ ESTAB_F_LISTENER_OWNERS, ESTAB_F_LISTENER_OWNER_TID },
	{ ESTAB_F_LISTENER_OWNERS, ESTAB_F_LISTENER_OWNER_FD },
	{ ESTAB_F_LISTENER_OWNERS, ESTAB_F_LISTENER_OWNER_COMM },
};

enum estab_field field_from_word(const char *word, size_t length)
{
	char name[64];

	if (length >= sizeof(name))
		return ESTAB_F_NONE;
	memcpy(name, word, length);
	name[length] = '\0';
	return estab_field_from_name(name);
}

bool field_is_of(enum estab_field field, enum estab_subject subject)
{
	struct estab_field_info info = { .size = sizeof(info) };

	return estab_field_get_info(field, &info) == 0 && info.subjects & BIT32(subject);
}

int complain_field(const char *option, enum estab_subject subject, const char *word, size_t length)
{
	char what[64];

	if (subject == ESTAB_SUBJECT_SOCKETS)
		return complain_word(option, "no such field (estab fields lists them)", word,
				     length);
	snprintf(what, sizeof(what), "no such field (estab fields %s lists them)",
		 estab_subject_name(subject));
	return complain_word(option, what, word, length);
}

static void remove_at(struct columns *columns, size_t index)
{
	columns->n--;
	memmove(&columns->list[index], &columns->list[index + 1],
		(columns->n - index) * sizeof(columns->list[0]));
}

static bool is_below(const char *name, const char *group)
{
	size_t length = strlen(group);

	return strncmp(name, group, length) == 0 && name[length] == '.';
}

/* The list of owners that the field is, or is a part of; ESTAB_F_NONE: none. */
static enum estab_field owners_group(enum estab_field field)
{
	for (size_t i = 0; i < ARRAY_SIZE(owners_parts); i++)
		if (owners_parts[i].field == field || owners_parts[i].group == field)
			return owners_parts[i].group;
	return ESTAB_F_NONE;
}

/* Takes out a field, and what is below it when it is a group. */
static void remove_field(struct columns *columns, enum estab_field field)
{
	const char *name = estab_field_name(field);

	for (size_t i = columns->n; i-- > 0;) {
		const struct column *column = &columns->list[i];

		if (column->field == field || is_below(column->name, name) ||
		    owners_group(column->field) == field)
			remove_at(columns, i);
	}
}

static void set_cell(struct column *column)
{
	column->optional = false;
	if (owners_group(column->field) == column->field)
		column->cell = CELL_OWNERS;
	else if (column->flags & ESTAB_FIELD_OWNER)
		column->cell = CELL_OWNER;
	else
		column->cell = CELL_SOCKET;
}

static void set_traits(struct column *column)
{
	column->width = strlen(column->title);
	column->priority = PRIORITY_OTHERS;
	for (size_t i = 0; i < ARRAY_SIZE(traits); i++) {
		const struct trait *trait = &traits[i];

		if (trait->field != column->field)
			continue;
		column->width = MAX(column->width, (size_t)trait->width);
		column->priority = trait->priority;
		column->continued = trait->flags & CONTINUED;
		column->shrinks = trait->flags & SHRINKS;
	}
	set_cell(column);
}

/* Adds a field behind the others, unless it is there or the subject has none such. */
static void add_field(struct columns *columns, enum estab_field field, bool pinned)
{
	struct estab_field_info info = { .size = sizeof(info) };
	struct column *column;

	for (size_t i = 0; i < columns->n; i++) {
		if (columns->list[i].field == field) {
			/* Who names it wants it whole. */
			if (pinned && columns->list[i].cell == CELL_WHERE)
				set_cell(&columns->list[i]);
			columns->list[i].pinned |= pinned;
			return;
		}
	}
	if (columns->n == COLUMNS_MAX || estab_field_get_info(field, &info) < 0 ||
	    !(info.subjects & BIT32(columns->subject)))
		return;
	column = &columns->list[columns->n++];
	*column = (struct column){
		.field = field,
		.kind = info.kind,
		.flags = info.flags,
		.name = info.name,
		.title = info.title,
		.group = info.group != ESTAB_F_NONE ? info.group : owners_group(field),
		.pinned = pinned,
	};
	set_traits(column);
	/* What a row is about, and not a detail of it. */
	if (field == ESTAB_F_INTERFACE && columns->subject != ESTAB_SUBJECT_SOCKETS) {
		column->width = IF_NAMESIZE - 1;
		column->priority = 85;
	}
}

static void add_fields(struct columns *columns, const enum estab_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_field(columns, fields[i], false);
}

static bool is_about_owners(enum estab_field field)
{
	struct estab_field_info info = { .size = sizeof(info) };

	if (owners_group(field) != ESTAB_F_NONE)
		return true;
	return estab_field_get_info(field, &info) == 0 && info.flags & ESTAB_FIELD_OWNER;
}

static bool wants_owners(const struct options *options, bool terminal)
{
	if (options->process || options->context || options->owners)
		return true;
	for (size_t i = 0; i < options->n_sort; i++)
		if (is_about_owners(options->sort[i].field))
			return true;
	return terminal && options->format == FORMAT_TABLE;
}

/* Beside the processes, where they run: for people, and in short. */
static void add_where(struct columns *columns)
{
	static const enum estab_field fields[] = { ESTAB_F_OWNER_UNIT,
						   ESTAB_F_OWNER_CONTAINER_NAME };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct column *column;

		add_field(columns, fields[i], false);
		column = &columns->list[columns->n - 1];
		/* Only sockets have such. */
		if (column->field != fields[i])
			return;
		column->cell = CELL_WHERE;
		column->optional = true;
		if (fields[i] == ESTAB_F_OWNER_CONTAINER_NAME)
			column->title = "CONTAINER";
	}
}

/* What only some tables have, where one of them is listed. */
static void add_details(const struct options *options, struct columns *columns)
{
	uint32_t tables = select_chosen(options);

	if (options->extended && tables & SELECT_MPTCP)
		add_field(columns, ESTAB_F_MPTCP_TOKEN, false);
	if (options->extended && tables & SELECT_NETLINK)
		add_field(columns, ESTAB_F_NETLINK, false);
	if (options->extended && tables & SELECT_PACKET)
		add_field(columns, ESTAB_F_PACKET, false);
	if (options->internals && tables & (SELECT_TCP | SELECT_MPTCP))
		add_field(columns, ESTAB_F_MPTCP, false);
}

static void add_defaults(const struct options *options, bool terminal, bool owners,
			 struct columns *columns)
{
	if (options->follow)
		add_fields(columns, events, ARRAY_SIZE(events));
	if (options->format >= FORMAT_CONNTRACK) {
		add_fields(columns, conntrack, ARRAY_SIZE(conntrack));
	} else if (options->format == FORMAT_TABLE) {
		add_fields(columns, bases[options->subject].fields, bases[options->subject].n);
	} else {
		struct estab_field_info info = { .size = sizeof(info) };
		enum estab_field field = ESTAB_F_NONE;

		while ((field = estab_field_next(field)) != ESTAB_F_NONE)
			if (estab_field_get_info(field, &info) == 0 &&
			    info.kind != ESTAB_KIND_GROUP &&
			    info.defaults & BIT32(options->subject))
				add_field(columns, field, false);
	}
	if (options->all_netns)
		add_field(columns, ESTAB_F_NETNS_NAME, false);
	if (options->extended)
		add_fields(columns, extended, ARRAY_SIZE(extended));
	if (options->extended || options->timer)
		add_field(columns, ESTAB_F_TIMER, false);
	if (owners || wants_owners(options, terminal)) {
		/* Of a flow, known as soon as its socket is. */
		if (options->subject == ESTAB_SUBJECT_FLOWS)
			add_field(columns, ESTAB_F_DIRECTION, false);
		add_field(columns, ESTAB_F_OWNERS, false);
	}
	if (terminal && options->format == FORMAT_TABLE)
		add_where(columns);
	if (options->nat)
		add_field(columns, ESTAB_F_NAT, false);
	if (options->context)
		add_field(columns, ESTAB_F_OWNER_CONTEXT, false);
	if (options->memory)
		add_field(columns, ESTAB_F_MEM, false);
	if (options->internals)
		add_field(columns, ESTAB_F_TCP, false);
	add_details(options, columns);
}

/* Of the usual tables, none has a longer name than the column's title. */
static void widen_proto(const struct options *options, struct columns *columns)
{
	uint32_t tables = select_chosen(options);
	size_t width = 0;

	if (tables & (SELECT_NETLINK | SELECT_UDPLITE) || options->subject == ESTAB_SUBJECT_FLOWS)
		width = strlen("netlink");
	else if (tables & SELECT_PACKET)
		width = strlen("packet");
	for (size_t i = 0; i < columns->n; i++)
		if (columns->list[i].field == ESTAB_F_PROTO)
			columns->list[i].width = MAX(columns->list[i].width, width);
}

/* --columns: a list of names, or of changes to the default columns: +name, -name. */
static int apply_list(struct columns *columns, const char *list)
{
	if (*list != '+' && *list != '-')
		columns->n = 0;
	while (*list) {
		size_t length = strcspn(list, ",");
		bool sign = *list == '+' || *list == '-';
		enum estab_field field = field_from_word(list + sign, length - sign);

		if (!field_is_of(field, columns->subject))
			return complain_field("--columns", columns->subject, list + sign,
					      length - sign);
		if (*list == '-')
			remove_field(columns, field);
		else
			add_field(columns, field, true);
		list += length;
		list += *list == ',';
	}
	if (columns->n == 0)
		return complain_usage("--columns", "no column is left");
	return 0;
}

int columns_list(struct columns *columns, const char *option, const char *list)
{
	columns->n = 0;
	while (*list) {
		size_t length = strcspn(list, ",");
		enum estab_field field = field_from_word(list, length);

		if (field == ESTAB_F_NONE)
			return complain_word(option, "no such field (estab fields lists them)",
					     list, length);
		add_field(columns, field, true);
		list += length;
		list += *list == ',';
	}
	return columns->n > 0 ? 0 : complain_usage(option, "no field is named");
}

static bool is_name(enum estab_field field)
{
	return field >= ESTAB_F_LOCAL_HOST && field <= ESTAB_F_PEER_SERVICE;
}

static bool is_group(enum estab_field field)
{
	struct estab_field_info info = { .size = sizeof(info) };

	return estab_field_get_info(field, &info) == 0 && info.kind == ESTAB_KIND_GROUP;
}

static void expand(struct columns *columns, enum estab_field group)
{
	const char *name = estab_field_name(group);
	enum estab_field field = ESTAB_F_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(owners_parts); i++)
		if (owners_parts[i].group == group)
			add_field(columns, owners_parts[i].field, false);
	if (owners_group(group) == group)
		return;
	while ((field = estab_field_next(field)) != ESTAB_F_NONE)
		if (is_below(estab_field_name(field), name) && !is_name(field) && !is_group(field))
			add_field(columns, field, false);
}

/* Puts the fields of each group in its place. */
static void expand_groups(struct columns *columns)
{
	struct columns before = *columns;

	columns->n = 0;
	for (size_t i = 0; i < before.n; i++) {
		if (before.list[i].kind == ESTAB_KIND_GROUP)
			expand(columns, before.list[i].field);
		else
			add_field(columns, before.list[i].field, before.list[i].pinned);
	}
}

/* The names that belong to a field: of an end both, which a table's cell shows by itself. */
static void add_names_of(struct columns *columns, const struct column *column, bool table)
{
	static const struct {
		enum estab_field field;
		enum estab_field name;
	} names[] = {
		{ ESTAB_F_LOCAL, ESTAB_F_LOCAL_HOST },
		{ ESTAB_F_LOCAL, ESTAB_F_LOCAL_SERVICE },
		{ ESTAB_F_LOCAL_ADDR, ESTAB_F_LOCAL_HOST },
		{ ESTAB_F_LOCAL_PORT, ESTAB_F_LOCAL_SERVICE },
		{ ESTAB_F_PEER, ESTAB_F_PEER_HOST },
		{ ESTAB_F_PEER, ESTAB_F_PEER_SERVICE },
		{ ESTAB_F_PEER_ADDR, ESTAB_F_PEER_HOST },
		{ ESTAB_F_PEER_PORT, ESTAB_F_PEER_SERVICE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].field == column->field && !(table && column->kind == ESTAB_KIND_GROUP))
			add_field(columns, names[i].name, column->pinned);
}

/* Puts names behind what they are the names of. */
static void add_names(struct columns *columns, bool table)
{
	struct columns before = *columns;

	columns->n = 0;
	for (size_t i = 0; i < before.n; i++) {
		add_field(columns, before.list[i].field, before.list[i].pinned);
		add_names_of(columns, &before.list[i], table);
	}
}

/* Where all owners are wanted, none of them gives way. */
static void fold(const struct options *options, bool terminal, struct column *column)
{
	column->fold = terminal && !options->owners;
	if (options->owners && column->cell != CELL_SOCKET)
		column->shrinks = false;
}

int columns_choose(const struct options *options, bool terminal, bool owners,
		   struct columns *ret_columns)
{
	int status;

	ret_columns->subject = options->subject;
	ret_columns->n = 0;
	add_defaults(options, terminal, owners, ret_columns);
	if (options->columns) {
		status = apply_list(ret_columns, options->columns);
		if (status != 0)
			return status;
	}
	widen_proto(options, ret_columns);
	for (size_t i = 0; i < ret_columns->n; i++)
		fold(options, terminal, &ret_columns->list[i]);
	/* A cell of theirs holds one value. */
	if (options->format == FORMAT_CSV || options->format == FORMAT_NULL)
		expand_groups(ret_columns);
	if (options->resolve)
		add_names(ret_columns, options->format == FORMAT_TABLE);
	return 0;
}

/* The peer without its path, which is another row's. */
static int ask_peer(struct estab_query *query)
{
	static const enum estab_field fields[] = {
		ESTAB_F_PEER_ADDR,
		ESTAB_F_PEER_PORT,
		ESTAB_F_PEER_SCOPE,
		ESTAB_F_PEER_INODE,
	};
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields) && error == 0; i++)
		error = estab_query_add_field(query, fields[i]);
	return error;
}

int columns_ask(const struct columns *columns, bool kept, struct estab_query *query)
{
	for (size_t i = 0; i < columns->n; i++) {
		const struct column *column = &columns->list[i];
		int error;

		if (column->field == ESTAB_F_PEER && !kept && !column->pinned)
			error = ask_peer(query);
		else
			error = estab_query_add_field(query, column->field);
		if (error < 0)
			return error;
	}
	return 0;
}
