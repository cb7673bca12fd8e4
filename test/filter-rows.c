/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "filter-rows.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field.h"
#include "owner.h"
#include "util.h"

static unsigned int number_of(const char *(*word)(unsigned int number), const char *text)
{
	for (unsigned int number = 0; number < 32; number++)
		if (word(number) && strcmp(word(number), text) == 0)
			return number;
	fail_msg("no such word: %s", text);
	return 0;
}

static const char *text_of(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static uint64_t value_of(const json_t *json, const char *key, uint64_t otherwise)
{
	const json_t *value = json_object_get(json, key);

	return value ? (uint64_t)json_integer_value(value) : otherwise;
}

static void put(struct row *row, enum ext_kind kind, const void *data, size_t length)
{
	assert_int_equal(row_put(row, kind, data, length), 0);
}

static void put_text(struct row *row, enum ext_kind kind, const char *text)
{
	if (text)
		put(row, kind, text, strlen(text));
}

/* ["192.0.2.1", 80] */
static uint16_t read_end(const json_t *end, uint8_t bytes[16])
{
	const char *addr = json_string_value(json_array_get(end, 0));

	if (!end)
		return 0;
	assert_non_null(addr);
	assert_int_equal(inet_pton(strchr(addr, ':') ? AF_INET6 : AF_INET, addr, bytes), 1);
	return (uint16_t)json_integer_value(json_array_get(end, 1));
}

/* "tcp": {"rtt_us": 1500}: where the field table says that it stands. */
static void put_tcp_info(struct row *row, const json_t *tcp)
{
	uint8_t info[248] = { 0 };
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)tcp, key, value) {
		char name[64];
		const struct field *field;
		uint64_t number = (uint64_t)json_integer_value(value);

		snprintf(name, sizeof(name), "tcp.%s", key);
		field = field_find(estab_field_from_name(name));
		assert_non_null(field);
		if (json_is_true(value)) {
			info[field->offset] |= (uint8_t)(1u << field->size);
			continue;
		}
		assert_true(field->offset + field->size <= (int)sizeof(info));
		memcpy(info + field->offset, &number, field->size);
	}
	put(row, EXT_TCP_INFO, info, sizeof(info));
}

static void read_inet(struct row *row, const json_t *json)
{
	const json_t *mark = json_object_get(json, "mark");
	const json_t *tcp = json_object_get(json, "tcp");
	struct estab_socket *sock = &row->sock;

	sock->local_port = read_end(json_object_get(json, "local"), sock->inet.local);
	sock->peer_port = read_end(json_object_get(json, "peer"), sock->inet.peer);
	if (mark) {
		uint32_t value = (uint32_t)json_integer_value(mark);

		put(row, EXT_MARK, &value, sizeof(value));
	}
	if (json_object_get(json, "cgroup")) {
		uint64_t id = value_of(json, "cgroup", 0);

		put(row, EXT_CGROUP_ID, &id, sizeof(id));
	}
	if (json_object_get(json, "v6only")) {
		uint8_t v6only = json_is_true(json_object_get(json, "v6only"));

		put(row, EXT_V6ONLY, &v6only, 1);
	}
	if (tcp)
		put_tcp_info(row, tcp);
	put_text(row, EXT_CONGESTION, text_of(json, "congestion"));
}

static void read_others(struct row *row, const json_t *json)
{
	struct estab_socket *sock = &row->sock;

	if (sock->family == ESTAB_FAMILY_NETLINK) {
		sock->netlink.protocol = (uint8_t)value_of(json, "protocol", 0);
		sock->netlink.portid = (uint32_t)value_of(json, "portid", 0);
	} else if (sock->family == ESTAB_FAMILY_PACKET) {
		sock->packet.protocol = (uint16_t)value_of(json, "protocol", 0);
	} else {
		sock->local.peer_inode = value_of(json, "peer_inode", 0);
		sock->has |= HAS_PEER_INODE;
		put_text(row, EXT_PATH, text_of(json, "path"));
		put_text(row, EXT_PEER_PATH, text_of(json, "peer_path"));
		if (json_is_true(json_object_get(json, "abstract")))
			put(row, EXT_ABSTRACT, NULL, 0);
	}
}

static void read_device(struct row *row, const json_t *device)
{
	uint32_t index = (uint32_t)json_integer_value(json_array_get(device, 0));

	if (!device)
		return;
	put(row, EXT_IFINDEX, &index, sizeof(index));
	put_text(row, EXT_IFNAME, json_string_value(json_array_get(device, 1)));
}

static const char *keep(struct filter_rows *rows, const char *text)
{
	return text ? arena_text(&rows->texts, text, strlen(text)) : NULL;
}

/* Arguments with a blank between, each of which becomes a NUL. */
static void read_cmdline(struct filter_rows *rows, struct process *process, const char *text)
{
	char *line;

	if (!text)
		return;
	process->cmdline_length = (uint32_t)strlen(text) + 1;
	process->cmdline = line = arena_text(&rows->texts, text, strlen(text));
	for (; *line; line++)
		if (*line == ' ')
			*line = '\0';
}

static void read_owners(struct filter_rows *rows, struct filter_row *row, const json_t *owners)
{
	size_t n = json_array_size(owners);

	assert_true(n <= FILTER_ROW_OWNERS);
	row->owners = calloc(1, sizeof(*row->owners) + n * sizeof(row->owners->owners[0]));
	assert_non_null(row->owners);
	row->owners->count = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		const json_t *json = json_array_get(owners, i);
		struct process *process = &row->processes[i];

		process->pid = (uint32_t)value_of(json, "pid", 1);
		process->uid = (uint32_t)value_of(json, "uid", 0);
		process->start_ticks = value_of(json, "start_ticks", 100);
		process->has = PROCESS_HAS_UID | PROCESS_HAS_START;
		process->comm = keep(rows, text_of(json, "comm"));
		process->exe = keep(rows, text_of(json, "exe"));
		process->user = keep(rows, text_of(json, "user"));
		read_cmdline(rows, process, text_of(json, "cmdline"));
		row->owners->owners[i] = (struct estab_owner){
			.process = process,
			.fd = (int32_t)value_of(json, "fd", 3),
		};
	}
	row->row.sock.owners = row->owners;
}

static void read_row(struct filter_rows *rows, struct filter_row *row, const json_t *json)
{
	struct estab_socket *sock = &row->row.sock;
	const json_t *owners = json_object_get(json, "owners");

	assert_int_equal(ext_builder_init(&row->row.ext, rows->env), 0);
	row_reset(&row->row, number_of(word_proto, text_of(json, "proto")),
		  number_of(word_family, text_of(json, "family")));
	snprintf(row->name, sizeof(row->name), "%s", text_of(json, "name"));
	sock->state = (uint8_t)number_of(word_state, text_of(json, "state"));
	sock->type = (uint8_t)number_of(word_type, text_of(json, "type"));
	sock->has |= HAS_QUEUES | HAS_INODE | OWNERS_LOOKED;
	sock->inode = value_of(json, "inode", 0);
	sock->recv_q = (uint32_t)value_of(json, "recv_q", 0);
	sock->send_q = (uint32_t)value_of(json, "send_q", 0);
	if (json_object_get(json, "uid")) {
		sock->uid = (uint32_t)value_of(json, "uid", 0);
		sock->has |= HAS_UID;
	}
	if (!json_is_true(json_object_get(json, "text"))) {
		sock->cookie = 1000 + rows->n;
		sock->has |= HAS_COOKIE;
	}
	if (json_is_true(json_object_get(json, "minisock")))
		sock->has |= IS_MINISOCK;
	if (record_is_inet(sock))
		read_inet(&row->row, json);
	else
		read_others(&row->row, json);
	read_device(&row->row, json_object_get(json, "dev"));
	if (owners)
		read_owners(rows, row, owners);
	else
		sock->no_owner = NO_OWNER_ORPHAN;
}

static void make_env(struct filter_rows *rows)
{
	struct estab_ctx_options options = {
		.size = sizeof(options),
		.passwd_file = "test/golden/filter-passwd",
	};
	enum estab_field field = ESTAB_F_NONE;
	struct estab_query *query;

	assert_int_equal(estab_ctx_new(&options, &rows->ctx), 0);
	assert_int_equal(estab_query_new(rows->ctx, &query), 0);
	/* Those that are not a socket's are refused. */
	while ((field = estab_field_next(field)) != ESTAB_F_NONE)
		estab_query_add_field(query, field);
	assert_int_equal(env_new(rows->ctx, query, &rows->env), 0);
	estab_query_unref(query);
}

void filter_rows_read(struct filter_rows *rows)
{
	FILE *file = fopen("test/golden/filter-rows.jsonl", "r");
	char line[2048];

	memset(rows, 0, sizeof(*rows));
	assert_non_null(file);
	make_env(rows);
	while (fgets(line, sizeof(line), file)) {
		json_error_t error;
		json_t *json = json_loads(line, 0, &error);

		if (!json)
			fail_msg("filter-rows.jsonl: %s: %s", line, error.text);
		assert_true(rows->n < FILTER_ROWS_MAX);
		read_row(rows, &rows->rows[rows->n], json);
		rows->n++;
		json_decref(json);
	}
	fclose(file);
}

void filter_rows_free(struct filter_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		ext_builder_free(&rows->rows[i].row.ext);
		free(rows->rows[i].owners);
	}
	arena_free(&rows->texts);
	env_unref(rows->env);
	estab_ctx_unref(rows->ctx);
}

const struct estab_socket *filter_rows_find(const struct filter_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->rows[i].name, name) == 0)
			return &rows->rows[i].row.sock;
	return NULL;
}
