/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* That each counter's sentence is found: the tables are bisected, and must be in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* NOLINTNEXTLINE(bugprone-suspicious-include): nowhere else are the tables themselves to be had. */
#include "../tool/compat-netstat-words.c"

static void test_each_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		const struct netstat_sentences *found = netstat_find_sentences(sections[i].name);

		assert_ptr_equal(found, &sections[i]);
		assert_true(found->n > 0);
		for (size_t k = 0; k < found->n; k++)
			assert_ptr_equal(netstat_find_words(found, found->words[k].name),
					 &found->words[k]);
	}
}

static void test_no_other_is(void **state)
{
	static const char *const names[] = { "", "A", "InSegsX", "InSeg", "TCPNewest", "zzz" };

	(void)state;
	assert_null(netstat_find_sentences(""));
	assert_null(netstat_find_sentences("Tcp"));
	assert_null(netstat_find_words(NULL, "InSegs"));
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		for (size_t k = 0; k < ARRAY_SIZE(names); k++)
			assert_null(netstat_find_words(&sections[i], names[k]));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_found),
		cmocka_unit_test(test_no_other_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
