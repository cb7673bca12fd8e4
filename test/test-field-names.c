/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Names of hosts and services: who is asked, for what, and where the answers show. */
#include "estab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

struct book {
	unsigned int hosts_asked;
	unsigned int services_asked;
};

static const char *host(void *arg, const struct estab_addr *addr)
{
	static const uint8_t wildcard[16];
	struct book *book = arg;
	char text[46];
	size_t length = estab_addr_format(addr, text);

	book->hosts_asked++;
	assert_memory_not_equal(addr->bytes, wildcard, 4);
	if (length == 9 && memcmp(text, "127.0.0.1", 9) == 0)
		return "here";
	return length == 12 && memcmp(text, "207.46.27.82", 12) == 0 ? "evil\033\xff" : NULL;
}

static const char *service(void *arg, enum estab_proto proto, uint16_t port)
{
	struct book *book = arg;

	book->services_asked++;
	assert_int_equal(proto, ESTAB_PROTO_TCP);
	assert_int_not_equal(port, 0);
	return port == 631 ? "ipp" : NULL;
}

static struct estab_snapshot *take(const struct estab_names *names, const enum estab_field *fields,
				   size_t n_fields)
{
	struct estab_ctx_options options = { .size = sizeof(options),
					     .proc_root = "test/golden/proc-2006",
					     .byte_order = ESTAB_BYTE_ORDER_LITTLE };
	struct estab_snapshot *snapshot;
	struct estab_query *query;
	struct estab_ctx *ctx;

	assert_int_equal(estab_ctx_new(&options, &ctx), 0);
	assert_int_equal(estab_ctx_set_names(ctx, names), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_query_set_protos(query, 1 << ESTAB_PROTO_TCP), 0);
	for (size_t i = 0; i < n_fields; i++)
		assert_int_equal(estab_query_add_field(query, fields[i]), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return snapshot;
}

static const struct estab_socket *with_port(const struct estab_snapshot *snapshot, uint16_t port)
{
	for (size_t i = 0; i < estab_snapshot_count(snapshot); i++) {
		const struct estab_socket *sock = estab_snapshot_get(snapshot, i);
		uint64_t local;

		if (estab_socket_get_u64(sock, ESTAB_F_LOCAL_PORT, &local) == 0 && local == port)
			return sock;
	}
	fail_msg("no socket of port %u", port);
	return NULL;
}

static void assert_format(const struct estab_socket *sock, enum estab_field field, const char *text)
{
	char buffer[128] = "";
	int n = estab_socket_format(sock, field, buffer, sizeof(buffer) - 1);

	assert_int_equal(n, strlen(text));
	assert_string_equal(buffer, text);
}

static void names_are_values(void **state)
{
	static const enum estab_field fields[] = { ESTAB_F_LOCAL_HOST, ESTAB_F_LOCAL_SERVICE,
						   ESTAB_F_PEER_HOST, ESTAB_F_PEER_SERVICE };
	struct book book = { 0 };
	struct estab_names names = { sizeof(names), 0, 0, &book, host, service };
	struct estab_snapshot *snapshot = take(&names, fields, ARRAY_SIZE(fields));
	const struct estab_socket *printer = with_port(snapshot, 631);
	const struct estab_socket *chat = with_port(snapshot, 44002);
	const void *bytes;
	size_t length;

	(void)state;
	assert_int_equal(book.hosts_asked + book.services_asked, 0);
	assert_int_equal(estab_socket_get_bytes(printer, ESTAB_F_LOCAL_HOST, &bytes, &length), 0);
	assert_int_equal(length, 4);
	assert_memory_equal(bytes, "here", 4);
	assert_format(printer, ESTAB_F_LOCAL_SERVICE, "ipp");
	/* Nobody is asked for the wildcard, nor for port 0. */
	book = (struct book){ 0 };
	assert_int_equal(estab_socket_get_bytes(printer, ESTAB_F_PEER_HOST, &bytes, &length),
			 -ENODATA);
	assert_int_equal(estab_socket_get_bytes(printer, ESTAB_F_PEER_SERVICE, &bytes, &length),
			 -ENODATA);
	assert_int_equal(book.hosts_asked + book.services_asked, 0);
	assert_format(chat, ESTAB_F_PEER_HOST, "evil\\x1b\\xff");
	assert_int_equal(estab_socket_get_bytes(chat, ESTAB_F_LOCAL_HOST, &bytes, &length),
			 -ENODATA);
	/* Ends stay as they are unless that is asked for. */
	assert_format(printer, ESTAB_F_LOCAL, "127.0.0.1:631");
	estab_snapshot_unref(snapshot);
}

static void ends_show_names(void **state)
{
	static const enum estab_field fields[] = { ESTAB_F_LOCAL, ESTAB_F_PEER };
	struct book book = { 0 };
	struct estab_names names = { sizeof(names), ESTAB_NAMES_ENDS, 0, &book, host, service };
	struct estab_snapshot *snapshot = take(&names, fields, ARRAY_SIZE(fields));

	(void)state;
	assert_format(with_port(snapshot, 631), ESTAB_F_LOCAL, "here:ipp");
	assert_format(with_port(snapshot, 631), ESTAB_F_PEER, "0.0.0.0:*");
	assert_format(with_port(snapshot, 44002), ESTAB_F_PEER, "evil\\x1b\\xff:1863");
	assert_format(with_port(snapshot, 44002), ESTAB_F_LOCAL, "203.229.213.133:44002");
	estab_snapshot_unref(snapshot);
}

static int append(void *arg, const char *text, size_t length)
{
	strncat(arg, text, length);
	return 0;
}

static void json_has_them_when_asked(void **state)
{
	static const enum estab_field fields[] = { ESTAB_F_LOCAL, ESTAB_F_LOCAL_HOST,
						   ESTAB_F_LOCAL_SERVICE, ESTAB_F_PEER_HOST };
	struct book book = { 0 };
	struct estab_names names = { sizeof(names), 0, 0, &book, host, service };
	struct estab_snapshot *snapshot = take(&names, fields, ARRAY_SIZE(fields));
	char json[512] = "";

	(void)state;
	assert_int_equal(estab_socket_write_json(with_port(snapshot, 44002), append, json), 0);
	assert_string_equal(json, "{\"local\":{\"addr\":\"203.229.213.133\",\"port\":44002,"
				  "\"host\":null,\"service\":null},"
				  "\"peer\":{\"host\":\"evil\\u001b\357\277\275\","
				  "\"host_base64\":\"ZXZpbBv/\"}}");
	estab_snapshot_unref(snapshot);
	/* A group does not ask for them. */
	snapshot = take(&names, fields, 1);
	json[0] = '\0';
	assert_int_equal(estab_socket_write_json(with_port(snapshot, 44002), append, json), 0);
	assert_string_equal(json, "{\"local\":{\"addr\":\"203.229.213.133\",\"port\":44002}}");
	estab_snapshot_unref(snapshot);
}

static void without_anyone_to_ask(void **state)
{
	static const enum estab_field field = ESTAB_F_LOCAL_HOST;
	struct estab_names nobody = { .size = sizeof(nobody), .flags = ESTAB_NAMES_ENDS };
	struct estab_snapshot *snapshot = take(NULL, &field, 1);
	char json[64] = "";

	(void)state;
	assert_int_equal(estab_socket_write_json(with_port(snapshot, 631), append, json), 0);
	assert_string_equal(json, "{\"local\":{\"host\":null}}");
	estab_snapshot_unref(snapshot);
	snapshot = take(&nobody, &field, 1);
	assert_format(with_port(snapshot, 631), ESTAB_F_LOCAL, "127.0.0.1:631");
	estab_snapshot_unref(snapshot);
}

static void sizes_and_flags_are_checked(void **state)
{
	struct {
		struct estab_names names;
		uint64_t unknown;
	} longer = { .names.size = sizeof(longer) };
	struct estab_names names = { .size = sizeof(names) };
	struct estab_ctx *ctx;

	(void)state;
	assert_int_equal(estab_ctx_new(NULL, &ctx), 0);
	assert_int_equal(estab_ctx_set_names(ctx, &names), 0);
	names.flags = 1u << 31;
	assert_int_equal(estab_ctx_set_names(ctx, &names), -EINVAL);
	names = (struct estab_names){ .size = sizeof(names), .reserved = 1 };
	assert_int_equal(estab_ctx_set_names(ctx, &names), -EINVAL);
	names = (struct estab_names){ .size = sizeof(size_t) };
	assert_int_equal(estab_ctx_set_names(ctx, &names), -EINVAL);
	assert_int_equal(estab_ctx_set_names(ctx, &longer.names), 0);
	longer.unknown = 1;
	assert_int_equal(estab_ctx_set_names(ctx, &longer.names), -EINVAL);
	assert_int_equal(estab_ctx_set_names(ctx, NULL), 0);
	estab_ctx_unref(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_values),
		cmocka_unit_test(ends_show_names),
		cmocka_unit_test(json_has_them_when_asked),
		cmocka_unit_test(without_anyone_to_ask),
		cmocka_unit_test(sizes_and_flags_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
