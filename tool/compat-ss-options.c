/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command line of ss(8): which tables, families and states follow from it. */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat-ss.h"
#include "util.h"

#define STATE(name) BIT32(ESTAB_STATE_##name)
#define FAMILY(name) BIT32(ESTAB_FAMILY_##name)
#define INET_FAMILIES (FAMILY(INET) | FAMILY(INET6))
#define UNIX_TABLES (BIT32(SS_UNIX_STREAM) | BIT32(SS_UNIX_DGRAM) | BIT32(SS_UNIX_SEQPACKET))
#define PACKET_TABLES (BIT32(SS_PACKET_RAW) | BIT32(SS_PACKET_DGRAM))
#define VSOCK_TABLES (BIT32(SS_VSOCK_STREAM) | BIT32(SS_VSOCK_DGRAM))
#define INET_TABLES                                                                          \
	(BIT32(SS_UDP) | BIT32(SS_DCCP) | BIT32(SS_TCP) | BIT32(SS_MPTCP) | BIT32(SS_SCTP) | \
	 BIT32(SS_RAW))
#define UNKNOWN_TABLES \
	(BIT32(SS_DCCP) | BIT32(SS_SCTP) | VSOCK_TABLES | BIT32(SS_TIPC) | BIT32(SS_XDP))
/* "all" leaves tipc out, as ss(8) does. */
#define ALL_TABLES                                                                      \
	(INET_TABLES | UNIX_TABLES | PACKET_TABLES | BIT32(SS_NETLINK) | VSOCK_TABLES | \
	 BIT32(SS_XDP))

/* It knows nothing of sockets that are bound and no more, but for -B. */
#define STATES_ALL (ESTAB_STATES_ALL & ~STATE(BOUND))
#define STATES_CONNECTED \
	(STATES_ALL & ~(STATE(LISTEN) | STATE(UNCONNECTED) | STATE(TIME_WAIT) | STATE(SYN_RECV)))

enum {
	OPT_TOS = 256,
	OPT_CGROUP,
	OPT_SOCKOPT,
	OPT_VSOCK,
	OPT_TIPC,
	OPT_TIPCINFO,
	OPT_XDP,
};

static const char letters[] = "dhalBetuwxnro460spTbEf:mMiA:D:F:vVzZN:KHSOQ";

static const struct option long_options[] = {
	{ "numeric", no_argument, NULL, 'n' },
	{ "resolve", no_argument, NULL, 'r' },
	{ "options", no_argument, NULL, 'o' },
	{ "extended", no_argument, NULL, 'e' },
	{ "memory", no_argument, NULL, 'm' },
	{ "info", no_argument, NULL, 'i' },
	{ "processes", no_argument, NULL, 'p' },
	{ "threads", no_argument, NULL, 'T' },
	{ "bpf", no_argument, NULL, 'b' },
	{ "events", no_argument, NULL, 'E' },
	{ "dccp", no_argument, NULL, 'd' },
	{ "tcp", no_argument, NULL, 't' },
	{ "sctp", no_argument, NULL, 'S' },
	{ "udp", no_argument, NULL, 'u' },
	{ "raw", no_argument, NULL, 'w' },
	{ "unix", no_argument, NULL, 'x' },
	{ "tipc", no_argument, NULL, OPT_TIPC },
	{ "vsock", no_argument, NULL, OPT_VSOCK },
	{ "all", no_argument, NULL, 'a' },
	{ "listening", no_argument, NULL, 'l' },
	{ "bound-inactive", no_argument, NULL, 'B' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "packet", no_argument, NULL, '0' },
	{ "family", required_argument, NULL, 'f' },
	{ "socket", required_argument, NULL, 'A' },
	{ "query", required_argument, NULL, 'A' },
	{ "summary", no_argument, NULL, 's' },
	{ "diag", required_argument, NULL, 'D' },
	{ "filter", required_argument, NULL, 'F' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ "context", no_argument, NULL, 'Z' },
	{ "contexts", no_argument, NULL, 'z' },
	{ "net", required_argument, NULL, 'N' },
	{ "tipcinfo", no_argument, NULL, OPT_TIPCINFO },
	{ "tos", no_argument, NULL, OPT_TOS },
	{ "cgroup", no_argument, NULL, OPT_CGROUP },
	{ "kill", no_argument, NULL, 'K' },
	{ "no-header", no_argument, NULL, 'H' },
	{ "no-queues", no_argument, NULL, 'Q' },
	{ "xdp", no_argument, NULL, OPT_XDP },
	{ "mptcp", no_argument, NULL, 'M' },
	{ "oneline", no_argument, NULL, 'O' },
	{ "inet-sockopt", no_argument, NULL, OPT_SOCKOPT },
	{ NULL, 0, NULL, 0 },
};

/* The tables by name, and the states that -t and its like list them in. */
static const struct {
	const char *name;
	uint32_t tables;
	uint32_t states;
} table_words[] = {
	{ "all", ALL_TABLES, 0 },
	{ "inet", INET_TABLES, 0 },
	{ "tcp", BIT32(SS_TCP), STATES_CONNECTED },
	{ "mptcp", BIT32(SS_MPTCP), STATES_CONNECTED },
	{ "udp", BIT32(SS_UDP), STATE(ESTABLISHED) },
	{ "dccp", BIT32(SS_DCCP), 0 },
	{ "sctp", BIT32(SS_SCTP), 0 },
	{ "raw", BIT32(SS_RAW), STATE(ESTABLISHED) },
	{ "unix", UNIX_TABLES, 0 },
	{ "unix_stream", BIT32(SS_UNIX_STREAM), 0 },
	{ "u_str", BIT32(SS_UNIX_STREAM), 0 },
	{ "unix_dgram", BIT32(SS_UNIX_DGRAM), 0 },
	{ "u_dgr", BIT32(SS_UNIX_DGRAM), 0 },
	{ "unix_seqpacket", BIT32(SS_UNIX_SEQPACKET), 0 },
	{ "u_seq", BIT32(SS_UNIX_SEQPACKET), 0 },
	{ "packet", PACKET_TABLES, 0 },
	{ "packet_raw", BIT32(SS_PACKET_RAW), 0 },
	{ "p_raw", BIT32(SS_PACKET_RAW), 0 },
	{ "packet_dgram", BIT32(SS_PACKET_DGRAM), 0 },
	{ "p_dgr", BIT32(SS_PACKET_DGRAM), 0 },
	{ "netlink", BIT32(SS_NETLINK), 0 },
	{ "tipc", BIT32(SS_TIPC), 0 },
	{ "vsock", VSOCK_TABLES, 0 },
	{ "vsock_stream", BIT32(SS_VSOCK_STREAM), 0 },
	{ "v_str", BIT32(SS_VSOCK_STREAM), 0 },
	{ "vsock_dgram", BIT32(SS_VSOCK_DGRAM), 0 },
	{ "v_dgr", BIT32(SS_VSOCK_DGRAM), 0 },
	{ "xdp", BIT32(SS_XDP), 0 },
};

static const struct ss_family {
	const char *name;
	uint32_t family;
	uint32_t tables; /* all there are, taken where none of them was named */
	uint32_t states;
	uint32_t reads;
} family_words[] = {
	{ "inet", FAMILY(INET), INET_TABLES, STATES_CONNECTED, 0 },
	{ "inet6", FAMILY(INET6), INET_TABLES, STATES_CONNECTED, 0 },
	{ "link", FAMILY(PACKET), PACKET_TABLES, STATE(UNCONNECTED), ESTAB_FILTER_PACKET },
	{ "unix", FAMILY(UNIX), UNIX_TABLES, STATES_CONNECTED, ESTAB_FILTER_UNIX },
	{ "netlink", FAMILY(NETLINK), BIT32(SS_NETLINK), STATE(UNCONNECTED), ESTAB_FILTER_NETLINK },
};

static int usage(void)
{
	struct buf err;

	buf_init(&err, STDERR_FILENO);
	ss_usage_put(&err);
	buf_flush(&err);
	buf_free(&err);
	return SS_USAGE + 1;
}

static int refuse(const char *what, const char *why)
{
	compat_complain("ss", what, why);
	return SS_USAGE + 1;
}

static int set_family(struct ss_options *options, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(family_words); i++) {
		const struct ss_family *word = &family_words[i];

		if (strcmp(word->name, name) != 0)
			continue;
		options->states |= word->states;
		options->families |= word->family;
		options->reads = word->reads;
		options->chosen = true;
		return 0;
	}
	if (strcmp(name, "help") == 0) {
		options->help = true;
		return 0;
	}
	if (strcmp(name, "vsock") == 0 || strcmp(name, "tipc") == 0 || strcmp(name, "xdp") == 0)
		return refuse(name, "sockets of that family are not listed");
	refuse(name, "is invalid family");
	return usage();
}

static int set_table(struct ss_options *options, const char *word)
{
	bool without = *word == '!';

	for (size_t i = 0; i < ARRAY_SIZE(table_words); i++) {
		if (strcmp(table_words[i].name, word + without) != 0)
			continue;
		if (without) {
			options->tables &= ~table_words[i].tables;
		} else if (!(table_words[i].tables & ~UNKNOWN_TABLES)) {
			return refuse(word, "sockets of that table are not listed");
		} else {
			options->tables |= table_words[i].tables;
			options->states |= table_words[i].states;
		}
		options->chosen = true;
		return 0;
	}
	refuse(word, "is illegal socket table id");
	return usage();
}

static int set_query(struct ss_options *options, char *list)
{
	char *rest = list;
	int status = 0;

	if (!options->saw_query) {
		options->tables = 0;
		if (options->state_filter == 0)
			options->state_filter = STATES_CONNECTED;
		options->saw_query = true;
		options->chosen = true;
	}
	while (status == 0 && rest)
		status = set_table(options, strsep(&rest, ","));
	return status;
}

/* Options that only switch something on; -e and -b show timers too. */
static const struct {
	int option;
	size_t offset;
} switches[] = {
	{ 'n', offsetof(struct ss_options, numeric) },
	{ 'r', offsetof(struct ss_options, resolve) },
	{ 'o', offsetof(struct ss_options, timers) },
	{ 'e', offsetof(struct ss_options, timers) },
	{ 'e', offsetof(struct ss_options, details) },
	{ 'm', offsetof(struct ss_options, memory) },
	{ 'i', offsetof(struct ss_options, info) },
	{ 'p', offsetof(struct ss_options, processes) },
	{ 'T', offsetof(struct ss_options, threads) },
	{ 'b', offsetof(struct ss_options, timers) },
	{ 'b', offsetof(struct ss_options, bpf) },
	{ 's', offsetof(struct ss_options, summary) },
	{ 'v', offsetof(struct ss_options, version) },
	{ 'V', offsetof(struct ss_options, version) },
	{ 'H', offsetof(struct ss_options, no_header) },
	{ 'Q', offsetof(struct ss_options, no_queues) },
	{ 'O', offsetof(struct ss_options, oneline) },
	{ 'h', offsetof(struct ss_options, help) },
	{ 'K', offsetof(struct ss_options, kill) },
	{ 'E', offsetof(struct ss_options, events) },
	{ OPT_TOS, offsetof(struct ss_options, tos) },
	{ OPT_CGROUP, offsetof(struct ss_options, cgroup) },
	{ OPT_SOCKOPT, offsetof(struct ss_options, sockopt) },
};

static bool switch_on(struct ss_options *options, int option)
{
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		if (switches[i].option == option) {
			*(bool *)((char *)options + switches[i].offset) = true;
			found = true;
		}
	}
	return found;
}

/* Options that name a table or a family: what -A and -f call it. */
static const struct {
	int option;
	bool family;
	const char *word;
} shorthands[] = {
	{ 't', false, "tcp" },          { 'u', false, "udp" },        { 'w', false, "raw" },
	{ 'M', false, "mptcp" },        { 'd', false, "dccp" },       { 'S', false, "sctp" },
	{ 'x', true, "unix" },          { '4', true, "inet" },        { '6', true, "inet6" },
	{ '0', true, "link" },          { OPT_VSOCK, true, "vsock" }, { OPT_TIPC, true, "tipc" },
	{ OPT_TIPCINFO, true, "tipc" }, { OPT_XDP, true, "xdp" },
};

static int apply(struct ss_options *options, int option, char *argument)
{
	if (switch_on(options, option))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(shorthands); i++)
		if (shorthands[i].option == option)
			return shorthands[i].family ? set_family(options, shorthands[i].word)
						    : set_table(options, shorthands[i].word);
	switch (option) {
	case 'a':
		options->state_filter = STATES_ALL;
		return 0;
	case 'l':
		options->state_filter = STATE(LISTEN) | STATE(UNCONNECTED);
		return 0;
	case 'B':
		options->state_filter = STATE(BOUND);
		return 0;
	case 'z':
		options->socket_contexts = true;
		/* fallthrough */
	case 'Z':
		options->contexts = true;
		if (compat_has_selinux())
			return 0;
		compat_complain("ss", NULL, "SELinux is not enabled.");
		return SS_REFUSED + 1;
	case 'f':
		return set_family(options, argument);
	case 'A':
		return set_query(options, argument);
	case 'F':
		if (options->file)
			return refuse(NULL, "More than one filter file");
		options->file = argument;
		return 0;
	case 'N':
		options->netns = argument;
		return 0;
	case 'D':
		return refuse("-D", "raw dumps are not written; estab --jsonl saves what was read");
	}
	return usage();
}

/* A word in any case. */
static bool read_state(const char *word, uint32_t *ret_states)
{
	char lower[20];
	size_t length = 0;

	for (; length < sizeof(lower) - 1 && word[length]; length++)
		lower[length] = (char)tolower((unsigned char)word[length]);
	lower[length] = '\0';
	if (word[length] || estab_states_from_name(lower, ret_states) < 0)
		return false;
	/* Its groups know nothing of sockets that are only bound. */
	if (*ret_states != STATE(BOUND))
		*ret_states &= STATES_ALL;
	return true;
}

/* "state W" and "exclude W" in front of the filter; *at is moved behind them. */
static int take_states(struct ss_options *options, int argc, char **argv, int *at)
{
	bool any = false;

	for (; *at < argc; *at += 2) {
		bool exclude = strcmp(argv[*at], "exclude") == 0 || strcmp(argv[*at], "excl") == 0;
		uint32_t states;

		if (!exclude && strcmp(argv[*at], "state") != 0)
			break;
		if (*at + 1 == argc)
			return refuse(argv[*at], "a state is missing");
		if (!read_state(argv[*at + 1], &states))
			return refuse("wrong state name", argv[*at + 1]);
		if (!any)
			options->state_filter = exclude ? STATES_ALL : 0;
		if (exclude)
			options->state_filter &= ~states;
		else
			options->state_filter |= states;
		any = true;
	}
	return 0;
}

static int join_words(struct ss_options *options, int argc, char **argv, int at)
{
	size_t size = 1;

	for (int i = at; i < argc; i++)
		size += strlen(argv[i]) + 1;
	options->filter = calloc(1, size);
	if (!options->filter)
		return refuse(NULL, "out of memory");
	for (int i = at; i < argc; i++) {
		size_t used = strlen(options->filter);

		if (i > at)
			options->filter[used++] = ' ';
		memcpy(options->filter + used, argv[i], strlen(argv[i]));
	}
	return 0;
}

/* A table without its families, and a family without its tables, bring them along. */
static void complete(struct ss_options *options)
{
	static const struct {
		uint32_t tables;
		uint32_t families;
	} defaults[] = {
		{ INET_TABLES, INET_FAMILIES },
		{ UNIX_TABLES, FAMILY(UNIX) },
		{ PACKET_TABLES, FAMILY(PACKET) },
		{ BIT32(SS_NETLINK), FAMILY(NETLINK) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (options->tables & defaults[i].tables &&
		    !(options->families & defaults[i].families))
			options->families |= defaults[i].families;
	for (size_t i = 0; i < ARRAY_SIZE(family_words); i++)
		if (options->families & family_words[i].family &&
		    !(options->tables & family_words[i].tables))
			options->tables |= family_words[i].tables;
}

int ss_options_parse(int argc, char **argv, struct ss_options *options)
{
	int option, at, status = 0;

	*options = (struct ss_options){ 0 };
	while (status == 0 && (option = getopt_long(argc, argv, letters, long_options, NULL)) != -1)
		status = apply(options, option, optarg);
	if (status != 0 || options->help || options->version)
		return status;
	at = optind;
	/* A summary alone is no listing. */
	if (options->summary && !options->chosen && at == argc)
		return 0;
	status = take_states(options, argc, argv, &at);
	if (status == 0)
		status = join_words(options, argc, argv, at);
	if (status != 0)
		return status;
	if (!options->chosen) {
		if (options->state_filter == 0)
			options->state_filter = STATES_CONNECTED;
		options->tables = ALL_TABLES;
	}
	if (options->state_filter != 0)
		options->states = options->state_filter;
	complete(options);
	return 0;
}

void ss_options_free(struct ss_options *options)
{
	free(options->filter);
}
