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

	json_write_open(json, NULL, '[');
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
static void write_numbers(struct json *json, const struct value *value)
{
	struct cursor cursor = { value->text.data, value->text.data + value->text.length };
	uint64_t number;

	json_write_open(json, NULL, '[');
	while (cursor_decimal(&cursor, &number)) {
		json_write_u64(json, NULL, number);
		cursor_char(&cursor, ',');
	}
	json_write_close(json, ']');
}

/* "seen-reply,assured" as the words they are. */
static void write_words(struct json *json, const struct value *value)
{
	const char *at = value->text.data;
	const char *end = at + value->text.length;

	json_write_open(json, NULL, '[');
	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t length = (size_t)((comma ? comma : end) - at);

		json_write_text(json, NULL, at, length);
		at += length + 1;
	}
	json_write_close(json, ']');
}

/* Words with commas between. */
static bool is_list(enum estab_field field)
{
	return field == ESTAB_F_FLOW_STATUS || field == ESTAB_F_ADDRESSES ||
	       field == ESTAB_F_ADDRESS_DETAILS || field == ESTAB_F_EXPECT_FLAGS;
}

static void write_value(struct json *json, const struct field *field, const struct plan_key *at,
			const struct value *value)
{
	const char *key = field->name + at->at;
	char addr[46];

	json_write_key(json, key, at->length);

	switch (field->kind) {
	case ESTAB_KIND_U64:
		if (field->flags & ESTAB_FIELD_STRING)
			json_write_u64_string(json, NULL, value->u64);
		else
			json_write_u64(json, NULL, value->u64);
		break;
	case ESTAB_KIND_I64:
		json_write_i64(json, NULL, value->i64);
		break;
	case ESTAB_KIND_BOOL:
		json_write_bool(json, NULL, value->u64 != 0);
		break;
	case ESTAB_KIND_F64:
		json_write_f64(json, NULL, value->f64);
		break;
	case ESTAB_KIND_ADDR:
		json_write_plain(json, NULL, addr, estab_addr_format(&value->addr, addr));
		break;
	default:
		if (field->get_owner == get_owner_cmdline)
			write_cmdline(json, key, value);
		else if (is_list(field->id))
			write_words(json, value);
		else if (field->id == ESTAB_F_NETLINK_GROUPS || field->id == ESTAB_F_LABELS)
			write_numbers(json, value);
		else if (json_write_text(json, NULL, value->text.data, value->text.length))
			json_write_base64(json, key, value->text.data, value->text.length);
		break;
	}
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
			write_value(json, field, &plan->keys[i], &value);
		else if (r == FIELD_UNKNOWN)
			json_write_null(json, field->name + plan->keys[i].at);
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

/* That of a list of owners, which is no field's. */
enum { OBJECT_OF_OWNERS = UINT16_MAX };

/* The objects that are open within the socket's: the dotted prefix of the last key. */
struct nest {
	const char *name; /* the last field's */
	unsigned int depth;
	unsigned int object; /* of struct plan_key */
};

/* Opens and closes objects so that the field's key stands where it belongs. */
static void nest_enter(struct json *json, struct nest *nest, const char *name)
{
	const char *at = name;
	const char *dot;
	unsigned int same = 0;

	while (same < nest->depth && (dot = strchr(at, '.')) != NULL &&
	       strncmp(nest->name, name, (size_t)(dot + 1 - name)) == 0) {
		at = dot + 1;
		same++;
	}
	for (; nest->depth > same; nest->depth--)
		json_write_close(json, '}');
	for (; (dot = strchr(at, '.')) != NULL; at = dot + 1) {
		char key[32];
		size_t length = MIN((size_t)(dot - at), sizeof(key) - 1);

		memcpy(key, at, length);
		key[length] = '\0';
		json_write_open(json, key, '{');
		nest->depth++;
	}
	nest->name = name;
}

int estab_socket_write_json(const struct estab_socket *sock, estab_write_fn *fn, void *arg)
{
	const struct plan *plan = &sock->ext->env->plan;
	struct nest nest = { .name = "" };
	enum estab_field written = ESTAB_F_NONE; /* the list, all at once */
	struct json json;

	json_write_init(&json, fn, arg);
	json_write_open(&json, NULL, '{');
	for (size_t i = 0; i < plan->n_asked; i++) {
		const struct field *field = plan->asked[i];
		const struct plan_key *key = &plan->keys[i];
		struct value value;
		int r;

		enum estab_field group = field_owners_group(field);

		if (group != ESTAB_F_NONE) {
			if (group != written && field->protos & BIT64(sock->proto)) {
				nest_enter(&json, &nest, field_find(group)->name);
				nest.object = OBJECT_OF_OWNERS;
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
		if (key->object != nest.object) {
			nest_enter(&json, &nest, field->name);
			nest.object = key->object;
		}
		if (r == 0)
			write_value(&json, field, key, &value);
		else
			json_write_null(&json, field->name + key->at);
	}
	for (; nest.depth > 0; nest.depth--)
		json_write_close(&json, '}');
	json_write_close(&json, '}');
	return json_write_flush(&json);
}
