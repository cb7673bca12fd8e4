/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "source.h"

#include <arpa/inet.h>

#include "procfs-fixture.h"

#define HEADER "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#define HEADER_UNIX "Num       RefCount Protocol Flags    Type St Inode Path\n"
#define ROW4(inode)                                                                           \
	"0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 " inode \
	" 1 0\n"
#define ROW6(inode)                                                                          \
	"0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A " \
	"00000000:00000000 00:00000000 00000000 0 0 " inode " 1 0\n"
#define UNIX_ROW "00000000ca71c6bd: 00000003 00000000 00000000 0001 03 "

static void assert_source(const struct reading *reading, size_t index, const char *table,
			  const char *path, int error, uint64_t rows)
{
	const struct result_source *source = &reading->result.sources[index];

	assert_true(index < reading->result.n_sources);
	assert_string_equal(source->source, "procfs");
	assert_string_equal(source->table, table);
	assert_string_equal(source->path, path);
	assert_int_equal(source->error, error);
	assert_true(source->rows == rows);
}

struct golden {
	uint8_t state;
	const char *local;
	uint16_t local_port;
	const char *peer;
	uint16_t peer_port;
	uint8_t timer_kind;
	uint32_t timer_ms;
	uint32_t uid;
	uint64_t inode;
};

static const struct golden golden_2006[] = {
	{ ESTAB_STATE_LISTEN, "127.0.0.1", 41760, "0.0.0.0", 0, TIMER_OFF, 0, 105, 10199 },
	{ ESTAB_STATE_LISTEN, "127.0.0.1", 47343, "0.0.0.0", 0, TIMER_OFF, 0, 105, 10210 },
	{ ESTAB_STATE_LISTEN, "127.0.0.1", 631, "0.0.0.0", 0, TIMER_OFF, 0, 0, 10292 },
	{ ESTAB_STATE_ESTABLISHED, "203.229.213.133", 46156, "207.46.110.38", 1863, TIMER_OFF, 0,
	  1001, 61497 },
	{ ESTAB_STATE_ESTABLISHED, "203.229.213.133", 52070, "218.234.19.87", 22, TIMER_KEEPALIVE,
	  5588400, 1001, 70721 },
	{ ESTAB_STATE_ESTABLISHED, "203.229.213.133", 50963, "218.234.19.87", 22, TIMER_KEEPALIVE,
	  5020430, 1001, 66949 },
	{ ESTAB_STATE_ESTABLISHED, "127.0.0.1", 41760, "127.0.0.1", 47122, TIMER_OFF, 0, 105,
	  10202 },
	{ ESTAB_STATE_ESTABLISHED, "127.0.0.1", 47122, "127.0.0.1", 41760, TIMER_OFF, 0, 105,
	  10216 },
	{ ESTAB_STATE_ESTABLISHED, "203.229.213.133", 44002, "207.46.27.82", 1863, TIMER_OFF, 0,
	  1001, 62217 },
	{ ESTAB_STATE_ESTABLISHED, "203.229.213.133", 57027, "211.117.61.247", 6667,
	  TIMER_KEEPALIVE, 1732490, 1001, 21080 },
};

/* Its last columns lost some of their separators. */
static const struct golden golden_forum[] = {
	{ ESTAB_STATE_LISTEN, "127.0.1.1", 53, "0.0.0.0", 0, TIMER_OFF, 0, 0, 11190 },
	{ ESTAB_STATE_ESTABLISHED, "192.168.0.135", 37372, "10.0.2.15", 5555, TIMER_KEEPALIVE,
	  28060, 1000, 5565254 },
};

static void check_golden(const char *capture, const struct golden *golden, size_t n_golden)
{
	const char *top = getenv("ESTAB_SRCDIR");
	char directory[512];
	char path[600];
	struct reading *reading;

	snprintf(directory, sizeof(directory), "%s/test/golden/%s", top ? top : ".", capture);
	reading = reading_on(directory, "net");
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->error, 1);
	assert_int_equal(reading->n_rows, n_golden);
	assert_int_equal(reading->result.n_losses, 0);
	snprintf(path, sizeof(path), "%s/net/tcp", directory);
	assert_source(reading, 0, "tcp", path, 0, n_golden);
	snprintf(path, sizeof(path), "%s/net/tcp6", directory);
	assert_source(reading, 1, "tcp6", path, -ENOENT, 0);

	for (size_t i = 0; i < n_golden; i++) {
		const struct estab_socket *sock = &reading->rows[i].sock;
		char text[INET6_ADDRSTRLEN];

		assert_int_equal(sock->proto, ESTAB_PROTO_TCP);
		assert_int_equal(sock->family, ESTAB_FAMILY_INET);
		assert_int_equal(sock->type, ESTAB_TYPE_STREAM);
		assert_int_equal(sock->state, golden[i].state);
		assert_string_equal(inet_ntop(AF_INET, sock->inet.local, text, sizeof(text)),
				    golden[i].local);
		assert_string_equal(inet_ntop(AF_INET, sock->inet.peer, text, sizeof(text)),
				    golden[i].peer);
		assert_int_equal(sock->local_port, golden[i].local_port);
		assert_int_equal(sock->peer_port, golden[i].peer_port);
		assert_int_equal(sock->send_q, 0);
		assert_int_equal(sock->recv_q, 0);
		assert_int_equal(sock->timer_kind, golden[i].timer_kind);
		assert_int_equal(sock->timer_ms, golden[i].timer_ms);
		assert_int_equal(sock->timer_retransmits, 0);
		assert_int_equal(sock->uid, golden[i].uid);
		assert_true(sock->inode == golden[i].inode);
		assert_int_equal(sock->has, HAS_QUEUES | HAS_INODE | HAS_UID | HAS_TIMER);
	}
	reading_end(reading);
}

static void test_golden(void **state)
{
	(void)state;
	check_golden("proc-2006", golden_2006, ARRAY_SIZE(golden_2006));
	check_golden("proc-forum", golden_forum, ARRAY_SIZE(golden_forum));
}

static void test_files_of_a_table(void **state)
{
	struct reading *reading = reading_on_new();
	char path[64];

	(void)state;
	assert_int_equal(run(reading), -ENOENT);
	assert_int_equal(reading->result.n_losses, 0);

	write_table(reading, "tcp6", HEADER ROW6("6"));
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_int_equal(reading->rows[0].sock.family, ESTAB_FAMILY_INET6);
	assert_int_equal(reading->result.n_losses, 0);

	write_table(reading, "tcp", HEADER ROW4("4") ROW4("5"));
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 3);
	assert_true(reading->rows[0].sock.inode == 4);
	assert_true(reading->rows[2].sock.inode == 6);
	snprintf(path, sizeof(path), "%s/net/tcp", reading->directory);
	assert_source(reading, 0, "tcp", path, 0, 2);
	snprintf(path, sizeof(path), "%s/net/tcp6", reading->directory);
	assert_source(reading, 1, "tcp6", path, 0, 1);

	reading->job.families = V6;
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_int_equal(reading->result.n_sources, 1);
	reading->job.families = V4;
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 2);
	assert_int_equal(reading->result.n_sources, 1);

	reading->job.states = BIT32(ESTAB_STATE_ESTABLISHED);
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 0);
	assert_true(reading->result.sources[0].rows == 0);

	reading->job.proto = ESTAB_PROTO_MPTCP;
	assert_int_equal(run(reading), -EOPNOTSUPP);
	reading_end(reading);
}

/* What is there but can't be read is a loss, when its sibling can. */
static void test_unreadable_file(void **state)
{
	struct reading *reading = reading_on_new();

	(void)state;
	assert_int_equal(mkfifoat(reading->ctx.proc_fd, "net/tcp", 0600), 0);
	assert_int_equal(run(reading), -EINVAL);
	write_table(reading, "tcp6", HEADER ROW6("6"));
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_int_equal(reading->result.sources[0].error, -EINVAL);
	assert_true(lost(reading, "table", "unavailable", "tcp") == 1);

	assert_int_equal(unlinkat(reading->ctx.proc_fd, "net/tcp", 0), 0);
	assert_int_equal(mkdirat(reading->ctx.proc_fd, "net/tcp", 0700), 0);
	assert_int_equal(run(reading), 0);
	assert_true(lost(reading, "table", "unavailable", "tcp") == 1);
	reading_end(reading);

	if (geteuid() == 0 && seteuid(65534) == 0) {
		struct reading *denied;

		assert_int_equal(seteuid(0), 0);
		denied = reading_on_new();
		write_table(denied, "tcp", HEADER);
		write_table(denied, "tcp6", HEADER ROW6("6"));
		assert_int_equal(fchmodat(denied->ctx.proc_fd, "net/tcp6", 0644, 0), 0);
		assert_int_equal(fchmodat(denied->ctx.proc_fd, "net", 0755, 0), 0);
		assert_int_equal(fchmod(denied->ctx.proc_fd, 0755), 0);
		assert_int_equal(seteuid(65534), 0);
		assert_int_equal(run(denied), 0);
		assert_true(lost(denied, "table", "permission", "tcp") == 1);
		denied->job.families = V4;
		assert_int_equal(run(denied), -EACCES);
		assert_int_equal(seteuid(0), 0);
		reading_end(denied);
	} else {
		print_message("not run: -EACCES needs another user to be had\n");
	}
}

static void test_malformed_lines(void **state)
{
	static const char nul[] = HEADER "0: 0100007F:0050\0" ROW4("3") ROW4("4");
	struct reading *reading = reading_on_new();

	(void)state;
	write_table(reading, "tcp", HEADER "garbage\n" ROW4("1") "\n   \n" ROW6("9") ROW4("2"));
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 2);
	assert_true(reading->rows[1].sock.inode == 2);
	assert_true(lost(reading, "rows", "malformed", "tcp") == 2);
	assert_true(reading->result.sources[0].rows == 2);

	write_bytes(reading, "tcp", nul, sizeof(nul) - 1);
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_true(lost(reading, "rows", "malformed", "tcp") == 1);

	/* Without a header, and with one that no kernel prints. */
	write_table(reading, "tcp", ROW4("1") ROW4("2"));
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 2);
	assert_int_equal(reading->result.n_losses, 0);
	write_table(reading, "tcp", "sl whatever\n" ROW4("1"));
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_int_equal(reading->result.n_losses, 0);
	write_table(reading, "tcp", "0:0000 0A\n" ROW4("1"));
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_true(lost(reading, "rows", "malformed", "tcp") == 1);

	write_table(reading, "tcp", "");
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 0);
	assert_int_equal(reading->result.n_losses, 0);
	reading_end(reading);
}

static void test_cut_and_crlf(void **state)
{
	static const char cut[] = HEADER ROW4("1") "0: 0100007F:0050 00000000:0000 0A "
						   "00000000:00000000 00:00000000 00000000 0 0 12";
	struct reading *reading = reading_on_new();

	(void)state;
	write_table(reading, "tcp", cut);
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_true(lost(reading, "rows", "malformed", "tcp") == 1);

	/* The same with something behind the inode is whole. */
	write_bytes(reading, "tcp", HEADER ROW4("12"), strlen(HEADER ROW4("12")) - 1);
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_int_equal(reading->result.n_losses, 0);

	write_table(reading, "tcp",
		    "sl local\r\n0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 "
		    "00000000 0 0 12\r\n\r\n");
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_true(reading->rows[0].sock.inode == 12);
	assert_int_equal(reading->result.n_losses, 0);

	reading->job.proto = ESTAB_PROTO_UNIX;
	write_table(reading, "unix",
		    "Num RefCount\r\n" UNIX_ROW "12345 /run/x\r\n" UNIX_ROW "12346\r\n");
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 2);
	assert_int_equal(reading->rows[0].path_length, 6);
	assert_int_equal(reading->result.n_losses, 0);
	write_table(reading, "unix", HEADER_UNIX UNIX_ROW "12345 /run/x\r\n");
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->rows[0].path_length, 7);
	reading_end(reading);
}

/* Lines around the longest that is read, with a row before and behind. */
static void test_long_lines(void **state)
{
	static const size_t lengths[] = { 4095,   65400,  65534,  65535,  65536,   65537,
					  131071, 131072, 131073, 200000, 1u << 20 };
	const char *before = HEADER ROW4("1");
	const char *behind = ROW4("2");
	struct reading *reading = reading_on_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t head = strlen(before);
		size_t tail = strlen(behind);
		char *text = malloc(head + lengths[i] + 1 + tail);

		assert_non_null(text);
		memcpy(text, before, head);
		memset(text + head, 'x', lengths[i]);
		text[head + lengths[i]] = '\n';
		memcpy(text + head + lengths[i] + 1, behind, tail);

		write_bytes(reading, "tcp", text, head + lengths[i] + 1 + tail);
		assert_int_equal(run(reading), 0);
		assert_int_equal(reading->n_rows, 2);
		assert_true(reading->rows[1].sock.inode == 2);
		assert_true(lost(reading, "rows", "malformed", "tcp") == 1);

		/* The same as the last line, and without a newline. */
		write_bytes(reading, "tcp", text, head + lengths[i] + 1);
		assert_int_equal(run(reading), 0);
		assert_int_equal(reading->n_rows, 1);
		assert_true(lost(reading, "rows", "malformed", "tcp") == 1);
		write_bytes(reading, "tcp", text, head + lengths[i]);
		assert_int_equal(run(reading), 0);
		assert_int_equal(reading->n_rows, 1);
		assert_true(lost(reading, "rows", "malformed", "tcp") == 1);
		free(text);
	}

	/* A good row with a long tail is one while it fits. */
	for (size_t length = 65535; length <= 65536; length++) {
		char *text = malloc(length + 1);

		assert_non_null(text);
		memset(text, ' ', length);
		memcpy(text, ROW4("7"), strlen(ROW4("7")) - 1);
		text[length] = '\n';
		write_bytes(reading, "tcp", text, length + 1);
		assert_int_equal(run(reading), 0);
		assert_int_equal(reading->n_rows, length == 65535 ? 1 : 0);
		free(text);
	}
	reading_end(reading);
}

/* Many rows, so that lines straddle what is read at once. */
static void test_many_rows(void **state)
{
	struct reading *reading = reading_on_new();
	char *text = malloc(ROWS_MAX * 128);
	size_t length = 0;

	(void)state;
	assert_non_null(text);
	for (unsigned int i = 0; i < ROWS_MAX; i++)
		length += (size_t)snprintf(text + length, 128,
					   "%u: 0100007F:%04X 00000000:0000 0A 00000000:00000000 "
					   "00:00000000 00000000 0 0 %u 1 0\n",
					   i, i, i + 1);
	write_bytes(reading, "tcp", text, length);
	free(text);
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, ROWS_MAX);
	for (unsigned int i = 0; i < ROWS_MAX; i++) {
		assert_int_equal(reading->rows[i].sock.local_port, i);
		assert_true(reading->rows[i].sock.inode == i + 1);
	}
	assert_int_equal(reading->result.n_losses, 0);

	atomic_store(&reading->env->cancelled, true);
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->error, -ECANCELED);
	assert_int_equal(reading->n_rows, 0);
	reading_end(reading);
}

static void test_byte_order_and_netns(void **state)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	static const uint8_t backwards[4] = { 1, 0, 0, 127 };
	struct reading *reading = reading_on_new();

	(void)state;
	write_table(reading, "udp",
		    ROW4("1") "0: 7F000001:0050 00000000:0000 07 00000000:00000000 00:00000000 "
			      "00000000 0 0 2 1 0 5\n");
	reading->job.proto = ESTAB_PROTO_UDP;
	assert_int_equal(run(reading), 0);
	assert_memory_equal(reading->rows[0].sock.inet.local, loopback, 4);
	assert_memory_equal(reading->rows[1].sock.inet.local, backwards, 4);
	assert_int_equal(reading->rows[1].sock.has, HAS_QUEUES | HAS_INODE | HAS_UID);
	assert_true(reading->rows[1].has_drops);
	assert_int_equal(reading->rows[1].drops, 5);

	reading->ctx.big_endian = true;
	reading->env->netns = 4026531840;
	reading->env->plan.needs = 0;
	assert_int_equal(run(reading), 0);
	assert_memory_equal(reading->rows[0].sock.inet.local, backwards, 4);
	assert_memory_equal(reading->rows[1].sock.inet.local, loopback, 4);
	assert_int_equal(reading->rows[1].sock.has, HAS_QUEUES | HAS_INODE | HAS_UID | HAS_NETNS);
	assert_true(reading->rows[1].sock.netns == 4026531840);
	assert_false(reading->rows[1].has_drops);
	reading_end(reading);
}

static void test_unix(void **state)
{
	struct reading *reading = reading_on_new();

	(void)state;
	reading->job = (struct source_job){ ESTAB_PROTO_UNIX, "unix", 0, ESTAB_STATES_ALL };
	write_table(reading, "unix",
		    HEADER_UNIX UNIX_ROW "11111\n" UNIX_ROW "22222 /run/true\n" UNIX_ROW
					 "33333 @x\n" UNIX_ROW "22222 /run/false\n" UNIX_ROW
					 "44444 @two\nlines\n\n" UNIX_ROW "    0 /run/true\n");
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 5);
	assert_true(reading->rows[1].sock.inode == 22222);
	assert_int_equal(reading->rows[1].path_length, 9);
	assert_false(reading->rows[1].abstract);
	assert_true(reading->rows[2].abstract);
	assert_memory_equal(reading->rows[2].path, "x", 1);
	assert_true(reading->rows[4].sock.inode == 0);
	assert_int_equal(reading->rows[4].sock.has, HAS_INODE);
	assert_true(lost(reading, "rows", "forged", "unix") == 1);
	/* The rest of a name, and an empty line of it. */
	assert_true(lost(reading, "rows", "malformed", "unix") == 2);

	/* When the false one comes first, both are given out, and neither passes for the other. */
	write_table(reading, "unix",
		    HEADER_UNIX UNIX_ROW "33333 @x\n" UNIX_ROW "22222 /run/false\n" UNIX_ROW
					 "44444\n" UNIX_ROW "22222 /run/true\n");
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 4);
	assert_true(lost(reading, "rows", "forged", "unix") == 1);
	assert_true(record_identity(&reading->rows[1].sock) !=
		    record_identity(&reading->rows[3].sock));

	/* Kernels that hide their addresses give nothing else to tell these two apart. */
	write_table(reading, "unix",
		    HEADER_UNIX
		    "0000000000000000: 00000002 00000000 00000000 0001 02     0 /s\n"
		    "0000000000000000: 00000002 00000000 00000000 0001 02     0 /s\n\n");
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 2);
	assert_true(record_identity(&reading->rows[0].sock) !=
		    record_identity(&reading->rows[1].sock));

	reading->env->plan.needs = 0;
	reading->job.states = BIT32(ESTAB_STATE_LISTEN);
	write_table(reading, "unix",
		    HEADER_UNIX UNIX_ROW
		    "11111\n"
		    "00000000ca71c6bd: 00000003 00000000 00010000 0001 01 22222 "
		    "/run/x\n" UNIX_ROW "33333");
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 1);
	assert_false(reading->rows[0].has_path);
	assert_true(lost(reading, "rows", "malformed", "unix") == 1);
	reading_end(reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_files_of_a_table),
		cmocka_unit_test(test_unreadable_file),
		cmocka_unit_test(test_malformed_lines),
		cmocka_unit_test(test_cut_and_crlf),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_byte_order_and_netns),
		cmocka_unit_test(test_unix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
