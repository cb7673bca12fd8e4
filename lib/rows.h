/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Rows that are no sockets and consist of numbers and texts: routes, interfaces, memberships,
 * statistics. Two addresses stand where a socket has its ends, the rest in the extension chunk.
 */
#ifndef ESTAB_ROWS_H
#define ESTAB_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/* What EXT_NUMBERS may hold: a mask of these, and a number for each bit of it, in this order. */
enum row_number {
	/* of a route */
	NUMBER_PREFIX,
	NUMBER_TABLE,
	NUMBER_METRIC,
	NUMBER_KIND,
	NUMBER_SCOPE,
	NUMBER_ORIGIN,
	NUMBER_MTU, /* of an interface, too */
	NUMBER_WINDOW,
	NUMBER_RTT,
	NUMBER_ADVMSS,
	NUMBER_EXPIRES,
	NUMBER_NEXTHOP,
	NUMBER_WEIGHT,
	NUMBER_USES,
	NUMBER_FROM_PREFIX,
	/* of an interface */
	NUMBER_INDEX,
	NUMBER_OPERSTATE,
	NUMBER_LINK_TYPE,
	NUMBER_TXQLEN,
	NUMBER_RX_PACKETS,
	NUMBER_RX_BYTES,
	NUMBER_RX_ERRORS,
	NUMBER_RX_DROPPED,
	NUMBER_RX_OVERRUNS,
	NUMBER_RX_FRAME,
	NUMBER_RX_COMPRESSED,
	NUMBER_RX_MULTICAST,
	NUMBER_TX_PACKETS,
	NUMBER_TX_BYTES,
	NUMBER_TX_ERRORS,
	NUMBER_TX_DROPPED,
	NUMBER_TX_OVERRUNS,
	NUMBER_TX_COLLISIONS,
	NUMBER_TX_CARRIER,
	NUMBER_TX_COMPRESSED,
	NUMBER_IRQ,
	NUMBER_IO_BASE,
	NUMBER_MEM_START,
	NUMBER_MEM_END,
	NUMBER_DMA,
	/* of a membership and a route, and of statistics */
	NUMBER_USERS,
	NUMBER_VALUE,
	/* of an AX.25 socket */
	NUMBER_AX25_STATE,
	NUMBER_AX25_VS,
	NUMBER_AX25_VR,
	NUMBERS,
};

struct row_numbers {
	uint64_t has;
	uint64_t values[NUMBERS]; /* by its number, while the row is made */
};

static inline void numbers_set(struct row_numbers *numbers, enum row_number number, uint64_t value)
{
	numbers->has |= UINT64_C(1) << number;
	numbers->values[number] = value;
}

/* Puts those that are set. -ENOMEM. */
int numbers_put(const struct row_numbers *numbers, struct row *row);
/* False: the row has none such. */
bool numbers_get(const struct ext *ext, enum row_number number, uint64_t *ret_value);

/* Begins a row; the serial tells it apart, as its values need not. */
void rows_begin(struct row *row, unsigned int kind, enum estab_family family, uint64_t serial);
/* Adds the name of a device. */
int rows_put_device(struct row *row, uint32_t index, const char *name);
/* The word for RT_SCOPE_…; NULL: it has none. */
const char *rows_scope_word(uint64_t scope);
/* Adds the letters that route(8) has for a route's flags: RTF_…. */
int rows_put_route_flags(struct row *row, uint32_t flags);
/* The words of an interface's flags: IFF_…. */
int rows_put_link_flags(struct row *row, uint32_t flags);

#endif
