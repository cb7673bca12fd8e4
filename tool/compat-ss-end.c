/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* ss(8) -K and -E: sockets that are closed, and sockets that end. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "compat-ss.h"
#include "util.h"

static int refuse(int status, const char *what, int error)
{
	compat_complain("ss", what, strerror(-error));
	return status;
}

static bool is_closable(enum estab_proto proto)
{
	return proto == ESTAB_PROTO_TCP || proto == ESTAB_PROTO_UDP;
}

/* ---- -K ---- */

/* What can't be closed, or is gone by now, is passed over in silence. */
static void close_row(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct ss *ss = arg;
	int error = ss->refused ? -EPERM : estab_destroyer_destroy(ss->destroyer, sock);

	if (error == 0)
		ss_put_row(ss, proto, sock);
	if (error == -EPERM && !ss->refused) {
		compat_complain("ss", "SOCK_DESTROY answers", strerror(EPERM));
		ss->refused = true;
	}
}

/* Those of which the kernel closes one by its cookie, and no other. */
static void keep_closable(struct compat_reading *reading)
{
	size_t kept = 0;

	for (size_t i = 0; i < reading->n_order; i++)
		if (is_closable(reading->order[i]))
			reading->order[kept++] = reading->order[i];
	reading->n_order = kept;
}

static int open_destroyer(struct ss *ss, const struct compat_reading *reading)
{
	struct estab_query *query;
	/* All that it wants of what is read, the interface, is read in any case. */
	int error = compat_query(reading, BIT64(ESTAB_PROTO_TCP), &query);

	if (error < 0)
		return error;
	error = estab_destroyer_open(query, &ss->destroyer);
	estab_query_unref(query);
	return error;
}

int ss_kill(struct ss *ss, struct compat_reading *reading)
{
	int error = open_destroyer(ss, reading);

	if (error < 0)
		return refuse(SS_REFUSED, NULL, error);
	keep_closable(reading);
	ss_make_table(ss);
	error = compat_read(reading, close_row, NULL, ss);
	ss_end_table(ss);
	ss->destroyer = estab_destroyer_close(ss->destroyer);
	if (error == 0 || compat_is_absent(error))
		return SS_OK;
	return refuse(error == -ENOMEM ? SS_REFUSED : SS_OK, NULL, error);
}

/* ---- -E ---- */

/* What is not known of a socket any more: who had it. */
static bool is_gone(enum estab_field field)
{
	return field == ESTAB_F_OWNERS || field == ESTAB_F_OWNER_CONTEXT;
}

static int open_watch(const struct compat_reading *reading, struct estab_watch **ret_watch)
{
	struct compat_reading known = *reading;
	struct estab_query *query;
	uint64_t protos = 0;
	int error;

	known.n_fields = 0;
	for (size_t i = 0; i < reading->n_fields; i++)
		if (!is_gone(reading->fields[i]))
			compat_add_field(&known, reading->fields[i]);
	for (size_t i = 0; i < reading->n_order; i++)
		if (is_closable(reading->order[i]))
			protos |= BIT64(reading->order[i]);
	if (protos == 0)
		return -EOPNOTSUPP;
	error = compat_query(&known, protos, &query);
	if (error < 0)
		return error;
	error = estab_watch_open(query, NULL, ret_watch);
	estab_query_unref(query);
	return error;
}

static int show_ended(struct ss *ss, struct estab_watch *watch)
{
	const struct estab_socket *sock;
	int r;

	while ((r = estab_watch_next(watch, &sock)) == 0) {
		const char *word = compat_str(sock, ESTAB_F_PROTO);
		bool udp = word && strcmp(word, estab_proto_name(ESTAB_PROTO_UDP)) == 0;

		ss_put_row(ss, udp ? ESTAB_PROTO_UDP : ESTAB_PROTO_TCP, sock);
		compat_table_flush(&ss->table);
		if (ss->out.error < 0)
			return ss->out.error;
	}
	buf_flush(&ss->out);
	return r < 0 ? r : ss->out.error;
}

/* Once is enough: whoever reads can't tell how many there were. */
static void tell_losses(struct ss *ss, const struct estab_watch *watch)
{
	if (ss->refused || estab_result_is_complete(estab_watch_result(watch)))
		return;
	compat_complain("ss", NULL,
			"sockets ended faster than they could be read: some are missing");
	ss->refused = true;
}

int ss_follow(struct ss *ss, const struct compat_reading *reading)
{
	struct estab_watch *watch;
	struct pollfd ready = { .events = POLLIN };
	int error = open_watch(reading, &watch);

	if (error < 0)
		return refuse(SS_USAGE, "-E", error);
	ready.fd = estab_watch_fd(watch);
	ss_make_table(ss);
	while (error == 0) {
		if (poll(&ready, 1, -1) < 0 && errno != EINTR)
			error = -errno;
		if (error == 0)
			error = show_ended(ss, watch);
		tell_losses(ss, watch);
	}
	ss_end_table(ss);
	estab_watch_close(watch);
	/* The caller tells what became of the output. */
	return ss->out.error < 0 ? SS_REFUSED : refuse(SS_USAGE, "-E", error);
}
