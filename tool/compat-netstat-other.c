/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat(8)'s tables of unix, IPX and AX.25 sockets. */
#include <arpa/inet.h>
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
	return netstat_end(error);
}

/* ---- IPX and AX.25, on kernels that have them ---- */

/* "NETWORK:NODE:PORT". The kernel prints the port's two bytes as one number of its own order. */
static void put_ipx_name(struct netstat *netstat, const struct estab_socket *sock,
			 enum estab_field field)
{
	enum { DIGITS = 4, WIDTH = 26 };
	struct buf *out = &netstat->out;
	const void *bytes;
	const char *name;
	size_t length;
	uint64_t start;

	if (estab_socket_get_bytes(sock, field, &bytes, &length) < 0 || length < DIGITS) {
		put_padded(out, "-", WIDTH);
		return;
	}
	name = bytes;
	length -= DIGITS;
	start = buf_total(out);
	buf_escape(out, name, length);
	if (htons(1) == 1) {
		buf_escape(out, name + length, DIGITS);
	} else {
		buf_escape(out, name + length + DIGITS / 2, DIGITS / 2);
		buf_escape(out, name + length, DIGITS / 2);
	}
	compat_pad(out, start, WIDTH);
	buf_char(out, ' ');
}

static void put_ipx_row(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct netstat *netstat = arg;
	struct buf *out = &netstat->out;
	enum estab_state state = compat_state(sock);
	const char *word = state == ESTAB_STATE_ESTABLISHED   ? "ESTAB"
			   : state == ESTAB_STATE_UNCONNECTED ? ""
							      : "UNK.";
	uint64_t start;
	char text[60];

	(void)proto;
	snprintf(text, sizeof(text), "IPX   %6llu %6llu ",
		 (unsigned long long)compat_u64(sock, ESTAB_F_RECV_Q, 0),
		 (unsigned long long)compat_u64(sock, ESTAB_F_SEND_Q, 0));
	buf_str(out, text);
	put_ipx_name(netstat, sock, ESTAB_F_LOCAL_NAME);
	put_ipx_name(netstat, sock, ESTAB_F_PEER_NAME);
	start = buf_total(out);
	buf_str(out, word);
	compat_pad(out, start, 5);
	if (netstat->options.extended) {
		buf_char(out, ' ');
		netstat_put_user(netstat, (uint32_t)compat_u64(sock, ESTAB_F_UID, 0));
	}
	buf_char(out, '\n');
}

/* "%03d" */
static void put_counted(struct buf *out, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%03llu", (unsigned long long)number);
	buf_str(out, text);
}

static const char *ax25_word(const struct estab_socket *sock)
{
	static const struct {
		const char *state;
		const char *word;
	} words[] = {
		{ "sabm-sent", "SABM SENT" },
		{ "disc-sent", "DISC SENT" },
		{ "established", "ESTABLISHED" },
		{ "recovery", "RECOVERY" },
	};
	const char *state = compat_str(sock, ESTAB_F_AX25_STATE);

	for (size_t i = 0; state && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].state, state) == 0)
			return words[i].word;
	return "LISTENING";
}

/* A name, or its first part: digipeaters stand behind a comma. */
static void put_callsign(struct buf *out, const struct estab_socket *sock, enum estab_field field)
{
	uint64_t start = buf_total(out);
	const void *name;
	size_t length;

	if (estab_socket_get_bytes(sock, field, &name, &length) == 0) {
		const char *comma = memchr(name, ',', length);

		buf_escape(out, name, comma ? (size_t)(comma - (const char *)name) : length);
	} else {
		buf_char(out, '*');
	}
	compat_pad(out, start, 9);
	buf_str(out, "  ");
}

static void put_ax25_row(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct netstat *netstat = arg;
	struct buf *out = &netstat->out;
	const char *device = compat_str(sock, ESTAB_F_INTERFACE);

	(void)proto;
	put_callsign(out, sock, ESTAB_F_PEER_NAME);
	put_callsign(out, sock, ESTAB_F_LOCAL_NAME);
	put_padded(out, device ? device : "???", 6);
	buf_char(out, ' ');
	put_padded(out, ax25_word(sock), 11);
	buf_char(out, ' ');
	put_counted(out, compat_u64(sock, ESTAB_F_AX25_VR, 0));
	buf_char(out, '/');
	put_counted(out, compat_u64(sock, ESTAB_F_AX25_VS, 0));
	buf_str(out, "  ");
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
		ESTAB_F_PROTO,     ESTAB_F_STATE,  ESTAB_F_LOCAL_NAME,
		ESTAB_F_PEER_NAME, ESTAB_F_RECV_Q, ESTAB_F_SEND_Q,
		ESTAB_F_INTERFACE, ESTAB_F_UID,    ESTAB_F_AX25,
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

#define IPX_HEAD                                                              \
	"Active IPX sockets\nProto Recv-Q Send-Q Local Address              " \
	"Foreign Address            State"

int netstat_ipx(struct netstat *netstat)
{
	return list_rare(netstat, ESTAB_PROTO_IPX,
			 netstat->options.extended ? IPX_HEAD " User\n" : IPX_HEAD "\n",
			 put_ipx_row);
}

int netstat_ax25(struct netstat *netstat)
{
	return list_rare(netstat, ESTAB_PROTO_AX25,
			 "Active AX.25 sockets\nDest       Source     Device  State        "
			 "Vr/Vs    Send-Q  Recv-Q\n",
			 put_ax25_row);
}
