/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "caps.h"
#include "fake-netlink.h"
#include "record.h"
#include "util.h"

struct world {
	struct estab_ctx *ctx;
	struct estab_query *query;
	struct estab_destroyer *destroyer;
	struct ext empty;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	assert_int_equal(estab_ctx_new(NULL, &world->ctx), 0);
	assert_int_equal(estab_query_new(world->ctx, &world->query), 0);
	if (estab_destroyer_open(world->query, &world->destroyer) < 0)
		world->destroyer = NULL;
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	fake_end();
	estab_destroyer_close(world->destroyer);
	estab_query_unref(world->query);
	estab_ctx_unref(world->ctx);
	free(world);
	return 0;
}

static void need_destroyer(const struct world *world)
{
	if (!world->destroyer) {
		print_message("skip: no sock_diag here\n");
		skip();
	}
	fake_begin();
}

/* A connection from 127.0.0.1:1000 to 127.0.0.2:2000. */
static struct estab_socket connection(struct world *world, enum estab_proto proto)
{
	return (struct estab_socket){
		.ext = &world->empty,
		.cookie = UINT64_C(0x1122334455667788),
		.inet = { .local = { 127, 0, 0, 1 }, .peer = { 127, 0, 0, 2 } },
		.local_port = 1000,
		.peer_port = 2000,
		.proto = (uint8_t)proto,
		.family = ESTAB_FAMILY_INET,
		.state = ESTAB_STATE_ESTABLISHED,
		.has = HAS_COOKIE,
	};
}

static void answer(int error)
{
	fake_number(fake_datagram(), NLMSG_ERROR, error);
}

static const struct inet_diag_req_v2 *request_body(unsigned int index)
{
	return (const void *)(fake_request(index) + 1);
}

static void test_request(void **state)
{
	static const uint8_t protocols[][2] = {
		{ ESTAB_PROTO_TCP, IPPROTO_TCP },
		{ ESTAB_PROTO_UDP, IPPROTO_UDP },
		{ ESTAB_PROTO_UDPLITE, IPPROTO_UDPLITE },
	};
	struct world *world = *state;

	need_destroyer(world);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct estab_socket sock = connection(world, protocols[i][0]);
		const struct inet_diag_req_v2 *body;

		fake_begin();
		answer(0);
		assert_int_equal(estab_destroyer_destroy(world->destroyer, &sock), 0);
		assert_int_equal(fake.n_requests, 1);
		assert_int_equal(fake_request(0)->nlmsg_type, SOCK_DESTROY);
		assert_int_equal(fake_request(0)->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
		assert_int_equal(fake_request(0)->nlmsg_len, NLMSG_LENGTH(sizeof(*body)));
		body = request_body(0);
		assert_int_equal(body->sdiag_family, AF_INET);
		assert_int_equal(body->sdiag_protocol, protocols[i][1]);
		assert_int_equal(body->id.idiag_src[0], htonl(0x7f000001));
		assert_int_equal(body->id.idiag_dst[0], htonl(0x7f000002));
		assert_int_equal(ntohs(body->id.idiag_sport), 1000);
		assert_int_equal(ntohs(body->id.idiag_dport), 2000);
		assert_int_equal(body->id.idiag_cookie[0], 0x55667788);
		assert_int_equal(body->id.idiag_cookie[1], 0x11223344);
	}
}

/* Of none in particular it tells whether we may. */
static void test_allowed(void **state)
{
	struct world *world = *state;

	need_destroyer(world);
	assert_int_equal(estab_destroyer_check(world->destroyer, NULL),
			 caps_have(CAP_NET_ADMIN) ? 0 : -EPERM);
}

/* What the kernel answers is what it is; a connection is asked for once. */
static void test_errors(void **state)
{
	static const int errors[] = { -ENOENT, -EPERM, -EOPNOTSUPP };
	struct world *world = *state;
	struct estab_socket sock = connection(world, ESTAB_PROTO_TCP);

	need_destroyer(world);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		fake_begin();
		answer(errors[i]);
		assert_int_equal(estab_destroyer_destroy(world->destroyer, &sock), errors[i]);
		assert_int_equal(fake.n_requests, 1);
	}
	fake_begin();
	assert_int_equal(estab_destroyer_destroy(world->destroyer, &sock), -ETIMEDOUT);
}

/* Among listeners that share a port one is found by both ends: others are tried, never its cookie. */
static void test_shared(void **state)
{
	struct world *world = *state;
	struct estab_socket sock = connection(world, ESTAB_PROTO_TCP);

	need_destroyer(world);
	sock.state = ESTAB_STATE_LISTEN;
	sock.peer_port = 0;
	memset(sock.inet.peer, 0, sizeof(sock.inet.peer));
	answer(-ENOENT);
	answer(-ENOENT);
	answer(0);
	assert_int_equal(estab_destroyer_destroy(world->destroyer, &sock), 0);
	assert_int_equal(fake.n_requests, 3);
	assert_int_equal(request_body(0)->id.idiag_dport, 0);
	assert_int_not_equal(request_body(1)->id.idiag_dport, request_body(2)->id.idiag_dport);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(request_body(i)->id.idiag_cookie[0], 0x55667788);
}

/* Nothing is sent where the kernel could not, or would not, keep to the cookie. */
static void test_refused(void **state)
{
	static const enum estab_proto protos[] = { ESTAB_PROTO_RAW, ESTAB_PROTO_ICMP,
						   ESTAB_PROTO_MPTCP, ESTAB_PROTO_UNIX,
						   ESTAB_PROTO_PACKET };
	struct world *world = *state;
	struct estab_socket sock;

	need_destroyer(world);
	for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
		sock = connection(world, protos[i]);
		assert_int_equal(estab_destroyer_check(world->destroyer, &sock), -EPROTONOSUPPORT);
		assert_int_equal(estab_destroyer_destroy(world->destroyer, &sock),
				 -EPROTONOSUPPORT);
	}
	sock = connection(world, ESTAB_PROTO_TCP);
	sock.state = ESTAB_STATE_BOUND;
	assert_int_equal(estab_destroyer_destroy(world->destroyer, &sock), -EPROTONOSUPPORT);
	sock = connection(world, ESTAB_PROTO_TCP);
	sock.has = 0;
	assert_int_equal(estab_destroyer_destroy(world->destroyer, &sock), -ENODATA);
	sock.has = HAS_COOKIE;
	sock.cookie = 0;
	assert_int_equal(estab_destroyer_destroy(world->destroyer, &sock), -ENODATA);
	sock = connection(world, ESTAB_PROTO_TCP);
	sock.has |= HAS_NETNS;
	sock.netns = 1;
	assert_int_equal(estab_destroyer_destroy(world->destroyer, &sock), -EXDEV);
	assert_int_equal(fake.n_requests, 0);
}

static void test_copy(void **state)
{
	static const struct estab_ctx_options options = {
		.size = sizeof(options),
		.proc_root = "test/golden/proc-2006",
	};
	struct estab_destroyer *destroyer = NULL;
	struct estab_query *query;
	struct estab_ctx *ctx;

	(void)state;
	assert_int_equal(estab_ctx_new(&options, &ctx), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_destroyer_open(query, &destroyer), -EOPNOTSUPP);
	assert_null(destroyer);
	assert_null(estab_destroyer_close(NULL));
	estab_query_unref(query);
	estab_ctx_unref(ctx);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
