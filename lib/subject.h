/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What a query is about: sockets, or rows of another kind that go through the same pipe. A row says in
 * its record's proto what kind it is: a socket's protocol, or one of these.
 */
#ifndef ESTAB_SUBJECT_H
#define ESTAB_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estab.h"

/* Kinds of rows that are no sockets; below them are the numbers of enum estab_proto. */
enum row_kind {
	ROW_SOCKETS = 16, /* how many numbers sockets have */
	ROW_FLOW = ROW_SOCKETS,
	ROW_ROUTE,
	ROW_INTERFACE,
	ROW_MEMBERSHIP,
	ROW_STAT,
	ROW_FLOW_STAT,
	ROW_EXPECTATION,
	ROW_KINDS,
};

/* As bits: those of a field that every socket may have. */
#define ROWS_SOCKETS ((UINT64_C(1) << ROW_SOCKETS) - 1)

/* The state of a row that has none, and the bit to ask for it by. */
enum { STATE_NONE = 0 };
#define STATES_NONE (UINT32_C(1) << STATE_NONE)

struct row_subject {
	enum estab_subject id;
	const char *name;   /* of many: a verb, and the key of JSON's array */
	const char *record; /* of one: in JSON Lines */
	uint64_t rows;      /* the kinds of its rows, as bits */
	/* The fields where none was asked for: frozen for schema 1, estab-json(5). */
	const enum estab_field *defaults;
	size_t n_defaults;
};

/* NULL: there is no such subject. */
const struct row_subject *subject_find(enum estab_subject id);
bool subject_is_default(const struct row_subject *subject, enum estab_field field);
/* What a table of such rows is called: "tcp", "flows". */
const char *row_word(unsigned int kind);

#endif
