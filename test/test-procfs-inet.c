/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "procfs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

static struct row row;

static int setup(void **state)
{
	(void)state;
	return ext_builder_init(&row.ext, NULL);
}

static int teardown(void **state)
{
	(void)state;
	ext_builder_free(&row.ext);
	return 0;
}

/* Reads a copy that ends where the line does, so that the sanitizer sees one byte too many. */
static int read_bytes(const struct procfs_inet *how, const char *text, size_t length, bool cut)
{
	char *memory = malloc(length > 0 ? length : 1);
	struct procfs_line line = { { memory, memory + length }, cut };
	int r;

	assert_non_null(memory);
	memcpy(memory, text, length);
	r = procfs_inet_line(line, how, &row);
	free(memory);
	return r;
}

static int read_text(const struct procfs_inet *how, const char *text)
{
	return read_bytes(how, text, strlen(text), false);
}

static const struct procfs_inet tcp4 = { ESTAB_PROTO_TCP, false, false, true };
static const struct procfs_inet tcp4_big = { ESTAB_PROTO_TCP, false, true, true };
static const struct procfs_inet tcp6 = { ESTAB_PROTO_TCP, true, false, true };
static const struct procfs_inet tcp6_big = { ESTAB_PROTO_TCP, true, true, true };
static const struct procfs_inet udp4 = { ESTAB_PROTO_UDP, false, false, true };
static const struct procfs_inet raw4 = { ESTAB_PROTO_RAW, false, false, true };

static void assert_ends(int family, const char *local, uint16_t local_port, const char *peer,
			uint16_t peer_port)
{
	char text[INET6_ADDRSTRLEN];

	assert_string_equal(inet_ntop(family, row.sock.inet.local, text, sizeof(text)), local);
	assert_string_equal(inet_ntop(family, row.sock.inet.peer, text, sizeof(text)), peer);
	assert_int_equal(row.sock.local_port, local_port);
	assert_int_equal(row.sock.peer_port, peer_port);
}

static void test_every_column(void **state)
{
	const struct estab_socket *sock = &row.sock;

	(void)state;
	assert_int_equal(
		read_text(&tcp4,
			  "12345: 0100007F:A320 85D5E5CB:0016 01 00000010:8000000A 02:000886F8 "
			  "00000003  1001        4 4294967297 2 cb642800 211 59 26 3 100"),
		0);
	assert_ends(AF_INET, "127.0.0.1", 41760, "203.229.213.133", 22);
	assert_int_equal(sock->proto, ESTAB_PROTO_TCP);
	assert_int_equal(sock->family, ESTAB_FAMILY_INET);
	assert_int_equal(sock->type, ESTAB_TYPE_STREAM);
	assert_int_equal(sock->state, ESTAB_STATE_ESTABLISHED);
	assert_int_equal(sock->send_q, 16);
	assert_true(sock->recv_q == 0x8000000a);
	assert_int_equal(sock->timer_kind, TIMER_KEEPALIVE);
	assert_int_equal(sock->timer_ms, 5588400);
	assert_int_equal(sock->timer_retransmits, 4);
	assert_int_equal(sock->uid, 1001);
	assert_true(sock->inode == UINT64_C(4294967297));
	assert_int_equal(sock->has, HAS_QUEUES | HAS_INODE | HAS_UID | HAS_TIMER);
	assert_int_equal(sock->cookie, 0);
	assert_ptr_equal(sock->ext, row.ext.ext);
	assert_true(sock->ext->kinds == 0);
}

/* The same two addresses, as machines of either byte order print them. */
static void test_byte_orders(void **state)
{
	static const char rest[] = "01 00000000:00000000 00:00000000 00000000 0 0 9 1";
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "0: 0100007F:1F90 04030201:D431 %s", rest);
	assert_int_equal(read_text(&tcp4, text), 0);
	assert_ends(AF_INET, "127.0.0.1", 8080, "1.2.3.4", 54321);
	snprintf(text, sizeof(text), "0: 7F000001:1F90 01020304:D431 %s", rest);
	assert_int_equal(read_text(&tcp4_big, text), 0);
	assert_ends(AF_INET, "127.0.0.1", 8080, "1.2.3.4", 54321);

	snprintf(
		text, sizeof(text),
		"0: B80D0120000000000000000001000000:1F90 000080FE00000000FF005450B6AD1DFE:D431 %s",
		rest);
	assert_int_equal(read_text(&tcp6, text), 0);
	assert_ends(AF_INET6, "2001:db8::1", 8080, "fe80::5054:ff:fe1d:adb6", 54321);
	assert_int_equal(row.sock.family, ESTAB_FAMILY_INET6);
	snprintf(
		text, sizeof(text),
		"0: 20010DB8000000000000000000000001:1F90 FE80000000000000505400FFFE1DADB6:D431 %s",
		rest);
	assert_int_equal(read_text(&tcp6_big, text), 0);
	assert_ends(AF_INET6, "2001:db8::1", 8080, "fe80::5054:ff:fe1d:adb6", 54321);

	snprintf(
		text, sizeof(text),
		"0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF000004030201:D431 %s",
		rest);
	assert_int_equal(read_text(&tcp6, text), 0);
	assert_ends(AF_INET6, "::ffff:127.0.0.1", 8080, "::ffff:1.2.3.4", 54321);
	snprintf(
		text, sizeof(text),
		"0: 00000000000000000000FFFF7F000001:1F90 00000000000000000000FFFF01020304:D431 %s",
		rest);
	assert_int_equal(read_text(&tcp6_big, text), 0);
	assert_ends(AF_INET6, "::ffff:127.0.0.1", 8080, "::ffff:1.2.3.4", 54321);
}

static int read_state(const struct procfs_inet *how, unsigned int st, unsigned int port,
		      unsigned int timer, unsigned int inode)
{
	char text[256];

	snprintf(
		text, sizeof(text),
		"0: 0100007F:%04X 00000000:0000 %02X 00000000:00000000 %02X:00000064 00000002 77 5 "
		"%u 1 0",
		port, st, timer, inode);
	return read_text(how, text);
}

static void test_tcp_states(void **state)
{
	(void)state;
	for (unsigned int st = 0; st < 256; st++) {
		unsigned int expected = st;
		bool good = st >= 1 && st <= 13;

		if (st == 12)
			expected = ESTAB_STATE_SYN_RECV;
		if (st == 7)
			expected = ESTAB_STATE_BOUND;
		assert_int_equal(read_state(&tcp4, st, 80, 0, 9), good ? 0 : -EBADMSG);
		if (good)
			assert_int_equal(row.sock.state, expected);
	}
	assert_int_equal(read_state(&tcp4, 7, 0, 0, 9), 0);
	assert_int_equal(row.sock.state, ESTAB_STATE_UNCONNECTED);
}

static void test_other_states(void **state)
{
	static const uint8_t protos[] = { ESTAB_PROTO_UDP, ESTAB_PROTO_UDPLITE, ESTAB_PROTO_RAW,
					  ESTAB_PROTO_ICMP };
	static const uint8_t types[] = { ESTAB_TYPE_DGRAM, ESTAB_TYPE_DGRAM, ESTAB_TYPE_RAW,
					 ESTAB_TYPE_DGRAM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
		struct procfs_inet how = { protos[i], false, false, true };

		assert_int_equal(read_state(&how, 7, 53, 0, 9), 0);
		assert_int_equal(row.sock.state, ESTAB_STATE_UNCONNECTED);
		assert_int_equal(row.sock.proto, protos[i]);
		assert_int_equal(row.sock.type, types[i]);
		/* These have no timer, and no time-wait or request sockets. */
		assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE | HAS_UID);
		assert_int_equal(read_state(&how, 1, 53, 0, 0), 0);
		assert_int_equal(row.sock.state, ESTAB_STATE_ESTABLISHED);
		assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE);
		assert_int_equal(row.sock.uid, 0);
		assert_int_equal(read_state(&how, 0, 53, 0, 9), -EBADMSG);
	}
}

/* read_state() has 100 ticks, 2 in "retrnsmt" and 5 in "timeout". */
static void test_timers(void **state)
{
	static const struct {
		uint8_t kind;
		uint8_t count;
	} timers[] = {
		{ TIMER_OFF, 0 },       { TIMER_RETRANSMIT, 2 }, { TIMER_KEEPALIVE, 5 },
		{ TIMER_TIME_WAIT, 0 }, { TIMER_PROBE, 5 },      { TIMER_DELACK, 0 },
	};

	(void)state;
	for (unsigned int tr = 0; tr < 256; tr++) {
		assert_int_equal(read_state(&tcp4, 1, 80, tr, 9), 0);
		if (tr >= ARRAY_SIZE(timers)) {
			assert_false(row.sock.has & HAS_TIMER);
			assert_int_equal(row.sock.timer_kind, TIMER_OFF);
			continue;
		}
		assert_true(row.sock.has & HAS_TIMER);
		assert_int_equal(row.sock.timer_kind, timers[tr].kind);
		assert_int_equal(row.sock.timer_retransmits, timers[tr].count);
		assert_int_equal(row.sock.timer_ms, tr == 0 ? 0 : 1000);
	}
}

static void test_timer_values(void **state)
{
	static const struct {
		const char *when;
		const char *counts;
		uint32_t ms;
		uint8_t count;
	} cases[] = {
		{ "000AFC5F", "00000000 0 0", 7199670, 0 },
		{ "00000000", "00000007 0 0", 0, 7 },
		{ "00000001", "000000FF 0 9", 10, 255 },
		{ "00000001", "00000100 0 9", 10, 255 },
		{ "7FFFFFFF", "00000000 0 0", UINT32_MAX, 0 },
		/* Due, but not yet fired: negative, of 32 and 64 bits. */
		{ "FFFFFFFE", "00000000 0 0", 0, 0 },
		{ "FFFFFFFFFFFFFFFE", "00000000 0 0", 0, 0 },
		{ "123456789", "00000000 0 0", 0, 0 },
		{ "64", "00000000 0 0", 1000, 0 },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text),
			 "0: 0100007F:0050 00000000:0000 01 00000000:00000000 01:%s %s 9 1 0",
			 cases[i].when, cases[i].counts);
		assert_int_equal(read_text(&tcp4, text), 0);
		assert_true(row.sock.timer_ms == cases[i].ms);
		assert_int_equal(row.sock.timer_retransmits, cases[i].count);
	}
}

static void test_minisocks(void **state)
{
	(void)state;
	assert_int_equal(read_state(&tcp4, 6, 80, 3, 0), 0);
	assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE | HAS_TIMER | IS_MINISOCK);
	assert_int_equal(read_state(&tcp4, 5, 80, 3, 0), 0);
	assert_int_equal(row.sock.state, ESTAB_STATE_FIN_WAIT_2);
	assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE | HAS_TIMER | IS_MINISOCK);
	/* An orphan has a keepalive timer there. */
	assert_int_equal(read_state(&tcp4, 5, 80, 2, 0), 0);
	assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE | HAS_TIMER);
	assert_int_equal(read_state(&tcp4, 5, 80, 2, 9), 0);
	assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE | HAS_TIMER | HAS_UID);
	/* A request has its listener's uid. */
	assert_int_equal(read_state(&tcp4, 3, 80, 1, 0), 0);
	assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE | HAS_TIMER | HAS_UID | IS_MINISOCK);
	assert_int_equal(row.sock.uid, 77);
	assert_int_equal(row.sock.timer_kind, TIMER_RETRANSMIT);
	/* A connection that TCP Fast Open let through before the handshake was over. */
	assert_int_equal(read_state(&tcp4, 3, 80, 1, 9), 0);
	assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE | HAS_TIMER | HAS_UID);
	/* A connection that nobody has accepted: a full socket, whose user is not told. */
	assert_int_equal(read_state(&tcp4, 1, 80, 0, 0), 0);
	assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE | HAS_TIMER);
	assert_int_equal(row.sock.uid, 0);
}

static void test_listener(void **state)
{
	(void)state;
	assert_int_equal(read_text(&tcp4, "0: 00000000:0016 00000000:0000 0A 00000000:00000002 "
					  "00:00000000 00000000 0 0 10292 1 0 100 0 0 10 0"),
			 0);
	assert_int_equal(row.sock.state, ESTAB_STATE_LISTEN);
	assert_int_equal(row.sock.recv_q, 2);
	assert_int_equal(row.sock.send_q, 0);
	assert_int_equal(row.sock.has, HAS_QUEUES | HAS_INODE | HAS_TIMER | HAS_UID);
}

static void test_raw_protocol(void **state)
{
	uint8_t protocol = 0;

	(void)state;
	assert_int_equal(read_state(&raw4, 7, 89, 0, 9), 0);
	assert_int_equal(row.sock.local_port, 89);
	assert_true(ext_read(row.sock.ext, EXT_PROTOCOL, &protocol, sizeof(protocol)));
	assert_int_equal(protocol, 89);
	assert_int_equal(read_state(&raw4, 7, 255, 0, 9), 0);
	assert_true(ext_read(row.sock.ext, EXT_PROTOCOL, &protocol, sizeof(protocol)));
	assert_int_equal(protocol, 255);
	assert_int_equal(read_state(&raw4, 7, 262, 0, 9), 0);
	assert_int_equal(row.sock.local_port, 262);
	assert_false(ext_has(row.sock.ext, EXT_PROTOCOL));
	assert_int_equal(read_state(&udp4, 7, 89, 0, 9), 0);
	assert_false(ext_has(row.sock.ext, EXT_PROTOCOL));
}

static void test_drops(void **state)
{
	static const struct {
		const char *tail;
		bool cut;
		bool known;
		uint32_t drops;
	} cases[] = {
		{ " 2 00000000d05e0a61 7", false, true, 7 },
		{ " 2 00000000d05e0a61 4294967295           ", false, true, UINT32_MAX },
		{ " 2 00000000d05e0a61 -1", false, true, UINT32_MAX },
		{ " 2 00000000d05e0a61 0\r", false, true, 0 },
		{ " 2 00000000d05e0a61 12", true, false, 0 },
		{ " 2 00000000d05e0a61 12 ", true, true, 12 },
		{ " 2 00000000d05e0a61", false, false, 0 },
		{ " 2 00000000d05e0a61 ", false, false, 0 },
		{ " 2", false, false, 0 },
		{ "", false, false, 0 },
		{ " 2 00000000d05e0a61 x", false, false, 0 },
		{ " 2 00000000d05e0a61 1x", false, false, 0 },
		{ " 2 00000000d05e0a61 4294967296", false, false, 0 },
	};
	static const struct procfs_inet unasked = { ESTAB_PROTO_UDP, false, false, false };
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t drops = 0;

		snprintf(
			text, sizeof(text),
			"10: 00000000:0044 00000000:0000 07 00000000:00000300 00:00000000 00000000 "
			"0 0 632%s",
			cases[i].tail);
		assert_int_equal(read_bytes(&udp4, text, strlen(text), cases[i].cut), 0);
		assert_int_equal(row.sock.recv_q, 0x300);
		assert_int_equal(row.sock.inode, 632);
		assert_int_equal(ext_read(row.sock.ext, EXT_DROPS, &drops, sizeof(drops)),
				 cases[i].known);
		assert_true(drops == cases[i].drops);
		assert_int_equal(read_text(&unasked, text), 0);
		assert_true(row.sock.ext->kinds == 0);
	}
}

/* Blanks, tails and signs that real captures have. */
static void test_tolerated(void **state)
{
	static const char *const texts[] = {
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9",
		"\t0:\t0100007F:0050\t00000000:0000\t01\t00000000:00000000\t00:00000000\t00000000\t0\t0\t9",
		"   0:   0100007f:0050   00000000:0000  01  00000000:00000000  00:00000000  00000000 "
		" 0 0 9\r",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 2 "
		"0000000000000 000 100 and more of it",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9\t",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(read_text(&tcp4, texts[i]), 0);
		assert_ends(AF_INET, "127.0.0.1", 80, "0.0.0.0", 0);
		assert_int_equal(row.sock.inode, 9);
	}
	assert_int_equal(read_text(&tcp4, "0: 0100007F:0050 00000000:0000 01 00000000:00000000 "
					  "00:00000000 00000000    -2        0 9 1"),
			 0);
	assert_true(row.sock.uid == UINT32_MAX - 1);
	assert_int_equal(read_text(&tcp4, "0: 0100007F:0050 00000000:0000 01 00000000:00000000 "
					  "00:00000000 00000000 4294967295 0 9 1"),
			 0);
	assert_true(row.sock.uid == UINT32_MAX);
}

static void test_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"\r",
		"garbage",
		":::::: :: :",
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid",
		"0: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 01 "
		"00000000:00000000 00:00000000 00000000 0 0 9 1",
		"x: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0:0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 00100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: -100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0x00007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:10050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:-050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:0050 01 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 1 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 001 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 FF 00000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 100000000:00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:-0000001 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000 00:00000000 00000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 0:00000000 00000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00: 00000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000000000000 00000000 "
		"0 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 000000000 0 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 "
		"4294967296 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 "
		"-2147483649 0 9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 root 0 9",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 -9 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 "
		"99999999999999999999 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 9x 1",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 ",
		"0: 0100007F:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0",
	};
	struct estab_socket before;

	(void)state;
	memset(&row.sock, 0x5a, sizeof(row.sock));
	before = row.sock;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(read_text(&tcp4, texts[i]), -EBADMSG);
		assert_memory_equal(&row.sock, &before, sizeof(before));
	}
	assert_int_equal(read_text(&tcp6, "0: 0100007F:0050 00000000:0000 01 00000000:00000000 "
					  "00:00000000 00000000 0 0 9 1"),
			 -EBADMSG);
}

/* However a line is cut or hurt, what is read of it is right or nothing. */
static void test_cut_anywhere(void **state)
{
	static const char text[] = "   4: 85D5E5CB:CB66 5713EADA:0016 01 00000000:00000000 "
				   "02:000886F8 00000000  1001        0 70721 2 cb642800 211 59";
	const size_t inode_end = strlen(text) - strlen(" 2 cb642800 211 59");
	struct estab_socket whole;

	(void)state;
	assert_int_equal(read_text(&tcp4, text), 0);
	whole = row.sock;
	for (size_t length = 0; length < sizeof(text); length++) {
		bool good = length > inode_end;

		assert_int_equal(read_bytes(&tcp4, text, length, true), good ? 0 : -EBADMSG);
		if (good)
			assert_memory_equal(&row.sock, &whole, sizeof(whole));
	}
}

static void test_nul_anywhere(void **state)
{
	static const char text[] = "4: 85D5E5CB:CB66 5713EADA:0016 01 00000000:00000000 "
				   "02:000886F8 00000000  1001        0 70721 2 cb642800 211 59";
	const size_t inode_end = strlen(text) - strlen(" 2 cb642800 211 59");
	char copy[sizeof(text)];

	(void)state;
	for (size_t place = 0; place < strlen(text); place++) {
		memcpy(copy, text, sizeof(text));
		copy[place] = '\0';
		assert_int_equal(read_bytes(&tcp4, copy, strlen(text), false),
				 place > inode_end ? 0 : -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_column, setup, teardown),
		cmocka_unit_test_setup_teardown(test_byte_orders, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tcp_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timer_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_minisocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listener, setup, teardown),
		cmocka_unit_test_setup_teardown(test_raw_protocol, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tolerated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nul_anywhere, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
