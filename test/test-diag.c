/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "diag.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "diag-fixture.h"
#include "nl.h"

static void begin_reading(struct fixture *fixture, enum estab_proto proto, uint64_t needs)
{
	struct source_job job = make_job(proto);

	fixture->env.plan.needs = needs;
	diag_reading_init(&fixture->reading, &fixture->env, &job, IPPROTO_TCP);
}

static uint32_t ext_u32(const struct row *row, enum ext_kind kind)
{
	uint32_t value = 0;

	assert_true(ext_read(row->sock.ext, kind, &value, sizeof(value)));
	return value;
}

static void expect_ext(const struct row *row, enum ext_kind kind, const void *data, size_t length)
{
	size_t found_length = SIZE_MAX;
	const void *found = ext_get(row->sock.ext, kind, &found_length);

	assert_non_null(found);
	assert_int_equal(found_length, length);
	assert_memory_equal(found, data, length);
}

static bool has(const struct row *row, unsigned int bits)
{
	return (row->sock.has & bits) == bits;
}

/* ---- recorded dumps ---- */

/*
 * test/golden/diag-*.bin: the answers of Linux 6.18 on x86-64, in a network namespace with these
 * sockets and no others. tcp: all states but CLOSE, all extensions, one walk; udp: IPv4, IPv6;
 * unix: everything but pending connections; refused: a raw dump of a kernel without raw_diag.
 */
static int decode(struct fixture *fixture, const struct nlmsghdr *message)
{
	return fixture->reading.proto == ESTAB_PROTO_UNIX
		       ? diag_unix_decode(&fixture->reading, message, &fixture->row)
		       : diag_inet_decode(&fixture->reading, message, &fixture->row);
}

static unsigned int count_rows(struct fixture *fixture)
{
	const struct nlmsghdr *message;
	struct nl_walk walk;
	unsigned int n = 0;
	int r;

	begin_walk(fixture, &walk);
	while ((r = nl_walk_next(&walk, &message)) == NL_MESSAGE)
		n += decode(fixture, message) == DIAG_ROW;
	assert_int_equal(r, NL_END);
	assert_int_equal(fixture->result.n_losses, 0);
	return n;
}

/* Leaves the row of these ports in the fixture. */
static const struct estab_socket *find(struct fixture *fixture, uint16_t local, uint16_t peer)
{
	const struct nlmsghdr *message;
	struct nl_walk walk;

	begin_walk(fixture, &walk);
	while (nl_walk_next(&walk, &message) == NL_MESSAGE)
		if (decode(fixture, message) == DIAG_ROW && fixture->row.sock.local_port == local &&
		    fixture->row.sock.peer_port == peer)
			return &fixture->row.sock;
	fail_msg("no socket %u -> %u", local, peer);
	return NULL;
}

static void test_golden_tcp_base(void **state)
{
	static const uint8_t loopback[16] = { 127, 0, 0, 1 };
	struct fixture *fixture = *state;
	const struct estab_socket *sock;

	load(fixture, "diag-tcp.bin");
	begin_reading(fixture, ESTAB_PROTO_TCP, 0);
	assert_int_equal(count_rows(fixture), 26);

	sock = find(fixture, 7001, 0);
	assert_int_equal(sock->state, ESTAB_STATE_LISTEN);
	assert_int_equal(sock->proto, ESTAB_PROTO_TCP);
	assert_int_equal(sock->family, ESTAB_FAMILY_INET);
	assert_int_equal(sock->type, ESTAB_TYPE_STREAM);
	assert_memory_equal(sock->inet.local, loopback, 16);
	assert_int_equal(sock->recv_q, 1);
	assert_int_equal(sock->send_q, 5);
	assert_int_equal(sock->inode, 5647275);
	assert_int_equal(sock->cookie, 0x1629a8);
	assert_int_equal(sock->netns, NETNS);
	assert_int_equal(sock->has, HAS_COOKIE | HAS_INODE | HAS_UID | HAS_QUEUES |
					    HAS_BACKLOG_LIMIT | HAS_TIMER | HAS_SHUTDOWN |
					    HAS_NETNS | SEEN_AS_ADMIN);
	/* Nothing was asked for, so nothing costs. */
	assert_int_equal(sock->ext->kinds, 0);
	assert_int_equal(sock->ext->size, 0);

	/* Waits to be accepted: has no file yet, and so no user that is known. */
	sock = find(fixture, 7001, 7101);
	assert_int_equal(sock->state, ESTAB_STATE_ESTABLISHED);
	assert_int_equal(sock->inode, 0);
	assert_false(sock->has & (HAS_UID | IS_MINISOCK | HAS_BACKLOG_LIMIT));
	assert_true(sock->has & HAS_INODE);

	sock = find(fixture, 7002, 7102);
	assert_int_equal(sock->recv_q, 700);
	sock = find(fixture, 7102, 7002);
	assert_int_equal(sock->timer_kind, TIMER_KEEPALIVE);
	assert_in_range(sock->timer_ms, 7000000, 7200000);
	assert_true(sock->has & HAS_UID);
}

static void test_golden_tcp_states(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock;

	load(fixture, "diag-tcp.bin");
	begin_reading(fixture, ESTAB_PROTO_TCP, 0);

	sock = find(fixture, 7128, 7008);
	assert_int_equal(sock->state, ESTAB_STATE_SYN_SENT);
	assert_int_equal(sock->send_q, 1);
	assert_int_equal(sock->timer_kind, TIMER_RETRANSMIT);

	sock = find(fixture, 7005, 7115);
	assert_int_equal(sock->state, ESTAB_STATE_SYN_RECV);
	assert_true(sock->has & IS_MINISOCK);
	assert_false(sock->has & (HAS_UID | HAS_SHUTDOWN));
	assert_int_equal(sock->timer_kind, TIMER_RETRANSMIT);
	assert_int_not_equal(sock->cookie, 0);

	sock = find(fixture, 7105, 7002);
	assert_int_equal(sock->state, ESTAB_STATE_TIME_WAIT);
	assert_true(sock->has & IS_MINISOCK);
	assert_false(sock->has & HAS_UID);
	assert_int_equal(sock->timer_kind, TIMER_TIME_WAIT);
	assert_in_range(sock->timer_ms, 50000, 60000);

	/* FIN_WAIT2 twice: a socket that a process still holds, and what is left of one. */
	sock = find(fixture, 7112, 7002);
	assert_int_equal(sock->state, ESTAB_STATE_FIN_WAIT_2);
	assert_true(has(&fixture->row, HAS_UID | HAS_SHUTDOWN | SHUT_SEND));
	assert_false(sock->has & (IS_MINISOCK | SHUT_RECEIVE));
	sock = find(fixture, 7113, 7002);
	assert_int_equal(sock->state, ESTAB_STATE_FIN_WAIT_2);
	assert_int_equal(sock->timer_kind, TIMER_TIME_WAIT);
	assert_true(sock->has & IS_MINISOCK);

	sock = find(fixture, 7002, 7112);
	assert_int_equal(sock->state, ESTAB_STATE_CLOSE_WAIT);
	assert_int_equal(sock->recv_q, 1);
	assert_true(has(&fixture->row, HAS_SHUTDOWN | SHUT_RECEIVE));
	assert_false(sock->has & SHUT_SEND);

	sock = find(fixture, 7006, 0);
	assert_int_equal(sock->state, ESTAB_STATE_BOUND);
	assert_true(sock->has & HAS_UID);

	/* Rows that were not asked for are dropped, whatever the kernel sends. */
	fixture->reading.states = BIT32(ESTAB_STATE_LISTEN) | BIT32(ESTAB_STATE_UNCONNECTED);
	assert_int_equal(count_rows(fixture), 7);
}

static void test_golden_tcp_ipv6(void **state)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 };
	struct fixture *fixture = *state;
	const struct estab_socket *sock;
	uint8_t v6only = 9;

	load(fixture, "diag-tcp.bin");
	begin_reading(fixture, ESTAB_PROTO_TCP, 0);

	sock = find(fixture, 7103, 7003);
	assert_int_equal(sock->family, ESTAB_FAMILY_INET6);
	assert_memory_equal(sock->inet.local, loopback, 16);
	assert_memory_equal(sock->inet.peer, loopback, 16);
	assert_false(ext_has(sock->ext, EXT_V6ONLY));

	sock = find(fixture, 7003, 0);
	assert_true(ext_read(sock->ext, EXT_V6ONLY, &v6only, 1));
	assert_int_equal(v6only, 1);
	sock = find(fixture, 7004, 0);
	assert_true(ext_read(sock->ext, EXT_V6ONLY, &v6only, 1));
	assert_int_equal(v6only, 0);

	/* IPv4 on an IPv6 socket stays what it is. */
	sock = find(fixture, 7004, 7104);
	assert_int_equal(sock->family, ESTAB_FAMILY_INET6);
	assert_memory_equal(sock->inet.local, mapped, 16);
	assert_memory_equal(sock->inet.peer, mapped, 16);
}

static void test_golden_tcp_extensions(void **state)
{
	struct fixture *fixture = *state;
	const struct row *row = &fixture->row;
	uint32_t mem[9];
	uint64_t bytes_acked;
	const uint8_t *info;
	size_t length;

	load(fixture, "diag-tcp.bin");
	begin_reading(fixture, ESTAB_PROTO_TCP,
		      NEED_TCP_INFO | NEED_MEM | NEED_CONGESTION | NEED_TOS | NEED_TCLASS |
			      NEED_MARK | NEED_CGROUP_ID | NEED_SOCKOPT | NEED_INTERFACE);

	find(fixture, 7102, 7002);
	info = ext_get(row->sock.ext, EXT_TCP_INFO, &length);
	assert_non_null(info);
	assert_int_equal(length, 280);
	memcpy(&bytes_acked, info + 120, sizeof(bytes_acked));
	assert_int_equal(bytes_acked, 701);
	expect_ext(row, EXT_CONGESTION, "reno", 4);
	expect_ext(row, EXT_TOS, "\x10", 1);
	assert_int_equal(ext_u32(row, EXT_MARK), 0x42);
	assert_int_equal(ext_u32(row, EXT_CLASS_ID), 6); /* the priority that IP_TOS gives */
	assert_true(ext_has(row->sock.ext, EXT_CGROUP_ID));
	assert_false(ext_has(row->sock.ext, EXT_TCLASS));
	assert_false(ext_has(row->sock.ext, EXT_IFINDEX));
	ext_get(row->sock.ext, EXT_SOCKOPT, &length);
	assert_int_equal(length, 2);

	find(fixture, 7002, 7102);
	ext_get(row->sock.ext, EXT_MEM, &length);
	assert_int_equal(length, sizeof(mem));
	ext_read(row->sock.ext, EXT_MEM, mem, sizeof(mem));
	assert_int_equal(mem[SK_MEMINFO_RCVBUF], 131072);
	assert_in_range(mem[SK_MEMINFO_RMEM_ALLOC], 700, 4000);

	find(fixture, 7103, 7003);
	expect_ext(row, EXT_TCLASS, "\0", 1);
	find(fixture, 7007, 0);
	assert_int_equal(ext_u32(row, EXT_IFINDEX), 1);
	find(fixture, 7105, 7002);
	assert_int_equal(row->sock.ext->kinds & ~BIT64(EXT_MARK), 0);
}

static void test_golden_udp(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock;

	load(fixture, "diag-udp4.bin");
	begin_reading(fixture, ESTAB_PROTO_UDP, 0);
	assert_int_equal(count_rows(fixture), 2);
	sock = find(fixture, 7201, 0);
	assert_int_equal(sock->state, ESTAB_STATE_UNCONNECTED);
	assert_int_equal(sock->type, ESTAB_TYPE_DGRAM);
	assert_in_range(sock->recv_q, 5, 4096); /* memory, not bytes */
	assert_false(sock->has & HAS_TIMER);
	sock = find(fixture, 7202, 7201);
	assert_int_equal(sock->state, ESTAB_STATE_ESTABLISHED);
	assert_true(sock->has & HAS_UID);

	load(fixture, "diag-udp6.bin");
	assert_int_equal(count_rows(fixture), 1);
	sock = find(fixture, 7203, 0);
	assert_int_equal(sock->family, ESTAB_FAMILY_INET6);
}

static void test_golden_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct nlmsghdr *message;
	struct nl_walk walk;

	load(fixture, "diag-refused.bin");
	begin_walk(fixture, &walk);
	assert_int_equal(nl_walk_next(&walk, &message), -ENOENT);
}

static const struct estab_socket *find_inode(struct fixture *fixture, uint64_t inode)
{
	const struct nlmsghdr *message;
	struct nl_walk walk;

	begin_walk(fixture, &walk);
	while (nl_walk_next(&walk, &message) == NL_MESSAGE)
		if (decode(fixture, message) == DIAG_ROW && fixture->row.sock.inode == inode)
			return &fixture->row.sock;
	fail_msg("no socket %llu", (unsigned long long)inode);
	return NULL;
}

static void test_golden_unix(void **state)
{
	static const char path[] = "/tmp/estab-record/listen";
	static const char abstract[] = "abs\0tract\x1b[31m";
	struct fixture *fixture = *state;
	const struct row *row = &fixture->row;
	const struct estab_socket *sock;
	char full[108] = "/tmp/estab-record/";

	load(fixture, "diag-unix.bin");
	begin_reading(fixture, ESTAB_PROTO_UNIX, UINT32_MAX);
	assert_int_equal(count_rows(fixture), 11);

	sock = find_inode(fixture, 5647303);
	assert_int_equal(sock->state, ESTAB_STATE_LISTEN);
	assert_int_equal(sock->type, ESTAB_TYPE_STREAM);
	assert_int_equal(sock->family, ESTAB_FAMILY_UNIX);
	assert_int_equal(sock->recv_q, 1);
	assert_int_equal(sock->send_q, 7);
	assert_int_equal(sock->uid, 0);
	assert_int_equal(sock->local.vfs_inode, 11002683);
	assert_int_equal(sock->local.vfs_dev >> 20, 254);
	assert_int_equal(sock->local.vfs_dev & 0xfffff, 0);
	assert_true(has(row, HAS_INODE | HAS_COOKIE | HAS_QUEUES | HAS_BACKLOG_LIMIT | HAS_UID |
				     HAS_SHUTDOWN | HAS_NETNS));
	assert_false(sock->has & HAS_PEER_INODE);
	expect_ext(row, EXT_PATH, path, strlen(path));
	assert_false(ext_has(sock->ext, EXT_ABSTRACT));
	assert_true(ext_has(sock->ext, EXT_MEM));

	sock = find_inode(fixture, 5647307);
	assert_true(ext_has(sock->ext, EXT_ABSTRACT));
	expect_ext(row, EXT_PATH, abstract, sizeof(abstract) - 1);
	assert_int_equal(sock->local.vfs_dev, 0);

	find_inode(fixture, 5647308);
	expect_ext(row, EXT_PATH, "/tmp/estab-record/new\nline", 26);
	memset(full + strlen(full), 'l', sizeof(full) - strlen(full));
	find_inode(fixture, 5647310);
	expect_ext(row, EXT_PATH, full, sizeof(full));

	sock = find_inode(fixture, 5647313);
	assert_int_equal(sock->state, ESTAB_STATE_UNCONNECTED);
	assert_false(ext_has(sock->ext, EXT_PATH));
	sock = find_inode(fixture, 5647309);
	assert_int_equal(sock->type, ESTAB_TYPE_SEQPACKET);

	sock = find_inode(fixture, 5647306);
	assert_int_equal(sock->recv_q, 3);
	assert_int_equal(sock->local.peer_inode, 5647304);
	expect_ext(row, EXT_PATH, path, strlen(path));
	sock = find_inode(fixture, 5647305); /* its peer is not accepted yet */
	assert_true(sock->has & HAS_PEER_INODE);
	assert_int_equal(sock->local.peer_inode, 0);
	find_inode(fixture, 5647311);
	assert_true(has(row, HAS_SHUTDOWN | SHUT_SEND | HAS_PEER_INODE));
}

/* ---- hand-made answers ---- */

static struct nlmsghdr *make_inet(struct fixture *fixture, const struct inet_diag_msg *diag)
{
	struct nlmsghdr *message = (void *)fixture->data;

	memset(fixture->data, 0, 4096);
	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_len = (uint32_t)NLMSG_LENGTH(sizeof(*diag));
	memcpy(message + 1, diag, sizeof(*diag));
	return message;
}

static struct nlmsghdr *make_unix(struct fixture *fixture, const struct unix_diag_msg *diag)
{
	struct nlmsghdr *message = (void *)fixture->data;

	memset(fixture->data, 0, 4096);
	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_len = (uint32_t)NLMSG_LENGTH(sizeof(*diag));
	memcpy(message + 1, diag, sizeof(*diag));
	return message;
}

static void test_inet_base(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock = &fixture->row.sock;
	struct inet_diag_msg diag = established();
	static const uint8_t local[16] = { 1, 2, 3, 4 };
	static const uint8_t peer[16] = { 5, 6, 7, 8 };

	begin_reading(fixture, ESTAB_PROTO_TCP, 0);
	assert_int_equal(decode(fixture, make_inet(fixture, &diag)), DIAG_ROW);
	assert_memory_equal(sock->inet.local, local, 16);
	assert_memory_equal(sock->inet.peer, peer, 16);
	assert_int_equal(sock->local_port, 80);
	assert_int_equal(sock->peer_port, 1024);
	assert_int_equal(sock->cookie, UINT64_C(0x100000000) + COOKIE);
	assert_int_equal(sock->uid, 1000);
	assert_int_equal(sock->inode, 4242);

	/* No cookie, no user, an unknown timer, one that is overdue. */
	diag.id.idiag_cookie[0] = diag.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	diag.idiag_inode = 0;
	diag.idiag_timer = 6;
	assert_int_equal(decode(fixture, make_inet(fixture, &diag)), DIAG_ROW);
	assert_false(sock->has & (HAS_COOKIE | HAS_UID | HAS_TIMER));
	assert_int_equal(sock->cookie, 0);
	assert_int_equal(sock->uid, 0);
	diag.id.idiag_cookie[0] = diag.id.idiag_cookie[1] = 0;
	diag.idiag_timer = 5;
	diag.idiag_retrans = 3;
	diag.idiag_expires = (uint32_t)-8;
	assert_int_equal(decode(fixture, make_inet(fixture, &diag)), DIAG_ROW);
	assert_false(sock->has & HAS_COOKIE);
	assert_int_equal(sock->timer_kind, TIMER_DELACK);
	assert_int_equal(sock->timer_retransmits, 3);
	assert_int_equal(sock->timer_ms, 0);

	/* Where the namespace is not known, none is claimed. */
	fixture->env.netns = 0;
	begin_reading(fixture, ESTAB_PROTO_TCP, 0);
	assert_int_equal(decode(fixture, make_inet(fixture, &diag)), DIAG_ROW);
	assert_false(sock->has & HAS_NETNS);
}

static void test_inet_states(void **state)
{
	struct fixture *fixture = *state;
	struct inet_diag_msg diag = established();
	static const struct {
		enum estab_proto proto;
		uint8_t state;
		int found; /* 0: dropped */
	} cases[] = {
		{ ESTAB_PROTO_TCP, 1, ESTAB_STATE_ESTABLISHED },
		{ ESTAB_PROTO_TCP, 7, ESTAB_STATE_BOUND },
		{ ESTAB_PROTO_UDP, 7, ESTAB_STATE_UNCONNECTED },
		{ ESTAB_PROTO_TCP, 12, ESTAB_STATE_SYN_RECV },
		{ ESTAB_PROTO_TCP, 0, 0 },
		{ ESTAB_PROTO_TCP, 14, 0 },
		{ ESTAB_PROTO_TCP, 31, 0 },
		{ ESTAB_PROTO_TCP, 33, 0 },
		{ ESTAB_PROTO_TCP, 255, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_reading(fixture, cases[i].proto, 0);
		diag.idiag_state = cases[i].state;
		assert_int_equal(decode(fixture, make_inet(fixture, &diag)),
				 cases[i].found ? DIAG_ROW : DIAG_SKIP);
		if (cases[i].found)
			assert_int_equal(fixture->row.sock.state, cases[i].found);
	}
	/* Bound sockets come as closed ones, and are neither of the two when not asked for. */
	begin_reading(fixture, ESTAB_PROTO_TCP, 0);
	fixture->reading.states = BIT32(ESTAB_STATE_UNCONNECTED);
	diag.idiag_state = 7;
	assert_int_equal(decode(fixture, make_inet(fixture, &diag)), DIAG_SKIP);
}

static void test_malformed(void **state)
{
	struct fixture *fixture = *state;
	struct inet_diag_msg inet = established();
	struct unix_diag_msg unix_ = { .udiag_family = AF_UNIX, .udiag_state = 1, .udiag_ino = 3 };
	struct nlmsghdr *message;

	begin_reading(fixture, ESTAB_PROTO_TCP, 0);
	message = make_inet(fixture, &inet);
	message->nlmsg_len--;
	assert_int_equal(decode(fixture, message), -EBADMSG);
	message->nlmsg_len = NLMSG_HDRLEN;
	assert_int_equal(decode(fixture, message), -EBADMSG);
	message = make_inet(fixture, &inet);
	message->nlmsg_type = 21;
	assert_int_equal(decode(fixture, message), DIAG_SKIP);
	inet.idiag_family = AF_UNIX;
	assert_int_equal(decode(fixture, make_inet(fixture, &inet)), -EBADMSG);

	begin_reading(fixture, ESTAB_PROTO_UNIX, 0);
	message = make_unix(fixture, &unix_);
	assert_int_equal(decode(fixture, message), DIAG_ROW);
	message->nlmsg_len--;
	assert_int_equal(decode(fixture, message), -EBADMSG);
	message = make_unix(fixture, &unix_);
	message->nlmsg_type = TCPDIAG_GETSOCK;
	assert_int_equal(decode(fixture, message), DIAG_SKIP);
	unix_.udiag_family = AF_INET;
	assert_int_equal(decode(fixture, make_unix(fixture, &unix_)), -EBADMSG);
	unix_ = (struct unix_diag_msg){ .udiag_family = AF_UNIX, .udiag_state = 77 };
	assert_int_equal(decode(fixture, make_unix(fixture, &unix_)), DIAG_SKIP);
}

static void test_inet_attrs(void **state)
{
	struct fixture *fixture = *state;
	const struct row *row = &fixture->row;
	struct inet_diag_msg diag = established();
	struct nlmsghdr *message = make_inet(fixture, &diag);
	uint8_t bytes[600];
	uint32_t v;

	memset(bytes, 0x5a, sizeof(bytes));
	/* Longer than anything known, a name without its NUL, odd lengths, an unknown number, the
	 * flag of a nested one, and a second of a kind. */
	mnl_attr_put(message, INET_DIAG_INFO, 600, bytes);
	mnl_attr_put(message, INET_DIAG_CONG, 5, "cubic");
	mnl_attr_put(message, INET_DIAG_SKMEMINFO, 43, bytes);
	mnl_attr_put(message, 29, 8, bytes);
	mnl_attr_put(message, 33, 8, bytes);
	mnl_attr_put(message, 999, 8, bytes);
	mnl_attr_put(message, INET_DIAG_MARK | NLA_F_NET_BYTEORDER, 8, "\1\0\0\0\2\0\0\0");
	mnl_attr_put(message, INET_DIAG_MARK, 4, "\3\0\0\0");
	mnl_attr_put(message, INET_DIAG_SHUTDOWN, 4, "\3\0\0\0");
	mnl_attr_put(message, INET_DIAG_PROTOCOL, 1, "\x59");
	begin_reading(fixture, ESTAB_PROTO_TCP, ~NEED_IFNAME);
	assert_int_equal(decode(fixture, message), DIAG_ROW);
	expect_ext(row, EXT_TCP_INFO, bytes, 512);
	expect_ext(row, EXT_CONGESTION, "cubic", 5);
	expect_ext(row, EXT_MEM, bytes, 36);
	expect_ext(row, EXT_PROTOCOL, "\x59", 1);
	memcpy(&v, "\1\0\0\0", 4);
	assert_int_equal(ext_u32(row, EXT_MARK), v);
	assert_true(has(row, HAS_SHUTDOWN | SHUT_SEND | SHUT_RECEIVE));

	/* Too short: as if they were not there. */
	message = make_inet(fixture, &diag);
	mnl_attr_put(message, INET_DIAG_INFO, 0, NULL);
	mnl_attr_put(message, INET_DIAG_SKMEMINFO, 3, bytes);
	mnl_attr_put(message, INET_DIAG_MARK, 3, bytes);
	mnl_attr_put(message, INET_DIAG_SHUTDOWN, 0, NULL);
	mnl_attr_put(message, INET_DIAG_CGROUP_ID, 4, bytes);
	mnl_attr_put(message, INET_DIAG_TOS, 0, NULL);
	assert_int_equal(decode(fixture, message), DIAG_ROW);
	assert_int_equal(row->sock.ext->kinds, 0);
	assert_false(row->sock.has & HAS_SHUTDOWN);

	/* An old kernel's shorter ones are taken as they are. */
	message = make_inet(fixture, &diag);
	mnl_attr_put(message, INET_DIAG_INFO, 104, bytes);
	mnl_attr_put(message, INET_DIAG_SKMEMINFO, 34, bytes); /* half a word is none */
	assert_int_equal(decode(fixture, message), DIAG_ROW);
	expect_ext(row, EXT_TCP_INFO, bytes, 104);
	expect_ext(row, EXT_MEM, bytes, 32);
}

static void test_unix_names(void **state)
{
	struct fixture *fixture = *state;
	const struct row *row = &fixture->row;
	struct unix_diag_msg diag = { .udiag_family = AF_UNIX, .udiag_state = 1, .udiag_ino = 3 };
	static const struct {
		size_t length;
		const char *name;
		size_t found_length; /* SIZE_MAX: no name */
		const char *found;
		bool abstract;
	} cases[] = {
		{ 0, "", SIZE_MAX, NULL, false },
		{ 5, "/a/b", 4, "/a/b", false },
		{ 4, "/a/b", 4, "/a/b", false },
		{ 8, "/a\0/b\0\0", 2, "/a", false },
		{ 1, "\0", 0, "", true },
		{ 4, "\0abc", 3, "abc", true },
		{ 5, "\0a\0c\0", 4, "a\0c\0", true },
	};

	begin_reading(fixture, ESTAB_PROTO_UNIX, NEED_UNIX_NAME);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nlmsghdr *message = make_unix(fixture, &diag);

		mnl_attr_put(message, UNIX_DIAG_NAME, cases[i].length, cases[i].name);
		assert_int_equal(decode(fixture, message), DIAG_ROW);
		assert_int_equal(ext_has(row->sock.ext, EXT_ABSTRACT), cases[i].abstract);
		if (cases[i].found)
			expect_ext(row, EXT_PATH, cases[i].found, cases[i].found_length);
		else
			assert_false(ext_has(row->sock.ext, EXT_PATH));
	}
}

static void test_unix_attrs(void **state)
{
	struct fixture *fixture = *state;
	struct unix_diag_msg diag = { .udiag_family = AF_UNIX, .udiag_state = 1, .udiag_ino = 3 };
	struct nlmsghdr *message = make_unix(fixture, &diag);

	begin_reading(fixture, ESTAB_PROTO_UNIX, UINT32_MAX);
	mnl_attr_put(message, UNIX_DIAG_VFS, 7, "1234567");
	mnl_attr_put(message, UNIX_DIAG_PEER, 3, "123");
	mnl_attr_put(message, UNIX_DIAG_RQLEN, 7, "1234567");
	mnl_attr_put(message, UNIX_DIAG_MEMINFO, 3, "123");
	mnl_attr_put(message, UNIX_DIAG_SHUTDOWN, 0, NULL);
	mnl_attr_put(message, UNIX_DIAG_UID, 3, "123");
	mnl_attr_put(message, UNIX_DIAG_ICONS, 8, "12345678");
	mnl_attr_put(message, 99, 8, "12345678");
	assert_int_equal(decode(fixture, message), DIAG_ROW);
	assert_int_equal(fixture->row.sock.ext->kinds, 0);
	assert_int_equal(fixture->row.sock.has, HAS_INODE | HAS_NETNS);
	assert_int_equal(fixture->row.sock.local.peer_inode, 0);
	assert_int_equal(fixture->row.sock.local.vfs_dev, 0);
}

/* Whatever the bytes are: the sanitizers watch, and the walk ends. */
static void test_mutations(void **state)
{
	static const char *const names[] = { "diag-tcp.bin", "diag-udp4.bin", "diag-unix.bin" };
	static const uint8_t protos[] = { ESTAB_PROTO_TCP, ESTAB_PROTO_UDP, ESTAB_PROTO_UNIX };
	struct fixture *fixture = *state;
	uint64_t random = 1;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint8_t *original;
		uint8_t *copy;

		load(fixture, names[i]);
		begin_reading(fixture, protos[i], ~NEED_IFNAME);
		original = malloc(fixture->length);
		copy = malloc(fixture->length);
		assert_true(original && copy);
		memcpy(original, fixture->data, fixture->length);
		for (unsigned int round = 0; round < 3000; round++) {
			const struct nlmsghdr *first = (const void *)original;
			const struct nlmsghdr *message;
			struct nl_walk walk;
			size_t n = 0;

			memcpy(copy, original, fixture->length);
			for (int flips = 0; flips < 8; flips++) {
				random = hash64(random + 1);
				copy[random % fixture->length] = (uint8_t)(random >> 40);
			}
			nl_walk_begin(&walk, &fixture->result, "table", first->nlmsg_seq,
				      first->nlmsg_pid);
			nl_walk_feed(&walk, copy, fixture->length, false);
			while (nl_walk_next(&walk, &message) == NL_MESSAGE) {
				decode(fixture, message);
				n++;
			}
			assert_true(n < fixture->length / NLMSG_HDRLEN);
		}
		free(original);
		free(copy);
	}
}

/* ---- requests ---- */

static void test_requests(void **state)
{
	struct fixture *fixture = *state;
	_Alignas(8) uint8_t buffer[DIAG_REQUEST_ROOM];
	const struct nlmsghdr *request;
	const struct inet_diag_req_v2 *inet;
	const struct inet_diag_req *legacy;
	const struct unix_diag_req *unix_;

	begin_reading(fixture, ESTAB_PROTO_TCP, NEED_TCP_INFO | NEED_MEM);
	request = diag_inet_request(&fixture->reading, AF_INET6, buffer);
	inet = nl_body(request);
	assert_int_equal(request->nlmsg_len, NLMSG_HDRLEN + 56);
	assert_int_equal(inet->sdiag_family, AF_INET6);
	assert_int_equal(inet->sdiag_protocol, IPPROTO_TCP);
	assert_int_equal(inet->idiag_ext,
			 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_SKMEMINFO - 1));
	assert_int_equal(inet->idiag_states, ESTAB_STATES_ALL & ~BIT32(7));
	assert_int_equal(inet->id.idiag_sport, 0);

	begin_reading(fixture, ESTAB_PROTO_TCP, NEED_CONGESTION | NEED_TOS | NEED_TCLASS);
	request = diag_inet_request(&fixture->reading, AF_UNSPEC, buffer);
	legacy = nl_body(request);
	assert_int_equal(request->nlmsg_type, TCPDIAG_GETSOCK);
	assert_int_equal(request->nlmsg_len, NLMSG_HDRLEN + sizeof(*legacy));
	assert_int_equal(legacy->idiag_ext, 0x38);
	assert_int_equal(legacy->idiag_states, ESTAB_STATES_ALL & ~BIT32(7));

	begin_reading(fixture, ESTAB_PROTO_UDP, NEED_MARK | NEED_SOCKOPT);
	inet = nl_body(diag_inet_request(&fixture->reading, AF_INET, buffer));
	assert_int_equal(inet->idiag_ext, 0);
	assert_true(inet->idiag_states & BIT32(7));

	begin_reading(fixture, ESTAB_PROTO_UNIX, UINT32_MAX);
	request = diag_unix_request(&fixture->reading, AF_UNIX, buffer);
	unix_ = nl_body(request);
	assert_int_equal(request->nlmsg_len, NLMSG_HDRLEN + 24);
	assert_int_equal(unix_->udiag_show, 0x7f & ~UDIAG_SHOW_ICONS);
	assert_int_equal(unix_->sdiag_family, AF_UNIX);
	assert_int_equal(unix_->sdiag_protocol, 0);
	begin_reading(fixture, ESTAB_PROTO_UNIX, NEED_UNIX_PEER);
	unix_ = nl_body(diag_unix_request(&fixture->reading, AF_UNIX, buffer));
	assert_int_equal(unix_->udiag_show, UDIAG_SHOW_PEER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_golden_tcp_base, setup, teardown),
		cmocka_unit_test_setup_teardown(test_golden_tcp_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_golden_tcp_ipv6, setup, teardown),
		cmocka_unit_test_setup_teardown(test_golden_tcp_extensions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_golden_udp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_golden_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_golden_unix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inet_base, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inet_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inet_attrs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_attrs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mutations, setup, teardown),
		cmocka_unit_test_setup_teardown(test_requests, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
