/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The cursor. Where no owner or join is asked for, rows go from the source to the caller through
 * one buffer; else they are collected when the scan is first stepped.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bpf.h"
#include "filter.h"
#include "head.h"
#include "query.h"
#include "reader.h"
#include "store.h"
#include "util.h"
#include "window.h"

struct estab_scan {
	struct env *env; /* owned reference */
	struct reader reader;
	struct row row;
	struct window window;
	struct store store;
	struct bpf_collecting *stream; /* NULL: no rows come from there, or no more */
	bool collected;
	size_t at;                  /* in the store */
	int end;                    /* 1 or a negative errno, once it ended */
	struct estab_result result; /* the last: of its end nothing is cleared */
};

int estab_scan_open(struct estab_query *query, struct estab_scan **ret_scan)
{
	struct estab_scan *scan = malloc(sizeof(*scan));
	int r;

	if (!scan)
		return -ENOMEM;
	memset(scan, 0, offsetof(struct estab_scan, result) + RESULT_CLEARED);
	r = env_new(query->ctx, query, &scan->env);
	if (r == 0) {
		store_init(&scan->store, scan->env);
		head_fill(&scan->result, scan->env);
		r = ext_builder_init(&scan->row.ext, scan->env);
	}
	if (r == 0)
		r = reader_open(&scan->reader, scan->env, &scan->result);
	if (r < 0) {
		estab_scan_close(scan);
		return r;
	}
	*ret_scan = scan;
	return 0;
}

/* Whether a dump may have said it before; rows behind flows are told apart by the number they are read as. */
static int is_repeated(struct estab_scan *scan)
{
	const struct estab_socket *sock = &scan->row.sock;

	return sock->proto > ROW_FLOW ? 0 : window_seen(&scan->window, record_identity(sock));
}

static int next_streamed(struct estab_scan *scan, const struct estab_socket **ret_socket)
{
	const struct plan *plan = &scan->env->plan;
	const struct estab_socket *sock = &scan->row.sock;
	int r;

	for (;;) {
		if (atomic_load_explicit(&scan->env->cancelled, memory_order_relaxed))
			return -ECANCELED;
		r = reader_next(&scan->reader, &scan->row);
		if (r != 0)
			return r;
		if (!plan_wants_type(plan, sock->proto, sock->type))
			continue;
		if (plan->filter && !filter_match(plan->filter, sock))
			continue;
		r = is_repeated(scan);
		if (r < 0)
			return r;
		if (r == 1)
			continue;
		*ret_socket = sock;
		return 0;
	}
}

/* Reads as far as it must before rows of the store can be handed out; or 0, and a row that needs none
 * of them. 1: the store is complete. */
static int collect(struct estab_scan *scan, const struct estab_socket **ret_socket)
{
	int r;

	if (!store_streams(&scan->env->plan, &scan->env->bpf)) {
		r = store_collect(&scan->store, &scan->reader, &scan->result);
		return r < 0 ? r : 1;
	}
	if (!scan->stream)
		scan->stream = bpf_stream_new(&scan->store, &scan->result);
	if (!scan->stream)
		return -ENOMEM;
	r = bpf_stream_next(scan->stream, ret_socket);
	if (r != 1)
		return r;
	scan->stream = bpf_stream_free(scan->stream);
	r = store_complete(&scan->store, &scan->result);
	return r < 0 ? r : 1;
}

static int next_kept(struct estab_scan *scan, const struct estab_socket **ret_socket)
{
	if (atomic_load_explicit(&scan->env->cancelled, memory_order_relaxed))
		return -ECANCELED;
	if (!scan->collected) {
		int r = collect(scan, ret_socket);

		if (r != 1)
			return r;
		reader_close(&scan->reader);
		scan->collected = true;
	}
	if (scan->at == scan->store.count)
		return 1;
	*ret_socket = store_at(&scan->store, scan->at++);
	return 0;
}

int estab_scan_next(struct estab_scan *scan, const struct estab_socket **ret_socket)
{
	if (scan->end != 0)
		return scan->end;

	int r = scan->env->plan.keep ? next_kept(scan, ret_socket)
				     : next_streamed(scan, ret_socket);

	if (r == 0)
		scan->result.count++;
	else
		scan->end = r;
	if (r != 0)
		reader_close(&scan->reader);
	return r;
}

const struct estab_result *estab_scan_result(const struct estab_scan *scan)
{
	return &scan->result;
}

void estab_scan_cancel(struct estab_scan *scan)
{
	atomic_store_explicit(&scan->env->cancelled, true, memory_order_relaxed);
}

struct estab_scan *estab_scan_close(struct estab_scan *scan)
{
	if (!scan)
		return NULL;
	scan->stream = bpf_stream_free(scan->stream);
	reader_close(&scan->reader);
	ext_builder_free(&scan->row.ext);
	window_free(&scan->window);
	store_free(&scan->store);
	result_clear(&scan->result);
	env_unref(scan->env);
	free(scan);
	return NULL;
}
