/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util.h"

enum { LISTS_MIN = 64, UNKNOWN_LENGTH = UINT32_MAX };

struct diag_lists_entry {
	uint64_t cookie;
	uint32_t members;
	uint32_t filter; /* instructions; UNKNOWN_LENGTH: the kernel does not tell us */
	void *code;      /* those, where they are asked for */
};

static struct nlmsghdr *make_request(uint32_t show, void *buffer)
{
	struct packet_diag_req *body;
	struct nlmsghdr *request = nl_dump_request(buffer, SOCK_DIAG_BY_FAMILY, sizeof(*body));

	body = mnl_nlmsg_get_payload(request);
	body->sdiag_family = AF_PACKET;
	body->pdiag_show = show;
	return request;
}

struct nlmsghdr *diag_packet_request(const struct diag_reading *reading, uint8_t family,
				     void *buffer)
{
	uint32_t show = 0;

	(void)family;
	if (reading->needs & (NEED_PACKET | NEED_IFNAME | NEED_INTERFACE | NEED_UNIX_UID))
		show |= PACKET_SHOW_INFO;
	if (reading->needs & NEED_PACKET)
		show |= PACKET_SHOW_RING_CFG | PACKET_SHOW_FANOUT;
	if (reading->needs & (NEED_MEM | NEED_UNIX_QUEUES))
		show |= PACKET_SHOW_MEMINFO;
	return make_request(show, buffer);
}

/* ---- memberships and filters ---- */

static int add_lists(struct diag_lists *lists, const struct nlmsghdr *message)
{
	const struct packet_diag_msg *diag = nl_body(message);
	struct diag_lists_entry entry = { 0 };
	struct nl_attrs attrs;
	struct nl_attr attr;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*diag)) || diag->pdiag_family != AF_PACKET)
		return 0;
	if (lists->n == lists->room) {
		size_t room = MAX(lists->room * 2, (size_t)LISTS_MIN);
		struct diag_lists_entry *entries =
			reallocarray(lists->entries, room, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		lists->entries = entries;
		lists->room = room;
	}
	entry.cookie = (uint64_t)diag->pdiag_cookie[1] << 32 | diag->pdiag_cookie[0];
	attrs = nl_attrs_of(message, sizeof(*diag));
	while (nl_attr_next(&attrs, &attr)) {
		if (attr.type == PACKET_DIAG_MCLIST)
			entry.members = attr.length / sizeof(struct packet_diag_mclist);
		/* Without CAP_NET_ADMIN it is empty; where there is no filter, it is missing. */
		if (attr.type != PACKET_DIAG_FILTER)
			continue;
		entry.filter = attr.length == 0 ? UNKNOWN_LENGTH
						: attr.length / sizeof(struct sock_filter);
		if (attr.length == 0 || !lists->with_code || entry.code)
			continue;
		entry.code = malloc(attr.length);
		if (!entry.code)
			return -ENOMEM;
		memcpy(entry.code, attr.data, attr.length);
	}
	lists->entries[lists->n++] = entry;
	return 0;
}

int diag_packet_lists(struct nl *nl, const char *table, struct diag_lists *lists)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[DIAG_REQUEST_ROOM];
	const struct nlmsghdr *message;
	int r = nl_dump_start(nl, make_request(PACKET_SHOW_MCLIST | PACKET_SHOW_FILTER, buffer),
			      table);

	while (r == 0) {
		r = nl_dump_next(nl, &message);
		if (r == NL_MESSAGE)
			r = add_lists(lists, message);
	}
	/* What there was by then stands; what is missing, is not known. */
	return r == -ENOMEM || r == -ECANCELED ? r : 0;
}

void diag_lists_free(struct diag_lists *lists)
{
	for (size_t i = 0; i < lists->n; i++)
		free(lists->entries[i].code);
	free(lists->entries);
	*lists = (struct diag_lists){ 0 };
}

/* Both dumps go the same way, so that the one wanted is most likely the next. */
static const struct diag_lists_entry *find_lists(struct diag_lists *lists, uint64_t cookie)
{
	for (size_t i = 0; i < lists->n; i++) {
		const struct diag_lists_entry *entry = &lists->entries[lists->next];

		lists->next = (lists->next + 1) % lists->n;
		if (entry->cookie == cookie)
			return entry;
	}
	return NULL;
}

static int put_lists(struct diag_lists *lists, struct row *row)
{
	const struct diag_lists_entry *entry = find_lists(lists, row->sock.cookie);
	int r;

	if (!entry || !(row->sock.has & HAS_COOKIE))
		return 0;
	r = row_put(row, EXT_PACKET_MEMBERS, &entry->members, sizeof(entry->members));
	if (r < 0 || entry->filter == UNKNOWN_LENGTH)
		return r;
	r = row_put(row, EXT_PACKET_FILTER, &entry->filter, sizeof(entry->filter));
	if (r == 0 && entry->code)
		r = row_put(row, EXT_PACKET_CODE, entry->code,
			    entry->filter * sizeof(struct sock_filter));
	return r;
}

/* ---- rows ---- */

static int decode_info(const struct diag_reading *reading, const struct nl_attr *attr,
		       struct row *row)
{
	struct packet_diag_info info;
	int r;

	memcpy(&info, attr->data, sizeof(info));
	row->sock.packet.running = info.pdi_flags & PDI_RUNNING;
	row->sock.packet.running_known = true;
	r = diag_put_device(reading, info.pdi_index, row);
	if (r == 0 && reading->needs & NEED_PACKET)
		r = row_put(row, EXT_PACKET_INFO, &info, sizeof(info));
	return r;
}

static int decode_attr(const struct diag_reading *reading, const struct nl_attr *attr,
		       struct row *row)
{
	static const struct {
		uint8_t min;
		uint8_t kind; /* what it becomes as it is */
	} known[] = {
		[PACKET_DIAG_INFO] = { sizeof(struct packet_diag_info), EXT_KINDS },
		[PACKET_DIAG_RX_RING] = { sizeof(struct packet_diag_ring), EXT_PACKET_RX_RING },
		[PACKET_DIAG_TX_RING] = { sizeof(struct packet_diag_ring), EXT_PACKET_TX_RING },
		[PACKET_DIAG_FANOUT] = { sizeof(uint32_t), EXT_PACKET_FANOUT },
		[PACKET_DIAG_UID] = { sizeof(uint32_t), EXT_KINDS },
		[PACKET_DIAG_MEMINFO] = { 3 * sizeof(uint32_t), EXT_KINDS },
	};

	if (attr->type >= ARRAY_SIZE(known) || known[attr->type].min == 0 ||
	    attr->length < known[attr->type].min)
		return 0;
	switch (attr->type) {
	case PACKET_DIAG_INFO:
		return decode_info(reading, attr, row);
	case PACKET_DIAG_UID:
		memcpy(&row->sock.uid, attr->data, sizeof(row->sock.uid));
		row->sock.has |= HAS_UID;
		return 0;
	case PACKET_DIAG_MEMINFO:
		return diag_put_mem(reading, attr, row);
	default:
		return reading->needs & NEED_PACKET ? row_put(row, known[attr->type].kind,
							      attr->data, known[attr->type].min)
						    : 0;
	}
}

int diag_packet_decode(const struct diag_reading *reading, const struct nlmsghdr *message,
		       struct row *row)
{
	const struct packet_diag_msg *diag = nl_body(message);
	struct estab_socket *sock = &row->sock;
	struct nl_attrs attrs;
	struct nl_attr attr;
	int r = 0;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return DIAG_SKIP;
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*diag)) || diag->pdiag_family != AF_PACKET)
		return -EBADMSG;

	/* No packet socket has a peer. */
	row_reset(row, ESTAB_PROTO_PACKET, ESTAB_FAMILY_PACKET);
	sock->state = ESTAB_STATE_UNCONNECTED;
	/* SOCK_PACKET, which is older than both, has the link's headers too. */
	sock->type = diag->pdiag_type == SOCK_DGRAM ? ESTAB_TYPE_DGRAM : ESTAB_TYPE_RAW;
	sock->inode = diag->pdiag_ino;
	sock->netns = reading->netns;
	sock->has = reading->has | HAS_INODE | diag_set_cookie(sock, diag->pdiag_cookie);
	sock->packet.protocol = diag->pdiag_num;
	attrs = nl_attrs_of(message, sizeof(*diag));
	while (r == 0 && nl_attr_next(&attrs, &attr))
		r = decode_attr(reading, &attr, row);
	if (r == 0 && reading->lists)
		r = put_lists(reading->lists, row);
	return r;
}
