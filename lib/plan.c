/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "plan.h"

#include <stddef.h>
#include <string.h>

#include "field.h"
#include "filter.h"
#include "query.h"
#include "util.h"

static void plan_key(struct plan *plan, size_t index)
{
	const char *name = plan->asked[index]->name;
	const char *dot = strrchr(name, '.');
	const struct plan_key *last = index > 0 ? &plan->keys[index - 1] : NULL;
	struct plan_key *key = &plan->keys[index];

	key->at = (uint8_t)(dot ? dot + 1 - name : 0);
	key->length = (uint8_t)strlen(name + key->at);
	if (key->at == 0)
		key->object = 0;
	else if (last && last->at == key->at &&
		 memcmp(plan->asked[index - 1]->name, name, key->at) == 0)
		key->object = last->object;
	else
		key->object = (uint16_t)(index + 1);
}

static void plan_group(struct plan *plan, const struct field *group)
{
	if (group->kind == ESTAB_KIND_GROUP && plan->n_groups < PLAN_GROUPS_MAX)
		plan->groups[plan->n_groups++] =
			(struct plan_group){ group, field_group_end(group) };
}

static void plan_fields(const struct estab_query *query, struct plan *plan)
{
	static const enum estab_field of_events[] = { ESTAB_F_EVENT, ESTAB_F_TIME };

	if (query->fields_set) {
		memcpy(plan->fields, query->fields, sizeof(plan->fields));
	} else {
		for (size_t i = 0; i < plan->subject->n_defaults; i++) {
			enum estab_field id = plan->subject->defaults[i];

			plan->fields[id / 64] |= BIT64(id % 64);
		}
		for (size_t i = 0; query->events && i < ARRAY_SIZE(of_events); i++)
			plan->fields[of_events[i] / 64] |= BIT64(of_events[i] % 64);
	}
	for (const struct field *field = field_after(NULL); field; field = field_after(field)) {
		if (!plan_has_field(plan, field->id))
			continue;
		plan->asked[plan->n_asked++] = field;
		plan_key(plan, plan->n_asked - 1);
		plan_group(plan, field);
		plan->needs |= field->needs;
	}
}

#define TCPS (BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_MPTCP))
#define UDPS (BIT64(ESTAB_PROTO_UDP) | BIT64(ESTAB_PROTO_UDPLITE))
#define INET_FAMILIES (BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6))

/* The states of rows that the other end, or what let a connection in, may be in. */
static uint32_t states_of_others(uint64_t needs, uint64_t proto)
{
	uint32_t listening =
		proto & UDPS ? BIT32(ESTAB_STATE_UNCONNECTED) : BIT32(ESTAB_STATE_LISTEN);

	/* What is not connected any more has no owner, and may be in great numbers. */
	if (needs & NEED_PEER_SOCKET && proto & TCPS)
		return ESTAB_STATES_ALL &
		       ~(BIT32(ESTAB_STATE_TIME_WAIT) | BIT32(ESTAB_STATE_UNCONNECTED) |
			 BIT32(ESTAB_STATE_BOUND));
	if (needs & NEED_PEER_SOCKET && proto & (UDPS | BIT64(ESTAB_PROTO_UNIX)))
		return ESTAB_STATES_ALL;
	if (needs & NEED_DIRECTION && proto & (TCPS | UDPS))
		return listening;
	if (needs & NEED_LISTENER && proto & (TCPS | BIT64(ESTAB_PROTO_UNIX)))
		return listening;
	return 0;
}

/* Joins look at rows that are not wanted. */
static void plan_reading(struct plan *plan)
{
	uint64_t joined = TCPS | UDPS | BIT64(ESTAB_PROTO_UNIX);
	bool unix_rows = plan->protos & BIT64(ESTAB_PROTO_UNIX);

	if (!(plan->protos & joined))
		plan->needs &= ~NEED_ENDS;
	plan->read_families = plan->families;
	memcpy(plan->read_states, plan->states, sizeof(plan->read_states));
	for (unsigned int proto = 0; proto < PLAN_PROTOS; proto++)
		if (plan->protos & BIT64(proto) && plan->states[proto] != 0)
			plan->read_states[proto] |= states_of_others(plan->needs, BIT64(proto));
	/* The other end may be in any state. */
	if (plan->needs & NEED_UNIX_PEER_PATH && plan->states[ESTAB_PROTO_UNIX] != 0)
		plan->read_states[ESTAB_PROTO_UNIX] = ESTAB_STATES_ALL;
	if (!(plan->needs & NEED_ENDS))
		return;
	/* An IPv4 client may have an IPv6 server. */
	if (plan->families & INET_FAMILIES && plan->protos & (TCPS | UDPS))
		plan->read_families |= INET_FAMILIES;
	plan->needs |= NEED_INTERFACE;
	plan->pushdown = false;
	plan->owners_only_decide = false;
	if (unix_rows && plan->needs & NEED_PEER_SOCKET)
		plan->needs |= NEED_UNIX_PEER;
	if (unix_rows && plan->needs & (NEED_LISTENER | NEED_DIRECTION))
		plan->needs |= NEED_UNIX_NAME;
	if (unix_rows && plan->needs & NEED_LISTENER)
		plan->needs |= NEED_UNIX_VFS;
}

/* Their sockets are read by a plan of their own, before them: flows need not be kept for that. */
static void plan_flows(struct plan *plan)
{
	plan->socket_needs = plan->needs & NEEDS_OF_SOCKETS;
	plan->needs &= ~NEEDS_OF_SOCKETS;
	if (plan->socket_needs != 0)
		plan->needs |= NEED_FLOW_SOCKET;
	if (plan->needs & NEED_FLOW_SOCKET)
		plan->needs |= NEED_ADDRESSES;
	/* A flow knows by itself what a socket must be joined for. */
	plan->needs &= ~NEED_NAT;
	plan->owners_only_decide = false;
}

void plan_make(const struct estab_query *query, struct plan *plan)
{
	/* What is asked for, at the end, is filled as far as it is counted. */
	memset(plan, 0, offsetof(struct plan, asked));
	plan->subject = query->subject;
	plan->protos = query->protos;
	plan->families = query->families;
	plan->source = query->only_bpf ? NULL : query->source;
	plan->only_bpf = query->only_bpf;
	plan->all_netns = query->all_netns;
	plan->consistent = query->consistent;
	plan->deadline_ms = query->deadline_ms;
	plan->n_sort = query->n_sort;
	plan->pushdown = !query->no_pushdown;
	plan->filter = query->filter ? filter_ref(query->filter) : NULL;
	plan->needs = query->more_needs;
	memcpy(plan->sort, query->sort, sizeof(plan->sort));
	for (size_t i = 0; i < PLAN_PROTOS; i++) {
		plan->states[i] = query->proto_states[i] ? query->proto_states[i] : query->states;
		plan->types[i] = query->proto_types[i] ? query->proto_types[i] : query->types;
	}
	plan_fields(query, plan);
	for (size_t i = 0; i < plan->n_sort; i++)
		plan->needs |= field_find(plan->sort[i].field)->needs;
	plan->owners_only_decide = !(plan->needs & NEED_OWNERS);
	if (plan->filter) {
		/* A state word takes the place of the states that the query would have. */
		for (size_t i = 0; i < PLAN_PROTOS; i++)
			plan->states[i] = filter_states(plan->filter, plan->states[i]);
		filter_narrow(plan->filter, &plan->protos, &plan->families, plan->states);
		plan->needs |= filter_needs(plan->filter, plan->protos);
	}
	/* "peer" names a join that only unix sockets know: others must not be kept for it. */
	if (!(plan->protos & BIT64(ESTAB_PROTO_UNIX)))
		plan->needs &= ~NEED_UNIX_PEER_PATH;
	if (plan->protos & BIT64(ROW_FLOW))
		plan_flows(plan);
	plan_reading(plan);
	if (plan->needs & (NEED_ENDS | NEED_NAT))
		plan->needs |= NEED_ADDRESSES;
	plan->joins =
		plan->consistent || plan->needs & (NEED_UNIX_PEER_PATH | NEED_ENDS | NEED_NAT);
	plan->keep = plan->joins || plan->needs & NEED_OWNERS;
	/* The join finds a peer by the inode that names it. */
	if (plan->needs & NEED_UNIX_PEER_PATH)
		plan->needs |= NEED_UNIX_NAME | NEED_UNIX_PEER;
}

void plan_free(struct plan *plan)
{
	plan->filter = filter_unref(plan->filter);
}
