/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "field.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/packet_diag.h>
#include <stddef.h>
#include <string.h>

#include "expect.h"
#include "flow-stats.h"
#include "flow.h"
#include "plan.h"
#include "rows.h"
#include "util.h"

#define PROTO(name) BIT64(ESTAB_PROTO_##name)
#define ANY ROWS_SOCKETS
#define FLOW BIT64(ROW_FLOW)
#define IP (PROTO(TCP) | PROTO(UDP) | PROTO(UDPLITE) | PROTO(RAW) | PROTO(ICMP) | PROTO(MPTCP))
#define TCPS PROTO(TCP)
#define PORTS (PROTO(TCP) | PROTO(UDP) | PROTO(UDPLITE) | PROTO(MPTCP))
#define NATTED (PROTO(TCP) | PROTO(UDP) | PROTO(UDPLITE) | PROTO(ICMP))
#define UNIX PROTO(UNIX)
#define PEERED (PORTS | UNIX)
#define LISTENED (PROTO(TCP) | PROTO(MPTCP) | UNIX)
#define ROUTE BIT64(ROW_ROUTE)
#define LINK BIT64(ROW_INTERFACE)
#define MEMBER BIT64(ROW_MEMBERSHIP)
#define STAT BIT64(ROW_STAT)
#define FLOW_STAT BIT64(ROW_FLOW_STAT)
#define EXPECTATION BIT64(ROW_EXPECTATION)
#define NAMED (PROTO(AX25) | PROTO(IPX))

/* Where a field stands in the table. */
enum {
#define FIELD(id_, ...) POSITION_##id_,
#define OWNER(group_, id_, ...) POSITION_##id_,
#include "fields.def"
#undef FIELD
#undef OWNER
	FIELD_COUNT,
};

static const struct field fields[] = {
#define FIELD(id_, name_, kind_, flags_, protos_, needs_, get_, offset_, size_, unit_, title_, \
	      help_)                                                                           \
	{                                                                                      \
		.id = ESTAB_F_##id_,                                                           \
		.kind = ESTAB_KIND_##kind_,                                                    \
		.flags = (flags_),                                                             \
		.protos = (protos_),                                                           \
		.needs = (needs_),                                                             \
		.name = (name_),                                                               \
		.name_length = sizeof(name_) - 1,                                              \
		.get = (get_),                                                                 \
		.offset = (offset_),                                                           \
		.size = (size_),                                                               \
		.unit = (unit_),                                                               \
		.title = (title_),                                                             \
		.help = (help_),                                                               \
	},
#define OWNER(group_, id_, name_, kind_, protos_, needs_, get_, unit_, title_, help_) \
	{                                                                             \
		.id = ESTAB_F_##id_,                                                  \
		.kind = ESTAB_KIND_##kind_,                                           \
		.flags = ESTAB_FIELD_OWNER,                                           \
		.group = ESTAB_F_##group_,                                            \
		.protos = (protos_),                                                  \
		.needs = (needs_),                                                    \
		.name = (name_),                                                      \
		.name_length = sizeof(name_) - 1,                                     \
		.get_owner = get_owner_##get_,                                        \
		.unit = (unit_),                                                      \
		.title = (title_),                                                    \
		.help = (help_),                                                      \
	},
#include "fields.def"
#undef FIELD
#undef OWNER
};

/* Position plus one by id; 0: no such field. */
static const uint16_t positions[] = {
#define FIELD(id_, ...) [ESTAB_F_##id_] = POSITION_##id_ + 1,
#define OWNER(group_, id_, ...) [ESTAB_F_##id_] = POSITION_##id_ + 1,
#include "fields.def"
#undef FIELD
#undef OWNER
};

_Static_assert(ARRAY_SIZE(positions) <= PLAN_FIELDS_MAX, "the plan has a bit for every field");

_Static_assert((int)FIELD_COUNT <= (int)PLAN_ASKED_MAX, "the plan has a place for every field");

const struct field *field_find(enum estab_field id)
{
	if ((size_t)id >= ARRAY_SIZE(positions) || positions[id] == 0)
		return NULL;
	return &fields[positions[id] - 1];
}

const struct field *field_after(const struct field *field)
{
	size_t next = field ? (size_t)(field - fields) + 1 : 0;

	return next < FIELD_COUNT ? &fields[next] : NULL;
}

bool field_in_group(const struct field *field, const struct field *group)
{
	size_t length;

	/* "owners" means what everyone wants of an owner; what costs more is asked for by name. */
	if (group->id == ESTAB_F_OWNERS)
		return field->id == ESTAB_F_NO_OWNER || field->id == ESTAB_F_OWNERS_COMPLETE ||
		       field->id == ESTAB_F_OWNER_VIA ||
		       (field->id >= ESTAB_F_OWNER_PID && field->id <= ESTAB_F_OWNER_COMM);
	/* Names cost what no one expects of an address. */
	if (field->id >= ESTAB_F_LOCAL_HOST && field->id <= ESTAB_F_PEER_SERVICE)
		return false;
	if (group->id == ESTAB_F_PEER_OWNERS)
		return field->id == ESTAB_F_PEER_OWNER_VIA ||
		       (field->id >= ESTAB_F_PEER_OWNER_PID &&
			field->id <= ESTAB_F_PEER_OWNER_COMM);
	if (group->id == ESTAB_F_LISTENER_OWNERS)
		return field->id == ESTAB_F_LISTENER_OWNER_TID ||
		       field->id == ESTAB_F_LISTENER_OWNER_VIA ||
		       (field->id >= ESTAB_F_LISTENER_OWNER_PID &&
			field->id <= ESTAB_F_LISTENER_OWNER_COMM);
	length = strlen(group->name);
	return strncmp(field->name, group->name, length) == 0 && field->name[length] == '.';
}

const struct field *field_group_end(const struct field *group)
{
	const struct field *end = group + 1;

	while (end < fields + FIELD_COUNT && field_in_group(end, group))
		end++;
	return end;
}

const struct owner_list *field_owners(const struct estab_socket *sock, enum estab_field group)
{
	struct other_end end;

	switch (group) {
	case ESTAB_F_OWNERS:
		return sock->owners;
	case ESTAB_F_PEER_OWNERS:
		return ext_read(sock->ext, EXT_PEER_SOCKET, &end, sizeof(end)) ? end.owners : NULL;
	case ESTAB_F_LISTENER_OWNERS:
		return ext_read(sock->ext, EXT_LISTENER, &end, sizeof(end)) ? end.owners : NULL;
	default:
		return NULL;
	}
}

int field_get(const struct field *field, const struct estab_socket *sock, struct value *ret_value)
{
	const struct owner_list *owners;

	if (!(field->protos & BIT64(sock->proto)))
		return FIELD_NONE;
	if (field->get)
		return field->get(sock, field, ret_value);
	if (!field->get_owner)
		return FIELD_NONE;
	owners = field_owners(sock, field->group);
	if (!owners || owners->count == 0)
		return sock->has & OWNERS_LOOKED ? FIELD_NONE : FIELD_UNKNOWN;
	return field->get_owner(&owners->owners[0], ret_value);
}

enum estab_field estab_field_from_name(const char *name)
{
	static const struct {
		const char *name;
		enum estab_field id;
	} short_forms[] = {
		{ "process", ESTAB_F_OWNER_COMM }, { "pid", ESTAB_F_OWNER_PID },
		{ "unit", ESTAB_F_OWNER_UNIT },    { "container", ESTAB_F_OWNER_CONTAINER },
		{ "pod", ESTAB_F_OWNER_POD },
	};

	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (strcmp(fields[i].name, name) == 0)
			return fields[i].id;
	for (size_t i = 0; i < ARRAY_SIZE(short_forms); i++)
		if (strcmp(short_forms[i].name, name) == 0)
			return short_forms[i].id;
	return ESTAB_F_NONE;
}

const char *estab_field_name(enum estab_field field)
{
	const struct field *found = field_find(field);

	return found ? found->name : NULL;
}

int estab_field_get_info(enum estab_field field, struct estab_field_info *ret_info)
{
	const struct field *found = field_find(field);
	size_t size = ret_info->size;

	if (!found)
		return -ENOENT;
	if (size <= sizeof(size))
		return -EINVAL;

	struct estab_field_info info = {
		.size = size,
		.id = found->id,
		.kind = found->kind,
		.flags = found->flags,
		.name = found->name,
		.title = found->title,
		.unit = found->unit,
		.help = found->help,
		.group = found->group,
	};

	for (unsigned int i = 0; i < 32; i++) {
		const struct row_subject *subject = subject_find((enum estab_subject)i);

		if (!subject || !(found->protos & subject->rows))
			continue;
		info.subjects |= BIT32(i);
		if (subject_is_default(subject, field))
			info.defaults |= BIT32(i);
	}
	if (info.defaults & BIT32(ESTAB_SUBJECT_SOCKETS))
		info.flags |= ESTAB_FIELD_DEFAULT;
	memcpy(ret_info, &info, MIN(size, sizeof(info)));
	return 0;
}

enum estab_field estab_field_next(enum estab_field field)
{
	const struct field *at = field == ESTAB_F_NONE ? NULL : field_find(field);

	if (field != ESTAB_F_NONE && !at)
		return ESTAB_F_NONE;
	at = field_after(at);
	return at ? at->id : ESTAB_F_NONE;
}
