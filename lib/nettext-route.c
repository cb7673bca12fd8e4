/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* route and ipv6_route, dev, igmp and igmp6. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/route.h>
#include <string.h>

#include "nettext.h"
#include "rows.h"
#include "subject.h"
#include "util.h"

enum { HEADERS = 40 };

/* An IPv4 address: the four bytes as one number of the machine's own order. */
static bool take_v4(struct cursor *cursor, bool big_endian, uint8_t bytes[16])
{
	uint32_t word;

	if (!cursor_hex_exact(cursor, 8, &word))
		return false;
	for (unsigned int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(word >> 8 * (big_endian ? 3 - i : i));
	return true;
}

/* An IPv6 address: its bytes, one after the other. */
static bool take_v6(struct cursor *cursor, uint8_t bytes[16])
{
	for (unsigned int i = 0; i < 16; i++) {
		uint32_t byte;

		if (!cursor_hex_exact(cursor, 2, &byte))
			return false;
		bytes[i] = (uint8_t)byte;
	}
	return true;
}

/* The device's name; a longer one is no name. */
static bool take_device(struct cursor *cursor, char name[IF_NAMESIZE])
{
	const char *word;
	size_t length;

	cursor_blanks(cursor);
	if (!cursor_word(cursor, &word, &length) || length >= IF_NAMESIZE)
		return false;
	memcpy(name, word, length);
	name[length] = '\0';
	return true;
}

static bool take_number(struct cursor *cursor, uint64_t *ret_value)
{
	cursor_blanks(cursor);
	return cursor_decimal(cursor, ret_value);
}

/* How many bits a mask has from the front. */
static unsigned int prefix_of(const uint8_t mask[4])
{
	unsigned int bits = 0;

	while (bits < 32 && mask[bits / 8] & (0x80 >> bits % 8))
		bits++;
	return bits;
}

static int end_route(struct row *row, struct row_numbers *numbers, uint32_t flags,
		     const char *device)
{
	int r;

	numbers_set(numbers, NUMBER_KIND, flags & RTF_REJECT ? RTN_UNREACHABLE : RTN_UNICAST);
	r = numbers_put(numbers, row);
	if (r == 0)
		r = rows_put_route_flags(row, flags);
	return r == 0 ? rows_put_device(row, 0, device) : r;
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT: fib_route_seq_show(). */
int nettext_route(struct nettext *text, struct procfs_line line, struct row *row)
{
	struct cursor cursor = line.text;
	uint8_t destination[16] = { 0 }, gateway[16] = { 0 }, mask[16] = { 0 };
	struct row_numbers numbers = { 0 };
	uint64_t flags, references, uses, mtu, window, rtt;
	uint32_t metric;
	char device[IF_NAMESIZE];

	if (!take_device(&cursor, device) || !procfs_gap(&cursor) ||
	    !take_v4(&cursor, text->big_endian, destination) || !procfs_gap(&cursor) ||
	    !take_v4(&cursor, text->big_endian, gateway) || !procfs_gap(&cursor) ||
	    !cursor_hex(&cursor, 8, &flags) || !take_number(&cursor, &references) ||
	    !take_number(&cursor, &uses) || !procfs_gap(&cursor) ||
	    /* With a sign until Linux 3.x. */
	    !procfs_wrapped(&cursor, &metric) || !procfs_gap(&cursor) ||
	    !take_v4(&cursor, text->big_endian, mask) || !take_number(&cursor, &mtu) ||
	    !take_number(&cursor, &window) || !take_number(&cursor, &rtt))
		return -EBADMSG;
	rows_begin(row, ROW_ROUTE, ESTAB_FAMILY_INET, ++text->serial);
	memcpy(row->sock.inet.local, destination, 16);
	memcpy(row->sock.inet.peer, gateway, 16);
	numbers_set(&numbers, NUMBER_PREFIX, prefix_of(mask));
	numbers_set(&numbers, NUMBER_TABLE, RT_TABLE_MAIN);
	numbers_set(&numbers, NUMBER_METRIC, metric);
	numbers_set(&numbers, NUMBER_USERS, references);
	numbers_set(&numbers, NUMBER_USES, uses);
	/* The kernel adds what headers take: fib_route_seq_show(), Linux 6.18. */
	numbers_set(&numbers, NUMBER_ADVMSS, mtu > HEADERS ? mtu - HEADERS : 0);
	numbers_set(&numbers, NUMBER_WINDOW, window);
	numbers_set(&numbers, NUMBER_RTT, rtt);
	return end_route(row, &numbers, (uint32_t)flags, device);
}

/* Destination, from, next hop, metric, references, uses, flags, device: rt6_info_route(). */
int nettext_route6(struct nettext *text, struct procfs_line line, struct row *row)
{
	struct cursor cursor = line.text;
	uint8_t destination[16], from[16], gateway[16];
	struct row_numbers numbers = { 0 };
	uint32_t prefix, from_prefix, metric, references, uses, flags;
	char device[IF_NAMESIZE];
	int r = 0;

	if (!take_v6(&cursor, destination) || !procfs_gap(&cursor) ||
	    !cursor_hex_exact(&cursor, 2, &prefix) || !procfs_gap(&cursor) ||
	    !take_v6(&cursor, from) || !procfs_gap(&cursor) ||
	    !cursor_hex_exact(&cursor, 2, &from_prefix) || !procfs_gap(&cursor) ||
	    !take_v6(&cursor, gateway) || !procfs_gap(&cursor) ||
	    !cursor_hex_exact(&cursor, 8, &metric) || !procfs_gap(&cursor) ||
	    !cursor_hex_exact(&cursor, 8, &references) || !procfs_gap(&cursor) ||
	    !cursor_hex_exact(&cursor, 8, &uses) || !procfs_gap(&cursor) ||
	    !cursor_hex_exact(&cursor, 8, &flags) || !take_device(&cursor, device) ||
	    prefix > 128 || from_prefix > 128)
		return -EBADMSG;
	rows_begin(row, ROW_ROUTE, ESTAB_FAMILY_INET6, ++text->serial);
	memcpy(row->sock.inet.local, destination, 16);
	memcpy(row->sock.inet.peer, gateway, 16);
	numbers_set(&numbers, NUMBER_PREFIX, prefix);
	numbers_set(&numbers, NUMBER_METRIC, metric);
	numbers_set(&numbers, NUMBER_USERS, references);
	numbers_set(&numbers, NUMBER_USES, uses);
	if (from_prefix > 0) {
		numbers_set(&numbers, NUMBER_FROM_PREFIX, from_prefix);
		r = row_put(row, EXT_FROM, from, sizeof(from));
	}
	return r == 0 ? end_route(row, &numbers, flags, device) : r;
}

/* "  eth0: 1 2 …": dev_seq_printf_stats(). A name may have colons, too. */
int nettext_dev(struct nettext *text, struct procfs_line line, struct row *row)
{
	static const enum row_number order[] = {
		NUMBER_RX_BYTES,      NUMBER_RX_PACKETS,    NUMBER_RX_ERRORS,
		NUMBER_RX_DROPPED,    NUMBER_RX_OVERRUNS,   NUMBER_RX_FRAME,
		NUMBER_RX_COMPRESSED, NUMBER_RX_MULTICAST,  NUMBER_TX_BYTES,
		NUMBER_TX_PACKETS,    NUMBER_TX_ERRORS,     NUMBER_TX_DROPPED,
		NUMBER_TX_OVERRUNS,   NUMBER_TX_COLLISIONS, NUMBER_TX_CARRIER,
		NUMBER_TX_COMPRESSED,
	};
	struct cursor cursor = line.text;
	struct row_numbers numbers = { 0 };
	char device[IF_NAMESIZE] = "";
	const char *name, *colon;
	size_t length;
	int r;

	cursor_blanks(&cursor);
	name = cursor.at;
	colon = memrchr(name, ':', (size_t)(cursor.end - name));
	length = colon ? (size_t)(colon - name) : 0;
	if (length == 0 || length >= sizeof(device))
		return -EBADMSG;
	memcpy(device, name, length);
	cursor.at = colon + 1;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		uint64_t value;

		if (!take_number(&cursor, &value) || !procfs_column_end(&cursor, line.cut))
			return -EBADMSG;
		numbers_set(&numbers, order[i], value);
	}
	rows_begin(row, ROW_INTERFACE, ESTAB_FAMILY_INET, ++text->serial);
	r = numbers_put(&numbers, row);
	return r == 0 ? rows_put_device(row, 0, device) : r;
}

static int put_membership(struct nettext *text, struct row *row, enum estab_family family,
			  const uint8_t group[16], uint64_t users)
{
	struct row_numbers numbers = { 0 };
	int r;

	rows_begin(row, ROW_MEMBERSHIP, family, ++text->serial);
	memcpy(row->sock.inet.local, group, 16);
	numbers_set(&numbers, NUMBER_USERS, users);
	r = numbers_put(&numbers, row);
	return r == 0 ? rows_put_device(row, text->index, text->device) : r;
}

/* "1	lo        :     1      V3", and below it "				010000E0     1 0:00000000		0". */
int nettext_igmp(struct nettext *text, struct procfs_line line, struct row *row)
{
	struct cursor cursor = line.text;
	uint8_t group[16] = { 0 };
	uint64_t number;
	const char *word;
	size_t length;

	if (cursor.at < cursor.end && *cursor.at == '\t') {
		cursor_blanks(&cursor);
		if (!take_v4(&cursor, text->big_endian, group) || !take_number(&cursor, &number))
			return -EBADMSG;
		return put_membership(text, row, ESTAB_FAMILY_INET, group, number);
	}
	text->device[0] = '\0';
	if (!cursor_decimal(&cursor, &number) || number > UINT32_MAX || !procfs_gap(&cursor) ||
	    !cursor_word(&cursor, &word, &length))
		return -EBADMSG;
	/* The name is filled up with blanks before the colon, or has it at its end. */
	if (length > 0 && word[length - 1] == ':')
		length--;
	if (length == 0 || length >= sizeof(text->device))
		return -EBADMSG;
	memcpy(text->device, word, length);
	text->device[length] = '\0';
	text->index = (uint32_t)number;
	return 1;
}

/* "1    lo              ff020000000000000000000000000001     1 0000000C 0". */
int nettext_igmp6(struct nettext *text, struct procfs_line line, struct row *row)
{
	struct cursor cursor = line.text;
	uint8_t group[16];
	uint64_t index, users;

	if (!take_number(&cursor, &index) || index > UINT32_MAX || !procfs_gap(&cursor) ||
	    !take_device(&cursor, text->device) || !procfs_gap(&cursor) ||
	    !take_v6(&cursor, group) || !take_number(&cursor, &users))
		return -EBADMSG;
	text->index = (uint32_t)index;
	return put_membership(text, row, ESTAB_FAMILY_INET6, group, users);
}
