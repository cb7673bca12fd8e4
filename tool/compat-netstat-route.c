/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat -r: the routing tables of IPv4 and IPv6. */
#include <string.h>

#include "compat-netstat-tables.h"
#include "util.h"

enum { HEADERS_MSS = 40, DEVICE_LETTERS = 6 };

/* Pairs of the kernel's flag, as the field has it, and the old tool's letter, in its order. */
static const char letters_v4[] = "UUGG!!HHRRDDMMddaaAcnoeeCcffpplluuwwii";
static const char letters_v6[] = "UU!!GGHHMmdDaaAAnneeff";

static void put_letters(struct netstat *netstat, const char *flags, const char *pairs, size_t width)
{
	uint64_t start = buf_total(&netstat->out);

	for (const char *pair = pairs; *pair; pair += 2)
		if (strchr(flags, pair[0]))
			buf_char(&netstat->out, pair[1]);
	compat_pad(&netstat->out, start, width);
	buf_char(&netstat->out, ' ');
}

static void put_text(struct netstat *netstat, const char *text, size_t width)
{
	netstat_put_left(netstat, text, width);
	buf_char(&netstat->out, ' ');
}

/* Where names are looked up, IPv6's address of nothing has brackets. */
static void put_v6_addr(struct netstat *netstat, const struct estab_addr *addr)
{
	static const uint8_t none[16] = { 0 };
	bool brackets =
		!netstat->options.numeric_hosts && memcmp(addr->bytes, none, sizeof(none)) == 0;

	if (brackets)
		buf_str(&netstat->out, "[::]");
	else
		compat_put_addr(&netstat->out, addr);
}

static void put_addr(struct netstat *netstat, const struct estab_addr *addr, size_t width)
{
	uint64_t start = buf_total(&netstat->out);

	compat_put_addr(&netstat->out, addr);
	compat_pad(&netstat->out, start, width);
	buf_char(&netstat->out, ' ');
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
	netstat_put_number(netstat, (int64_t)metric, 6);
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
	if (!netstat->options.numeric_hosts && compat_u64(row, ESTAB_F_PREFIX_LENGTH, 0) == 0)
		put_text(netstat, "default", 15);
	else
		put_addr(netstat, &destination, 15);
	if (reject)
		put_text(netstat, "-", 15);
	else
		put_addr(netstat, &gateway, 15);
	put_addr(netstat, &mask, 15);
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

	/* What is cached is another table's. */
	if (strchr(flags, 'C'))
		return;
	estab_socket_get_addr(row, ESTAB_F_DESTINATION, &destination);
	estab_socket_get_addr(row, ESTAB_F_GATEWAY, &gateway);
	put_v6_addr(netstat, &destination);
	buf_char(out, '/');
	buf_u64(out, compat_u64(row, ESTAB_F_PREFIX_LENGTH, 0));
	compat_pad(out, start, 30);
	buf_char(out, ' ');
	start = buf_total(out);
	put_v6_addr(netstat, &gateway);
	compat_pad(out, start, 26);
	buf_char(out, ' ');
	put_letters(netstat, flags, letters_v6, 4);
	/* A number with a sign, as the old tool reads it. */
	netstat_put_number(netstat, (int32_t)(uint32_t)metric, 3);
	buf_char(out, ' ');
	netstat_put_number(netstat, (int64_t)compat_u64(row, ESTAB_F_USERS, 0), 1);
	buf_char(out, ' ');
	netstat_put_right(netstat, compat_u64(row, ESTAB_F_USES, 0), 6);
	buf_char(out, ' ');
	netstat_put_left(netstat, word(row, ESTAB_F_INTERFACE), 0);
	buf_char(out, '\n');
}

static void put_head(struct netstat *netstat)
{
	static const char *const heads[] = {
		"Flags   MSS Window  irtt Iface\n", "Flags Metric Ref    Use Iface\n",
		"Flags Metric Ref    Use Iface    MSS   Window irtt\n"
	};

	bool cache = netstat->options.cache;

	buf_str(&netstat->out, cache ? "Kernel IP routing cache\n" : "Kernel IP routing table\n");
	if (netstat->options.extend >= ARRAY_SIZE(heads))
		return;
	buf_str(&netstat->out, cache ? "Source          Destination     Gateway         "
				     : "Destination     Gateway         Genmask         ");
	buf_str(&netstat->out, heads[netstat->options.extend]);
}

static int complain(struct netstat *netstat, const char *file, const char *family)
{
	compat_complain(NULL, file, "No such file or directory");
	buf_str(&netstat->out, family);
	buf_str(&netstat->out, " not configured in this system.\n");
	return NETSTAT_FAILED;
}

int netstat_routes(struct netstat *netstat)
{
	const struct netstat_options *options = &netstat->options;
	int status = NETSTAT_OK;

	/* Only IPv4 unless families are named: the caller sees to that. */
	if (options->inet) {
		put_head(netstat);
		/* Linux 3.6 did away with the cache: the file is there, and empty. */
		if (!options->cache && netstat_rows(netstat, ESTAB_SUBJECT_ROUTES,
						    UINT32_C(1) << ESTAB_FAMILY_INET, put_v4) < 0)
			status = complain(netstat, "/proc/net/route", "INET (IPv4)");
	}
	if (options->inet6 && status == NETSTAT_OK) {
		buf_str(&netstat->out, "Kernel IPv6 routing table\n"
				       "Destination                    Next Hop                   "
				       "Flag Met Ref  Use If\n");
		if (netstat_rows(netstat, ESTAB_SUBJECT_ROUTES, UINT32_C(1) << ESTAB_FAMILY_INET6,
				 put_v6) < 0)
			status = complain(netstat, "/proc/net/ipv6_route", "INET6 (IPv6)");
	}
	return status;
}
