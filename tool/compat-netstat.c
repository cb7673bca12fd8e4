/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command as netstat(8): its command line, and which tables follow from it. */
#include "compat-netstat.h"

#include "compat-netstat-tables.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

enum { OPT_FAMILY = 256, OPT_NUMERIC_HOSTS, OPT_NUMERIC_PORTS, OPT_NUMERIC_USERS };

static const char letters[] = "A:CFMacdeghilnNoprsStuUvVWwx64?Z2f";

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

static void usage_put(struct buf *buf)
{
	buf_str(buf,
		"usage: netstat [-vWnNcaeolp] [<Socket> ...]\n"
		"       netstat {-V|--version|-h|--help}\n\n"
		"        -v, --verbose            be verbose\n"
		"        -W, --wide               don't cut IP addresses\n"
		"        -n, --numeric            numbers, not names\n"
		"        --numeric-hosts, --numeric-ports, --numeric-users\n"
		"        -e, --extend             user and inode too\n"
		"        -p, --programs           process id and program\n"
		"        -o, --timers             timers\n"
		"        -c, --continuous         again every second\n"
		"        -l, --listening          only what listens\n"
		"        -a, --all                what listens too\n\n"
		"  <Socket>={-t|--tcp} {-u|--udp} {-U|--udplite} {-w|--raw} {-x|--unix} --ax25 --ipx\n"
		"  <AF>=Use '-6|-4' or '-A <af>' or '--<af>'\n"
		"This is estab in the place of netstat: estab-netstat(1).\n");
}

static int usage(void)
{
	struct buf err;

	buf_init(&err, STDERR_FILENO);
	usage_put(&err);
	buf_flush(&err);
	buf_free(&err);
	return NETSTAT_USAGE + 1;
}

static int refuse(int status, const char *why)
{
	compat_complain("netstat", NULL, why);
	return status;
}

/* ---- the command line ---- */

/* One word of -A; families that estab has no sockets of are known only later to be missed. */
static int add_family(struct netstat_options *options, const char *word)
{
	static const struct {
		const char *word;
		const char *missing;
		size_t offset;
	} families[] = {
		{ "unix", NULL, offsetof(struct netstat_options, unix_sockets) },
		{ "inet", NULL, offsetof(struct netstat_options, inet) },
		{ "ip", NULL, offsetof(struct netstat_options, inet) },
		{ "tcpip", NULL, offsetof(struct netstat_options, inet) },
		{ "inet6", NULL, offsetof(struct netstat_options, inet6) },
		{ "ipx", NULL, offsetof(struct netstat_options, ipx) },
		{ "ax25", NULL, offsetof(struct netstat_options, ax25) },
		{ "netrom", "AF NETROM", 0 },
		{ "rose", "AF ROSE", 0 },
		{ "x25", "AF X25", 0 },
		{ "bluetooth", "AF BLUETOOTH", 0 },
		{ "ddp", "AF DDP", 0 },
	};
	char line[80];

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (strcmp(families[i].word, word) != 0)
			continue;
		if (families[i].missing)
			options->missing = families[i].missing;
		else
			*(bool *)((char *)options + families[i].offset) = true;
		return 0;
	}
	snprintf(line, sizeof(line), "Unknown address family `%.40s'.", word);
	return refuse(NETSTAT_FAILED + 1, line);
}

static int add_families(struct netstat_options *options, char *list)
{
	char *rest = list;
	int status = 0;

	while (status == 0 && rest)
		status = add_family(options, strsep(&rest, ","));
	return status;
}

/* Options that only switch something on. -F, -N and -d mean nothing. */
static const struct {
	int option;
	size_t offset;
} switches[] = {
	{ 'a', offsetof(struct netstat_options, all) },
	{ 'c', offsetof(struct netstat_options, continuous) },
	{ 'C', offsetof(struct netstat_options, cache) },
	{ 'e', offsetof(struct netstat_options, extended) },
	{ 'g', offsetof(struct netstat_options, groups) },
	{ 'h', offsetof(struct netstat_options, help) },
	{ 'i', offsetof(struct netstat_options, interfaces) },
	{ 'l', offsetof(struct netstat_options, listening) },
	{ 'M', offsetof(struct netstat_options, masquerade) },
	{ 'n', offsetof(struct netstat_options, numeric_hosts) },
	{ 'n', offsetof(struct netstat_options, numeric_ports) },
	{ 'n', offsetof(struct netstat_options, numeric_users) },
	{ 'o', offsetof(struct netstat_options, timers) },
	{ 'p', offsetof(struct netstat_options, programs) },
	{ 'r', offsetof(struct netstat_options, routes) },
	{ 's', offsetof(struct netstat_options, statistics) },
	{ 'S', offsetof(struct netstat_options, sctp) },
	{ 't', offsetof(struct netstat_options, tcp) },
	{ 'u', offsetof(struct netstat_options, udp) },
	{ 'U', offsetof(struct netstat_options, udplite) },
	{ 'v', offsetof(struct netstat_options, verbose) },
	{ 'V', offsetof(struct netstat_options, version) },
	{ 'w', offsetof(struct netstat_options, raw) },
	{ 'W', offsetof(struct netstat_options, wide) },
	{ 'x', offsetof(struct netstat_options, unix_sockets) },
	{ '4', offsetof(struct netstat_options, inet) },
	{ '6', offsetof(struct netstat_options, inet6) },
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
		options->extend++;
		return 0;
	case 'A':
		return add_families(options, argument);
	case OPT_FAMILY:
		return add_family(options, long_options[index].name);
	case '2':
	case 'f':
		options->missing = "AF BLUETOOTH";
		return 0;
	case 'Z':
		options->programs = options->contexts = true;
		if (compat_has_selinux())
			return 0;
		compat_complain("netstat", NULL, "SELinux is not enabled on this machine.");
		return NETSTAT_FAILED + 1;
	case '?':
		return usage();
	}
	return 0;
}

static int parse(int argc, char **argv, struct netstat_options *options)
{
	int option, index = 0, status = 0;

	while (status == 0 &&
	       (option = getopt_long(argc, argv, letters, long_options, &index)) != -1)
		status = apply(options, option, index, optarg);
	if (status == 0 &&
	    options->interfaces + options->routes + options->masquerade + options->statistics > 1)
		return usage();
	return status;
}

/* A protocol without a family is of both, a family without a protocol all of them. Returns whether
 * any of it was named. */
static bool complete(struct netstat_options *options)
{
	bool protocol =
		options->tcp || options->sctp || options->udp || options->udplite || options->raw;
	bool family = options->inet || options->inet6;
	bool any = protocol || family || options->unix_sockets || options->ipx || options->ax25 ||
		   options->missing;

	options->family_named = family;
	options->named = any;
	if (!any || (family && !protocol))
		options->tcp = options->udp = options->udplite = options->raw = true;
	if (!family)
		options->inet = options->inet6 = true;
	if (!any)
		options->unix_sockets = options->ipx = options->ax25 = true;
	return any;
}

/* ---- what the tables share ---- */

void netstat_put_which(struct netstat *netstat)
{
	buf_str(&netstat->out, netstat->options.all         ? "(servers and established)\n"
			       : netstat->options.listening ? "(only servers)\n"
							    : "(w/o servers)\n");
}

void netstat_put_program_head(struct netstat *netstat)
{
	buf_str(&netstat->out, " PID/Program name    ");
	if (netstat->options.contexts)
		buf_str(&netstat->out, " Security Context                                 ");
}

void netstat_add_program(const struct netstat *netstat, struct compat_reading *reading)
{
	if (!netstat->options.programs)
		return;
	compat_add_field(reading, ESTAB_F_OWNER_PID);
	compat_add_field(reading, ESTAB_F_OWNER_CMDLINE);
	if (netstat->options.contexts)
		compat_add_field(reading, ESTAB_F_OWNER_CONTEXT);
	reading->whole = true;
}

/* The first owner, and the first word of its command line, without its directory. */
static void put_owner(struct buf *text, const struct estab_owner *owner)
{
	const void *bytes = "";
	const char *word;
	size_t length = 0;
	uint64_t pid = 0;

	estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &pid);
	buf_u64(text, pid);
	buf_char(text, '/');
	if (estab_owner_get_bytes(owner, ESTAB_F_OWNER_CMDLINE, &bytes, &length) < 0)
		return;
	word = bytes;
	length = strnlen(word, length);
	if (length > 0 && *word == '/') {
		const char *slash = memrchr(word, '/', length);

		length -= (size_t)(slash + 1 - word);
		word = slash + 1;
	}
	buf_escape(text, word, length);
}

void netstat_put_program(struct netstat *netstat, const struct estab_socket *sock)
{
	const struct estab_owner *owner = estab_socket_owner(sock, 0);
	struct buf *out = &netstat->out;
	struct buf *text = &netstat->text;
	uint64_t start;

	text->used = 0;
	netstat->found |= owner != NULL;
	if (owner)
		put_owner(text, owner);
	else
		buf_char(text, '-');
	buf_char(out, ' ');
	start = buf_total(out);
	buf_put(out, text->data, MIN(text->used, (size_t)NETSTAT_PROGRAM - 1));
	compat_pad(out, start, NETSTAT_PROGRAM);
	if (!netstat->options.contexts)
		return;
	buf_char(out, ' ');
	start = buf_total(out);
	if (!owner || buf_owner(out, owner, ESTAB_F_OWNER_CONTEXT) < 0)
		buf_char(out, '-');
	compat_pad(out, start, 50);
}

void netstat_note_losses(void *arg, const struct estab_result *result)
{
	struct netstat *netstat = arg;
	size_t count = estab_result_loss_count(result);

	for (size_t i = 0; i < count; i++) {
		struct estab_loss loss = { .size = sizeof(loss) };

		if (estab_result_get_loss(result, i, &loss) == 0 &&
		    strcmp(loss.what, "processes") == 0 && strcmp(loss.why, "permission") == 0)
			netstat->lost = true;
	}
}

static void tell_losses(const struct netstat *netstat)
{
	if (!netstat->options.programs || !netstat->lost)
		return;
	if (netstat->found)
		fputs("(Not all processes could be identified, non-owned process info\n"
		      " will not be shown, you would have to be root to see it all.)\n",
		      stderr);
	else
		fprintf(stderr,
			"(No info could be read for \"-p\": geteuid()=%u but you should be root.)\n",
			(unsigned int)geteuid());
}

/* ---- one listing ---- */

/* A table that the kernel does not have is an error where it was asked for. */
static int missing(const struct netstat *netstat, const char *what, bool named)
{
	char line[80];

	if (!named && !netstat->options.verbose)
		return NETSTAT_OK;
	snprintf(line, sizeof(line), "no support for `%s' on this system.", what);
	compat_complain("netstat", NULL, line);
	return named ? NETSTAT_FAILED : NETSTAT_OK;
}

static int list_sockets(struct netstat *netstat, bool named)
{
	const struct netstat_options *options = &netstat->options;
	int status = NETSTAT_OK;

	if (options->tcp || options->sctp || options->udp || options->udplite || options->raw)
		status = netstat_inet(netstat);
	if (status == NETSTAT_OK && options->sctp)
		status = missing(netstat, "AF INET (sctp)", true);
	/* Here, behind those and before the others, the old tool has them. */
	if (status == NETSTAT_OK && options->groups)
		status = netstat_groups(netstat);
	if (status == NETSTAT_OK && options->unix_sockets)
		status = netstat_unix(netstat);
	if (status == NETSTAT_OK && options->ipx && netstat_ipx(netstat) < 0)
		status = missing(netstat, "AF IPX", named);
	if (status == NETSTAT_OK && options->ax25 && netstat_ax25(netstat) < 0)
		status = missing(netstat, "AF AX25", named);
	if (status == NETSTAT_OK && options->missing)
		status = missing(netstat, options->missing, true);
	return status;
}

/* Routes and counters are those of IPv4, unless a family is named. */
static int list_of_family(struct netstat *netstat)
{
	struct netstat_options *options = &netstat->options;

	bool only_other = options->unix_sockets && !options->family_named;

	if (!options->family_named)
		options->inet6 = false;
	if (!options->routes && options->inet && options->inet6)
		return refuse(NETSTAT_FAILED, "No statistics support for specified address "
					      "family: inet,inet6");
	if (!options->routes)
		return netstat_statistics(netstat);
	if (only_other && options->named) {
		fputs("No routing for address family `unix'.\n", stderr);
		return NETSTAT_USAGE;
	}
	return netstat_routes(netstat);
}

/* Which of netstat's tables it is. */
static int list(struct netstat *netstat, bool named)
{
	const struct netstat_options *options = &netstat->options;

	if (options->masquerade)
		return missing(netstat, "ip_masquerade", true);
	if (options->routes || options->statistics)
		return list_of_family(netstat);
	if (options->interfaces)
		return netstat_interfaces(netstat);
	if (options->groups && !named)
		return netstat_groups(netstat);
	return list_sockets(netstat, named);
}

static int list_on(struct netstat *netstat, bool named)
{
	int status;

	for (;;) {
		status = list(netstat, named);
		buf_flush(&netstat->out);
		tell_losses(netstat);
		if (status != NETSTAT_OK || !netstat->options.continuous || netstat->out.error < 0)
			return status;
		sleep(1);
	}
}

static int answer(struct netstat *netstat)
{
	bool named;
	int error, status;

	if (netstat->options.help) {
		usage_put(&netstat->out);
		return NETSTAT_OK;
	}
	if (netstat->options.version) {
		buf_str(&netstat->out, "net-tools, by estab ");
		buf_str(&netstat->out, estab_version());
		buf_char(&netstat->out, '\n');
		return NETSTAT_OK;
	}
	named = complete(&netstat->options);
	netstat->names.services = !netstat->options.numeric_ports;
	netstat->names.hosts = !netstat->options.numeric_hosts;
	error = compat_context(&netstat->ctx);
	if (error < 0)
		return refuse(NETSTAT_FAILED, strerror(-error));
	status = list_on(netstat, named);
	estab_ctx_unref(netstat->ctx);
	return status;
}

int compat_netstat(int argc, char **argv)
{
	struct netstat netstat = { 0 };
	int status = parse(argc, argv, &netstat.options);

	if (status != 0)
		return status - 1;
	buf_init(&netstat.out, STDOUT_FILENO);
	buf_init(&netstat.text, BUF_MEMORY);
	status = answer(&netstat);
	buf_flush(&netstat.out);
	if (netstat.out.error < 0)
		status = refuse(NETSTAT_FAILED, strerror(-netstat.out.error));
	buf_free(&netstat.out);
	buf_free(&netstat.text);
	compat_names_free(&netstat.names);
	return status;
}
