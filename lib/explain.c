/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* How a query would be answered, in words. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "field.h"
#include "filter-code.h"
#include "filter-push.h"
#include "filter.h"
#include "plan.h"
#include "query.h"
#include "reader.h"
#include "text.h"
#include "util.h"

#define IP_PROTOS                                                                       \
	(BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_UDP) | BIT64(ESTAB_PROTO_UDPLITE) | \
	 BIT64(ESTAB_PROTO_RAW) | BIT64(ESTAB_PROTO_ICMP) | BIT64(ESTAB_PROTO_MPTCP))
#define INET_FAMILIES (BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6))

enum { LINE_MAX_LENGTH = 512 };

struct writer {
	estab_write_fn *fn;
	void *arg;
	int error; /* the first */
	char line[LINE_MAX_LENGTH];
	struct text text; /* of the line */
};

static void put(struct writer *writer, const char *text, size_t length)
{
	if (writer->error == 0)
		writer->error = writer->fn(writer->arg, text, length);
}

static void begin(struct writer *writer, const char *text)
{
	writer->text = (struct text){ .buffer = writer->line, .size = sizeof(writer->line) };
	text_str(&writer->text, text);
}

static void add(struct writer *writer, const char *text)
{
	text_str(&writer->text, text);
}

/* Ends the line. */
static void end(struct writer *writer)
{
	put(writer, writer->line, MIN(writer->text.length, writer->text.size));
	put(writer, "\n", 1);
}

static void put_line(struct writer *writer, const char *text)
{
	begin(writer, text);
	end(writer);
}

/* Of any length, behind what the line has. */
static void end_escaped(struct writer *writer, const char *bytes, size_t length)
{
	struct text text = { 0 };

	put(writer, writer->line, MIN(writer->text.length, writer->text.size));
	text_escape(&text, bytes, length);
	text.size = text.length;
	text.length = 0;
	text.buffer = malloc(text.size + 1);
	if (!text.buffer) {
		writer->error = writer->error == 0 ? -ENOMEM : writer->error;
		return;
	}
	text_escape(&text, bytes, length);
	put(writer, text.buffer, text.length);
	put(writer, "\n", 1);
	free(text.buffer);
}

/* ---- the filter's conditions ---- */

/* Those that are decided in a step, each as it was written, once. */
static void put_leaves(struct writer *writer, const struct estab_filter *filter, const char *title,
		       uint64_t protos, bool owners)
{
	const struct leaf *last = NULL;
	bool any = false;

	for (uint32_t i = 0; i < filter->n_leaves; i++) {
		const struct leaf *leaf = &filter->leaves[i];
		uint64_t needs = 0;

		for (unsigned int proto = 0; proto < PLAN_PROTOS; proto++)
			if (protos & BIT64(proto))
				needs |= leaf_needs(leaf, proto);
		if (!!(needs & NEED_OWNERS) != owners ||
		    (last && last->at == leaf->at && last->length == leaf->length))
			continue;
		if (!any)
			put_line(writer, title);
		any = true;
		last = leaf;
		begin(writer, "  ");
		end_escaped(writer, filter->expression + leaf->at, leaf->length);
	}
}

/* ---- the tables ---- */

/* What is asked for of a table; families and a filter only of IP sockets. */
struct table {
	uint32_t states;   /* 0: it is not read */
	uint32_t families; /* 0: there is only one */
	bool may_be_told;  /* the kernel, of the filter */
	struct push_ports ports;
	size_t length; /* of what it is told */
	uint8_t code[BYTECODE_ROOM];
};

static void look_at_table(const struct env *env, enum estab_proto proto, struct table *table)
{
	const struct plan *plan = &env->plan;

	table->states = 0;
	table->families = 0;
	table->may_be_told = false;
	table->ports = (struct push_ports){ 0 };
	table->length = 0;
	if (!(plan->protos & BIT64(proto)))
		return;
	table->states = plan->read_states[proto] & reader_states(proto);
	if (!(IP_PROTOS & BIT64(proto)))
		return;
	table->families = plan->read_families & INET_FAMILIES;
	if (table->families == 0)
		table->states = 0;
	/* Ping sockets are read from text only. */
	table->may_be_told = plan->filter && plan->pushdown && proto != ESTAB_PROTO_ICMP &&
			     !env->ctx->capture &&
			     (!plan->source || strcmp(plan->source, "diag") == 0);
	if (table->may_be_told) {
		table->ports = filter_push_plan_ports(env, proto);
		table->length = filter_push_plan(env, proto, PUSH_ALL, table->code);
	}
}

static bool same_table(const struct table *a, const struct table *b)
{
	return a->states == b->states && a->families == b->families &&
	       a->may_be_told == b->may_be_told && a->ports.local == b->ports.local &&
	       a->ports.peer == b->ports.peer && a->length == b->length &&
	       memcmp(a->code, b->code, a->length) == 0;
}

static void put_port(struct writer *writer, const char *end_of, uint16_t port)
{
	if (port == 0)
		return;
	begin(writer, "  the kernel (sock_diag) is asked for one ");
	add(writer, end_of);
	add(writer, " port: ");
	text_u64(&writer->text, port);
	end(writer);
}

static void put_code(struct writer *writer, const struct table *table)
{
	size_t step;

	if (table->length == 0) {
		put_line(writer, "  the kernel gives them all");
		return;
	}
	put_port(writer, "local", table->ports.local);
	put_port(writer, "peer", table->ports.peer);
	put_line(writer, "  the kernel (sock_diag) is told:");
	for (size_t at = 0; at < table->length; at += step) {
		char number[20];
		size_t digits = text_digits(at, number);

		begin(writer, "    ");
		for (size_t i = digits; i < 4; i++)
			add(writer, " ");
		text_put(&writer->text, number, digits);
		add(writer, ": ");
		step = bytecode_describe(table->code, table->length, at, &writer->text);
		end(writer);
		if (step == 0)
			break;
	}
}

static void put_states(struct writer *writer, uint32_t states, uint32_t all)
{
	const char *separator = "states: ";

	if (states == all) {
		add(writer, "all states");
		return;
	}
	for (unsigned int state = 0; state < 32; state++) {
		if (!(states & BIT32(state)) || !word_state(state))
			continue;
		add(writer, separator);
		add(writer, word_state(state));
		separator = ", ";
	}
}

/* Tables of which the same is asked are named in one line. */
static void put_tables(struct writer *writer, const struct table tables[PLAN_PROTOS])
{
	for (unsigned int first = 0; first < PLAN_PROTOS; first++) {
		const struct table *table = &tables[first];
		unsigned int other = 0;

		while (other < first && !same_table(&tables[other], table))
			other++;
		if (table->states == 0 || other < first)
			continue;
		begin(writer, row_word(first));
		for (other = first + 1; other < PLAN_PROTOS; other++) {
			if (!same_table(&tables[other], table))
				continue;
			add(writer, ", ");
			add(writer, row_word(other));
		}
		add(writer, ": ");
		if (table->families != 0)
			add(writer, table->families == INET_FAMILIES ? "IPv4 and IPv6; "
				    : table->families == BIT32(ESTAB_FAMILY_INET) ? "IPv4; "
										  : "IPv6; ");
		put_states(writer, table->states, reader_states(first));
		end(writer);
		if (table->may_be_told)
			put_code(writer, table);
	}
}

/* ---- what else is read ---- */

static void put_owners(struct writer *writer, const struct plan *plan)
{
	uint64_t needs = plan->needs | plan->socket_needs;

	begin(writer, plan->socket_needs ? "owners of their sockets: descriptors of all processes"
					 : "owners: descriptors of all processes, unless no row is "
					   "left by then");
	if (plan->owners_only_decide && filter_may_settle(plan->filter))
		add(writer, ", until a few rows all match");
	if (needs & NEED_COMM)
		add(writer, "; command names");
	if (needs & NEED_CMDLINE)
		add(writer, "; command lines");
	if (needs & NEED_EXE)
		add(writer, "; programs");
	if (needs & (NEED_OWNER_UID | NEED_OWNER_USER))
		add(writer, "; users");
	if (needs & NEED_OWNER_CGROUP)
		add(writer, "; cgroups");
	if (needs & NEED_CONTAINER)
		add(writer, "; files of container runtimes");
	end(writer);
}

static void put_needs(struct writer *writer, const struct plan *plan)
{
	static const struct {
		uint64_t needs;
		uint64_t protos; /* that have it */
		const char *text;
	} words[] = {
		{ NEED_TCP_INFO, BIT64(ESTAB_PROTO_TCP), "tcp_info" },
		{ NEED_MEM, UINT64_MAX, "memory" },
		{ NEED_CONGESTION, BIT64(ESTAB_PROTO_TCP), "congestion control" },
		{ NEED_TOS | NEED_TCLASS, IP_PROTOS, "type of service" },
		{ NEED_MARK, IP_PROTOS, "mark" },
		{ NEED_CGROUP_ID, IP_PROTOS, "cgroup" },
		{ NEED_CGROUP_PATH, IP_PROTOS, "paths of cgroups" },
		{ NEED_SOCKOPT, IP_PROTOS, "socket options" },
		{ NEED_INTERFACE | NEED_IFNAME, IP_PROTOS | BIT64(ESTAB_PROTO_PACKET), "device" },
		{ NEED_UNIX_NAME | NEED_UNIX_VFS, BIT64(ESTAB_PROTO_UNIX), "unix names" },
		{ NEED_UNIX_PEER, BIT64(ESTAB_PROTO_UNIX), "unix peers" },
		{ NEED_UNIX_PEER_PATH, BIT64(ESTAB_PROTO_UNIX),
		  "names of unix peers (all unix sockets are read)" },
		{ NEED_PEER_SOCKET, IP_PROTOS | BIT64(ESTAB_PROTO_UNIX),
		  "other ends (all their sockets are read)" },
		{ NEED_DIRECTION | NEED_LISTENER, IP_PROTOS | BIT64(ESTAB_PROTO_UNIX),
		  "listeners" },
		{ NEED_ULP | NEED_MPTCP_INFO, BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_MPTCP),
		  "protocols above TCP" },
		{ NEED_NETLINK, BIT64(ESTAB_PROTO_NETLINK), "netlink groups" },
		{ NEED_PACKET | NEED_PACKET_LISTS, BIT64(ESTAB_PROTO_PACKET), "packet options" },
		{ NEED_NAT, IP_PROTOS, "connection tables (what they translate is kept)" },
		{ NEED_FLOW_SOCKET, BIT64(ROW_FLOW),
		  "sockets of all namespaces, before (they and what is translated are kept)" },
		{ NEED_FLOW_DEVICES, BIT64(ROW_FLOW), "routes" },
		{ NEED_USER | NEED_OWNER_USER, UINT64_MAX, "user names" },
	};
	const char *separator = "besides: ";

	begin(writer, "");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!(plan->needs & words[i].needs) || !(plan->protos & words[i].protos))
			continue;
		add(writer, separator);
		add(writer, words[i].text);
		separator = ", ";
	}
	if (writer->text.length > 0)
		end(writer);
	if ((plan->needs | plan->socket_needs) & NEED_OWNERS)
		put_owners(writer, plan);
}

static void put_plan(struct writer *writer, const struct env *env, struct table tables[PLAN_PROTOS])
{
	const struct plan *plan = &env->plan;
	bool any = false;

	begin(writer, "filter: ");
	if (plan->filter)
		end_escaped(writer, plan->filter->expression, strlen(plan->filter->expression));
	else
		end_escaped(writer, "none", 4);
	for (unsigned int proto = 0; proto < PLAN_PROTOS; proto++) {
		look_at_table(env, (enum estab_proto)proto, &tables[proto]);
		any |= tables[proto].states != 0;
	}
	put_tables(writer, tables);
	if (!any)
		put_line(writer, "nothing is read: no socket can match");
	else
		put_needs(writer, plan);
	if (!plan->filter)
		return;
	put_leaves(writer, plan->filter,
		   plan->needs & NEED_OWNERS ? "decided before owners are looked for:"
					     : "decided row by row:",
		   plan->protos, false);
	put_leaves(writer, plan->filter, "decided when owners are known:", plan->protos, true);
}

int estab_query_explain(const struct estab_query *query, estab_write_fn *fn, void *arg)
{
	struct writer writer = { .fn = fn, .arg = arg };
	struct table *tables = calloc(PLAN_PROTOS, sizeof(*tables));
	struct env *env;
	int r = tables ? env_new(query->ctx, query, &env) : -ENOMEM;

	if (r < 0) {
		free(tables);
		return r;
	}
	put_plan(&writer, env, tables);
	env_unref(env);
	free(tables);
	return writer.error < 0 ? writer.error : 0;
}
