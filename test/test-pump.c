/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Chunks come in their order and whole, however fast either side is, and the thread ends with them. */
#include "pump.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What the thread makes: n chunks, each numbered, then how it ends. */
struct maker {
	unsigned int n;
	unsigned int made;
	unsigned int idle; /* so many times there is nothing yet, before each chunk */
	unsigned int waited;
	int end;
	useconds_t pause_us;
};

static int make(void *arg, struct pump_chunk *chunk)
{
	struct maker *maker = arg;

	if (maker->pause_us > 0)
		usleep(maker->pause_us);
	if (maker->waited++ < maker->idle)
		return -EAGAIN;
	maker->waited = 0;
	if (maker->made == maker->n)
		return maker->end;
	chunk->flags = maker->made++;
	chunk->length = chunk->flags % 7;
	memset(chunk->data, (int)chunk->flags, chunk->length);
	/* The last one may say so itself. */
	return maker->end == 1 && maker->made == maker->n;
}

/* Takes all: how many there were; the end must be this. */
static unsigned int take_all(struct pump *pump, int end, useconds_t pause_us)
{
	const struct pump_chunk *chunk;
	unsigned int n = 0;
	int r;

	while ((r = pump_next(pump, &chunk)) != end) {
		if (r == -EAGAIN)
			continue;
		assert_int_equal(r, 0);
		if (pause_us > 0)
			usleep(pause_us);
		assert_int_equal(chunk->flags, n);
		assert_int_equal(chunk->length, n % 7);
		for (size_t i = 0; i < chunk->length; i++)
			assert_int_equal(chunk->data[i], n & 0xff);
		n++;
	}
	/* It stays at its end. */
	assert_int_equal(pump_next(pump, &chunk), end);
	return n;
}

static void all_in_order(void **state)
{
	static const struct {
		struct maker maker;
		useconds_t taker_us;
	} cases[] = {
		{ { .n = 1, .end = 1 }, 0 },
		{ { .n = 1000, .end = 1 }, 0 },
		{ { .n = 50, .end = 1, .pause_us = 200 }, 0 },
		{ { .n = 50, .end = 1 }, 200 },
		{ { .n = 20, .end = 1, .idle = 3 }, 0 },
		{ { .n = 0, .end = -EIO }, 0 },
		{ { .n = 30, .end = -EIO }, 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maker maker = cases[i].maker;
		struct pump *pump;

		assert_int_equal(pump_start(make, &maker, &pump), 0);
		assert_int_equal(take_all(pump, maker.end, cases[i].taker_us), maker.n);
		assert_null(pump_stop(pump));
	}
}

static void waits_no_longer_than_a_while(void **state)
{
	struct maker maker = { .idle = 1000000, .pause_us = 10000, .end = 1 };
	const struct pump_chunk *chunk;
	struct pump *pump;

	(void)state;
	assert_int_equal(pump_start(make, &maker, &pump), 0);
	assert_int_equal(pump_next(pump, &chunk), -EAGAIN);
	pump_stop(pump);
}

/* The thread waits for room, and is not left behind. */
static void stops_in_the_middle(void **state)
{
	struct maker maker = { .n = 1000000, .end = 1 };
	const struct pump_chunk *chunk;
	unsigned int made;
	struct pump *pump;

	(void)state;
	assert_int_equal(pump_start(make, &maker, &pump), 0);
	while (pump_next(pump, &chunk) == -EAGAIN)
		;
	pump_stop(pump);
	made = maker.made;
	assert_in_range(made, 1, 100);
	usleep(20000);
	assert_int_equal(maker.made, made);
	assert_null(pump_stop(NULL));
}

/* A child has no such thread, and may only give things back. */
static void a_child_gives_it_back(void **state)
{
	struct maker maker = { .n = 1000000, .end = 1 };
	struct pump *pump;
	int status = -1;
	pid_t pid;

	(void)state;
	assert_int_equal(pump_start(make, &maker, &pump), 0);
	pid = fork();
	if (pid == 0) {
		alarm(10);
		pump_stop(pump);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	pump_stop(pump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_in_order),
		cmocka_unit_test(waits_no_longer_than_a_while),
		cmocka_unit_test(stops_in_the_middle),
		cmocka_unit_test(a_child_gives_it_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
