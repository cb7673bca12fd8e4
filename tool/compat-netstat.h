/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command as netstat(8): its options, and what its files share. */
#ifndef ESTAB_TOOL_COMPAT_NETSTAT_H
#define ESTAB_TOOL_COMPAT_NETSTAT_H

#include <stdbool.h>
#include <stdint.h>

#include <estab.h>

#include "compat-names.h"
#include "compat-netstat-words.h"
#include "compat.h"

enum { NETSTAT_OK = 0, NETSTAT_FAILED = 1, NETSTAT_USAGE = 3 };

/* As many columns as the name of a program has, and an address with its port. */
enum { NETSTAT_PROGRAM = 20, NETSTAT_ADDRESS = 23, NETSTAT_FAMILIES = 16 };

struct netstat_options {
	/* what is listed */
	bool tcp, sctp, udp, udplite, raw, unix_sockets, ipx, ax25;
	bool x25, netrom, rose, bluetooth; /* which estab does not know */
	bool ignored;                      /* a family without sockets */
	bool no_protocol;                  /* a family, and no protocol of it */
	bool inet, inet6;
	bool all, listening;
	size_t n_families;
	const char *families[NETSTAT_FAMILIES]; /* as they are named, one after the other */

	/* other tables than sockets: how often each stood there */
	unsigned int routes, interfaces, statistics, masquerade;
	bool groups;
	bool fib, cache; /* of the routes */

	/* how */
	bool help, version, verbose, continuous;
	bool numeric_hosts, numeric_ports, numeric_users, wide, symbolic;
	bool extended, programs, timers, contexts;
	unsigned int extend; /* how often -e stood there */
};

struct netstat {
	struct netstat_options options;
	struct estab_ctx *ctx;
	struct compat_names names;
	struct buf out;
	struct buf text;                           /* in the making: what is cut */
	enum netstat_kind kind;                    /* of the counter that was put last, */
	const struct netstat_section *section;     /* its section, */
	const struct netstat_sentences *sentences; /* and what is said of that */
	bool cached;                               /* of IPv6's routes those in the cache */
	bool again;                                /* not the first listing of -c */
	bool has_table;                            /* the one that was read last */
	bool lost;                                 /* some owners can't be seen */
	bool found;                                /* others can */
	uint32_t uid;                              /* the last one that was looked up */
	char user[64];                             /* its name, empty when there is none */
	bool user_known;
};

/* Reads the command line. 0, or the exit status and 1. */
int netstat_parse(int argc, char **argv, struct netstat_options *options);
/* A protocol without a family is of both, a family without a protocol all of them. Returns whether
 * any of it was named. */
bool netstat_complete(struct netstat_options *options);
void netstat_put_usage(struct buf *buf);
/* A line on standard error; what may be of the user's is in the middle, and escaped. */
void netstat_complain(const char *before, const char *what, const char *behind);
/* "netstat: no support for `WHAT' on this system." */
void netstat_miss(const char *what);
/* The status that comes of an error of compat_read(), which it tells. */
int netstat_end(int error);

/* " %-20s" of a program; what stands after it in the head. */
void netstat_put_program(struct netstat *netstat, const struct estab_socket *sock);
void netstat_put_program_head(struct netstat *netstat);
/* What programs that can't be seen are told; a compat_result_fn. */
void netstat_note_losses(void *arg, const struct estab_result *result);
/* "(servers and established)" and a newline. */
void netstat_put_which(struct netstat *netstat);
/* An address, or the name of it. */
void netstat_put_host(struct netstat *netstat, struct buf *buf, const struct estab_addr *addr,
		      bool numeric);
/* "%-10s" of a user's name, or number. */
void netstat_put_user(struct netstat *netstat, uint32_t uid);
/* The fields of a program's column. */
void netstat_add_program(const struct netstat *netstat, struct compat_reading *reading);

/* The tables; each returns the exit status. */
int netstat_inet(struct netstat *netstat);
int netstat_unix(struct netstat *netstat);
int netstat_ipx(struct netstat *netstat);
int netstat_ax25(struct netstat *netstat);

#endif
