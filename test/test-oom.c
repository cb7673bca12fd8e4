/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Memory that runs out, at every place where it can: each allocation of the library fails in turn,
 * alone or with all that follow. Whatever happens then, it is -ENOMEM or the whole answer; outputs
 * are untouched by a failure, and nothing is leaked.
 */
#include "estab.h"

#include <limits.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#include "alloc-fail.h"
#include "diag.h"
#include "fake-netlink.h"
#include "netns.h"
#include "nl.h"
#include "oom-tree.h"
#include "query.h"
#include "store.h"
#include "util.h"

enum { OUTPUT_MAX = 1024 * 1024, DUMP_MAX = 32 * 1024, DATAGRAM_MAX = 4000, PROCESSES = 80 };

/* Where a failure must leave an output alone, this is what stands there. */
#define UNTOUCHED ((void *)(uintptr_t)0x5a5a)

/* What a scenario works on, and what it says. */
struct world {
	struct tree tree; /* a saved /proc */
	char passwd[300];
	bool threads;
	bool complete;  /* it says that nothing was lost */
	char loss[64];  /* else, what */
	int excuse;     /* what a scenario may return as well */
	char netns[32]; /* the name of another namespace; "": this one's */
	size_t length;
	char output[OUTPUT_MAX];
	size_t dump_length;
	_Alignas(8) uint8_t dump[DUMP_MAX];
};

/* Takes no memory but through the library. 0, or what the library said. */
typedef int scenario_fn(struct world *world);

static int keep_output(void *arg, const char *text, size_t length)
{
	struct world *world = arg;

	assert_true(length < OUTPUT_MAX - world->length);
	memcpy(world->output + world->length, text, length);
	world->length += length;
	return 0;
}

static int drop_output(void *arg, const char *text, size_t length)
{
	(void)arg;
	(void)text;
	(void)length;
	return 0;
}

static void drop_log(void *arg, int level, const char *text)
{
	(void)arg;
	assert_in_range(level, 3, 7);
	assert_true(strlen(text) > 0);
}

/* ---- every allocation in turn ---- */

struct expected {
	char *output;
	size_t length;
};

/* How many bytes of a text are a name with its key, of those that are an extra: without the memory
 * for one it is unknown, and the answer is whole. */
static size_t name_length(const char *text, size_t length)
{
	static const char *const keys[] = {
		"\"user\":",           "\"interface\":",     "\"cgroup\":",
		"\"container_name\":", "\"runtime\":",       "\"pod_name\":",
		"\"start_time\":",     "\"pod_namespace\":", "\"age_ms\":"
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (length > strlen(keys[i]) && memcmp(text, keys[i], strlen(keys[i])) == 0)
			while (n < length && text[n] != ',' && text[n] != '}')
				n++;
	return n;
}

static void forget_names(struct world *world)
{
	size_t to = 0;

	for (size_t from = 0; from < world->length;) {
		size_t n = name_length(world->output + from, world->length - from);

		if (n == 0)
			world->output[to++] = world->output[from++];
		from += n;
	}
	world->length = to;
}

static unsigned int count_fds(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* One run in which some allocation fails. Returns whether there was one of that number. */
static bool run_short(struct world *world, scenario_fn *scenario, long number, enum alloc_mode mode,
		      const struct expected *expected)
{
	unsigned int fds = count_fds();
	long before = alloc_in_use();
	long after;
	int r;

	world->length = 0;
	world->complete = true;
	alloc_fail_arm(number, mode);
	r = scenario(world);
	alloc_fail_disarm();
	after = alloc_in_use();
	forget_names(world);
	if (r != 0 && r != -ENOMEM && r != world->excuse)
		fail_msg("allocation %ld: returned %d", number, r);
	if (count_fds() != fds)
		fail_msg("allocation %ld: a descriptor stayed open, returned %d", number, r);
	if (after != before)
		fail_msg("allocation %ld: %ld bytes leaked, returned %d", number, after - before,
			 r);
	/* Success is the whole answer, or says that it is not; a namespace may be read another way. */
	if (r == 0 && world->complete && world->excuse == 0 &&
	    (world->length != expected->length ||
	     memcmp(world->output, expected->output, expected->length) != 0))
		fail_msg("allocation %ld: another answer, and it is called complete:\n%.*s", number,
			 (int)world->length, world->output);
	return alloc_has_failed();
}

static void run_scenario(struct world *world, scenario_fn *scenario)
{
	struct expected expected;
	long count;

	/* What is made once and kept by libc must not look like a leak. */
	assert_int_equal(scenario(world), 0);
	world->length = 0;
	world->complete = true;
	alloc_fail_arm(LONG_MAX, ALLOC_FAIL_ONE);
	assert_int_equal(scenario(world), 0);
	count = alloc_fail_disarm();
	assert_true(count > 0);
	forget_names(world);
	assert_true(world->length > 0);
	if (!world->complete)
		fail_msg("something is lost where nothing should be: %s", world->loss);
	expected = (struct expected){ strndup(world->output, world->length), world->length };
	assert_non_null(expected.output);

	for (enum alloc_mode mode = ALLOC_FAIL_ONE; mode <= ALLOC_FAIL_FOLLOWS; mode++)
		for (long number = 0; run_short(world, scenario, number, mode, &expected); number++)
			assert_true(number < 10 * count + 100);
	free(expected.output);
	print_message("%ld allocations failed in turn\n", count);
}

/* ---- what is done with a context ---- */

static struct estab_ctx_options options_of(const struct world *world)
{
	return (struct estab_ctx_options){
		.size = sizeof(struct estab_ctx_options),
		.flags = world->threads ? ESTAB_CTX_THREADS : 0,
		.proc_root = world->tree.path,
		.passwd_file = world->passwd,
		.byte_order = ESTAB_BYTE_ORDER_LITTLE,
	};
}

static int make_query(const struct estab_ctx_options *options, struct estab_query **ret_query)
{
	struct estab_query *query = UNTOUCHED;
	struct estab_ctx *ctx = UNTOUCHED;
	int r = estab_ctx_new(options, &ctx);

	if (r < 0) {
		assert_ptr_equal(ctx, UNTOUCHED);
		return r;
	}
	estab_ctx_set_log(ctx, drop_log, NULL);
	r = estab_query_new(ctx, &query);
	estab_ctx_unref(ctx);
	if (r < 0)
		assert_ptr_equal(query, UNTOUCHED);
	else
		*ret_query = query;
	return r;
}

/* What needs owners, or a dump of addresses besides, which nobody plays here. */
static bool is_joined(const struct estab_field_info *info)
{
	static const char *const words[] = { "owners",      "no_owner", "direction", "peer_socket",
					     "peer_owners", "listener", "nat" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strncmp(info->name, words[i], strlen(words[i])) == 0)
			return true;
	return info->flags & ESTAB_FIELD_OWNER;
}

static int add_fields(struct estab_query *query, bool owners)
{
	enum estab_field field = ESTAB_F_NONE;
	int r = 0;

	while (r == 0 && (field = estab_field_next(field)) != ESTAB_F_NONE) {
		struct estab_field_info info = { .size = sizeof(info) };

		assert_int_equal(estab_field_get_info(field, &info), 0);
		if (!(info.subjects & BIT32(ESTAB_SUBJECT_SOCKETS)))
			continue;
		if (owners || !is_joined(&info))
			r = estab_query_add_field(query, field);
	}
	return r;
}

static int write_row(struct world *world, const struct estab_socket *sock)
{
	struct estab_socket *copy = UNTOUCHED;
	char text[16];
	int r = estab_socket_write_json(sock, keep_output, world);

	if (r == 0)
		r = estab_socket_copy(sock, &copy);
	if (r < 0) {
		assert_ptr_equal(copy, UNTOUCHED);
		return r;
	}
	estab_socket_format(sock, ESTAB_F_LOCAL, text, sizeof(text));
	r = estab_socket_write_json(copy, keep_output, world);
	estab_socket_unref(copy);
	return r;
}

static int note_result(struct world *world, const struct estab_result *result)
{
	struct estab_loss loss = { .size = sizeof(loss) };
	int r;

	world->complete = estab_result_is_complete(result);
	if (estab_result_get_loss(result, 0, &loss) == 0)
		snprintf(world->loss, sizeof(world->loss), "%s: %s", loss.what, loss.why);
	r = estab_result_write_json_head(result, drop_output, NULL);
	return r < 0 ? r : estab_result_write_json_end(result, drop_output, NULL);
}

static int take_snapshot(struct world *world, struct estab_query *query)
{
	struct estab_snapshot *snapshot = UNTOUCHED;
	int r = estab_snapshot_take(query, &snapshot);

	if (r < 0) {
		assert_ptr_equal(snapshot, UNTOUCHED);
		return r;
	}
	for (size_t i = 0; r == 0 && i < estab_snapshot_count(snapshot); i++)
		r = write_row(world, estab_snapshot_get(snapshot, i));
	if (r == 0)
		r = note_result(world, estab_snapshot_result(snapshot));
	estab_snapshot_unref(snapshot);
	return r;
}

static int run_scan(struct world *world, struct estab_query *query)
{
	const struct estab_socket *sock = UNTOUCHED;
	struct estab_scan *scan = UNTOUCHED;
	int r = estab_scan_open(query, &scan);

	if (r < 0) {
		assert_ptr_equal(scan, UNTOUCHED);
		return r;
	}
	while ((r = estab_scan_next(scan, &sock)) == 0) {
		r = write_row(world, sock);
		if (r < 0)
			break;
	}
	if (r == 1)
		r = note_result(world, estab_scan_result(scan));
	estab_scan_close(scan);
	return r;
}

/* ---- scenarios on a saved /proc ---- */

static int scan_capture(struct world *world)
{
	struct estab_ctx_options options = options_of(world);
	struct estab_query *query;
	int r = make_query(&options, &query);

	if (r < 0)
		return r;
	r = run_scan(world, query);
	estab_query_unref(query);
	return r;
}

static int scan_flows(struct world *world)
{
	static const enum estab_field fields[] = { ESTAB_F_ORIG_SRC, ESTAB_F_SOCKET, ESTAB_F_OWNERS,
						   ESTAB_F_PEER_OWNERS };
	struct estab_ctx_options options = options_of(world);
	struct estab_query *query;
	int r = make_query(&options, &query);

	if (r < 0)
		return r;
	r = estab_query_set_subject(query, ESTAB_SUBJECT_FLOWS);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++)
		r = estab_query_add_field(query, fields[i]);
	r = r == 0 ? run_scan(world, query) : r;
	estab_query_unref(query);
	return r;
}

/* Of two namespaces. */
static int scan_all_netns(struct world *world)
{
	struct estab_ctx_options options = options_of(world);
	struct estab_query *query;
	int r = make_query(&options, &query);

	if (r < 0)
		return r;
	estab_query_set_all_netns(query, 1);
	r = run_scan(world, query);
	estab_query_unref(query);
	return r;
}

static int scan_counts(struct world *world)
{
	static const enum estab_subject subjects[] = { ESTAB_SUBJECT_FLOW_STATS,
						       ESTAB_SUBJECT_EXPECTATIONS };
	struct estab_ctx_options options = options_of(world);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(subjects); i++) {
		struct estab_query *query;

		r = make_query(&options, &query);
		if (r < 0)
			return r;
		r = estab_query_set_subject(query, subjects[i]);
		if (r == 0)
			r = run_scan(world, query);
		estab_query_unref(query);
	}
	return r;
}

static int watch_flows(struct world *world)
{
	struct estab_watch *watch = UNTOUCHED;
	const struct estab_socket *flow;
	struct estab_query *query;
	int r = make_query(NULL, &query);

	if (r < 0)
		return r;
	r = estab_query_set_subject(query, ESTAB_SUBJECT_FLOWS);
	if (r == 0)
		r = estab_query_set_filter(query, "event = destroy", NULL, NULL);
	if (r == 0)
		r = estab_watch_open(query, NULL, &watch);
	estab_query_unref(query);
	assert_true((r < 0) == (watch == UNTOUCHED));
	if (r < 0)
		return r;
	assert_true(estab_watch_next(watch, &flow) >= 0);
	r = note_result(world, estab_watch_result(watch));
	estab_watch_close(watch);
	return r < 0 ? r : keep_output(world, "watched", 7);
}

static int snapshot_capture(struct world *world)
{
	struct estab_ctx_options options = options_of(world);
	struct estab_query *query;
	int r = make_query(&options, &query);

	if (r < 0)
		return r;
	r = add_fields(query, true);
	if (r == 0)
		r = estab_query_add_sort(query, ESTAB_F_LOCAL, 0);
	if (r == 0)
		r = estab_query_add_sort(query, ESTAB_F_OWNER_COMM, 1);
	if (r == 0)
		r = estab_query_set_filter(query, "state all", NULL, NULL);
	if (r == 0)
		r = take_snapshot(world, query);
	estab_query_unref(query);
	return r;
}

/* An expression that is wrong: the message about it takes memory too. */
static int set_wrong_filter(struct world *world, struct estab_query *query)
{
	size_t position = SIZE_MAX;
	char *message = UNTOUCHED;
	int r = estab_query_set_filter(query, "sport = x", &position, &message);

	if (r != -EINVAL) {
		assert_ptr_equal(message, UNTOUCHED);
		assert_int_equal(position, SIZE_MAX);
		return r;
	}
	assert_int_equal(position, 8);
	assert_non_null(message);
	keep_output(world, message, strlen(message));
	free(message);
	return 0;
}

static int filter_capture(struct world *world)
{
	static const char *const expressions[] = {
		"sport = :22",
		"src 192.0.2.0/24 and sport = :1",
		"state established",
		NULL,
	};
	struct estab_ctx_options options = options_of(world);
	struct estab_query *query;
	int r = make_query(&options, &query);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && expressions[i]; i++)
		r = estab_query_set_filter(query, expressions[i], NULL, NULL);
	if (r == 0)
		r = set_wrong_filter(world, query);
	if (r == 0)
		r = run_scan(world, query);
	estab_query_unref(query);
	return r;
}

/* ---- scenarios on what a kernel said ---- */

/* Sends the recorded dump as the kernel does, in datagrams of whole messages. */
static void replay_dump(struct world *world)
{
	struct fake_answer *answer = NULL;
	size_t at = 0;

	fake_begin();
	while (at + NLMSG_HDRLEN <= world->dump_length) {
		const struct nlmsghdr *message = (const void *)(world->dump + at);
		size_t length = NLMSG_ALIGN(message->nlmsg_len);
		struct nlmsghdr *copy;

		if (!answer || answer->length + length > DATAGRAM_MAX)
			answer = fake_datagram();
		copy = (void *)(answer->data + answer->length);
		memcpy(copy, message, length);
		copy->nlmsg_seq = FAKE_OURS;
		copy->nlmsg_pid = FAKE_OURS;
		answer->length += length;
		at += length;
	}
}

static int read_diag(struct world *world, enum estab_proto proto, bool keep)
{
	struct estab_ctx_options options = { .size = sizeof(options),
					     .passwd_file = world->passwd };
	struct estab_query *query;
	int r = make_query(&options, &query);

	if (r < 0)
		return r;
	replay_dump(world);
	r = add_fields(query, false);
	if (r == 0)
		r = estab_query_set_source(query, "diag");
	if (r == 0)
		r = estab_query_set_protos(query, BIT64(proto));
	if (r == 0)
		r = keep ? take_snapshot(world, query) : run_scan(world, query);
	fake_end();
	estab_query_unref(query);
	return r;
}

static int scan_diag_tcp(struct world *world)
{
	return read_diag(world, ESTAB_PROTO_TCP, false);
}

static int snapshot_diag_unix(struct world *world)
{
	return read_diag(world, ESTAB_PROTO_UNIX, true);
}

/* From another namespace: a helper thread opens what is read there. */
static int scan_netns(struct world *world)
{
	struct estab_ctx_options options = { .size = sizeof(options),
					     .flags = ESTAB_CTX_ENTER_NETNS,
					     .passwd_file = world->passwd };
	struct estab_query *query;
	int r = make_query(&options, &query);

	if (r < 0)
		return r;
	r = estab_query_set_netns(query, world->netns);
	if (r == 0)
		r = estab_query_set_protos(query, BIT64(ESTAB_PROTO_TCP));
	if (r == 0)
		r = run_scan(world, query);
	estab_query_unref(query);
	return r;
}

/* Names longer than any socket's: the row's room must grow. */
static int decode_large(struct world *world)
{
	struct estab_ctx_options options = options_of(world);
	_Alignas(8) uint8_t buffer[8192] = { 0 };
	struct nlmsghdr *message = (void *)buffer;
	struct unix_diag_msg *body = (void *)(buffer + NLMSG_HDRLEN);
	struct nlattr *attr = (void *)(buffer + NLMSG_LENGTH(sizeof(*body)));
	struct source_job job = { ESTAB_PROTO_UNIX, "unix", 1 << ESTAB_FAMILY_UNIX,
				  ESTAB_STATES_ALL };
	struct estab_query *query;
	struct env *env = UNTOUCHED;
	struct diag_reading reading;
	struct row row = { 0 };
	struct store store;
	int r = make_query(&options, &query);

	if (r < 0)
		return r;
	add_fields(query, true);
	r = env_new(query->ctx, query, &env);
	estab_query_unref(query);
	if (r < 0) {
		assert_ptr_equal(env, UNTOUCHED);
		return r;
	}
	*body = (struct unix_diag_msg){ .udiag_family = AF_UNIX,
					.udiag_state = ESTAB_STATE_ESTABLISHED,
					.udiag_ino = 5 };
	*attr = (struct nlattr){ .nla_len = 7000, .nla_type = UNIX_DIAG_NAME };
	memset(attr + 1, 'n', 7000 - sizeof(*attr));
	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	message->nlmsg_len = NLMSG_LENGTH(sizeof(*body)) + 7000;

	diag_reading_init(&reading, env, &job, 0);
	store_init(&store, env);
	r = ext_builder_init(&row.ext, env);
	for (int i = 0; r == 0 && i < 20; i++) {
		r = diag_unix_decode(&reading, message, &row);
		if (r == 0)
			r = store_add(&store, &row);
		if (r == 0)
			r = store_put(&store, store_at(&store, (size_t)i), EXT_PEER_PATH, "peer",
				      4);
	}
	for (size_t i = 0; r == 0 && i < store.count; i++)
		r = write_row(world, store_at(&store, i));
	ext_builder_free(&row.ext);
	store_free(&store);
	env_unref(env);
	return r;
}

/* ---- fixtures ---- */

static struct world *make_world(unsigned int processes)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	oom_tree_make(&world->tree, processes);
	snprintf(world->passwd, sizeof(world->passwd), "%s/passwd", world->tree.path);
	return world;
}

static int setup(void **state)
{
	*state = make_world(3);
	return 0;
}

static int setup_threads(void **state)
{
	struct world *world = make_world(PROCESSES);

	world->threads = true;
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	tree_remove(&world->tree);
	free(world);
	return 0;
}

static void load_dump(struct world *world, const char *name)
{
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		skip_because("the recorded dumps are little-endian");
	if (!netns_enter())
		skip_because("no network namespace here");
	world->dump_length = oom_golden(name, world->dump, sizeof(world->dump));
}

/* A process in a namespace of its own, with a socket there, until the pipe is closed. */
static pid_t hold_netns(int lifeline[2])
{
	int ready[2];
	pid_t pid;
	char byte = 0;

	assert_int_equal(pipe2(lifeline, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd;

		close(lifeline[1]);
		byte = (char)netns_enter();
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		byte = (char)(byte && fd >= 0 && listen(fd, 1) == 0);
		if (write(ready[1], &byte, 1) == 1 && read(lifeline[0], &byte, 1) == 0)
			_exit(0);
		_exit(1);
	}
	close(lifeline[0]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		byte = 0;
	close(ready[0]);
	if (byte)
		return pid;
	close(lifeline[1]);
	waitpid(pid, NULL, 0);
	return -1;
}

/* ---- the tests ---- */

static void test_scan_capture(void **state)
{
	run_scenario(*state, scan_capture);
}

static void test_scan_all_netns(void **state)
{
	static const char *const empty[] = { "2/net/tcp", "2/net/udp", "2/net/raw", "2/net/unix" };
	struct world *world = *state;

	tree_dir(&world->tree, "1");
	tree_dir(&world->tree, "1/ns");
	tree_link(&world->tree, "1/ns/net", "net:[4026531840]");
	tree_dir(&world->tree, "2/ns");
	tree_link(&world->tree, "2/ns/net", "net:[4026532000]");
	tree_dir(&world->tree, "2/net");
	tree_text(&world->tree, "2/net/udp6", oom_udp6_table);
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		tree_text(&world->tree, empty[i], "");
	tree_text(&world->tree, "1/mountinfo",
		  "1 1 0:4 net:[4026532000] /run/netns/blue rw - nsfs nsfs rw\n");
	run_scenario(world, scan_all_netns);
}

static void test_scan_counts(void **state)
{
	struct world *world = *state;

	tree_dir(&world->tree, "net/stat");
	tree_text(&world->tree, "net/nf_conntrack_expect",
		  "299 l3proto = 2 proto=6 src=1.1.1.1 dst=2.2.2.2 sport=0 dport=5150 ftp\n");
	tree_text(&world->tree, "net/stat/nf_conntrack", "entries  clashres found\n1 2 3\n1 2 3\n");
	run_scenario(world, scan_counts);
}

static void test_watch(void **state)
{
	struct world *world = *state;
	int r = watch_flows(world);

	if (r == -EPERM || r == -ENOENT) {
		print_message("skip: no events of flows are to be had here: %s\n", strerror(-r));
		skip();
	}
	run_scenario(world, watch_flows);
}

/* With the sockets that they are of, and by a translation. */
static void test_scan_flows(void **state)
{
	run_scenario(*state, scan_flows);
}

static void test_snapshot_capture(void **state)
{
	run_scenario(*state, snapshot_capture);
}

/* With a helper thread in the walk over the processes. */
static void test_snapshot_threads(void **state)
{
	run_scenario(*state, snapshot_capture);
}

static void test_filter(void **state)
{
	run_scenario(*state, filter_capture);
}

static void test_scan_diag_tcp(void **state)
{
	load_dump(*state, "diag-tcp.bin");
	run_scenario(*state, scan_diag_tcp);
}

static void test_snapshot_diag_unix(void **state)
{
	load_dump(*state, "diag-unix.bin");
	run_scenario(*state, snapshot_diag_unix);
}

static void test_scan_netns(void **state)
{
	struct world *world = *state;
	int lifeline[2];
	pid_t pid = hold_netns(lifeline);

	if (pid < 0)
		skip_because("no network namespace here");
	snprintf(world->netns, sizeof(world->netns), "pid:%d", pid);
	world->excuse = -EAGAIN;
	run_scenario(world, scan_netns);
	close(lifeline[1]);
	waitpid(pid, NULL, 0);
}

static void test_decode_large(void **state)
{
	run_scenario(*state, decode_large);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scan_capture, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scan_all_netns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scan_flows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scan_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_snapshot_capture, setup, teardown),
		cmocka_unit_test_setup_teardown(test_snapshot_threads, setup_threads, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scan_diag_tcp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_snapshot_diag_unix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scan_netns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_decode_large, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
