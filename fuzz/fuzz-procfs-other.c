/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The text tables of sockets that are neither IP's nor unix's, and what else is read of a /proc.
 * The first byte says what ("0" to "5": netlink, packet, ax25, ipx, protocols, uid_map), with 8 on
 * top: ipx where old kernels have it; then comes the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "lines.h"
#include "netns.h"
#include "procfs.h"
#include "tree.h"
#include "util.h"

typedef int line_fn(struct procfs_line line, const struct procfs_how *how, struct row *row);

static const struct {
	enum estab_proto proto;
	enum estab_family family;
	line_fn *line;
	const char *path;
} tables[] = {
	{ ESTAB_PROTO_NETLINK, ESTAB_FAMILY_NETLINK, procfs_netlink_line, "net/netlink" },
	{ ESTAB_PROTO_PACKET, ESTAB_FAMILY_PACKET, procfs_packet_line, "net/packet" },
	{ ESTAB_PROTO_AX25, ESTAB_FAMILY_AX25, procfs_ax25_line, "net/ax25" },
	{ ESTAB_PROTO_IPX, ESTAB_FAMILY_IPX, procfs_ipx_line, "net/ipx/socket" },
};

enum { PROTOCOLS = 4, UID_MAP = 5, CHOICES = 6, OLD_PLACE = 8, TABLE_IPX = 3 };

static void check_lines(struct input input, size_t table)
{
	struct procfs_how how = { .needs = UINT32_MAX };
	struct env *env = calloc(1, sizeof(*env));
	struct row row = { 0 };

	must(env);
	must(ext_builder_init(&row.ext, env) == 0);
	while (input.left > 0) {
		bool cut = !memchr(input.at, '\n', input.left);
		struct input line = input_until(&input, '\n');
		char *text = fuzz_copy(line.at, line.left);
		int r;

		how.number++;
		r = tables[table].line((struct procfs_line){ { text, text + line.left }, cut },
				       &how, &row);
		must(r == 0 || r == -EBADMSG);
		if (r == 0) {
			must(row.sock.proto == tables[table].proto);
			must(row.sock.family == tables[table].family);
			must(ESTAB_STATES_ALL & BIT32(row.sock.state));
			must(record_identity(&row.sock) != 0);
		}
		free(text);
	}
	ext_builder_free(&row.ext);
	free(env);
}

static void check_table(struct input input, size_t table, bool old_place)
{
	const char *path = tables[table].path;
	struct estab_ctx *ctx;

	check_lines(input, table);
	if (table == TABLE_IPX) {
		/* Either a directory or the table itself. */
		unlinkat(tree_fd(), "net/ipx/socket", 0);
		unlinkat(tree_fd(), "net/ipx", AT_REMOVEDIR);
		unlinkat(tree_fd(), "net/ipx", 0);
		path = old_place ? "net/ipx" : path;
	}
	tree_write(path, input.at, input.left);
	ctx = tree_ctx(NULL);
	tree_check(ctx, BIT64(tables[table].proto));
	estab_ctx_unref(ctx);
}

static int open_file(struct input input)
{
	int fd;

	tree_write("file", input.at, input.left);
	fd = openat(tree_fd(), "file", O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	return fd;
}

static void check_protocols(struct input input)
{
	struct env *env = calloc(1, sizeof(*env));
	uint64_t count = 4711;
	int fd = open_file(input);
	int r;

	must(env);
	r = procfs_count_sockets(env, fd, "MPTCP", &count);
	must(r == 0 || (r == -EBADMSG && count == 4711));
	close(fd);
	free(env);
}

static void check_uid_map(struct input input)
{
	struct netns netns = { .way = NETNS_CHILD, .fd = -1 };
	int fd = open_file(input);

	must(netns_read_users(&netns, fd) == 0);
	for (size_t i = 0; i < netns.n_users; i++) {
		const struct netns_users *users = &netns.users[i];
		struct estab_socket sock = { .has = HAS_UID, .uid = users->inside };

		netns_adopt_uid(&netns, &sock);
		sock = (struct estab_socket){ .has = HAS_UID, .uid = users->inside + users->count };
		netns_adopt_uid(&netns, &sock);
	}
	netns_release(&netns);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t choice = input_byte(&input);
	size_t what = (choice & 7u) % CHOICES;

	if (what == PROTOCOLS)
		check_protocols(input);
	else if (what == UID_MAP)
		check_uid_map(input);
	else
		check_table(input, what, choice & OLD_PLACE);
	return 0;
}
