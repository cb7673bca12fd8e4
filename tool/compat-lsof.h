/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command as lsof(8), for sockets: its options, and what its files share. */
#ifndef ESTAB_TOOL_COMPAT_LSOF_H
#define ESTAB_TOOL_COMPAT_LSOF_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include <estab.h>

#include "compat-names.h"
#include "compat.h"
#include "util.h"

/* lsof itself says 1 for all that goes wrong; that it has no files but sockets is estab's own. */
enum { LSOF_OK = 0, LSOF_FAILED = 1, LSOF_SOCKETS_ONLY = 2 };

enum { LSOF_ITEMS_MAX = 100, LSOF_RANGES_MAX = 32, LSOF_COMMAND_WIDTH = 9, LSOF_COMMAND_MAX = 15 };

/* One -i: "[46][protocol][@host][:ports]". */
struct lsof_net {
	const char *text;
	char family; /* '4', '6', or 0 */
	uint64_t protos;
	bool has_addr;
	struct estab_addr addr;
	size_t n_ranges;
	struct {
		uint16_t from;
		uint16_t to;
	} ranges[LSOF_RANGES_MAX];
	bool found;
};

/* One item of -p, -g, -u or -c; "^" in front of it takes away. */
struct lsof_item {
	bool without;
	bool found;
	uint64_t number;
	char *text;       /* of -c: how the command begins, or the expression; owned */
	regex_t *pattern; /* of -c /…/ */
};

struct lsof_list {
	size_t n;
	struct lsof_item items[LSOF_ITEMS_MAX];
};

struct lsof_options {
	/* what is listed */
	bool net;        /* any -i */
	bool net_all;    /* one without an address */
	char net_family; /* of that: -i4, -i6 */
	size_t n_nets;
	struct lsof_net nets[LSOF_ITEMS_MAX];
	bool unix_sockets;
	bool all; /* -a */
	struct lsof_list pids, groups, users, commands;
	uint32_t states; /* -s: 1 << ESTAB_STATE_…; 0: any */
	uint32_t without_states;

	/* how */
	bool help, field_help, version;
	bool numeric_hosts, numeric_ports, numeric_users;
	bool terse, group, parent, endpoints, peers;
	bool tcp_given, state, queues, flags; /* -T */
	bool sizes, offsets; /* -s, -o: what the column between DEVICE and NODE is of */
	bool links;          /* +L: a column that no socket has anything for */
	bool without_inet;   /* -X */
	uint64_t fields;     /* -F: LSOF_FIELD() of each; 0: no -F */
	char end;            /* of a field */
	bool json, json_lines;
	size_t command_width; /* 0: whole */
	bool quiet;           /* -Q */
	bool verbose;         /* -V: tells what was not found */
	bool repeat, until_none;
	unsigned int seconds, count;
	const char *marker;
};

/* A letter of -F as a bit. */
#define LSOF_FIELD(letter) BIT64((letter) - 'A')

/* The states of TCP by lsof's names, which is what -s takes. */
enum { LSOF_STATES = 11 };

extern const struct lsof_state_name {
	const char *name;
	unsigned int state;
} lsof_states[LSOF_STATES];

/* A descriptor that is a socket. */
struct lsof_file {
	enum estab_proto proto;
	const struct estab_socket *sock;
	const struct estab_owner *owner;
	uint64_t pid;
	uint64_t fd;
	bool shown;
};

struct lsof_key {
	uint64_t key;
	uint32_t file;
};

/* Where the kernel has a unix socket, as the text of /proc tells; sock_diag does not. */
struct lsof_address {
	uint64_t inode;
	uint64_t address;
};

struct lsof {
	struct lsof_options options;
	struct compat_names names;
	struct estab_ctx *ctx;
	struct buf out;
	struct lsof_file *files;
	size_t n_files;
	size_t room;
	size_t n_shown;
	struct lsof_key *keys; /* where other ends are found */
	size_t n_keys;
	struct lsof_address *addresses; /* sorted; where the rows have none */
	size_t n_addresses;
	size_t addresses_room;
	bool net_found;
	uint32_t states_found;
	int error;
};

/* 0, or the exit status after a complaint plus one; lsof_options_free() in either case. */
int lsof_options_parse(int argc, char **argv, struct lsof_options *options);
void lsof_options_free(struct lsof_options *options);
/* Reads what stands behind -i. 0, or as above. */
int lsof_parse_net(struct lsof_options *options, const char *text);
int lsof_usage(const char *what, const char *why);

/* Marks what is shown; notes which of the things asked for were found. */
void lsof_select(struct lsof *lsof);
/* Whether something that was asked for was not found; -V tells what. */
bool lsof_miss(struct lsof *lsof);

/* The three ways to show it. */
void lsof_put_table(struct lsof *lsof);
void lsof_put_fields(struct lsof *lsof);
void lsof_put_json(struct lsof *lsof);

/* "HOST:PORT->HOST:PORT", "PATH type=STREAM"; with what -T asks for behind it, or without. */
void lsof_put_name(struct lsof *lsof, struct buf *buf, const struct lsof_file *file, bool whole);
/* "ESTABLISHED"; NULL: none. */
const char *lsof_state(const struct lsof_file *file);
void lsof_put_queue(struct buf *buf, const struct lsof_file *file, bool received);
const char *lsof_protocol(const struct lsof_file *file);
const char *lsof_type(const struct lsof_file *file);
/* An inode, or the kernel's address of a unix socket. */
void lsof_put_device(struct buf *buf, const struct lsof *lsof, const struct lsof_file *file);
void lsof_put_user(struct buf *buf, const struct lsof *lsof, const struct estab_owner *owner,
		   bool number);
/* Whether its user has a name. */
bool lsof_has_user(const struct estab_owner *owner);
uint64_t lsof_owner_u64(const struct estab_owner *owner, enum estab_field field);
/* The other end of a local connection among the files; NULL. */
const struct lsof_file *lsof_find_peer(const struct lsof *lsof, const struct lsof_file *file);

#endif
