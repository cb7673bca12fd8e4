/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What a result says was lost, for a test to look at. */
#ifndef LOSSES_H
#define LOSSES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <estab.h>

/* How much was lost for that reason, of whatever and wherever. */
static inline uint64_t losses_sum(const struct estab_result *result, const char *what,
				  const char *why)
{
	uint64_t count = 0;

	for (size_t i = 0; i < estab_result_loss_count(result); i++) {
		struct estab_loss loss = { .size = sizeof(loss) };

		assert_int_equal(estab_result_get_loss(result, i, &loss), 0);
		if (strcmp(loss.what, what) == 0 && strcmp(loss.why, why) == 0)
			count += loss.count;
	}
	return count;
}

#endif
