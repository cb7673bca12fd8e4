/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "reader.h"

#include <errno.h>
#include <string.h>

#include "bpf.h"
#include "diag.h"
#include "field.h"
#include "filter.h"
#include "flow-devices.h"
#include "flow-sockets.h"
#include "netns-list.h"
#include "util.h"

#define INET_FAMILIES (BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6))

enum { SOURCES_MAX = 2 };

/* In the order of preference. */
#define OF_SOCKETS                           \
	{                                    \
		&source_diag, &source_procfs \
	}
#define OF_FLOWS                                   \
	{                                          \
		&source_ctnetlink, &source_ct_text \
	}

/* The tables in the order in which they are listed. */
static const struct {
	unsigned int proto; /* enum estab_proto, enum row_kind */
	uint32_t families;
	const struct source *sources[SOURCES_MAX]; /* NULL behind the last */
} tables[] = {
	{ ESTAB_PROTO_NETLINK, BIT32(ESTAB_FAMILY_NETLINK), OF_SOCKETS },
	{ ESTAB_PROTO_PACKET, BIT32(ESTAB_FAMILY_PACKET), OF_SOCKETS },
	{ ESTAB_PROTO_UNIX, BIT32(ESTAB_FAMILY_UNIX), OF_SOCKETS },
	{ ESTAB_PROTO_AX25, BIT32(ESTAB_FAMILY_AX25), OF_SOCKETS },
	{ ESTAB_PROTO_IPX, BIT32(ESTAB_FAMILY_IPX), OF_SOCKETS },
	{ ESTAB_PROTO_RAW, INET_FAMILIES, OF_SOCKETS },
	{ ESTAB_PROTO_ICMP, INET_FAMILIES, OF_SOCKETS },
	{ ESTAB_PROTO_UDP, INET_FAMILIES, OF_SOCKETS },
	{ ESTAB_PROTO_UDPLITE, INET_FAMILIES, OF_SOCKETS },
	{ ESTAB_PROTO_MPTCP, INET_FAMILIES, OF_SOCKETS }, /* before TCP: see subflow.h */
	{ ESTAB_PROTO_TCP, INET_FAMILIES, OF_SOCKETS },
	{ ROW_FLOW, INET_FAMILIES, OF_FLOWS },
	{ ROW_ROUTE, INET_FAMILIES, { &source_rtnetlink, &source_nettext } },
	{ ROW_INTERFACE, INET_FAMILIES, { &source_rtnetlink, &source_nettext } },
	{ ROW_MEMBERSHIP, INET_FAMILIES, { &source_nettext } },
	{ ROW_STAT, INET_FAMILIES, { &source_nettext } },
	{ ROW_FLOW_STAT, INET_FAMILIES, { &source_flow_stats, &source_flow_stats_text } },
	{ ROW_EXPECTATION, INET_FAMILIES, { &source_expect, &source_expect_text } },
};

uint32_t reader_states(unsigned int proto)
{
	if (proto >= ROW_SOCKETS)
		return STATES_NONE;
	switch (proto) {
	case ESTAB_PROTO_TCP:
		return ESTAB_STATES_ALL & ~BIT32(ESTAB_STATE_UNCONNECTED);
	case ESTAB_PROTO_MPTCP:
		return ESTAB_STATES_ALL &
		       ~(BIT32(ESTAB_STATE_BOUND) | BIT32(ESTAB_STATE_TIME_WAIT));
	case ESTAB_PROTO_AX25:
	case ESTAB_PROTO_IPX:
		return ESTAB_STATES_ALL;
	case ESTAB_PROTO_UNIX:
		return BIT32(ESTAB_STATE_ESTABLISHED) | BIT32(ESTAB_STATE_UNCONNECTED) |
		       BIT32(ESTAB_STATE_LISTEN) | BIT32(ESTAB_STATE_SYN_SENT);
	default:
		return BIT32(ESTAB_STATE_ESTABLISHED) | BIT32(ESTAB_STATE_UNCONNECTED);
	}
}

static bool is_asked(const struct plan *plan, size_t table, struct source_job *ret_job)
{
	unsigned int proto = tables[table].proto;

	*ret_job = (struct source_job){
		.proto = proto,
		.table = row_word(proto),
		.families = plan->read_families & tables[table].families,
		.states = plan->read_states[proto] & reader_states(proto),
	};
	return plan->protos & BIT64(proto) && ret_job->families != 0 && ret_job->states != 0;
}

/* 0, or the error of the source that came nearest: a refusal says more than an absence. */
static int open_job(struct reader *reader, size_t table, const struct source_job *job)
{
	const struct source *const *sources = tables[table].sources;
	const char *wanted = reader->env->plan.source;
	int error = -ENOENT;

	for (size_t i = 0; i < SOURCES_MAX && sources[i]; i++) {
		int r;

		if (wanted && strcmp(sources[i]->name, wanted) != 0)
			continue;
		r = sources[i]->open(reader->env, job, reader->result, &reader->cursor);
		if (r == 0) {
			reader->source = sources[i];
			return 0;
		}
		ctx_log(reader->env->ctx, 7, "%s can't read %s: %s", sources[i]->name, job->table,
			strerror(-r));
		if (r == -ENOMEM || r == -ECANCELED)
			return r;
		if (error == -ENOENT || error == -EOPNOTSUPP)
			error = r;
	}
	return error;
}

const char *reader_loss_reason(int error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return "permission";
	case -ETIME:
		return "deadline";
	case -ESTALE:
		return "vanished";
	case -EMFILE:
	case -ENFILE:
		return "descriptors";
	default:
		return "unavailable";
	}
}

/*
 * A kernel may lack packet sockets, ping sockets or MPTCP; 4.18 dropped IPX, 7.1 UDP-Lite; AX.25 is
 * seldom there. It has no such table then, and no such socket to lose. Only its text can tell;
 * sock_diag may just lack the handler.
 */
static bool is_none(const struct reader *reader, const struct source_job *job, int error)
{
	const char *wanted = reader->env->plan.source;

	if (error != -ENOENT || (wanted && strcmp(wanted, source_procfs.name) != 0))
		return false;
	switch (job->proto) {
	case ESTAB_PROTO_ICMP:
	case ESTAB_PROTO_UDPLITE:
	case ESTAB_PROTO_AX25:
	case ESTAB_PROTO_IPX:
	case ESTAB_PROTO_MPTCP:
		return true;
	case ESTAB_PROTO_PACKET:
		/* A copy may have left out what nearly every kernel has. */
		return !reader->env->ctx->capture;
	default:
		return false;
	}
}

/*
 * Whether the kernel counts no socket of the table in this namespace, where there are many others: a
 * dump of TCP walks through the connections of all of them, in each.
 */
static bool is_empty(const struct reader *reader, const struct source_job *job)
{
	const struct netns_tally *tally;
	const struct sockstat *count;

	if (!reader->env->plan.all_netns)
		return false;
	tally = &reader->env->namespaces->items[reader->netns].tally;
	count = &tally->before;
	if (!tally->counted)
		return false;
	switch (job->proto) {
	case ESTAB_PROTO_TCP:
		/* What is only bound is counted among all. */
		return count->tcp == 0 && count->time_wait == 0 &&
		       (count->used == 0 || !(job->states & BIT32(ESTAB_STATE_BOUND)));
	case ESTAB_PROTO_UDP:
		return count->udp == 0;
	case ESTAB_PROTO_UDPLITE:
		return count->udplite == 0;
	case ESTAB_PROTO_RAW:
		return count->raw == 0;
	case ESTAB_PROTO_MPTCP:
		return count->used == 0 && count->tcp == 0;
	case ESTAB_PROTO_NETLINK:
		/* The kernel has some in each. */
		return false;
	default:
		/* A router has flows, routes and interfaces, and no socket. */
		return job->proto < ROW_SOCKETS && count->used == 0;
	}
}

/* Whether it is to be read here, in this namespace. */
static bool is_wanted(const struct reader *reader, size_t table, struct source_job *ret_job)
{
	return is_asked(&reader->env->plan, table, ret_job) &&
	       !(reader->env->bpf.row_protos & BIT64(ret_job->proto)) && !is_empty(reader, ret_job);
}

/* Whether there is any. */
static bool has_tables(const struct reader *reader)
{
	struct source_job job;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (is_wanted(reader, i, &job))
			return true;
	return false;
}

/* Opens the next table of this namespace that can be read, from this place on; 1: there is none left. */
static int open_table(struct reader *reader, size_t table)
{
	for (; table < ARRAY_SIZE(tables); table++) {
		struct source_job job;
		int r;

		if (!is_wanted(reader, table, &job))
			continue;
		r = open_job(reader, table, &job);
		if (r == 0) {
			reader->table = table;
			reader->any_open = true;
			return 0;
		}
		if (r == -ENOMEM || r == -ECANCELED)
			return r;
		if (is_none(reader, &job, r))
			continue;
		result_add_loss(reader->result, "table", reader_loss_reason(r), job.table, 1);
		reader->error = r;
	}
	return 1;
}

/* Whether it can be read at all; what keeps us from it is told. -ENOMEM. */
static int begin_netns(struct reader *reader)
{
	struct netns_item *item = &reader->env->namespaces->items[reader->netns];
	int r;

	if (item->unwanted)
		return 1;
	result_set_netns(reader->result, item->inode, item->name);
	r = netns_list_count_first(reader->env, reader->netns);
	/* Whose an address is tells the namespace itself, wherever its rows come from. */
	if (r >= 0 && (has_tables(reader) || netaddrs_wanted(reader->env)))
		r = netns_list_enter(reader->env, reader->netns);
	else if (r >= 0)
		return 1;
	if (r == 0)
		return netaddrs_note(reader->env, reader->result);
	if (r == -ENOMEM)
		return r;
	/* Of one that is gone the sockets are, too, and what they would have said of others. */
	if (r != -ESTALE || !reader->env->outer)
		result_add_loss(reader->result, "namespace", reader_loss_reason(r), NULL, 1);
	item->lost = true;
	return 1;
}

/* Goes on with the next namespace that has a table which can be read: 0; 1: there is none left. */
static int open_netns(struct reader *reader)
{
	int r = 1;

	while (r == 1 && reader->netns < reader->env->namespaces->n) {
		r = env_check(reader->env);
		if (r == -ETIME) {
			result_leave_netns(reader->result);
			result_add_loss(reader->result, "namespaces", "deadline", NULL,
					reader->env->namespaces->n - reader->netns);
			break;
		}
		if (r == 0)
			r = begin_netns(reader);
		if (r == 0)
			r = open_table(reader, 0);
		if (r == 1)
			reader->netns++;
	}
	if (r != 0) {
		result_leave_netns(reader->result);
		netns_list_leave(reader->env);
	}
	return r == -ETIME ? 1 : r;
}

/* The next table, from this place on, of this namespace or of those that follow. */
static int open_from(struct reader *reader, size_t table)
{
	int r = open_table(reader, table);

	if (r != 1 || !reader->env->plan.all_netns)
		return r;
	reader->netns++;
	return open_netns(reader);
}

static int open_first(struct reader *reader)
{
	reader->netns = 0;
	return reader->env->plan.all_netns ? open_netns(reader) : open_table(reader, 0);
}

/* Finds out which of them the filter leaves. */
static void choose_namespaces(struct env *env)
{
	/* The other end may be in any of them. */
	if (env->plan.needs & (NEED_PEER_SOCKET | NEED_DIRECTION))
		return;
	for (size_t i = 0; env->plan.filter && i < env->namespaces->n; i++) {
		struct netns_item *item = &env->namespaces->items[i];
		const struct estab_socket sock = {
			.ext = &env->empty,
			.netns = (uint32_t)(item->inode != 0 ? item->inode : i + 1),
			.has = item->inode != 0 ? HAS_NETNS : 0,
		};

		item->unwanted = !filter_may_match_netns(env->plan.filter, &sock);
	}
}

/* Where they are only asked for a name, or were listed for those whose sockets these are, what else can't be known
 * of them is no loss. */
static int list_namespaces(struct env *env, struct estab_result *result)
{
	bool told = env->plan.all_netns && !(env->outer && env->outer->plan.all_netns);
	struct estab_result *scratch;
	int r;

	if (!env_wants_namespaces(env))
		return 0;
	scratch = told ? NULL : calloc(1, sizeof(*scratch));
	r = told || scratch ? env_list_namespaces(env, told ? result : scratch) : -ENOMEM;
	if (r == 0 && env->plan.all_netns)
		choose_namespaces(env);
	if (scratch)
		result_clear(scratch);
	free(scratch);
	return r;
}

int reader_open(struct reader *reader, struct env *env, struct estab_result *result)
{
	struct netns_counting counting;
	int r;

	*reader = (struct reader){ .env = env, .result = result };
	result->all_netns = env->plan.all_netns;
	r = list_namespaces(env, result);
	if (r == 0 && !env->plan.all_netns)
		r = netaddrs_note(env, result);
	/* Before the flows: a socket that is gone by then leaves one without, and none gets another's. */
	if (r == 0 && env->sockets)
		r = flow_sockets_read(env->sockets, result);
	if (r == 0 && env->plan.needs & NEED_FLOW_DEVICES) {
		reader->devices = flow_devices_new(env, result);
		r = reader->devices ? 0 : -ENOMEM;
	}
	if (r < 0)
		return r;
	netns_count_start(env, false, &counting);
	r = bpf_begin(env, result);
	netns_count_end(&counting);
	if (r == 0)
		r = diag_ones_read(env, result);
	if (r < 0)
		return r;
	reader->n_sources = result->n_sources;
	reader->n_losses = result->n_losses;
	r = open_first(reader);
	if (env->plan.all_netns)
		return r < 0 ? r : 0;
	/* Nothing was asked for that could exist, as "time-wait" of UDP: an empty answer. So is what there was by the
	 * deadline. */
	if (r == 1 && reader->error != 0 && reader->error != -ETIME && env->bpf.row_protos == 0)
		return reader->error;
	return r < 0 ? r : 0;
}

/* What sockets and routes say of it. */
static int relate_flow(struct reader *reader, struct row *row)
{
	int r = 0;

	if (reader->env->sockets)
		r = flow_sockets_join(reader->env->sockets, row);
	if (r == 0 && reader->devices)
		r = flow_devices_join(reader->devices, row);
	return r;
}

/* What a row of one table says of those of another. */
static int relate(struct reader *reader, struct row *row)
{
	if (row->sock.proto == ESTAB_PROTO_MPTCP &&
	    reader->env->plan.protos & BIT64(ESTAB_PROTO_TCP))
		return subflows_add(&reader->subflows, &row->sock);
	if (row->sock.proto == ESTAB_PROTO_TCP)
		return subflows_mark(&reader->subflows, row);
	if (row->sock.proto == ROW_FLOW)
		return relate_flow(reader, row);
	return 0;
}

int reader_next(struct reader *reader, struct row *row)
{
	while (reader->cursor) {
		int r = reader->source->next(reader->cursor, row);

		if (r == 0)
			r = relate(reader, row);
		if (r == 0 || r == -ENOMEM || r == -ECANCELED)
			return r;
		if (r < 0)
			result_add_loss(reader->result, "rows", r == -ETIME ? "deadline" : "cut",
					row_word(tables[reader->table].proto), 1);
		reader->cursor = reader->source->close(reader->cursor);
		r = open_from(reader, reader->table + 1);
		if (r < 0)
			return r;
	}
	return 1;
}

int reader_again(struct reader *reader)
{
	int r;

	if (reader->cursor)
		reader->cursor = reader->source->close(reader->cursor);
	subflows_free(&reader->subflows);
	result_forget(reader->result, reader->n_sources, reader->n_losses);
	r = open_first(reader);
	return MIN(r, 0);
}

void reader_close(struct reader *reader)
{
	if (reader->cursor)
		reader->cursor = reader->source->close(reader->cursor);
	subflows_free(&reader->subflows);
	reader->devices = flow_devices_free(reader->devices);
	/* Its rows may be kept for long: they must not keep the namespace. */
	if (reader->env) {
		netns_list_leave(reader->env);
		if (reader->env->namespaces)
			netns_list_drop_files(reader->env->namespaces);
		reader->env->ones = diag_ones_free(reader->env->ones);
		netns_release(&reader->env->target);
		bpf_end(reader->env);
	}
}

const struct source *reader_source(size_t table, size_t index)
{
	return index < SOURCES_MAX ? tables[table].sources[index] : NULL;
}

bool reader_table(size_t index, struct source_job *ret_job)
{
	if (index >= ARRAY_SIZE(tables))
		return false;
	*ret_job = (struct source_job){
		.proto = tables[index].proto,
		.table = row_word(tables[index].proto),
		.families = tables[index].families,
		.states = reader_states(tables[index].proto),
	};
	return true;
}
