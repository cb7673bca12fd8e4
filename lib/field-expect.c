/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters of the fields of expectations. */
#include <string.h>

#include "expect.h"
#include "field.h"
#include "getter.h"

GETTER(expect_proto)
{
	return give_text(flow_proto_word(expect_of(sock)->l4proto), FIELD_UNKNOWN, ret);
}

GETTER(expect_l4proto)
{
	return give_number(expect_of(sock)->l4proto, ret);
}

GETTER(expect_timeout)
{
	const struct expect *expect = expect_of(sock);

	/* A permanent one has none. */
	return expect->has & EXPECT_HAS_TIMEOUT ? give_number(expect->timeout_s, ret) : FIELD_NONE;
}

GETTER(expect_zone)
{
	return give_number(expect_of(sock)->zone, ret);
}

GETTER(expect_id)
{
	const struct expect *expect = expect_of(sock);

	return expect->has & EXPECT_HAS_ID ? give_number(expect->id, ret) : FIELD_UNKNOWN;
}

GETTER(expect_class)
{
	const struct expect *expect = expect_of(sock);

	return expect->has & EXPECT_HAS_CLASS ? give_number(expect->klass, ret) : FIELD_UNKNOWN;
}

/* offset: enum expect_tuple; NULL: text does not tell. */
static const struct flow_tuple *tuple_of(const struct estab_socket *sock, const struct field *field)
{
	const struct expect *expect = expect_of(sock);

	return expect->has & EXPECT_HAS_TUPLE << field->offset ? &expect->tuples[field->offset]
							       : NULL;
}

/* size: 0 the source, 1 the destination. */
GETTER(expect_addr)
{
	const struct flow_tuple *tuple = tuple_of(sock, field);

	if (!tuple)
		return FIELD_UNKNOWN;
	memset(&ret->addr, 0, sizeof(ret->addr));
	ret->addr.family = sock->family;
	memcpy(ret->addr.bytes, field->size ? tuple->dst : tuple->src, sizeof(ret->addr.bytes));
	return 0;
}

GETTER(expect_port)
{
	const struct flow_tuple *tuple = tuple_of(sock, field);

	if (!tuple)
		return FIELD_UNKNOWN;
	if (!(tuple->has & TUPLE_HAS_PORTS))
		return FIELD_NONE;
	return give_number(field->size ? tuple->dst_port : tuple->src_port, ret);
}
