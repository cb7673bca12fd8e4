/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat -r: the routing tables of IPv4 and IPv6. */
#include <stdio.h>
#include <string.h>

#include "compat-netstat-tables.h"
#include "util.h"

enum { HEADERS_MSS = 40, DEVICE_LETTERS = 6 };

/* Pairs of the kernel's flag, as the field has it, and the old tool's letter, in its order. */
static const char letters_v4[] = "UUGG!!HHRRDDMMddaaAcnoeeCcffpplluuwwii";
static const char letters_v6[] = "UU!!GGHHdDAACCaaeeMmnnff";

static void put_letters(struct netstat *netstat, const char *flags, const char *pairs, size_t width)
{
	uint64_t start = buf_total(&netstat->out);

	for (const char *pair = pairs; *pair; pair += 2)
		if (strchr(flags, pair[0]))
			buf_char(&netstat->out, pair[1]);
	compat_pad(&netstat->out, start, width);
	buf_char(&netstat->out, ' ');
}

static bool is_numeric(const struct netstat_options *options)
{
	return options->numeric_hosts || options->symbolic;
}

/* IPv4: not more than so many letters of it. */
static void put_v4_cell(struct netstat *netstat, const char *text, size_t length)
{
	enum { WIDTH = 15 };
	uint64_t start = buf_total(&netstat->out);

	buf_put(&netstat->out, text, MIN(length, (size_t)WIDTH));
	compat_pad(&netstat->out, start, WIDTH);
	buf_char(&netstat->out, ' ');
}

static void put_v4_addr(struct netstat *netstat, const struct estab_addr *addr, bool numeric)
{
	struct buf *text = &netstat->text;

	text->used = 0;
	netstat_put_host(netstat, text, addr, numeric);
	put_v4_cell(netstat, text->data, text->used);
}

/* A network has the name of a network, or none. */
static void put_v4_destination(struct netstat *netstat, const struct estab_addr *addr, bool host)
{
	static const uint8_t none[16] = { 0 };
	bool numeric = is_numeric(&netstat->options);
	const char *name = NULL;

	if (!numeric && memcmp(addr->bytes, none, sizeof(none)) == 0)
		name = "default";
	else if (!numeric && !host)
		name = compat_network(&netstat->names, addr);
	if (!name) {
		put_v4_addr(netstat, addr, numeric || !host);
		return;
	}
	netstat->text.used = 0;
	buf_escape(&netstat->text, name, strlen(name));
	put_v4_cell(netstat, netstat->text.data, netstat->text.used);
}

static const char *word(const struct estab_socket *row, enum estab_field field)
{
	const char *text = compat_str(row, field);

	return text ? text : "";
}

static struct estab_addr mask_of(uint64_t prefix)
{
	struct estab_addr mask = { .family = ESTAB_FAMILY_INET };

	for (uint64_t bit = 0; bit < MIN(prefix, 32); bit++)
		mask.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return mask;
}

/* With -ee, at most six letters of it. */
static void put_device(struct netstat *netstat, const char *device, bool cut)
{
	char name[DEVICE_LETTERS + 1] = "";

	if (!cut) {
		netstat_put_left(netstat, device, 0);
		return;
	}
	memcpy(name, device, strnlen(device, DEVICE_LETTERS));
	netstat_put_left(netstat, name, DEVICE_LETTERS);
}

/* A number with a sign, as the old tool reads it. */
static int32_t as_int(uint64_t number)
{
	return (int32_t)(uint32_t)number;
}

/* The columns behind the flags: metric and use, or what TCP begins with, or both. */
static void put_rest(struct netstat *netstat, const struct estab_socket *row, bool reject)
{
	uint64_t metric = compat_u64(row, ESTAB_F_METRIC, 0);
	uint64_t references = compat_u64(row, ESTAB_F_USERS, 0);
	uint64_t uses = compat_u64(row, ESTAB_F_USES, 0);
	uint64_t mss = compat_u64(row, ESTAB_F_ADVMSS, 0);
	const char *device = word(row, ESTAB_F_INTERFACE);
	unsigned int extend = netstat->options.extend;
	struct buf *out = &netstat->out;

	mss += mss > 0 ? HEADERS_MSS : 0;
	if (extend == 0 && reject) {
		buf_str(out, "    - -          - -\n");
		return;
	}
	if (extend == 0) {
		netstat_put_right(netstat, mss, 5);
		buf_char(out, ' ');
		netstat_put_number(netstat, (int64_t)compat_u64(row, ESTAB_F_WINDOW, 0), 5);
		buf_char(out, ' ');
		netstat_put_right(netstat, compat_u64(row, ESTAB_F_RTT_MS, 0), 6);
		buf_char(out, ' ');
		netstat_put_left(netstat, device, 0);
		buf_char(out, '\n');
		return;
	}
	netstat_put_number(netstat, as_int(metric), 6);
	buf_char(out, ' ');
	if (reject) {
		buf_str(out, "-  ");
		netstat_put_right(netstat, uses, 7);
		buf_str(out, extend > 1 ? " -        -     -      -\n" : " -\n");
		return;
	}
	netstat_put_number(netstat, (int64_t)references, extend > 1 ? 3 : 2);
	buf_char(out, ' ');
	netstat_put_right(netstat, uses, extend > 1 ? 6 : 7);
	buf_char(out, ' ');
	put_device(netstat, device, extend > 1);
	if (extend > 1) {
		buf_str(out, "   ");
		netstat_put_number(netstat, (int64_t)mss, 5);
		buf_char(out, ' ');
		netstat_put_number(netstat, (int64_t)compat_u64(row, ESTAB_F_WINDOW, 0), 6);
		buf_char(out, ' ');
		buf_u64(out, compat_u64(row, ESTAB_F_RTT_MS, 0));
	}
	buf_char(out, '\n');
}

static void put_v4(struct netstat *netstat, const struct estab_socket *row)
{
	const char *flags = word(row, ESTAB_F_FLAGS);
	struct estab_addr mask = mask_of(compat_u64(row, ESTAB_F_PREFIX_LENGTH, 0));
	struct estab_addr destination = { .family = ESTAB_FAMILY_INET };
	struct estab_addr gateway = { .family = ESTAB_FAMILY_INET };
	bool reject = strchr(flags, '!');

	if (!strchr(flags, 'U') || netstat->options.extend > 2)
		return;
	estab_socket_get_addr(row, ESTAB_F_DESTINATION, &destination);
	estab_socket_get_addr(row, ESTAB_F_GATEWAY, &gateway);
	put_v4_destination(netstat, &destination, strchr(flags, 'H'));
	if (reject)
		put_v4_cell(netstat, "-", 1);
	else
		put_v4_addr(netstat, &gateway, is_numeric(&netstat->options));
	put_v4_addr(netstat, &mask, true);
	/* Of one that rejects, the letters before that are lost. */
	put_letters(netstat, flags, letters_v4 + (reject ? 4 : 0), 5);
	put_rest(netstat, row, reject);
}

static void put_v6(struct netstat *netstat, const struct estab_socket *row)
{
	struct estab_addr destination = { .family = ESTAB_FAMILY_INET6 };
	struct estab_addr gateway = { .family = ESTAB_FAMILY_INET6 };
	uint64_t metric = compat_u64(row, ESTAB_F_METRIC, 0);
	const char *flags = word(row, ESTAB_F_FLAGS);
	struct buf *out = &netstat->out;
	uint64_t start = buf_total(out);

	bool numeric = is_numeric(&netstat->options);

	if (!strchr(flags, 'C') != !netstat->cached)
		return;
	estab_socket_get_addr(row, ESTAB_F_DESTINATION, &destination);
	estab_socket_get_addr(row, ESTAB_F_GATEWAY, &gateway);
	netstat_put_host(netstat, out, &destination, numeric);
	buf_char(out, '/');
	buf_u64(out, compat_u64(row, ESTAB_F_PREFIX_LENGTH, 0));
	compat_pad(out, start, 30);
	buf_char(out, ' ');
	start = buf_total(out);
	netstat_put_host(netstat, out, &gateway, numeric);
	compat_pad(out, start, 26);
	buf_char(out, ' ');
	put_letters(netstat, flags, letters_v6, 4);
	netstat_put_number(netstat, as_int(metric), 3);
	buf_char(out, ' ');
	netstat_put_number(netstat, as_int(compat_u64(row, ESTAB_F_USERS, 0)), 1);
	buf_char(out, ' ');
	netstat_put_right(netstat, compat_u64(row, ESTAB_F_USES, 0), 6);
	buf_char(out, ' ');
	netstat_put_left(netstat, word(row, ESTAB_F_INTERFACE), 0);
	buf_char(out, '\n');
}

#define TABLE "Kernel IP routing table\n"
#define CACHE "Kernel IP routing cache\n"
#define TABLE_COLUMNS "Destination     Gateway         Genmask         Flags "
#define CACHE_COLUMNS "Source          Destination     Gateway         Flags "
#define COLUMNS_6 "Destination                    Next Hop                   Flag Met Ref  Use If\n"

/* By how often -e stood there. */
static const char *const heads[] = {
	TABLE TABLE_COLUMNS "  MSS Window  irtt Iface\n",
	TABLE TABLE_COLUMNS "Metric Ref    Use Iface\n",
	TABLE TABLE_COLUMNS "Metric Ref    Use Iface    MSS   Window irtt\n",
	TABLE,
};
static const char *const cache_heads[] = {
	CACHE CACHE_COLUMNS "  MSS Window  irtt Iface\n",
	CACHE CACHE_COLUMNS "Metric Ref    Use Iface\n",
	CACHE CACHE_COLUMNS "Metric Ref    Use Iface    MSS   Window irtt  TOS HHRef HHUptod     "
			    "SpecDst\n",
	CACHE,
};

static int complain(struct netstat *netstat, const char *file, const char *family)
{
	netstat_complain(file, ": ", "No such file or directory");
	buf_str(&netstat->out, family);
	buf_str(&netstat->out, " not configured in this system.\n");
	return NETSTAT_FAILED;
}

static void put_none(struct netstat *netstat, const struct estab_socket *row)
{
	(void)netstat;
	(void)row;
}

static int put_inet(struct netstat *netstat, bool cache)
{
	static const uint32_t inet = UINT32_C(1) << ESTAB_FAMILY_INET;
	size_t extend = MIN((size_t)netstat->options.extend, ARRAY_SIZE(heads) - 1);
	/* Linux 3.6 did away with the cache: the file is there, and empty. */
	int error = netstat_rows(netstat, ESTAB_SUBJECT_ROUTES, inet,
				 cache ? cache_heads[extend] : heads[extend],
				 cache ? put_none : put_v4);

	if (error < 0)
		return complain(netstat, cache ? "/proc/net/rt_cache" : "/proc/net/route",
				"INET (IPv4)");
	return NETSTAT_OK;
}

static int put_inet6(struct netstat *netstat, bool cache)
{
	static const uint32_t inet6 = UINT32_C(1) << ESTAB_FAMILY_INET6;

	netstat->cached = cache;
	if (netstat_rows(netstat, ESTAB_SUBJECT_ROUTES, inet6,
			 cache ? "Kernel IPv6 routing cache\n" COLUMNS_6
			       : "Kernel IPv6 routing table\n" COLUMNS_6,
			 put_v6) < 0)
		return complain(netstat, "/proc/net/ipv6_route", "INET6 (IPv6)");
	return NETSTAT_OK;
}

/* Families whose routes estab does not know: what the old tool says where there are none. */
static const struct other {
	const char *family;
	const char *said;
	const char *complaint;
	int status;
} others[] = {
	{ "ipx", "IPX routing not in file /proc/net/ipx/route or /proc/net/ipx_route found.\n",
	  "No such file or directory", NETSTAT_FAILED },
	{ "ax25", "AX.25 not configured in this system.\n",
	  "/proc/net/ax25_route: No such file or directory", NETSTAT_FAILED },
	{ "ddp", "",
	  "Error opening /proc/net/atalk_route: No such file or directory\n"
	  "DDP (AppleTalk) not configured on this system.",
	  NETSTAT_FAILED },
	{ "netrom", "NET/ROM not configured in this system.\n",
	  "/proc/net/nr_nodes: No such file or directory\n"
	  "/proc/net/nr_neigh: Invalid argument",
	  NETSTAT_FAILED },
	{ "rose", "",
	  "/proc/net/rose_nodes: No such file or directory\n"
	  "ROSE not configured in this system.",
	  NETSTAT_FAILED },
	{ "x25", "X.25 not configured in this system.\n", NULL, NETSTAT_FAILED },
	{ "unix", "", "No routing for address family `unix'.", NETSTAT_USAGE },
	{ "ec", "", "No routing for address family `ec'.", NETSTAT_USAGE },
	{ "ash", "", "Address family `ash' not supported.", NETSTAT_USAGE },
	{ "bluetooth", "", "Address family `bluetooth' not supported.", NETSTAT_USAGE },
};

static int put_other(struct netstat *netstat, const char *family)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (strcmp(others[i].family, family) != 0)
			continue;
		buf_str(&netstat->out, others[i].said);
		if (others[i].complaint)
			fprintf(stderr, "%s\n", others[i].complaint);
		return others[i].status;
	}
	return NETSTAT_FAILED;
}

static int put_family(struct netstat *netstat, const char *family)
{
	const struct netstat_options *options = &netstat->options;
	bool inet = strcmp(family, "inet") == 0;
	int status = NETSTAT_OK;

	if (!inet && strcmp(family, "inet6") != 0)
		return put_other(netstat, family);
	if (options->fib || !options->cache)
		status = inet ? put_inet(netstat, false) : put_inet6(netstat, false);
	if (status == NETSTAT_OK && options->cache)
		status = inet ? put_inet(netstat, true) : put_inet6(netstat, true);
	return status;
}

int netstat_routes(struct netstat *netstat)
{
	const struct netstat_options *options = &netstat->options;
	int status = NETSTAT_OK;

	if (options->n_families == 0)
		return put_family(netstat, "inet");
	for (size_t i = 0; i < options->n_families && status == NETSTAT_OK; i++)
		status = put_family(netstat, options->families[i]);
	return status;
}
