/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Netlink dumps. The walker is a pure reader of bytes, and doesn't trust them; the socket feeds it
 * with what the kernel, and nobody else, sent. What is lost on the way goes to the result.
 */
#ifndef ESTAB_NL_H
#define ESTAB_NL_H

#include <endian.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "env.h"
#include "result.h"

struct mnl_socket;
struct pump;

/* What walking gives, besides a negative errno: the rest of the dump is lost. */
enum {
	NL_MESSAGE = 0,
	NL_END = 1,
	NL_MORE = 2, /* only from nl_walk_next(): another datagram is wanted */
};

struct nl_walk {
	struct estab_result *result; /* losses go here, */
	const char *table;           /* with this detail (static text) */
	uint32_t seq;                /* of the dump that is read: others' messages are dropped */
	uint32_t portid;
	const uint8_t *at; /* what is left of the datagram */
	size_t left;
	unsigned int n_datagrams; /* fed so far */
	int end;                  /* NL_MORE until the dump ended; then NL_END or why it failed */
	bool cut;
	bool interrupted;
	bool call;      /* no dump: an acknowledgement ends it well */
	bool multicast; /* no dump: whoever caused a message, it is for us, and none is the last */
};

void nl_walk_begin(struct nl_walk *walk, struct estab_result *result, const char *table,
		   uint32_t seq, uint32_t portid);
/* Hands over a datagram: aligned to 4 bytes, and lent until the next one. cut: its end is missing. */
void nl_walk_feed(struct nl_walk *walk, const void *data, size_t length, bool cut);
/*
 * The next message of the dump: its header and nlmsg_len bytes are there; what kind it is, and
 * whether it is long enough for that, is for the caller to see. Stays at NL_END or an error.
 */
int nl_walk_next(struct nl_walk *walk, const struct nlmsghdr **ret_message);

/*
 * Attributes, in place. libmnl's iterator makes four calls for each, which shows with a million
 * rows of four, and casts const away.
 */
struct nl_attrs {
	const uint8_t *data;
	ptrdiff_t at; /* may end up behind the length, by what an attribute is padded with */
	ptrdiff_t length;
};

struct nl_attr {
	const void *data; /* aligned to 4 bytes */
	uint16_t length;
	uint16_t type; /* without the flags of nested ones */
};

static inline const void *nl_body(const struct nlmsghdr *message)
{
	return (const uint8_t *)message + NLMSG_HDRLEN;
}

/* Those of a message behind its body, whose size is a multiple of 4. */
static inline struct nl_attrs nl_attrs_of(const struct nlmsghdr *message, size_t body_size)
{
	return (struct nl_attrs){
		.data = (const uint8_t *)message,
		.at = (ptrdiff_t)(NLMSG_HDRLEN + body_size),
		.length = message->nlmsg_len,
	};
}

/* Takes one off the front; false at the end, and at one that doesn't fit. */
static inline bool nl_attr_next(struct nl_attrs *attrs, struct nl_attr *ret_attr)
{
	ptrdiff_t left = attrs->length - attrs->at;
	const struct nlattr *attr;

	if (left < NLA_HDRLEN)
		return false;
	attr = (const void *)(attrs->data + attrs->at);
	if (attr->nla_len < NLA_HDRLEN || attr->nla_len > left)
		return false;
	ret_attr->data = attr + 1;
	ret_attr->length = (uint16_t)(attr->nla_len - NLA_HDRLEN);
	ret_attr->type = attr->nla_type & NLA_TYPE_MASK;
	attrs->at += NLA_ALIGN(attr->nla_len);
	return true;
}

/* Numbers in network order, as netfilter has them. One that is too short is none. */
static inline bool nl_attr_u8(const struct nl_attr *attr, uint8_t *ret)
{
	if (attr->length < sizeof(*ret))
		return false;
	memcpy(ret, attr->data, sizeof(*ret));
	return true;
}

static inline bool nl_attr_u16(const struct nl_attr *attr, uint16_t *ret)
{
	uint16_t value;

	if (attr->length < sizeof(value))
		return false;
	memcpy(&value, attr->data, sizeof(value));
	*ret = be16toh(value);
	return true;
}

static inline bool nl_attr_u32(const struct nl_attr *attr, uint32_t *ret)
{
	uint32_t value;

	if (attr->length < sizeof(value))
		return false;
	memcpy(&value, attr->data, sizeof(value));
	*ret = be32toh(value);
	return true;
}

static inline bool nl_attr_u64(const struct nl_attr *attr, uint64_t *ret)
{
	uint64_t value;

	if (attr->length < sizeof(value))
		return false;
	memcpy(&value, attr->data, sizeof(value));
	*ret = be64toh(value);
	return true;
}

/* Those within an attribute. */
static inline struct nl_attrs nl_attrs_nested(const struct nl_attr *attr)
{
	return (struct nl_attrs){ .data = attr->data, .at = 0, .length = attr->length };
}

/* A socket that stays in the network namespace in which it was opened. */
struct nl {
	const struct env *env;
	struct mnl_socket *socket;
	uint8_t *buffer;
	size_t room;       /* of the buffer that is used: the kernel fills no larger datagrams */
	struct pump *pump; /* reads a long dump ahead; NULL: not yet */
	bool overrun;      /* since it was last empty */
	uint32_t drops;    /* events that the kernel had no room for, as far as they were told of */
	struct nl_walk walk;
};

/* env and result are lent as long as the socket. -EAFNOSUPPORT, -EPROTONOSUPPORT: not in this
 * kernel; -EACCES, -EPERM: forbidden; -ENOMEM, -EMFILE, … */
int nl_open(const struct env *env, struct estab_result *result, int protocol, struct nl *ret_nl);
void nl_close(struct nl *nl);

/* Makes an empty dump request with a cleared body at the buffer; attributes may be added to it.
 * The body is at mnl_nlmsg_get_payload(). */
struct nlmsghdr *nl_dump_request(void *buffer, uint16_t type, size_t body_size);
/*
 * Sends the request and reads as far as the first answer, so that a refusal is known here: the
 * kernel's errno, or what env_check() says; -ETIMEDOUT: no answer. What is left of a dump before
 * it is dropped.
 */
int nl_dump_start(struct nl *nl, struct nlmsghdr *request, const char *table);
/* NL_MESSAGE: lent until the next call; NL_END; or a negative errno. */
int nl_dump_next(struct nl *nl, const struct nlmsghdr **ret_message);
/* Sends a request for one thing: nl_dump_next() gives what the kernel answers, up to its acknowledgement. */
int nl_call_start(struct nl *nl, struct nlmsghdr *request, const char *table);
/* Sends a request that the kernel only acknowledges: 0, its errno, or as nl_dump_start(). */
int nl_call(struct nl *nl, struct nlmsghdr *request, const char *table);

/* Makes it a socket for events: the groups that it joins fill a buffer of that size. */
int nl_listen(struct nl *nl, const char *table, uint32_t buffer_bytes);
/* -EPERM: CAP_NET_ADMIN is missing. */
int nl_join(struct nl *nl, unsigned int group);
/* The next event: NL_MESSAGE: lent until the next call; NL_MORE: there is none now; or a negative errno. What
 * came faster than it was read is a loss of "events", counted by the kernel. */
int nl_event_next(struct nl *nl, const struct nlmsghdr **ret_message);
int nl_fd(const struct nl *nl);

#endif
