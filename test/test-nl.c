/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "nl.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "fake-netlink.h"
#include "netns.h"
#include "util.h"

enum { SEQ = 7, PORT = 4711, ROW = SOCK_DIAG_BY_FAMILY };

struct bytes {
	_Alignas(8) uint8_t data[2048];
	size_t length;
};

static struct nlmsghdr *add(struct bytes *bytes, uint16_t type, const void *body, size_t length)
{
	struct nlmsghdr *message = (void *)(bytes->data + bytes->length);

	*message = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_MULTI,
		.nlmsg_seq = SEQ,
		.nlmsg_pid = PORT,
	};
	if (length > 0)
		memcpy(message + 1, body, length);
	bytes->length += NLMSG_ALIGN(NLMSG_HDRLEN + length);
	return message;
}

static void add_row(struct bytes *bytes, uint32_t number)
{
	add(bytes, ROW, &number, sizeof(number));
}

static void add_number(struct bytes *bytes, uint16_t type, int32_t number)
{
	add(bytes, type, &number, sizeof(number));
}

static void begin(struct nl_walk *walk, struct estab_result *result)
{
	memset(result, 0, sizeof(*result));
	nl_walk_begin(walk, result, "tcp", SEQ, PORT);
}

static void feed(struct nl_walk *walk, const struct bytes *bytes)
{
	nl_walk_feed(walk, bytes->data, bytes->length, false);
}

static void expect_row(struct nl_walk *walk, uint32_t number)
{
	const struct nlmsghdr *message = NULL;
	uint32_t found;

	assert_int_equal(nl_walk_next(walk, &message), NL_MESSAGE);
	assert_int_equal(message->nlmsg_type, ROW);
	memcpy(&found, nl_body(message), sizeof(found));
	assert_int_equal(found, number);
}

static void expect_end(struct nl_walk *walk, int end)
{
	const struct nlmsghdr *message = NULL;

	assert_int_equal(nl_walk_next(walk, &message), end);
	assert_null(message);
}

static void expect_loss(const struct estab_result *result, const char *what, const char *why,
			uint64_t count)
{
	assert_int_equal(result->n_losses, 1);
	assert_string_equal(result->losses[0].what, what);
	assert_string_equal(result->losses[0].why, why);
	assert_string_equal(result->losses[0].detail, "tcp");
	assert_int_equal(result->losses[0].count, count);
}

static void test_walk(void **state)
{
	struct estab_result result;
	struct bytes one = { .length = 0 };
	struct bytes two = { .length = 0 };
	struct nl_walk walk;

	(void)state;
	begin(&walk, &result);
	expect_end(&walk, NL_MORE);
	add_row(&one, 1);
	add_row(&one, 2);
	feed(&walk, &one);
	expect_row(&walk, 1);
	expect_row(&walk, 2);
	expect_end(&walk, NL_MORE);

	add_row(&two, 3);
	add_number(&two, NLMSG_DONE, 0);
	add_row(&two, 4);
	feed(&walk, &two);
	expect_row(&walk, 3);
	expect_end(&walk, NL_END);
	expect_end(&walk, NL_END);
	feed(&walk, &one);
	expect_end(&walk, NL_END);
	assert_int_equal(result.n_losses, 0);
}

static void test_walk_lengths(void **state)
{
	static const uint32_t bad[] = {
		0, 1, 15, 41, 0x7fffffff, 0x80000000, 0x80000014, UINT32_MAX
	};
	struct estab_result result;
	struct nl_walk walk;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct bytes bytes = { .length = 0 };
		struct bytes good = { .length = 0 };

		begin(&walk, &result);
		add_row(&bytes, 1);
		add(&bytes, ROW, NULL, 0)->nlmsg_len = bad[i];
		add_row(&bytes, 2);
		feed(&walk, &bytes);
		expect_row(&walk, 1);
		expect_end(&walk, NL_MORE);
		expect_loss(&result, "rows", "malformed", 1);

		/* The next datagram is read as if nothing had been. */
		add_row(&good, 3);
		feed(&walk, &good);
		expect_row(&walk, 3);
	}
}

static void test_walk_padding(void **state)
{
	struct estab_result result;
	struct bytes bytes = { .length = 0 };
	struct nl_walk walk;

	(void)state;
	/* One byte of body: the next begins behind the padding, and the last one needs none. */
	begin(&walk, &result);
	add(&bytes, ROW, "x", 1);
	add(&bytes, ROW, "y", 1);
	bytes.length -= 3;
	feed(&walk, &bytes);
	for (int i = 0; i < 2; i++) {
		const struct nlmsghdr *message;

		assert_int_equal(nl_walk_next(&walk, &message), NL_MESSAGE);
		assert_int_equal(*(const char *)nl_body(message), 'x' + i);
	}
	expect_end(&walk, NL_MORE);
	assert_int_equal(result.n_losses, 0);

	/* Too little for a header. */
	for (size_t extra = 1; extra < sizeof(struct nlmsghdr); extra++) {
		struct bytes rest = { .length = 0 };

		begin(&walk, &result);
		add_row(&rest, 1);
		rest.length += extra;
		feed(&walk, &rest);
		expect_row(&walk, 1);
		expect_end(&walk, NL_MORE);
		expect_loss(&result, "rows", "malformed", 1);
	}
}

static void test_walk_strangers(void **state)
{
	struct estab_result result;
	struct bytes bytes = { .length = 0 };
	struct nl_walk walk;
	struct nlmsghdr *done;

	(void)state;
	begin(&walk, &result);
	add(&bytes, ROW, "old", 4)->nlmsg_seq = SEQ - 1;
	add(&bytes, ROW, "else", 4)->nlmsg_pid = PORT + 1;
	add(&bytes, ROW, "none", 4)->nlmsg_pid = 0;
	done = add(&bytes, NLMSG_DONE, "\0\0\0", 4);
	done->nlmsg_seq = SEQ - 1;
	add(&bytes, NLMSG_ERROR, "\377\377\377\377", 4)->nlmsg_pid = 1;
	add_row(&bytes, 5);
	feed(&walk, &bytes);
	expect_row(&walk, 5);
	expect_end(&walk, NL_MORE);
	assert_int_equal(result.n_losses, 0);
}

static void test_walk_ends(void **state)
{
	static const struct {
		uint16_t type;
		int32_t number;
		size_t length;
		int end;
	} ends[] = {
		{ NLMSG_DONE, 0, 4, NL_END },           { NLMSG_DONE, 0, 0, NL_END },
		{ NLMSG_DONE, -1, 3, NL_END },          { NLMSG_DONE, 17, 4, NL_END },
		{ NLMSG_DONE, -ENOENT, 4, -ENOENT },    { NLMSG_DONE, INT32_MIN, 4, -EPROTO },
		{ NLMSG_ERROR, -ENOENT, 4, -ENOENT },   { NLMSG_ERROR, -EBUSY, 4, -EBUSY },
		{ NLMSG_ERROR, -EAGAIN, 4, -EAGAIN },   { NLMSG_ERROR, EPERM, 4, -EPERM },
		{ NLMSG_ERROR, 0, 4, -EPROTO },         { NLMSG_ERROR, 0, 0, -EPROTO },
		{ NLMSG_ERROR, INT32_MIN, 4, -EPROTO }, { NLMSG_ERROR, INT32_MAX, 4, -EPROTO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct estab_result result;
		struct bytes bytes = { .length = 0 };
		struct nl_walk walk;

		begin(&walk, &result);
		add_row(&bytes, 1);
		add(&bytes, ends[i].type, &ends[i].number, ends[i].length);
		add_row(&bytes, 2);
		feed(&walk, &bytes);
		expect_row(&walk, 1);
		expect_end(&walk, ends[i].end);
		expect_end(&walk, ends[i].end);
		assert_int_equal(result.n_losses, 0);
	}
}

static void test_walk_losses(void **state)
{
	struct estab_result result;
	struct bytes bytes = { .length = 0 };
	struct nl_walk walk;

	(void)state;
	begin(&walk, &result);
	add(&bytes, NLMSG_NOOP, NULL, 0);
	for (uint32_t i = 0; i < 3; i++)
		add(&bytes, ROW, &i, sizeof(i))->nlmsg_flags |= NLM_F_DUMP_INTR;
	feed(&walk, &bytes);
	for (uint32_t i = 0; i < 3; i++)
		expect_row(&walk, i);
	expect_end(&walk, NL_MORE);
	expect_loss(&result, "rows", "interrupted", 1);

	bytes.length = 0;
	begin(&walk, &result);
	add(&bytes, NLMSG_OVERRUN, NULL, 0);
	add_row(&bytes, 9);
	feed(&walk, &bytes);
	expect_row(&walk, 9);
	expect_loss(&result, "rows", "overrun", 1);

	/* What was cut off is one loss, not two. */
	begin(&walk, &result);
	nl_walk_feed(&walk, bytes.data, bytes.length - 2, true);
	expect_end(&walk, NL_MORE);
	assert_int_equal(result.n_losses, 2);
	assert_string_equal(result.losses[0].why, "truncated");
	assert_string_equal(result.losses[1].why, "overrun");
	feed(&walk, &bytes);
	expect_row(&walk, 9);
}

/* Every message that is handed out lies within the datagram, and the walk comes to an end. */
static void walk_anything(const uint8_t *data, size_t length)
{
	struct estab_result result;
	struct nl_walk walk;
	const struct nlmsghdr *message;
	size_t n = 0;

	begin(&walk, &result);
	nl_walk_feed(&walk, data, length, false);
	while (nl_walk_next(&walk, &message) == NL_MESSAGE) {
		const uint8_t *at = (const uint8_t *)message;
		struct nl_attrs attrs = nl_attrs_of(message, 4);
		struct nl_attr attr;

		assert_true(at >= data && at + sizeof(*message) <= data + length);
		assert_true(message->nlmsg_len <= (size_t)(data + length - at));
		while (nl_attr_next(&attrs, &attr)) {
			const uint8_t *from = attr.data;

			assert_true(from >= at + NLMSG_HDRLEN);
			assert_true(from + attr.length <= at + message->nlmsg_len);
		}
		assert_true(++n <= length / NLMSG_HDRLEN);
	}
}

static void test_walk_mutations(void **state)
{
	static const uint8_t values[] = { 0, 1, 3, 4, 15, 16, 0x7f, 0x80, 0xff };
	_Alignas(8) static const uint8_t body[] = { 1, 0, 0, 0, 5, 0, 1, 0, 9, 0,
						    0, 0, 8, 0, 2, 0, 1, 2, 3, 4 };
	struct bytes bytes = { .length = 0 };

	(void)state;
	add(&bytes, ROW, body, sizeof(body));
	add(&bytes, ROW, body, sizeof(body));
	add_number(&bytes, NLMSG_DONE, 0);
	for (size_t length = 0; length <= bytes.length; length++) {
		/* Of exactly this length, so that the sanitizer sees the first byte too many. */
		uint8_t *copy = malloc(length + 1);

		for (size_t at = 0; at < length; at++) {
			for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
				memcpy(copy, bytes.data, length);
				copy[at] = values[i];
				walk_anything(copy, length);
			}
		}
		free(copy);
	}
}

/* A body of 4 bytes, and attributes of 8, 8 and 5 bytes, the last without its padding. */
struct attrs {
	_Alignas(8) uint8_t data[NLMSG_HDRLEN + 4 + 8 + 8 + 8];
};

enum { ATTRS_LENGTH = NLMSG_HDRLEN + 4 + 8 + 8 + 5 };

static struct nlattr *make_attrs(struct attrs *attrs)
{
	struct nlmsghdr *message = (void *)attrs->data;
	struct nlattr *first = (void *)(attrs->data + NLMSG_HDRLEN + 4);

	memset(attrs, 0, sizeof(*attrs));
	message->nlmsg_len = ATTRS_LENGTH;
	first[0] = (struct nlattr){ 8, 1 };
	first[2] = (struct nlattr){ 8, 2 | NLA_F_NESTED };
	first[4] = (struct nlattr){ 5, 3 | NLA_F_NET_BYTEORDER };
	return first;
}

static unsigned int walk_attrs(const struct attrs *attrs, struct nl_attr *ret_last)
{
	struct nl_attrs walk = nl_attrs_of((const void *)attrs->data, 4);
	unsigned int n = 0;

	while (nl_attr_next(&walk, ret_last))
		n++;
	assert_false(nl_attr_next(&walk, ret_last));
	return n;
}

static void test_attrs(void **state)
{
	/* Of the second: too short for its own header, or longer than what is left. */
	static const uint16_t bad[] = { 0, 1, 3, 14, UINT16_MAX };
	struct attrs attrs;
	struct nlattr *first = make_attrs(&attrs);
	struct nl_attr attr;

	(void)state;
	assert_int_equal(walk_attrs(&attrs, &attr), 3);
	assert_int_equal(attr.type, 3);
	assert_int_equal(attr.length, 1);
	assert_ptr_equal(attr.data, first + 5);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		first[2].nla_len = bad[i];
		assert_int_equal(walk_attrs(&attrs, &attr), 1);
		assert_int_equal(attr.type, 1);
	}

	/* One that reaches over the next is one, and what is behind both still counts. */
	make_attrs(&attrs);
	first[0].nla_len = 16;
	assert_int_equal(walk_attrs(&attrs, &attr), 2);
	assert_int_equal(attr.type, 3);

	/* All that is left, and a message that ends within its body. */
	make_attrs(&attrs);
	first[2].nla_len = 13;
	assert_int_equal(walk_attrs(&attrs, &attr), 2);
	assert_int_equal(attr.length, 9);
	((struct nlmsghdr *)(void *)attrs.data)->nlmsg_len = NLMSG_HDRLEN + 2;
	assert_int_equal(walk_attrs(&attrs, &attr), 0);
}

/* ---- the socket ---- */

struct fixture {
	struct estab_ctx ctx;
	struct estab_result result;
	struct nl nl;
	_Alignas(8) uint8_t buffer[256];
	struct env env; /* the last: it ends in a flexible array */
};

static bool fixture_open(struct fixture *fixture)
{
	int r;

	memset(fixture, 0, sizeof(*fixture));
	fixture->env.ctx = &fixture->ctx;
	r = nl_open(&fixture->env, &fixture->result, NETLINK_SOCK_DIAG, &fixture->nl);
	if (r < 0)
		printf("SKIP: no netlink socket here: %s\n", strerror(-r));
	return r == 0;
}

static int fixture_start(struct fixture *fixture)
{
	struct nlmsghdr *request = nl_dump_request(fixture->buffer, SOCK_DIAG_BY_FAMILY,
						   sizeof(struct inet_diag_req_v2));
	struct inet_diag_req_v2 *body = mnl_nlmsg_get_payload(request);

	body->sdiag_family = AF_INET;
	body->sdiag_protocol = IPPROTO_UDP;
	body->idiag_states = UINT32_MAX;
	return nl_dump_start(&fixture->nl, request, "tcp");
}

static void expect_dump_row(struct fixture *fixture, uint32_t number)
{
	const struct nlmsghdr *message;
	uint32_t found;

	assert_int_equal(nl_dump_next(&fixture->nl, &message), NL_MESSAGE);
	memcpy(&found, nl_body(message), sizeof(found));
	assert_int_equal(found, number);
}

static void expect_dump_end(struct fixture *fixture, int end)
{
	const struct nlmsghdr *message;

	assert_int_equal(nl_dump_next(&fixture->nl, &message), end);
}

static void fake_row(struct fake_answer *answer, uint32_t number)
{
	fake_message(answer, ROW, &number, sizeof(number));
}

static void test_dump(void **state)
{
	struct fixture fixture;
	struct fake_answer *answer;

	(void)state;
	if (!fixture_open(&fixture))
		skip();
	fake_begin();
	answer = fake_datagram();
	fake_row(answer, 1);
	fake_row(answer, 2);
	fake_errno(EINTR);
	fake_row(fake_datagram(), 3);
	fake_number(fake_datagram(), NLMSG_DONE, 0);

	assert_int_equal(fixture_start(&fixture), 0);
	assert_int_equal(fake.n_received, 1);
	assert_int_equal(fake_request(0)->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	assert_int_equal(fake_request(0)->nlmsg_type, SOCK_DIAG_BY_FAMILY);
	for (uint32_t i = 1; i <= 3; i++)
		expect_dump_row(&fixture, i);
	expect_dump_end(&fixture, NL_END);
	expect_dump_end(&fixture, NL_END);
	assert_int_equal(fixture.result.n_losses, 0);

	/* Another dump on the same socket; what comes late of the first is not mistaken for it. */
	answer = fake_datagram();
	fake_message(answer, ROW, "old", 4)->nlmsg_seq = fake_request(0)->nlmsg_seq;
	fake_row(fake_datagram(), 4);
	fake_number(fake_datagram(), NLMSG_DONE, 0);
	assert_int_equal(fixture_start(&fixture), 0);
	expect_dump_row(&fixture, 4);
	expect_dump_end(&fixture, NL_END);
	fake_end();
	nl_close(&fixture.nl);
}

static void test_dump_overrun(void **state)
{
	struct fixture fixture;

	(void)state;
	if (!fixture_open(&fixture))
		skip();
	fake_begin();
	fake_row(fake_datagram(), 1);
	fake_errno(ENOBUFS);
	fake_row(fake_datagram(), 2);
	fake_errno(ENOBUFS);
	fake_number(fake_datagram(), NLMSG_DONE, 0);
	assert_int_equal(fixture_start(&fixture), 0);
	expect_dump_row(&fixture, 1);
	expect_dump_row(&fixture, 2);
	expect_dump_end(&fixture, NL_END);
	expect_loss(&fixture.result, "rows", "overrun", 2);
	fake_end();
	nl_close(&fixture.nl);
}

static void test_dump_forged(void **state)
{
	struct fixture fixture;
	struct fake_answer *answer;

	(void)state;
	if (!fixture_open(&fixture))
		skip();
	fake_begin();
	answer = fake_datagram();
	answer->sender_port = 1234;
	fake_number(answer, NLMSG_DONE, 0);
	answer = fake_datagram();
	answer->sender_length = 0;
	fake_row(answer, 66);
	answer = fake_datagram();
	answer->sender_family = AF_UNIX;
	fake_row(answer, 67);
	fake_row(fake_datagram(), 1);
	fake_number(fake_datagram(), NLMSG_DONE, 0);
	assert_int_equal(fixture_start(&fixture), 0);
	expect_dump_row(&fixture, 1);
	expect_dump_end(&fixture, NL_END);
	expect_loss(&fixture.result, "messages", "forged", 3);
	fake_end();
	nl_close(&fixture.nl);
}

static void test_dump_truncated(void **state)
{
	struct fixture fixture;
	struct fake_answer *answer;

	(void)state;
	if (!fixture_open(&fixture))
		skip();
	fake_begin();
	answer = fake_datagram();
	fake_row(answer, 1);
	fake_row(answer, 2);
	answer->length -= 4;
	answer->flags = MSG_TRUNC;
	fake_row(fake_datagram(), 3);
	fake_number(fake_datagram(), NLMSG_DONE, 0);
	assert_int_equal(fixture_start(&fixture), 0);
	expect_dump_row(&fixture, 1);
	expect_dump_row(&fixture, 3);
	expect_dump_end(&fixture, NL_END);
	expect_loss(&fixture.result, "rows", "truncated", 1);
	fake_end();
	nl_close(&fixture.nl);
}

static void test_dump_refused(void **state)
{
	static const uint16_t types[] = { NLMSG_ERROR, NLMSG_DONE };
	struct fixture fixture;

	(void)state;
	if (!fixture_open(&fixture))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		fake_begin();
		fake_number(fake_datagram(), types[i], -ENOENT);
		assert_int_equal(fixture_start(&fixture), -ENOENT);
		expect_dump_end(&fixture, -ENOENT);
	}

	/* Not the first answer: rows stand, and then the rest is lost. */
	fake_begin();
	fake_row(fake_datagram(), 1);
	fake_number(fake_datagram(), NLMSG_ERROR, -ENOMEM);
	assert_int_equal(fixture_start(&fixture), 0);
	expect_dump_row(&fixture, 1);
	expect_dump_end(&fixture, -ENOMEM);
	expect_dump_end(&fixture, -ENOMEM);

	fake_begin();
	fake_errno(EIO);
	assert_int_equal(fixture_start(&fixture), -EIO);
	assert_int_equal(fixture.result.n_losses, 0);
	fake_end();
	nl_close(&fixture.nl);
}

static void test_dump_busy(void **state)
{
	struct fixture fixture;

	(void)state;
	if (!fixture_open(&fixture))
		skip();
	fake_begin();
	fake_number(fake_datagram(), NLMSG_ERROR, -EBUSY);
	fake_errno(EAGAIN);
	fake_row(fake_datagram(), 1);
	fake_number(fake_datagram(), NLMSG_DONE, 0);
	assert_int_equal(fixture_start(&fixture), 0);
	assert_int_equal(fake.n_requests, 2);
	assert_int_not_equal(fake_request(0)->nlmsg_seq, fake_request(1)->nlmsg_seq);
	expect_dump_row(&fixture, 1);
	expect_dump_end(&fixture, NL_END);

	fake_begin();
	for (int i = 0; i < 3; i++) {
		fake_number(fake_datagram(), NLMSG_ERROR, -EBUSY);
		fake_errno(EAGAIN);
	}
	assert_int_equal(fixture_start(&fixture), -EBUSY);
	assert_int_equal(fake.n_requests, 3);
	assert_int_equal(fixture.result.n_losses, 0);
	fake_end();
	nl_close(&fixture.nl);
}

static void test_dump_waits(void **state)
{
	struct fixture fixture;

	(void)state;
	if (!fixture_open(&fixture))
		skip();
	/* No answer at all. */
	fake_begin();
	assert_int_equal(fixture_start(&fixture), -ETIMEDOUT);
	assert_in_range(fake.n_polls, 2, 100);

	/* A scan that is given up, before and within a dump. */
	fake_begin();
	atomic_store(&fixture.env.cancelled, true);
	assert_int_equal(fixture_start(&fixture), -ECANCELED);
	atomic_store(&fixture.env.cancelled, false);
	fake_begin();
	fake_row(fake_datagram(), 1);
	fake_row(fake_datagram(), 2);
	assert_int_equal(fixture_start(&fixture), 0);
	expect_dump_row(&fixture, 1);
	fixture.env.deadline_us = 1;
	expect_dump_end(&fixture, -ETIME);
	assert_int_equal(fake.n_received, 1);
	fake_end();
	nl_close(&fixture.nl);
}

/* ---- against the kernel ---- */

/* More than a few datagrams can tell of. */
enum { SOCKETS = 3000 };

static bool allow_sockets(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < SOCKETS + 64)
		return false;
	limit.rlim_cur = MAX(limit.rlim_cur, (rlim_t)SOCKETS + 64);
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void open_sockets(int fds[SOCKETS])
{
	for (int i = 0; i < SOCKETS; i++) {
		struct sockaddr_in addr = {
			.sin_family = AF_INET,
			.sin_port = htons((uint16_t)(20000 + i)),
			.sin_addr = { htonl(INADDR_LOOPBACK) },
		};

		fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_true(fds[i] >= 0);
		assert_int_equal(bind(fds[i], (struct sockaddr *)&addr, sizeof(addr)), 0);
	}
}

static unsigned int count_rows(struct fixture *fixture)
{
	const struct nlmsghdr *message;
	unsigned int n = 0;
	int r;

	while ((r = nl_dump_next(&fixture->nl, &message)) == NL_MESSAGE)
		n++;
	assert_int_equal(r, NL_END);
	return n;
}

static void send_forgery(struct nl *nl)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = nl->walk.portid };
	struct nlmsghdr done = {
		.nlmsg_len = sizeof(done),
		.nlmsg_type = NLMSG_DONE,
		.nlmsg_seq = nl->walk.seq + 1,
		.nlmsg_pid = nl->walk.portid,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	assert_true(fd >= 0);
	assert_int_equal(sendto(fd, &done, sizeof(done), 0, (struct sockaddr *)&to, sizeof(to)),
			 sizeof(done));
	close(fd);
}

static void test_live(void **state)
{
	struct fixture fixture;
	int fds[SOCKETS];

	(void)state;
	if (!netns_enter()) {
		printf("SKIP: no network namespace of our own: not permitted\n");
		skip();
	}
	if (!allow_sockets()) {
		printf("SKIP: %d open files are not permitted\n", SOCKETS);
		skip();
	}
	if (!fixture_open(&fixture))
		skip();
	open_sockets(fds);
	assert_int_equal(fixture_start(&fixture), 0);
	assert_int_equal(count_rows(&fixture), SOCKETS);

	/* A new dump while the kernel is in the middle of another. */
	assert_int_equal(fixture_start(&fixture), 0);
	assert_int_equal(fixture_start(&fixture), 0);
	assert_int_equal(count_rows(&fixture), SOCKETS);
	assert_int_equal(fixture.result.n_losses, 0);

	/* Whoever administers the namespace can send us an end that is none. */
	send_forgery(&fixture.nl);
	assert_int_equal(fixture_start(&fixture), 0);
	assert_int_equal(count_rows(&fixture), SOCKETS);
	expect_loss(&fixture.result, "messages", "forged", 1);

	for (int i = 0; i < SOCKETS; i++)
		close(fds[i]);
	nl_close(&fixture.nl);
}

static void test_open(void **state)
{
	struct fixture fixture;
	struct nl nl = { 0 };

	(void)state;
	if (!fixture_open(&fixture))
		skip();
	nl_close(&fixture.nl);
	nl_close(&fixture.nl);
	/* No such bus. */
	assert_int_equal(nl_open(&fixture.env, &fixture.result, 31, &nl), -EPROTONOSUPPORT);
	assert_null(nl.socket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),           cmocka_unit_test(test_walk_lengths),
		cmocka_unit_test(test_walk_padding),   cmocka_unit_test(test_walk_strangers),
		cmocka_unit_test(test_walk_ends),      cmocka_unit_test(test_walk_losses),
		cmocka_unit_test(test_walk_mutations), cmocka_unit_test(test_attrs),
		cmocka_unit_test(test_open),           cmocka_unit_test(test_dump),
		cmocka_unit_test(test_dump_overrun),   cmocka_unit_test(test_dump_forged),
		cmocka_unit_test(test_dump_truncated), cmocka_unit_test(test_dump_refused),
		cmocka_unit_test(test_dump_busy),      cmocka_unit_test(test_dump_waits),
		cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
