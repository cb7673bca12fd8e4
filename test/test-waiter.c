/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "estab.h"
#include "netns.h"
#include "util.h"

enum { PORT = 2001, WAIT_MS = 20000 };

static struct estab_query *make_query(struct estab_ctx *ctx, const char *filter)
{
	struct estab_query *query;

	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_query_set_filter(query, filter, NULL, NULL), 0);
	assert_int_equal(estab_query_add_field(query, ESTAB_F_PROTO), 0);
	return query;
}

static bool is_ready(const struct estab_waiter *waiter, int timeout_ms)
{
	struct pollfd ready = { .fd = estab_waiter_fd(waiter), .events = POLLIN };

	return poll(&ready, 1, timeout_ms) == 1;
}

static int look_once(struct estab_ctx *ctx, const char *filter, uint32_t flags)
{
	struct estab_query *query = make_query(ctx, filter);
	struct estab_waiter *waiter;
	int r;

	assert_int_equal(estab_waiter_new(query, flags, &waiter), 0);
	/* The first look is not to be waited for. */
	assert_true(is_ready(waiter, WAIT_MS));
	r = estab_waiter_process(waiter);
	/* It is not time for the next one, which would be none anyway; but that comes. */
	if (r == 0)
		assert_true(is_ready(waiter, WAIT_MS));
	assert_null(estab_waiter_unref(waiter));
	estab_query_unref(query);
	return r;
}

static void test_copy(void **state)
{
	static const struct estab_ctx_options options = {
		.size = sizeof(options),
		.proc_root = "test/golden/proc-2006",
	};
	struct estab_waiter *waiter = NULL;
	struct estab_query *query;
	struct estab_ctx *ctx;

	(void)state;
	assert_int_equal(estab_ctx_new(&options, &ctx), 0);
	assert_int_equal(look_once(ctx, "sport > 0", 0), 1);
	assert_int_equal(look_once(ctx, "sport > 0", ESTAB_WAIT_GONE), 0);
	assert_int_equal(look_once(ctx, "sport = 1", 0), 0);
	query = make_query(ctx, "sport = 1");
	assert_int_equal(estab_waiter_new(query, 1u << 7, &waiter), -EINVAL);
	assert_null(waiter);
	assert_null(estab_waiter_unref(NULL));
	estab_query_unref(query);
	estab_ctx_unref(ctx);
}

static int open_listener(void)
{
	const struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static int wait_for(struct estab_waiter *waiter)
{
	int r = 0;

	while (r == 0 && is_ready(waiter, WAIT_MS))
		r = estab_waiter_process(waiter);
	return r;
}

static void test_comes_and_goes(void **state)
{
	struct estab_waiter *comes;
	struct estab_waiter *goes;
	struct estab_query *query;
	struct estab_ctx *ctx;
	int fd;

	(void)state;
	if (!netns_enter()) {
		print_message("skip: no network namespace here\n");
		skip();
	}
	assert_int_equal(estab_ctx_new(NULL, &ctx), 0);
	query = make_query(ctx, "state listen and sport = 2001");
	assert_int_equal(estab_waiter_new(query, 0, &comes), 0);
	assert_int_equal(estab_waiter_process(comes), 0);
	assert_int_equal(estab_waiter_process(comes), 0);
	fd = open_listener();
	assert_int_equal(wait_for(comes), 1);

	assert_int_equal(estab_waiter_new(query, ESTAB_WAIT_GONE, &goes), 0);
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(is_ready(goes, WAIT_MS));
		assert_int_equal(estab_waiter_process(goes), 0);
	}
	close(fd);
	assert_int_equal(wait_for(goes), 1);
	estab_waiter_unref(comes);
	estab_waiter_unref(goes);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_comes_and_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
