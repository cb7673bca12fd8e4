/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * One process of a saved /proc. Between bytes 0xff stand: what a descriptor's link says, and the
 * files stat, status, comm, cmdline and attr/current, and what the link exe says.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"
#include "tree.h"
#include "util.h"

enum { SEPARATOR = 0xff };

static const char table[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
	"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000"
	"        0 4242 1 0000000000000000 100 0 0 10 0\n"
	"   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000"
	"        0 777 1 0000000000000000 20 4 30 10 -1\n";

/* The reader waits for processes that sleep; none of these will wake up. libc's names of parameters
 * are reserved ones. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
int nanosleep(const struct timespec *request, struct timespec *remaining)
{
	(void)request;
	(void)remaining;
	return 0;
}

/* A link can't hold just anything. */
static void write_link(const char *path, struct input target)
{
	char text[PATH_MAX];
	size_t length = MIN(target.left, sizeof(text) - 1);

	memcpy(text, target.left > 0 ? (const char *)target.at : "", length);
	text[length] = '\0';
	tree_link(path, *text ? text : "?");
}

static void write_process(struct input input)
{
	struct input piece;

	write_link("1/fd/3", input_until(&input, SEPARATOR));
	piece = input_until(&input, SEPARATOR);
	tree_write("1/stat", piece.at, piece.left);
	piece = input_until(&input, SEPARATOR);
	tree_write("1/status", piece.at, piece.left);
	tree_write("1/task/1/status", piece.at, piece.left);
	piece = input_until(&input, SEPARATOR);
	tree_write("1/comm", piece.at, piece.left);
	piece = input_until(&input, SEPARATOR);
	tree_write("1/cmdline", piece.at, piece.left);
	piece = input_until(&input, SEPARATOR);
	tree_write("1/attr/current", piece.at, piece.left);
	write_link("1/exe", input);
	tree_link("1/fd/4", "socket:[4242]");
	tree_write("net/tcp", table, sizeof(table) - 1);
}

static void check_reader(int dir_fd)
{
	struct process process = { .pid = 1 };
	struct process_stat stat = { .state = 'U' };
	struct process_reader reader;
	struct arena arena = { 0 };
	int r;

	r = process_read_stat(dir_fd, &stat);
	must(r == 0 || (r == -EBADMSG && stat.state == 'U'));
	process_may_hold(dir_fd);
	process_reader_init(&reader, &arena);
	must(process_read(&reader, dir_fd, dir_fd, UINT64_MAX, &process) == 0);
	must(process.comm && strlen(process.comm) <= 256);
	must(process.exe && *process.exe);
	if (process.cmdline) {
		must(process.cmdline_length <= PROCESS_CMDLINE_MAX + 1);
		must(process.cmdline[process.cmdline_length - 1] == '\0');
		free(fuzz_copy(process.cmdline, process.cmdline_length));
	}
	must(reader.patience_ms <= PROCESS_PATIENCE_MS);
	process_reader_free(&reader);
	arena_free(&arena);
}

static bool has_owner(const struct estab_socket *sock, int32_t fd)
{
	for (uint32_t i = 0; i < estab_socket_owner_count(sock); i++) {
		uint64_t number;

		must(estab_owner_get_u64(estab_socket_owner(sock, i), ESTAB_F_OWNER_FD, &number) ==
		     0);
		if (number == (uint64_t)fd)
			return true;
	}
	return false;
}

/* The descriptor that is given is found, and so is the other where its link says just that. */
static void check_owners(struct estab_ctx *ctx, struct input link)
{
	static const char second[] = "socket:[777]";
	bool is_second =
		link.left == sizeof(second) - 1 && memcmp(link.at, second, sizeof(second) - 1) == 0;
	struct estab_query *query = NULL;
	struct estab_snapshot *snapshot = NULL;

	must(estab_query_new(ctx, &query) == 0);
	must(estab_query_set_protos(query, BIT64(ESTAB_PROTO_TCP)) == 0);
	must(estab_query_add_field(query, ESTAB_F_OWNERS) == 0);
	must(estab_snapshot_take(query, &snapshot) == 0);
	must(estab_snapshot_count(snapshot) == 2);
	must(has_owner(estab_snapshot_get(snapshot, 0), 4));
	must(has_owner(estab_snapshot_get(snapshot, 1), 3) == is_second);
	estab_snapshot_unref(snapshot);
	estab_query_unref(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct estab_ctx *ctx;
	int dir_fd;

	write_process(input);
	dir_fd = openat(tree_fd(), "1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(dir_fd >= 0);
	check_reader(dir_fd);
	close(dir_fd);
	ctx = tree_ctx(NULL);
	tree_check(ctx, BIT64(ESTAB_PROTO_TCP));
	check_owners(ctx, input_until(&input, SEPARATOR));
	estab_ctx_unref(ctx);
	return 0;
}
