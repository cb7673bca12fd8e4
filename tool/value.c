/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "value.h"

#include <stdio.h>

static void put_f64(struct buf *buf, double number)
{
	char text[40];

	snprintf(text, sizeof(text), "%.2f", number);
	buf_str(buf, text);
}

bool value_put(struct buf *buf, const struct column *column, const struct estab_socket *sock)
{
	struct estab_addr addr;
	char text[46];
	uint64_t u64;
	int64_t i64;
	double f64;

	if (column->cell == CELL_OWNER)
		return false;
	switch (column->kind) {
	case ESTAB_KIND_U64:
		if (estab_socket_get_u64(sock, column->field, &u64) == 0)
			buf_u64(buf, u64);
		return true;
	case ESTAB_KIND_I64:
		if (estab_socket_get_i64(sock, column->field, &i64) == 0)
			buf_i64(buf, i64);
		return true;
	case ESTAB_KIND_BOOL:
		if (estab_socket_get_u64(sock, column->field, &u64) == 0)
			buf_str(buf, u64 ? "true" : "false");
		return true;
	case ESTAB_KIND_F64:
		if (estab_socket_get_f64(sock, column->field, &f64) == 0)
			put_f64(buf, f64);
		return true;
	case ESTAB_KIND_ADDR:
		if (estab_socket_get_addr(sock, column->field, &addr) == 0)
			buf_put(buf, text, estab_addr_format(&addr, text));
		return true;
	default:
		return false;
	}
}
