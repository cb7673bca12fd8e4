/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

#include "diag-fixture.h"
#include "fake-netlink.h"
#include "filter.h"
#include "netns.h"
#include "nl.h"
#include "source.h"
#include "util.h"

/* ---- the source against a made-up kernel ---- */

static void fake_rows(uint8_t family, unsigned int count)
{
	struct fake_answer *answer = fake_datagram();
	struct inet_diag_msg diag = established();

	diag.idiag_family = family;
	for (unsigned int i = 0; i < count; i++)
		fake_message(answer, SOCK_DIAG_BY_FAMILY, &diag, sizeof(diag));
	fake_number(answer, NLMSG_DONE, 0);
}

static int request_family(unsigned int index)
{
	const struct nlmsghdr *request = fake_request(index);

	assert_true(index < fake.n_requests);
	if (request->nlmsg_type == TCPDIAG_GETSOCK)
		return AF_UNSPEC;
	return ((const struct inet_diag_req_v2 *)nl_body(request))->sdiag_family;
}

static void test_source_one_walk(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	unsigned int rows;

	need_netlink();
	fake_begin();
	fake_rows(AF_INET6, 3);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 3);
	assert_int_equal(fake.n_requests, 1);
	assert_int_equal(request_family(0), AF_UNSPEC);
	assert_int_equal(fixture->result.n_sources, 1);
	assert_string_equal(fixture->result.sources[0].source, "diag");
	assert_string_equal(fixture->result.sources[0].table, "table");
	assert_null(fixture->result.sources[0].path);
	assert_int_equal(fixture->result.sources[0].error, 0);
	assert_int_equal(fixture->result.sources[0].rows, 3);

	/* One family alone is asked for by its name. */
	job.families = BIT32(ESTAB_FAMILY_INET);
	fake_begin();
	fake_rows(AF_INET, 1);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 1);
	assert_int_equal(fake.n_requests, 1);
	assert_int_equal(request_family(0), AF_INET);

	/* A kernel without the old request. */
	job = make_job(ESTAB_PROTO_TCP);
	fake_begin();
	fake_number(fake_datagram(), NLMSG_ERROR, -EINVAL);
	fake_rows(AF_INET, 2);
	fake_rows(AF_INET6, 1);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 3);
	assert_int_equal(fake.n_requests, 3);
	assert_int_equal(request_family(1), AF_INET);
	assert_int_equal(request_family(2), AF_INET6);
	assert_int_equal(fixture->result.n_losses, 0);
}

static void test_source_families(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_UDP);
	unsigned int rows;

	need_netlink();
	fake_begin();
	fake_rows(AF_INET, 2);
	fake_rows(AF_INET6, 0);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 2);
	assert_int_equal(fake.n_requests, 2);
	assert_int_equal(fixture->result.n_losses, 0);

	/* One of the two refused: the other serves, and it is said. */
	fake_begin();
	fake_rows(AF_INET, 2);
	fake_number(fake_datagram(), NLMSG_ERROR, -ENOENT);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 2);
	assert_int_equal(fixture->result.n_losses, 1);
	assert_string_equal(fixture->result.losses[0].what, "table");
	assert_string_equal(fixture->result.losses[0].why, "unavailable");
	fake_begin();
	fake_number(fake_datagram(), NLMSG_ERROR, -EPERM);
	fake_rows(AF_INET6, 1);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 1);
	assert_int_equal(fixture->result.n_losses, 2);
	assert_string_equal(fixture->result.losses[1].why, "permission");

	job.families = 0;
	assert_int_equal(read_all(fixture, &job, &rows), -EOPNOTSUPP);
}

static void test_source_refused(void **state)
{
	static const struct {
		uint16_t type;
		int error;
		int found;
	} cases[] = {
		{ NLMSG_ERROR, -ENOENT, -ENOENT },    { NLMSG_DONE, -ENOENT, -ENOENT },
		{ NLMSG_DONE, -EINVAL, -EOPNOTSUPP }, { NLMSG_ERROR, -EINVAL, -EOPNOTSUPP },
		{ NLMSG_ERROR, -EPERM, -EPERM },      { NLMSG_ERROR, -EACCES, -EACCES },
	};
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	unsigned int rows;

	need_netlink();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_begin();
		for (int j = 0; j < 3; j++)
			fake_number(fake_datagram(), cases[i].type, cases[i].error);
		assert_int_equal(read_all(fixture, &job, &rows), cases[i].found);
		assert_int_equal(fake.n_requests, 3);
		assert_int_equal(fixture->result.sources[i].error, cases[i].found);
		assert_int_equal(fixture->result.n_losses, 0);
	}

	/* Not a refusal: nothing else is tried. */
	fake_begin();
	fake_number(fake_datagram(), NLMSG_ERROR, -ENOMEM);
	assert_int_equal(read_all(fixture, &job, &rows), -ENOMEM);
	assert_int_equal(fake.n_requests, 1);
}

/* How long the filter is that a request brings along; 0: none. */
static size_t request_filter(unsigned int index)
{
	const struct nlmsghdr *request = fake_request(index);
	size_t body = request->nlmsg_type == TCPDIAG_GETSOCK ? sizeof(struct inet_diag_req)
							     : sizeof(struct inet_diag_req_v2);
	struct nl_attrs attrs = nl_attrs_of(request, body);
	struct nl_attr attr;
	size_t length = 0;

	assert_true(index < fake.n_requests);
	while (nl_attr_next(&attrs, &attr))
		if (attr.type == INET_DIAG_REQ_BYTECODE)
			length = attr.length;
	return length;
}

/* A kernel that refuses the filter, or a part of it, is asked with less; what it gives is all there
 * is, for the filter is asked again later. */
static void test_source_filter(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	struct estab_filter *filter;
	unsigned int rows;

	need_netlink();
	assert_int_equal(filter_parse("sport 80 and fwmark 7", subject_find(ESTAB_SUBJECT_SOCKETS),
				      0, &filter, NULL, NULL),
			 0);
	fixture->env.plan.filter = filter;
	fixture->env.plan.pushdown = true;
	fake_begin();
	fake_rows(AF_INET, 1);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(fake.n_requests, 1);
	assert_int_equal(request_filter(0), 12 + 12);

	/* Without CAP_NET_ADMIN. */
	fake_begin();
	fake_number(fake_datagram(), NLMSG_ERROR, -EPERM);
	fake_rows(AF_INET, 1);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 1);
	assert_int_equal(fake.n_requests, 2);
	assert_int_equal(request_filter(1), 12);

	/* Not at all; and then no longer for what else is dumped. */
	job = make_job(ESTAB_PROTO_UDP);
	fake_begin();
	fake_number(fake_datagram(), NLMSG_ERROR, -EINVAL);
	fake_number(fake_datagram(), NLMSG_ERROR, -EINVAL);
	fake_rows(AF_INET, 1);
	fake_rows(AF_INET6, 1);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 2);
	assert_int_equal(fake.n_requests, 4);
	assert_int_equal(request_filter(0), 24);
	assert_int_equal(request_filter(1), 12);
	assert_int_equal(request_filter(2), 0);
	assert_int_equal(request_filter(3), 0);
	assert_int_equal(fixture->result.n_losses, 0);

	/* It is told nothing where nobody wants that. */
	fixture->env.plan.pushdown = false;
	fake_begin();
	fake_rows(AF_INET, 1);
	fake_rows(AF_INET6, 1);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(request_filter(0), 0);
	fixture->env.plan.filter = filter_unref(filter);
}

static void test_source_losses(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	struct inet_diag_msg diag = established();
	struct fake_answer *answer;
	unsigned int rows;

	need_netlink();
	fake_begin();
	answer = fake_datagram();
	fake_message(answer, SOCK_DIAG_BY_FAMILY, &diag, sizeof(diag));
	fake_message(answer, SOCK_DIAG_BY_FAMILY, &diag, 20);
	fake_message(answer, 1234, &diag, 20);
	fake_message(answer, SOCK_DIAG_BY_FAMILY, &diag, sizeof(diag));
	fake_number(answer, NLMSG_DONE, 0);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 2);
	assert_int_equal(fixture->result.n_losses, 1);
	assert_string_equal(fixture->result.losses[0].what, "rows");
	assert_string_equal(fixture->result.losses[0].why, "malformed");
	assert_string_equal(fixture->result.losses[0].detail, "table");

	/* The rest is lost: what there was stands. */
	fake_begin();
	answer = fake_datagram();
	fake_message(answer, SOCK_DIAG_BY_FAMILY, &diag, sizeof(diag));
	fake_number(answer, NLMSG_ERROR, -EIO);
	assert_int_equal(read_all(fixture, &job, &rows), -EIO);
	assert_int_equal(rows, 1);
}

static void test_source_without(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	unsigned int rows;

	fixture->ctx.capture = true;
	fake_begin();
	assert_int_equal(read_all(fixture, &job, &rows), -EOPNOTSUPP);
	assert_int_equal(fake.n_requests, 0);
	fixture->ctx.capture = false;
	job = make_job(ESTAB_PROTO_ICMP);
	assert_int_equal(read_all(fixture, &job, &rows), -ENOENT);
	job = make_job(ESTAB_PROTO_IPX);
	assert_int_equal(read_all(fixture, &job, &rows), -ENOENT);
	assert_int_equal(fake.n_requests, 0);
}

/* ---- the source against the kernel ---- */

enum { PORT = 7300, FDS = 64 };

struct live {
	int fds[FDS];
	unsigned int n_fds;
};

static int keep(struct live *live, int fd)
{
	assert_true(fd >= 0 && live->n_fds < FDS);
	live->fds[live->n_fds++] = fd;
	return fd;
}

static struct sockaddr_storage make_addr(int family, uint16_t port)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in *in = (void *)&storage;
	struct sockaddr_in6 *in6 = (void *)&storage;

	storage.ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else {
		in6->sin6_port = htons(port);
		in6->sin6_addr = in6addr_loopback;
	}
	return storage;
}

static int open_bound(struct live *live, int family, int type, uint16_t port)
{
	struct sockaddr_storage addr = make_addr(family, port);
	int fd = keep(live, socket(family, type | SOCK_CLOEXEC, 0));

	assert_int_equal(bind(fd, (struct sockaddr *)&addr,
			      family == AF_INET ? sizeof(struct sockaddr_in)
						: sizeof(struct sockaddr_in6)),
			 0);
	return fd;
}

static int open_connected(struct live *live, int family, int type, uint16_t from, uint16_t to)
{
	struct sockaddr_storage addr = make_addr(family, to);
	int fd = open_bound(live, family, type, from);

	assert_int_equal(connect(fd, (struct sockaddr *)&addr,
				 family == AF_INET ? sizeof(struct sockaddr_in)
						   : sizeof(struct sockaddr_in6)),
			 0);
	return fd;
}

static int open_listener(struct live *live, int family, uint16_t port)
{
	int fd = open_bound(live, family, SOCK_STREAM, port);

	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static int open_accepted(struct live *live, int listener)
{
	return keep(live, accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

/* Leaves the one row of these ports in the fixture; NULL: none. */
static const struct estab_socket *scan_for(struct fixture *fixture, const struct source_job *job,
					   uint16_t local, uint16_t peer)
{
	struct source_cursor *cursor;
	struct row found;
	unsigned int n = 0;
	int r;

	assert_int_equal(source_diag.open(&fixture->env, job, &fixture->result, &cursor), 0);
	while ((r = source_diag.next(cursor, &fixture->row)) == 0) {
		if (fixture->row.sock.local_port != local || fixture->row.sock.peer_port != peer)
			continue;
		found = fixture->row;
		assert_int_equal(ext_builder_init(&fixture->row.ext, &fixture->env), 0);
		n++;
	}
	assert_int_equal(r, 1);
	source_diag.close(cursor);
	assert_in_range(n, 0, 1);
	if (n == 0)
		return NULL;
	ext_builder_free(&fixture->row.ext);
	fixture->row = found;
	return &fixture->row.sock;
}

/* The same, once it is in that state: a FIN may be acknowledged late. */
static const struct estab_socket *scan_until(struct fixture *fixture, const struct source_job *job,
					     uint16_t local, uint16_t peer, uint8_t wanted)
{
	const struct estab_socket *sock = scan_for(fixture, job, local, peer);

	for (int i = 0; i < 200 && sock && sock->state != wanted; i++) {
		usleep(10000);
		sock = scan_for(fixture, job, local, peer);
	}
	if (!sock)
		fail_msg("no socket %u -> %u", local, peer);
	else
		assert_int_equal(sock->state, wanted);
	return sock;
}

/* What the kernel says of a socket to the one who holds it. */
static void expect_same(const struct estab_socket *sock, int fd)
{
	struct stat st;
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);

	if (!sock) {
		fail_msg("the socket is not listed");
		return;
	}
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(sock->inode, st.st_ino);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length), 0);
	assert_int_equal(sock->cookie, cookie);
	assert_true(sock->has & HAS_UID);
	assert_int_equal(sock->uid, geteuid());
}

static bool enter_namespace(void)
{
	static bool entered;

	/* One for all the tests: each has ports of its own. */
	if (!entered && !netns_enter()) {
		printf("SKIP: no network namespace of our own: not permitted\n");
		return false;
	}
	entered = true;
	return true;
}

static void close_all(struct live *live)
{
	for (unsigned int i = 0; i < live->n_fds; i++)
		close(live->fds[i]);
}

static void test_live_tcp(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	const struct estab_socket *sock;
	struct live live = { .n_fds = 0 };
	int listener, client, server;
	size_t length;

	if (!enter_namespace())
		skip();
	fixture->env.plan.needs = NEED_TCP_INFO | NEED_MEM | NEED_CONGESTION | NEED_SOCKOPT;
	listener = open_listener(&live, AF_INET, PORT);
	client = open_connected(&live, AF_INET, SOCK_STREAM, PORT + 1, PORT);

	sock = scan_for(fixture, &job, PORT, 0);
	expect_same(sock, listener);
	assert_int_equal(sock->state, ESTAB_STATE_LISTEN);
	assert_int_equal(sock->recv_q, 1);
	assert_int_equal(sock->send_q, 5);
	sock = scan_for(fixture, &job, PORT, PORT + 1);
	assert_int_equal(sock->state, ESTAB_STATE_ESTABLISHED);
	assert_int_equal(sock->inode, 0);
	assert_false(sock->has & HAS_UID);

	server = open_accepted(&live, listener);
	assert_int_equal(write(client, "hello", 5), 5);
	sock = scan_for(fixture, &job, PORT, PORT + 1);
	expect_same(sock, server);
	assert_int_equal(sock->recv_q, 5);
	assert_non_null(ext_get(sock->ext, EXT_TCP_INFO, &length));
	assert_in_range(length, 104, 512);
	assert_true(ext_has(sock->ext, EXT_MEM));
	assert_true(ext_has(sock->ext, EXT_CONGESTION));
	sock = scan_for(fixture, &job, PORT + 1, PORT);
	expect_same(sock, client);

	/* By family, the same. */
	job.families = BIT32(ESTAB_FAMILY_INET);
	expect_same(scan_for(fixture, &job, PORT + 1, PORT), client);
	job.families = BIT32(ESTAB_FAMILY_INET6);
	assert_null(scan_for(fixture, &job, PORT + 1, PORT));
	job = make_job(ESTAB_PROTO_TCP);
	job.states = BIT32(ESTAB_STATE_LISTEN);
	assert_null(scan_for(fixture, &job, PORT + 1, PORT));
	assert_int_equal(fixture->result.n_losses, 0);
	close_all(&live);
}

static void test_live_tcp_states(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	const struct estab_socket *sock;
	struct live live = { .n_fds = 0 };
	int listener, client, server, deferred, seconds = 30;

	if (!enter_namespace())
		skip();
	listener = open_listener(&live, AF_INET, PORT + 10);
	client = open_connected(&live, AF_INET, SOCK_STREAM, PORT + 11, PORT + 10);
	server = open_accepted(&live, listener);
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	sock = scan_until(fixture, &job, PORT + 11, PORT + 10, ESTAB_STATE_FIN_WAIT_2);
	expect_same(sock, client);
	assert_int_equal(sock->has & (HAS_SHUTDOWN | SHUT_SEND | SHUT_RECEIVE | IS_MINISOCK),
			 HAS_SHUTDOWN | SHUT_SEND);
	sock = scan_for(fixture, &job, PORT + 10, PORT + 11);
	expect_same(sock, server);
	assert_int_equal(sock->state, ESTAB_STATE_CLOSE_WAIT);

	/* When both ends are shut, the connection and the socket that made it go separate ways:
	 * the client's is closed and keeps its port, and both have the same cookie. */
	assert_int_equal(shutdown(server, SHUT_WR), 0);
	job.states &= ~BIT32(ESTAB_STATE_BOUND);
	sock = scan_until(fixture, &job, PORT + 11, PORT + 10, ESTAB_STATE_TIME_WAIT);
	assert_true(sock->has & IS_MINISOCK);
	assert_int_equal(sock->timer_kind, TIMER_TIME_WAIT);
	assert_int_equal(sock->inode, 0);
	assert_false(sock->has & HAS_UID);
	job.states = BIT32(ESTAB_STATE_BOUND);
	sock = scan_for(fixture, &job, PORT + 11, PORT + 10);
	if (sock)
		expect_same(sock, client);
	job = make_job(ESTAB_PROTO_TCP);

	/* A request: the listener waits for data. */
	deferred = open_bound(&live, AF_INET, SOCK_STREAM, PORT + 12);
	setsockopt(deferred, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
	assert_int_equal(listen(deferred, 5), 0);
	open_connected(&live, AF_INET, SOCK_STREAM, PORT + 13, PORT + 12);
	sock = scan_until(fixture, &job, PORT + 12, PORT + 13, ESTAB_STATE_SYN_RECV);
	assert_true(sock->has & IS_MINISOCK);
	assert_true(sock->has & HAS_COOKIE);
	assert_false(sock->has & HAS_UID);
	close_all(&live);
}

static void test_live_tcp_bound(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	const struct estab_socket *sock;
	struct live live = { .n_fds = 0 };
	int bound;

	if (!enter_namespace())
		skip();
	bound = open_bound(&live, AF_INET6, SOCK_STREAM, PORT + 20);
	sock = scan_for(fixture, &job, PORT + 20, 0);
	if (!sock) {
		close_all(&live);
		printf("SKIP: this kernel does not show bound sockets (6.8 and later do)\n");
		skip();
	}
	assert_int_equal(fixture->row.sock.state, ESTAB_STATE_BOUND);
	expect_same(sock, bound);
	job.states &= ~BIT32(ESTAB_STATE_BOUND);
	assert_null(scan_for(fixture, &job, PORT + 20, 0));
	close_all(&live);
}

static void test_live_ipv6(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	const struct estab_socket *sock;
	struct live live = { .n_fds = 0 };
	struct in6_addr loopback = in6addr_loopback;
	int listener, client;
	uint8_t v6only = 9;

	if (!enter_namespace())
		skip();
	fixture->env.plan.needs = NEED_IFNAME | NEED_TCLASS;
	listener = open_listener(&live, AF_INET6, PORT + 30);
	client = open_connected(&live, AF_INET6, SOCK_STREAM, PORT + 31, PORT + 30);
	sock = scan_for(fixture, &job, PORT + 30, 0);
	expect_same(sock, listener);
	assert_true(ext_read(sock->ext, EXT_V6ONLY, &v6only, 1));
	assert_int_equal(v6only, 1); /* bound to an IPv6 address */
	sock = scan_for(fixture, &job, PORT + 31, PORT + 30);
	expect_same(sock, client);
	assert_int_equal(sock->family, ESTAB_FAMILY_INET6);
	assert_memory_equal(sock->inet.local, &loopback, 16);
	assert_true(ext_has(sock->ext, EXT_TCLASS));
	assert_false(ext_has(sock->ext, EXT_IFNAME));

	if (setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0) {
		size_t length;

		sock = scan_for(fixture, &job, PORT + 30, 0);
		assert_memory_equal(ext_get(sock->ext, EXT_IFNAME, &length), "lo", 2);
		assert_int_equal(length, 2);
		assert_true(ext_has(sock->ext, EXT_IFINDEX));
	}
	close_all(&live);
}

static void test_live_udp(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_UDP);
	const struct estab_socket *sock;
	struct live live = { .n_fds = 0 };
	int v4, v6, connected;

	if (!enter_namespace())
		skip();
	v4 = open_bound(&live, AF_INET, SOCK_DGRAM, PORT + 40);
	v6 = open_bound(&live, AF_INET6, SOCK_DGRAM, PORT + 41);
	connected = open_connected(&live, AF_INET, SOCK_DGRAM, PORT + 42, PORT + 40);
	sock = scan_for(fixture, &job, PORT + 40, 0);
	expect_same(sock, v4);
	assert_int_equal(sock->state, ESTAB_STATE_UNCONNECTED);
	sock = scan_for(fixture, &job, PORT + 41, 0);
	expect_same(sock, v6);
	assert_int_equal(sock->family, ESTAB_FAMILY_INET6);
	sock = scan_for(fixture, &job, PORT + 42, PORT + 40);
	expect_same(sock, connected);
	assert_int_equal(sock->state, ESTAB_STATE_ESTABLISHED);
	assert_int_equal(fixture->result.n_losses, 0);
	close_all(&live);
}

/* Leaves the row of this socket in the fixture. */
static const struct estab_socket *scan_for_unix(struct fixture *fixture, int fd)
{
	struct source_job job = make_job(ESTAB_PROTO_UNIX);
	struct source_cursor *cursor;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(source_diag.open(&fixture->env, &job, &fixture->result, &cursor), 0);
	while (source_diag.next(cursor, &fixture->row) == 0) {
		if (fixture->row.sock.inode == st.st_ino) {
			source_diag.close(cursor);
			return &fixture->row.sock;
		}
	}
	fail_msg("no unix socket %lu", (unsigned long)st.st_ino);
	return NULL;
}

static void test_live_unix(void **state)
{
	static const struct sockaddr_un addr = { AF_UNIX, "\0estab\0\n" };
	struct fixture *fixture = *state;
	const struct estab_socket *sock;
	struct live live = { .n_fds = 0 };
	struct stat st;
	size_t length;
	int pair[2];
	int listener;

	if (!enter_namespace())
		skip();
	fixture->env.plan.needs = NEED_UNIX_NAME | NEED_UNIX_PEER | NEED_UNIX_QUEUES |
				  NEED_UNIX_UID | NEED_UNIX_VFS | NEED_MEM;
	listener = keep(&live, socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	assert_int_equal(bind(listener, (const struct sockaddr *)&addr, sizeof(sa_family_t) + 8),
			 0);
	assert_int_equal(listen(listener, 3), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	keep(&live, pair[0]);
	keep(&live, pair[1]);
	assert_int_equal(write(pair[0], "hello", 5), 5);

	sock = scan_for_unix(fixture, listener);
	expect_same(sock, listener);
	assert_int_equal(sock->state, ESTAB_STATE_LISTEN);
	assert_int_equal(sock->type, ESTAB_TYPE_SEQPACKET);
	assert_int_equal(sock->send_q, 3);
	assert_true(ext_has(sock->ext, EXT_ABSTRACT));
	assert_memory_equal(ext_get(sock->ext, EXT_PATH, &length), "estab\0\n", 7);
	assert_int_equal(length, 7);

	sock = scan_for_unix(fixture, pair[1]);
	expect_same(sock, pair[1]);
	assert_int_equal(fstat(pair[0], &st), 0);
	assert_int_equal(sock->local.peer_inode, st.st_ino);
	assert_int_equal(sock->recv_q, 5);
	assert_int_equal(sock->state, ESTAB_STATE_ESTABLISHED);
	assert_false(ext_has(sock->ext, EXT_PATH));
	close_all(&live);
}

static void test_live_raw(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_RAW);
	const struct estab_socket *sock;
	struct live live = { .n_fds = 0 };
	unsigned int rows;
	int r;

	if (!enter_namespace())
		skip();
	r = read_all(fixture, &job, &rows);
	if (r == -ENOENT) {
		/* The absence is told, not an empty table. */
		assert_int_equal(fixture->result.sources[0].error, -ENOENT);
		printf("SKIP: this kernel has no raw_diag\n");
		skip();
	}
	assert_int_equal(r, 1);
	keep(&live, socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 89));
	sock = scan_for(fixture, &job, 89, 0);
	expect_same(sock, live.fds[0]);
	assert_int_equal(sock->type, ESTAB_TYPE_RAW);
	assert_true(ext_has(sock->ext, EXT_PROTOCOL));
	close_all(&live);
}

static int teardown_fake(void **state)
{
	fake_end();
	return teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_source_one_walk, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_source_families, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_source_refused, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_source_filter, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_source_losses, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_source_without, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_live_tcp, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_live_tcp_states, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_live_tcp_bound, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_live_ipv6, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_live_udp, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_live_unix, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_live_raw, setup, teardown_fake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
