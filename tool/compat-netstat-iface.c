/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat -i: interfaces and their counters, in a line each. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compat-netstat-tables.h"
#include "util.h"

/* The letters of the flags, in the old tool's order. */
static const struct {
	const char *word;
	char letter;
} letters[] = {
	{ "allmulti", 'A' },    { "broadcast", 'B' }, { "debug", 'D' },      { "loopback", 'L' },
	{ "multicast", 'M' },   { "promisc", 'P' },   { "notrailers", 'N' }, { "noarp", 'O' },
	{ "pointopoint", 'P' }, { "slave", 's' },     { "master", 'm' },     { "running", 'R' },
	{ "up", 'U' },
};

bool netstat_has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

static void put_flags(struct netstat *netstat, const char *flags)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		if (!netstat_has_word(flags, letters[i].word))
			continue;
		buf_char(&netstat->out, letters[i].letter);
		any = true;
	}
	if (!any)
		buf_str(&netstat->out, "[NO FLAGS]");
	buf_char(&netstat->out, '\n');
}

static void put_counters(struct netstat *netstat, const struct estab_socket *row)
{
	static const struct {
		enum estab_field field;
		size_t width;
	} counters[] = {
		{ ESTAB_F_RX_PACKETS, 8 },  { ESTAB_F_RX_ERRORS, 6 },   { ESTAB_F_RX_DROPPED, 6 },
		{ ESTAB_F_RX_OVERRUNS, 0 }, { ESTAB_F_TX_PACKETS, 8 },  { ESTAB_F_TX_ERRORS, 6 },
		{ ESTAB_F_TX_DROPPED, 6 },  { ESTAB_F_TX_OVERRUNS, 6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		uint64_t value = compat_u64(row, counters[i].field, 0);
		uint64_t start = buf_total(&netstat->out);

		if (counters[i].width > 0)
			netstat_put_right(netstat, value, counters[i].width);
		else
			buf_u64(&netstat->out, value);
		compat_pad(&netstat->out, start, 6);
		buf_char(&netstat->out, ' ');
	}
}

static void put_line(struct netstat *netstat, const struct netstat_interface *interface)
{
	const char *flags = compat_str(interface->row, ESTAB_F_FLAGS);

	netstat_put_left(netstat, interface->name, 15);
	buf_char(&netstat->out, ' ');
	netstat_put_right(netstat, compat_u64(interface->row, ESTAB_F_MTU, 0), 5);
	buf_char(&netstat->out, ' ');
	if (interface->alias)
		netstat_put_left(netstat, "     - no statistics available -", 56);
	else
		put_counters(netstat, interface->row);
	put_flags(netstat, flags ? flags : "");
}

/* ---- the list ---- */

struct list {
	struct netstat_interface *items;
	size_t n;
	size_t room;
};

static bool add(struct list *list, const struct estab_socket *row, const char *name, bool alias)
{
	struct netstat_interface *item;

	if (list->n == list->room) {
		size_t room = list->room > 0 ? list->room * 2 : 64;
		struct netstat_interface *more =
			reallocarray(list->items, room, sizeof(*list->items));

		if (!more)
			return false;
		list->items = more;
		list->room = room;
	}
	item = &list->items[list->n++];
	*item = (struct netstat_interface){ .row = row, .alias = alias };
	memcpy(item->name, name, strnlen(name, sizeof(item->name) - 1));
	return true;
}

/* An interface, and each alias once. */
static bool add_row(struct list *list, const struct estab_socket *row)
{
	const char *name = compat_str(row, ESTAB_F_INTERFACE);
	const char *details = compat_str(row, ESTAB_F_ADDRESS_DETAILS);
	struct netstat_address address;
	size_t first = list->n;

	if (!name || !add(list, row, name, false))
		return !name;
	while (netstat_next_address(&details, &address)) {
		bool known = address.label[0] == '\0';

		for (size_t i = first; i < list->n && !known; i++)
			known = strcmp(list->items[i].name, address.label) == 0;
		if (!known && !add(list, row, address.label, true))
			return false;
	}
	return true;
}

/* Where the digits at the end of a name begin. */
static size_t stem(const char *name)
{
	size_t length = strlen(name);

	while (length > 0 && isdigit((unsigned char)name[length - 1]))
		length--;
	return length;
}

/* "eth2" before "eth10", and both before "eth-a": by what stands before the digits at the end, then by
 * the number that they make. */
static int by_name(const void *a, const void *b)
{
	const char *p = ((const struct netstat_interface *)a)->name;
	const char *q = ((const struct netstat_interface *)b)->name;
	size_t stem_p = stem(p), stem_q = stem(q);
	int order = strncmp(p, q, MIN(stem_p, stem_q));
	uint64_t number_p = 0, number_q = 0;

	if (order != 0 || stem_p != stem_q)
		return order != 0 ? order : stem_p < stem_q ? -1 : 1;
	/* Names are too short for a number to overflow. */
	for (const char *digit = p + stem_p; *digit; digit++)
		number_p = number_p * 10 + (uint64_t)(*digit - '0');
	for (const char *digit = q + stem_q; *digit; digit++)
		number_q = number_q * 10 + (uint64_t)(*digit - '0');
	if (number_p != number_q)
		return number_p < number_q ? -1 : 1;
	return strcmp(p, q);
}

static int put_list(struct netstat *netstat, struct list *list)
{
	bool whole = netstat->options.extend > 0;

	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), by_name);
	for (size_t i = 0; i < list->n; i++) {
		const char *flags = compat_str(list->items[i].row, ESTAB_F_FLAGS);

		if (!netstat->options.all && !netstat_has_word(flags ? flags : "", "up"))
			continue;
		if (whole)
			netstat_put_interface(netstat, &list->items[i]);
		else
			put_line(netstat, &list->items[i]);
	}
	return NETSTAT_OK;
}

int netstat_interfaces(struct netstat *netstat)
{
	struct estab_snapshot *snapshot;
	struct list list = { 0 };
	bool whole = true;
	int status, error;

	if (!netstat->again)
		buf_str(&netstat->out, "Kernel Interface table\n");
	if (netstat->options.extend == 0)
		buf_str(&netstat->out,
			"Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR "
			"TX-DRP TX-OVR Flg\n");
	error = netstat_take(netstat, ESTAB_SUBJECT_INTERFACES, &snapshot);
	if (error < 0) {
		compat_complain("netstat", NULL, strerror(-error));
		return NETSTAT_FAILED;
	}
	for (size_t i = 0; i < estab_snapshot_count(snapshot) && whole; i++)
		whole = add_row(&list, estab_snapshot_get(snapshot, i));
	status = whole ? put_list(netstat, &list) : NETSTAT_FAILED;
	free(list.items);
	estab_snapshot_unref(snapshot);
	return status;
}
