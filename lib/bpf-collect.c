/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The pass over all open files, and what it can't see: sockets that have none (time-wait, requests,
 * orphans, not accepted yet, the kernel's own) or one that no process has open (in flight, in a
 * ring). The kernel counts its sockets; the tables are walked only where the counts tell of such.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "filter.h"
#include "netns-list.h"
#include "reader.h"
#include "source.h"
#include "util.h"

enum { RESERVE_MAX = 4 << 20 };

/* The tables that can be walked through, in that order. */
enum table { TABLE_NETLINK, TABLE_UDP, TABLE_TCP, TABLES };

static const struct {
	enum estab_proto proto;
	const char *name;
} tables[TABLES] = {
	[TABLE_NETLINK] = { ESTAB_PROTO_NETLINK, "netlink" },
	[TABLE_UDP] = { ESTAB_PROTO_UDP, "udp" },
	[TABLE_TCP] = { ESTAB_PROTO_TCP, "tcp" },
};

struct bpf_collecting {
	struct store *store;
	struct estab_result *result;
	struct row_index *seen;
	struct row_index by_inode; /* rows without a cookie */
	struct bpf_holders *holders;
	struct row row;
	uint32_t netns;         /* whose table is read */
	struct netns_tally one; /* of the namespace that is read, unless all are */
	uint64_t n_rows[TABLES];
	int link_fds[TABLES]; /* of their programs; below 0: not loaded */

	bool streaming;
	bool handed;            /* the row is for the caller */
	struct row_index index; /* is "seen" then */
	struct owner_list *sole;
};

/* A TCP socket that is bound, or an unbound one of any kind, is in no table that counts. */
static void count_record(struct netns_tally *tally, const struct record *record, int proto)
{
	/* The kernel counts no netlink sockets. */
	if (proto == ESTAB_PROTO_NETLINK)
		return;
	if (proto == ESTAB_PROTO_UDP) {
		tally->met.udp++;
	} else if (record->flags & RECORD_MINISOCK) {
		tally->met.time_wait += record->state != ESTAB_STATE_SYN_RECV;
	} else if (record->state != ESTAB_STATE_UNCONNECTED) {
		tally->met.tcp++;
		tally->requests |= (record->flags & RECORD_REQUESTS) != 0;
	}
}

/* The row is complete: nobody else can turn out to hold the socket, or nobody asked who does. */
static int hand_out(struct bpf_collecting *all, const struct record *record)
{
	const struct plan *plan = &all->store->env->plan;
	struct estab_socket *sock = &all->row.sock;
	int r = 0;

	if (all->holders) {
		r = bpf_holders_take(all->holders, record, &all->sole->owners[0]);
		sock->has |= OWNERS_LOOKED;
		if (r == 0)
			sock->owners = all->sole;
		else
			sock->no_owner = (uint8_t)owner_reason(sock, true);
	}
	all->handed = !plan->filter || filter_match(plan->filter, sock);
	return MIN(r, 0);
}

static uint32_t netns_of(const struct bpf_collecting *all, const struct record *record)
{
	return record->netns != 0 ? record->netns : all->netns;
}

/* The record's namespace, which may be one that nobody knew of: made since, or kept by this socket
 * only. -ENOMEM. */
static int find_netns(struct bpf_collecting *all, const struct record *record, size_t *ret_index)
{
	const struct netns_place place = {
		.kind = PLACE_SOCKET,
		.pid = record->pid,
		.fd = record->fd,
	};
	struct netns_list *list = all->store->env->namespaces;
	size_t index = netns_list_find(list, netns_of(all, record));
	int r = 0;

	if (index == NETNS_NONE) {
		r = netns_list_add(list, netns_of(all, record), &place, &index);
		if (r == 0)
			r = netns_list_name_process(list, index, RANK_HOLDER, record->comm,
						    strnlen(record->comm, sizeof(record->comm)),
						    record->pid);
	}
	if (r == 0)
		*ret_index = index;
	return r;
}

/* Where it is counted; and that is the namespace that is read from now on, if more of it is needed than
 * the record has: the name of a device. -ENOMEM. */
static int place_record(struct bpf_collecting *all, const struct record *record,
			struct netns_tally **ret_tally)
{
	struct env *env = all->store->env;
	size_t index = 0;
	int r;

	*ret_tally = &all->one;
	if (!env->plan.all_netns)
		return 0;
	r = find_netns(all, record, &index);
	if (r == 0 && record->ifindex != 0 && env->plan.needs & NEED_IFNAME)
		r = netns_list_enter(env, index);
	if (r == -ENOMEM)
		return r;
	*ret_tally = &env->namespaces->items[index].tally;
	return 0;
}

static enum table table_of(int proto)
{
	return proto == ESTAB_PROTO_TCP   ? TABLE_TCP
	       : proto == ESTAB_PROTO_UDP ? TABLE_UDP
					  : TABLE_NETLINK;
}

static uint32_t family_bit(const struct record *record)
{
	switch (record->family) {
	case AF_INET:
		return BIT32(ESTAB_FAMILY_INET);
	case AF_INET6:
		return BIT32(ESTAB_FAMILY_INET6);
	default:
		return BIT32(ESTAB_FAMILY_NETLINK);
	}
}

/* Makes a row of a record that was not met before: its place, or ROW_NONE when it is not wanted. */
static int add_row(struct bpf_collecting *all, const struct record *record, int proto,
		   uint32_t *ret_row)
{
	const struct plan *plan = &all->store->env->plan;
	unsigned int state = bpf_record_state(record, (enum estab_proto)proto);
	uint64_t identity = bpf_record_identity(record, state == ESTAB_STATE_BOUND);
	uint32_t next = (uint32_t)all->store->count;
	bool sole = all->streaming && record->pid != 0 &&
		    (!all->holders || record->flags & RECORD_SOLE);
	struct netns_tally *tally;
	int r = place_record(all, record, &tally);

	if (r < 0)
		return r;
	if (!(plan->read_states[proto] & BIT32(state)) ||
	    !(plan->read_families & family_bit(record))) {
		next = ROW_NONE;
	} else {
		r = bpf_record_row(all->store->env, record, &all->row);
		if (r < 0)
			return r;
		all->row.sock.netns = netns_of(all, record);
		if (!store_wants(plan, &all->row.sock))
			next = ROW_NONE;
	}
	r = row_index_add(all->seen, identity, sole ? ROW_NONE : next, ret_row);
	if (r != 0)
		return r < 0 ? r : 0;
	count_record(tally, record, proto);
	*ret_row = sole ? ROW_NONE : next;
	if (next == ROW_NONE)
		return 0;
	all->n_rows[table_of(proto)]++;
	return sole ? hand_out(all, record) : store_add(all->store, &all->row);
}

/*
 * The row of a socket whose row comes from elsewhere. Meanwhile a bound socket may have become
 * another, or another only bound; a time-wait socket has the cookie of the one that made it.
 */
static uint32_t find_row(const struct bpf_collecting *all, const struct record *record)
{
	bool bound = record->state == ESTAB_STATE_UNCONNECTED;
	uint32_t row = row_index_find(all->seen, bpf_record_identity(record, bound));

	if (row == ROW_NONE)
		row = row_index_find(all->seen, bpf_record_identity(record, !bound));
	if (row == ROW_NONE && all->by_inode.n_keys > 0)
		row = row_index_find(&all->by_inode, record->inode);
	if (row != ROW_NONE && store_at(all->store, row)->has & IS_MINISOCK)
		return ROW_NONE;
	return row;
}

static int take_record(struct bpf_collecting *all, const struct record *record)
{
	uint64_t row_protos = all->store->env->bpf.row_protos;
	int proto = bpf_record_proto(record);
	uint32_t row = ROW_NONE;
	int r = 0;

	if (proto >= 0 && row_protos & BIT64(proto))
		r = add_row(all, record, proto, &row);
	else if (proto < 0)
		row = find_row(all, record);
	if (r < 0 || !all->holders || record->pid == 0)
		return r;
	if (record->protocol == IPPROTO_MPTCP && record->family != AF_UNIX)
		r = bpf_holders_add_mptcp(all->holders, record);
	if (r == 0 && row != ROW_NONE)
		r = bpf_holders_add(all->holders, row, record);
	return r;
}

/* Takes one record of an iterator, or 1: there is none left. */
static int read_one(struct bpf_collecting *all, struct bpf_reader *reader)
{
	const struct record *record;
	const struct record *next;
	int r = bpf_reader_next(reader, &record);

	if (r != 0)
		return r;
	/* A million places are in no cache: fetch one while the row before is made. */
	next = bpf_reader_peek(reader);
	if (next)
		row_index_prefetch(all->seen, bpf_record_identity(next, false));
	return take_record(all, record);
}

/* What ended a reading: 0: its end; 1: something else, which is told; -ENOMEM, -ECANCELED. */
static int tell_end(struct bpf_collecting *all, int r, const char *what, const char *detail)
{
	if (r >= 0 || r == -ENOMEM || r == -ECANCELED)
		return MIN(r, 0);
	result_add_loss(all->result, what, r == -ETIME ? "deadline" : "cut", detail, 1);
	return 1;
}

static int link_table(enum table table, uint32_t fields)
{
	switch (table) {
	case TABLE_NETLINK:
		return bpf_link_netlink();
	case TABLE_UDP:
		return bpf_link_udp(UINT32_MAX, fields);
	default:
		return bpf_link_tcp(UINT32_MAX, fields);
	}
}

/* An iterator over the table of the namespace that is read. The program is loaded but once. */
static int open_table(struct bpf_collecting *all, enum table table)
{
	int *link_fd = &all->link_fds[table];

	if (*link_fd < 0)
		*link_fd = link_table(table, bpf_fields(&all->store->env->plan));
	return *link_fd < 0 ? *link_fd : bpf_named_error(netns_iterate(all->store->env, *link_fd));
}

static uint32_t netns_that_is_read(const struct env *env)
{
	return (uint32_t)(env->plan.all_netns ? env->namespaces->items[env->netns_at].inode
					      : env->netns);
}

static void job_of(const struct plan *plan, enum table table, struct source_job *ret_job)
{
	for (size_t i = 0; reader_table(i, ret_job) && ret_job->proto != tables[table].proto; i++)
		;
	ret_job->families &= plan->read_families;
	ret_job->states &= plan->read_states[tables[table].proto];
}

static int add_dumped(struct bpf_collecting *all)
{
	uint32_t next = (uint32_t)all->store->count;
	int r;

	if (!store_wants(&all->store->env->plan, &all->row.sock))
		return 0;
	r = row_index_add(all->seen, record_identity(&all->row.sock), next, NULL);
	return r == 0 ? store_add(all->store, &all->row) : MIN(r, 0);
}

/* What has no file comes from a dump where the table's program is refused: 1; or a negative errno. */
static int dump_table(struct bpf_collecting *all, enum table table)
{
	struct source_cursor *cursor;
	struct source_job job;
	int r;

	job_of(&all->store->env->plan, table, &job);
	if (job.families == 0 || job.states == 0)
		return 1;
	r = source_diag.open(all->store->env, &job, all->result, &cursor);
	if (r == -ENOMEM || r == -ECANCELED)
		return r;
	if (r < 0) {
		result_add_loss(all->result, "rows", "unavailable", job.table, 1);
		return 1;
	}
	do {
		r = source_diag.next(cursor, &all->row);
		if (r == 0)
			r = add_dumped(all);
	} while (r == 0);
	source_diag.close(cursor);
	r = tell_end(all, r, "rows", job.table);
	return r < 0 ? r : 1;
}

/* Walks the kernel's table: 0; 1 when that did not succeed, which is told. */
static int walk_table(struct bpf_collecting *all, enum table table)
{
	int fd = open_table(all, table);
	struct bpf_reader *reader;
	int r;

	if (fd < 0) {
		result_add_source(all->result, "bpf", tables[table].name, NULL, fd);
		ctx_log(all->store->env->ctx, 6, "bpf: the walk through %s was refused: %s",
			tables[table].name, strerror(-fd));
		return dump_table(all, table);
	}
	all->netns = netns_that_is_read(all->store->env);
	reader = bpf_reader_new(all->store->env, fd);
	if (!reader)
		return -ENOMEM;
	while ((r = read_one(all, reader)) == 0)
		;
	bpf_reader_free(reader);
	return tell_end(all, r, "rows", tables[table].name);
}

/* Whether there is, or was while we read, anything that has no open file. */
static bool is_missing(const struct bpf_collecting *all, enum table table,
		       const struct netns_tally *tally, const struct sockstat *after)
{
	uint32_t states = all->store->env->plan.read_states[ESTAB_PROTO_TCP];
	const struct sockstat *before = &tally->before;
	const struct sockstat *met = &tally->met;

	/* The kernel has some of its own in each namespace. */
	if (table == TABLE_NETLINK)
		return true;
	if (table == TABLE_UDP)
		return before->udp != met->udp || after->udp != met->udp;
	if (before->tcp != met->tcp || after->tcp != met->tcp)
		return true;
	if (states & BIT32(ESTAB_STATE_SYN_RECV) && tally->requests)
		return true;
	return states & (BIT32(ESTAB_STATE_TIME_WAIT) | BIT32(ESTAB_STATE_FIN_WAIT_2)) &&
	       (before->time_wait != 0 || after->time_wait != 0);
}

/* The protocols whose tables are to be walked through; after: NULL when that is not known. */
static uint64_t missing_protos(const struct bpf_collecting *all, const struct netns_tally *tally,
			       const struct sockstat *after)
{
	uint64_t missing = all->store->env->bpf.row_protos;

	for (size_t i = 0; tally->counted && after && i < TABLES; i++)
		if (!is_missing(all, (enum table)i, tally, after))
			missing &= ~BIT64(tables[i].proto);
	return missing;
}

/* Those of the namespace that is read: 0; 1 when some are lost. */
static int walk_tables(struct bpf_collecting *all, uint64_t protos)
{
	int status = 0;

	for (size_t i = 0; status >= 0 && i < TABLES; i++) {
		int r = protos & BIT64(tables[i].proto) ? walk_table(all, (enum table)i) : 0;

		status = r < 0 ? r : status | r;
	}
	return status;
}

/* The rows of the protocols that come from here. */
static int walk_missing(struct bpf_collecting *all, const struct netns_tally *tally)
{
	struct sockstat after;
	bool known = sockstat_read(all->store->env, &after);

	return walk_tables(all, missing_protos(all, tally, known ? &after : NULL));
}

/* The same in one of many namespaces, which is only entered if need be. */
static int walk_missing_in(struct bpf_collecting *all, size_t index)
{
	struct env *env = all->store->env;
	const struct netns_item *item = &env->namespaces->items[index];
	struct sockstat after;
	uint64_t protos;
	int r;

	if (item->unwanted)
		return 0;
	result_set_netns(all->result, item->inode, item->name);
	r = netns_list_count(env, index, &after);
	if (r >= 0) {
		protos = missing_protos(all, &item->tally, r == 0 ? &after : NULL);
		if (protos == 0)
			return 0;
		r = netns_list_enter(env, index);
		if (r == 0)
			r = walk_tables(all, protos);
		else if (r != -ENOMEM && r != -ECANCELED && !item->lost)
			result_add_loss(all->result, "namespace", reader_loss_reason(r), NULL, 1);
	}
	/* What the reader met it has told. */
	return r < 0 && r != -ENOMEM && r != -ECANCELED ? 1 : r;
}

/* In each namespace. */
static int walk_all_missing(struct bpf_collecting *all)
{
	struct env *env = all->store->env;
	struct netns_counting counting;
	int status = 0;

	if (!env->plan.all_netns)
		return walk_missing(all, &all->one);
	netns_count_start(env, true, &counting);
	netns_count_end(&counting);
	/* There may be more by then than there were. */
	for (size_t i = 0; status >= 0 && i < env->namespaces->n; i++) {
		int r = walk_missing_in(all, i);

		status = r < 0 ? r : status | r;
	}
	result_leave_netns(all->result);
	netns_list_leave(env);
	return status;
}

/* What procfs had to serve has no cookie. */
static int index_inodes(struct bpf_collecting *all)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < all->store->count; i++) {
		const struct estab_socket *sock = store_at(all->store, i);

		if (!(sock->has & HAS_COOKIE) && sock->inode != 0)
			r = row_index_add(&all->by_inode, sock->inode, (uint32_t)i, NULL);
	}
	return MIN(r, 0);
}

/* How many rows there may be, as the kernel counted them; in all namespaces the reader did that. */
static uint64_t guess_rows(struct bpf_collecting *all)
{
	const struct env *env = all->store->env;
	uint64_t n = 0;

	if (!env->plan.all_netns) {
		all->one.counted = sockstat_read(env, &all->one.before);
		return all->one.before.tcp + all->one.before.udp;
	}
	for (size_t i = 0; i < env->namespaces->n; i++)
		n += env->namespaces->items[i].tally.before.tcp +
		     env->namespaces->items[i].tally.before.udp;
	return n;
}

static int begin(struct bpf_collecting *all)
{
	const struct env *env = all->store->env;
	int r = ext_builder_init(&all->row.ext, all->store->env);

	if (r == 0 && env->plan.needs & NEED_OWNERS) {
		all->holders = bpf_holders_new(all->store);
		r = all->holders ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = index_inodes(all);
	if (r < 0 || !env->bpf.row_protos)
		return r;
	/* A guess that is wrong costs time or memory, and no more. */
	return row_index_reserve(all->seen, MIN(guess_rows(all), (uint64_t)RESERVE_MAX));
}

/* What the pass over the files left: cut is how that ended. */
static int read_rest(struct bpf_collecting *all, int cut)
{
	const struct env *env = all->store->env;
	int r = 0;

	if (cut < 0 || !env->bpf.row_protos)
		return cut;
	if (cut == 0)
		r = walk_all_missing(all);
	if (r < 0)
		return r;
	/* Dumps of other tables may have lost some. */
	if (cut == 0 && r == 0 && env->plan.protos == env->bpf.row_protos)
		all->result->exact = true;
	for (size_t i = 0; i < TABLES; i++)
		if (env->bpf.row_protos & BIT64(tables[i].proto))
			result_add_source(all->result, "bpf", tables[i].name, NULL, 0)->rows =
				all->n_rows[i];
	return cut;
}

/* How the pass over the files ended, and for whom. */
static int tell_files_end(struct bpf_collecting *all, int r)
{
	uint64_t row_protos = all->store->env->bpf.row_protos;
	int cut = MIN(r, 0);

	if (all->holders)
		cut = tell_end(all, r, "owners", NULL);
	for (size_t i = 0; i < TABLES; i++)
		if (row_protos & BIT64(tables[i].proto))
			cut = tell_end(all, r, "rows", tables[i].name);
	return cut;
}

/* Behind the last record, or an error: the store's rows get what they lack. */
static int finish(struct bpf_collecting *all, int r)
{
	r = read_rest(all, tell_files_end(all, r));
	if (r >= 0 && all->holders) {
		int64_t n = bpf_holders_finish(all->holders, all->result, r == 1);

		r = (int)MIN(n, 0);
		if (n >= 0)
			result_add_source(all->result, "bpf", "owners", NULL, 0)->rows =
				(uint64_t)n;
	}
	return MIN(r, 0);
}

static void clear(struct bpf_collecting *all)
{
	for (size_t i = 0; i < ARRAY_SIZE(all->link_fds); i++)
		if (all->link_fds[i] >= 0)
			close(all->link_fds[i]);
	bpf_holders_free(all->holders);
	row_index_free(&all->by_inode);
	row_index_free(&all->index);
	ext_builder_free(&all->row.ext);
	free(all->sole);
	bpf_end(all->store->env);
}

int bpf_collect(struct store *store, struct row_index *seen, struct estab_result *result)
{
	struct bpf_collecting all = {
		.store = store,
		.result = result,
		.seen = seen,
		.link_fds = { -1, -1, -1 },
	};
	int r = begin(&all);

	if (r == 0) {
		while ((r = read_one(&all, store->env->bpf.files)) == 0)
			;
		r = finish(&all, r);
	}
	clear(&all);
	return r;
}

struct bpf_collecting *bpf_stream_new(struct store *store, struct estab_result *result)
{
	struct bpf_collecting *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	*all = (struct bpf_collecting){
		.store = store,
		.result = result,
		.seen = &all->index,
		.link_fds = { -1, -1, -1 },
		.streaming = true,
		.sole = calloc(1, sizeof(*all->sole) + sizeof(all->sole->owners[0])),
	};
	if (!all->sole || begin(all) < 0)
		return bpf_stream_free(all);
	all->sole->count = 1;
	return all;
}

int bpf_stream_next(struct bpf_collecting *all, const struct estab_socket **ret_socket)
{
	int r;

	all->handed = false;
	while ((r = read_one(all, all->store->env->bpf.files)) == 0 && !all->handed)
		;
	if (r == 0) {
		*ret_socket = &all->row.sock;
		return 0;
	}
	r = finish(all, r);
	return r < 0 ? r : 1;
}

struct bpf_collecting *bpf_stream_free(struct bpf_collecting *all)
{
	if (all) {
		clear(all);
		free(all);
	}
	return NULL;
}
