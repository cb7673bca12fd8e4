/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command as ss(8), from its command line to its exit status. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat-ss.h"
#include "util.h"
#include "width.h"

enum { FILTER_FILE_MAX = 32 * 1024 };

static int refuse(int status, const char *what, const char *why)
{
	compat_complain("ss", what, why);
	return status;
}

void ss_usage_put(struct buf *buf)
{
	buf_str(buf,
		"Usage: ss [ OPTIONS ] [ state STATE | exclude STATE ] [ FILTER ]\n"
		"  -h, --help  -V, --version  -H, --no-header  -Q, --no-queues  -O, --oneline\n"
		"  -n, --numeric      numbers, not names of ports, protocols and units\n"
		"  -r, --resolve      names of hosts\n"
		"  -a, --all  -l, --listening  -B, --bound-inactive\n"
		"  -o, --options      timers\n"
		"  -e, --extended     uid, inode, cookie, mark, cgroup, ...\n"
		"  -m, --memory  -p, --processes  -T, --threads  -i, --info\n"
		"  -K, --kill         closes sockets, and shows which\n"
		"  -E, --events       shows sockets of TCP and UDP as they end\n"
		"  -s, --summary  -b, --bpf  --tos  --cgroup  --inet-sockopt\n"
		"  -Z, --context  -z, --contexts  -N, --net=NAMESPACE\n"
		"  -4, --ipv4  -6, --ipv6  -0, --packet  -t, --tcp  -u, --udp  -w, --raw\n"
		"  -x, --unix  -M, --mptcp\n"
		"  -f, --family={inet|inet6|link|unix|netlink}\n"
		"  -A, --query=TABLE[,TABLE]\n"
		"  -F, --filter=FILE  the filter stands in a file\n"
		"This is estab in the place of ss: estab-ss(1).\n");
}

/* ---- -s ---- */

/* Numbers as ss(8) prints them, of both families together and of each. */
static void put_transport(struct buf *buf, const char *name, uint64_t ip, uint64_t ip6)
{
	char line[120];

	snprintf(line, sizeof(line), "%s\t  %-9" PRIu64 " %-9" PRIu64 " %-9" PRIu64 "\n", name,
		 (ip + ip6), ip, ip6);
	buf_str(buf, line);
}

static uint64_t find_count(const struct estab_counts *counts, const char *name)
{
	uint64_t value;

	return estab_counts_find(counts, name, &value) == 0 ? value : 0;
}

static void put_summary(struct buf *buf, const struct estab_counts *counts)
{
	uint64_t tcp = find_count(counts, "tcp.inuse"), tcp6 = find_count(counts, "tcp6.inuse");
	uint64_t udp = find_count(counts, "udp.inuse"), udp6 = find_count(counts, "udp6.inuse");
	uint64_t raw = find_count(counts, "raw.inuse"), raw6 = find_count(counts, "raw6.inuse");
	uint64_t waiting = find_count(counts, "tcp.tw"), all = find_count(counts, "tcp.alloc");
	char line[160];

	snprintf(line, sizeof(line), "Total: %" PRIu64 "\n", find_count(counts, "sockets.used"));
	buf_str(buf, line);
	snprintf(line, sizeof(line),
		 "TCP:   %" PRIu64 " (estab %" PRIu64 ", closed %" PRIi64 ", orphaned %" PRIu64
		 ", timewait %" PRIu64 ")\n\n",
		 (all + waiting), find_count(counts, "tcp.curr_estab"),
		 (int64_t)(all - (tcp + tcp6 - waiting)), find_count(counts, "tcp.orphan"),
		 waiting);
	buf_str(buf, line);
	buf_str(buf, "Transport Total     IP        IPv6\n");
	put_transport(buf, "RAW", raw, raw6);
	put_transport(buf, "UDP", udp, udp6);
	put_transport(buf, "TCP", tcp, tcp6);
	put_transport(buf, "INET", raw + udp + tcp, raw6 + udp6 + tcp6);
	put_transport(buf, "FRAG", find_count(counts, "frag.inuse"),
		      find_count(counts, "frag6.inuse"));
	buf_char(buf, '\n');
}

static int summarize(struct ss *ss, struct estab_ctx *ctx)
{
	struct estab_counts *counts;
	struct estab_query *query;
	int error = estab_query_new(ctx, &query);

	if (error < 0)
		return refuse(SS_REFUSED, NULL, strerror(-error));
	error = estab_query_set_netns(query, ss->options.netns);
	if (error == 0)
		error = estab_counts_read(query, &counts);
	estab_query_unref(query);
	if (error < 0)
		return refuse(SS_REFUSED, "summary", strerror(-error));
	put_summary(&ss->out, counts);
	estab_counts_unref(counts);
	return SS_OK;
}

/* ---- the filter ---- */

/* Lines that begin with # are none of it. */
static int read_filter_file(const char *name, char **ret_text)
{
	FILE *file = *name == '-' ? stdin : fopen(name, "re");
	char *text = calloc(1, FILTER_FILE_MAX + 1);
	char *line = NULL;
	size_t used = 0, size = 0;
	ssize_t length;

	if (!file || !text) {
		int error = file ? ENOMEM : errno;

		free(text);
		return refuse(SS_USAGE, "fopen filter file", strerror(error));
	}
	while ((length = getline(&line, &size, file)) > 0) {
		if (*line == '#')
			continue;
		if (used + (size_t)length > FILTER_FILE_MAX)
			break;
		memcpy(text + used, line, (size_t)length);
		used += (size_t)length;
	}
	for (size_t i = 0; i < used; i++)
		if (text[i] == '\n' || text[i] == '\0')
			text[i] = ' ';
	free(line);
	if (file != stdin)
		fclose(file);
	*ret_text = text;
	return SS_OK;
}

/* What stands in the file goes on where the words end. */
static int whole_filter(struct ss_options *options)
{
	char *text, *joined;
	size_t size;
	int status;

	if (!options->file)
		return SS_OK;
	status = read_filter_file(options->file, &text);
	if (status != SS_OK)
		return status;
	size = strlen(options->filter) + strlen(text) + 2;
	joined = malloc(size);
	if (joined) {
		snprintf(joined, size, "%s %s", options->filter, text);
		free(options->filter);
		options->filter = joined;
	}
	free(text);
	return joined ? SS_OK : refuse(SS_REFUSED, NULL, strerror(ENOMEM));
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t")] == '\0';
}

/* A word that is wrong is one thing, one that is missing or out of place another. */
static bool is_out_of_place(const char *rest)
{
	return is_blank(rest) || strchr("()&|!=<>", *rest) ||
	       (*rest == ':' && is_blank(rest + 1)) || strncmp(rest, "and", 3) == 0 ||
	       strncmp(rest, "or", 2) == 0;
}

/* The filter stays as it is where there is no name in it. */
static int resolve_filter(struct ss_options *options)
{
	struct buf text;

	buf_init(&text, BUF_MEMORY);
	ss_put_filter_addresses(options, &text);
	buf_char(&text, '\0');
	if (text.error < 0) {
		buf_free(&text);
		return refuse(SS_REFUSED, NULL, strerror(-text.error));
	}
	free(options->filter);
	options->filter = strdup(text.data);
	buf_free(&text);
	return options->filter ? SS_OK : refuse(SS_REFUSED, NULL, strerror(ENOMEM));
}

static int parse_filter(struct ss_options *options, struct compat_reading *reading)
{
	_cleanup_(cleanup_free) char *message = NULL;
	const char *rest;
	size_t position = 0;
	int status = whole_filter(options);
	int error;

	if (status != SS_OK || is_blank(options->filter))
		return status;
	if (!ss_has_devices(options))
		return refuse(SS_REFUSED, NULL, "Cannot parse device.");
	status = resolve_filter(options);
	if (status != SS_OK)
		return status;
	wide_begin_filter(options->filter);
	error = estab_filter_parse_as(options->filter, ESTAB_FILTER_SS | options->reads,
				      &reading->filter, &position, &message);
	if (error == 0)
		return SS_OK;
	compat_complain("ss", "filter", message ? message : strerror(-error));
	rest = options->filter + MIN(position, strlen(options->filter));
	compat_complain("ss", "here", rest);
	return is_out_of_place(rest) ? SS_USAGE : SS_REFUSED;
}

/* ---- listing ---- */

static void add_tables(const struct ss_options *options, struct compat_reading *reading)
{
	static const struct {
		uint32_t tables;
		enum estab_proto proto;
	} order[] = {
		{ BIT32(SS_PACKET_RAW) | BIT32(SS_PACKET_DGRAM), ESTAB_PROTO_PACKET },
		{ BIT32(SS_UNIX_STREAM) | BIT32(SS_UNIX_DGRAM) | BIT32(SS_UNIX_SEQPACKET),
		  ESTAB_PROTO_UNIX },
		{ BIT32(SS_RAW), ESTAB_PROTO_RAW },
		{ BIT32(SS_UDP), ESTAB_PROTO_UDP },
		{ BIT32(SS_TCP), ESTAB_PROTO_TCP },
		{ BIT32(SS_MPTCP), ESTAB_PROTO_MPTCP },
	};
	static const struct {
		uint32_t table;
		uint32_t unix_type;
		uint32_t packet_type;
	} types[] = {
		{ BIT32(SS_UNIX_STREAM), BIT32(ESTAB_TYPE_STREAM), 0 },
		{ BIT32(SS_UNIX_DGRAM), BIT32(ESTAB_TYPE_DGRAM), 0 },
		{ BIT32(SS_UNIX_SEQPACKET), BIT32(ESTAB_TYPE_SEQPACKET), 0 },
		{ BIT32(SS_PACKET_RAW), 0, BIT32(ESTAB_TYPE_RAW) },
		{ BIT32(SS_PACKET_DGRAM), 0, BIT32(ESTAB_TYPE_DGRAM) },
	};
	bool closed = options->states & BIT32(ESTAB_STATE_UNCONNECTED);

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (options->tables & order[i].tables &&
		    (closed || order[i].proto != ESTAB_PROTO_PACKET))
			compat_add_table(reading, order[i].proto);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (options->tables & types[i].table) {
			reading->unix_types |= types[i].unix_type;
			reading->packet_types |= types[i].packet_type;
		}
	}
}

static void add_fields(const struct ss_options *options, struct compat_reading *reading)
{
	static const enum estab_field always[] = {
		ESTAB_F_PROTO,  ESTAB_F_STATE,          ESTAB_F_TYPE,      ESTAB_F_RECV_Q,
		ESTAB_F_SEND_Q, ESTAB_F_LOCAL_PATH,     ESTAB_F_INTERFACE, ESTAB_F_V6ONLY,
		ESTAB_F_INODE,  ESTAB_F_LOCAL_ABSTRACT, ESTAB_F_PROTOCOL,  ESTAB_F_PEER_INODE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		compat_add_field(reading, always[i]);
	ss_add_details(options, reading);
}

/* Whoever is behind a netlink socket's number is looked for only there. */
static int read_netlink(struct ss *ss, const struct compat_reading *common)
{
	struct compat_reading reading = *common;

	if (!(ss->options.tables & BIT32(SS_NETLINK)) ||
	    !(ss->options.states & BIT32(ESTAB_STATE_UNCONNECTED)))
		return 0;
	reading.n_order = 0;
	compat_add_table(&reading, ESTAB_PROTO_NETLINK);
	/* All are in the state that ss(8) shows, connected or not. */
	reading.states = BIT32(ESTAB_STATE_UNCONNECTED) | BIT32(ESTAB_STATE_ESTABLISHED);
	if (!ss->options.numeric) {
		compat_add_field(&reading, ESTAB_F_OWNERS);
		reading.whole = true;
	}
	return compat_read(&reading, ss_put_row, NULL, ss);
}

static int list(struct ss *ss, struct compat_reading *reading)
{
	int error, others = 0;

	ss_make_table(ss);
	error = read_netlink(ss, reading);
	if (error != -ENOMEM)
		others = compat_read(reading, ss_put_row, NULL, ss);
	ss_end_table(ss);
	error = others < 0 && !compat_is_absent(others) ? others : error;
	if (error == 0 || compat_is_absent(error))
		return SS_OK;
	/* That some can't be read ss(8) tells, and takes for no failure. */
	return refuse(error == -ENOMEM ? SS_REFUSED : SS_OK, NULL, strerror(-error));
}

/* That there is nothing to show is no error of its own. */
static int check_choice(const struct ss_options *options)
{
	const char *what = options->tables == 0     ? "tables"
			   : options->families == 0 ? "families"
			   : options->states == 0   ? "states"
						    : NULL;
	char line[60];

	if (!what)
		return 1;
	snprintf(line, sizeof(line), "no socket %s to show with such filter.", what);
	return refuse(SS_OK, NULL, line);
}

static bool netns_exists(struct ss *ss, struct estab_ctx *ctx)
{
	struct estab_query *query;
	int error = estab_query_new(ctx, &query);

	if (error == 0) {
		error = estab_query_set_netns(query, ss->options.netns);
		estab_query_unref(query);
	}
	if (error < 0)
		refuse(SS_REFUSED, "Cannot open network namespace", strerror(-error));
	return error == 0;
}

static int run(struct ss *ss, struct estab_ctx *ctx)
{
	struct compat_reading reading = {
		.ctx = ctx,
		.families = ss->options.families,
		.states = ss->options.states,
		.netns = ss->options.netns,
	};
	int status = SS_OK;

	if (ss->options.netns && !netns_exists(ss, ctx))
		return SS_REFUSED;
	if (ss->options.summary)
		status = summarize(ss, ctx);
	if (status != SS_OK || !ss->options.filter)
		return status;
	status = check_choice(&ss->options);
	if (status == SS_OK)
		return status;
	status = parse_filter(&ss->options, &reading);
	if (status != SS_OK)
		return status;
	add_tables(&ss->options, &reading);
	add_fields(&ss->options, &reading);
	if (ss->options.events)
		status = ss_follow(ss, &reading);
	else if (ss->options.kill)
		status = ss_kill(ss, &reading);
	else
		status = list(ss, &reading);
	estab_filter_unref(reading.filter);
	return status;
}

static int answer(struct ss *ss)
{
	struct estab_ctx *ctx;
	int error, status;

	if (ss->options.help) {
		ss_usage_put(&ss->out);
		return SS_OK;
	}
	if (ss->options.version) {
		buf_str(&ss->out, "ss utility, estab-");
		buf_str(&ss->out, estab_version());
		buf_char(&ss->out, '\n');
		return SS_OK;
	}
	error = compat_context(&ctx);
	if (error < 0)
		return refuse(SS_REFUSED, NULL, strerror(-error));
	status = run(ss, ctx);
	estab_ctx_unref(ctx);
	return status;
}

int compat_ss(int argc, char **argv)
{
	struct ss ss = { 0 };
	int status = ss_options_parse(argc, argv, &ss.options);

	if (status == 0) {
		ss.names.services = !ss.options.numeric;
		ss.names.hosts = ss.options.resolve;
		buf_init(&ss.out, STDOUT_FILENO);
		status = answer(&ss);
		buf_flush(&ss.out);
		if (ss.out.error < 0)
			status = refuse(SS_REFUSED, "standard output", strerror(-ss.out.error));
		buf_free(&ss.out);
		compat_names_free(&ss.names);
	} else {
		status--;
	}
	ss_options_free(&ss.options);
	return status;
}
