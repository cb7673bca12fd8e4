/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A socket as a JSON object: the fields that were asked for, nested by their dotted names. */
#include <string.h>

#include "env.h"
#include "field.h"
#include "json.h"
#include "parse.h"
#include "util.h"

static void write_cmdline(struct json *json, const char *key, const struct value *value)
{
	const char *at = value->text.data;
	const char *end = at + value->text.length;
	bool lost = false;

	json_write_open(json, key, '[');
	while (at < end) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));
		size_t length = (size_t)((nul ? nul : end) - at);

		lost |= json_write_text(json, NULL, at, length);
		at += length + 1;
	}
	json_write_close(json, ']');
	if (lost)
		json_write_base64(json, key, value->text.data, value->text.length);
}

/* "1,5,33" as the numbers they are. */
static void write_numbers(struct json *json, const char *key, const struct value *value)
{
	struct cursor cursor = { value->text.data, value->text.data + value->text.length };
	uint64_t number;

	json_write_open(json, key, '[');
	while (cursor_decimal(&cursor, &number)) {
		json_write_u64(json, NULL, number);
		cursor_char(&cursor, ',');
	}
	json_write_close(json, ']');
}

/* "seen-reply,assured" as the words they are. */
static void write_words(struct json *json, const char *key, const struct value *value)
{
	const char *at = value->text.data;
	const char *end = at + value->text.length;

	json_write_open(json, key, '[');
	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t length = (size_t)((comma ? comma : end) - at);

		json_write_text(json, NULL, at, length);
		at += length + 1;
	}
	json_write_close(json, ']');
}

static void write_value(struct json *json, const struct field *field, const char *key,
			const struct value *value)
{
	char addr[46];

	switch (field->kind) {
	case ESTAB_KIND_U64:
		if (field->flags & ESTAB_FIELD_STRING)
			json_write_u64_string(json, key, value->u64);
		else
			json_write_u64(json, key, value->u64);
		break;
	case ESTAB_KIND_I64:
		json_write_i64(json, key, value->i64);
		break;
	case ESTAB_KIND_BOOL:
		json_write_bool(json, key, value->u64 != 0);
		break;
	case ESTAB_KIND_F64:
		json_write_f64(json, key, value->f64);
		break;
	case ESTAB_KIND_ADDR:
		json_write_text(json, key, addr, estab_addr_format(&value->addr, addr));
		break;
	default:
		if (field->get_owner == get_owner_cmdline)
			write_cmdline(json, key, value);
		else if (field->id == ESTAB_F_FLOW_STATUS || field->id == ESTAB_F_ADDRESSES ||
			 field->id == ESTAB_F_EXPECT_FLAGS)
			write_words(json, key, value);
		else if (field->id == ESTAB_F_NETLINK_GROUPS || field->id == ESTAB_F_LABELS)
			write_numbers(json, key, value);
		else if (json_write_text(json, key, value->text.data, value->text.length))
			json_write_base64(json, key, value->text.data, value->text.length);
		break;
	}
}

/* The key of a field within its object: what stands behind the last dot. */
static const char *key_of(const struct field *field)
{
	const char *dot = strrchr(field->name, '.');

	return dot ? dot + 1 : field->name;
}

void json_write_owner(struct json *json, const struct plan *plan, enum estab_field group,
		      const struct estab_owner *owner)
{
	json_write_open(json, NULL, '{');
	for (size_t i = 0; i < plan->n_asked; i++) {
		const struct field *field = plan->asked[i];
		struct value value;
		int r;

		if (!field->get_owner || field->group != group)
			continue;
		r = field->get_owner(owner, &value);
		if (r == 0)
			write_value(json, field, key_of(field), &value);
		else if (r == FIELD_UNKNOWN)
			json_write_null(json, key_of(field));
	}
	json_write_close(json, '}');
}

static void write_owners(struct json *json, const struct estab_socket *sock, enum estab_field group)
{
	const struct owner_list *list = field_owners(sock, group);

	json_write_open(json, field_find(group)->name, '[');
	for (uint32_t i = 0; list && i < list->count; i++)
		json_write_owner(json, &sock->ext->env->plan, group, &list->owners[i]);
	json_write_close(json, ']');
}

/* The objects that are open within the socket's. */
struct nest {
	unsigned int depth; /* how many, */
	unsigned int same;  /* and how many of them the field at hand is in, too */
};

/* What stands below one dotted name stands together: so many are shared as all in between share. */
static void nest_pass(struct nest *nest, const struct plan_name *name)
{
	nest->same = MIN(nest->same, (unsigned int)name->shared);
}

/* Opens and closes objects so that the field's key stands where it belongs. */
static void nest_enter(struct json *json, struct nest *nest, const char *name, unsigned int depth)
{
	for (; nest->depth > MIN(nest->same, depth); nest->depth--)
		json_write_close(json, '}');
	for (unsigned int at = 0; nest->depth < depth && at < depth; at++) {
		size_t length = strcspn(name, ".");
		char key[32];

		if (at >= nest->depth) {
			length = MIN(length, sizeof(key) - 1);
			memcpy(key, name, length);
			key[length] = '\0';
			json_write_open(json, key, '{');
		}
		name = strchr(name, '.') + 1;
	}
	nest->depth = nest->same = depth;
}

int estab_socket_write_json(const struct estab_socket *sock, estab_write_fn *fn, void *arg)
{
	const struct plan *plan = &sock->ext->env->plan;
	struct nest nest = { 0 };
	enum estab_field written = ESTAB_F_NONE; /* the list, all at once */
	struct json json;

	json_write_init(&json, fn, arg);
	json_write_open(&json, NULL, '{');
	for (size_t i = 0; i < plan->n_asked; i++) {
		const struct field *field = plan->asked[i];
		const struct plan_name *name = &plan->names[i];
		struct value value;
		int r;

		enum estab_field group = field_owners_group(field);

		nest_pass(&nest, name);
		if (group != ESTAB_F_NONE) {
			if (group != written && field->protos & BIT64(sock->proto)) {
				nest_enter(&json, &nest, field_find(group)->name, 0);
				write_owners(&json, sock, group);
				written = group;
			}
			continue;
		}
		if (field->kind == ESTAB_KIND_GROUP)
			continue;
		r = field_get(field, sock, &value);
		if (r == FIELD_NONE)
			continue;
		nest_enter(&json, &nest, field->name, name->depth);
		if (r == 0)
			write_value(&json, field, field->name + name->key, &value);
		else
			json_write_null(&json, field->name + name->key);
	}
	for (; nest.depth > 0; nest.depth--)
		json_write_close(&json, '}');
	json_write_close(&json, '}');
	return json_write_flush(&json);
}
