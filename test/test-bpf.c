/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Records of the BPF programs: read, decoded; and the programs loaded, in every mode they have. */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "caps.h"
#include "diag-fixture.h"
#include <linux/capability.h>

static struct record tcp_record(void)
{
	struct record record = {
		.size = sizeof(record),
		.kind = RECORD_ROW,
		.state = ESTAB_STATE_ESTABLISHED,
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.cookie = COOKIE,
		.inode = 4711,
		.pid = 10,
		.tid = 10,
		.fd = 3,
		.comm = "test",
		.cgroup_id = UINT64_C(0x100000002),
		.local = { 192, 0, 2, 1, 0xff },
		.peer = { 192, 0, 2, 2 },
		.netns = NETNS,
		.uid = 33,
		.recv_q = 5,
		.send_q = 6,
		.mark = 9,
		.local_port = htons(80),
		.peer_port = htons(40000),
		.type = SOCK_STREAM,
		.shutdown = 2,
		.flags = RECORD_CGROUP_ID,
	};

	return record;
}

/* A reader of these bytes and nothing more. */
static struct bpf_reader *reader_of(const void *bytes, size_t length)
{
	struct bpf_reader *reader;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], bytes, length), length);
	close(ends[1]);
	reader = bpf_reader_new(NULL, ends[0]);
	assert_non_null(reader);
	return reader;
}

static void reads_records_of_both_sizes(void **state)
{
	struct record records[2] = { tcp_record(), tcp_record() };
	uint8_t bytes[sizeof(records)];
	const struct record *record;
	struct bpf_reader *reader;

	(void)state;
	records[0].kind = RECORD_HOLDER;
	records[0].size = RECORD_HOLDER_SIZE;
	records[1].cookie = 2;
	memcpy(bytes, &records[0], RECORD_HOLDER_SIZE);
	memcpy(bytes + RECORD_HOLDER_SIZE, &records[1], sizeof(records[1]));
	reader = reader_of(bytes, RECORD_HOLDER_SIZE + sizeof(records[1]));
	assert_int_equal(bpf_reader_next(reader, &record), 0);
	assert_int_equal(record->cookie, COOKIE);
	assert_int_equal(bpf_reader_peek(reader)->cookie, 2);
	assert_int_equal(bpf_record_proto(record), -1);
	assert_int_equal(bpf_reader_next(reader, &record), 0);
	assert_int_equal(record->cookie, 2);
	assert_null(bpf_reader_peek(reader));
	assert_int_equal(bpf_record_proto(record), ESTAB_PROTO_TCP);
	assert_int_equal(bpf_reader_next(reader, &record), 1);
	assert_int_equal(bpf_reader_next(reader, &record), 1);
	bpf_reader_free(reader);
}

/* Where pages are large, a reading ends in the middle of a record. */
static void reads_records_that_are_cut(void **state)
{
	enum { N = 2000 };
	struct record holder = tcp_record();
	const struct record *record;
	struct bpf_reader *reader;
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	holder.kind = RECORD_HOLDER;
	holder.size = RECORD_HOLDER_SIZE;
	for (unsigned int i = 0; i < N; i++) {
		struct record row = tcp_record();

		row.cookie = holder.cookie = i;
		/* Of one size for a while, and then of two. */
		assert_int_equal(fwrite(&row, sizeof(row), 1, file), 1);
		if (i > N / 2 && i % 7 != 0)
			assert_int_equal(fwrite(&holder, holder.size, 1, file), 1);
	}
	assert_int_equal(fflush(file), 0);
	reader = bpf_reader_new(NULL, dup(fileno(file)));
	assert_non_null(reader);
	rewind(file);
	for (unsigned int i = 0; i < N; i++) {
		assert_int_equal(bpf_reader_next(reader, &record), 0);
		assert_int_equal(record->kind, RECORD_ROW);
		assert_int_equal(record->cookie, i);
		if (i > N / 2 && i % 7 != 0) {
			assert_int_equal(bpf_reader_next(reader, &record), 0);
			assert_int_equal(record->kind, RECORD_HOLDER);
			assert_int_equal(record->cookie, i);
		}
	}
	assert_int_equal(bpf_reader_next(reader, &record), 1);
	bpf_reader_free(reader);
	fclose(file);
}

static void refuses_other_records(void **state)
{
	static const struct {
		uint16_t size;
		uint8_t kind;
		size_t length;
	} cases[] = {
		{ 0, RECORD_ROW, sizeof(struct record) },
		{ sizeof(struct record) - 8, RECORD_ROW, sizeof(struct record) },
		{ sizeof(struct record) + 8, RECORD_ROW, sizeof(struct record) + 8 },
		{ sizeof(struct record), RECORD_ROW, sizeof(struct record) - 1 },
		{ sizeof(struct record), RECORD_HOLDER, sizeof(struct record) },
		{ RECORD_HOLDER_SIZE, RECORD_ROW, RECORD_HOLDER_SIZE },
		{ RECORD_HOLDER_SIZE, 3, RECORD_HOLDER_SIZE },
		{ RECORD_HOLDER_SIZE, RECORD_HOLDER, RECORD_HOLDER_SIZE - 1 },
		{ RECORD_HOLDER_SIZE, RECORD_HOLDER, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct record records[2] = { tcp_record(), tcp_record() };
		const struct record *record;
		struct bpf_reader *reader;

		records[0].size = cases[i].size;
		records[0].kind = cases[i].kind;
		reader = reader_of(records, cases[i].length);
		assert_int_equal(bpf_reader_next(reader, &record), -EBADMSG);
		bpf_reader_free(reader);
	}
}

static void decodes_an_established_socket(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock = &fixture->row.sock;
	struct record record = tcp_record();
	uint64_t cgroup = 0;
	uint32_t mark = 0;

	fixture->env.plan.needs = NEED_MARK | NEED_CGROUP_ID;
	assert_int_equal(bpf_record_row(&fixture->env, &record, &fixture->row), 0);
	assert_int_equal(sock->proto, ESTAB_PROTO_TCP);
	assert_int_equal(sock->family, ESTAB_FAMILY_INET);
	assert_int_equal(sock->type, ESTAB_TYPE_STREAM);
	assert_int_equal(sock->state, ESTAB_STATE_ESTABLISHED);
	assert_memory_equal(sock->inet.local, ((uint8_t[16]){ 192, 0, 2, 1 }), 16);
	assert_memory_equal(sock->inet.peer, ((uint8_t[16]){ 192, 0, 2, 2 }), 16);
	assert_int_equal(sock->local_port, 80);
	assert_int_equal(sock->peer_port, 40000);
	assert_int_equal(sock->recv_q, 5);
	assert_int_equal(sock->send_q, 6);
	assert_int_equal(sock->cookie, COOKIE);
	assert_int_equal(sock->inode, 4711);
	assert_int_equal(sock->uid, 33);
	assert_int_equal(sock->netns, NETNS);
	assert_int_equal(sock->has, HAS_NETNS | HAS_INODE | HAS_QUEUES | HAS_COOKIE | HAS_UID |
					    HAS_SHUTDOWN | SHUT_SEND | SEEN_AS_ADMIN);
	assert_true(ext_read(sock->ext, EXT_MARK, &mark, sizeof(mark)));
	assert_int_equal(mark, 9);
	assert_true(ext_read(sock->ext, EXT_CGROUP_ID, &cgroup, sizeof(cgroup)));
	assert_int_equal(cgroup, UINT64_C(0x100000002));
	assert_false(ext_has(sock->ext, EXT_V6ONLY));
	assert_int_equal(bpf_record_identity(&record, false), record_identity(sock));
}

static void decodes_a_listener(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock = &fixture->row.sock;
	struct record record = tcp_record();
	uint8_t v6only = 0;

	record.family = AF_INET6;
	record.state = ESTAB_STATE_LISTEN;
	record.flags = RECORD_V6ONLY;
	memset(record.local, 0x20, 16);
	assert_int_equal(bpf_record_row(&fixture->env, &record, &fixture->row), 0);
	assert_int_equal(sock->family, ESTAB_FAMILY_INET6);
	assert_memory_equal(sock->inet.local, record.local, 16);
	assert_true(sock->has & HAS_BACKLOG_LIMIT);
	assert_true(ext_read(sock->ext, EXT_V6ONLY, &v6only, 1));
	assert_int_equal(v6only, 1);
	/* Not asked for. */
	assert_false(ext_has(sock->ext, EXT_MARK));
	assert_false(ext_has(sock->ext, EXT_CGROUP_ID));
}

static void decodes_what_has_no_file(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock = &fixture->row.sock;
	struct record record = tcp_record();

	record.state = ESTAB_STATE_TIME_WAIT;
	record.flags = RECORD_MINISOCK;
	record.inode = 0;
	assert_int_equal(bpf_record_row(&fixture->env, &record, &fixture->row), 0);
	assert_int_equal(sock->state, ESTAB_STATE_TIME_WAIT);
	assert_int_equal(sock->has, HAS_NETNS | HAS_INODE | HAS_QUEUES | HAS_COOKIE | IS_MINISOCK |
					    SEEN_AS_ADMIN);
}

/* A bound socket may have the cookie of the time-wait socket that its connection left. */
static void tells_bound_from_time_wait(void **state)
{
	struct fixture *fixture = *state;
	struct record record = tcp_record();

	record.state = ESTAB_STATE_UNCONNECTED;
	assert_int_equal(bpf_record_state(&record, ESTAB_PROTO_TCP), ESTAB_STATE_BOUND);
	assert_int_equal(bpf_record_state(&record, ESTAB_PROTO_UDP), ESTAB_STATE_UNCONNECTED);
	assert_int_equal(bpf_record_row(&fixture->env, &record, &fixture->row), 0);
	assert_int_equal(bpf_record_identity(&record, true), record_identity(&fixture->row.sock));
	assert_int_not_equal(bpf_record_identity(&record, false),
			     bpf_record_identity(&record, true));
}

static void knows_its_tables(void **state)
{
	struct record record = tcp_record();

	(void)state;
	record.protocol = IPPROTO_UDP;
	assert_int_equal(bpf_record_proto(&record), -1);
	record.type = SOCK_DGRAM;
	assert_int_equal(bpf_record_proto(&record), ESTAB_PROTO_UDP);
	record.protocol = IPPROTO_TCP;
	record.type = SOCK_RAW;
	assert_int_equal(bpf_record_proto(&record), -1);
	record = tcp_record();
	record.family = AF_UNIX;
	assert_int_equal(bpf_record_proto(&record), -1);
}

struct netlink_bytes {
	struct record record;
	struct record_netlink more;
	uint64_t groups[2];
};

static struct netlink_bytes netlink_bytes(void)
{
	return (struct netlink_bytes){
		.record = { .size = sizeof(struct netlink_bytes),
			    .kind = RECORD_NETLINK,
			    .state = NETLINK_CONNECTED,
			    .family = AF_NETLINK,
			    .protocol = NETLINK_GENERIC,
			    .cookie = COOKIE,
			    .inode = 4711,
			    .pid = 10,
			    .netns = NETNS,
			    .uid = 33,
			    .recv_q = 5,
			    .send_q = 6,
			    .type = SOCK_DGRAM },
		.more = { .portid = 77,
			  .dst_portid = 78,
			  .dst_group = 3,
			  .flags = 1 << 1,
			  .mem = { 5, 1, 6 },
			  .n_groups = 65 },
		.groups = { 1u << 1 | UINT64_C(1) << 63, 1 },
	};
}

static void decodes_a_netlink_socket(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock = &fixture->row.sock;
	struct netlink_bytes bytes = netlink_bytes();
	const struct record *record;
	struct bpf_reader *reader = reader_of(&bytes, sizeof(bytes));
	const char *groups;
	uint32_t number = 0;
	size_t length;

	assert_int_equal(bpf_reader_next(reader, &record), 0);
	fixture->env.plan.needs = NEED_NETLINK | NEED_MEM;
	assert_int_equal(bpf_record_proto(record), ESTAB_PROTO_NETLINK);
	assert_int_equal(bpf_record_row(&fixture->env, record, &fixture->row), 0);
	assert_int_equal(sock->state, ESTAB_STATE_ESTABLISHED);
	assert_int_equal(sock->type, ESTAB_TYPE_DGRAM);
	assert_int_equal(sock->has, HAS_NETNS | HAS_INODE | HAS_QUEUES | HAS_COOKIE | HAS_UID);
	assert_int_equal(sock->netlink.protocol, NETLINK_GENERIC);
	assert_int_equal(sock->netlink.portid, 77);
	assert_int_equal(sock->netlink.dst_portid, 78);
	assert_int_equal(sock->netlink.dst_group, 3);
	assert_int_equal(sock->netlink.groups, 2);
	groups = ext_get(sock->ext, EXT_NETLINK_GROUPS, &length);
	assert_non_null(groups);
	assert_int_equal(length, strlen("2,64,65"));
	assert_memory_equal(groups, "2,64,65", length);
	assert_true(ext_read(sock->ext, EXT_NETLINK_FLAGS, &number, sizeof(number)));
	assert_int_equal(number, 2);
	assert_non_null(ext_get(sock->ext, EXT_MEM, &length));
	assert_int_equal(length, 36);
	bpf_reader_free(reader);

	/* The kernel's own has no user. */
	bytes.record.state = NETLINK_UNCONNECTED;
	bytes.record.flags = RECORD_KERNEL;
	assert_int_equal(bpf_record_row(&fixture->env, &bytes.record, &fixture->row), 0);
	assert_int_equal(sock->state, ESTAB_STATE_UNCONNECTED);
	assert_int_equal(sock->has, HAS_NETNS | HAS_INODE | HAS_QUEUES | HAS_COOKIE);
}

/* As many groups stand behind it as it says, and none that were too many for the program. */
static void refuses_other_netlink_records(void **state)
{
	static const struct {
		uint16_t size;
		uint32_t n_groups;
		int expected;
	} cases[] = {
		{ sizeof(struct netlink_bytes), 65, 0 },
		{ sizeof(struct netlink_bytes), 128, 0 },
		{ sizeof(struct netlink_bytes), 129, -EBADMSG },
		{ sizeof(struct netlink_bytes), 64, -EBADMSG },
		{ sizeof(struct netlink_bytes), 0, -EBADMSG },
		{ sizeof(struct netlink_bytes), UINT32_MAX, -EBADMSG },
		{ sizeof(struct netlink_bytes) - 16, 0, 0 },
		{ sizeof(struct record), 0, -EBADMSG },
		{ sizeof(struct record) + 8, 0, -EBADMSG },
		{ 0, 0, -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct netlink_bytes bytes = netlink_bytes();
		const struct record *record;
		struct bpf_reader *reader;

		bytes.record.size = cases[i].size;
		bytes.more.n_groups = cases[i].n_groups;
		reader = reader_of(&bytes, sizeof(bytes));
		assert_int_equal(bpf_reader_next(reader, &record), cases[i].expected);
		bpf_reader_free(reader);
	}
}

/* Whether this process may load programs; says why not. */
static bool may_load(void)
{
	struct bpf_files_config config = { .wanted = WANT_TCP };
	int fd = bpf_open_files(&config);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	if (fd == -EOPNOTSUPP)
		print_message("skip: built without BPF\n");
	else if (!caps_have(CAP_SYS_ADMIN))
		print_message("skip: no privilege to load programs\n");
	else if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		print_message("skip: the kernel has no BTF\n");
	else
		fail_msg("the program was not loaded: %s", strerror(-fd));
	return false;
}

/* Reads it to its end, and returns how many of the records have this cookie. */
static size_t count_cookie(int fd, uint64_t cookie)
{
	struct bpf_reader *reader;
	const struct record *record;
	size_t count = 0;
	int r;

	assert_true(fd >= 0);
	reader = bpf_reader_new(NULL, fd);
	assert_non_null(reader);
	while ((r = bpf_reader_next(reader, &record)) == 0)
		count += record->cookie == cookie;
	assert_int_equal(r, 1);
	bpf_reader_free(reader);
	return count;
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length), 0);
	return cookie;
}

/* The same for four sockets at once. */
static void count_all(int fd, const int fds[4], size_t counts[4])
{
	struct bpf_reader *reader;
	const struct record *record;
	int r;

	assert_true(fd >= 0);
	reader = bpf_reader_new(NULL, fd);
	assert_non_null(reader);
	while ((r = bpf_reader_next(reader, &record)) == 0)
		for (size_t i = 0; i < 4; i++)
			counts[i] += record->cookie == cookie_of(fds[i]);
	assert_int_equal(r, 1);
	bpf_reader_free(reader);
}

/* Of this kind, bound on the loopback device; listening if it can. */
static int make_socket(int domain, int type)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);
	struct sockaddr_in loopback = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};

	assert_true(fd >= 0);
	if (domain == AF_INET)
		assert_int_equal(bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)), 0);
	if (type == SOCK_STREAM && domain == AF_INET)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* With a port id, or it would not be listed. */
static int make_netlink_socket(void)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

static void send_descriptor(int through, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec vec = { .iov_base = control, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &vec,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(part), &fd, sizeof(fd));
	assert_int_equal(sendmsg(through, &message, 0), 1);
}

/* What is not wanted is not verified, so each way is another program to the kernel. */
static void loads_files_in_every_mode(void **state)
{
	static const uint32_t of_each[] = { WANT_TCP, WANT_UDP, WANT_UNIX, WANT_NETLINK };
	struct bpf_files_config config;
	int fds[4];

	(void)state;
	if (!may_load())
		skip();
	fds[0] = make_socket(AF_INET, SOCK_STREAM);
	fds[1] = make_socket(AF_INET, SOCK_DGRAM);
	fds[2] = make_socket(AF_UNIX, SOCK_STREAM);
	fds[3] = make_netlink_socket();
	for (unsigned int mode = 0; mode < 128; mode++) {
		size_t counts[4] = { 0 };

		config = (struct bpf_files_config){
			.wanted =
				mode & 8 ? UINT32_MAX : of_each[mode & 3] | of_each[mode >> 4 & 3],
			.tcp_states = mode & 1 ? UINT32_MAX : 0,
			.udp_states = mode & 2 ? UINT32_MAX : 0,
			.nested = mode & 4,
			.fields = mode >> 4 & 3,
			.netlink = mode & 64,
		};
		count_all(bpf_open_files(&config), fds, counts);
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			assert_int_equal(counts[i], (config.wanted & of_each[i]) != 0);
	}
	/* Nobody is there. */
	config.netns = 1;
	assert_int_equal(count_cookie(bpf_open_files(&config), cookie_of(fds[0])), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

/* How many of the records with this cookie there are, and how many say that they are alone. */
static void count_sole(const struct bpf_files_config *config, uint64_t cookie, size_t *ret_all,
		       size_t *ret_sole)
{
	struct bpf_reader *reader = bpf_reader_new(NULL, bpf_open_files(config));
	const struct record *record;

	*ret_all = *ret_sole = 0;
	assert_non_null(reader);
	while (bpf_reader_next(reader, &record) == 0) {
		*ret_all += record->cookie == cookie;
		*ret_sole += record->cookie == cookie && record->flags & RECORD_SOLE;
	}
	bpf_reader_free(reader);
}

/* Another descriptor, another process, a message under way: nobody is alone then. */
static void tells_who_is_alone(void **state)
{
	static const struct bpf_files_config config = { .wanted = WANT_TCP,
							.tcp_states = UINT32_MAX };
	size_t all, sole;
	int tcp, twin, ends[2];
	pid_t pid;

	(void)state;
	if (!may_load())
		skip();
	tcp = make_socket(AF_INET, SOCK_STREAM);
	count_sole(&config, cookie_of(tcp), &all, &sole);
	assert_int_equal(all, 1);
	assert_int_equal(sole, 1);
	twin = dup(tcp);
	count_sole(&config, cookie_of(tcp), &all, &sole);
	assert_int_equal(all, 2);
	assert_int_equal(sole, 0);
	close(twin);

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], ends, 1) != 0);
	}
	assert_true(pid > 0);
	count_sole(&config, cookie_of(tcp), &all, &sole);
	assert_int_equal(all, 2);
	assert_int_equal(sole, 0);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	send_descriptor(ends[0], tcp);
	count_sole(&config, cookie_of(tcp), &all, &sole);
	assert_int_equal(all, 1);
	assert_int_equal(sole, 0);
	close(ends[0]);
	close(ends[1]);
	count_sole(&config, cookie_of(tcp), &all, &sole);
	assert_int_equal(sole, 1);
	close(tcp);
}

static int open_table(int (*open_link)(uint32_t states, uint32_t fields), uint32_t states,
		      uint32_t fields)
{
	const struct env env = { .target.way = NETNS_OWN };
	int link_fd = open_link(states, fields);
	int fd;

	assert_true(link_fd >= 0);
	fd = netns_iterate(&env, link_fd);
	close(link_fd);
	return fd;
}

static struct estab_query *query_by_bpf(void)
{
	const struct estab_ctx_options options = { .size = sizeof(options),
						   .flags = ESTAB_CTX_BPF | ESTAB_CTX_THREADS };
	struct estab_query *query;
	struct estab_ctx *ctx;

	assert_int_equal(estab_ctx_new(&options, &ctx), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_query_set_protos(query, 1 << ESTAB_PROTO_TCP), 0);
	assert_int_equal(estab_query_add_field(query, ESTAB_F_OWNER_PID), 0);
	assert_int_equal(estab_query_add_field(query, ESTAB_F_COOKIE), 0);
	assert_int_equal(estab_query_set_source(query, "bpf"), 0);
	estab_ctx_unref(ctx);
	return query;
}

/* Rows come while others are read: each can be kept, and the scan be given up between any two. */
static void streams_and_stops(void **state)
{
	struct estab_socket *copy = NULL;
	const struct estab_socket *sock;
	struct estab_query *query;
	struct estab_scan *scan;
	uint64_t pid = 0;
	int tcp[3];

	(void)state;
	if (!may_load())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(tcp); i++)
		tcp[i] = make_socket(AF_INET, SOCK_STREAM);
	query = query_by_bpf();
	assert_int_equal(estab_scan_open(query, &scan), 0);
	while (!copy && estab_scan_next(scan, &sock) == 0) {
		uint64_t cookie = 0;

		assert_int_equal(estab_socket_get_u64(sock, ESTAB_F_COOKIE, &cookie), 0);
		if (cookie == cookie_of(tcp[0]))
			assert_int_equal(estab_socket_copy(sock, &copy), 0);
	}
	assert_non_null(copy);
	estab_scan_cancel(scan);
	assert_int_equal(estab_scan_next(scan, &sock), -ECANCELED);
	assert_int_equal(estab_scan_next(scan, &sock), -ECANCELED);
	estab_scan_close(scan);
	assert_int_equal(estab_socket_owner_count(copy), 1);
	assert_int_equal(estab_owner_get_u64(estab_socket_owner(copy, 0), ESTAB_F_OWNER_PID, &pid),
			 0);
	assert_int_equal(pid, getpid());
	estab_socket_unref(copy);

	/* Given up before the first. */
	assert_int_equal(estab_scan_open(query, &scan), 0);
	estab_scan_close(scan);
	estab_query_unref(query);
	for (size_t i = 0; i < ARRAY_SIZE(tcp); i++)
		close(tcp[i]);
}

/* What a deadline leaves unread is told: rows, and owners. */
static void tells_of_a_deadline(void **state)
{
	const struct estab_result *result;
	const struct estab_socket *sock;
	struct estab_query *query;
	struct estab_scan *scan;
	unsigned int told = 0;

	(void)state;
	if (!may_load())
		skip();
	query = query_by_bpf();
	assert_int_equal(estab_query_set_deadline_ms(query, 1), 0);
	assert_int_equal(estab_scan_open(query, &scan), 0);
	usleep(5000);
	assert_int_equal(estab_scan_next(scan, &sock), 1);
	result = estab_scan_result(scan);
	for (size_t i = 0; i < estab_result_loss_count(result); i++) {
		struct estab_loss loss = { .size = sizeof(loss) };

		assert_int_equal(estab_result_get_loss(result, i, &loss), 0);
		if (strcmp(loss.why, "deadline") == 0)
			told |= strcmp(loss.what, "rows") == 0 ? 1 : 2;
	}
	assert_int_equal(told, 3);
	assert_false(estab_result_is_exact(result));
	estab_scan_close(scan);
	estab_query_unref(query);
}

static void loads_the_tables(void **state)
{
	const struct env env = { .target.way = NETNS_OWN };
	int tcp, udp, netlink, link_fd;

	(void)state;
	if (!may_load())
		skip();
	tcp = make_socket(AF_INET, SOCK_STREAM);
	udp = make_socket(AF_INET, SOCK_DGRAM);
	netlink = make_netlink_socket();
	link_fd = bpf_link_netlink();
	assert_true(link_fd >= 0);
	assert_int_equal(count_cookie(netns_iterate(&env, link_fd), cookie_of(netlink)), 1);
	close(link_fd);
	close(netlink);
	for (uint32_t fields = 0; fields < 4; fields++) {
		uint32_t some = 1u << ESTAB_STATE_ESTABLISHED;

		assert_int_equal(count_cookie(open_table(bpf_link_tcp, UINT32_MAX, fields),
					      cookie_of(tcp)),
				 1);
		assert_int_equal(count_cookie(open_table(bpf_link_udp, UINT32_MAX, fields),
					      cookie_of(udp)),
				 1);
		assert_int_equal(
			count_cookie(open_table(bpf_link_tcp, some, fields), cookie_of(tcp)), 0);
		assert_int_equal(
			count_cookie(open_table(bpf_link_udp, some, fields), cookie_of(udp)), 0);
	}
	close(tcp);
	close(udp);
}

static void finds_the_namespace_of_a_socket(void **state)
{
	const struct record *record;
	struct bpf_reader *reader;
	unsigned int found = 0;
	struct stat st;
	int fd, local;

	(void)state;
	if (!may_load())
		skip();
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	local = make_socket(AF_UNIX, SOCK_STREAM);
	fd = bpf_open_netns(false);
	assert_true(fd >= 0);
	reader = bpf_reader_new(NULL, fd);
	assert_non_null(reader);
	while (bpf_reader_next(reader, &record) == 0) {
		found += record->netns == st.st_ino;
		assert_int_not_equal(record->pid, 0);
	}
	/* Of all sockets of ours one is enough. */
	assert_int_equal(found, 1);
	bpf_reader_free(reader);
	close(local);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_records_of_both_sizes),
		cmocka_unit_test(reads_records_that_are_cut),
		cmocka_unit_test(refuses_other_records),
		cmocka_unit_test_setup_teardown(decodes_an_established_socket, setup, teardown),
		cmocka_unit_test_setup_teardown(decodes_a_listener, setup, teardown),
		cmocka_unit_test_setup_teardown(decodes_what_has_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_bound_from_time_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(decodes_a_netlink_socket, setup, teardown),
		cmocka_unit_test(refuses_other_netlink_records),
		cmocka_unit_test(knows_its_tables),
		cmocka_unit_test(loads_files_in_every_mode),
		cmocka_unit_test(tells_who_is_alone),
		cmocka_unit_test(streams_and_stops),
		cmocka_unit_test(tells_of_a_deadline),
		cmocka_unit_test(loads_the_tables),
		cmocka_unit_test(finds_the_namespace_of_a_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
