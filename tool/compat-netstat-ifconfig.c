/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat -ie: an interface as ifconfig(8) shows it. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "compat-netstat-tables.h"
#include "util.h"

static const char indent[] = "        ";

/* ---- addresses ---- */

static bool read_addr(const char *word, size_t length, struct estab_addr *ret_addr)
{
	char text[INET6_ADDRSTRLEN] = "";
	bool inet6 = memchr(word, ':', length) != NULL;

	if (length >= sizeof(text))
		return false;
	memcpy(text, word, length);
	*ret_addr = (struct estab_addr){ .family = inet6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET };
	return inet_pton(inet6 ? AF_INET6 : AF_INET, text, ret_addr->bytes) == 1;
}

/* "192.0.2.1/24" */
static bool read_own(const char *word, size_t length, struct netstat_address *address)
{
	const char *slash = memchr(word, '/', length);

	if (!slash || !read_addr(word, (size_t)(slash - word), &address->addr))
		return false;
	for (const char *digit = slash + 1; digit < word + length; digit++)
		address->prefix = address->prefix * 10 + (unsigned int)(*digit - '0');
	address->peer = address->addr;
	address->broadcast = (struct estab_addr){ .family = address->addr.family };
	return true;
}

static void read_pair(const char *key, size_t key_length, const char *word, size_t length,
		      struct netstat_address *address)
{
	if (key_length == 4 && memcmp(key, "peer", 4) == 0)
		read_addr(word, length, &address->peer);
	else if (key_length == 9 && memcmp(key, "broadcast", 9) == 0)
		read_addr(word, length, &address->broadcast);
	else if (key_length == 5 && memcmp(key, "label", 5) == 0)
		memcpy(address->label, word, MIN(length, sizeof(address->label) - 1));
}

bool netstat_next_address(const char **list, struct netstat_address *ret_address)
{
	const char *at = *list;
	size_t length;

	if (!at || *at == '\0')
		return false;
	*ret_address = (struct netstat_address){ 0 };
	length = strcspn(at, " ,");
	if (!read_own(at, length, ret_address))
		return false;
	for (at += length; *at == ' ';) {
		const char *key = at + 1;
		size_t key_length = strcspn(key, " ,");
		const char *word = key + key_length + (key[key_length] == ' ');

		length = strcspn(word, " ,");
		read_pair(key, key_length, word, length, ret_address);
		at = word + length;
	}
	*list = *at == ',' ? at + 1 : at;
	return true;
}

static void put_labelled(struct buf *out, const char *label, const struct estab_addr *addr)
{
	buf_str(out, label);
	compat_put_addr(out, addr);
}

static void put_inet(struct buf *out, const struct netstat_address *address, const char *flags)
{
	struct estab_addr mask = { .family = ESTAB_FAMILY_INET };

	for (unsigned int bit = 0; bit < MIN(address->prefix, 32U); bit++)
		mask.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	buf_str(out, indent);
	put_labelled(out, "inet ", &address->addr);
	put_labelled(out, "  netmask ", &mask);
	if (netstat_has_word(flags, "broadcast"))
		put_labelled(out, "  broadcast ", &address->broadcast);
	if (netstat_has_word(flags, "pointopoint"))
		put_labelled(out, "  destination ", &address->peer);
	buf_char(out, '\n');
}

/* As the kernel sorts them: ipv6_addr_type(). */
static void put_scope(struct buf *out, const uint8_t bytes[16])
{
	static const uint8_t zeros[12] = { 0 };
	bool loopback = memcmp(bytes, zeros, 12) == 0 && memcmp(bytes + 12, "\0\0\0\1", 4) == 0;
	bool compat = memcmp(bytes, zeros, 12) == 0 && !loopback;
	bool link = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
	bool site = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0;

	buf_str(out, loopback ? "0x10<host>"
		     : compat ? "0x80<compat,global>"
		     : link   ? "0x20<link>"
		     : site   ? "0x40<site>"
			      : "0x0<global>");
}

static void put_addresses(struct buf *out, const struct netstat_interface *interface,
			  const char *flags)
{
	const char *const details = compat_str(interface->row, ESTAB_F_ADDRESS_DETAILS);
	const char *list = details;
	struct netstat_address address;
	bool found = false;

	/* Of IPv4 the first that has this name for its label. */
	while (!found && netstat_next_address(&list, &address)) {
		found = address.addr.family == ESTAB_FAMILY_INET &&
			strcmp(address.label, interface->name) == 0;
		if (found)
			put_inet(out, &address, flags);
	}
	list = details;
	while (!interface->alias && netstat_next_address(&list, &address)) {
		if (address.addr.family != ESTAB_FAMILY_INET6)
			continue;
		buf_str(out, indent);
		put_labelled(out, "inet6 ", &address.addr);
		buf_str(out, "  prefixlen ");
		buf_u64(out, address.prefix);
		buf_str(out, "  scopeid ");
		put_scope(out, address.addr.bytes);
		buf_char(out, '\n');
	}
}

/* ---- the device ---- */

static void put_flags(struct buf *out, const char *flags)
{
	/* The order of the old tool, and the number of each: IFF_…. */
	static const struct {
		const char *word;
		const char *shown;
		unsigned int bit;
	} words[] = {
		{ "up", "UP", 0x1 },
		{ "broadcast", "BROADCAST", 0x2 },
		{ "debug", "DEBUG", 0x4 },
		{ "loopback", "LOOPBACK", 0x8 },
		{ "pointopoint", "POINTOPOINT", 0x10 },
		{ "notrailers", "NOTRAILERS", 0x20 },
		{ "running", "RUNNING", 0x40 },
		{ "noarp", "NOARP", 0x80 },
		{ "promisc", "PROMISC", 0x100 },
		{ "allmulti", "ALLMULTI", 0x200 },
		{ "slave", "SLAVE", 0x800 },
		{ "master", "MASTER", 0x400 },
		{ "multicast", "MULTICAST", 0x1000 },
		{ "dynamic", "DYNAMIC", 0x8000 },
	};
	unsigned int number = 0;
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (netstat_has_word(flags, words[i].word))
			number |= words[i].bit;
	buf_str(out, "flags=");
	/* Sixteen bits, with a sign. */
	buf_i64(out, (int16_t)(uint16_t)number);
	buf_char(out, '<');
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!netstat_has_word(flags, words[i].word))
			continue;
		if (!first)
			buf_char(out, ',');
		buf_str(out, words[i].shown);
		first = false;
	}
	buf_char(out, '>');
}

/* Of kinds that it does not know the old tool shows eight bytes, and eight of nothing. */
static void put_unspec(struct buf *out, const char *hwaddr)
{
	enum { BYTES = 16, KNOWN = 8 };
	size_t length = hwaddr ? strlen(hwaddr) : 0;

	for (size_t i = 0; i < BYTES; i++) {
		const char *digits = i < KNOWN && i * 3 + 1 < length ? hwaddr + i * 3 : "00";

		if (i > 0)
			buf_char(out, '-');
		for (size_t digit = 0; digit < 2; digit++)
			buf_char(out, digits[digit] >= 'a' ? (char)(digits[digit] - 'a' + 'A')
							   : digits[digit]);
	}
}

static void put_hardware(struct buf *out, const struct estab_socket *row)
{
	static const struct {
		const char *type;
		const char *name;
		const char *title;
	} kinds[] = {
		{ "ether", "ether", "Ethernet" },
		{ "loopback", "loop", "Local Loopback" },
		{ "ppp", "ppp", "Point-to-Point Protocol" },
		{ "ipip", "tunnel", "IPIP Tunnel" },
		{ "sit", "sit", "IPv6-in-IPv4" },
		{ "slip", "slip", "Serial Line IP" },
		{ NULL, "unspec", "UNSPEC" },
	};
	const char *type = compat_str(row, ESTAB_F_LINK_TYPE);
	const char *hwaddr = compat_str(row, ESTAB_F_HWADDR);
	size_t i = 0;

	while (kinds[i].type && (!type || strcmp(kinds[i].type, type) != 0))
		i++;
	buf_str(out, indent);
	buf_str(out, kinds[i].name);
	if (i == 0 || !kinds[i].type)
		buf_char(out, ' ');
	if (i == 0)
		buf_str(out, hwaddr ? hwaddr : "00:00:00:00:00:00");
	else if (!kinds[i].type)
		put_unspec(out, hwaddr);
	buf_str(out, "  txqueuelen ");
	buf_u64(out, compat_u64(row, ESTAB_F_TXQLEN, 0));
	buf_str(out, "  (");
	buf_str(out, kinds[i].title);
	buf_str(out, ")\n");
}

static void put_bus(struct buf *out, const struct estab_socket *row)
{
	uint64_t irq = compat_u64(row, ESTAB_F_IRQ, 0);
	uint64_t base = compat_u64(row, ESTAB_F_IO_BASE, 0);
	uint64_t memory = compat_u64(row, ESTAB_F_MEMORY_START, 0);
	uint64_t dma = compat_u64(row, ESTAB_F_DMA, 0);
	bool has_base = base >= 0x100;

	if (irq == 0 && !has_base && memory == 0 && dma == 0)
		return;
	buf_str(out, indent);
	buf_str(out, "device ");
	if (irq != 0) {
		buf_str(out, "interrupt ");
		buf_u64(out, irq);
		buf_str(out, "  ");
	}
	if (has_base) {
		buf_str(out, "base 0x");
		compat_put_hex(out, base);
		buf_str(out, "  ");
	}
	if (memory != 0) {
		buf_str(out, "memory 0x");
		compat_put_hex(out, memory);
		buf_char(out, '-');
		compat_put_hex(out, compat_u64(row, ESTAB_F_MEMORY_END, 0));
		buf_str(out, "  ");
	}
	if (dma != 0) {
		buf_str(out, "  dma 0x");
		compat_put_hex(out, dma);
	}
	buf_char(out, '\n');
}

/* ---- counters ---- */

/* " (1.5 KiB)", cut and not rounded. */
static void put_size(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	size_t unit = 0;
	uint64_t size = 1, tenths;

	while (unit + 1 < ARRAY_SIZE(units) && bytes > size * 1024) {
		size *= 1024;
		unit++;
	}
	tenths = bytes / size * 10 + bytes % size * 10 / size;
	buf_str(out, " (");
	buf_u64(out, tenths / 10);
	buf_char(out, '.');
	buf_u64(out, tenths % 10);
	buf_char(out, ' ');
	buf_str(out, units[unit]);
	buf_str(out, ")\n");
}

struct counter {
	const char *label;
	enum estab_field field;
};

static void put_counters(struct buf *out, const struct estab_socket *row,
			 const struct counter *counters, size_t n)
{
	buf_str(out, indent);
	for (size_t i = 0; i < n; i++) {
		buf_str(out, counters[i].label);
		buf_u64(out, compat_u64(row, counters[i].field, 0));
	}
}

static void put_statistics(struct buf *out, const struct estab_socket *row)
{
	static const struct counter received[] = {
		{ "RX packets ", ESTAB_F_RX_PACKETS },
		{ "  bytes ", ESTAB_F_RX_BYTES },
	};
	static const struct counter not_received[] = {
		{ "RX errors ", ESTAB_F_RX_ERRORS },
		{ "  dropped ", ESTAB_F_RX_DROPPED },
		{ "  overruns ", ESTAB_F_RX_OVERRUNS },
		{ "  frame ", ESTAB_F_RX_FRAME },
	};
	static const struct counter sent[] = {
		{ "TX packets ", ESTAB_F_TX_PACKETS },
		{ "  bytes ", ESTAB_F_TX_BYTES },
	};
	static const struct counter not_sent[] = {
		{ "TX errors ", ESTAB_F_TX_ERRORS },        { "  dropped ", ESTAB_F_TX_DROPPED },
		{ " overruns ", ESTAB_F_TX_OVERRUNS },      { "  carrier ", ESTAB_F_TX_CARRIER },
		{ "  collisions ", ESTAB_F_TX_COLLISIONS },
	};

	put_counters(out, row, received, ARRAY_SIZE(received));
	put_size(out, compat_u64(row, ESTAB_F_RX_BYTES, 0));
	put_counters(out, row, not_received, ARRAY_SIZE(not_received));
	buf_char(out, '\n');
	put_counters(out, row, sent, ARRAY_SIZE(sent));
	put_size(out, compat_u64(row, ESTAB_F_TX_BYTES, 0));
	put_counters(out, row, not_sent, ARRAY_SIZE(not_sent));
	buf_char(out, '\n');
}

void netstat_put_interface(struct netstat *netstat, const struct netstat_interface *interface)
{
	const struct estab_socket *row = interface->row;
	const char *words = compat_str(row, ESTAB_F_FLAGS);
	const char *flags = words ? words : "";
	struct buf *out = &netstat->out;

	netstat_put_left(netstat, interface->name, 0);
	buf_str(out, ": ");
	put_flags(out, flags);
	buf_str(out, "  mtu ");
	buf_u64(out, compat_u64(row, ESTAB_F_MTU, 0));
	buf_char(out, '\n');
	put_addresses(out, interface, flags);
	put_hardware(out, row);
	if (!interface->alias)
		put_statistics(out, row);
	put_bus(out, row);
	buf_char(out, '\n');
}
