/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The command line: every line of the input is an argument, but the first, which says whether
 * output goes to a terminal ("t"). Complaints come here and not to standard error.
 */
#include "../tool/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/columns.h"
#include "../tool/complain.h"
#include "../tool/select.h"
#include "tree.h"

enum { ARGS_MAX = 24 };

static unsigned int complaints;

static void note(const char *text, size_t length)
{
	char *escaped = malloc(estab_text_escape(text, length, NULL, 0) + 1);

	must(escaped);
	free(escaped);
}

void complain(const char *what, const char *why)
{
	if (what)
		note(what, strlen(what));
	must(why && *why);
	complaints++;
}

void complain_errno(const char *what, int error)
{
	must(error < 0);
	complain(what, "error");
}

int complain_usage(const char *what, const char *why)
{
	complain(what, why);
	return STATUS_USAGE;
}

int complain_word(const char *option, const char *why, const char *word, size_t length)
{
	note(word, length);
	complain(option, why);
	return STATUS_USAGE;
}

int complain_filter(const char *expression, size_t position, const char *why)
{
	must(position <= strlen(expression));
	complain("filter", why);
	return STATUS_USAGE;
}

/* What the command does with options that are right. */
static void use(struct options *options, bool terminal)
{
	struct estab_query *query = NULL;
	struct estab_ctx *ctx = tree_ctx(NULL);
	struct columns columns;
	int status = columns_choose(options, terminal, !terminal, &columns);

	must(status == 0 || status == STATUS_USAGE);
	must(complaints == (status != 0));
	must(estab_query_new(ctx, &query) == 0);
	must(select_apply(options, query) == 0);
	must(columns.n <= COLUMNS_MAX);
	if (status == 0) {
		must(columns.n > 0);
		must(columns_ask(&columns, options->process, query) == 0);
	}
	for (size_t i = 0; i < options->n_sort; i++)
		estab_query_add_sort(query, options->sort[i].field, options->sort[i].descending);
	if (options->words)
		estab_query_set_filter(query, options->words, NULL, NULL);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
}

/* argv as main() has it: strings that may be written to, and a NULL. */
static int split(struct input input, char *argv[ARGS_MAX + 2])
{
	int argc = 0;

	argv[argc++] = strdup("estab");
	while (input.left > 0 && argc <= ARGS_MAX) {
		struct input line = input_until(&input, '\n');

		argv[argc] = calloc(1, line.left + 1);
		must(argv[argc]);
		if (line.left > 0)
			memcpy(argv[argc], line.at, line.left);
		argc++;
	}
	argv[argc] = NULL;
	return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct input first = input_until(&input, '\n');
	bool terminal = first.left > 0 && *first.at == 't';
	char *argv[ARGS_MAX + 2];
	char *given[ARGS_MAX + 2];
	int argc = split(input, argv);
	struct options options;
	int status;

	/* getopt(3) moves the pointers about. */
	memcpy(given, argv, sizeof(given));
	complaints = 0;
	optind = 0;
	status = options_parse(argc, argv, &options);
	must(status == 0 || status == STATUS_USAGE);
	must(complaints == (status != 0));
	if (status == 0) {
		use(&options, terminal);
		if (options.verb)
			options_drop_verb(&options);
	}
	options_free(&options);
	for (int i = 0; i < argc; i++)
		free(given[i]);
	return 0;
}
