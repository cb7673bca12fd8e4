/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Sockets made of lines of JSON, for what is asked of rows without reading any. */
#ifndef ESTAB_TEST_FILTER_ROWS_H
#define ESTAB_TEST_FILTER_ROWS_H

#include <stddef.h>

#include "env.h"
#include "process.h"
#include "record.h"

enum { FILTER_ROWS_MAX = 64, FILTER_ROW_OWNERS = 4 };

struct filter_row {
	char name[24];
	struct row row;
	struct owner_list *owners;
	struct process processes[FILTER_ROW_OWNERS];
};

/* All below one environment, in which every field is asked for. */
struct filter_rows {
	struct estab_ctx *ctx;
	struct env *env;
	struct arena texts;
	size_t n;
	struct filter_row rows[FILTER_ROWS_MAX];
};

/* Reads test/golden/filter-rows.jsonl; what is wrong with it fails the test. */
void filter_rows_read(struct filter_rows *rows);
void filter_rows_free(struct filter_rows *rows);
/* NULL: there is none of that name. */
const struct estab_socket *filter_rows_find(const struct filter_rows *rows, const char *name);

#endif
