/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat(8)'s command line. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat-netstat.h"
#include "util.h"

enum { OPT_FAMILY = 256, OPT_NUMERIC_HOSTS, OPT_NUMERIC_PORTS, OPT_NUMERIC_USERS };

static const char letters[] = "A:CFMacdeghilnNoprsStuUvVWw2fx64?Z";

/* The families first: their index is that of the word. */
static const struct option long_options[] = {
	{ "ax25", no_argument, NULL, OPT_FAMILY },
	{ "bluetooth", no_argument, NULL, OPT_FAMILY },
	{ "ddp", no_argument, NULL, OPT_FAMILY },
	{ "inet", no_argument, NULL, OPT_FAMILY },
	{ "inet6", no_argument, NULL, OPT_FAMILY },
	{ "ip", no_argument, NULL, OPT_FAMILY },
	{ "ipx", no_argument, NULL, OPT_FAMILY },
	{ "netrom", no_argument, NULL, OPT_FAMILY },
	{ "rose", no_argument, NULL, OPT_FAMILY },
	{ "tcpip", no_argument, NULL, OPT_FAMILY },
	{ "unix", no_argument, NULL, OPT_FAMILY },
	{ "x25", no_argument, NULL, OPT_FAMILY },
	{ "all", no_argument, NULL, 'a' },
	{ "cache", no_argument, NULL, 'C' },
	{ "context", no_argument, NULL, 'Z' },
	{ "continuous", no_argument, NULL, 'c' },
	{ "extend", no_argument, NULL, 'e' },
	{ "fib", no_argument, NULL, 'F' },
	{ "groups", no_argument, NULL, 'g' },
	{ "help", no_argument, NULL, 'h' },
	{ "interfaces", no_argument, NULL, 'i' },
	{ "l2cap", no_argument, NULL, '2' },
	{ "listening", no_argument, NULL, 'l' },
	{ "masquerade", no_argument, NULL, 'M' },
	{ "notrim", no_argument, NULL, 'W' },
	{ "numeric", no_argument, NULL, 'n' },
	{ "numeric-hosts", no_argument, NULL, OPT_NUMERIC_HOSTS },
	{ "numeric-ports", no_argument, NULL, OPT_NUMERIC_PORTS },
	{ "numeric-users", no_argument, NULL, OPT_NUMERIC_USERS },
	{ "programs", no_argument, NULL, 'p' },
	{ "protocol", required_argument, NULL, 'A' },
	{ "raw", no_argument, NULL, 'w' },
	{ "rfcomm", no_argument, NULL, 'f' },
	{ "route", no_argument, NULL, 'r' },
	{ "sctp", no_argument, NULL, 'S' },
	{ "statistics", no_argument, NULL, 's' },
	{ "symbolic", no_argument, NULL, 'N' },
	{ "tcp", no_argument, NULL, 't' },
	{ "timers", no_argument, NULL, 'o' },
	{ "udp", no_argument, NULL, 'u' },
	{ "udplite", no_argument, NULL, 'U' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "wide", no_argument, NULL, 'W' },
	{ NULL, 0, NULL, 0 },
};

void netstat_put_usage(struct buf *buf)
{
	buf_str(buf,
		"usage: netstat [-vWeenNcCF] [<Af>] -r         netstat {-V|--version|-h|--help}\n"
		"       netstat [-vWnNcaeolp] [<Socket> ...]\n"
		"       netstat { [-vWeenNac] -i | [-cnNe] -M | -s [-6tuw] | -g }\n\n"
		"        -r, --route              routes\n"
		"        -i, --interfaces         interfaces and their counters\n"
		"        -g, --groups             memberships of multicast groups\n"
		"        -s, --statistics         counters of the protocols\n"
		"        -M, --masquerade         masqueraded connections: of Linux 2.2 only\n\n"
		"        -v, --verbose            say which families this system lacks\n"
		"        -W, --wide               don't cut IP addresses\n"
		"        -n, --numeric            numbers, not names\n"
		"        --numeric-hosts, --numeric-ports, --numeric-users\n"
		"        -e, --extend             more columns\n"
		"        -p, --programs           process id and program\n"
		"        -o, --timers             timers\n"
		"        -c, --continuous         again every second\n"
		"        -l, --listening          only what listens\n"
		"        -a, --all                what listens too; interfaces that are down too\n"
		"        -F, --fib, -C, --cache   of routes: the table, the cache\n\n"
		"  <Socket>={-t|--tcp} {-u|--udp} {-U|--udplite} {-w|--raw} {-x|--unix} --ax25 --ipx\n"
		"  <AF>=Use '-6|-4' or '-A <af>' or '--<af>'\n"
		"This is estab in the place of netstat: estab-netstat(1).\n");
}

static int usage(void)
{
	struct buf err;

	buf_init(&err, STDERR_FILENO);
	netstat_put_usage(&err);
	buf_flush(&err);
	buf_free(&err);
	return NETSTAT_USAGE + 1;
}

/* The families of -A. What estab has no sockets of is known only later to be missed; what has no
 * flag is taken, and means nothing for sockets. */
static const struct family {
	const char *word;
	const char *name;
	size_t offset;
} families[] = {
	{ "unix", "unix", offsetof(struct netstat_options, unix_sockets) },
	{ "inet", "inet", offsetof(struct netstat_options, inet) },
	{ "ip", "inet", offsetof(struct netstat_options, inet) },
	{ "tcpip", "inet", offsetof(struct netstat_options, inet) },
	{ "inet6", "inet6", offsetof(struct netstat_options, inet6) },
	{ "ip6", "inet6", offsetof(struct netstat_options, inet6) },
	{ "ipx", "ipx", offsetof(struct netstat_options, ipx) },
	{ "ax25", "ax25", offsetof(struct netstat_options, ax25) },
	{ "x25", "x25", offsetof(struct netstat_options, x25) },
	{ "netrom", "netrom", offsetof(struct netstat_options, netrom) },
	{ "rose", "rose", offsetof(struct netstat_options, rose) },
	{ "bluetooth", "bluetooth", offsetof(struct netstat_options, bluetooth) },
	{ "ddp", "ddp", offsetof(struct netstat_options, ignored) },
	{ "appletalk", "ddp", offsetof(struct netstat_options, ignored) },
	{ "econet", "ec", offsetof(struct netstat_options, ignored) },
	{ "ash", "ash", offsetof(struct netstat_options, ignored) },
};

static int add_family(struct netstat_options *options, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (strcmp(families[i].word, word) != 0)
			continue;
		*(bool *)((char *)options + families[i].offset) = true;
		if (options->n_families < NETSTAT_FAMILIES)
			options->families[options->n_families++] = families[i].name;
		return 0;
	}
	netstat_complain("Unknown address family `", word, "'.");
	return NETSTAT_FAILED + 1;
}

static int add_families(struct netstat_options *options, char *list)
{
	char *rest = list;
	int status = 0;

	while (status == 0 && rest)
		status = add_family(options, strsep(&rest, ","));
	return status;
}

/* Options that only switch something on. -d means nothing. */
static const struct {
	int option;
	size_t offset;
} switches[] = {
	{ 'a', offsetof(struct netstat_options, all) },
	{ 'c', offsetof(struct netstat_options, continuous) },
	{ 'C', offsetof(struct netstat_options, cache) },
	{ 'F', offsetof(struct netstat_options, fib) },
	{ 'g', offsetof(struct netstat_options, groups) },
	{ 'h', offsetof(struct netstat_options, help) },
	{ 'l', offsetof(struct netstat_options, listening) },
	{ 'n', offsetof(struct netstat_options, numeric_hosts) },
	{ 'n', offsetof(struct netstat_options, numeric_ports) },
	{ 'n', offsetof(struct netstat_options, numeric_users) },
	{ 'N', offsetof(struct netstat_options, symbolic) },
	{ 'o', offsetof(struct netstat_options, timers) },
	{ 'p', offsetof(struct netstat_options, programs) },
	{ 'S', offsetof(struct netstat_options, sctp) },
	{ 't', offsetof(struct netstat_options, tcp) },
	{ 'u', offsetof(struct netstat_options, udp) },
	{ 'U', offsetof(struct netstat_options, udplite) },
	{ 'v', offsetof(struct netstat_options, verbose) },
	{ 'V', offsetof(struct netstat_options, version) },
	{ 'w', offsetof(struct netstat_options, raw) },
	{ 'W', offsetof(struct netstat_options, wide) },
	{ '2', offsetof(struct netstat_options, bluetooth) },
	{ 'f', offsetof(struct netstat_options, bluetooth) },
	{ OPT_NUMERIC_HOSTS, offsetof(struct netstat_options, numeric_hosts) },
	{ OPT_NUMERIC_PORTS, offsetof(struct netstat_options, numeric_ports) },
	{ OPT_NUMERIC_USERS, offsetof(struct netstat_options, numeric_users) },
};

static int apply(struct netstat_options *options, int option, int index, char *argument)
{
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (switches[i].option == option)
			*(bool *)((char *)options + switches[i].offset) = true;
	switch (option) {
	case 'e':
		options->extended = true;
		options->extend++;
		return 0;
	case 'i':
		options->interfaces++;
		return 0;
	case 'r':
		options->routes++;
		return 0;
	case 's':
		options->statistics++;
		return 0;
	case 'M':
		options->masquerade++;
		return 0;
	case '4':
		return add_family(options, "inet");
	case '6':
		return add_family(options, "inet6");
	case 'x':
		return add_family(options, "unix");
	case 'A':
		return add_families(options, argument);
	case OPT_FAMILY:
		return add_family(options, long_options[index].name);
	case 'Z':
		options->programs = options->contexts = true;
		if (compat_has_selinux())
			return 0;
		netstat_complain("SELinux is not enabled on this machine.", "", "");
		return NETSTAT_FAILED + 1;
	case '?':
		return usage();
	}
	return 0;
}

int netstat_parse(int argc, char **argv, struct netstat_options *options)
{
	int option, index = 0, status = 0;

	while (status == 0 && !options->help && !options->version &&
	       (option = getopt_long(argc, argv, letters, long_options, &index)) != -1)
		status = apply(options, option, index, optarg);
	if (status == 0 && !options->help && !options->version &&
	    options->interfaces + options->routes + options->masquerade + options->statistics > 1)
		return usage();
	return status;
}

bool netstat_complete(struct netstat_options *options)
{
	bool protocol =
		options->tcp || options->sctp || options->udp || options->udplite || options->raw;
	bool family = options->inet || options->inet6;
	bool any = protocol || family || options->groups || options->unix_sockets || options->ipx ||
		   options->ax25 || options->x25 || options->netrom || options->rose ||
		   options->bluetooth;

	options->no_protocol = !protocol && (family || options->statistics > 0);
	if (!any || options->no_protocol)
		options->tcp = options->udp = options->udplite = options->raw = options->sctp =
			true;
	if (!family)
		options->inet = options->inet6 = true;
	if (!any)
		options->unix_sockets = options->ipx = options->ax25 = options->x25 =
			options->netrom = options->rose = true;
	return any;
}
