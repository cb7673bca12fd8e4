/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "fake-netlink.h"
#include "netns.h"
#include "util.h"

#include "estab.h"

enum { PORT = 2001, COOKIE = 77 };

struct world {
	struct estab_ctx *ctx;
	struct estab_query *query;
	struct estab_watch *watch;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	assert_int_equal(estab_ctx_new(NULL, &world->ctx), 0);
	assert_int_equal(estab_query_new(world->ctx, &world->query), 0);
	assert_int_equal(estab_query_add_field(world->query, ESTAB_F_TCP), 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	fake_end();
	assert_null(estab_watch_close(world->watch));
	estab_query_unref(world->query);
	estab_ctx_unref(world->ctx);
	free(world);
	return 0;
}

static void begin(struct world *world, const char *filter)
{
	int r;

	if (filter)
		assert_int_equal(estab_query_set_filter(world->query, filter, NULL, NULL), 0);
	r = estab_watch_open(world->query, NULL, &world->watch);
	if (r == -EPROTONOSUPPORT || r == -EPERM) {
		print_message("skip: no events of sock_diag here\n");
		skip();
	}
	assert_int_equal(r, 0);
	assert_true(estab_watch_fd(world->watch) >= 0);
}

/* As the kernel tells it: neither a request's number nor its sender's port. */
static void tell(uint8_t protocol, uint16_t port, size_t length)
{
	struct {
		struct inet_diag_msg diag;
		struct nlattr head;
		uint8_t protocol;
		uint8_t padding[3];
		struct nlattr info_head;
		struct tcp_info info;
	} __attribute__((packed)) body = {
		.diag = {
			.idiag_family = AF_INET,
			.idiag_state = ESTAB_STATE_UNCONNECTED,
			.id = { .idiag_sport = htons(port),
				.idiag_src = { htonl(INADDR_LOOPBACK) },
				.idiag_cookie = { COOKIE, 0 } },
			.idiag_wqueue = UINT32_MAX,
		},
		.head = { NLA_HDRLEN + 1, INET_DIAG_PROTOCOL },
		.protocol = protocol,
		.info_head = { NLA_HDRLEN + sizeof(struct tcp_info), INET_DIAG_INFO },
		.info = { .tcpi_snd_mss = 1448 },
	};
	struct nlmsghdr *message = fake_message(fake_datagram(), SOCK_DIAG_BY_FAMILY, &body,
						MIN(length, sizeof(body)));

	message->nlmsg_seq = 0;
	message->nlmsg_pid = 0;
}

static void test_decode(void **state)
{
	struct world *world = *state;
	const struct estab_socket *sock = NULL;
	const char *word;
	uint64_t number;

	begin(world, "sport = 2001");
	fake_begin();
	tell(IPPROTO_TCP, PORT + 1, SIZE_MAX);
	tell(IPPROTO_TCP, PORT, SIZE_MAX);
	tell(IPPROTO_SCTP, PORT, SIZE_MAX);
	tell(IPPROTO_TCP, PORT, 20);
	tell(IPPROTO_UDP, PORT, sizeof(struct inet_diag_msg) + 8);
	assert_int_equal(estab_watch_next(world->watch, &sock), 0);
	assert_int_equal(estab_socket_get_str(sock, ESTAB_F_PROTO, &word), 0);
	assert_string_equal(word, "tcp");
	/* What is closed is not what is bound and no more. */
	assert_int_equal(estab_socket_get_str(sock, ESTAB_F_STATE, &word), 0);
	assert_string_equal(word, estab_state_name(ESTAB_STATE_UNCONNECTED));
	assert_int_equal(estab_socket_get_u64(sock, ESTAB_F_COOKIE, &number), 0);
	assert_int_equal(number, COOKIE);
	assert_int_equal(estab_socket_get_u64(sock, ESTAB_F_TCP_SND_MSS, &number), 0);
	assert_int_equal(number, 1448);
	assert_int_equal(estab_watch_next(world->watch, &sock), 0);
	assert_int_equal(estab_socket_get_str(sock, ESTAB_F_PROTO, &word), 0);
	assert_string_equal(word, "udp");
	assert_int_equal(estab_watch_next(world->watch, &sock), 1);
	assert_int_equal(estab_result_count(estab_watch_result(world->watch)), 2);
	assert_true(estab_result_is_complete(estab_watch_result(world->watch)));
}

static void test_losses(void **state)
{
	struct world *world = *state;
	const struct estab_socket *sock = NULL;
	struct estab_loss loss = { .size = sizeof(loss) };

	begin(world, NULL);
	fake_begin();
	tell(IPPROTO_TCP, PORT, SIZE_MAX);
	fake.answers[0].sender_port = 4711;
	fake_errno(ENOBUFS);
	fake.drops = 1;
	tell(IPPROTO_TCP, PORT, SIZE_MAX);
	assert_int_equal(estab_watch_next(world->watch, &sock), 0);
	assert_int_equal(estab_watch_next(world->watch, &sock), 1);
	assert_int_equal(estab_result_loss_count(estab_watch_result(world->watch)), 2);
	assert_int_equal(estab_result_get_loss(estab_watch_result(world->watch), 1, &loss), 0);
	assert_string_equal(loss.why, "overrun");
}

static void test_refused(void **state)
{
	struct world *world = *state;
	struct estab_watch_options options = { .size = sizeof(options) };
	struct estab_watch *watch = NULL;

	/* Nothing is told of those. */
	assert_int_equal(estab_query_set_protos(world->query, BIT64(ESTAB_PROTO_UNIX)), 0);
	assert_int_equal(estab_watch_open(world->query, NULL, &watch), -EOPNOTSUPP);
	assert_int_equal(estab_query_set_protos(world->query, BIT64(ESTAB_PROTO_TCP)), 0);
	assert_int_equal(estab_query_set_all_netns(world->query, true), 0);
	assert_int_equal(estab_watch_open(world->query, NULL, &watch), -EINVAL);
	assert_int_equal(estab_query_set_all_netns(world->query, false), 0);
	/* And nobody has them any more. */
	assert_int_equal(estab_query_add_field(world->query, ESTAB_F_OWNERS), 0);
	assert_int_equal(estab_watch_open(world->query, NULL, &watch), -EOPNOTSUPP);
	assert_null(watch);
	/* They do not come and change, as far as anybody is told. */
	options.events = ESTAB_WATCH_NEW;
	assert_int_equal(estab_watch_open(world->query, &options, &watch), -EOPNOTSUPP);
}

static void test_live(void **state)
{
	struct world *world = *state;
	const struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	struct estab_tuple tuple = { .size = sizeof(tuple) };
	const struct estab_socket *sock = NULL;
	struct pollfd ready = { .events = POLLIN };
	int fd;

	if (!netns_enter()) {
		print_message("skip: no network namespace here\n");
		skip();
	}
	begin(world, NULL);
	ready.fd = estab_watch_fd(world->watch);
	assert_int_equal(estab_watch_next(world->watch, &sock), 1);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	assert_int_equal(poll(&ready, 1, 20000), 1);
	assert_int_equal(estab_watch_next(world->watch, &sock), 0);
	assert_int_equal(estab_socket_get_tuple(sock, &tuple), 0);
	assert_int_equal(tuple.local_port, PORT);
	assert_int_equal(estab_watch_next(world->watch, &sock), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_decode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_losses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_live, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
