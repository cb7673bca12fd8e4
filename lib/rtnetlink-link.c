/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "rows.h"
#include "rtnetlink.h"
#include "text.h"
#include "util.h"

/* Of addresses, and of their details: a row has 64 KiB for all. */
enum { ADDRESSES_ROOM = 28 * 1024, HWADDR_MAX = 32 };

static void take_address(struct rt_address *address, const struct nl_attr *attr, size_t size)
{
	uint8_t *to = NULL;

	if (attr->type == IFA_LABEL) {
		memcpy(address->label, attr->data,
		       MIN(strnlen(attr->data, attr->length), sizeof(address->label) - 1));
		return;
	}
	if (attr->length != size)
		return;
	if (attr->type == IFA_LOCAL)
		to = address->bytes;
	else if (attr->type == IFA_ADDRESS)
		to = address->peer;
	else if (attr->type == IFA_BROADCAST)
		to = address->broadcast;
	if (!to)
		return;
	memcpy(to, attr->data, size);
	address->has_peer |= attr->type == IFA_LOCAL;
	address->has_broadcast |= attr->type == IFA_BROADCAST;
}

int rt_address_decode(const struct nlmsghdr *message, struct rt_address *ret_address)
{
	const struct ifaddrmsg *head = nl_body(message);
	struct rt_address address;
	struct nl_attrs attrs;
	struct nl_attr attr;
	size_t size;

	if (message->nlmsg_type != RTM_NEWADDR ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*head)) ||
	    (head->ifa_family != AF_INET && head->ifa_family != AF_INET6))
		return RT_SKIP;
	size = head->ifa_family == AF_INET ? 4 : 16;
	address = (struct rt_address){
		.index = head->ifa_index,
		.family = size == 4 ? ESTAB_FAMILY_INET : ESTAB_FAMILY_INET6,
		.prefix = head->ifa_prefixlen,
		.scope = head->ifa_scope,
	};
	attrs = nl_attrs_of(message, sizeof(*head));
	while (nl_attr_next(&attrs, &attr))
		take_address(&address, &attr, size);
	/* Where there is a local one, the other is the other end's, or the same again. */
	if (!address.has_peer)
		memcpy(address.bytes, address.peer, sizeof(address.bytes));
	else if (memcmp(address.bytes, address.peer, sizeof(address.bytes)) == 0)
		address.has_peer = false;
	*ret_address = address;
	return RT_ROW;
}

static void put_addr(struct text *text, const struct rt_address *address, const uint8_t bytes[16])
{
	struct estab_addr addr = { .family = address->family };

	memcpy(addr.bytes, bytes, sizeof(addr.bytes));
	text_addr(text, &addr);
}

static void put_address(struct text *text, const struct rt_address *address)
{
	put_addr(text, address, address->bytes);
	text_char(text, '/');
	text_u64(text, address->prefix);
}

/* "192.0.2.1/24 peer 192.0.2.2 broadcast 192.0.2.255 scope global label eth0:1": words as ip(8) has
 * them. A label may have any letters but a blank and a comma, which part the words. */
static void put_address_details(struct text *text, const struct rt_address *address)
{
	const char *scope = rows_scope_word(address->scope);

	put_address(text, address);
	if (address->has_peer) {
		text_str(text, " peer ");
		put_addr(text, address, address->peer);
	}
	if (address->has_broadcast) {
		text_str(text, " broadcast ");
		put_addr(text, address, address->broadcast);
	}
	text_str(text, " scope ");
	if (scope)
		text_str(text, scope);
	else
		text_u64(text, address->scope);
	if (address->label[0] == '\0')
		return;
	text_str(text, " label ");
	for (const char *letter = address->label; *letter; letter++)
		text_char(text, *letter == ',' || *letter == ' ' ? '?' : *letter);
}

/* Finds those of an interface: how many there are, from *addresses on. */
static size_t find_addresses(const struct rt_address **addresses, size_t n, uint32_t index)
{
	const struct rt_address *first = *addresses, *end = first + n;
	size_t found = 0;

	while (n > 0) {
		size_t half = n / 2;

		if (first[half].index < index) {
			first += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	while (first + found < end && first[found].index == index)
		found++;
	*addresses = first;
	return found;
}

/* With commas between. */
static int put_addresses(struct row *row, enum ext_kind kind, const struct rt_address *addresses,
			 size_t n, size_t *ret_cut)
{
	char buffer[ADDRESSES_ROOM];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) };

	*ret_cut = 0;
	for (size_t i = 0; i < n; i++) {
		size_t before = text.length;

		if (text.length > 0)
			text_char(&text, ',');
		if (kind == EXT_ADDRESSES)
			put_address(&text, &addresses[i]);
		else
			put_address_details(&text, &addresses[i]);
		if (text.length > text.size) {
			text.length = before;
			*ret_cut = n - i;
			break;
		}
	}
	return row_put(row, kind, buffer, text.length);
}

static void take_stats(const struct nl_attr *attr, struct row_numbers *numbers)
{
	static const struct {
		enum row_number number;
		size_t offset;
	} counters[] = {
#define COUNTER(number, member) { NUMBER_##number, offsetof(struct rtnl_link_stats64, member) }
		COUNTER(RX_PACKETS, rx_packets),        COUNTER(RX_BYTES, rx_bytes),
		COUNTER(RX_ERRORS, rx_errors),          COUNTER(RX_DROPPED, rx_dropped),
		COUNTER(RX_OVERRUNS, rx_fifo_errors),   COUNTER(RX_FRAME, rx_frame_errors),
		COUNTER(RX_COMPRESSED, rx_compressed),  COUNTER(RX_MULTICAST, multicast),
		COUNTER(TX_PACKETS, tx_packets),        COUNTER(TX_BYTES, tx_bytes),
		COUNTER(TX_ERRORS, tx_errors),          COUNTER(TX_DROPPED, tx_dropped),
		COUNTER(TX_OVERRUNS, tx_fifo_errors),   COUNTER(TX_COLLISIONS, collisions),
		COUNTER(TX_CARRIER, tx_carrier_errors), COUNTER(TX_COMPRESSED, tx_compressed),
#undef COUNTER
	};

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		uint64_t value;

		if (counters[i].offset + sizeof(value) > attr->length)
			continue;
		memcpy(&value, (const uint8_t *)attr->data + counters[i].offset, sizeof(value));
		numbers_set(numbers, counters[i].number, value);
	}
}

static int put_hwaddr(struct row *row, const struct nl_attr *attr)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = attr->data;
	char text[HWADDR_MAX * 3];
	size_t n = 0;

	for (size_t i = 0; i < MIN(attr->length, (size_t)HWADDR_MAX); i++) {
		if (i > 0)
			text[n++] = ':';
		text[n++] = digits[bytes[i] >> 4];
		text[n++] = digits[bytes[i] & 15];
	}
	return row_put(row, EXT_HWADDR, text, n);
}

static void take_number(const struct nl_attr *attr, enum row_number number,
			struct row_numbers *numbers)
{
	uint32_t value;

	if (attr->length < sizeof(value))
		return;
	memcpy(&value, attr->data, sizeof(value));
	numbers_set(numbers, number, value);
}

/* A name with its NUL, or without. */
static size_t name_length(const struct nl_attr *attr)
{
	return strnlen(attr->data, attr->length);
}

/* What a device of an old kind has on its bus. */
static void take_map(const struct nl_attr *attr, struct row_numbers *numbers)
{
	struct rtnl_link_ifmap map;

	if (attr->length < offsetof(struct rtnl_link_ifmap, port))
		return;
	memset(&map, 0, sizeof(map));
	memcpy(&map, attr->data, MIN(attr->length, sizeof(map)));
	if (map.irq != 0)
		numbers_set(numbers, NUMBER_IRQ, map.irq);
	if (map.base_addr != 0)
		numbers_set(numbers, NUMBER_IO_BASE, map.base_addr);
	if (map.dma != 0)
		numbers_set(numbers, NUMBER_DMA, map.dma);
	if (map.mem_start != 0) {
		numbers_set(numbers, NUMBER_MEM_START, map.mem_start);
		numbers_set(numbers, NUMBER_MEM_END, map.mem_end);
	}
}

static int take_attr(const struct nl_attr *attr, uint32_t index, struct row_numbers *numbers,
		     struct row *row)
{
	char name[IF_NAMESIZE] = "";

	switch (attr->type) {
	case IFLA_IFNAME:
		memcpy(name, attr->data, MIN(name_length(attr), sizeof(name) - 1));
		return rows_put_device(row, index, name);
	case IFLA_MTU:
		take_number(attr, NUMBER_MTU, numbers);
		return 0;
	case IFLA_TXQLEN:
		take_number(attr, NUMBER_TXQLEN, numbers);
		return 0;
	case IFLA_OPERSTATE:
		if (attr->length >= 1)
			numbers_set(numbers, NUMBER_OPERSTATE, *(const uint8_t *)attr->data);
		return 0;
	case IFLA_QDISC:
		return row_put(row, EXT_QDISC, attr->data, name_length(attr));
	case IFLA_ADDRESS:
		return put_hwaddr(row, attr);
	case IFLA_MAP:
		take_map(attr, numbers);
		return 0;
	case IFLA_STATS64:
		take_stats(attr, numbers);
		return 0;
	default:
		return 0;
	}
}

int rt_link_decode(const struct nlmsghdr *message, const struct rt_address *addresses,
		   size_t n_addresses, uint64_t serial, struct row *row,
		   struct rt_link_cut *ret_cut)
{
	const struct ifinfomsg *head = nl_body(message);
	struct row_numbers numbers = { 0 };
	struct nl_attrs attrs;
	struct nl_attr attr;
	uint32_t index;
	int r = 0;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(*head)))
		return RT_SKIP;
	index = (uint32_t)head->ifi_index;
	rows_begin(row, ROW_INTERFACE, ESTAB_FAMILY_INET, serial);
	numbers_set(&numbers, NUMBER_INDEX, index);
	numbers_set(&numbers, NUMBER_LINK_TYPE, head->ifi_type);
	attrs = nl_attrs_of(message, sizeof(*head));
	while (r == 0 && nl_attr_next(&attrs, &attr))
		r = take_attr(&attr, index, &numbers, row);
	if (r == 0)
		r = rows_put_link_flags(row, head->ifi_flags);
	n_addresses = find_addresses(&addresses, n_addresses, index);
	if (r == 0)
		r = put_addresses(row, EXT_ADDRESSES, addresses, n_addresses, &ret_cut->addresses);
	if (r == 0)
		r = put_addresses(row, EXT_ADDRESS_DETAILS, addresses, n_addresses,
				  &ret_cut->details);
	return r == 0 ? numbers_put(&numbers, row) : r;
}
