/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "sort.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "util.h"

/* A row and where it stood, so that equals keep their order whatever qsort does. */
struct place {
	const struct estab_socket *sock;
	size_t at;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_bytes(const void *a, size_t a_length, const void *b, size_t b_length)
{
	int order = memcmp(a, b, MIN(a_length, b_length));

	return order != 0 ? order : compare_numbers(a_length, b_length);
}

/* IPv4 before IPv6, then by number. */
static int compare_addrs(const struct estab_addr *a, const struct estab_addr *b)
{
	int order = compare_numbers(a->family, b->family);

	return order != 0 ? order : memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int compare_values(const struct field *field, const struct value *a, const struct value *b)
{
	switch (field->kind) {
	case ESTAB_KIND_I64:
		return (a->i64 > b->i64) - (a->i64 < b->i64);
	case ESTAB_KIND_F64:
		return (a->f64 > b->f64) - (a->f64 < b->f64);
	case ESTAB_KIND_STR:
	case ESTAB_KIND_BYTES:
		return compare_bytes(a->text.data, a->text.length, b->text.data, b->text.length);
	case ESTAB_KIND_ADDR:
		return compare_addrs(&a->addr, &b->addr);
	default:
		return compare_numbers(a->u64, b->u64);
	}
}

/* Rows without a value come last, whichever way the others go. */
static int compare_field(const struct field *field, bool descending, const struct estab_socket *a,
			 const struct estab_socket *b)
{
	struct value a_value;
	struct value b_value;
	bool a_none = field_get(field, a, &a_value) < 0;
	bool b_none = field_get(field, b, &b_value) < 0;
	int order;

	if (a_none || b_none)
		return (int)a_none - (int)b_none;
	order = compare_values(field, &a_value, &b_value);
	return descending ? -order : order;
}

/* An end sorts by its address and port, its path, or what else its family has. */
static int compare_ends(enum estab_field end, bool descending, const struct estab_socket *a,
			const struct estab_socket *b)
{
	static const enum estab_field local[] = { ESTAB_F_LOCAL_ADDR, ESTAB_F_LOCAL_PORT,
						  ESTAB_F_LOCAL_PATH, ESTAB_F_LOCAL_NAME,
						  ESTAB_F_PROTOCOL,   ESTAB_F_NETLINK_PORTID };
	static const enum estab_field peer[] = { ESTAB_F_PEER_ADDR, ESTAB_F_PEER_PORT,
						 ESTAB_F_PEER_PATH, ESTAB_F_PEER_NAME,
						 ESTAB_F_NETLINK_DST_PORTID };
	const enum estab_field *parts = end == ESTAB_F_LOCAL ? local : peer;
	size_t n = end == ESTAB_F_LOCAL ? ARRAY_SIZE(local) : ARRAY_SIZE(peer);

	for (size_t i = 0; i < n; i++) {
		int order = compare_field(field_find(parts[i]), descending, a, b);

		if (order != 0)
			return order;
	}
	return 0;
}

static int compare_places(const void *a, const void *b, void *arg)
{
	const struct plan *plan = arg;
	const struct place *left = a;
	const struct place *right = b;

	for (size_t i = 0; i < plan->n_sort; i++) {
		enum estab_field id = plan->sort[i].field;
		bool descending = plan->sort[i].descending;
		int order = id == ESTAB_F_LOCAL || id == ESTAB_F_PEER
				    ? compare_ends(id, descending, left->sock, right->sock)
				    : compare_field(field_find(id), descending, left->sock,
						    right->sock);

		if (order != 0)
			return order;
	}
	return compare_numbers(left->at, right->at);
}

int sort_rows(const struct store *store, const struct plan *plan, const struct estab_socket **rows)
{
	struct place *places;

	if (plan->n_sort == 0) {
		for (size_t i = 0; i < store->count; i++)
			rows[i] = store_at(store, i);
		return 0;
	}
	places = malloc(MAX(store->count, (size_t)1) * sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < store->count; i++)
		places[i] = (struct place){ store_at(store, i), i };
	qsort_r(places, store->count, sizeof(*places), compare_places, (void *)(uintptr_t)plan);
	for (size_t i = 0; i < store->count; i++)
		rows[i] = places[i].sock;
	free(places);
	return 0;
}
