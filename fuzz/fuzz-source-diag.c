/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The whole way of a sock_diag dump, from the socket to the rows, with a kernel that says whatever
 * it likes. The first byte says which tables (its low three bits: tcp, udp, udplite, raw, unix,
 * mptcp, netlink, packet), 8: joins over unix sockets. Then come the kernel's answers: a byte for their kind, two for their
 * length (little-endian) and, of a datagram, its bytes.
 */
#include <errno.h>
#include <stdlib.h>

#include "../test/fake-netlink.h"
#include "tree.h"
#include "util.h"

/* The fake kernel takes eight requests, and up to three get by without an answer. */
enum { ANSWERS_MAX = 5, CHECKED_ROWS = 8 };

enum { KIND_ERRNO = 1 << 0, KIND_CUT = 1 << 1, KIND_FOREIGN = 1 << 2 };

static void script_answers(struct input input)
{
	fake_begin();
	while (input.left > 0 && fake.n_answers < ANSWERS_MAX) {
		struct fake_answer *answer = fake_datagram();
		uint8_t kind = input_byte(&input);
		size_t length = input_byte(&input);
		struct input data;

		length |= (size_t)input_byte(&input) << 8;
		/* An errno of recvmsg() is never 0. */
		if (kind & KIND_ERRNO) {
			answer->error = (int)(length & 127) + 1;
			continue;
		}
		data = input_take(&input, MIN(length, sizeof(answer->data)));
		if (data.left > 0)
			memcpy(answer->data, data.at, data.left);
		answer->length = data.left;
		answer->flags = kind & KIND_CUT ? MSG_TRUNC : 0;
		answer->sender_port = kind & KIND_FOREIGN ? 4242 : 0;
	}
}

static struct estab_query *make_query(uint8_t choice)
{
	static const enum estab_proto protos[] = {
		ESTAB_PROTO_TCP,  ESTAB_PROTO_UDP,   ESTAB_PROTO_UDPLITE, ESTAB_PROTO_RAW,
		ESTAB_PROTO_UNIX, ESTAB_PROTO_MPTCP, ESTAB_PROTO_NETLINK, ESTAB_PROTO_PACKET,
	};
	struct estab_field_info info = { .size = sizeof(info) };
	struct estab_ctx_options options = { .size = sizeof(options) };
	enum estab_field field = ESTAB_F_NONE;
	struct estab_query *query = NULL;
	struct estab_ctx *ctx = NULL;
	char passwd[300];

	/* Not the host's users; and not its owners, whom nobody of the fake kernel's has. */
	tree_write("passwd", "root:x:0:0::/:\nuser:x:1000:1000::/:\n", 36);
	snprintf(passwd, sizeof(passwd), "%s/passwd", tree_path());
	options.passwd_file = passwd;
	must(estab_ctx_new(&options, &ctx) == 0);
	must(estab_query_new(ctx, &query) == 0);
	must(estab_query_set_source(query, "diag") == 0);
	must(estab_query_set_protos(query, BIT64(protos[choice & 7u])) == 0);
	while ((field = estab_field_next(field)) != ESTAB_F_NONE) {
		must(estab_field_get_info(field, &info) == 0);
		if (!(info.subjects & BIT32(ESTAB_SUBJECT_SOCKETS)) ||
		    info.flags & ESTAB_FIELD_OWNER || field == ESTAB_F_OWNERS ||
		    field == ESTAB_F_OWNERS_COMPLETE || field == ESTAB_F_NO_OWNER)
			continue;
		if (choice & 8 || strncmp(info.name, "peer", 4) != 0)
			must(estab_query_add_field(query, field) == 0);
	}
	estab_ctx_unref(ctx);
	return query;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t choice = input_byte(&input);
	struct estab_query *query = make_query(choice);
	const struct estab_socket *sock;
	struct estab_scan *scan = NULL;
	size_t count = 0;
	int r;

	script_answers(input);
	r = estab_scan_open(query, &scan);
	must((r == 0) == (scan != NULL));
	while (r == 0 && (r = estab_scan_next(scan, &sock)) == 0)
		if (count++ < CHECKED_ROWS)
			check_socket(sock);
	if (scan) {
		/* What breaks off is said in the result; but these two may be our own as well. */
		must(r == 1 || r == -ENOMEM || r == -ECANCELED);
		must(estab_result_count(estab_scan_result(scan)) == count);
		check_result(estab_scan_result(scan));
	} else {
		must(r < 0 && r >= -4095);
	}
	estab_scan_close(scan);
	estab_query_unref(query);
	fake_end();
	return 0;
}
