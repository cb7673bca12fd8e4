/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "losses.h"
#include "result.h"

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct estab_result));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	result_clear(*state);
	free(*state);
	return 0;
}

static void adds_up_what_is_the_same(void **state)
{
	struct estab_result *result = *state;

	result_add_loss(result, "rows", "cut", "tcp", 1);
	result_add_loss(result, "rows", "cut", "tcp", 2);
	result_add_loss(result, "rows", "cut", "udp", 4);
	result_add_loss(result, "rows", "cut", NULL, 8);
	result_set_netns(result, 7, "blue");
	result_add_loss(result, "rows", "cut", "tcp", 16);
	result_leave_netns(result);
	assert_int_equal(result->n_losses, 4);
	assert_int_equal(result->losses[0].count, 3);
	assert_int_equal(result->losses[3].netns, 7);
	assert_string_equal(result->losses[3].netns_name, "blue");
	assert_false(estab_result_is_complete(result));
}

/* More namespaces than there are places for. */
static void loses_no_kind_of_loss(void **state)
{
	enum { NAMESPACES = 1000 };
	struct estab_result *result = *state;

	for (uint64_t i = 1; i <= NAMESPACES; i++) {
		result_set_netns(result, i, NULL);
		result_add_loss(result, "bytes", "nf_conntrack_acct is 0", NULL, 1);
		result_add_loss(result, "times", "nf_conntrack_timestamp is 0", NULL, 2);
	}
	result_add_loss(result, "rows", "malformed", "flows", 5);
	result_leave_netns(result);
	result_add_loss(result, "processes", "permission", NULL, 3);
	assert_true(result->n_losses <= RESULT_LOSSES_MAX);
	assert_int_equal(losses_sum(result, "bytes", "nf_conntrack_acct is 0"), NAMESPACES);
	assert_int_equal(losses_sum(result, "times", "nf_conntrack_timestamp is 0"),
			 2 * NAMESPACES);
	assert_int_equal(losses_sum(result, "rows", "malformed"), 5);
	assert_int_equal(losses_sum(result, "processes", "permission"), 3);
	/* What is of several names none. */
	for (size_t i = 0; i < result->n_losses; i++)
		if (strcmp(result->losses[i].what, "bytes") == 0 && result->losses[i].count > 1)
			assert_int_equal(result->losses[i].netns, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(adds_up_what_is_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(loses_no_kind_of_loss, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
