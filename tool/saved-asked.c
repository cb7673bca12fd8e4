/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "saved-asked.h"

#include <errno.h>
#include <string.h>

#include "util.h"
#include "width.h"

/* Bits of the words of an array, by the library's names of the numbers. -1: one has no number. */
static int64_t read_words(const json_t *array, const char *(*name)(unsigned int number))
{
	uint32_t bits = 0;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *word = json_string_value(json_array_get(array, i));
		unsigned int number = 0;

		while (number < 32 && !(word && name(number) && strcmp(name(number), word) == 0))
			number++;
		if (number == 32)
			return -1;
		bits |= BIT32(number);
	}
	return bits;
}

static const char *proto_name(unsigned int number)
{
	return estab_proto_name((enum estab_proto)number);
}

static const char *state_name(unsigned int number)
{
	return estab_state_name((enum estab_state)number);
}

static const char *family_name(unsigned int number)
{
	return estab_family_name((enum estab_family)number);
}

static const char *type_name(unsigned int number)
{
	return estab_type_name((enum estab_type)number);
}

/* One table: the bit of its protocol, 0 where something is wrong. */
static uint64_t ask_table(const json_t *table, struct estab_query *query)
{
	const char *word = json_string_value(json_object_get(table, "proto"));
	int64_t states = read_words(json_object_get(table, "states"), state_name);
	const json_t *types = json_object_get(table, "types");
	int64_t type_bits = read_words(types, type_name);
	unsigned int proto = 0;

	while (proto < 32 && !(word && proto_name(proto) && strcmp(proto_name(proto), word) == 0))
		proto++;
	if (proto == 32 || states <= 0 || type_bits < 0 ||
	    estab_query_set_proto_states(query, (enum estab_proto)proto, (uint32_t)states) < 0)
		return 0;
	if (types &&
	    estab_query_set_proto_types(query, (enum estab_proto)proto, (uint32_t)type_bits) < 0)
		return 0;
	return BIT64(proto);
}

int saved_ask_again(const struct saved *saved, struct estab_query *query)
{
	const json_t *asked = json_object_get(saved->head, "asked");
	const json_t *tables = json_object_get(asked, "tables");
	int64_t families = read_words(json_object_get(asked, "families"), family_name);
	const char *filter = json_string_value(json_object_get(asked, "filter"));
	uint64_t protos = 0;
	int error;

	if (!asked)
		return -ENODATA;
	if (families <= 0)
		return -EINVAL;
	for (size_t i = 0; i < json_array_size(tables); i++) {
		uint64_t proto = ask_table(json_array_get(tables, i), query);

		if (proto == 0)
			return -EINVAL;
		protos |= proto;
	}
	wide_begin_filter(filter);
	error = estab_query_set_protos(query, protos);
	if (error == 0 && json_is_true(json_object_get(saved->head, "all_netns")))
		error = estab_query_set_all_netns(query, 1);
	if (error == 0)
		error = estab_query_set_families(query, (uint32_t)families);
	if (error == 0)
		error = estab_query_set_filter(query, filter, NULL, NULL);
	return error;
}

bool saved_same_question(const struct saved *before, const struct saved *after)
{
	static const char *const keys[] = { "asked", "all_netns" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *a = json_object_get(before->head, keys[i]);
		const json_t *b = json_object_get(after->head, keys[i]);

		/* One that does not say what it was asked for may have been asked for the same. */
		if (i > 0 && !a != !b)
			return false;
		if (a && b && !json_equal(a, b))
			return false;
	}
	return true;
}
