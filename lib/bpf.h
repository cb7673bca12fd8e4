/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * BPF iterators: one pass over all open files gives sockets and who holds them. Used only where the
 * context allows it, the kernel too, and it pays; whatever is missing, the other sources serve.
 */
#ifndef ESTAB_BPF_H
#define ESTAB_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env.h"
#include "owner.h"
#include "record.h"
#include "result.h"
#include "row-index.h"
#include "store.h"

struct pump;
struct record;
struct record_netlink;

/* ---- bpf-load.c: the programs ---- */

struct bpf_files_config {
	uint32_t wanted;     /* WANT_… */
	uint32_t tcp_states; /* bits, with ESTAB_STATE_BOUND for what is only bound; 0: no rows */
	uint32_t udp_states;
	bool netlink;    /* rows of these too */
	uint32_t netns;  /* inode; 0: all of them */
	uint32_t fields; /* PUT_… */
	bool nested;     /* we are in a pid namespace below the first */
};

/* Each loads a program and returns an iterator to be read, or a negative errno. -EOPNOTSUPP: this
 * build has none; -EPERM, -EINVAL, …: what the kernel said. */
int bpf_open_files(const struct bpf_files_config *config);
/* One open file of each namespace: of itself, or a socket of it; the former of all kinds of
 * namespaces. */
int bpf_open_netns(bool nested);
/* Those of a network namespace: a link, from which netns_iterate() makes iterators over any. */
int bpf_link_tcp(uint32_t states, uint32_t fields);
int bpf_link_udp(uint32_t states, uint32_t fields);
int bpf_link_netlink(void);
/* What the kernel said, with a name that libc knows. */
int bpf_named_error(int r);

/* ---- bpf-read.c: the records ---- */

struct bpf_reader {
	const struct env *env; /* NULL: nobody cancels */
	int fd;
	unsigned int n_fills; /* so far; after some of them it is read ahead */
	struct pump *pump;
	const uint8_t *data; /* the buffer, or lent by the pump */
	size_t at;
	size_t end;
	_Alignas(8) uint8_t buffer[64 * 1024];
};

/* Takes the descriptor over. NULL: out of memory, and the descriptor is closed. */
struct bpf_reader *bpf_reader_new(const struct env *env, int fd);
struct bpf_reader *bpf_reader_free(struct bpf_reader *reader);
/* 0: a record, lent until the next call; 1: the end; -EBADMSG: not what our programs write; what
 * env_check() says; or a negative errno. */
int bpf_reader_next(struct bpf_reader *reader, const struct record **ret_record);

/* The record that comes next, as far as it is here; not yet checked but for its room. */
const struct record *bpf_reader_peek(const struct bpf_reader *reader);

/* ---- bpf-choose.c: whether ---- */

/*
 * Decides, and loads what is to be used; when that fails nothing is, and the result says why. A
 * negative errno only where the query insists on BPF.
 */
int bpf_begin(struct env *env, struct estab_result *result);
/* Loads what bpf_begin() put off: all rows come from elsewhere, and some are there. */
void bpf_begin_owners(struct env *env, struct estab_result *result);
void bpf_end(struct env *env);
/* Whether programs may be loaded, and /proc numbers processes as they do; else why not. */
int bpf_check(const struct env *env);
/* Whether we are in a pid namespace below the first. */
bool bpf_is_nested(const struct env *env);
/* Whether it would look for owners where nobody insists, and why; error: what loading a program gave. */
const char *bpf_tell(const struct env *env, int error, bool *ret_used);

/* ---- bpf-row.c: a record as a row ---- */

/* The PUT_… bits that the plan needs. */
uint32_t bpf_fields(const struct plan *plan);

/* How many bytes of groups stand behind it. */
size_t bpf_groups_length(const struct record_netlink *netlink);
/* The row table it belongs to, or -1. */
int bpf_record_proto(const struct record *record);
/* Our name of its state. */
unsigned int bpf_record_state(const struct record *record, enum estab_proto proto);
/* -ENOMEM. */
int bpf_record_row(struct env *env, const struct record *record, struct row *row);
/* What record_identity() says of the socket's row. */
uint64_t bpf_record_identity(const struct record *record, bool bound);

/* ---- bpf-holders.c: who holds the rows ---- */

struct bpf_holders;

struct bpf_holders *bpf_holders_new(struct store *store);
struct bpf_holders *bpf_holders_free(struct bpf_holders *holders);
/* Notes who holds the row. -ENOMEM. */
int bpf_holders_add(struct bpf_holders *holders, uint32_t row, const struct record *record);
/* Reads who holds a row that is not kept: 0; 1: nobody that was not known before; -ENOMEM. */
int bpf_holders_take(struct bpf_holders *holders, const struct record *record,
		     struct estab_owner *ret_owner);
/* Notes a holder of an MPTCP connection: its subflows are sockets without a file. */
int bpf_holders_add_mptcp(struct bpf_holders *holders, const struct record *record);
/* Gives the rows their owners, or why they have none. Returns how many holdings there are, or a negative errno. */
int64_t bpf_holders_finish(struct bpf_holders *holders, struct estab_result *result,
			   bool incomplete);

/* ---- bpf-collect.c ---- */

struct bpf_collecting;

/* Reads what bpf_begin() began: rows and owners. seen has the rows of the store by identity. */
int bpf_collect(struct store *store, struct row_index *seen, struct estab_result *result);

/* The same for one who takes rows as they come: those that can have but one owner are not kept. Only
 * where all rows come from here, and none is joined with another. NULL: out of memory. */
struct bpf_collecting *bpf_stream_new(struct store *store, struct estab_result *result);
/* 0: a row, lent until the next call; 1: all others are in the store; -ENOMEM, -ECANCELED. */
int bpf_stream_next(struct bpf_collecting *all, const struct estab_socket **ret_socket);
struct bpf_collecting *bpf_stream_free(struct bpf_collecting *all);

#endif
