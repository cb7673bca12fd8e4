/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The text tables of netlink, packet, AX.25 and IPX sockets. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "env.h"
#include "lines.h"
#include "procfs.h"
#include "util.h"
#include "written.h"

/* ---- whole tables, as JSON: what a program sees ---- */

struct reading {
	struct estab_ctx *ctx;
	struct estab_query *query;
};

static void begin(struct reading *reading, const char *capture, enum estab_proto proto)
{
	const char *top = getenv("ESTAB_SRCDIR");
	char directory[512];
	struct estab_ctx_options options = { .size = sizeof(options), .proc_root = directory };

	snprintf(directory, sizeof(directory), "%s/test/golden/%s", top ? top : ".", capture);
	assert_int_equal(estab_ctx_new(&options, &reading->ctx), 0);
	assert_int_equal(estab_query_new(reading->ctx, &reading->query), 0);
	assert_int_equal(estab_query_set_protos(reading->query, BIT64(proto)), 0);
}

static void end(struct reading *reading)
{
	estab_query_unref(reading->query);
	estab_ctx_unref(reading->ctx);
}

/* The rows' JSON, each followed by a newline. */
static void read_rows(struct reading *reading, struct written *output)
{
	const struct estab_socket *sock;
	struct estab_scan *scan;
	int r;

	output->length = 0;
	output->text[0] = '\0';
	assert_int_equal(estab_scan_open(reading->query, &scan), 0);
	while ((r = estab_scan_next(scan, &sock)) == 0) {
		assert_int_equal(estab_socket_write_json(sock, written_put, output), 0);
		written_put(output, "\n", 1);
	}
	assert_int_equal(r, 1);
	assert_true(estab_result_is_complete(estab_scan_result(scan)));
	estab_scan_close(scan);
}

static void expect_rows(const char *capture, enum estab_proto proto, const enum estab_field *fields,
			size_t n_fields, const char *expected)
{
	struct written *output = malloc(sizeof(*output));
	struct reading reading;

	assert_non_null(output);
	begin(&reading, capture, proto);
	for (size_t i = 0; i < n_fields; i++)
		assert_int_equal(estab_query_add_field(reading.query, fields[i]), 0);
	read_rows(&reading, output);
	assert_string_equal(output->text, expected);
	end(&reading);
	free(output);
}

static void test_netlink(void **state)
{
	static const enum estab_field fields[] = {
		ESTAB_F_PROTOCOL, ESTAB_F_PROTOCOL_NAME, ESTAB_F_STATE, ESTAB_F_TYPE,
		ESTAB_F_RECV_Q,   ESTAB_F_DROPS,         ESTAB_F_INODE, ESTAB_F_NETLINK,
	};

	(void)state;
#define ROW(rq, number, name, inode, portid, groups, mask)                                       \
	"{\"type\":null,\"state\":null,\"recv_q\":" rq ",\"protocol\":" number                   \
	",\"protocol_name\":\"" name "\",\"inode\":" inode ",\"drops\":0,\"netlink\":{"          \
	"\"portid\":" portid ",\"dst_portid\":null,\"dst_group\":null,\"groups\":" groups        \
	",\"groups_mask\":" mask ",\"dumping\":false,\"pktinfo\":null,"                          \
	"\"broadcast_error\":null,\"no_enobufs\":null,\"listen_all_nsid\":null,\"cap_ack\":null" \
	"}}\n"
	/* Of the two protocols that have more than 32 groups, the text does not tell all. */
	expect_rows(
		"proc-families", ESTAB_PROTO_NETLINK, fields, ARRAY_SIZE(fields),
		ROW("0", "0", "route", "11069528", "1007", "null",
		    "0") ROW("0", "0", "route", "11069464", "0", "null",
			     "0") ROW("2304", "0", "route", "11069522", "1001", "null",
				      "17") ROW("0", "2", "usersock", "11069527", "1006", "[]", "0")
			ROW("0", "4", "sock-diag", "11069470", "0", "[]",
			    "0") ROW("0", "6", "xfrm", "11069472", "0", "[]",
				     "0") ROW("0", "9", "audit", "11069466", "0", "[]", "0")
				ROW("0", "10", "fib-lookup", "11069468", "0", "[]", "0")
					ROW("0", "12", "netfilter", "11069524", "1003", "[7]",
					    "64") ROW("0", "12", "netfilter", "11069471", "0",
						      "[]", "0") ROW("0", "15", "kobject-uevent",
								     "11069467", "0", "[]", "0")
						ROW("0", "15", "kobject-uevent", "11069526", "1005",
						    "[1]", "1") ROW("0", "16", "generic",
								    "11069523", "1002", "null", "0")
							ROW("0", "16", "generic", "11069465", "0",
							    "null", "0"));
#undef ROW
}

static void test_netlink_old(void **state)
{
	static const enum estab_field fields[] = {
		ESTAB_F_PROTOCOL_NAME,  ESTAB_F_INODE,  ESTAB_F_DROPS,
		ESTAB_F_NETLINK_PORTID, ESTAB_F_RECV_Q, ESTAB_F_NETLINK_DUMPING,
	};

	(void)state;
	expect_rows("proc-families-old", ESTAB_PROTO_NETLINK, fields, ARRAY_SIZE(fields),
		    "{\"recv_q\":0,\"protocol_name\":\"route\",\"inode\":null,\"drops\":null,"
		    "\"netlink\":{\"portid\":0,\"dumping\":false}}\n"
		    "{\"recv_q\":0,\"protocol_name\":\"route\",\"inode\":null,\"drops\":null,"
		    "\"netlink\":{\"portid\":1204,\"dumping\":true}}\n"
		    "{\"recv_q\":128,\"protocol_name\":\"kobject-uevent\",\"inode\":null,"
		    "\"drops\":null,\"netlink\":{\"portid\":4294963173,\"dumping\":false}}\n");
}

static void test_packet(void **state)
{
	static const enum estab_field fields[] = {
		ESTAB_F_TYPE,           ESTAB_F_STATE,
		ESTAB_F_INTERFACE,      ESTAB_F_PROTOCOL,
		ESTAB_F_RECV_Q,         ESTAB_F_SEND_Q,
		ESTAB_F_PROTOCOL_NAME,  ESTAB_F_UID,
		ESTAB_F_INODE,          ESTAB_F_PACKET_RUNNING,
		ESTAB_F_PACKET_VERSION, ESTAB_F_PACKET_RX_BLOCK_NR,
	};

	(void)state;
#define ROW(type, interface, protocol, uid, inode, running)                                             \
	"{\"type\":\"" type                                                                             \
	"\",\"state\":\"unconnected\",\"recv_q\":0,\"send_q\":null" interface ",\"protocol\":" protocol \
	",\"uid\":" uid ",\"inode\":" inode ",\"packet\":{\"running\":" running                         \
	",\"version\":null,\"rx_block_nr\":null}}\n"
	/* A device's number means nothing on another host. */
	expect_rows(
		"proc-families", ESTAB_PROTO_PACKET, fields, ARRAY_SIZE(fields),
		ROW("raw", ",\"interface\":null", "34997", "0", "11069530",
		    "true") ROW("dgram", ",\"interface\":null", "34998", "0", "11069531", "true")
			ROW("raw", ",\"interface\":null", "2054,\"protocol_name\":\"arp\"", "1000",
			    "11069532", "true") ROW("raw", "", "0", "0", "11069533", "false")
				ROW("raw", ",\"interface\":null", "34997", "0", "11069534", "true")
					ROW("raw", ",\"interface\":null", "34997", "0", "11069535",
					    "true"));
#undef ROW
}

static void test_packet_types(void **state)
{
	struct written *output = malloc(sizeof(*output));
	struct reading reading;

	(void)state;
	assert_non_null(output);
	begin(&reading, "proc-families", ESTAB_PROTO_PACKET);
	assert_int_equal(estab_query_set_types(reading.query, BIT32(ESTAB_TYPE_STREAM)), 0);
	assert_int_equal(estab_query_set_proto_types(reading.query, ESTAB_PROTO_PACKET,
						     BIT32(ESTAB_TYPE_DGRAM)),
			 0);
	estab_query_add_field(reading.query, ESTAB_F_LOCAL_NAME);
	estab_query_add_field(reading.query, ESTAB_F_INODE);
	read_rows(&reading, output);
	assert_string_equal(output->text, "{\"inode\":11069531}\n");
	assert_int_equal(estab_query_set_proto_types(reading.query, ESTAB_PROTO_PACKET, 0),
			 -EINVAL);
	assert_int_equal(estab_query_set_proto_types(reading.query, (enum estab_proto)99, 1),
			 -EINVAL);
	end(&reading);
	free(output);
}

static void test_ax25(void **state)
{
	static const enum estab_field fields[] = {
		ESTAB_F_FAMILY, ESTAB_F_TYPE,       ESTAB_F_STATE,     ESTAB_F_RECV_Q,
		ESTAB_F_SEND_Q, ESTAB_F_LOCAL_NAME, ESTAB_F_PEER_NAME, ESTAB_F_INTERFACE,
		ESTAB_F_UID,    ESTAB_F_INODE,
	};

	(void)state;
#define ROW(rest) "{\"family\":\"ax25\",\"type\":\"seqpacket\",\"state\":" rest "}\n"
	expect_rows(
		"proc-families", ESTAB_PROTO_AX25, fields, ARRAY_SIZE(fields),
		ROW("\"established\",\"recv_q\":0,\"send_q\":0,\"local\":{\"name\":\"N0CALL-1\"},"
		    "\"peer\":{\"name\":\"N0CALL-2\"},\"interface\":\"ax0\",\"uid\":null,"
		    "\"inode\":48211")
			ROW("\"syn-sent\",\"recv_q\":0,\"send_q\":512,\"local\":{\"name\":\"SM0ABC-15\"},"
			    "\"peer\":{\"name\":\"DB0XYZ-0,RELAY-7*,WIDE-2\"},\"interface\":\"ax0\","
			    "\"uid\":null,\"inode\":48230")
				ROW("\"unconnected\",\"recv_q\":0,\"send_q\":0,"
				    "\"local\":{\"name\":\"N0CALL-3*\"},\"uid\":null,\"inode\":48240")
					ROW("\"fin-wait-1\",\"recv_q\":null,\"send_q\":null,"
					    "\"local\":{\"name\":\"N0CALL-9\"},\"peer\":{\"name\":\"QST-0\"},"
					    "\"interface\":\"bcsf0\",\"uid\":null,\"inode\":0")
						ROW("\"established\",\"recv_q\":640,\"send_q\":1280,"
						    "\"local\":{\"name\":\"N0CALL-4\"},\"peer\":{\"name\":\"N0CALL-5\"},"
						    "\"interface\":\"ax1\",\"uid\":null,\"inode\":0"));
#undef ROW
}

static void test_ipx(void **state)
{
	static const enum estab_field fields[] = {
		ESTAB_F_STATE,     ESTAB_F_RECV_Q, ESTAB_F_SEND_Q, ESTAB_F_LOCAL_NAME,
		ESTAB_F_PEER_NAME, ESTAB_F_UID,    ESTAB_F_INODE,
	};

	(void)state;
	expect_rows("proc-families", ESTAB_PROTO_IPX, fields, ARRAY_SIZE(fields),
		    "{\"state\":\"unconnected\",\"recv_q\":0,\"send_q\":0,"
		    "\"local\":{\"name\":\"00000001:4002\"},\"uid\":0,\"inode\":null}\n"
		    "{\"state\":\"established\",\"recv_q\":42,\"send_q\":448,"
		    "\"local\":{\"name\":\"DEADBEEF:0452\"},"
		    "\"peer\":{\"name\":\"DEADBEEF:00A0C9112233:0451\"},\"uid\":1000,"
		    "\"inode\":null}\n");
	expect_rows("proc-families-old", ESTAB_PROTO_IPX, fields, ARRAY_SIZE(fields),
		    "{\"state\":\"unconnected\",\"recv_q\":0,\"send_q\":0,"
		    "\"local\":{\"name\":\"00000001:00A0C9445566:4003\"},\"uid\":0,"
		    "\"inode\":null}\n");
}

/* ---- what a table that is not there means ---- */

static bool is_complete(const char *capture, uint64_t protos, int *ret_error)
{
	const struct estab_socket *sock;
	struct estab_scan *scan = NULL;
	struct reading reading;
	bool complete = false;

	begin(&reading, capture, ESTAB_PROTO_TCP);
	assert_int_equal(estab_query_set_protos(reading.query, protos), 0);
	*ret_error = estab_scan_open(reading.query, &scan);
	if (*ret_error == 0) {
		while (estab_scan_next(scan, &sock) == 0)
			;
		complete = estab_result_is_complete(estab_scan_result(scan));
	}
	estab_scan_close(scan);
	end(&reading);
	return complete;
}

static void test_absence(void **state)
{
	int error;

	(void)state;
	/* A kernel without them has no such sockets. */
	assert_true(is_complete("proc-families-old", BIT64(ESTAB_PROTO_AX25), &error));
	assert_int_equal(error, 0);
	assert_true(is_complete("proc-forum", BIT64(ESTAB_PROTO_IPX), &error));
	assert_int_equal(error, 0);
	/* Nearly every kernel has these: the copy left them out. */
	assert_false(is_complete("proc-forum", BIT64(ESTAB_PROTO_PACKET), &error));
	assert_int_equal(error, -ENOENT);
	assert_false(is_complete("proc-forum", BIT64(ESTAB_PROTO_NETLINK), &error));
	assert_int_equal(error, -ENOENT);
	/* Whether there were MPTCP sockets: there were; and nobody knows. */
	assert_false(is_complete("proc-families", BIT64(ESTAB_PROTO_MPTCP), &error));
	assert_int_equal(error, -EOPNOTSUPP);
	assert_false(is_complete("proc-forum", BIT64(ESTAB_PROTO_MPTCP), &error));
	assert_int_equal(error, -EOPNOTSUPP);
}

static int count_in(const char *text, const char *name, uint64_t *ret_sockets)
{
	struct env env = { .deadline_us = 0 };
	char path[] = "/tmp/test-procfs-other-XXXXXX";
	int fd = mkstemp(path);
	int r;

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r = procfs_count_sockets(&env, fd, name, ret_sockets);
	close(fd);
	return r;
}

static void test_protocols(void **state)
{
	uint64_t n = 99;

	(void)state;
	assert_int_equal(count_in("protocol size sockets\nMPTCPv6 2064 1 12\nTCP 2304 8 12\n"
				  "MPTCP     1936      4      12   no\n",
				  "MPTCP", &n),
			 0);
	assert_int_equal(n, 5);
	assert_int_equal(count_in("TCP 2304 8 12", "MPTCP", &n), 0);
	assert_int_equal(n, 0);
	n = 99;
	/* Not that file, or only a piece of it. */
	assert_int_equal(count_in("", "MPTCP", &n), -EBADMSG);
	assert_int_equal(count_in("MPTCP 1936 4 12\n", "MPTCP", &n), -EBADMSG);
	assert_int_equal(count_in("TCP x 8\nMPTCP\n", "MPTCP", &n), -EBADMSG);
	assert_int_equal(n, 99);
}

/* ---- lines ---- */

typedef int line_fn(struct procfs_line line, const struct procfs_how *how, struct row *row);

struct lines_test {
	struct row row;
	struct env env; /* the last: it ends in a flexible array */
};

static int setup(void **state)
{
	struct lines_test *test = calloc(1, sizeof(*test) + 8);

	if (!test)
		return -1;
	*state = test;
	return ext_builder_init(&test->row.ext, &test->env);
}

static int teardown(void **state)
{
	struct lines_test *test = *state;

	ext_builder_free(&test->row.ext);
	free(test);
	return 0;
}

/* In memory of its own, so that a read past the end is noticed. */
static int read_line(struct lines_test *test, line_fn *fn, const char *text, size_t length,
		     bool cut)
{
	static const struct procfs_how how = { .needs = UINT32_MAX, .number = 7 };
	char *copy = malloc(MAX(length, (size_t)1));
	int r;

	assert_non_null(copy);
	memcpy(copy, text, length);
	r = fn((struct procfs_line){ { copy, copy + length }, cut }, &how, &test->row);
	free(copy);
	return r;
}

/* Every beginning of a good line must not pass for one, until the last column has begun; and then
 * only if it is said to be whole. */
static void check_beginnings(struct lines_test *test, line_fn *fn, const char *line, size_t last)
{
	size_t length = strlen(line);

	assert_int_equal(read_line(test, fn, line, length, false), 0);
	assert_int_equal(read_line(test, fn, line, length, true), -EBADMSG);
	for (size_t n = 0; n < length - last; n++) {
		assert_int_equal(read_line(test, fn, line, n, false), -EBADMSG);
		assert_int_equal(read_line(test, fn, line, n, true), -EBADMSG);
	}
	/* Blanks behind it are the kernel's. */
	assert_int_equal(read_line(test, fn, line, length, false), 0);
}

static void test_beginnings(void **state)
{
	check_beginnings(*state, procfs_packet_line,
			 "00000000d6f3eb5a 3      3    88b5   1     1 0      0      11069530", 8);
	check_beginnings(*state, procfs_ax25_line,
			 "b1 ax0 A-1 B-2 1 0 0 0 6 10 0 3 0 300 0 20 2 10 10 7 256 512 0 48230", 5);
	check_beginnings(
		*state, procfs_ipx_line,
		"00000001:4002  Not_Connected               00000000  00000000  07     000", 3);
}

static void test_broken(void **state)
{
	static const struct {
		line_fn *fn;
		const char *line;
	} lines[] = {
		{ procfs_netlink_line, "sk               Eth Pid        Groups   Rmem" },
		{ procfs_netlink_line, "zz 0 0 00000000 0 0 0 2 0 1" },
		{ procfs_netlink_line, "c4 256 0 00000000 0 0 0 2 0 1" },
		{ procfs_netlink_line, "c4 0 4294967296 00000000 0 0 0 2 0 1" },
		{ procfs_netlink_line, "c4 0 0 0000000 0 0 0 2 0 1" },
		{ procfs_netlink_line, "c4 0 0 00000000 x 0 0 2 0 1" },
		{ procfs_netlink_line, "c4 0 0 00000000 0 0 0 2 0x 1" },
		{ procfs_netlink_line, "c4 0 0 00000000 0 0 0 2 0 1x" },
		{ procfs_netlink_line, "c4 0 0 00000000 0 0 0 2 0 18446744073709551616" },
		{ procfs_netlink_line, "c4 0 0 00000000 0 0" },
		{ procfs_packet_line, "sk       RefCnt Type Proto  Iface R Rmem   User   Inode" },
		{ procfs_packet_line, "d6 3 1 88b5 1 1 0 0 11" },
		{ procfs_packet_line, "d6 3 3 88b 1 1 0 0 11" },
		{ procfs_packet_line, "d6 3 3 88b5c 1 1 0 0 11" },
		{ procfs_packet_line, "d6 3 3 88b5 1 2 0 0 11" },
		{ procfs_packet_line, "d6 3 3 88b5 4294967296 1 0 0 11" },
		{ procfs_packet_line, "d6 3 3 88b5 1 1 0 0 -11" },
		{ procfs_ax25_line,
		  "b1 ax0 A-1 B-2 5 0 0 0 6 10 0 3 0 300 0 20 2 10 10 7 2 5 0 4" },
		{ procfs_ax25_line,
		  "b1 ax0 A-1 B-2 1 0 0 0 6 10 0 3 0 300 0 20 2 10 10 7 2 * 0 4" },
		{ procfs_ax25_line, "b1 ax0 A-1 B-2 1 0 0 0 6 10 0 3 0 300 0 20 2 10 10 7 2 * *" },
		{ procfs_ax25_line, "b1 ax0 A-1 B-2 1 0 0 0 6 10 0 3 0 300 0 20 2 10 x 7 2 5 0 4" },
		{ procfs_ipx_line, "Local_Address  Remote_Address              Tx_Queue" },
		{ procfs_ipx_line, "00000001:4002  Not_Connecte 00000000  00000000  07  000" },
		{ procfs_ipx_line, "00000001:4002  Not_Connected 00000000  00000000  00  000" },
		{ procfs_ipx_line, "00000001:4002  Not_Connected 00000000  00000000  0C  000" },
		{ procfs_ipx_line, "0000001:4002  Not_Connected 00000000  00000000  07  000" },
		{ procfs_ipx_line, "00000001:  Not_Connected 00000000  00000000  07  000" },
		{ procfs_ipx_line,
		  "00000001:00A0C91122334:0451 Not_Connected 00000000  00000000  07  0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (read_line(*state, lines[i].fn, lines[i].line, strlen(lines[i].line), false) !=
		    -EBADMSG)
			fail_msg("taken for a row: %s", lines[i].line);
}

/* Where the kernel hides its objects, and there is no inode, the line's number has to do. */
static void test_identities(void **state)
{
	struct lines_test *test = *state;
	const char *hidden = "00000000 0 0 00000001 0 0 (null) 2 0 0";
	const char *known = "f6b1d800 0 1204 00000011 0 0 f7331a00 2";
	uint64_t identity;

	assert_int_equal(read_line(test, procfs_netlink_line, hidden, strlen(hidden), false), 0);
	assert_int_equal(test->row.sock.netlink.serial, 7);
	identity = record_identity(&test->row.sock);
	assert_int_equal(read_line(test, procfs_netlink_line, known, strlen(known), false), 0);
	/* Protocol and port id are one socket's. */
	assert_int_equal(test->row.sock.netlink.serial, 0);
	assert_true(record_identity(&test->row.sock) != identity);
	identity = record_identity(&test->row.sock);
	test->row.sock.netlink.portid++;
	assert_true(record_identity(&test->row.sock) != identity);

	hidden = "(ptrval) 2 3 0003 0 0 0 0 0";
	assert_int_equal(read_line(test, procfs_packet_line, hidden, strlen(hidden), false), 0);
	assert_int_equal(test->row.sock.packet.serial, 7);
	assert_false(test->row.sock.has & HAS_UID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_netlink),
		cmocka_unit_test(test_netlink_old),
		cmocka_unit_test(test_packet),
		cmocka_unit_test(test_packet_types),
		cmocka_unit_test(test_ax25),
		cmocka_unit_test(test_ipx),
		cmocka_unit_test(test_absence),
		cmocka_unit_test(test_protocols),
		cmocka_unit_test_setup_teardown(test_beginnings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_identities, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
