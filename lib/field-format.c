/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Values as a table shows them: short, and safe for a terminal. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "env.h"
#include "expect.h"
#include "field.h"
#include "rows.h"
#include "subject.h"
#include "util.h"

/* Each argument ends in a NUL: a table shows a blank between them, as people type them. */
static void put_arguments(const struct value *value, struct text *text)
{
	const char *at = value->text.data;
	const char *end = at + value->text.length;

	while (at < end) {
		size_t length = strnlen(at, (size_t)(end - at));

		if (at > value->text.data)
			text_char(text, ' ');
		text_escape(text, at, length);
		at += length + 1;
	}
}

int field_format_value(const struct field *field, const struct value *value, struct text *text)
{
	switch (field->kind) {
	case ESTAB_KIND_U64:
		text_u64(text, value->u64);
		return 0;
	case ESTAB_KIND_I64:
		text_i64(text, value->i64);
		return 0;
	case ESTAB_KIND_BOOL:
		text_str(text, value->u64 ? "yes" : "no");
		return 0;
	case ESTAB_KIND_F64:
		text_f64(text, value->f64);
		return 0;
	case ESTAB_KIND_STR:
	case ESTAB_KIND_BYTES:
		if (field->get_owner == get_owner_cmdline)
			put_arguments(value, text);
		else
			text_escape(text, value->text.data, value->text.length);
		return 0;
	case ESTAB_KIND_ADDR:
		text_addr(text, &value->addr);
		return 0;
	default:
		return FIELD_NONE;
	}
}

/* The subflows of an MPTCP connection are TCP, but not connections of their own. */
static int put_proto(const struct estab_socket *sock, struct text *text)
{
	size_t length;
	const char *ulp = ext_get(sock->ext, EXT_ULP, &length);
	const char *word = word_proto(sock->proto);

	if (!word)
		return FIELD_UNKNOWN;
	text_str(text, word);
	if (ulp && length == strlen("mptcp") && memcmp(ulp, "mptcp", length) == 0)
		text_str(text, "/mptcp");
	return 0;
}

static int put_state(const struct estab_socket *sock, struct text *text)
{
	const char *word = word_state_capitals(sock->state);
	struct value value;

	if (!word || get_state(sock, NULL, &value) < 0)
		return FIELD_UNKNOWN;
	text_str(text, word);
	return 0;
}

static int put_timer(const struct estab_socket *sock, struct text *text)
{
	struct value kind;

	if (!(sock->has & HAS_TIMER) || get_timer_kind(sock, NULL, &kind) < 0)
		return FIELD_UNKNOWN;
	text_str(text, kind.text.data);
	if (sock->timer_kind == TIMER_OFF)
		return 0;
	text_char(text, ':');
	text_f64(text, sock->timer_ms / 1000.0);
	text_char(text, 's');
	if (sock->timer_retransmits > 0) {
		text_str(text, " retransmits:");
		text_u64(text, sock->timer_retransmits);
	}
	return 0;
}

/* Of these structs, most numbers are zero most of the time: a table shows the others. */
static bool is_mostly_zero(const struct field *group)
{
	return group->id == ESTAB_F_TCP || group->id == ESTAB_F_MPTCP ||
	       group->id == ESTAB_F_NETLINK || group->id == ESTAB_F_PACKET;
}

static bool is_worth_a_word(bool zeros, const struct field *field, const struct value *value)
{
	switch (field->kind) {
	case ESTAB_KIND_BOOL:
		return value->u64 != 0;
	case ESTAB_KIND_U64:
		return zeros || value->u64 != 0;
	case ESTAB_KIND_F64:
		return value->f64 > 0;
	case ESTAB_KIND_STR:
		return value->text.length > 0;
	default:
		return true;
	}
}

/* Names are too short for a call: most are of 4 to 24 letters, which are two or three pieces that may
 * overlap. */
static char *put_name(char *at, const char *name, size_t length)
{
	if (length >= 4 && length < 8) {
		memcpy(at, name, 4);
		memcpy(at + length - 4, name + length - 4, 4);
		return at + length;
	}
	if (length < 4 || length > 24) {
		for (size_t i = 0; i < length; i++)
			at[i] = name[i];
		return at + length;
	}
	memcpy(at, name, 8);
	if (length > 16)
		memcpy(at + 8, name + 8, 8);
	memcpy(at + length - 8, name + length - 8, 8);
	return at + length;
}

/* "name:number", with a blank before it where it is not the first. */
static void put_number(const char *name, size_t length, uint64_t value, struct text *text)
{
	char *at;

	if (text->length + length + sizeof(" :18446744073709551615") > text->size) {
		if (text->length > 0)
			text_char(text, ' ');
		text_put(text, name, length);
		text_char(text, ':');
		text_u64(text, value);
		return;
	}
	at = text->buffer + text->length;
	if (text->length > 0)
		*at++ = ' ';
	at = put_name(at, name, length);
	*at++ = ':';
	at += text_digits(value, at);
	text->length = (size_t)(at - text->buffer);
}

/* skip: where the name within the group begins, if it does there. */
static void put_word(const struct field *field, size_t skip, const struct value *value,
		     struct text *text)
{
	const char *word = field->name;
	size_t length;

	if (field->name_length > skip && word[skip - 1] == '.') {
		word += skip;
	} else {
		const char *dot = strchr(word, '.');

		word = dot ? dot + 1 : word;
	}
	length = (size_t)(field->name + field->name_length - word);
	if (field->kind == ESTAB_KIND_U64) {
		put_number(word, length, value->u64, text);
		return;
	}
	if (text->length > 0)
		text_char(text, ' ');
	text_put(text, word, length);
	if (field->kind != ESTAB_KIND_BOOL) {
		text_char(text, ':');
		field_format_value(field, value, text);
	}
}

static const struct field *group_end(const struct plan *plan, const struct field *group)
{
	for (size_t i = 0; i < plan->n_groups; i++)
		if (plan->groups[i].group == group)
			return plan->groups[i].end;
	return field_group_end(group);
}

/* Of members that come from extensions which few rows have: whether this one lacks them. */
static inline bool is_absent(const struct field *field, const struct ext *ext)
{
	if (field->needs == NEED_ULP)
		return !(ext->kinds & (BIT64(EXT_ULP) | BIT64(EXT_SUBFLOW) | BIT64(EXT_TLS)));
	if (field->needs != NEED_CONGESTION_INFO)
		return false;
	if (field->get == get_ext_member)
		return !ext_has(ext, (enum ext_kind)field->offset);
	return !ext_has(ext, field->get == get_dctcp ? EXT_DCTCP : EXT_BBR);
}

/* What nearly all of the members read in one place, without a search for it each time; else as field_get(). */
static int get_member(const struct tcp_info_place *info, const struct field *field,
		      const struct estab_socket *sock, struct value *ret)
{
	uint64_t options;

	if (field->get == get_tcp_info)
		return tcp_info_read(info, field->offset, field->size, &ret->u64);
	if (field->get == get_tcp_unset_zero || field->get == get_tcp_unset_max ||
	    field->get == get_tcp_pacing)
		return tcp_info_number(info, field, &ret->u64);
	if (field->get != get_tcp_option)
		return is_absent(field, sock->ext) ? FIELD_NONE : field_get(field, sock, ret);
	if (tcp_info_read(info, field->offset, 1, &options) < 0)
		return FIELD_UNKNOWN;
	ret->u64 = options >> field->size & 1;
	return 0;
}

/* "name:value" words of what is known in the group; of booleans, the names of the true ones. */
static int put_group(const struct estab_socket *sock, const struct field *group, struct text *text)
{
	const struct field *end = group_end(&sock->ext->env->plan, group);
	const char *dot = strchr(group->name, '.');
	const size_t skip = dot ? (size_t)(dot + 1 - group->name) : group->name_length + 1;
	const bool zeros = !is_mostly_zero(group);
	const uint64_t proto = BIT64(sock->proto);
	const struct tcp_info_place info = tcp_info_find(sock);
	bool any = false;

	for (const struct field *field = group + 1; field != end; field++) {
		struct value value;

		if (!(field->protos & proto) || get_member(&info, field, sock, &value) < 0)
			continue;
		any = true;
		if (is_worth_a_word(zeros, field, &value))
			put_word(field, skip, &value, text);
	}
	return any ? 0 : FIELD_UNKNOWN;
}

static int put_user(const struct estab_socket *sock, struct text *text)
{
	struct value value;

	if (!(sock->has & HAS_UID))
		return FIELD_UNKNOWN;
	if (get_user(sock, NULL, &value) == 0)
		text_escape(text, value.text.data, value.text.length);
	else
		text_u64(text, sock->uid);
	return 0;
}

/* A listener's queue columns are its backlog: what everyone knows from ss(8). */
static int put_queue(const struct estab_socket *sock, bool receive, struct text *text)
{
	bool known = receive ? sock->has & HAS_QUEUES : record_has_send_q(sock);

	if (!receive && record_is_listener(sock))
		known = sock->has & HAS_BACKLOG_LIMIT;
	if (!known)
		return FIELD_UNKNOWN;
	text_u64(text, receive ? sock->recv_q : sock->send_q);
	return 0;
}

/* "default", "192.0.2.0/24", "2001:db8::1". */
static int put_destination(const struct estab_socket *sock, struct text *text)
{
	uint64_t prefix = 0;
	struct value value;

	if (sock->proto != ROW_ROUTE || get_row_first(sock, NULL, &value) < 0)
		return FIELD_NONE;
	numbers_get(sock->ext, NUMBER_PREFIX, &prefix);
	if (prefix == 0) {
		text_str(text, "default");
		return 0;
	}
	text_addr(text, &value.addr);
	if (prefix == (sock->family == ESTAB_FAMILY_INET ? 32 : 128))
		return 0;
	text_char(text, '/');
	text_u64(text, prefix);
	return 0;
}

static int put_table(const struct estab_socket *sock, struct text *text)
{
	uint64_t table;

	if (!numbers_get(sock->ext, NUMBER_TABLE, &table))
		return FIELD_NONE;
	if (table == RT_TABLE_MAIN)
		text_str(text, "main");
	else if (table == RT_TABLE_LOCAL)
		text_str(text, "local");
	else if (table == RT_TABLE_DEFAULT)
		text_str(text, "default");
	else
		text_u64(text, table);
	return 0;
}

static int format_value(const struct field *field, const struct estab_socket *sock,
			struct text *text)
{
	struct value value;
	int r;

	if (!(field->protos & BIT64(sock->proto)))
		return FIELD_NONE;
	if (field->kind == ESTAB_KIND_GROUP)
		return put_group(sock, field, text);
	r = field_get(field, sock, &value);
	return r < 0 ? r : field_format_value(field, &value, text);
}

static int format_expected(const struct field *field, const struct estab_socket *sock,
			   struct text *text)
{
	const struct expect *expect = expect_of(sock);

	switch (field->id) {
	case ESTAB_F_EXPECT_SRC:
	case ESTAB_F_EXPECT_DST:
	case ESTAB_F_EXPECT_MASK_SRC:
	case ESTAB_F_EXPECT_MASK_DST:
	case ESTAB_F_EXPECT_MASTER_SRC:
	case ESTAB_F_EXPECT_MASTER_DST:
		if (!(expect->has & EXPECT_HAS_TUPLE << field->offset))
			return FIELD_UNKNOWN;
		flow_format_tuple(&expect->tuples[field->offset], sock->family, field->size == 0,
				  text);
		return 0;
	default:
		return format_value(field, sock, text);
	}
}

/* Of rows that are no sockets. */
static int format_other(const struct field *field, const struct estab_socket *sock,
			struct text *text)
{
	if (field->id == ESTAB_F_DESTINATION)
		return put_destination(sock, text);
	if (field->id == ESTAB_F_TABLE)
		return put_table(sock, text);
	if (sock->proto == ROW_EXPECTATION)
		return format_expected(field, sock, text);
	if (sock->proto != ROW_FLOW)
		return format_value(field, sock, text);
	switch (field->id) {
	case ESTAB_F_PROTO:
		flow_format_proto(sock, text);
		return 0;
	case ESTAB_F_ORIG_SRC:
	case ESTAB_F_ORIG_DST:
	case ESTAB_F_REPLY_SRC:
	case ESTAB_F_REPLY_DST:
		flow_format_end(sock, field->offset, field->size == 0, text);
		return 0;
	case ESTAB_F_FLOW_STATE:
		return flow_format_state(sock, text);
	case ESTAB_F_FLOW_STATUS:
		return flow_format_status(sock, text);
	default:
		return format_value(field, sock, text);
	}
}

int field_format(const struct field *field, const struct estab_socket *sock, struct text *text)
{
	if (sock->proto >= ROW_SOCKETS)
		return format_other(field, sock, text);
	switch (field->id) {
	case ESTAB_F_PROTO:
		return put_proto(sock, text);
	case ESTAB_F_LOCAL:
		field_format_end(sock, true, text);
		return 0;
	case ESTAB_F_PEER:
		field_format_end(sock, false, text);
		return 0;
	case ESTAB_F_RECV_Q:
		return put_queue(sock, true, text);
	case ESTAB_F_SEND_Q:
		return put_queue(sock, false, text);
	case ESTAB_F_STATE:
		return put_state(sock, text);
	case ESTAB_F_USER:
		return put_user(sock, text);
	case ESTAB_F_NAT:
		return nat_format(sock, text);
	case ESTAB_F_NAT_PEER:
		return nat_format_peer(sock, text);
	case ESTAB_F_TIMER:
		return put_timer(sock, text);
	default:
		break;
	}
	return format_value(field, sock, text);
}
