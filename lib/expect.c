/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "expect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "rows.h"
#include "subject.h"
#include "util.h"

/* enum ip_ct_expect_flags (linux/netfilter/nf_conntrack_common.h): NF_CT_EXPECT_… */
static const char *const flag_words[] = { "permanent", "inactive", "userspace" };

const struct expect *expect_of(const struct estab_socket *sock)
{
	size_t length;

	/* Its length is ours. */
	return ext_get(sock->ext, EXT_EXPECT, &length);
}

static int put_flags(uint32_t flags, struct row *row)
{
	char buffer[64];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) };

	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++) {
		if (!(flags & BIT32(i)))
			continue;
		if (text.length > 0)
			text_char(&text, ',');
		text_str(&text, flag_words[i]);
	}
	return row_put(row, EXT_FLAGS, buffer, text.length);
}

static int fill(const struct expect *expect, enum estab_family family, uint32_t flags,
		uint64_t serial, struct row *row)
{
	int r;

	rows_begin(row, ROW_EXPECTATION, family, serial);
	r = row_put(row, EXT_EXPECT, expect, sizeof(*expect));
	return r == 0 ? put_flags(flags, row) : r;
}

/* ---- ctnetlink ---- */

static void read_tuple(const struct nl_attr *attr, bool v6, enum expect_tuple which,
		       struct expect *expect)
{
	uint8_t l4proto = 0;

	ct_netlink_tuple(attr, v6, &expect->tuples[which], &l4proto);
	if (which == EXPECT_WHAT)
		expect->l4proto = l4proto;
	expect->has |= EXPECT_HAS_TUPLE << which;
}

static void read_attr(const struct nl_attr *attr, bool v6, struct expect *expect, uint32_t *flags)
{
	uint32_t value = 0;
	uint16_t zone = 0;

	switch (attr->type) {
	case CTA_EXPECT_TUPLE:
		read_tuple(attr, v6, EXPECT_WHAT, expect);
		break;
	case CTA_EXPECT_MASK:
		read_tuple(attr, v6, EXPECT_MASK, expect);
		break;
	case CTA_EXPECT_MASTER:
		read_tuple(attr, v6, EXPECT_MASTER, expect);
		break;
	case CTA_EXPECT_TIMEOUT:
		expect->has |= nl_attr_u32(attr, &value) ? EXPECT_HAS_TIMEOUT : 0;
		expect->timeout_s = value;
		break;
	case CTA_EXPECT_ID:
		expect->has |= nl_attr_u32(attr, &value) ? EXPECT_HAS_ID : 0;
		expect->id = value;
		break;
	case CTA_EXPECT_CLASS:
		expect->has |= nl_attr_u32(attr, &value) ? EXPECT_HAS_CLASS : 0;
		expect->klass = value;
		break;
	case CTA_EXPECT_FLAGS:
		if (nl_attr_u32(attr, &value))
			*flags = value;
		break;
	case CTA_EXPECT_ZONE:
		nl_attr_u16(attr, &zone);
		expect->zone = zone;
		break;
	default:
		break;
	}
}

static int put_names(const struct nlmsghdr *message, struct row *row)
{
	struct nl_attrs attrs = nl_attrs_of(message, sizeof(struct nfgenmsg));
	struct nl_attr attr;
	int r = 0;

	while (r == 0 && nl_attr_next(&attrs, &attr)) {
		if (attr.type == CTA_EXPECT_HELP_NAME)
			r = row_put(row, EXT_FLOW_HELPER, attr.data,
				    strnlen(attr.data, attr.length));
		else if (attr.type == CTA_EXPECT_FN)
			r = row_put(row, EXT_NAME, attr.data, strnlen(attr.data, attr.length));
	}
	return r;
}

int expect_netlink_decode(const struct nlmsghdr *message, uint32_t families, uint64_t serial,
			  struct row *row)
{
	const struct nfgenmsg *head = nl_body(message);
	struct expect expect = { 0 };
	enum estab_family family;
	struct nl_attrs attrs;
	struct nl_attr attr;
	uint32_t flags = 0;
	int r;

	if (message->nlmsg_type != (NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_NEW))
		return FLOW_SKIP;
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*head)) ||
	    (head->nfgen_family != AF_INET && head->nfgen_family != AF_INET6))
		return -EBADMSG;
	family = head->nfgen_family == AF_INET6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET;
	if (!(families & BIT32(family)))
		return FLOW_SKIP;
	attrs = nl_attrs_of(message, sizeof(*head));
	while (nl_attr_next(&attrs, &attr))
		read_attr(&attr, family == ESTAB_FAMILY_INET6, &expect, &flags);
	r = fill(&expect, family, flags, serial, row);
	return r == 0 ? put_names(message, row) : r;
}

/* ---- text: exp_seq_show() ---- */

static bool skip_word(struct cursor *cursor, const char *wanted)
{
	size_t length = strlen(wanted);

	cursor_blanks(cursor);
	if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, wanted, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

static bool take_number(struct cursor *cursor, const char *key, uint64_t max, uint64_t *ret)
{
	return skip_word(cursor, key) && cursor_decimal(cursor, ret) && *ret <= max;
}

static bool take_addr(struct cursor *cursor, const char *key, bool v6, uint8_t bytes[16])
{
	char copy[INET6_ADDRSTRLEN];
	const char *word;
	size_t length;

	if (!skip_word(cursor, key) || !cursor_word(cursor, &word, &length) ||
	    length >= sizeof(copy))
		return false;
	memcpy(copy, word, length);
	copy[length] = '\0';
	return inet_pton(v6 ? AF_INET6 : AF_INET, copy, bytes) == 1;
}

/* "- " where it has none. */
static bool take_head(struct cursor *cursor, struct expect *expect, bool *ret_v6)
{
	uint64_t number, l4proto;

	if (!skip_word(cursor, "- ")) {
		/* One that is over has not been taken out yet. */
		bool over = skip_word(cursor, "-");

		if (!cursor_decimal(cursor, &number) || number > UINT32_MAX)
			return false;
		expect->timeout_s = over ? 0 : (uint32_t)number;
		expect->has |= EXPECT_HAS_TIMEOUT;
	}
	if (!take_number(cursor, "l3proto = ", UINT8_MAX, &number) ||
	    !take_number(cursor, "proto=", UINT8_MAX, &l4proto) ||
	    (number != AF_INET && number != AF_INET6))
		return false;
	*ret_v6 = number == AF_INET6;
	expect->l4proto = (uint8_t)l4proto;
	return true;
}

/* "PERMANENT,INACTIVE", in capitals; none of them: the helper stands there. */
static uint32_t take_flags(struct cursor *cursor)
{
	static const char *const words[] = { "PERMANENT", "INACTIVE", "USERSPACE" };
	uint32_t flags = 0;

	cursor_blanks(cursor);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!skip_word(cursor, words[i]))
			continue;
		flags |= BIT32(i);
		cursor_char(cursor, ',');
	}
	return flags;
}

int expect_text_line(struct cursor line, uint32_t families, uint64_t serial, struct row *row)
{
	struct expect expect = { .has = EXPECT_HAS_TUPLE << EXPECT_WHAT };
	struct flow_tuple *what = &expect.tuples[EXPECT_WHAT];
	enum estab_family family;
	uint64_t sport, dport;
	const char *word;
	uint32_t flags;
	size_t length;
	bool v6;
	int r;

	if (!take_head(&line, &expect, &v6) || !take_addr(&line, "src=", v6, what->src) ||
	    !take_addr(&line, "dst=", v6, what->dst))
		return -EBADMSG;
	family = v6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET;
	if (!(families & BIT32(family)))
		return FLOW_SKIP;
	if (take_number(&line, "sport=", UINT16_MAX, &sport)) {
		if (!take_number(&line, "dport=", UINT16_MAX, &dport))
			return -EBADMSG;
		what->src_port = (uint16_t)sport;
		what->dst_port = (uint16_t)dport;
		what->has = TUPLE_HAS_PORTS;
	}
	flags = take_flags(&line);
	r = fill(&expect, family, flags, serial, row);
	cursor_blanks(&line);
	/* "ftp", or "sip/signalling": its helper, and what of it. */
	if (r == 0 && cursor_word(&line, &word, &length)) {
		const char *slash = memchr(word, '/', length);

		r = row_put(row, EXT_FLOW_HELPER, word, slash ? (size_t)(slash - word) : length);
	}
	return r;
}
