/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What can be read here: the tables of each source, and the circumstances. */
#ifndef ESTAB_PROBE_H
#define ESTAB_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env.h"
#include "estab.h"

enum { FACTS_MAX = 40, FACT_ROOM = 256, PROBE_TABLES_MAX = 96 };

struct fact {
	const char *name; /* static text */
	const char *help;
	enum estab_kind kind;
	bool known;
	uint64_t number;
	char text[FACT_ROOM];
};

struct probe_table {
	const char *table; /* static text */
	const char *family;
	const char *source;
	char *path; /* owned; may be NULL */
	int error;
};

struct estab_probe {
	size_t n_facts;
	size_t n_tables;
	struct fact facts[FACTS_MAX];
	struct probe_table tables[PROBE_TABLES_MAX];
};

/* How many processes of a walk for owners could be read. */
struct probe_processes {
	bool known;
	uint64_t readable;
	uint64_t unreadable;
	bool hidden; /* there may be more that can't be seen */
};

/* How many network namespaces there are to be seen, and how. */
struct probe_namespaces {
	bool known;
	uint64_t entered;
	uint64_t text; /* only through the files of a process */
	uint64_t shut;
};

/* Fills in the facts; those with a common prefix stand together. */
void facts_fill(struct estab_probe *probe, const struct env *env,
		const struct probe_processes *processes, const struct probe_namespaces *namespaces);

#endif
