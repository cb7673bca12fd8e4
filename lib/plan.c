/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "plan.h"

#include <string.h>

#include "field.h"
#include "filter.h"
#include "query.h"
#include "util.h"

/* The keys of a JSON socket when no field was asked for: frozen for schema 1, estab-json(5). */
static const enum estab_field default_fields[] = {
	ESTAB_F_PROTO,         ESTAB_F_FAMILY,         ESTAB_F_TYPE,
	ESTAB_F_STATE,         ESTAB_F_RECV_Q,         ESTAB_F_SEND_Q,
	ESTAB_F_BACKLOG,       ESTAB_F_BACKLOG_LIMIT,  ESTAB_F_LOCAL,
	ESTAB_F_LOCAL_ADDR,    ESTAB_F_LOCAL_PORT,     ESTAB_F_LOCAL_SCOPE,
	ESTAB_F_LOCAL_PATH,    ESTAB_F_LOCAL_ABSTRACT, ESTAB_F_PEER,
	ESTAB_F_PEER_ADDR,     ESTAB_F_PEER_PORT,      ESTAB_F_PEER_SCOPE,
	ESTAB_F_PEER_INODE,    ESTAB_F_INTERFACE,      ESTAB_F_UID,
	ESTAB_F_INODE,         ESTAB_F_COOKIE,         ESTAB_F_NETNS,
	ESTAB_F_LOCAL_NAME,    ESTAB_F_PEER_NAME,      ESTAB_F_PROTOCOL,
	ESTAB_F_PROTOCOL_NAME, ESTAB_F_NETLINK_PORTID, ESTAB_F_NETLINK_GROUPS,
};

bool plan_is_default(enum estab_field field)
{
	for (size_t i = 0; i < ARRAY_SIZE(default_fields); i++)
		if (default_fields[i] == field)
			return true;
	return false;
}

static void plan_fields(const struct estab_query *query, struct plan *plan)
{
	if (query->fields_set) {
		memcpy(plan->fields, query->fields, sizeof(plan->fields));
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(default_fields); i++)
			plan->fields[default_fields[i] / 64] |= BIT64(default_fields[i] % 64);
	}
	for (const struct field *field = field_after(NULL); field; field = field_after(field)) {
		if (!plan_has_field(plan, field->id))
			continue;
		plan->asked[plan->n_asked++] = field;
		plan->needs |= field->needs;
	}
}

void plan_make(const struct estab_query *query, struct plan *ret_plan)
{
	struct plan plan = {
		.protos = query->protos,
		.families = query->families,
		.source = query->only_bpf ? NULL : query->source,
		.only_bpf = query->only_bpf,
		.deadline_ms = query->deadline_ms,
		.n_sort = query->n_sort,
		.pushdown = !query->no_pushdown,
		.filter = query->filter ? filter_ref(query->filter) : NULL,
		.needs = query->more_needs,
	};

	memcpy(plan.sort, query->sort, sizeof(plan.sort));
	for (size_t i = 0; i < PLAN_PROTOS; i++) {
		plan.states[i] = query->proto_states[i] ? query->proto_states[i] : query->states;
		plan.types[i] = query->proto_types[i] ? query->proto_types[i] : query->types;
	}
	plan_fields(query, &plan);
	for (size_t i = 0; i < plan.n_sort; i++)
		plan.needs |= field_find(plan.sort[i].field)->needs;
	if (plan.filter) {
		/* A state word takes the place of the states that the query would have. */
		for (size_t i = 0; i < PLAN_PROTOS; i++)
			plan.states[i] = filter_states(plan.filter, plan.states[i]);
		filter_narrow(plan.filter, &plan.protos, &plan.families, plan.states);
		plan.needs |= filter_needs(plan.filter, plan.protos);
	}
	/* "peer" names a join that only unix sockets know: others must not be kept for it. */
	if (!(plan.protos & BIT64(ESTAB_PROTO_UNIX)))
		plan.needs &= ~NEED_UNIX_PEER_PATH;
	plan.keep = plan.needs & (NEED_OWNERS | NEED_UNIX_PEER_PATH);
	/* The join finds a peer by the inode that names it. */
	if (plan.needs & NEED_UNIX_PEER_PATH)
		plan.needs |= NEED_UNIX_NAME | NEED_UNIX_PEER;
	*ret_plan = plan;
}

void plan_free(struct plan *plan)
{
	plan->filter = filter_unref(plan->filter);
}
