/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What is asked. The plan is made from it when a scan begins. */
#ifndef ESTAB_QUERY_H
#define ESTAB_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "ctx.h"
#include "plan.h"

struct estab_query {
	struct estab_ctx *ctx; /* owned reference */
	const struct row_subject *subject;
	uint64_t protos;
	uint32_t families;
	uint32_t types;
	uint32_t states;
	uint32_t proto_states[PLAN_PROTOS]; /* 0: as all */
	uint32_t proto_types[PLAN_PROTOS];  /* 0: as all */
	const char *source;                 /* static text; NULL: whichever serves */
	bool only_bpf;
	bool consistent;
	uint32_t deadline_ms;
	bool fields_set;
	uint64_t fields[PLAN_FIELDS_MAX / 64];
	size_t n_sort;
	struct plan_sort sort[PLAN_SORT_MAX];
	struct estab_filter *filter; /* owned reference */
	bool no_pushdown;
	char *netns;         /* NULL: the caller's own */
	uint64_t more_needs; /* NEED_… that no field names: what closing a socket takes */
	bool all_netns;
	bool events; /* rows are events: their usual fields have that, and the time, too */
};

#endif
