/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Lines of mountinfo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mountinfo.h"

#define NSFS \
	"812 36 0:4 net:[4026532281] /run/netns/a\\040b\\134 rw shared:9 master:3 - nsfs nsfs rw\n"

static struct cursor all_of(const char *text)
{
	return (struct cursor){ text, text + strlen(text) };
}

static void assert_text(struct mountinfo_text text, const char *wanted)
{
	assert_int_equal(text.length, strlen(wanted));
	assert_memory_equal(text.at, wanted, text.length);
}

static void reads_a_line(void **state)
{
	struct cursor text = all_of("36 1 98:0 / / rw - ext4 /dev/vda rw\n" NSFS);
	struct mountinfo mount;
	char path[64];

	(void)state;
	assert_true(mountinfo_next(&text, &mount));
	assert_int_equal(mount.id, 36);
	assert_int_equal(mount.parent, 1);
	assert_text(mount.point, "/");
	assert_text(mount.type, "ext4");
	assert_true(mountinfo_next(&text, &mount));
	assert_int_equal(mount.id, 812);
	assert_int_equal(mount.parent, 36);
	assert_text(mount.root, "net:[4026532281]");
	assert_text(mount.type, "nsfs");
	assert_int_equal(mountinfo_unescape(mount.point, path), strlen("/run/netns/a b\\"));
	assert_memory_equal(path, "/run/netns/a b\\", strlen("/run/netns/a b\\"));
	assert_false(mountinfo_next(&text, &mount));
}

static void passes_over_what_is_no_line(void **state)
{
	struct cursor text = all_of("\n"
				    "x\n"
				    "36\n"
				    "36 1\n"
				    "36 1 98:0 /\n"
				    "36 1 98:0 / / rw\n"
				    "36 1 98:0 / / rw -\n"
				    "-1 1 98:0 / / rw - ext4 x rw\n"
				    "99999999999999999999 1 98:0 / / rw - ext4 x rw\n" NSFS "37 1");
	struct mountinfo mount;

	(void)state;
	assert_true(mountinfo_next(&text, &mount));
	assert_int_equal(mount.id, 812);
	assert_false(mountinfo_next(&text, &mount));
}

static void undoes_whole_escapes_only(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} cases[] = {
		{ "\\040", " " },      { "\\04", "\\04" },       { "\\", "\\" },
		{ "\\011x", "\tx" },   { "\\777", "\\777" },     { "\\080", "\\080" },
		{ "a\\134b", "a\\b" }, { "\\012\\012", "\n\n" }, { "", "" },
	};
	char path[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mountinfo_text text = { cases[i].text, strlen(cases[i].text) };

		assert_int_equal(mountinfo_unescape(text, path), strlen(cases[i].wanted));
		assert_memory_equal(path, cases[i].wanted, strlen(cases[i].wanted));
	}
}

static void knows_who_may_keep_us_waiting(void **state)
{
	static const char *const slow[] = { "fuse", "fuse.sshfs", "nfs4", "cifs", "9p", "autofs" };
	static const char *const quick[] = { "ext4", "tmpfs", "nsfs", "overlay", "proc", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
		assert_true(
			mountinfo_may_hang((struct mountinfo_text){ slow[i], strlen(slow[i]) }));
	for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++)
		assert_false(
			mountinfo_may_hang((struct mountinfo_text){ quick[i], strlen(quick[i]) }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_line),
		cmocka_unit_test(passes_over_what_is_no_line),
		cmocka_unit_test(undoes_whole_escapes_only),
		cmocka_unit_test(knows_who_may_keep_us_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
