/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the files of getters are written with. */
#ifndef ESTAB_GETTER_H
#define ESTAB_GETTER_H

#include <string.h>

#include "field.h"

#define GETTER(name)                                    \
	int get_##name(const struct estab_socket *sock, \
		       __attribute__((unused)) const struct field *field, struct value *ret)

static inline int give_number(uint64_t number, struct value *ret)
{
	ret->u64 = number;
	return 0;
}

/* otherwise: FIELD_UNKNOWN or FIELD_NONE, for NULL. */
static inline int give_text(const char *text, int otherwise, struct value *ret)
{
	if (!text)
		return otherwise;
	ret->text.data = text;
	ret->text.length = strlen(text);
	return 0;
}

#endif
