/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat(8)'s tables of unix, IPX and AX.25 sockets. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compat-netstat.h"
#include "util.h"

static void put_padded(struct buf *out, const char *text, size_t width)
{
	uint64_t start = buf_total(out);

	buf_str(out, text);
	compat_pad(out, start, width);
	buf_char(out, ' ');
}

static void put_number(struct buf *out, uint64_t number, size_t width)
{
	uint64_t start = buf_total(out);

	buf_u64(out, number);
	compat_pad(out, start, width);
}

/* ---- unix ---- */

static const char *type_word(const struct estab_socket *sock)
{
	static const struct {
		const char *type;
		const char *word;
	} words[] = {
		{ "stream", "STREAM" },
		{ "dgram", "DGRAM" },
		{ "seqpacket", "SEQPACKET" },
		{ "raw", "RAW" },
	};
	const char *type = compat_str(sock, ESTAB_F_TYPE);

	for (size_t i = 0; type && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].type, type) == 0)
			return words[i].word;
	return "UNKNOWN";
}

/* A socket without a file is on its way in or out. */
static const char *state_word(enum estab_state state, bool has_file)
{
	switch (state) {
	case ESTAB_STATE_LISTEN:
		return "LISTENING";
	case ESTAB_STATE_ESTABLISHED:
		return has_file ? "CONNECTED" : "CONNECTING";
	default:
		return has_file ? "" : "DISCONNECTING";
	}
}

static void put_unix_row(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct netstat *netstat = arg;
	struct buf *out = &netstat->out;
	enum estab_state state = compat_state(sock);
	uint64_t inode = compat_u64(sock, ESTAB_F_INODE, 0);
	bool listens = state == ESTAB_STATE_LISTEN;
	const void *path;
	size_t length;

	(void)proto;
	if (!netstat->options.all && listens != netstat->options.listening)
		return;
	buf_str(out, "unix  ");
	put_number(out, compat_u64(sock, ESTAB_F_REFERENCES, 0), 6);
	buf_char(out, ' ');
	put_padded(out, listens ? "[ ACC ]" : "[ ]", 11);
	put_padded(out, type_word(sock), 10);
	put_padded(out, state_word(state, inode != 0), 13);
	put_number(out, inode, 8);
	if (netstat->options.programs)
		netstat_put_program(netstat, sock);
	buf_char(out, ' ');
	if (estab_socket_get_bytes(sock, ESTAB_F_LOCAL_PATH, &path, &length) == 0) {
		if (compat_u64(sock, ESTAB_F_LOCAL_ABSTRACT, 0) != 0)
			buf_char(out, '@');
		buf_escape(out, path, length);
	}
	buf_char(out, '\n');
}

int netstat_unix(struct netstat *netstat)
{
	static const enum estab_field fields[] = {
		ESTAB_F_PROTO,      ESTAB_F_STATE,          ESTAB_F_TYPE,       ESTAB_F_INODE,
		ESTAB_F_LOCAL_PATH, ESTAB_F_LOCAL_ABSTRACT, ESTAB_F_REFERENCES,
	};
	/* Only the text has references, and sockets without a file. */
	struct compat_reading reading = {
		.ctx = netstat->ctx,
		.states = ESTAB_STATES_ALL,
		.source = "procfs",
	};
	int error;

	buf_str(&netstat->out, "Active UNIX domain sockets ");
	netstat_put_which(netstat);
	buf_str(&netstat->out, "Proto RefCnt Flags       Type       State         I-Node  ");
	if (netstat->options.programs)
		netstat_put_program_head(netstat);
	buf_str(&netstat->out, " Path\n");
	compat_add_table(&reading, ESTAB_PROTO_UNIX);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		compat_add_field(&reading, fields[i]);
	netstat_add_program(netstat, &reading);
	error = compat_read(&reading, put_unix_row, netstat_note_losses, netstat);
	return error == -ENOMEM ? NETSTAT_FAILED : NETSTAT_OK;
}

/* ---- IPX and AX.25, on kernels that have them ---- */

static void put_name(struct buf *out, const struct estab_socket *sock, enum estab_field field,
		     const char *otherwise, size_t width)
{
	uint64_t start = buf_total(out);
	const void *name;
	size_t length;

	if (estab_socket_get_bytes(sock, field, &name, &length) == 0)
		buf_escape(out, name, length);
	else
		buf_str(out, otherwise);
	compat_pad(out, start, width);
	buf_char(out, ' ');
}

static void put_ipx_row(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct netstat *netstat = arg;
	struct buf *out = &netstat->out;
	enum estab_state state = compat_state(sock);
	char text[60];

	(void)proto;
	snprintf(text, sizeof(text), "IPX   %6llu %6llu ",
		 (unsigned long long)compat_u64(sock, ESTAB_F_RECV_Q, 0),
		 (unsigned long long)compat_u64(sock, ESTAB_F_SEND_Q, 0));
	buf_str(out, text);
	put_name(out, sock, ESTAB_F_LOCAL_NAME, "-", 26);
	put_name(out, sock, ESTAB_F_PEER_NAME, "-", 26);
	put_padded(out,
		   state == ESTAB_STATE_ESTABLISHED   ? "ESTAB"
		   : state == ESTAB_STATE_UNCONNECTED ? ""
						      : "UNK.",
		   5);
	buf_char(out, '\n');
}

static void put_ax25_row(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct netstat *netstat = arg;
	struct buf *out = &netstat->out;
	const char *device = compat_str(sock, ESTAB_F_INTERFACE);
	enum estab_state state = compat_state(sock);

	(void)proto;
	put_name(out, sock, ESTAB_F_PEER_NAME, "*", 9);
	buf_char(out, ' ');
	put_name(out, sock, ESTAB_F_LOCAL_NAME, "*", 9);
	buf_char(out, ' ');
	put_padded(out, device ? device : "???", 6);
	buf_char(out, ' ');
	put_padded(out, state == ESTAB_STATE_ESTABLISHED ? "ESTABLISHED" : "LISTENING", 11);
	buf_char(out, ' ');
	put_number(out, compat_u64(sock, ESTAB_F_SEND_Q, 0), 6);
	buf_str(out, "  ");
	put_number(out, compat_u64(sock, ESTAB_F_RECV_Q, 0), 6);
	buf_char(out, '\n');
}

static void note_table(void *arg, const struct estab_result *result)
{
	struct netstat *netstat = arg;
	size_t count = estab_result_source_count(result);

	for (size_t i = 0; i < count; i++) {
		struct estab_source_info info = { .size = sizeof(info) };

		if (estab_result_get_source(result, i, &info) == 0 && info.error == 0)
			netstat->has_table = true;
	}
}

/* A table that this kernel may not have: nothing is said of it then, unless it was asked for. */
static int list_rare(struct netstat *netstat, enum estab_proto proto, const char *head,
		     compat_row_fn *row)
{
	static const enum estab_field fields[] = {
		ESTAB_F_PROTO,  ESTAB_F_STATE,  ESTAB_F_LOCAL_NAME, ESTAB_F_PEER_NAME,
		ESTAB_F_RECV_Q, ESTAB_F_SEND_Q, ESTAB_F_INTERFACE,
	};
	struct compat_reading reading = { .ctx = netstat->ctx, .states = ESTAB_STATES_ALL };
	struct buf out = netstat->out;
	int error;

	compat_add_table(&reading, proto);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		compat_add_field(&reading, fields[i]);
	/* The head comes first, and only where there is a table. */
	buf_init(&netstat->out, BUF_MEMORY);
	buf_str(&netstat->out, head);
	netstat->has_table = false;
	error = compat_read(&reading, row, note_table, netstat);
	if (netstat->has_table)
		buf_put(&out, netstat->out.data, netstat->out.used);
	buf_free(&netstat->out);
	netstat->out = out;
	return error < 0 || netstat->has_table ? error : -ENOENT;
}

int netstat_ipx(struct netstat *netstat)
{
	return list_rare(netstat, ESTAB_PROTO_IPX,
			 "Active IPX sockets\nProto Recv-Q Send-Q Local Address              "
			 "Foreign Address            State\n",
			 put_ipx_row);
}

int netstat_ax25(struct netstat *netstat)
{
	return list_rare(netstat, ESTAB_PROTO_AX25,
			 "Active AX.25 sockets\nDest       Source     Device  State        "
			 "Send-Q  Recv-Q\n",
			 put_ax25_row);
}
