/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "window.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

static uint64_t identity(uint64_t n)
{
	return hash64(n) | 1;
}

static void test_remembers(void **state)
{
	struct window window = { 0 };

	(void)state;
	for (uint64_t n = 1; n <= 100000; n++) {
		assert_int_equal(window_seen(&window, identity(n)), 0);
		assert_int_equal(window_seen(&window, identity(n)), 1);
		/* Whatever lies within the last WINDOW_ROWS is known. */
		if (n > WINDOW_ROWS)
			assert_int_equal(window_seen(&window, identity(n - WINDOW_ROWS + 1)), 1);
	}
	window_free(&window);
}

static void test_forgets(void **state)
{
	struct window window = { 0 };

	(void)state;
	assert_int_equal(window_seen(&window, identity(1)), 0);
	for (uint64_t n = 2; n <= 2 * WINDOW_ROWS + 2; n++)
		assert_int_equal(window_seen(&window, identity(n)), 0);
	assert_int_equal(window_seen(&window, identity(1)), 0);
	window_free(&window);
}

/* Neighbours in one slot and at the table's end. */
static void test_collisions(void **state)
{
	struct window window = { 0 };
	uint64_t last_slot = (uint64_t)(WINDOW_SLOTS - 1) << 8;

	(void)state;
	for (uint64_t n = 1; n < 200; n++)
		assert_int_equal(window_seen(&window, last_slot | n), 0);
	for (uint64_t n = 1; n < 200; n++)
		assert_int_equal(window_seen(&window, last_slot | n), 1);
	window_free(&window);
}

/* What was remembered before it grew is known afterwards. */
static void test_grows(void **state)
{
	struct window window = { 0 };
	size_t n_slots = 0;

	(void)state;
	for (uint64_t n = 1; n <= WINDOW_ROWS; n++) {
		assert_int_equal(window_seen(&window, identity(n)), 0);
		if (window.n_slots == n_slots)
			continue;
		n_slots = window.n_slots;
		for (uint64_t k = 1; k <= n; k++)
			assert_int_equal(window_seen(&window, identity(k)), 1);
	}
	assert_int_equal(n_slots, WINDOW_SLOTS);
	assert_null(window.slots[1]);
	window_free(&window);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remembers),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_collisions),
		cmocka_unit_test(test_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
