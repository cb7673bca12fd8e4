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
#define SELECT_MPTCP (1u << ESTAB_PROTO_MPTCP)
#define SELECT_NETLINK (1u << ESTAB_PROTO_NETLINK)
#define SELECT_AX25 (1u << ESTAB_PROTO_AX25)
#define SELECT_IPX (1u << ESTAB_PROTO_IPX)
/* Those that come in several types. */
#define SELECT_UNIX_STREAM (1u << 16)
#define SELECT_UNIX_DGRAM (1u << 17)
#define SELECT_UNIX_SEQPACKET (1u << 18)
#define SELECT_UNIX (SELECT_UNIX_STREAM | SELECT_UNIX_DGRAM | SELECT_UNIX_SEQPACKET)
#define SELECT_PACKET_RAW (1u << 20)
#define SELECT_PACKET_DGRAM (1u << 21)
#define SELECT_PACKET (SELECT_PACKET_RAW | SELECT_PACKET_DGRAM)
#define SELECT_IP \
	(SELECT_TCP | SELECT_UDP | SELECT_UDPLITE | SELECT_RAW | SELECT_ICMP | SELECT_MPTCP)
#define SELECT_ALL \
	(SELECT_IP | SELECT_UNIX | SELECT_NETLINK | SELECT_PACKET | SELECT_AX25 | SELECT_IPX)

/* The arguments of -f and -A; 0, or the exit status. */
int select_family(struct options *options, const char *word);
int select_tables(struct options *options, const char *list);
/* The tables that the options mean, as bits. */
uint32_t select_chosen(const struct options *options);
/* Where no table was named and the filter is about none of the usual ones: those that it is about. 0 or
 * a negative errno. */
int select_widen(const struct options *options, struct estab_query *query);
/* Complains of options that only sockets have, where others are listed; 0, or the exit status. */
int select_check(const struct options *options);
/* Sets the query's protocols, families, types and states. 0 or a negative errno. */
int select_apply(const struct options *options, struct estab_query *query);

#endif
