/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cgroup.h"
#include "util.h"

#define ID "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

/* As the cases write it: "unit=…\tslice=…", what there is. */
static void describe(const struct cgroup *cgroup, char *text, size_t size)
{
	const struct {
		const char *key;
		const char *value;
	} parts[] = {
		{ "unit", cgroup->unit },
		{ "slice", cgroup->slice },
		{ "uid", NULL },
		{ "container", cgroup->container },
		{ "runtime", runtime_word(cgroup->runtime) },
		{ "pod", cgroup->pod },
	};
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *tab = length > 0 ? "\t" : "";

		if (strcmp(parts[i].key, "uid") == 0 && cgroup->has_uid)
			length += (size_t)snprintf(text + length, size - length, "%suid=%u", tab,
						   cgroup->uid);
		else if (parts[i].value)
			length += (size_t)snprintf(text + length, size - length, "%s%s=%s", tab,
						   parts[i].key, parts[i].value);
		assert_true(length < size);
	}
}

static const struct cgroup *parse(struct arena *arena, const char *text)
{
	const struct cgroup *cgroup = NULL;

	assert_int_equal(cgroup_parse(arena, text, strlen(text), &cgroup), 0);
	return cgroup;
}

static void check_case(const char *path, const char *expected)
{
	struct arena arena = { 0 };
	char text[4096], got[4096];
	const struct cgroup *cgroup, *copy;

	/* In each version's form. */
	for (int version = 1; version <= 2; version++) {
		snprintf(text, sizeof(text), version == 2 ? "0::%s\n" : "4:cpu,cpuacct:%s\n", path);
		cgroup = parse(&arena, text);
		assert_string_equal(cgroup->path, path);
		describe(cgroup, got, sizeof(got));
		if (strcmp(got, expected) != 0)
			fail_msg("%s: got '%s', want '%s'", path, got, expected);
		copy = cgroup_copy(&arena, cgroup);
		describe(copy, got, sizeof(got));
		assert_string_equal(got, expected);
		assert_true(!cgroup->unit || copy->unit != cgroup->unit);
	}
	arena_free(&arena);
}

static void test_cases(void **state)
{
	FILE *file = fopen("test/golden/cgroup-cases.txt", "re");
	char path[2048] = "", line[2048];
	size_t cases = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '/') {
			snprintf(path, sizeof(path), "%s", line);
		} else if (line[0] == '\t') {
			check_case(path, line + 1);
			cases++;
		}
	}
	fclose(file);
	assert_true(cases > 60);
}

static void test_files(void **state)
{
	static const struct {
		const char *text;
		const char *path;
		const char *described;
	} cases[] = {
		/* version 2 */
		{ "0::/system.slice/a.service\n", "/system.slice/a.service",
		  "unit=a.service\tslice=system.slice" },
		{ "0::/\n", "/", "" },
		/* version 1: systemd's hierarchy before controllers */
		{ "12:pids:/system.slice/a.service\n11:net_cls,net_prio:/\n"
		  "1:name=systemd:/system.slice/b.service\n",
		  "/system.slice/b.service", "unit=b.service\tslice=system.slice" },
		{ "3:cpu,cpuacct:/\n2:memory:/lxc/web\n1:name=systemd:/\n", "/lxc/web",
		  "container=web\truntime=lxc" },
		/* both: what version 2 does not say, the others may */
		{ "3:memory:/\n1:name=systemd:/system.slice/a.service\n0::/\n",
		  "/system.slice/a.service", "unit=a.service\tslice=system.slice" },
		{ "3:memory:/docker/" ID "\n1:name=systemd:/docker/" ID
		  "\n0::/system.slice/containerd.service\n",
		  "/system.slice/containerd.service",
		  "unit=containerd.service\tslice=system.slice\tcontainer=" ID "\truntime=docker" },
		/* a path may have colons; not every line need be one */
		{ "0::/a:b:c\n", "/a:b:c", "" },
		{ "nonsense\n:\n::\n0:x\n0::relative\n2:cpu:/x\nno end", "/x", "" },
		{ "0::/no-newline.service", "/no-newline.service", "unit=no-newline.service" },
	};
	struct arena arena = { 0 };
	char got[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cgroup *cgroup = parse(&arena, cases[i].text);

		assert_string_equal(cgroup->path, cases[i].path);
		describe(cgroup, got, sizeof(got));
		assert_string_equal(got, cases[i].described);
	}
	arena_free(&arena);
}

static void test_malformed(void **state)
{
	static const char *const texts[] = { "", "\n\n", "x", "0:", "0::", "0::x\n", "::::\n" };
	static const char nul[] = "0::/a\0b\n";
	const struct cgroup *cgroup = NULL;
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(cgroup_parse(&arena, texts[i], strlen(texts[i]), &cgroup),
				 -EBADMSG);
	assert_int_equal(cgroup_parse(&arena, nul, sizeof(nul) - 1, &cgroup), -EBADMSG);
	assert_null(cgroup);
	arena_free(&arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
