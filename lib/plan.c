/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "plan.h"

#include <string.h>

#include "field.h"
#include "filter.h"
#include "query.h"
#include "util.h"

static void plan_fields(const struct estab_query *query, struct plan *plan)
{
	if (query->fields_set) {
		memcpy(plan->fields, query->fields, sizeof(plan->fields));
	} else {
		for (size_t i = 0; i < plan->subject->n_defaults; i++) {
			enum estab_field id = plan->subject->defaults[i];

			plan->fields[id / 64] |= BIT64(id % 64);
		}
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
		.subject = query->subject,
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
