/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The old tools' places: called by one of their names the command speaks that tool's options, and
 * prints and ends as it does. What all of them need is here; each has files of its own.
 */
#ifndef ESTAB_TOOL_COMPAT_H
#define ESTAB_TOOL_COMPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

#include "buf.h"

struct personality {
	const char *name;
	int (*run)(int argc, char **argv);
};

/* The one that the program was called as, or that its first argument names, which is then shifted
 * off; NULL: none. */
const struct personality *compat_find(int *argc, char ***argv);

int compat_ss(int argc, char **argv);
int compat_netstat(int argc, char **argv);
int compat_lsof(int argc, char **argv);

/* Whether this host labels its processes, which the old tools ask before they show a label. */
bool compat_has_selinux(void);
/* "TOOL: WHAT: WHY" on standard error, escaped; what may be NULL. */
void compat_complain(const char *tool, const char *what, const char *why);

enum { COMPAT_FIELDS_MAX = 64, COMPAT_ORDER_MAX = 12 };

/* What is read: one table after the other, in the tool's order. */
struct compat_reading {
	struct estab_ctx *ctx;
	size_t n_order;
	enum estab_proto order[COMPAT_ORDER_MAX];
	uint32_t families; /* 1 << ESTAB_FAMILY_…; 0: all */
	uint32_t states;
	uint32_t unix_types; /* 1 << ESTAB_TYPE_…; 0: all */
	uint32_t packet_types;
	size_t n_fields;
	enum estab_field fields[COMPAT_FIELDS_MAX];
	struct estab_filter *filter;
	const char *netns;
	const char *source; /* NULL: whichever serves */
	bool whole;         /* one reading for all tables: owners are looked for once */
};

void compat_add_table(struct compat_reading *reading, enum estab_proto proto);
void compat_add_field(struct compat_reading *reading, enum estab_field field);
/* A context that may do whatever helps. 0 or a negative errno. */
int compat_context(struct estab_ctx **ret_ctx);

/* A query for these protocols, as bits; the order is the caller's. 0 or a negative errno. */
int compat_query(const struct compat_reading *reading, uint64_t protos,
		 struct estab_query **ret_query);

typedef void compat_row_fn(void *arg, enum estab_proto proto, const struct estab_socket *sock);
/* What became of a reading, before the rows are let go; may be NULL. */
typedef void compat_result_fn(void *arg, const struct estab_result *result);

/* Whether compat_read() failed for want of the table in this kernel, which is one of no sockets. */
bool compat_is_absent(int error);
/*
 * Hands out every row of every table. A table that can't be read has none, as the old tools have it,
 * which all go on; 0, or the negative errno of one that could not, absence last. -ENOMEM at once.
 */
int compat_read(const struct compat_reading *reading, compat_row_fn *row, compat_result_fn *result,
		void *arg);

/* A number, or what to take where there is none. */
uint64_t compat_u64(const struct estab_socket *sock, enum estab_field field, uint64_t otherwise);
/* A word, or NULL. */
const char *compat_str(const struct estab_socket *sock, enum estab_field field);
enum estab_state compat_state(const struct estab_socket *sock);
/* Whether it is the address that stands for all. */
bool compat_is_any(const struct estab_addr *addr);
/* An IPv4 address in IPv6's clothes without them; any other as it is. */
struct estab_addr compat_bare(const struct estab_addr *addr);
/* Puts an address as inet_ntop(3) has it. */
void compat_put_addr(struct buf *buf, const struct estab_addr *addr);
/* Puts a number in lower case hexadecimal digits. */
void compat_put_hex(struct buf *buf, uint64_t value);
/* Fills up with blanks what was put since buf_total() was start. */
void compat_pad(struct buf *buf, uint64_t start, size_t width);

#endif
