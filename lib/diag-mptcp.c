/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* MPTCP connections, and what their subflows say of them. */
#include "diag.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/mptcp.h>
#include <linux/sock_diag.h>
#include <stddef.h>
#include <string.h>

#include "util.h"

enum {
	PROTOCOL_MPTCP = 262, /* too large for the request's own octet */
};

struct nlmsghdr *diag_mptcp_request(const struct diag_reading *reading, uint8_t family,
				    void *buffer)
{
	struct nlmsghdr *request = diag_inet_request(reading, family, buffer);

	/* Kernels before 5.9 pass over the attribute: they have no protocol 0, but a raw one 255. */
	mnl_attr_put_u32(request, INET_DIAG_REQ_PROTOCOL, PROTOCOL_MPTCP);
	return request;
}

static uint32_t get_u32(const struct nl_attr *attr)
{
	uint32_t value = 0;

	if (attr->length >= sizeof(value))
		memcpy(&value, attr->data, sizeof(value));
	return value;
}

static uint8_t get_u8(const struct nl_attr *attr)
{
	return attr->length > 0 ? *(const uint8_t *)attr->data : 0;
}

int diag_subflow_decode(const struct nl_attr *info, struct row *row)
{
	struct nl_attrs attrs = nl_attrs_nested(info);
	struct subflow subflow = { 0 };
	size_t length = offsetof(struct subflow, map_length);
	struct nl_attr attr;

	while (nl_attr_next(&attrs, &attr)) {
		switch (attr.type) {
		case MPTCP_SUBFLOW_ATTR_TOKEN_LOC:
			subflow.token = get_u32(&attr);
			break;
		case MPTCP_SUBFLOW_ATTR_TOKEN_REM:
			subflow.remote_token = get_u32(&attr);
			break;
		case MPTCP_SUBFLOW_ATTR_ID_LOC:
			subflow.local_id = get_u8(&attr);
			break;
		case MPTCP_SUBFLOW_ATTR_ID_REM:
			subflow.remote_id = get_u8(&attr);
			break;
		case MPTCP_SUBFLOW_ATTR_FLAGS:
			subflow.flags = get_u32(&attr);
			break;
		case MPTCP_SUBFLOW_ATTR_MAP_SEQ:
			memcpy(&subflow.map_seq, attr.data,
			       MIN((size_t)attr.length, sizeof(subflow.map_seq)));
			/* With the other three, or not at all. */
			length = sizeof(subflow);
			break;
		case MPTCP_SUBFLOW_ATTR_MAP_SFSEQ:
			subflow.map_subflow_seq = get_u32(&attr);
			break;
		case MPTCP_SUBFLOW_ATTR_SSN_OFFSET:
			subflow.ssn_offset = get_u32(&attr);
			break;
		case MPTCP_SUBFLOW_ATTR_MAP_DATALEN:
			memcpy(&subflow.map_length, attr.data,
			       MIN((size_t)attr.length, sizeof(subflow.map_length)));
			break;
		default:
			break;
		}
	}
	/* An empty nest is that of a listener. */
	return info->length > 0 ? row_put(row, EXT_SUBFLOW, &subflow, length) : 0;
}
