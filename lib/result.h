/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Completeness: what was tried, and what is known to be lost. Partial truth is data. */
#ifndef ESTAB_RESULT_H
#define ESTAB_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estab.h"

struct plan;

struct result_source {
	const char *source; /* static text */
	const char *table;  /* static text */
	char *path;         /* owned; NULL for netlink */
	int error;
	uint32_t namespaces; /* where all are read */
	uint64_t rows;
};

struct result_loss {
	const char *what; /* static text */
	const char *why;
	const char *detail; /* static text or NULL */
	uint64_t count;
	uint64_t netns;         /* 0: unknown, or of none */
	const char *netns_name; /* the env's, or NULL */
};

enum { RESULT_SOURCES_MAX = 64, RESULT_LOSSES_MAX = 256 };

struct estab_result {
	uint64_t count;
	bool exact;
	unsigned int passes; /* where readings are united: how many there were; else 0 */
	bool unstable;       /* and whether the last one still found what others had missed */
	size_t n_sources;
	size_t n_losses;
	struct result_source sources[RESULT_SOURCES_MAX];
	/* Where all namespaces are read: the one at hand, if any; the same source, table and error of
	 * several are one. */
	bool all_netns;
	bool in_netns;
	uint64_t at_netns;
	const char *at_netns_name;
	/* of the head record */
	uint64_t time_us; /* CLOCK_REALTIME when the reading began */
	uint64_t netns;   /* inode; 0: unknown */
	char boot_id[37]; /* "": unknown */
	bool capture;     /* a saved or foreign /proc was read */
	const struct plan
		*plan; /* what was asked; lent by the env. NULL: nothing that could be told */
	struct result_loss losses[RESULT_LOSSES_MAX]; /* the last: see RESULT_CLEARED */
};

/* So many bytes are to be zero at first. Losses are filled when they are counted, and seldom one is. */
enum { RESULT_CLEARED = offsetof(struct estab_result, losses) };

/* Notes a source that was tried. path is copied, and may be NULL. Returns where to count its rows;
 * never NULL (what does not fit shares the last place). */
struct result_source *result_add_source(struct estab_result *result, const char *source,
					const char *table, const char *path, int error);
/* Notes a loss; the same what, why and detail again add up: of one namespace, and where there is no room left
 * for more, of several. All three are static text. */
void result_add_loss(struct estab_result *result, const char *what, const char *why,
		     const char *detail, uint64_t count);
/* What is tried and lost from now on is of this namespace (name: NULL, or the env's); of none. */
void result_set_netns(struct estab_result *result, uint64_t inode, const char *name);
void result_leave_netns(struct estab_result *result);
/* Keeps only so many of the sources and losses that were noted first. */
void result_forget(struct estab_result *result, size_t n_sources, size_t n_losses);
void result_clear(struct estab_result *result);
/* The name of a negative errno, for programs: "EPERM". */
const char *result_error_word(int error);

#endif
