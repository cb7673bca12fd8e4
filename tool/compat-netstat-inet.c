/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* "Active Internet connections" of netstat(8). */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "compat-netstat.h"
#include "util.h"

static const char *const state_words[] = {
	[ESTAB_STATE_ESTABLISHED] = "ESTABLISHED", [ESTAB_STATE_SYN_SENT] = "SYN_SENT",
	[ESTAB_STATE_SYN_RECV] = "SYN_RECV",       [ESTAB_STATE_FIN_WAIT_1] = "FIN_WAIT1",
	[ESTAB_STATE_FIN_WAIT_2] = "FIN_WAIT2",    [ESTAB_STATE_TIME_WAIT] = "TIME_WAIT",
	[ESTAB_STATE_UNCONNECTED] = "CLOSE",       [ESTAB_STATE_CLOSE_WAIT] = "CLOSE_WAIT",
	[ESTAB_STATE_LAST_ACK] = "LAST_ACK",       [ESTAB_STATE_LISTEN] = "LISTEN",
	[ESTAB_STATE_CLOSING] = "CLOSING",
};

void netstat_put_host(struct netstat *netstat, struct buf *buf, const struct estab_addr *addr,
		      bool numeric)
{
	struct estab_addr plain = compat_bare(addr);
	const char *name = NULL;

	if (!numeric && compat_is_any(&plain)) {
		buf_str(buf, plain.family == ESTAB_FAMILY_INET ? "0.0.0.0" : "[::]");
		return;
	}
	/* Nobody knows a name of such a one. */
	if (!numeric && plain.family == addr->family)
		name = compat_host(&netstat->names, &plain);
	if (name)
		buf_escape(buf, name, strlen(name));
	else
		compat_put_addr(buf, &plain);
}

static void put_port(struct netstat *netstat, struct buf *buf, enum estab_proto proto,
		     uint16_t port)
{
	const char *name = NULL;

	if (port == 0) {
		buf_char(buf, '*');
		return;
	}
	if (proto == ESTAB_PROTO_RAW)
		name = compat_protocol(&netstat->names, port);
	else
		name = compat_service(&netstat->names, proto, port);
	if (name)
		buf_escape(buf, name, strlen(name));
	else
		buf_u64(buf, port);
}

/* " HOST:PORT", cut to its columns unless -W is given, the port last of all. */
static void put_end(struct netstat *netstat, enum estab_proto proto, const struct estab_addr *addr,
		    uint16_t port)
{
	enum { SHORT = NETSTAT_ADDRESS - 1, PORT_MAX = SHORT - 4 };
	struct buf *text = &netstat->text;
	uint64_t start;
	size_t host, service;

	text->used = 0;
	netstat_put_host(netstat, text, addr, netstat->options.numeric_hosts);
	host = text->used;
	put_port(netstat, text, proto, port);
	service = text->used - host;
	start = buf_total(&netstat->out) + 1;
	buf_char(&netstat->out, ' ');
	if (!netstat->options.wide && host + service > SHORT) {
		size_t cut = MIN(service, (size_t)PORT_MAX);

		buf_put(&netstat->out, text->data, SHORT - cut);
		service = cut;
	} else {
		buf_put(&netstat->out, text->data, host);
	}
	buf_char(&netstat->out, ':');
	buf_put(&netstat->out, text->data + host, service);
	compat_pad(&netstat->out, start, NETSTAT_ADDRESS);
}

/* ---- the columns behind the state ---- */

void netstat_put_user(struct netstat *netstat, uint32_t uid)
{
	uint64_t start = buf_total(&netstat->out);

	if (!netstat->user_known || netstat->uid != uid) {
		/* cppcheck-suppress getpwuidCalled */
		struct passwd *entry = netstat->options.numeric_users ? NULL : getpwuid(uid);

		netstat->user_known = true;
		netstat->uid = uid;
		snprintf(netstat->user, sizeof(netstat->user), "%s", entry ? entry->pw_name : "");
	}
	if (netstat->user[0])
		buf_escape(&netstat->out, netstat->user, strlen(netstat->user));
	else
		buf_i64(&netstat->out, (int32_t)uid);
	compat_pad(&netstat->out, start, 10);
}

static void put_timer(struct netstat *netstat, enum estab_proto proto,
		      const struct estab_socket *sock)
{
	static const struct {
		const char *kind;
		const char *word;
		const char *datagrams;
	} words[] = {
		{ "retransmit", "on", "on1" },         { "keepalive", "keepalive", "on2" },
		{ "time-wait", "timewait", "unkn-3" }, { "probe", "probe", "unkn-4" },
		{ "delack", "unkn-5", "unkn-5" },
	};
	const char *kind = compat_str(sock, ESTAB_F_TIMER_KIND);
	uint64_t retransmits = compat_u64(sock, ESTAB_F_TIMER_RETRANSMITS, 0);
	const char *word = NULL;
	char text[80];
	bool probing;

	for (size_t i = 0; kind && !word && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].kind, kind) == 0)
			word = proto == ESTAB_PROTO_TCP ? words[i].word : words[i].datagrams;
	if (!word) {
		buf_str(&netstat->out, " off (0.00/0/0)");
		return;
	}
	/* Probes are counted apart from retransmissions. */
	probing = strcmp(kind, "keepalive") == 0 || strcmp(kind, "probe") == 0;
	snprintf(text, sizeof(text), " %s (%2.2f/%llu/%llu)", word,
		 (double)compat_u64(sock, ESTAB_F_TIMER_EXPIRES_MS, 0) / 1000,
		 (unsigned long long)(probing ? 0 : retransmits),
		 (unsigned long long)(probing ? retransmits : 0));
	buf_str(&netstat->out, text);
}

static void put_tail(struct netstat *netstat, enum estab_proto proto,
		     const struct estab_socket *sock)
{
	struct buf *out = &netstat->out;

	if (netstat->options.extended) {
		uint64_t start;

		buf_char(out, ' ');
		netstat_put_user(netstat, (uint32_t)compat_u64(sock, ESTAB_F_UID, 0));
		buf_char(out, ' ');
		start = buf_total(out);
		buf_u64(out, compat_u64(sock, ESTAB_F_INODE, 0));
		compat_pad(out, start, 10);
	}
	if (netstat->options.programs)
		netstat_put_program(netstat, sock);
	if (netstat->options.timers)
		put_timer(netstat, proto, sock);
	buf_char(out, '\n');
}

/* ---- rows ---- */

/* It is the other end that tells who serves, whatever the state is. */
static bool is_wanted(const struct netstat *netstat, enum estab_proto proto,
		      const struct estab_tuple *tuple)
{
	bool serves =
		proto == ESTAB_PROTO_TCP ? tuple->peer_port == 0 : compat_is_any(&tuple->peer);

	return netstat->options.all || serves == netstat->options.listening;
}

static void put_queue(struct buf *out, uint64_t bytes)
{
	char text[24];

	snprintf(text, sizeof(text), " %6llu", (unsigned long long)bytes);
	buf_str(out, text);
}

static void put_state(struct buf *out, enum estab_proto proto, enum estab_state state)
{
	uint64_t start;

	buf_char(out, ' ');
	start = buf_total(out);
	if (proto == ESTAB_PROTO_RAW)
		buf_u64(out, state);
	else if (proto == ESTAB_PROTO_TCP || state == ESTAB_STATE_ESTABLISHED)
		buf_str(out, state_words[state]);
	else if (state != ESTAB_STATE_UNCONNECTED)
		buf_str(out, "UNKNOWN");
	compat_pad(out, start, 11);
}

static void put_row(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct netstat *netstat = arg;
	struct estab_tuple tuple = { .size = sizeof(tuple) };
	struct buf *out = &netstat->out;
	bool listens;
	uint64_t start;

	if (estab_socket_get_tuple(sock, &tuple) < 0 || tuple.state >= ARRAY_SIZE(state_words) ||
	    !is_wanted(netstat, proto, &tuple))
		return;
	start = buf_total(out);
	buf_str(out, proto == ESTAB_PROTO_UDPLITE ? "udpl" : estab_proto_name(proto));
	if (tuple.local.family == ESTAB_FAMILY_INET6)
		buf_char(out, '6');
	compat_pad(out, start, 5);
	/* The files of /proc have no limit of a listener's queue. */
	listens = tuple.state == ESTAB_STATE_LISTEN;
	put_queue(out, compat_u64(sock, listens ? ESTAB_F_BACKLOG : ESTAB_F_RECV_Q, 0));
	put_queue(out, listens ? 0 : compat_u64(sock, ESTAB_F_SEND_Q, 0));
	put_end(netstat, proto, &tuple.local, tuple.local_port);
	put_end(netstat, proto, &tuple.peer, tuple.peer_port);
	put_state(out, proto, tuple.state);
	put_tail(netstat, proto, sock);
}

static void put_head(struct netstat *netstat)
{
	struct buf *out = &netstat->out;

	buf_str(out, "Active Internet connections ");
	netstat_put_which(netstat);
	buf_str(out, "Proto Recv-Q Send-Q Local Address           Foreign Address         "
		     "State      ");
	if (netstat->options.extended)
		buf_str(out, " User       Inode     ");
	if (netstat->options.programs)
		netstat_put_program_head(netstat);
	if (netstat->options.timers)
		buf_str(out, " Timer");
	buf_char(out, '\n');
}

int netstat_inet(struct netstat *netstat)
{
	const struct netstat_options *options = &netstat->options;
	const struct {
		bool wanted;
		enum estab_proto proto;
	} tables[] = {
		{ options->tcp, ESTAB_PROTO_TCP },
		{ options->udp, ESTAB_PROTO_UDP },
		{ options->udplite, ESTAB_PROTO_UDPLITE },
		{ options->raw, ESTAB_PROTO_RAW },
	};
	static const enum estab_field fields[] = {
		ESTAB_F_PROTO,  ESTAB_F_STATE, ESTAB_F_LOCAL_ADDR, ESTAB_F_RECV_Q,
		ESTAB_F_SEND_Q, ESTAB_F_UID,   ESTAB_F_INODE,
	};
	struct compat_reading reading = {
		.ctx = netstat->ctx,
		.states = ESTAB_STATES_ALL & ~BIT32(ESTAB_STATE_BOUND),
		.families = (options->inet ? BIT32(ESTAB_FAMILY_INET) : 0) |
			    (options->inet6 ? BIT32(ESTAB_FAMILY_INET6) : 0),
	};
	int error;

	put_head(netstat);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (tables[i].wanted)
			compat_add_table(&reading, tables[i].proto);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		compat_add_field(&reading, fields[i]);
	if (options->timers)
		compat_add_field(&reading, ESTAB_F_TIMER);
	netstat_add_program(netstat, &reading);
	error = compat_read(&reading, put_row, netstat_note_losses, netstat);
	return netstat_end(error);
}
