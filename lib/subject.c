/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "subject.h"

#include "field.h"
#include "util.h"

static const enum estab_field of_sockets[] = {
	ESTAB_F_PROTO,         ESTAB_F_FAMILY,         ESTAB_F_TYPE,
	ESTAB_F_STATE,         ESTAB_F_RECV_Q,         ESTAB_F_SEND_Q,
	ESTAB_F_BACKLOG,       ESTAB_F_BACKLOG_LIMIT,  ESTAB_F_LOCAL,
	ESTAB_F_LOCAL_ADDR,    ESTAB_F_LOCAL_PORT,     ESTAB_F_LOCAL_SCOPE,
	ESTAB_F_LOCAL_PATH,    ESTAB_F_LOCAL_ABSTRACT, ESTAB_F_PEER,
	ESTAB_F_PEER_ADDR,     ESTAB_F_PEER_PORT,      ESTAB_F_PEER_SCOPE,
	ESTAB_F_PEER_INODE,    ESTAB_F_INTERFACE,      ESTAB_F_UID,
	ESTAB_F_INODE,         ESTAB_F_COOKIE,         ESTAB_F_NETNS,
	ESTAB_F_LOCAL_NAME,    ESTAB_F_PEER_NAME,      ESTAB_F_PROTOCOL,
	ESTAB_F_PROTOCOL_NAME, ESTAB_F_NETLINK_PORTID, ESTAB_F_NETLINK_GROUPS,
};

static const enum estab_field of_flows[] = {
	ESTAB_F_PROTO,           ESTAB_F_FAMILY,
	ESTAB_F_NETNS,           ESTAB_F_MARK,
	ESTAB_F_TIMEOUT_S,       ESTAB_F_ZONE,
	ESTAB_F_FLOW_L4PROTO,    ESTAB_F_FLOW_STATE,
	ESTAB_F_FLOW_STATUS,     ESTAB_F_FLOW_OFFLOAD,
	ESTAB_F_FLOW_ID,         ESTAB_F_ORIG_SRC_ADDR,
	ESTAB_F_ORIG_SRC_PORT,   ESTAB_F_ORIG_SRC_KEY,
	ESTAB_F_ORIG_DST_ADDR,   ESTAB_F_ORIG_DST_PORT,
	ESTAB_F_ORIG_DST_KEY,    ESTAB_F_ORIG_ICMP_TYPE,
	ESTAB_F_ORIG_ICMP_CODE,  ESTAB_F_ORIG_ICMP_ID,
	ESTAB_F_ORIG_ZONE,       ESTAB_F_REPLY_SRC_ADDR,
	ESTAB_F_REPLY_SRC_PORT,  ESTAB_F_REPLY_SRC_KEY,
	ESTAB_F_REPLY_DST_ADDR,  ESTAB_F_REPLY_DST_PORT,
	ESTAB_F_REPLY_DST_KEY,   ESTAB_F_REPLY_ICMP_TYPE,
	ESTAB_F_REPLY_ICMP_CODE, ESTAB_F_REPLY_ICMP_ID,
	ESTAB_F_REPLY_ZONE,      ESTAB_F_NAT_KIND,
};

static const enum estab_field of_routes[] = {
	ESTAB_F_FAMILY,      ESTAB_F_DESTINATION, ESTAB_F_PREFIX_LENGTH, ESTAB_F_FROM,
	ESTAB_F_FROM_LENGTH, ESTAB_F_GATEWAY,     ESTAB_F_INTERFACE,     ESTAB_F_KIND,
	ESTAB_F_TABLE,       ESTAB_F_METRIC,      ESTAB_F_SCOPE,         ESTAB_F_ORIGIN,
	ESTAB_F_SOURCE,      ESTAB_F_FLAGS,       ESTAB_F_MTU,           ESTAB_F_WEIGHT,
	ESTAB_F_NEXTHOP,     ESTAB_F_EXPIRES_S,   ESTAB_F_NETNS,         ESTAB_F_TOS,
};

static const enum estab_field of_interfaces[] = {
	ESTAB_F_INTERFACE,     ESTAB_F_INDEX,         ESTAB_F_LINK_TYPE,   ESTAB_F_OPERSTATE,
	ESTAB_F_FLAGS,         ESTAB_F_MTU,           ESTAB_F_HWADDR,      ESTAB_F_ADDRESSES,
	ESTAB_F_QDISC,         ESTAB_F_TXQLEN,        ESTAB_F_RX_PACKETS,  ESTAB_F_RX_BYTES,
	ESTAB_F_RX_ERRORS,     ESTAB_F_RX_DROPPED,    ESTAB_F_RX_OVERRUNS, ESTAB_F_RX_FRAME,
	ESTAB_F_RX_COMPRESSED, ESTAB_F_RX_MULTICAST,  ESTAB_F_TX_PACKETS,  ESTAB_F_TX_BYTES,
	ESTAB_F_TX_ERRORS,     ESTAB_F_TX_DROPPED,    ESTAB_F_TX_OVERRUNS, ESTAB_F_TX_COLLISIONS,
	ESTAB_F_TX_CARRIER,    ESTAB_F_TX_COMPRESSED, ESTAB_F_NETNS,
};

static const enum estab_field of_memberships[] = {
	ESTAB_F_FAMILY, ESTAB_F_INTERFACE, ESTAB_F_GROUP, ESTAB_F_USERS, ESTAB_F_NETNS,
};

static const enum estab_field of_stats[] = {
	ESTAB_F_FAMILY, ESTAB_F_SECTION, ESTAB_F_NAME, ESTAB_F_VALUE, ESTAB_F_NETNS,
};

static const enum estab_field of_flow_stats[] = {
	ESTAB_F_NETNS,
	ESTAB_F_CPU,
	ESTAB_F_STATS_COUNT,
	ESTAB_F_STATS_MAX,
	ESTAB_F_STATS_SEARCHED,
	ESTAB_F_STATS_FOUND,
	ESTAB_F_STATS_NEW,
	ESTAB_F_STATS_INVALID,
	ESTAB_F_STATS_IGNORE,
	ESTAB_F_STATS_DELETE,
	ESTAB_F_STATS_DELETE_LIST,
	ESTAB_F_STATS_INSERT,
	ESTAB_F_STATS_INSERT_FAILED,
	ESTAB_F_STATS_DROP,
	ESTAB_F_STATS_EARLY_DROP,
	ESTAB_F_STATS_ERROR,
	ESTAB_F_STATS_SEARCH_RESTART,
	ESTAB_F_STATS_CLASH_RESOLVE,
	ESTAB_F_STATS_CHAINTOOLONG,
	ESTAB_F_STATS_EXPECT_NEW,
	ESTAB_F_STATS_EXPECT_CREATE,
	ESTAB_F_STATS_EXPECT_DELETE,
};

static const enum estab_field of_expectations[] = {
	ESTAB_F_FAMILY,
	ESTAB_F_NETNS,
	ESTAB_F_EXPECT_PROTO,
	ESTAB_F_EXPECT_L4PROTO,
	ESTAB_F_EXPECT_TIMEOUT_S,
	ESTAB_F_EXPECT_ZONE,
	ESTAB_F_EXPECT_ID,
	ESTAB_F_EXPECT_CLASS,
	ESTAB_F_EXPECT_FLAGS,
	ESTAB_F_EXPECT_HELPER,
	ESTAB_F_EXPECT_FUNCTION,
	ESTAB_F_EXPECT_SRC_ADDR,
	ESTAB_F_EXPECT_SRC_PORT,
	ESTAB_F_EXPECT_DST_ADDR,
	ESTAB_F_EXPECT_DST_PORT,
	ESTAB_F_EXPECT_MASK_SRC_ADDR,
	ESTAB_F_EXPECT_MASK_SRC_PORT,
	ESTAB_F_EXPECT_MASK_DST_ADDR,
	ESTAB_F_EXPECT_MASK_DST_PORT,
	ESTAB_F_EXPECT_MASTER_SRC_ADDR,
	ESTAB_F_EXPECT_MASTER_SRC_PORT,
	ESTAB_F_EXPECT_MASTER_DST_ADDR,
	ESTAB_F_EXPECT_MASTER_DST_PORT,
};

/* Those that can be read. */
static const struct row_subject subjects[] = {
	{ ESTAB_SUBJECT_SOCKETS, "sockets", "socket", ROWS_SOCKETS, of_sockets,
	  ARRAY_SIZE(of_sockets) },
	{ ESTAB_SUBJECT_FLOWS, "flows", "flow", BIT64(ROW_FLOW), of_flows, ARRAY_SIZE(of_flows) },
	{ ESTAB_SUBJECT_ROUTES, "routes", "route", BIT64(ROW_ROUTE), of_routes,
	  ARRAY_SIZE(of_routes) },
	{ ESTAB_SUBJECT_INTERFACES, "interfaces", "interface", BIT64(ROW_INTERFACE), of_interfaces,
	  ARRAY_SIZE(of_interfaces) },
	{ ESTAB_SUBJECT_MEMBERSHIPS, "memberships", "membership", BIT64(ROW_MEMBERSHIP),
	  of_memberships, ARRAY_SIZE(of_memberships) },
	{ ESTAB_SUBJECT_STATS, "stats", "stat", BIT64(ROW_STAT), of_stats, ARRAY_SIZE(of_stats) },
	{ ESTAB_SUBJECT_FLOW_STATS, "flow_stats", "flow_stat", BIT64(ROW_FLOW_STAT), of_flow_stats,
	  ARRAY_SIZE(of_flow_stats) },
	{ ESTAB_SUBJECT_EXPECTATIONS, "expectations", "expectation", BIT64(ROW_EXPECTATION),
	  of_expectations, ARRAY_SIZE(of_expectations) },
};

const struct row_subject *subject_find(enum estab_subject id)
{
	for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
		if (subjects[i].id == id)
			return &subjects[i];
	return NULL;
}

bool subject_is_default(const struct row_subject *subject, enum estab_field field)
{
	for (size_t i = 0; i < subject->n_defaults; i++)
		if (subject->defaults[i] == field)
			return true;
	return false;
}

const char *row_word(unsigned int kind)
{
	for (size_t i = 0; kind >= ROW_SOCKETS && i < ARRAY_SIZE(subjects); i++)
		if (subjects[i].rows & BIT64(kind))
			return subjects[i].name;
	return word_proto(kind);
}

const char *estab_subject_name(enum estab_subject subject)
{
	const struct row_subject *found = subject_find(subject);

	return found ? found->name : NULL;
}

const char *estab_subject_record(enum estab_subject subject)
{
	const struct row_subject *found = subject_find(subject);

	return found ? found->record : NULL;
}
