/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * A dump of TCP walks through the connections of all network namespaces, in each of them. Where many are read, and
 * what is asked for is known to sock_diag alone, one pass of BPF over all open files tells which sockets the small
 * ones have, and each is asked for by itself.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "diag.h"
#include "netns-list.h"
#include "util.h"

enum {
	NAMESPACES_MIN = 8, /* of fewer, a dump in each is as good as loading a program */
	SOCKETS_MAX = 128,  /* of a namespace: asking for more takes as long as a dump */
};

struct diag_one {
	uint64_t cookie;
	uint8_t local[16];
	uint8_t peer[16];
	uint32_t netns;
	uint32_t ifindex;
	uint16_t local_port; /* network order */
	uint16_t peer_port;
	uint8_t family; /* AF_… */
	uint8_t state;  /* enum estab_state */
	bool requests;  /* a listener that has any */
};

/* By namespace. */
struct diag_ones {
	struct diag_one *list;
	size_t n;
	size_t room;
};

struct diag_ones *diag_ones_free(struct diag_ones *ones)
{
	if (ones) {
		free(ones->list);
		free(ones);
	}
	return NULL;
}

void diag_answers_free(struct diag_answers *answers)
{
	free(answers->data);
	*answers = (struct diag_answers){ 0 };
}

static bool is_small(const struct netns_item *item)
{
	return !item->unwanted && item->tally.counted && item->tally.before.tcp > 0 &&
	       item->tally.before.tcp <= SOCKETS_MAX;
}

/* Whether as many dumps would be made that it pays; those of listeners alone are quick. */
static bool pays(const struct env *env)
{
	const struct plan *plan = &env->plan;
	uint32_t states = plan->read_states[ESTAB_PROTO_TCP];
	size_t n = 0;

	if (!plan->all_netns || plan->source || !(plan->protos & BIT64(ESTAB_PROTO_TCP)) ||
	    env->bpf.row_protos & BIT64(ESTAB_PROTO_TCP) ||
	    !(states & ~(BIT32(ESTAB_STATE_LISTEN) | BIT32(ESTAB_STATE_UNCONNECTED))))
		return false;
	for (size_t i = 0; i < env->namespaces->n; i++)
		n += is_small(&env->namespaces->items[i]);
	return n >= NAMESPACES_MIN && bpf_check(env) == 0;
}

static int add(struct diag_ones *ones, const struct record *record)
{
	struct diag_one *one;

	if (ones->n == ones->room) {
		size_t room = MAX(ones->room * 2, (size_t)256);
		struct diag_one *list = reallocarray(ones->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		ones->list = list;
		ones->room = room;
	}
	one = &ones->list[ones->n++];
	*one = (struct diag_one){
		.cookie = record->cookie,
		.netns = record->netns,
		.ifindex = record->ifindex,
		.local_port = record->local_port,
		.peer_port = record->peer_port,
		.family = (uint8_t)record->family,
		.state = (uint8_t)bpf_record_state(record, ESTAB_PROTO_TCP),
		.requests = record->flags & RECORD_REQUESTS,
	};
	memcpy(one->local, record->local, sizeof(one->local));
	memcpy(one->peer, record->peer, sizeof(one->peer));
	return 0;
}

static int take_records(const struct env *env, struct bpf_reader *reader, struct diag_ones *ones)
{
	const struct record *record;
	int r;

	while ((r = bpf_reader_next(reader, &record)) == 0) {
		size_t index = netns_list_find(env->namespaces, record->netns);

		if (bpf_record_proto(record) != ESTAB_PROTO_TCP || index == NETNS_NONE ||
		    !is_small(&env->namespaces->items[index]))
			continue;
		r = add(ones, record);
		if (r < 0)
			return r;
	}
	return MIN(r, 0);
}

static int compare(const void *left, const void *right)
{
	const struct diag_one *a = left;
	const struct diag_one *b = right;

	if (a->netns != b->netns)
		return a->netns < b->netns ? -1 : 1;
	return (a->cookie > b->cookie) - (a->cookie < b->cookie);
}

/* A socket comes once for each descriptor. */
static void sort(struct diag_ones *ones)
{
	size_t kept = 0;

	if (ones->n > 0)
		qsort(ones->list, ones->n, sizeof(*ones->list), compare);
	for (size_t i = 0; i < ones->n; i++)
		if (kept == 0 || compare(&ones->list[kept - 1], &ones->list[i]) != 0)
			ones->list[kept++] = ones->list[i];
	ones->n = kept;
}

int diag_ones_read(struct env *env, struct estab_result *result)
{
	struct bpf_files_config config = { .wanted = WANT_TCP, .tcp_states = UINT32_MAX };
	struct bpf_reader *reader;
	struct diag_ones *ones;
	int fd, r;

	if (!pays(env))
		return 0;
	config.nested = bpf_is_nested(env);
	fd = bpf_open_files(&config);
	reader = fd < 0 ? NULL : bpf_reader_new(env, fd);
	ones = calloc(1, sizeof(*ones));
	if (!ones || (fd >= 0 && !reader)) {
		bpf_reader_free(reader);
		diag_ones_free(ones);
		return -ENOMEM;
	}
	r = fd < 0 ? fd : take_records(env, reader, ones);
	bpf_reader_free(reader);
	sort(ones);
	result_add_source(result, "bpf", "sockets", NULL, r)->rows = ones->n;
	/* Dumps serve as well. */
	if (r < 0) {
		diag_ones_free(ones);
		return r == -ENOMEM || r == -ECANCELED ? r : 0;
	}
	env->ones = ones;
	return 0;
}

static size_t first_of(const struct diag_ones *ones, uint64_t netns)
{
	size_t low = 0;
	size_t high = ones->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ones->list[middle].netns < netns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether there may be sockets that the pass could not see, or that can't be asked for. */
static bool is_short(const struct netns_tally *tally, const struct diag_one *list, size_t n,
		     uint32_t states)
{
	uint64_t in_tables = 0;

	if (states & (BIT32(ESTAB_STATE_TIME_WAIT) | BIT32(ESTAB_STATE_FIN_WAIT_2)) &&
	    tally->before.time_wait != 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (list[i].state == ESTAB_STATE_BOUND) {
			if (states & BIT32(ESTAB_STATE_BOUND))
				return true;
			continue;
		}
		in_tables += list[i].state != ESTAB_STATE_UNCONNECTED;
		if (list[i].requests && states & BIT32(ESTAB_STATE_SYN_RECV))
			return true;
	}
	return in_tables != tally->before.tcp;
}

static int keep(struct diag_answers *answers, const struct nlmsghdr *message)
{
	size_t length = NLMSG_ALIGN((size_t)message->nlmsg_len);

	if (answers->room - answers->used < length) {
		size_t room = MAX(answers->room * 2, answers->used + length);
		uint8_t *data = realloc(answers->data, room);

		if (!data)
			return -ENOMEM;
		answers->data = data;
		answers->room = room;
	}
	memset(answers->data + answers->used, 0, length);
	memcpy(answers->data + answers->used, message, message->nlmsg_len);
	answers->used += length;
	return 0;
}

/* 0, with what the kernel says of it; -ENOENT, -ESTALE: it is not there any more, or hides behind another. */
static int ask(const struct diag_reading *reading, struct nl *nl, const char *table,
	       const struct diag_one *one, struct diag_answers *answers)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[DIAG_REQUEST_ROOM];
	struct nlmsghdr *request = diag_inet_request(reading, one->family, buffer);
	struct inet_diag_req_v2 *body = mnl_nlmsg_get_payload(request);
	const struct nlmsghdr *message;
	int r;

	request->nlmsg_flags = NLM_F_REQUEST;
	body->id.idiag_sport = one->local_port;
	body->id.idiag_dport = one->peer_port;
	memcpy(body->id.idiag_src, one->local, sizeof(one->local));
	memcpy(body->id.idiag_dst, one->peer, sizeof(one->peer));
	body->id.idiag_if = one->ifindex;
	body->id.idiag_cookie[0] = (uint32_t)one->cookie;
	body->id.idiag_cookie[1] = (uint32_t)(one->cookie >> 32);
	r = nl_dump_start(nl, request, table);
	if (r == 0)
		r = nl_dump_next(nl, &message);
	if (r == NL_MESSAGE)
		return keep(answers, message);
	return r < 0 ? r : -ENOENT;
}

/* What is bound only is in no table where it could be looked up. */
static bool is_wanted(const struct diag_reading *reading, const struct diag_one *one)
{
	uint32_t family = one->family == AF_INET ? ESTAB_FAMILY_INET : ESTAB_FAMILY_INET6;

	return one->state != ESTAB_STATE_UNCONNECTED && one->state != ESTAB_STATE_BOUND &&
	       reading->states & BIT32(one->state) &&
	       reading->env->plan.read_families & BIT32(family);
}

int diag_ones_ask(const struct diag_reading *reading, struct nl *nl, const char *table,
		  struct diag_answers *answers)
{
	const struct env *env = reading->env;
	const struct netns_item *item;
	size_t first, n = 0;

	if (!env->ones || reading->proto != ESTAB_PROTO_TCP)
		return 1;
	item = &env->namespaces->items[env->netns_at];
	first = first_of(env->ones, item->inode);
	while (first + n < env->ones->n && env->ones->list[first + n].netns == item->inode)
		n++;
	if (!is_small(item) || is_short(&item->tally, &env->ones->list[first], n, reading->states))
		return 1;
	for (size_t i = 0; i < n; i++) {
		const struct diag_one *one = &env->ones->list[first + i];
		int r;

		if (!is_wanted(reading, one))
			continue;
		r = ask(reading, nl, table, one, answers);
		if (r == -ENOMEM || r == -ECANCELED)
			return r;
		/* They are changing: a dump finds what there is now. */
		if (r < 0) {
			answers->used = 0;
			return 1;
		}
	}
	return 0;
}

bool diag_answers_next(struct diag_answers *answers, const struct nlmsghdr **ret_message)
{
	const struct nlmsghdr *message = (const void *)(answers->data + answers->at);

	if (answers->at == answers->used)
		return false;
	answers->at += NLMSG_ALIGN((size_t)message->nlmsg_len);
	*ret_message = message;
	return true;
}
