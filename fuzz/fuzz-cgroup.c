/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What tells of units and containers: the first byte chooses between a process's file "cgroup", a container's
 * file, a list of them, a file of users, and a host that has the first two.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "container.h"
#include "tree.h"
#include "util.h"

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum { SEPARATOR = 0xff };

static const char table[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
	"   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
	"4242 1 0 100 0 0 10 0\n";

static void check_piece(const char *text, size_t longest)
{
	must(!text || (*text && strlen(text) <= longest));
}

static void check_parse(const char *text, size_t size)
{
	const struct cgroup *cgroup = NULL;
	const struct cgroup *copy;
	struct arena arena = { 0 };
	int r = cgroup_parse(&arena, text, size, &cgroup);

	must(r == 0 || (r == -EBADMSG && !cgroup));
	if (r == 0) {
		must(cgroup->path[0] == '/' && strlen(cgroup->path) < size);
		check_piece(cgroup->unit, size);
		check_piece(cgroup->slice, size);
		check_piece(cgroup->container, size);
		check_piece(cgroup->pod, size);
		must(!cgroup->pod || !strchr(cgroup->pod, '_'));
		must(cgroup->container || cgroup->runtime == RUNTIME_UNKNOWN);
		must(!cgroup->has_uid || cgroup->unit);
		copy = cgroup_copy(&arena, cgroup);
		must(strcmp(copy->path, cgroup->path) == 0 && !copy->unit == !cgroup->unit);
	}
	arena_free(&arena);
}

static int count(void *arg, const char *id, const char *name)
{
	must(*id && *name && strlen(id) <= CONTAINER_NAME_MAX &&
	     strlen(name) <= CONTAINER_NAME_MAX);
	(*(size_t *)arg)++;
	return 0;
}

static void check_files(unsigned int which, const char *text, size_t size)
{
	struct container_file file;
	char home[64] = "";
	size_t n = 0;
	int r;

	switch (which) {
	case 1:
		r = container_read_file(text, size, &file);
		must(r == -EBADMSG || (r == 0 && strlen(file.name) + strlen(file.pod_name) +
								 strlen(file.pod_namespace) <
							 size));
		break;
	case 2:
		r = container_read_list(text, size, count, &n);
		must(r == 0 || r == -EBADMSG);
		must(n <= size / strlen("{\"id\":\"a\",\"names\":[\"b\"]}"));
		break;
	default:
		must(!container_find_home(text, size, 1000, home, sizeof(home)) || home[0] == '/');
		break;
	}
}

static void check_host(struct input input)
{
	struct input cgroup = input_until(&input, SEPARATOR);
	struct estab_ctx *ctx;

	tree_write("net/tcp", table, sizeof(table) - 1);
	tree_link("1/fd/3", "socket:[4242]");
	tree_write("1/cgroup", cgroup.at, cgroup.left);
	tree_write("1/root/var/lib/docker/containers/" ID "/config.v2.json", input.at, input.left);
	ctx = tree_ctx(NULL);
	tree_check(ctx, BIT64(ESTAB_PROTO_TCP));
	estab_ctx_unref(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	unsigned int which = input_byte(&input) % 5;
	char *text;

	if (which == 4) {
		check_host(input);
		return 0;
	}
	text = fuzz_copy(input.at, input.left);
	if (which == 0)
		check_parse(text, input.left);
	else
		check_files(which, text, input.left);
	free(text);
	return 0;
}
