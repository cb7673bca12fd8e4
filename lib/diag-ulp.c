/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The protocol above TCP: its name, and what TLS and MPTCP say of themselves. */
#include <linux/inet_diag.h>
#include <linux/tls.h>
#include <string.h>

#include "diag.h"
#include "util.h"

enum {
	ULP_NAME_MAX = 16,
	/* Not among the headers of every distribution we build on. */
	INFO_ZC_RO_TX = 5,
	INFO_RX_NO_PAD = 6,
};

static uint16_t get_u16(const struct nl_attr *attr)
{
	uint16_t value = 0;

	if (attr->length >= sizeof(value))
		memcpy(&value, attr->data, sizeof(value));
	return value;
}

/* Of version and cipher, and who does the work; the kernel tells no key. */
static int decode_tls(const struct nl_attr *info, struct row *row)
{
	struct nl_attrs attrs = nl_attrs_nested(info);
	struct tls_state tls = { 0 };
	struct nl_attr attr;

	while (nl_attr_next(&attrs, &attr)) {
		switch (attr.type) {
		case TLS_INFO_VERSION:
			tls.version = get_u16(&attr);
			break;
		case TLS_INFO_CIPHER:
			tls.cipher = get_u16(&attr);
			break;
		case TLS_INFO_TXCONF:
			tls.tx = get_u16(&attr);
			break;
		case TLS_INFO_RXCONF:
			tls.rx = get_u16(&attr);
			break;
		case INFO_ZC_RO_TX:
			tls.zc_ro_tx = 1;
			break;
		case INFO_RX_NO_PAD:
			tls.no_pad_rx = 1;
			break;
		default:
			break;
		}
	}
	return row_put(row, EXT_TLS, &tls, sizeof(tls));
}

int diag_ulp_decode(const struct nl_attr *info, struct row *row)
{
	struct nl_attrs attrs = nl_attrs_nested(info);
	struct nl_attr attr;
	int r = 0;

	while (r == 0 && nl_attr_next(&attrs, &attr)) {
		if (attr.type == INET_ULP_INFO_NAME)
			r = row_put(row, EXT_ULP, attr.data,
				    strnlen(attr.data, MIN(attr.length, ULP_NAME_MAX)));
		else if (attr.type == INET_ULP_INFO_TLS)
			r = decode_tls(&attr, row);
		else if (attr.type == INET_ULP_INFO_MPTCP)
			r = diag_subflow_decode(&attr, row);
	}
	return r;
}
