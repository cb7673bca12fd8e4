/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The text tables of IP sockets. The first byte says which table (its low three bits: tcp, udp,
 * udplite, raw, icmp), 8: that of IPv6, 16: of a big-endian machine; then comes the file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "procfs.h"
#include "tree.h"
#include "util.h"

static const struct {
	enum estab_proto proto;
	const char *names[2];
} tables[] = {
	{ ESTAB_PROTO_TCP, { "tcp", "tcp6" } },
	{ ESTAB_PROTO_UDP, { "udp", "udp6" } },
	{ ESTAB_PROTO_UDPLITE, { "udplite", "udplite6" } },
	{ ESTAB_PROTO_RAW, { "raw", "raw6" } },
	{ ESTAB_PROTO_ICMP, { "icmp", "icmp6" } },
};

static void check_line(struct input line, bool cut, const struct procfs_inet *how, struct row *row)
{
	/* Of just its size: whoever reads behind its end is caught. */
	char *text = fuzz_copy(line.at, line.left);
	struct procfs_line given = { { text, text + line.left }, cut };
	unsigned char before[sizeof(row->sock)];
	uint64_t kinds = row->ext.ext->kinds;
	int r;

	memcpy(before, &row->sock, sizeof(before));
	r = procfs_inet_line(given, how, row);
	free(text);
	must(r == 0 || r == -EBADMSG);
	if (r < 0) {
		must(memcmp(before, (const unsigned char *)&row->sock, sizeof(before)) == 0);
		must(kinds == row->ext.ext->kinds);
		return;
	}
	must(row->sock.proto == how->proto);
	must(row->sock.family == (how->v6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET));
	must(ESTAB_STATES_ALL & BIT32(row->sock.state));
	must(row->sock.has & HAS_INODE);
	must(record_identity(&row->sock) != 0);
}

static void check_lines(struct input input, const struct procfs_inet *how)
{
	struct env *env = calloc(1, sizeof(*env));
	struct row row = { 0 };

	must(env);
	must(ext_builder_init(&row.ext, env) == 0);
	row_reset(&row, how->proto, ESTAB_FAMILY_INET);
	while (input.left > 0) {
		bool cut = !memchr(input.at, '\n', input.left);

		check_line(input_until(&input, '\n'), cut, how, &row);
	}
	ext_builder_free(&row.ext);
	free(env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t choice = input_byte(&input);
	size_t table = (choice & 7u) % ARRAY_SIZE(tables);
	struct procfs_inet how = {
		.proto = tables[table].proto,
		.v6 = choice & 8,
		.big_endian = choice & 16,
		.want_drops = true,
	};
	struct estab_ctx_options options = {
		.size = sizeof(options),
		.byte_order = how.big_endian ? ESTAB_BYTE_ORDER_BIG : ESTAB_BYTE_ORDER_LITTLE,
	};
	const char *other = tables[table].names[!how.v6];
	struct estab_ctx *ctx;
	char path[32];

	check_lines(input, &how);
	/* The other family's table is there and empty; else the last input's would stand there. */
	snprintf(path, sizeof(path), "net/%s", other);
	tree_write(path, NULL, 0);
	snprintf(path, sizeof(path), "net/%s", tables[table].names[how.v6]);
	tree_write(path, input.at, input.left);
	ctx = tree_ctx(&options);
	tree_check(ctx, BIT64(how.proto));
	estab_ctx_unref(ctx);
	return 0;
}
