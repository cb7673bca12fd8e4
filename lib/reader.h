/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The tables of a plan, read one after another, each through the first source that can: raw rows,
 * in the kernel's order.
 */
#ifndef ESTAB_READER_H
#define ESTAB_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "env.h"
#include "record.h"
#include "result.h"
#include "source.h"
#include "subflow.h"

struct reader {
	struct env *env;             /* borrowed */
	struct estab_result *result; /* borrowed */
	size_t table;                /* which is read */
	size_t netns;                /* of which namespace, where all are read */
	bool any_open;               /* some table could be read */
	int error;                   /* why the last one could not */
	size_t n_sources;            /* of the result, before the first table, */
	size_t n_losses;             /* the same */
	const struct source *source;
	struct source_cursor *cursor;
	struct flow_devices *devices; /* NULL: flows are asked for none */
	struct subflows subflows;     /* of the MPTCP connections read so far */
};

/* The states that sockets of a table can be in: asking for others would be asking for nothing. */
uint32_t reader_states(unsigned int proto);

/* Opens the first table that can be read. A negative errno when none can. */
int reader_open(struct reader *reader, struct env *env, struct estab_result *result);
/* 0: the row is filled; 1: the end; -ENOMEM, -ECANCELED. What a source loses goes to the result,
 * and the next table goes on. */
int reader_next(struct reader *reader, struct row *row);
/* At the end, or before: the same tables from the first on. The result tells of the new reading only.
 * Errors as reader_open(). */
int reader_again(struct reader *reader);
void reader_close(struct reader *reader);

/* Why a table, a namespace or its connection table was not read, in the words of a loss; static. */
const char *reader_loss_reason(int error);

/* What there is to be read: the whole table of that index; false behind the last. */
bool reader_table(size_t index, struct source_job *ret_job);
/* And from where: the source of a table's, NULL behind the last. */
const struct source *reader_source(size_t table, size_t index);

#endif
