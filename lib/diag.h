/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The sock_diag protocol, without its transport: requests made, answers turned into rows. The
 * answers are the kernel's, but are read as if they were not: every length is checked.
 */
#ifndef ESTAB_DIAG_H
#define ESTAB_DIAG_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "env.h"
#include "filter-push.h"
#include "nl.h"
#include "record.h"
#include "source.h"

/* What a decoder says besides a negative errno. */
enum {
	DIAG_ROW = 0,
	DIAG_SKIP = 1, /* not a row that was asked for */
};

enum { DIAG_REQUEST_ROOM = 512 };

/* What is too long for the dump of packet sockets, read in one of its own. */
struct diag_lists {
	struct diag_lists_entry *entries;
	size_t n;
	size_t room;
	size_t next; /* where to look first */
	bool with_code;
};

/* What is the same for all rows of a table. */
struct diag_reading {
	struct env *env;
	uint64_t needs;
	uint32_t states;
	uint32_t attrs; /* the attributes that are read, as bits (inet only) */
	uint32_t netns;
	uint16_t has;            /* bits that every row begins with */
	uint8_t proto;           /* enum estab_proto */
	uint8_t type;            /* enum estab_type; unix rows bring their own */
	uint8_t protocol;        /* IPPROTO_…, as the request has it */
	struct push_ports ports; /* TCP only: what others have is not asked for */
	bool ended; /* the sockets are no more: one that is closed was bound to nothing */
	struct diag_lists *lists; /* packet only; NULL: not asked for */
};

/* The cookie at two words into the record; returns its presence bit, or 0: no cookie is all ones,
 * and none is ever 0. */
static inline uint16_t diag_set_cookie(struct estab_socket *sock, const uint32_t words[2])
{
	uint64_t cookie = (uint64_t)words[1] << 32 | words[0];

	if (cookie == 0 || cookie == UINT64_MAX)
		return 0;
	sock->cookie = cookie;
	return HAS_COOKIE;
}

/* SK_MEMINFO_VARS words. */
enum { DIAG_MEM_MAX = 9 * 4 };

/* The kernel's RCV_SHUTDOWN and SEND_SHUTDOWN as presence bits. */
static inline uint16_t diag_shutdown_bits(uint8_t how)
{
	return (uint16_t)(HAS_SHUTDOWN | (how & 1 ? SHUT_RECEIVE : 0) | (how & 2 ? SHUT_SEND : 0));
}

void diag_reading_init(struct diag_reading *reading, struct env *env, const struct source_job *job,
		       uint8_t protocol);

/* Writes the request into the buffer (DIAG_REQUEST_ROOM, aligned to 4 bytes), ready to be sent or
 * to get attributes. AF_UNSPEC: IPv4 and IPv6 in one walk, which only TCP has. */
struct nlmsghdr *diag_inet_request(const struct diag_reading *reading, uint8_t family,
				   void *buffer);
struct nlmsghdr *diag_mptcp_request(const struct diag_reading *reading, uint8_t family,
				    void *buffer);
struct nlmsghdr *diag_netlink_request(const struct diag_reading *reading, uint8_t family,
				      void *buffer);
struct nlmsghdr *diag_packet_request(const struct diag_reading *reading, uint8_t family,
				     void *buffer);
struct nlmsghdr *diag_unix_request(const struct diag_reading *reading, uint8_t family,
				   void *buffer);

/* Fills the row from a message that stands complete in memory: DIAG_ROW, or DIAG_SKIP;
 * -EBADMSG: it is no such message; -ENOMEM. */
int diag_inet_decode(const struct diag_reading *reading, const struct nlmsghdr *message,
		     struct row *row);
int diag_netlink_decode(const struct diag_reading *reading, const struct nlmsghdr *message,
			struct row *row);
int diag_packet_decode(const struct diag_reading *reading, const struct nlmsghdr *message,
		       struct row *row);
int diag_unix_decode(const struct diag_reading *reading, const struct nlmsghdr *message,
		     struct row *row);

/* Joins the groups that tell of the end of TCP's and UDP's sockets, as far as these are among the
 * protocols (bits) and families. As nl_open(); -EOPNOTSUPP: of none of them the kernel tells. */
int diag_listen(const struct env *env, struct estab_result *result, uint64_t protos,
		uint32_t families, uint32_t buffer_bytes, struct nl *ret_nl);

/* Adds the name of the protocol above TCP, what TLS tells, and of MPTCP which subflow it is. */
int diag_ulp_decode(const struct nl_attr *info, struct row *row);
/* Puts down which groups a netlink socket is in, as the kernel has them: longs of bits. -ENOMEM. */
int diag_put_groups(uint64_t needs, const uint8_t *bits, size_t length, struct row *row);
int diag_subflow_decode(const struct nl_attr *info, struct row *row);
/* Adds the device of that index (0: none), as far as it is needed. */
int diag_put_device(const struct diag_reading *reading, uint32_t index, struct row *row);
/* Takes the queues of a socket that tells of them by its memory alone (SK_MEMINFO_…), and adds all of it
 * where it is needed. */
int diag_put_mem(const struct diag_reading *reading, const struct nl_attr *attr, struct row *row);

/*
 * Reads memberships and filters of packet sockets. In the dump of the rows, one that is longer than
 * a datagram (a filter may have 4096 instructions) would end it early, and without an error.
 * -ENOMEM, -ECANCELED; after all else, what could be read serves.
 */
int diag_packet_lists(struct nl *nl, const char *table, struct diag_lists *lists);
void diag_lists_free(struct diag_lists *lists);

/* ---- diag-ones.c: sockets that are asked for one by one, where many namespaces have few each ---- */

struct diag_ones;

/* Finds out which there are, where that pays: env->ones. -ENOMEM, -ECANCELED. */
int diag_ones_read(struct env *env, struct estab_result *result);
struct diag_ones *diag_ones_free(struct diag_ones *ones);

/* What the kernel said of some. */
struct diag_answers {
	uint8_t *data;
	size_t used;
	size_t room;
	size_t at;
};

/* Asks for all of the namespace that is read. 0; 1: a dump is to be made; -ENOMEM, -ECANCELED. */
int diag_ones_ask(const struct diag_reading *reading, struct nl *nl, const char *table,
		  struct diag_answers *answers);
/* false: there is none left. */
bool diag_answers_next(struct diag_answers *answers, const struct nlmsghdr **ret_message);
void diag_answers_free(struct diag_answers *answers);

#endif
