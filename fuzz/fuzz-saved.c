/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Saved listings: two of them, with a byte of 0 between, read, compared and shown. One alone is
 * compared with itself.
 */
#include <stdlib.h>
#include <string.h>

#include "../tool/compare.h"
#include "../tool/saved-asked.h"
#include "../tool/saved-text.h"
#include "../tool/saved.h"
#include "fuzz.h"

static void show(const struct comparison *comparison)
{
	struct buf line;

	for (size_t i = 0; i < comparison->n; i++) {
		const struct difference *difference = &comparison->list[i];

		must((difference->before != NULL) == (difference->change != CHANGE_OPENED));
		must((difference->after != NULL) == (difference->change != CHANGE_CLOSED));
		buf_init(&line, BUF_MEMORY);
		saved_text_put(&line, comparison, difference->before, difference->after);
		must(line.error == 0);
		check_text(line.data, line.used);
		buf_free(&line);
	}
}

static void ask_again(const struct saved *saved)
{
	struct estab_query *query;
	struct estab_ctx *ctx;

	must(estab_ctx_new(NULL, &ctx) == 0);
	must(estab_query_new(ctx, &query) == 0);
	saved_ask_again(saved, query);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
}

static void compare_two(struct saved *before, struct saved *after, bool same)
{
	struct comparison comparison;

	must(compare(before, after, &comparison) == 0);
	must(comparison.counts[CHANGE_CLOSED] + comparison.counts[CHANGE_CHANGED] +
		     comparison.same ==
	     before->n_rows);
	must(comparison.counts[CHANGE_OPENED] + comparison.counts[CHANGE_CHANGED] +
		     comparison.same ==
	     after->n_rows);
	must(!same || comparison.n == 0);
	must(saved_same_question(before, after) || !same);
	show(&comparison);
	compare_free(&comparison);
}

static bool parse(const struct input *input, char **ret_text, struct saved *saved)
{
	char why[SAVED_WHY] = "";
	bool good;

	*ret_text = fuzz_copy(input->at, input->left);
	good = saved_parse(*ret_text, input->left, saved, why) == 0;
	must(good == (why[0] == '\0'));
	check_text(why, strlen(why));
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input whole = { data, size };
	struct input first = input_until(&whole, 0);
	struct input second = whole.left > 0 ? whole : first;
	struct saved before;
	struct saved after;
	char *texts[2];
	bool good = parse(&first, &texts[0], &before);

	good &= parse(&second, &texts[1], &after);
	if (good) {
		compare_two(&before, &after, second.at == first.at);
		ask_again(&before);
	}
	saved_free(&before);
	saved_free(&after);
	free(texts[0]);
	free(texts[1]);
	return 0;
}
