/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "procfs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

/* A line is read from a copy that ends where it does, which lives until the next one is read. */
static char *line_memory;
static struct procfs_unix entry;

static int teardown(void **state)
{
	(void)state;
	free(line_memory);
	line_memory = NULL;
	return 0;
}

static int read_bytes(const char *text, size_t length, bool cut)
{
	free(line_memory);
	line_memory = malloc(length > 0 ? length : 1);
	assert_non_null(line_memory);
	memcpy(line_memory, text, length);
	return procfs_unix_line((struct procfs_line){ { line_memory, line_memory + length }, cut },
				&entry);
}

static int read_text(const char *text)
{
	return read_bytes(text, strlen(text), false);
}

static void test_columns(void **state)
{
	static const struct {
		const char *text;
		uint64_t address;
		uint64_t inode;
		uint8_t state;
		uint8_t type;
		const char *path;
	} cases[] = {
		{ "00000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062", 0xca71c6bd, 1062,
		  ESTAB_STATE_ESTABLISHED, ESTAB_TYPE_STREAM, NULL },
		{ "ffff8800d9c5e6c0: 00000002 00000000 00010000 0001 01 12345 /run/a b\t\x1b\xff",
		  UINT64_C(0xffff8800d9c5e6c0), 12345, ESTAB_STATE_LISTEN, ESTAB_TYPE_STREAM,
		  "/run/a b\t\x1b\xff" },
		{ "dd071c00: 00000002 00000000 00000000 0002 01     9 @/org/x", 0xdd071c00, 9,
		  ESTAB_STATE_UNCONNECTED, ESTAB_TYPE_DGRAM, "@/org/x" },
		{ "0000000000000000: 00000002 00000000 00010000 0005 01 123456 @", 0, 123456,
		  ESTAB_STATE_LISTEN, ESTAB_TYPE_SEQPACKET, "@" },
		/* Not accepted yet: sock_diag would call it established, too. */
		{ "00000000ca71c6bd: 00000002 00000000 00000000 0001 02     0 /run/s", 0xca71c6bd,
		  0, ESTAB_STATE_ESTABLISHED, ESTAB_TYPE_STREAM, "/run/s" },
		{ "00000000ca71c6bd: 00000001 00000000 00000000 0001 04     0", 0xca71c6bd, 0,
		  ESTAB_STATE_UNCONNECTED, ESTAB_TYPE_STREAM, NULL },
		{ "00000000ca71c6bd: 00000002 00000000 00000000 0001 01 12345  two", 0xca71c6bd,
		  12345, ESTAB_STATE_UNCONNECTED, ESTAB_TYPE_STREAM, " two" },
		{ "00000000ca71c6bd: 00000002 00000000 00000000 0001 01 12345 x\r", 0xca71c6bd,
		  12345, ESTAB_STATE_UNCONNECTED, ESTAB_TYPE_STREAM, "x\r" },
		/* A name that begins with a newline leaves this. */
		{ "00000000ca71c6bd: 00000002 00000000 00000000 0001 01 12345 ", 0xca71c6bd, 12345,
		  ESTAB_STATE_UNCONNECTED, ESTAB_TYPE_STREAM, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(read_text(cases[i].text), 0);
		assert_true(entry.address == cases[i].address);
		assert_true(entry.inode == cases[i].inode);
		assert_int_equal(entry.state, cases[i].state);
		assert_int_equal(entry.type, cases[i].type);
		assert_int_equal(entry.has_path, cases[i].path != NULL);
		if (cases[i].path) {
			assert_int_equal(entry.path_length, strlen(cases[i].path));
			assert_memory_equal(entry.path, cases[i].path, entry.path_length);
		}
	}
}

static void test_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"Num       RefCount Protocol Flags    Type St Inode Path",
		" 00000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062",
		"0000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062",
		"000000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062",
		"00000000ca71c6bd 00000003 00000000 00000000 0001 03  1062",
		"00000000ca71c6bd:00000003 00000000 00000000 0001 03  1062",
		"00000000ca71c6bd:  00000003 00000000 00000000 0001 03  1062",
		"00000000ca71c6bd: 3 00000000 00000000 0001 03  1062",
		"00000000ca71c6bd: 00000003 00000001 00000000 0001 03  1062",
		"00000000ca71c6bd: 00000003 00000000 00000001 0001 03  1062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0000 03  1062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0003 03  1062",
		"00000000ca71c6bd: 00000003 00000000 00000000 001 03  1062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 00  1062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 05  1062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 3  1062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03 1062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03   1062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03 01062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03 001062",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03  12345",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03    00",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03    -1",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03 99999999999999999999",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062x",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062\t/run/x",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03  ",
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03",
	};
	static const char nul[] = "00000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062 a\0b";
	char text[256];

	(void)state;
	memset(&entry, 0x5a, sizeof(entry));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(read_text(texts[i]), -EBADMSG);
		assert_true(entry.inode == UINT64_C(0x5a5a5a5a5a5a5a5a));
	}
	assert_int_equal(read_bytes(nul, sizeof(nul) - 1, false), -EBADMSG);

	/* A name has at most 108 bytes. */
	snprintf(text, sizeof(text),
		 "00000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062 %0108d", 0);
	assert_int_equal(read_text(text), 0);
	assert_int_equal(entry.path_length, 108);
	snprintf(text, sizeof(text),
		 "00000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062 %0109d", 0);
	assert_int_equal(read_text(text), -EBADMSG);
}

/* What the end of the text cut off can't be told from a whole. */
static void test_cut(void **state)
{
	static const char text[] =
		"00000000ca71c6bd: 00000003 00000000 00000000 0001 03  1062 /run/x";

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++)
		assert_int_equal(read_bytes(text, length, true), -EBADMSG);
}

static void assert_name(const struct row *row, bool abstract, const char *path)
{
	size_t length;
	const void *bytes = ext_get(row->sock.ext, EXT_PATH, &length);

	assert_int_equal(ext_has(row->sock.ext, EXT_ABSTRACT), abstract);
	assert_non_null(bytes);
	assert_int_equal(length, strlen(path));
	assert_memory_equal(bytes, path, length);
}

static void test_rows(void **state)
{
	struct row row;

	(void)state;
	assert_int_equal(ext_builder_init(&row.ext, NULL), 0);

	assert_int_equal(read_text("dd071c00: 00000002 00000000 00000000 0002 01     9 @/org/x"),
			 0);
	assert_int_equal(entry.references, 2);
	assert_int_equal(procfs_unix_row(&entry, true, &row), 0);
	assert_int_equal(row.sock.proto, ESTAB_PROTO_UNIX);
	assert_int_equal(row.sock.family, ESTAB_FAMILY_UNIX);
	assert_int_equal(row.sock.type, ESTAB_TYPE_DGRAM);
	assert_int_equal(row.sock.state, ESTAB_STATE_UNCONNECTED);
	assert_int_equal(row.sock.has, HAS_INODE);
	assert_true(row.sock.inode == 9);
	assert_true(row.sock.local.serial == 0);
	assert_name(&row, true, "/org/x");

	assert_int_equal(procfs_unix_row(&entry, false, &row), 0);
	assert_true(row.sock.ext->kinds == 0);

	assert_int_equal(read_text("dd071c00: 00000002 00000000 00000000 0002 01     9 @"), 0);
	assert_int_equal(procfs_unix_row(&entry, true, &row), 0);
	assert_name(&row, true, "");

	assert_int_equal(read_text("dd071c00: 00000002 00000000 00000000 0002 01     9 a@\xff"), 0);
	assert_int_equal(procfs_unix_row(&entry, true, &row), 0);
	assert_name(&row, false, "a@\xff");

	assert_int_equal(read_text("dd071c00: 00000002 00000000 00000000 0002 01     9"), 0);
	assert_int_equal(procfs_unix_row(&entry, true, &row), 0);
	assert_true(row.sock.ext->kinds == 0);

	/* Two that nobody has accepted are two sockets. */
	assert_int_equal(read_text("dd071c00: 00000002 00000000 00000000 0001 02     0 /s"), 0);
	assert_int_equal(procfs_unix_row(&entry, true, &row), 0);
	assert_true(row.sock.inode == 0);
	assert_int_equal(row.sock.has, HAS_INODE);
	uint64_t identity = record_identity(&row.sock);

	assert_int_equal(read_text("dd071c08: 00000002 00000000 00000000 0001 02     0 /s"), 0);
	assert_int_equal(procfs_unix_row(&entry, true, &row), 0);
	assert_true(record_identity(&row.sock) != identity);
	ext_builder_free(&row.ext);
}

static enum procfs_verdict watch_text(struct procfs_watch *watch, const char *text)
{
	enum procfs_verdict verdict;

	assert_int_equal(read_text(text), 0);
	assert_int_equal(procfs_watch_row(watch, &entry, strlen(text), &verdict), 0);
	return verdict;
}

#define HEAD "00000000ca71c6bd: 00000003 00000000 00000000 0001 03 "
#define OTHER "00000000deadbeef: 00000003 00000000 00010000 0001 01 "

static void test_watch_unique(void **state)
{
	struct procfs_watch watch = { 0 };
	char text[128];

	(void)state;
	for (unsigned int i = 1; i < 5000; i++) {
		snprintf(text, sizeof(text), HEAD "%5u%s", i, i % 3 ? "" : " /run/x");
		assert_int_equal(watch_text(&watch, text), PROCFS_GENUINE);
	}
	for (unsigned int i = 1; i < 5000; i++) {
		snprintf(text, sizeof(text), HEAD "%5u%s", i, i % 3 ? "" : " /run/x");
		assert_int_equal(watch_text(&watch, text), PROCFS_AGAIN);
	}
	assert_int_equal(watch.n_seen, 4999);
	/* Many have no inode, and none has one of more than 32 bits. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(watch_text(&watch, HEAD "    0 /s"), PROCFS_GENUINE);
		assert_int_equal(watch_text(&watch, HEAD "4294967297"), PROCFS_GENUINE);
	}
	procfs_watch_free(&watch);
	assert_null(watch.slots);
}

/* The true line is beyond doubt, because the one before it has no name. */
static void test_watch_forged(void **state)
{
	struct procfs_watch watch = { 0 };

	(void)state;
	assert_int_equal(watch_text(&watch, HEAD "11111"), PROCFS_GENUINE);
	assert_int_equal(watch_text(&watch, OTHER "22222 /run/true"), PROCFS_GENUINE);
	assert_int_equal(watch_text(&watch, HEAD "33333 @x"), PROCFS_GENUINE);
	assert_int_equal(watch_text(&watch, HEAD "22222 /run/false"), PROCFS_FORGED);
	assert_int_equal(watch_text(&watch, OTHER "22222 /run/true"), PROCFS_AGAIN);
	procfs_watch_free(&watch);
}

/* As before, but the false line comes first, and was given out. */
static void test_watch_forged_before(void **state)
{
	struct procfs_watch watch = { 0 };

	(void)state;
	assert_int_equal(watch_text(&watch, HEAD "33333 @x"), PROCFS_GENUINE);
	assert_int_equal(watch_text(&watch, HEAD "22222 /run/false"), PROCFS_GENUINE);
	assert_false(procfs_watch_other(&watch, 200));
	assert_int_equal(watch_text(&watch, OTHER "22222 /run/true"), PROCFS_DISPUTED);
	/* From now on the true one is known. */
	assert_int_equal(watch_text(&watch, HEAD "44444 @x"), PROCFS_GENUINE);
	assert_int_equal(watch_text(&watch, HEAD "22222 /run/false"), PROCFS_FORGED);
	procfs_watch_free(&watch);
}

/* When either may stand in a name, neither is dropped: one of them is true. */
static void test_watch_undecided(void **state)
{
	struct procfs_watch watch = { 0 };

	(void)state;
	assert_int_equal(watch_text(&watch, HEAD "33333 @x"), PROCFS_GENUINE);
	assert_int_equal(watch_text(&watch, HEAD "22222 /run/false"), PROCFS_GENUINE);
	assert_int_equal(watch_text(&watch, OTHER "44444 @y"), PROCFS_GENUINE);
	assert_int_equal(watch_text(&watch, OTHER "22222 /run/true"), PROCFS_DISPUTED);
	procfs_watch_free(&watch);
}

/* Lines beyond doubt are never called forged, whatever they say. */
static void test_watch_changed(void **state)
{
	struct procfs_watch watch = { 0 };

	(void)state;
	assert_int_equal(watch_text(&watch, HEAD "22222"), PROCFS_GENUINE);
	assert_int_equal(watch_text(&watch, HEAD "22222 /run/bound-by-now"), PROCFS_AGAIN);
	procfs_watch_free(&watch);
}

/* How far a name reaches, to the byte: 108 with all its newlines. */
static void test_watch_reach(void **state)
{
	static const char line[] = HEAD "22222";
	const size_t reach = 108 - strlen(line) - 1;
	char text[256];

	(void)state;
	for (size_t name = reach - 1; name <= reach + 1; name++) {
		struct procfs_watch watch = { 0 };

		snprintf(text, sizeof(text), HEAD "33333 %0*d", (int)name, 0);
		watch_text(&watch, text);
		watch_text(&watch, line);
		assert_int_equal(watch_text(&watch, OTHER "22222"),
				 name <= reach ? PROCFS_DISPUTED : PROCFS_AGAIN);
		procfs_watch_free(&watch);
	}
	/* What is not a line takes its part of the name. */
	for (size_t name = reach - 1; name <= reach + 1; name++) {
		struct procfs_watch watch = { 0 };

		snprintf(text, sizeof(text), HEAD "33333 %0*d", (int)name - 11, 0);
		watch_text(&watch, text);
		assert_true(procfs_watch_other(&watch, 10));
		watch_text(&watch, line);
		assert_int_equal(watch_text(&watch, OTHER "22222"),
				 name <= reach ? PROCFS_DISPUTED : PROCFS_AGAIN);
		procfs_watch_free(&watch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_watch_unique),
		cmocka_unit_test(test_watch_forged),
		cmocka_unit_test(test_watch_forged_before),
		cmocka_unit_test(test_watch_undecided),
		cmocka_unit_test(test_watch_changed),
		cmocka_unit_test(test_watch_reach),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
