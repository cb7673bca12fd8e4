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
	struct window *window = calloc(1, sizeof(*window));

	(void)state;
	for (uint64_t n = 1; n <= 100000; n++) {
		assert_false(window_seen(window, identity(n)));
		assert_true(window_seen(window, identity(n)));
		/* Whatever lies within the last WINDOW_ROWS is known. */
		if (n > WINDOW_ROWS)
			assert_true(window_seen(window, identity(n - WINDOW_ROWS + 1)));
	}
	free(window);
}

static void test_forgets(void **state)
{
	struct window *window = calloc(1, sizeof(*window));

	(void)state;
	assert_false(window_seen(window, identity(1)));
	for (uint64_t n = 2; n <= 2 * WINDOW_ROWS + 2; n++)
		assert_false(window_seen(window, identity(n)));
	assert_false(window_seen(window, identity(1)));
	free(window);
}

/* Neighbours in one slot and at the table's end. */
static void test_collisions(void **state)
{
	struct window *window = calloc(1, sizeof(*window));
	uint64_t last_slot = (uint64_t)(WINDOW_SLOTS - 1) << 8;

	(void)state;
	for (uint64_t n = 1; n < 200; n++)
		assert_false(window_seen(window, last_slot | n));
	for (uint64_t n = 1; n < 200; n++)
		assert_true(window_seen(window, last_slot | n));
	free(window);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remembers),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_collisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
