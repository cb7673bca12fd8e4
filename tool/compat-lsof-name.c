/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The words that lsof(8) has for a socket. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "compat-lsof.h"
#include "util.h"

uint64_t lsof_owner_u64(const struct estab_owner *owner, enum estab_field field)
{
	uint64_t value;

	return estab_owner_get_u64(owner, field, &value) == 0 ? value : 0;
}

const char *lsof_protocol(const struct lsof_file *file)
{
	return file->proto == ESTAB_PROTO_TCP   ? "TCP"
	       : file->proto == ESTAB_PROTO_UDP ? "UDP"
						: "UDPLITE";
}

const char *lsof_type(const struct lsof_file *file)
{
	struct estab_addr addr = { 0 };

	if (file->proto == ESTAB_PROTO_UNIX)
		return "unix";
	estab_socket_get_addr(file->sock, ESTAB_F_LOCAL_ADDR, &addr);
	return addr.family == ESTAB_FAMILY_INET6 ? "IPv6" : "IPv4";
}

static uint64_t find_address(const struct lsof *lsof, uint64_t inode)
{
	size_t low = 0, high = lsof->n_addresses;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lsof->addresses[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < lsof->n_addresses && lsof->addresses[low].inode == inode
		       ? lsof->addresses[low].address
		       : 0;
}

void lsof_put_device(struct buf *buf, const struct lsof *lsof, const struct lsof_file *file)
{
	uint64_t inode = compat_u64(file->sock, ESTAB_F_INODE, 0);
	uint64_t address;
	char text[24];

	if (file->proto != ESTAB_PROTO_UNIX) {
		buf_u64(buf, inode);
		return;
	}
	if (estab_socket_get_u64(file->sock, ESTAB_F_KERNEL_ADDRESS, &address) < 0)
		address = find_address(lsof, inode);
	snprintf(text, sizeof(text), "0x%016llx", (unsigned long long)address);
	buf_str(buf, text);
}

bool lsof_has_user(const struct estab_owner *owner)
{
	/* cppcheck-suppress getpwuidCalled */
	return getpwuid((uid_t)lsof_owner_u64(owner, ESTAB_F_OWNER_UID)) != NULL;
}

void lsof_put_user(struct buf *buf, const struct lsof *lsof, const struct estab_owner *owner,
		   bool number)
{
	uint64_t uid = lsof_owner_u64(owner, ESTAB_F_OWNER_UID);
	const struct passwd *entry = NULL;
	char text[24];

	if (!number && !lsof->options.numeric_users)
		/* cppcheck-suppress getpwuidCalled */
		entry = getpwuid((uid_t)uid);
	if (entry) {
		buf_escape(buf, entry->pw_name, strlen(entry->pw_name));
	} else if (number) {
		buf_u64(buf, uid);
	} else {
		snprintf(text, sizeof(text), "%8llu", (unsigned long long)uid);
		buf_str(buf, text);
	}
}

const char *lsof_state(const struct lsof_file *file)
{
	static const char *const words[] = {
		[ESTAB_STATE_ESTABLISHED] = "ESTABLISHED", [ESTAB_STATE_SYN_SENT] = "SYN_SENT",
		[ESTAB_STATE_SYN_RECV] = "SYN_RECV",       [ESTAB_STATE_FIN_WAIT_1] = "FIN_WAIT1",
		[ESTAB_STATE_FIN_WAIT_2] = "FIN_WAIT2",    [ESTAB_STATE_TIME_WAIT] = "TIME_WAIT",
		[ESTAB_STATE_UNCONNECTED] = "CLOSE",       [ESTAB_STATE_CLOSE_WAIT] = "CLOSE_WAIT",
		[ESTAB_STATE_LAST_ACK] = "LAST_ACK",       [ESTAB_STATE_LISTEN] = "LISTEN",
		[ESTAB_STATE_CLOSING] = "CLOSING",         [ESTAB_STATE_BOUND] = "CLOSE",
	};
	enum estab_state state = compat_state(file->sock);

	if (file->proto == ESTAB_PROTO_TCP)
		return words[state];
	if (file->proto != ESTAB_PROTO_UNIX)
		return NULL;
	return state == ESTAB_STATE_LISTEN        ? "LISTEN"
	       : state == ESTAB_STATE_ESTABLISHED ? "CONNECTED"
						  : "UNCONNECTED";
}

void lsof_put_queue(struct buf *buf, const struct lsof_file *file, bool received)
{
	bool listens = compat_state(file->sock) == ESTAB_STATE_LISTEN;

	/* The files of /proc have no limit of a listener's queue. */
	if (received)
		buf_u64(buf, compat_u64(file->sock, listens ? ESTAB_F_BACKLOG : ESTAB_F_RECV_Q, 0));
	else
		buf_u64(buf, listens ? 0 : compat_u64(file->sock, ESTAB_F_SEND_Q, 0));
}

static void put_end(struct lsof *lsof, struct buf *buf, enum estab_proto proto,
		    const struct estab_addr *addr, uint16_t port)
{
	struct estab_addr plain = compat_bare(addr);
	bool any = compat_is_any(&plain);
	const char *host = any ? "*" : compat_host(&lsof->names, &plain);
	const char *service = compat_service(&lsof->names, proto, port);

	if (host) {
		buf_escape(buf, host, strlen(host));
	} else {
		if (plain.family == ESTAB_FAMILY_INET6)
			buf_char(buf, '[');
		compat_put_addr(buf, &plain);
		if (plain.family == ESTAB_FAMILY_INET6)
			buf_char(buf, ']');
	}
	buf_char(buf, ':');
	if (port == 0)
		buf_char(buf, '*');
	else if (service)
		buf_escape(buf, service, strlen(service));
	else
		buf_u64(buf, port);
}

static void put_ip_name(struct lsof *lsof, struct buf *buf, const struct lsof_file *file)
{
	struct estab_tuple tuple = { .size = sizeof(tuple) };

	if (estab_socket_get_tuple(file->sock, &tuple) < 0)
		return;
	put_end(lsof, buf, file->proto, &tuple.local, tuple.local_port);
	if (compat_is_any(&tuple.peer) && tuple.peer_port == 0)
		return;
	buf_str(buf, "->");
	put_end(lsof, buf, file->proto, &tuple.peer, tuple.peer_port);
}

static void put_unix_name(struct buf *buf, const struct lsof_file *file)
{
	static const struct {
		const char *type;
		const char *word;
	} types[] = {
		{ "stream", "STREAM" },
		{ "dgram", "DGRAM" },
		{ "seqpacket", "SEQPACKET" },
		{ "raw", "RAW" },
	};
	const char *type = compat_str(file->sock, ESTAB_F_TYPE);
	const void *path;
	size_t length;

	if (estab_socket_get_bytes(file->sock, ESTAB_F_LOCAL_PATH, &path, &length) == 0) {
		if (compat_u64(file->sock, ESTAB_F_LOCAL_ABSTRACT, 0) != 0)
			buf_char(buf, '@');
		buf_escape(buf, path, length);
		buf_char(buf, ' ');
	}
	buf_str(buf, "type=");
	for (size_t i = 0; type && i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].type, type) == 0)
			buf_str(buf, types[i].word);
}

/* " 20280,mksock,8u" */
static void put_peer(const struct lsof *lsof, struct buf *buf, const struct lsof_file *file)
{
	const struct lsof_file *peer = lsof_find_peer(lsof, file);
	uint64_t inode = compat_u64(file->sock, ESTAB_F_PEER_INODE, 0);

	if (inode == 0 && peer)
		inode = compat_u64(peer->sock, ESTAB_F_INODE, 0);
	if (file->proto == ESTAB_PROTO_UNIX && inode != 0) {
		buf_str(buf, " ->INO=");
		buf_u64(buf, inode);
	}
	if (!peer)
		return;
	buf_char(buf, ' ');
	buf_u64(buf, peer->pid);
	buf_char(buf, ',');
	buf_owner(buf, peer->owner, ESTAB_F_OWNER_COMM);
	buf_char(buf, ',');
	buf_u64(buf, peer->fd);
	buf_char(buf, 'u');
}

/* " (ESTABLISHED QR=0 QS=0)"; of UDP a blank alone, where a state could stand. */
static void put_details(const struct lsof *lsof, struct buf *buf, const struct lsof_file *file)
{
	const char *state = lsof->options.state ? lsof_state(file) : NULL;
	bool queues = lsof->options.queues && file->proto != ESTAB_PROTO_UNIX;

	if (!state && !queues) {
		if (file->proto == ESTAB_PROTO_UNIX
			    ? !lsof->options.state && (lsof->options.queues || lsof->options.flags)
			    : lsof->options.state || lsof->options.flags)
			buf_char(buf, ' ');
		return;
	}
	buf_str(buf, " (");
	if (state)
		buf_str(buf, state);
	if (queues) {
		buf_str(buf, state ? " QR=" : "QR=");
		lsof_put_queue(buf, file, true);
		buf_str(buf, " QS=");
		lsof_put_queue(buf, file, false);
	}
	buf_char(buf, ')');
}

void lsof_put_name(struct lsof *lsof, struct buf *buf, const struct lsof_file *file, bool whole)
{
	if (file->proto == ESTAB_PROTO_UNIX)
		put_unix_name(buf, file);
	else
		put_ip_name(lsof, buf, file);
	if (lsof->options.endpoints)
		put_peer(lsof, buf, file);
	if (whole)
		put_details(lsof, buf, file);
}
