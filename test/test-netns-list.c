/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The list of namespaces, and what finds them: a kernel that lists them is played. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "netns-list.h"
#include "netns-walk.h"
#include "util.h"

struct world {
	struct estab_ctx ctx;
	struct env env;
	struct netns_list list;
	struct estab_result result;
	struct netns_walk walk;
	uint64_t ids[1000];
	size_t n_ids;
	size_t calls;
	int error;  /* of the list */
	bool stuck; /* it says the same for ever */
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return -1;
	world->walk.env = &world->env;
	world->walk.list = &world->list;
	world->walk.result = &world->result;
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	netns_list_free(&world->list);
	result_clear(&world->result);
	free(world);
	return 0;
}

/* ---- the list ---- */

static void keeps_each_once(void **state)
{
	struct world *world = *state;
	const struct netns_place process = { .kind = PLACE_PROCESS, .pid = 7 };
	const struct netns_place mount = { .kind = PLACE_MOUNT, .path = "/run/netns/blue" };
	size_t a = 0, b = 0, c = 0;

	assert_int_equal(netns_list_add(&world->list, 100, &process, &a), 0);
	assert_int_equal(netns_list_add(&world->list, 200, &process, &b), 0);
	assert_int_equal(netns_list_add(&world->list, 100, &mount, &c), 0);
	assert_int_equal(world->list.n, 2);
	assert_int_equal(a, c);
	assert_int_not_equal(a, b);
	assert_int_equal(world->list.items[a].n_places, 2);
	/* The path is its own. */
	assert_ptr_not_equal(world->list.items[a].places[1].path, mount.path);
	assert_string_equal(world->list.items[a].places[1].path, mount.path);
	assert_int_equal(netns_list_find(&world->list, 200), b);
	assert_true(netns_list_find(&world->list, 300) == NETNS_NONE);
	assert_true(netns_list_find(&world->list, 0) == NETNS_NONE);
}

static void keeps_few_places(void **state)
{
	struct world *world = *state;
	size_t index = 0;

	for (uint32_t pid = 1; pid < 1000; pid++)
		for (int kind = PLACE_PROCESS; kind <= PLACE_ID; kind++) {
			const struct netns_place place = { .kind = (enum netns_place_kind)kind,
							   .pid = pid,
							   .path = kind == PLACE_MOUNT ? "/x"
										       : NULL };

			assert_int_equal(netns_list_add(&world->list, 100, &place, &index), 0);
		}
	assert_in_range(world->list.items[index].n_places, 5, NETNS_PLACES);
}

/* A process that is closed to us comes before or after one of the same that is not. */
static void knows_it_by_its_tables(void **state)
{
	struct world *world = *state;
	size_t shut = 0, open = 0, other = 0;

	assert_int_equal(netns_list_add_tables(&world->list, 0, 11, NULL, &shut), 0);
	assert_int_equal(world->list.items[shut].inode, 0);
	assert_int_equal(netns_list_add_tables(&world->list, 100, 11, NULL, &open), 0);
	assert_int_equal(shut, open);
	assert_int_equal(world->list.items[shut].inode, 100);
	assert_int_equal(netns_list_find(&world->list, 100), shut);
	assert_int_equal(netns_list_add_tables(&world->list, 0, 11, NULL, &shut), 0);
	assert_int_equal(shut, open);
	assert_int_equal(netns_list_add_tables(&world->list, 0, 12, NULL, &other), 0);
	assert_int_not_equal(other, open);
	/* The number went over to another one. */
	assert_int_equal(netns_list_add_tables(&world->list, 200, 11, NULL, &other), 0);
	assert_int_not_equal(other, open);
	assert_int_equal(world->list.items[open].inode, 100);
	assert_int_equal(world->list.n, 3);
}

static void takes_the_best_name(void **state)
{
	struct world *world = *state;
	struct netns_list *list = &world->list;
	size_t index = 0;

	assert_int_equal(netns_list_add(list, 100, NULL, &index), 0);
	assert_null(list->items[index].name);
	assert_int_equal(netns_list_name_process(list, index, RANK_HOLDER, "cat", 3, 8), 0);
	assert_string_equal(list->items[index].name, "cat[8]");
	assert_int_equal(netns_list_name(list, index, RANK_MOUNT, "/a", 2), 0);
	assert_int_equal(netns_list_name_process(list, index, RANK_PROCESS, "nginx", 5, 7), 0);
	assert_string_equal(list->items[index].name, "nginx[7]");
	assert_int_equal(netns_list_name(list, index, RANK_MOUNT, "/b", 2), 0);
	assert_int_equal(netns_list_name_process(list, index, RANK_PROCESS, "other", 5, 9), 0);
	assert_string_equal(list->items[index].name, "nginx[7]");
	assert_int_equal(netns_list_name(list, index, RANK_CONTAINER, "web", 3), 0);
	assert_string_equal(list->items[index].name, "web");
	assert_int_equal(list->items[index].named_pid, 0);
	assert_int_equal(netns_list_name(list, index, RANK_NAME, "blue", 4), 0);
	assert_int_equal(netns_list_name(list, index, RANK_NAME, "green", 5), 0);
	assert_string_equal(list->items[index].name, "blue");
}

static void bears_a_long_command(void **state)
{
	struct world *world = *state;
	char comm[4096];
	size_t index = 0;

	memset(comm, 'x', sizeof(comm));
	assert_int_equal(netns_list_add(&world->list, 100, NULL, &index), 0);
	assert_int_equal(netns_list_name_process(&world->list, index, RANK_PROCESS, comm,
						 sizeof(comm), UINT32_MAX),
			 0);
	assert_int_equal(strlen(world->list.items[index].name), 128 + strlen("[4294967295]"));
}

static void reads_links(void **state)
{
	static const char *const wrong[] = { "",
					     "net",
					     "net:",
					     "net:[",
					     "net:[]",
					     "net:[x]",
					     "net:[1",
					     "net:[1]x",
					     "mnt:[1]",
					     "net:[0]",
					     "net:[-1]",
					     "xnet:[1]",
					     "net:[18446744073709551616]" };
	uint64_t inode = 0;

	(void)state;
	assert_int_equal(netns_parse_link("net:[4026531840]", 16, "net", &inode), 0);
	assert_int_equal(inode, 4026531840);
	assert_int_equal(netns_parse_link("mnt:[5]", 7, "mnt", &inode), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(netns_parse_link(wrong[i], strlen(wrong[i]), "net", &inode),
				 -EBADMSG);
	assert_int_equal(inode, 5);
}

/* ---- listns(2), played ---- */

static ssize_t play_list(void *arg, uint64_t last, uint64_t *ids, size_t room)
{
	struct world *world = arg;
	size_t n = 0;

	world->calls++;
	if (world->error != 0)
		return world->error;
	for (size_t i = 0; i < world->n_ids && n < room; i++)
		if (world->ids[i] > last || world->stuck)
			ids[n++] = world->ids[i];
	return (ssize_t)n;
}

/* Stands for the namespace of that number: a file, with an inode of its own. */
static int play_open(void *arg, uint64_t id)
{
	char path[64];

	(void)arg;
	if (id % 2 == 0)
		return id % 4 == 0 ? -ESTALE : -EPERM;
	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", getpid(), id == 1 ? "stat" : "comm");
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int play(struct world *world)
{
	const struct netns_kernel kernel = { play_list, play_open, world };

	return netns_walk_kernel(&world->walk, &kernel);
}

static void takes_what_the_kernel_lists(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(world->ids); i++)
		world->ids[i] = i + 1;
	world->n_ids = ARRAY_SIZE(world->ids);
	assert_int_equal(play(world), 0);
	/* A thousand in four calls, and a fifth that says it is the end. */
	assert_int_equal(world->calls, 5);
	assert_int_equal(world->result.n_sources, 1);
	assert_string_equal(world->result.sources[0].source, "listns");
	assert_int_equal(world->result.sources[0].error, 0);
	assert_int_equal(world->result.sources[0].rows, ARRAY_SIZE(world->ids));
	/* Half of them could not be opened; of the others there were two kinds. */
	assert_int_equal(world->list.n, 2);
	assert_int_equal(world->list.items[0].places[0].kind, PLACE_ID);
	assert_int_equal(world->list.items[0].places[0].id, 1);
}

static void does_without_it(void **state)
{
	struct world *world = *state;

	world->error = -ENOSYS;
	assert_int_equal(play(world), 1);
	assert_int_equal(world->list.n, 0);
	assert_int_equal(world->result.sources[0].error, -ENOSYS);
	assert_int_equal(world->result.n_losses, 0);
}

static void ends_where_the_kernel_does_not(void **state)
{
	struct world *world = *state;

	world->ids[0] = 1;
	world->n_ids = 1;
	world->stuck = true;
	assert_int_equal(play(world), 0);
	assert_int_equal(world->calls, 2);
}

static void ends_when_cancelled(void **state)
{
	struct world *world = *state;

	world->ids[0] = 1;
	world->n_ids = 1;
	atomic_store(&world->env.cancelled, true);
	assert_int_equal(play(world), -ECANCELED);
}

/* ---- mounts ---- */

/* Reads what is mounted where a process is, out of a file. */
static void walk_mounts(struct world *world, FILE *file, const char *directory)
{
	char path[96];
	int fd;

	assert_int_equal(fclose(file), 0);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	world->ctx.proc_path = (char *)"/proc";
	world->env.ctx = &world->ctx;
	world->walk.mnt = 77;
	assert_int_equal(netns_walk_mounts(&world->walk, fd, 5), 0);
	idset_free(&world->walk.mounts);
	close(fd);
	snprintf(path, sizeof(path), "%s/mountinfo", directory);
	unlink(path);
	rmdir(directory);
}

static FILE *begin_mounts(char *directory)
{
	char path[96];
	FILE *file;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/mountinfo", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("20 1 0:1 / / rw - ext4 /dev/root rw\n", file);
	return file;
}

static void shuns_what_may_hang(void **state)
{
	char directory[] = "/tmp/estab-test-XXXXXX";
	struct world *world = *state;
	FILE *file = begin_mounts(directory);

	fputs("21 20 0:2 / /slow rw - fuse.sshfs far rw\n"
	      "22 21 0:3 / /slow/tmp rw - tmpfs tmpfs rw\n"
	      "23 22 0:4 net:[100] /slow/tmp/n rw - nsfs nsfs rw\n"
	      "24 20 0:4 net:[101] /quick rw - nsfs nsfs rw\n"
	      "25 99 0:4 net:[102] /nowhere rw - nsfs nsfs rw\n",
	      file);
	walk_mounts(world, file, directory);
	assert_int_equal(world->list.n, 3);
	/* That there is one is known; nobody goes there that way. */
	assert_int_equal(world->list.items[netns_list_find(&world->list, 100)].n_places, 0);
	assert_int_equal(world->list.items[netns_list_find(&world->list, 101)].n_places, 1);
	assert_int_equal(world->list.items[netns_list_find(&world->list, 102)].n_places, 1);
}

/* As many as a mount namespace may have, each in a place of its own: by looking through all for each of them the
 * test would not end in its time. */
static void bears_a_hundred_thousand(void **state)
{
	enum { FIRST = 100, PAIRS = 50000 };
	char directory[] = "/tmp/estab-test-XXXXXX";
	struct world *world = *state;
	FILE *file = begin_mounts(directory);

	for (unsigned int i = 0; i < PAIRS; i++)
		fprintf(file,
			"%u 20 0:9 / /d%u rw - tmpfs t rw\n"
			"%u %u 0:4 net:[4026531840] /d%u/n rw - nsfs nsfs rw\n",
			FIRST + 2 * i, i, FIRST + 2 * i + 1, FIRST + 2 * i, i);
	walk_mounts(world, file, directory);
	assert_int_equal(world->list.n, 1);
	assert_int_equal(world->list.items[0].n_places, 1);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(keeps_each_once),
		WITH_WORLD(keeps_few_places),
		WITH_WORLD(knows_it_by_its_tables),
		WITH_WORLD(takes_the_best_name),
		WITH_WORLD(bears_a_long_command),
		cmocka_unit_test(reads_links),
		WITH_WORLD(takes_what_the_kernel_lists),
		WITH_WORLD(does_without_it),
		WITH_WORLD(ends_where_the_kernel_does_not),
		WITH_WORLD(ends_when_cancelled),
		WITH_WORLD(shuns_what_may_hang),
		WITH_WORLD(bears_a_hundred_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
