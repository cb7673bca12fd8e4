/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The kernel's own counts, out of files that may hold anything. */
#include "estab.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util.h"

static const char *const files[] = { "net/sockstat", "net/sockstat6", "net/snmp", "net/protocols" };

struct copy {
	char path[64];
	int fd;
};

static void copy_make(struct copy *copy)
{
	snprintf(copy->path, sizeof(copy->path), "/tmp/estab-test-counts.XXXXXX");
	assert_non_null(mkdtemp(copy->path));
	copy->fd = open(copy->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(copy->fd >= 0);
	assert_int_equal(mkdirat(copy->fd, "net", 0755), 0);
}

static void copy_put(const struct copy *copy, const char *file, const void *text, size_t length)
{
	int fd = openat(copy->fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	close(fd);
}

static void copy_remove(struct copy *copy)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(copy->fd, files[i], 0);
	unlinkat(copy->fd, "net", AT_REMOVEDIR);
	close(copy->fd);
	rmdir(copy->path);
}

static int read_copy(const struct copy *copy, struct estab_counts **ret_counts)
{
	struct estab_ctx_options options = { .size = sizeof(options), .proc_root = copy->path };
	struct estab_query *query;
	struct estab_ctx *ctx;
	int r;

	assert_int_equal(estab_ctx_new(&options, &ctx), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	r = estab_counts_read(query, ret_counts);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return r;
}

static void assert_count(const struct estab_counts *counts, const char *name, uint64_t value)
{
	uint64_t found = 0;

	assert_int_equal(estab_counts_find(counts, name, &found), 0);
	assert_int_equal(found, value);
}

static const char sockstat[] = "sockets: used 290\n"
			       "TCP: inuse 5 orphan 1 tw 2 alloc 9 mem 3\n"
			       "UDP: inuse 4 mem 2\n"
			       "FRAG: inuse 0 memory 512\n";

static void all_files(void **state)
{
	static const char sockstat6[] = "TCP6: inuse 6\nUDP6: inuse 0\n";
	static const char snmp[] = "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
				   "Tcp: RtoAlgorithm CurrEstab InSegs\nTcp: 1 7 100\n";
	static const char protocols[] = "protocol  size sockets  memory press\n"
					"UNIX-STREAM 1152      2      -1   NI\n"
					"UNIX      1152      3      -1   NI\n"
					"PING      1016      1      -1   NI\n"
					"NETLINK   1096      8      -1   NI\n";
	struct estab_count count = { .size = sizeof(count) };
	struct estab_counts *counts;
	size_t host_wide = 0;
	struct copy copy;
	uint64_t value;

	(void)state;
	copy_make(&copy);
	copy_put(&copy, files[0], sockstat, strlen(sockstat));
	copy_put(&copy, files[1], sockstat6, strlen(sockstat6));
	copy_put(&copy, files[2], snmp, strlen(snmp));
	copy_put(&copy, files[3], protocols, strlen(protocols));
	assert_int_equal(read_copy(&copy, &counts), 0);
	assert_count(counts, "sockets.used", 290);
	assert_count(counts, "tcp.inuse", 5);
	assert_count(counts, "tcp.mem_pages", 3);
	assert_count(counts, "frag.memory_bytes", 512);
	assert_count(counts, "tcp6.inuse", 6);
	assert_count(counts, "tcp.curr_estab", 7);
	assert_count(counts, "unix.inuse", 5);
	assert_count(counts, "icmp.inuse", 1);
	assert_int_equal(estab_counts_find(counts, "netlink.inuse", &value), -ENODATA);
	for (size_t i = 0; i < estab_counts_number(counts); i++) {
		assert_int_equal(estab_counts_get(counts, i, &count), 0);
		host_wide += count.flags & ESTAB_COUNT_HOST ? 1 : 0;
	}
	/* tcp.orphan, tcp.alloc, tcp.mem_pages, udp.mem_pages */
	assert_int_equal(host_wide, 4);
	assert_int_equal(estab_counts_get(counts, estab_counts_number(counts), &count), -ENOENT);
	count.size = sizeof(size_t);
	assert_int_equal(estab_counts_get(counts, 0, &count), -EINVAL);
	estab_counts_unref(counts);
	copy_remove(&copy);
}

/* The text at odds with itself, cut after every byte, with every byte in its place. */
static void anything(void **state)
{
	static const char odd[] =
		"TCP\n:\nTCP: inuse\nTCP: inuse x orphan 3 tw 99999999999999999999\n"
		"\xff: inuse 1\nUDP: in.use 1 inuse -4\n"
		"RAW: averyveryverylongnameofwhatiscounted 5\nRAW: inuse 8";
	struct estab_counts *counts;
	char text[sizeof(sockstat)];
	struct copy copy;
	uint64_t value;

	(void)state;
	copy_make(&copy);
	copy_put(&copy, files[0], odd, strlen(odd));
	assert_int_equal(read_copy(&copy, &counts), 0);
	assert_int_equal(estab_counts_number(counts), 3);
	assert_count(counts, "tcp.orphan", 3);
	assert_count(counts, "udp.inuse", 0);
	assert_count(counts, "raw.inuse", 8);
	assert_int_equal(estab_counts_find(counts, "tcp.inuse", &value), -ENODATA);
	estab_counts_unref(counts);

	for (size_t at = 0; at < strlen(sockstat); at++) {
		int r;

		copy_put(&copy, files[0], sockstat, at);
		counts = NULL;
		r = read_copy(&copy, &counts);
		assert_true(r == 0 || r == -ENOENT);
		estab_counts_unref(counts);
		for (int byte = 0; byte < 256; byte += 15) {
			memcpy(text, sockstat, sizeof(text));
			text[at] = (char)byte;
			copy_put(&copy, files[0], text, strlen(sockstat));
			copy_put(&copy, files[2], text, at);
			copy_put(&copy, files[3], text, strlen(sockstat));
			assert_int_equal(read_copy(&copy, &counts), 0);
			estab_counts_unref(counts);
		}
	}
	copy_remove(&copy);
}

static void nothing_to_read(void **state)
{
	struct estab_counts *counts = NULL;
	struct copy copy;

	(void)state;
	copy_make(&copy);
	assert_int_equal(read_copy(&copy, &counts), -ENOENT);
	assert_null(counts);
	copy_remove(&copy);
	assert_null(estab_counts_unref(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_files),
		cmocka_unit_test(anything),
		cmocka_unit_test(nothing_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
