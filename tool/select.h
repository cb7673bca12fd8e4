/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Which sockets: from the options for tables, families and states to a query. */
#ifndef ESTAB_TOOL_SELECT_H
#define ESTAB_TOOL_SELECT_H

#include <stdint.h>

#include <estab.h>

struct options;

/* Tables as -A names them: bits of options.tables. */
#define SELECT_TCP (1u << ESTAB_PROTO_TCP)
#define SELECT_UDP (1u << ESTAB_PROTO_UDP)
#define SELECT_UDPLITE (1u << ESTAB_PROTO_UDPLITE)
#define SELECT_RAW (1u << ESTAB_PROTO_RAW)
#define SELECT_ICMP (1u << ESTAB_PROTO_ICMP)
#define SELECT_UNIX_STREAM (1u << 16)
#define SELECT_UNIX_DGRAM (1u << 17)
#define SELECT_UNIX_SEQPACKET (1u << 18)
#define SELECT_UNIX (SELECT_UNIX_STREAM | SELECT_UNIX_DGRAM | SELECT_UNIX_SEQPACKET)
#define SELECT_IP (SELECT_TCP | SELECT_UDP | SELECT_UDPLITE | SELECT_RAW | SELECT_ICMP)

/* The arguments of -f and -A; 0, or the exit status. */
int select_family(struct options *options, const char *word);
int select_tables(struct options *options, const char *list);
/* Sets the query's protocols, families, types and states. 0 or a negative errno. */
int select_apply(const struct options *options, struct estab_query *query);

#endif
