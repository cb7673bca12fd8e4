/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "field.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#include <ctype.h>
#include <stdio.h>

#include "env.h"
#include "parse.h"

static struct estab_ctx ctx;
static struct env env = { .ctx = &ctx };

/* ESTAB_F_LOCAL_PORT is "local.port": the header's name and the table's say the same. */
static void test_names_match_ids(void **state)
{
	FILE *header = fopen("include/estab-fields.h", "re");
	char line[512];
	size_t found = 0;

	(void)state;
	assert_non_null(header);
	while (fgets(line, sizeof(line), header)) {
		char *at = line + strspn(line, "\t");
		char *end;
		uint32_t id;
		const char *name;

		if (strncmp(at, "ESTAB_F_", 8) != 0 || !strstr(at, " = "))
			continue;
		at += 8;
		end = strstr(at, " = ");
		*end = '\0';
		end[3 + strspn(end + 3, "0123456789")] = '\0';
		assert_int_equal(parse_u32(end + 3, &id), 0);
		if (strcmp(at, "NONE") == 0 || strcmp(at, "FORCE_WIDTH") == 0)
			continue;
		name = estab_field_name((enum estab_field)id);
		print_message("%s %u\n", at, id);
		assert_non_null(name);
		assert_int_equal(strlen(name), strlen(at));
		for (size_t i = 0; name[i]; i++)
			assert_int_equal(name[i] == '.' ? '_' : toupper(name[i]), at[i]);
		assert_int_equal(estab_field_from_name(name), id);
		found++;
	}
	fclose(header);

	for (enum estab_field id = estab_field_next(ESTAB_F_NONE); id != ESTAB_F_NONE;
	     id = estab_field_next(id))
		found--;
	assert_int_equal(found, 0);
}

static void test_table_is_sound(void **state)
{
	(void)state;
	for (const struct field *field = field_after(NULL); field; field = field_after(field)) {
		const char *dot = strchr(field->name, '.');
		const struct field *next = field_after(field);

		print_message("%s\n", field->name);
		assert_true(field->kind == ESTAB_KIND_GROUP || field->get || field->get_owner);
		assert_true(field->help[0] != '\0' && strlen(field->name) < 40);
		for (size_t i = 0; field->title[i]; i++)
			assert_false(islower(field->title[i]));
		/* What stands below one dotted name stands together, or JSON would say it twice. */
		if (!dot || !next ||
		    strncmp(next->name, field->name, (size_t)(dot - field->name) + 1) == 0)
			continue;
		for (; next; next = field_after(next))
			assert_true(strncmp(next->name, field->name,
					    (size_t)(dot - field->name) + 1) != 0);
	}
	assert_int_equal(estab_field_from_name("pid"), ESTAB_F_OWNER_PID);
	assert_int_equal(estab_field_from_name("process"), ESTAB_F_OWNER_COMM);
	assert_int_equal(estab_field_from_name("prot"), ESTAB_F_NONE);
	assert_null(estab_field_name((enum estab_field)9999));
	assert_int_equal(estab_field_next((enum estab_field)9999), ESTAB_F_NONE);
}

/* A query knows the fields of its subject; there is none beyond those that can be read. */
static void test_subjects(void **state)
{
	struct estab_query *query;
	struct estab_ctx *context;

	(void)state;
	assert_string_equal(estab_subject_name(ESTAB_SUBJECT_SOCKETS), "sockets");
	assert_string_equal(estab_subject_record(ESTAB_SUBJECT_SOCKETS), "socket");
	assert_null(estab_subject_name((enum estab_subject)99));
	assert_null(estab_subject_record((enum estab_subject)99));
	assert_string_equal(row_word(ESTAB_PROTO_UDP), "udp");
	assert_null(row_word(ROW_KINDS));

	assert_int_equal(estab_ctx_new(NULL, &context), 0);
	assert_int_equal(estab_query_new(context, &query), 0);
	assert_int_equal(estab_query_set_subject(query, (enum estab_subject)99), -EINVAL);
	assert_int_equal(estab_query_set_subject(query, ESTAB_SUBJECT_SOCKETS), 0);
	for (const struct field *field = field_after(NULL); field; field = field_after(field))
		assert_int_equal(estab_query_add_field(query, field->id),
				 field->protos & ROWS_SOCKETS ? 0 : -EINVAL);
	assert_int_equal(estab_query_add_field(query, (enum estab_field)9999), -EINVAL);
	estab_query_unref(query);
	estab_ctx_unref(context);
}

static void test_info_by_size(void **state)
{
	struct estab_field_info info = { .size = sizeof(info) };
	struct estab_field_info small = { .size = offsetof(struct estab_field_info, name),
					  .name = "untouched" };

	(void)state;
	assert_int_equal(estab_field_get_info(ESTAB_F_TCP_RTT_US, &info), 0);
	assert_int_equal(info.subjects, 1 << ESTAB_SUBJECT_SOCKETS);
	assert_int_equal(info.defaults, 0);
	assert_string_equal(info.name, "tcp.rtt_us");
	assert_string_equal(info.unit, "us");
	assert_int_equal(info.kind, ESTAB_KIND_U64);
	assert_int_equal(estab_field_get_info(ESTAB_F_TCP_RTT_US, &small), 0);
	assert_string_equal(small.name, "untouched");
	assert_int_equal(small.kind, ESTAB_KIND_U64);
	assert_int_equal(estab_field_get_info((enum estab_field)9999, &info), -ENOENT);
	assert_int_equal(estab_field_get_info(ESTAB_F_COOKIE, &info), 0);
	assert_true(info.flags & ESTAB_FIELD_STRING);
	assert_int_equal(estab_field_get_info(ESTAB_F_OWNER_PID, &info), 0);
	assert_true(info.flags & ESTAB_FIELD_OWNER);
}

static void row_begin(struct row *row, enum estab_proto proto, enum estab_family family)
{
	memset(row, 0, sizeof(*row));
	assert_int_equal(ext_builder_init(&row->ext, &env), 0);
	row_reset(row, proto, family);
}

static void assert_format(const struct row *row, enum estab_field field, const char *expected)
{
	char buffer[256];
	int length = estab_socket_format(&row->sock, field, buffer, sizeof(buffer));

	if (!expected) {
		assert_int_equal(length, -ENODATA);
		return;
	}
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(buffer, expected, strlen(expected));
}

static void test_ends(void **state)
{
	static const uint8_t v4[16] = { 127, 0, 0, 1 };
	static const uint8_t link_local[16] = { 0xfe, 0x80, [15] = 1 };
	struct row row;

	(void)state;
	row_begin(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	memcpy(row.sock.inet.local, v4, 16);
	row.sock.local_port = 631;
	assert_format(&row, ESTAB_F_LOCAL, "127.0.0.1:631");
	assert_format(&row, ESTAB_F_PEER, "0.0.0.0:*");
	row_put(&row, EXT_IFNAME, "lo", 2);
	assert_format(&row, ESTAB_F_LOCAL, "127.0.0.1%lo:631");
	assert_format(&row, ESTAB_F_PEER, "0.0.0.0:*");
	assert_format(&row, ESTAB_F_LOCAL_SCOPE, NULL);

	row_reset(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET6);
	row.sock.local_port = 22;
	assert_format(&row, ESTAB_F_LOCAL, "*:22");
	row_put(&row, EXT_V6ONLY, &(uint8_t){ 0 }, 1);
	assert_format(&row, ESTAB_F_LOCAL, "*:22");
	row_reset(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET6);
	row_put(&row, EXT_V6ONLY, &(uint8_t){ 1 }, 1);
	assert_format(&row, ESTAB_F_LOCAL, "[::]:*");
	assert_format(&row, ESTAB_F_LOCAL_ADDR, "::");
	memcpy(row.sock.inet.local, link_local, 16);
	memcpy(row.sock.inet.peer, link_local, 16);
	row_put(&row, EXT_IFNAME, "eth\033", 4);
	assert_format(&row, ESTAB_F_LOCAL, "[fe80::1%eth\\x1b]:*");
	assert_format(&row, ESTAB_F_PEER, "[fe80::1%eth\\x1b]:*");
	assert_format(&row, ESTAB_F_PEER_SCOPE, "eth\\x1b");
	ext_builder_free(&row.ext);
}

static void test_unix_ends(void **state)
{
	struct row row;
	uint64_t number;

	(void)state;
	row_begin(&row, ESTAB_PROTO_UNIX, ESTAB_FAMILY_UNIX);
	row.sock.state = ESTAB_STATE_UNCONNECTED;
	assert_format(&row, ESTAB_F_LOCAL, "*");
	row.sock.inode = 12;
	assert_format(&row, ESTAB_F_LOCAL, "#12");
	assert_format(&row, ESTAB_F_PEER, "*");
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_PEER_INODE, &number), -ENODATA);
	row.sock.has |= HAS_PEER_INODE;
	row.sock.local.peer_inode = 13;
	assert_format(&row, ESTAB_F_PEER, "#13");
	row_put(&row, EXT_PATH, "a\0b\n", 4);
	row_put(&row, EXT_ABSTRACT, NULL, 0);
	assert_format(&row, ESTAB_F_LOCAL, "@a\\x00b\\x0a");
	assert_format(&row, ESTAB_F_LOCAL_ABSTRACT, "yes");
	assert_format(&row, ESTAB_F_LOCAL_PORT, NULL);
	row.sock.local.vfs_dev = 254u << 20 | 3;
	assert_format(&row, ESTAB_F_VFS_DEV_MAJOR, "254");
	assert_format(&row, ESTAB_F_VFS_DEV_MINOR, "3");
	ext_builder_free(&row.ext);
}

/* Listeners are LISTEN: a table off by one once printed them as CLOSING. */
static void test_states(void **state)
{
	static const char *const words[] = {
		NULL,         "ESTABLISHED", "SYN-SENT",    "SYN-RECV",   "FIN-WAIT-1",
		"FIN-WAIT-2", "TIME-WAIT",   "UNCONNECTED", "CLOSE-WAIT", "LAST-ACK",
		"LISTEN",     "CLOSING",     NULL,          "BOUND",      NULL,
	};
	struct row row;

	(void)state;
	row_begin(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		row.sock.state = (uint8_t)i;
		assert_format(&row, ESTAB_F_STATE, words[i]);
	}
	assert_string_equal(estab_state_name(ESTAB_STATE_LISTEN), "listen");
	ext_builder_free(&row.ext);
}

static void test_queues(void **state)
{
	struct row row;
	uint64_t number;

	(void)state;
	row_begin(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	row.sock.recv_q = 3;
	row.sock.send_q = 128;
	assert_format(&row, ESTAB_F_RECV_Q, NULL);
	row.sock.has |= HAS_QUEUES;
	assert_format(&row, ESTAB_F_RECV_Q, "3");
	assert_format(&row, ESTAB_F_SEND_Q, "128");
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_BACKLOG, &number), -ENODATA);

	row.sock.state = ESTAB_STATE_LISTEN;
	assert_format(&row, ESTAB_F_RECV_Q, "3");
	assert_format(&row, ESTAB_F_SEND_Q, NULL); /* the limit is unknown from text */
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_RECV_Q, &number), -ENODATA);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_BACKLOG, &number), 0);
	assert_int_equal(number, 3);
	row.sock.has |= HAS_BACKLOG_LIMIT;
	assert_format(&row, ESTAB_F_SEND_Q, "128");
	assert_format(&row, ESTAB_F_BACKLOG_LIMIT, "128");
	ext_builder_free(&row.ext);
}

static void test_timer(void **state)
{
	struct row row;

	(void)state;
	row_begin(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	assert_format(&row, ESTAB_F_TIMER, NULL);
	row.sock.has |= HAS_TIMER;
	assert_format(&row, ESTAB_F_TIMER, "off");
	assert_format(&row, ESTAB_F_TIMER_EXPIRES_MS, NULL);
	row.sock.timer_kind = TIMER_KEEPALIVE;
	row.sock.timer_ms = 28060;
	assert_format(&row, ESTAB_F_TIMER, "keepalive:28.06s");
	row.sock.timer_retransmits = 2;
	assert_format(&row, ESTAB_F_TIMER, "keepalive:28.06s retransmits:2");
	row.sock.timer_kind = 15;
	assert_format(&row, ESTAB_F_TIMER, NULL);
	ext_builder_free(&row.ext);
}

/* struct tcp_info as Linux 6.18 has it, and shorter ones of older kernels. */
static void test_tcp_info(void **state)
{
	uint8_t info[280] = { 0 };
	struct row row;
	uint64_t number;
	double percent;
	const char *word;

	(void)state;
	memset(info + 148, 0xff, 4);                     /* min_rtt: unset */
	memset(info + 112, 0xff, 8);                     /* max_pacing_rate: unset */
	memcpy(info + 76, &(uint32_t){ 0x7fffffff }, 4); /* ssthresh: infinite */
	memcpy(info + 100, &(uint32_t){ 7 }, 4);
	memcpy(info + 120, &(uint64_t){ 5002 }, 8);
	memcpy(info + 200, &(uint64_t){ 1000 }, 8);
	memcpy(info + 208, &(uint64_t){ 25 }, 8);
	info[1] = 3;
	info[5] = 1 | 2 | 8;
	info[6] = 0x7a;
	row_begin(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	row_put(&row, EXT_TCP_INFO, info, sizeof(info));

	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_RTT_US, &number), -ENODATA);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_MIN_RTT_US, &number),
			 -ENODATA);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_SND_SSTHRESH, &number),
			 -ENODATA);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_MAX_PACING_RATE, &number),
			 -ENODATA);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_TOTAL_RETRANS, &number), 0);
	assert_int_equal(number, 7);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_BYTES_ACKED, &number), 0);
	assert_int_equal(number, 5002);
	assert_int_equal(estab_socket_get_f64(&row.sock, ESTAB_F_TCP_RETRANS_PERCENT, &percent), 0);
	assert_true(percent > 2.49 && percent < 2.51);
	assert_int_equal(estab_socket_get_str(&row.sock, ESTAB_F_TCP_CA_STATE, &word), 0);
	assert_string_equal(word, "recovery");
	assert_format(&row, ESTAB_F_TCP_SACK, "yes");
	assert_format(&row, ESTAB_F_TCP_ECN, "yes");
	assert_format(&row, ESTAB_F_TCP_FASTOPEN, "no");
	assert_format(&row, ESTAB_F_TCP_WSCALE, "no");
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		assert_format(&row, ESTAB_F_TCP_SND_WSCALE, "10");
		assert_format(&row, ESTAB_F_TCP_RCV_WSCALE, "7");
	}

	/* Linux 4.18 made 200 bytes: bytes_sent was not known then, and is not 0. */
	row_reset(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	row_put(&row, EXT_TCP_INFO, info, 200);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_BYTES_SENT, &number),
			 -ENODATA);
	assert_int_equal(estab_socket_get_f64(&row.sock, ESTAB_F_TCP_RETRANS_PERCENT, &percent),
			 -ENODATA);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_BYTES_ACKED, &number), 0);
	ext_builder_free(&row.ext);
}

/* What a congestion control algorithm tells, and what the others don't have of it. */
static void test_congestion_info(void **state)
{
	static const struct tcp_bbr_info bbr = {
		.bbr_bw_lo = 5,
		.bbr_bw_hi = 1,
		.bbr_min_rtt = 250,
		.bbr_pacing_gain = 320,
		.bbr_cwnd_gain = 512,
	};
	static const struct tcp_dctcp_info dctcp = {
		.dctcp_enabled = 1,
		.dctcp_ce_state = 3,
		.dctcp_alpha = 1024,
		.dctcp_ab_ecn = 7,
		.dctcp_ab_tot = 9,
	};
	struct row row;
	double gain;
	uint64_t number;

	(void)state;
	row_begin(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	assert_format(&row, ESTAB_F_TCP_BBR_BANDWIDTH, NULL);
	row_put(&row, EXT_BBR, &bbr, sizeof(bbr));
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_BBR_BANDWIDTH, &number), 0);
	assert_true(number == (UINT64_C(1) << 32) + 5);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_TCP_BBR_MIN_RTT_US, &number), 0);
	assert_int_equal(number, 250);
	assert_int_equal(estab_socket_get_f64(&row.sock, ESTAB_F_TCP_BBR_PACING_GAIN, &gain), 0);
	assert_true(gain > 1.249 && gain < 1.251);
	assert_int_equal(estab_socket_get_f64(&row.sock, ESTAB_F_TCP_BBR_CWND_GAIN, &gain), 0);
	assert_true(gain > 1.999 && gain < 2.001);
	assert_format(&row, ESTAB_F_TCP_DCTCP_ALPHA, NULL);

	row_reset(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	row_put(&row, EXT_DCTCP, &dctcp, sizeof(dctcp));
	assert_format(&row, ESTAB_F_TCP_DCTCP_ENABLED, "yes");
	assert_format(&row, ESTAB_F_TCP_DCTCP_CE_STATE, "3");
	assert_format(&row, ESTAB_F_TCP_DCTCP_ALPHA, "1024");
	assert_format(&row, ESTAB_F_TCP_DCTCP_AB_ECN, "7");
	assert_format(&row, ESTAB_F_TCP_DCTCP_AB_TOT, "9");
	assert_format(&row, ESTAB_F_TCP_BBR_MIN_RTT_US, NULL);
	/* A shorter one is not read past its end. */
	row_reset(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	row_put(&row, EXT_DCTCP, &dctcp, 6);
	assert_format(&row, ESTAB_F_TCP_DCTCP_ALPHA, NULL);
	ext_builder_free(&row.ext);
}

/* What only the old tools show. */
static void test_kernel_objects(void **state)
{
	static const uint8_t code[] = { 6, 0, 0, 0, 0, 0, 4, 0 };
	struct row row;
	const void *bytes;
	uint64_t number;
	size_t length;

	(void)state;
	row_begin(&row, ESTAB_PROTO_UNIX, ESTAB_FAMILY_UNIX);
	assert_format(&row, ESTAB_F_REFERENCES, NULL);
	row_put(&row, EXT_REFERENCES, &(uint32_t){ 3 }, 4);
	row_put(&row, EXT_KERNEL_ADDRESS, &(uint64_t){ UINT64_C(0xffff8800d9c5e6c0) }, 8);
	assert_format(&row, ESTAB_F_REFERENCES, "3");
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_KERNEL_ADDRESS, &number), 0);
	assert_true(number == UINT64_C(0xffff8800d9c5e6c0));
	row_reset(&row, ESTAB_PROTO_PACKET, ESTAB_FAMILY_PACKET);
	assert_int_equal(estab_socket_get_bytes(&row.sock, ESTAB_F_PACKET_FILTER_CODE, &bytes,
						&length),
			 -ENODATA);
	row_put(&row, EXT_PACKET_CODE, code, sizeof(code));
	assert_int_equal(
		estab_socket_get_bytes(&row.sock, ESTAB_F_PACKET_FILTER_CODE, &bytes, &length), 0);
	assert_int_equal(length, sizeof(code));
	assert_memory_equal(bytes, code, sizeof(code));
	ext_builder_free(&row.ext);
}

/* A closed set of words, and numbers that have none. */
static void test_tls(void **state)
{
	struct tls_state tls = { 0x0304, 54, 2, 1, 1, 0 };
	struct row row;

	(void)state;
	row_begin(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	assert_format(&row, ESTAB_F_TCP_TLS_VERSION, NULL);
	row_put(&row, EXT_TLS, &tls, sizeof(tls));
	assert_format(&row, ESTAB_F_TCP_TLS_VERSION, "1.3");
	assert_format(&row, ESTAB_F_TCP_TLS_CIPHER, "chacha20-poly1305");
	assert_format(&row, ESTAB_F_TCP_TLS_TX, "sw");
	assert_format(&row, ESTAB_F_TCP_TLS_RX, "none");
	assert_format(&row, ESTAB_F_TCP_TLS_ZC_RO_TX, "yes");
	assert_format(&row, ESTAB_F_TCP_TLS_NO_PAD_RX, "no");
	tls = (struct tls_state){ .version = 0x0305, .tx = 9 };
	row_reset(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	row_put(&row, EXT_TLS, &tls, sizeof(tls));
	assert_format(&row, ESTAB_F_TCP_TLS_VERSION, NULL);
	assert_format(&row, ESTAB_F_TCP_TLS_TX, NULL);
	ext_builder_free(&row.ext);
}

static void test_getters_check(void **state)
{
	struct estab_addr addr;
	struct row row;
	uint64_t number = 4711;
	const char *word;
	const void *bytes;
	size_t length;

	(void)state;
	row_begin(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_STATE, &number), -EINVAL);
	assert_int_equal(estab_socket_get_u64(&row.sock, (enum estab_field)9999, &number), -EINVAL);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_UID, &number), -ENODATA);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_LOCAL, &number), -EINVAL);
	assert_int_equal(estab_socket_get_str(&row.sock, ESTAB_F_UID, &word), -EINVAL);
	assert_int_equal(estab_socket_get_str(&row.sock, ESTAB_F_LOCAL_PATH, &word), -EINVAL);
	assert_int_equal(estab_socket_get_bytes(&row.sock, ESTAB_F_LOCAL_PATH, &bytes, &length),
			 -ENODATA);
	assert_int_equal(estab_socket_get_addr(&row.sock, ESTAB_F_LOCAL_PORT, &addr), -EINVAL);
	assert_int_equal(estab_socket_get_addr(&row.sock, ESTAB_F_LOCAL_ADDR, &addr), 0);
	assert_int_equal(number, 4711);
	assert_int_equal(estab_socket_get_u64(&row.sock, ESTAB_F_OWNER_PID, &number), -ENODATA);
	assert_int_equal(estab_socket_owner_count(&row.sock), 0);
	assert_null(estab_socket_owner(&row.sock, 0));
	ext_builder_free(&row.ext);
}

static void test_state_words(void **state)
{
	uint32_t states = 0;

	(void)state;
	assert_int_equal(estab_states_from_name("listening", &states), 0);
	assert_int_equal(states, BIT32(ESTAB_STATE_LISTEN));
	assert_int_equal(estab_states_from_name("closed", &states), 0);
	assert_int_equal(states, BIT32(ESTAB_STATE_UNCONNECTED) | BIT32(ESTAB_STATE_BOUND));
	assert_int_equal(estab_states_from_name("all", &states), 0);
	assert_int_equal(states, ESTAB_STATES_ALL);
	assert_int_equal(estab_states_from_name("bucket", &states), 0);
	assert_int_equal(states, BIT32(ESTAB_STATE_SYN_RECV) | BIT32(ESTAB_STATE_TIME_WAIT));
	assert_int_equal(estab_states_from_name("fin-wait-2", &states), 0);
	assert_int_equal(states, BIT32(ESTAB_STATE_FIN_WAIT_2));
	assert_int_equal(estab_states_from_name("no", &states), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_match_ids),
		cmocka_unit_test(test_table_is_sound),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_info_by_size),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_unix_ends),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_queues),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_tcp_info),
		cmocka_unit_test(test_congestion_info),
		cmocka_unit_test(test_kernel_objects),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_getters_check),
		cmocka_unit_test(test_state_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
