/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "query.h"

#include <errno.h>
#include <string.h>

#include "field.h"
#include "filter.h"
#include "netns.h"
#include "source.h"
#include "subject.h"
#include "util.h"

/* What a query is for when nobody says otherwise. */
#define DEFAULT_PROTOS                                                              \
	(BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_UDP) | BIT64(ESTAB_PROTO_RAW) | \
	 BIT64(ESTAB_PROTO_UNIX))
#define KNOWN_PROTOS (BIT64(ESTAB_PROTO_IPX + 1) - 1)
#define KNOWN_FAMILIES (BIT32(ESTAB_FAMILY_IPX + 1) - 1)
#define KNOWN_TYPES (BIT32(ESTAB_TYPE_RAW + 1) - 1)

int estab_query_new(struct estab_ctx *ctx, struct estab_query **ret_query)
{
	struct estab_query *query = calloc(1, sizeof(*query));

	if (!query)
		return -ENOMEM;
	query->ctx = estab_ctx_ref(ctx);
	query->subject = subject_find(ESTAB_SUBJECT_SOCKETS);
	query->protos = DEFAULT_PROTOS;
	query->families = KNOWN_FAMILIES;
	query->types = KNOWN_TYPES;
	query->states = ESTAB_STATES_ALL;
	*ret_query = query;
	return 0;
}

struct estab_query *estab_query_unref(struct estab_query *query)
{
	if (!query)
		return NULL;
	filter_unref(query->filter);
	free(query->netns);
	estab_ctx_unref(query->ctx);
	free(query);
	return NULL;
}

static bool is_about_sockets(const struct estab_query *query)
{
	return query->subject->id == ESTAB_SUBJECT_SOCKETS;
}

int estab_query_set_subject(struct estab_query *query, enum estab_subject subject)
{
	const struct row_subject *found = subject_find(subject);

	if (!found)
		return -EINVAL;
	query->subject = found;
	query->protos = is_about_sockets(query) ? DEFAULT_PROTOS : found->rows;
	query->states = is_about_sockets(query) ? ESTAB_STATES_ALL : STATES_NONE;
	return 0;
}

int estab_query_set_protos(struct estab_query *query, uint64_t protos)
{
	if (!is_about_sockets(query) || protos == 0 || protos & ~KNOWN_PROTOS)
		return -EINVAL;
	query->protos = protos;
	return 0;
}

int estab_query_set_families(struct estab_query *query, uint32_t families)
{
	if (families == 0 || families & ~KNOWN_FAMILIES)
		return -EINVAL;
	query->families = families;
	return 0;
}

int estab_query_set_types(struct estab_query *query, uint32_t types)
{
	if (!is_about_sockets(query) || types == 0 || types & ~KNOWN_TYPES)
		return -EINVAL;
	query->types = types;
	return 0;
}

int estab_query_set_proto_types(struct estab_query *query, enum estab_proto proto, uint32_t types)
{
	if (!is_about_sockets(query) || (size_t)proto > ESTAB_PROTO_IPX || types == 0 ||
	    types & ~KNOWN_TYPES)
		return -EINVAL;
	query->proto_types[proto] = types;
	return 0;
}

int estab_query_set_states(struct estab_query *query, uint32_t states)
{
	if (!is_about_sockets(query) || states == 0 || states & ~ESTAB_STATES_ALL)
		return -EINVAL;
	query->states = states;
	return 0;
}

int estab_query_set_proto_states(struct estab_query *query, enum estab_proto proto, uint32_t states)
{
	if (!is_about_sockets(query) || (size_t)proto > ESTAB_PROTO_IPX || states == 0 ||
	    states & ~ESTAB_STATES_ALL)
		return -EINVAL;
	query->proto_states[proto] = states;
	return 0;
}

/* NULL: the query's rows have no such field. */
static const struct field *field_of(const struct estab_query *query, enum estab_field id)
{
	const struct field *field = field_find(id);

	return field && field->protos & query->subject->rows ? field : NULL;
}

static void set_field(struct estab_query *query, enum estab_field id)
{
	query->fields[id / 64] |= BIT64(id % 64);
}

int estab_query_add_field(struct estab_query *query, enum estab_field id)
{
	const struct field *field = field_of(query, id);

	if (!field)
		return -EINVAL;
	query->fields_set = true;
	set_field(query, id);
	if (field->kind != ESTAB_KIND_GROUP)
		return 0;
	for (const struct field *other = field_after(NULL); other; other = field_after(other))
		if (field_in_group(other, field) && other->protos & query->subject->rows)
			set_field(query, other->id);
	return 0;
}

int estab_query_add_sort(struct estab_query *query, enum estab_field id, int descending)
{
	const struct field *field = field_of(query, id);

	if (!field ||
	    (field->kind == ESTAB_KIND_GROUP && id != ESTAB_F_LOCAL && id != ESTAB_F_PEER))
		return -EINVAL;
	if (query->n_sort == PLAN_SORT_MAX)
		return -E2BIG;
	query->sort[query->n_sort++] = (struct plan_sort){ id, descending != 0 };
	return 0;
}

/* Where there is only one family, an end is of that one without saying so. */
static uint32_t filter_flags(const struct estab_query *query)
{
	switch (query->protos) {
	case BIT64(ESTAB_PROTO_UNIX):
		return ESTAB_FILTER_UNIX;
	case BIT64(ESTAB_PROTO_NETLINK):
		return ESTAB_FILTER_NETLINK;
	case BIT64(ESTAB_PROTO_PACKET):
		return ESTAB_FILTER_PACKET;
	default:
		return 0;
	}
}

int estab_query_set_filter(struct estab_query *query, const char *expression, size_t *ret_position,
			   char **ret_message)
{
	struct estab_filter *filter = NULL;

	if (expression && *expression != '\0') {
		int r = filter_parse(expression, query->subject, filter_flags(query), &filter,
				     ret_position, ret_message);

		if (r < 0)
			return r;
	}
	filter_unref(query->filter);
	query->filter = filter;
	return 0;
}

int estab_query_attach_filter(struct estab_query *query, struct estab_filter *filter)
{
	if (filter && filter_subject(filter) != query->subject)
		return -EINVAL;
	if (filter)
		filter_ref(filter);
	filter_unref(query->filter);
	query->filter = filter;
	return 0;
}

uint64_t estab_query_filter_protos(const struct estab_query *query)
{
	uint64_t protos = KNOWN_PROTOS;
	uint32_t families = KNOWN_FAMILIES;
	uint32_t states[PLAN_PROTOS];

	for (size_t i = 0; i < PLAN_PROTOS; i++)
		states[i] = ESTAB_STATES_ALL;
	if (query->filter)
		filter_narrow(query->filter, &protos, &families, states);
	return protos;
}

int estab_query_filter_names_state(const struct estab_query *query, enum estab_state state)
{
	return query->filter && filter_names_state(query->filter, state);
}

int estab_query_set_pushdown(struct estab_query *query, int on)
{
	query->no_pushdown = !on;
	return 0;
}

int estab_query_needs_owners(const struct estab_query *query)
{
	struct plan plan;
	bool needs;

	plan_make(query, &plan);
	needs = (plan.needs | plan.socket_needs) & NEED_OWNERS;
	plan_free(&plan);
	return needs;
}

int estab_query_set_consistent(struct estab_query *query, int on)
{
	query->consistent = on;
	return 0;
}

int estab_query_set_deadline_ms(struct estab_query *query, uint32_t ms)
{
	query->deadline_ms = ms;
	return 0;
}

int estab_query_set_source(struct estab_query *query, const char *name)
{
	static const struct source *const sources[] = { &source_diag, &source_procfs,
							&source_ctnetlink, &source_rtnetlink };

	if (strcmp(name, "auto") == 0 || strcmp(name, "bpf") == 0) {
		query->source = NULL;
		query->only_bpf = *name == 'b';
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (strcmp(sources[i]->name, name) == 0) {
			query->source = sources[i]->name;
			query->only_bpf = false;
			return 0;
		}
	}
	return -EINVAL;
}

int estab_query_set_netns(struct estab_query *query, const char *name)
{
	char *copy = NULL;

	if (name) {
		struct netns netns;
		int r = netns_find(query->ctx, name, &netns);

		if (r < 0)
			return r;
		/* To be found again when reading begins: meanwhile it may go as it likes. */
		netns_release(&netns);
		copy = strdup(name);
		if (!copy)
			return -ENOMEM;
	}
	free(query->netns);
	query->netns = copy;
	query->all_netns = false;
	return 0;
}

int estab_query_set_all_netns(struct estab_query *query, int on)
{
	if (on) {
		free(query->netns);
		query->netns = NULL;
	}
	query->all_netns = on != 0;
	return 0;
}
