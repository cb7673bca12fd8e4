/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A socket and its owners, as programs see them. */
#include <errno.h>
#include <string.h>

#include "arena.h"
#include "env.h"
#include "field.h"
#include "util.h"

/* -EINVAL unless the field is of that kind; -ENODATA where it has no value. */
static int get_value(const struct estab_socket *sock, enum estab_field id, uint32_t kinds,
		     struct value *ret)
{
	const struct field *field = field_find(id);

	if (!field || !(BIT32(field->kind) & kinds))
		return -EINVAL;
	return field_get(field, sock, ret) < 0 ? -ENODATA : 0;
}

static int get_owner_value(const struct estab_owner *owner, enum estab_field id, uint32_t kinds,
			   struct value *ret)
{
	const struct field *field = field_find(id);

	if (!field || !field->get_owner || !(BIT32(field->kind) & kinds))
		return -EINVAL;
	return field->get_owner(owner, ret) < 0 ? -ENODATA : 0;
}

int estab_socket_get_u64(const struct estab_socket *sock, enum estab_field field,
			 uint64_t *ret_value)
{
	struct value value;
	int r = get_value(sock, field, BIT32(ESTAB_KIND_U64) | BIT32(ESTAB_KIND_BOOL), &value);

	if (r == 0)
		*ret_value = value.u64;
	return r;
}

int estab_socket_get_i64(const struct estab_socket *sock, enum estab_field field,
			 int64_t *ret_value)
{
	struct value value;
	int r = get_value(sock, field, BIT32(ESTAB_KIND_I64), &value);

	if (r == 0)
		*ret_value = value.i64;
	return r;
}

int estab_socket_get_f64(const struct estab_socket *sock, enum estab_field field, double *ret_value)
{
	struct value value;
	int r = get_value(sock, field, BIT32(ESTAB_KIND_F64), &value);

	if (r == 0)
		*ret_value = value.f64;
	return r;
}

int estab_socket_get_str(const struct estab_socket *sock, enum estab_field field,
			 const char **ret_text)
{
	struct value value;
	int r = get_value(sock, field, BIT32(ESTAB_KIND_STR), &value);

	if (r == 0)
		*ret_text = value.text.data;
	return r;
}

int estab_socket_get_bytes(const struct estab_socket *sock, enum estab_field field,
			   const void **ret_bytes, size_t *ret_length)
{
	struct value value;
	int r = get_value(sock, field, BIT32(ESTAB_KIND_STR) | BIT32(ESTAB_KIND_BYTES), &value);

	if (r == 0) {
		*ret_bytes = value.text.data;
		*ret_length = value.text.length;
	}
	return r;
}

int estab_socket_get_addr(const struct estab_socket *sock, enum estab_field field,
			  struct estab_addr *ret_addr)
{
	struct value value;
	int r = get_value(sock, field, BIT32(ESTAB_KIND_ADDR), &value);

	if (r == 0)
		*ret_addr = value.addr;
	return r;
}

int estab_socket_format(const struct estab_socket *sock, enum estab_field field, char *buffer,
			size_t size)
{
	struct text text = { .buffer = buffer, .size = size };
	const struct field *found = field_find(field);

	if (!found)
		return -EINVAL;
	if (field_format(found, sock, &text) < 0)
		return -ENODATA;
	return (int)text.length;
}

int estab_socket_get_tuple(const struct estab_socket *sock, struct estab_tuple *ret_tuple)
{
	struct value local;
	struct value peer;
	size_t size = ret_tuple->size;

	if (size <= sizeof(size))
		return -EINVAL;
	if (!record_is_inet(sock))
		return -ENODATA;
	get_local_addr(sock, NULL, &local);
	get_peer_addr(sock, NULL, &peer);

	struct estab_tuple tuple = {
		.size = size,
		.proto = (enum estab_proto)sock->proto,
		.state = (enum estab_state)sock->state,
		.local = local.addr,
		.peer = peer.addr,
		.local_port = sock->local_port,
		.peer_port = sock->peer_port,
	};

	memcpy(ret_tuple, &tuple, MIN(size, sizeof(tuple)));
	return 0;
}

uint32_t estab_socket_owner_count(const struct estab_socket *sock)
{
	return sock->owners ? sock->owners->count : 0;
}

const struct estab_owner *estab_socket_owner(const struct estab_socket *sock, uint32_t index)
{
	return index < estab_socket_owner_count(sock) ? &sock->owners->owners[index] : NULL;
}

uint32_t estab_socket_group_count(const struct estab_socket *sock, enum estab_field group)
{
	const struct owner_list *list = field_owners(sock, group);

	return list ? list->count : 0;
}

const struct estab_owner *estab_socket_group_owner(const struct estab_socket *sock,
						   enum estab_field group, uint32_t index)
{
	const struct owner_list *list = field_owners(sock, group);

	return list && index < list->count ? &list->owners[index] : NULL;
}

int estab_owner_get_u64(const struct estab_owner *owner, enum estab_field field,
			uint64_t *ret_value)
{
	struct value value;
	int r = get_owner_value(owner, field, BIT32(ESTAB_KIND_U64) | BIT32(ESTAB_KIND_BOOL),
				&value);

	if (r == 0)
		*ret_value = value.u64;
	return r;
}

int estab_owner_get_str(const struct estab_owner *owner, enum estab_field field,
			const char **ret_text)
{
	struct value value;
	int r = get_owner_value(owner, field, BIT32(ESTAB_KIND_STR), &value);

	if (r == 0)
		*ret_text = value.text.data;
	return r;
}

int estab_owner_get_bytes(const struct estab_owner *owner, enum estab_field field,
			  const void **ret_bytes, size_t *ret_length)
{
	struct value value;
	int r = get_owner_value(owner, field, BIT32(ESTAB_KIND_STR) | BIT32(ESTAB_KIND_BYTES),
				&value);

	if (r == 0) {
		*ret_bytes = value.text.data;
		*ret_length = value.text.length;
	}
	return r;
}

int estab_owner_format(const struct estab_owner *owner, enum estab_field field, char *buffer,
		       size_t size)
{
	struct text text = { .buffer = buffer, .size = size };
	const struct field *found = field_find(field);
	struct value value;

	if (!found || !found->get_owner)
		return -EINVAL;
	if (found->get_owner(owner, &value) < 0)
		return -ENODATA;
	field_format_value(found, &value, &text);
	return (int)text.length;
}

struct socket_copy {
	struct estab_socket sock; /* first: what the caller holds */
	struct env *env;
	struct arena arena;
};

static const char *copy_text(struct arena *arena, const char *text, bool *failed)
{
	const char *copy = text ? arena_text(arena, text, strlen(text)) : NULL;

	if (text && !copy)
		*failed = true;
	return copy;
}

static int copy_process(struct arena *arena, const struct process **process)
{
	struct process *copy = arena_copy(arena, *process, sizeof(**process));
	bool failed = false;

	if (!copy)
		return -ENOMEM;
	copy->comm = copy_text(arena, copy->comm, &failed);
	copy->exe = copy_text(arena, copy->exe, &failed);
	copy->user = copy_text(arena, copy->user, &failed);
	copy->context = copy_text(arena, copy->context, &failed);
	if (copy->cgroup) {
		copy->cgroup = cgroup_copy(arena, copy->cgroup);
		failed |= !copy->cgroup;
	}
	if (copy->cmdline) {
		copy->cmdline = arena_text(arena, copy->cmdline, copy->cmdline_length);
		failed |= !copy->cmdline;
	}
	*process = copy;
	return failed ? -ENOMEM : 0;
}

static int copy_owners(struct arena *arena, const struct owner_list **owners)
{
	size_t size = sizeof(**owners) + (*owners)->count * sizeof((*owners)->owners[0]);
	struct owner_list *copy = arena_copy(arena, *owners, size);

	if (!copy)
		return -ENOMEM;
	for (uint32_t i = 0; i < copy->count; i++) {
		int r = copy_process(arena, &copy->owners[i].process);

		if (r < 0)
			return r;
	}
	*owners = copy;
	return 0;
}

/* The other rows' owners. What the chunk has is in the copy's own memory. */
static int copy_other_ends(struct arena *arena, struct ext *ext)
{
	static const enum ext_kind kinds[] = { EXT_PEER_SOCKET, EXT_LISTENER };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct other_end end;
		size_t length;
		const void *at = ext_get(ext, kinds[i], &length);
		int r;

		if (!at)
			continue;
		memcpy(&end, at, sizeof(end));
		if (!end.owners)
			continue;
		r = copy_owners(arena, &end.owners);
		if (r < 0)
			return r;
		memcpy(ext->data + ((const uint8_t *)at - ext->data), &end, sizeof(end));
	}
	return 0;
}

int estab_socket_copy(const struct estab_socket *sock, struct estab_socket **ret_copy)
{
	struct socket_copy *copy = calloc(1, sizeof(*copy));
	struct ext *ext;
	int r = 0;

	if (!copy)
		return -ENOMEM;
	copy->sock = *sock;
	copy->env = env_ref(sock->ext->env);
	ext = arena_copy(&copy->arena, sock->ext, sizeof(*sock->ext) + sock->ext->size);
	copy->sock.ext = ext;
	if (!ext)
		r = -ENOMEM;
	if (r == 0)
		r = copy_other_ends(&copy->arena, ext);
	if (r == 0 && sock->owners)
		r = copy_owners(&copy->arena, &copy->sock.owners);
	if (r < 0) {
		estab_socket_unref(&copy->sock);
		return r;
	}
	*ret_copy = &copy->sock;
	return 0;
}

struct estab_socket *estab_socket_unref(struct estab_socket *copy)
{
	struct socket_copy *whole = (struct socket_copy *)copy;

	if (!whole)
		return NULL;
	env_unref(whole->env);
	arena_free(&whole->arena);
	free(whole);
	return NULL;
}
