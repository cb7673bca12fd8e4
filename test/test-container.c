/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>

#include "container.h"
#include "ctx.h"
#include "owner-fixture.h"
#include "util.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void expect_file(const char *text, int result, const char *name, const char *pod,
			const char *namespace)
{
	struct container_file file = { .name = "untouched" };

	assert_int_equal(container_read_file(text, strlen(text), &file), result);
	if (result < 0) {
		assert_string_equal(file.name, "untouched");
		return;
	}
	assert_string_equal(file.name, name);
	assert_string_equal(file.pod_name, pod);
	assert_string_equal(file.pod_namespace, namespace);
}

static void test_forms(void **state)
{
	char text[2048], name[512];

	(void)state;
	/* docker's config.v2.json */
	expect_file("{\"StreamConfig\":{},\"State\":{\"Name\":\"no\"},\"ID\":\"" A
		    "\",\"Config\":{\"Hostname\":\"h\",\"Labels\":{}},\"Name\":\"/web\"}",
		    0, "web", "", "");
	expect_file("{\"Name\":\"/k8s_app_web-1_default_x_0\",\"Config\":{\"Labels\":{"
		    "\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web-1\","
		    "\"io.kubernetes.pod.namespace\":\"default\"}}}",
		    0, "app", "web-1", "default");
	/* config.json of a bundle: containerd's CRI plugin, CRI-O, nerdctl */
	expect_file("{\"ociVersion\":\"1.1.0\",\"process\":{\"args\":[\"/app\"]},\"annotations\":{"
		    "\"io.kubernetes.cri.container-name\":\"app\","
		    "\"io.kubernetes.cri.container-type\":\"container\","
		    "\"io.kubernetes.cri.sandbox-name\":\"web-2\","
		    "\"io.kubernetes.cri.sandbox-namespace\":\"shop\"},\"linux\":{}}",
		    0, "app", "web-2", "shop");
	expect_file(
		"{\"annotations\":{\"io.kubernetes.container.name\":\"app\","
		"\"io.kubernetes.pod.name\":\"web-3\",\"io.kubernetes.pod.namespace\":\"kube\"}}",
		0, "app", "web-3", "kube");
	expect_file("{\"annotations\":{\"nerdctl/name\":\"cache\",\"nerdctl/namespace\":\"x\"}}", 0,
		    "cache", "", "");
	/* what is hostile stays bytes; what is of another kind is none */
	expect_file("{\"Name\":\"/\\u001b[31m\\n\"}", 0, "\x1b[31m\n", "", "");
	expect_file("{\"Name\":7,\"annotations\":[],\"Config\":\"x\"}", 0, "", "", "");
	expect_file("{\"Name\":\"\",\"Config\":{\"Labels\":null}}", 0, "", "", "");
	memset(name, 'x', 256);
	name[256] = '\0';
	snprintf(text, sizeof(text), "{\"Name\":\"%s\"}", name);
	expect_file(text, 0, "", "", "");
	snprintf(text, sizeof(text), "{\"Name\":\"%s\"}", name + 1);
	expect_file(text, 0, name + 1, "", "");
	/* up to a fault */
	expect_file("{\"Name\":\"/web\",\"Config\":{\"Labels\"", 0, "web", "", "");
	expect_file("[]", -EBADMSG, NULL, NULL, NULL);
	expect_file("", -EBADMSG, NULL, NULL, NULL);
}

static int note_entry(void *arg, const char *id, const char *name)
{
	char *text = arg;
	size_t length = strlen(text);

	snprintf(text + length, 256 - length, "%s=%s ", id, name);
	return strcmp(name, "stop") == 0 ? -ECANCELED : 0;
}

static void expect_list(const char *text, int result, const char *expected)
{
	char got[256] = "";

	assert_int_equal(container_read_list(text, strlen(text), note_entry, got), result);
	assert_string_equal(got, expected);
}

static void test_list(void **state)
{
	(void)state;
	expect_list("[]", 0, "");
	expect_list("[{\"id\":\"a\",\"names\":[\"web\",\"other\"],\"metadata\":\"{}\"},\n"
		    " {\"names\":[\"db\"],\"id\":\"b\"}]",
		    0, "a=web b=db ");
	expect_list("[{\"id\":\"a\"},{\"names\":[\"x\"]},{\"id\":\"c\",\"names\":[]},7,"
		    "{\"id\":\"d\",\"names\":\"x\"},{\"id\":\"e\",\"names\":[1,\"y\"]}]",
		    0, "e=y ");
	expect_list("[{\"id\":\"a\",\"names\":[\"stop\"]},{\"id\":\"b\",\"names\":[\"x\"]}]",
		    -ECANCELED, "a=stop ");
	expect_list("[{\"id\":\"a\",\"names\":[\"x\"]},{\"id\"", -EBADMSG, "a=x ");
	expect_list("{}", -EBADMSG, "");
}

static void test_home(void **state)
{
	static const char text[] = "root:x:0:0::/root:/bin/sh\nbad:x:1000\nrel:x:1000:1::home:/x\n"
				   "me:x:1000:1000:Me:/home/me:/bin/sh\nno:x:1001:1::/home/no\n"
				   "last:x:1002:1::/l:";
	char home[16] = "untouched";

	(void)state;
	assert_true(container_find_home(text, sizeof(text) - 1, 0, home, sizeof(home)));
	assert_string_equal(home, "/root");
	assert_true(container_find_home(text, sizeof(text) - 1, 1000, home, sizeof(home)));
	assert_string_equal(home, "/home/me");
	assert_false(container_find_home(text, sizeof(text) - 1, 1001, home, sizeof(home)));
	assert_true(container_find_home(text, sizeof(text) - 1, 1002, home, sizeof(home)));
	assert_string_equal(home, "/l");
	assert_false(container_find_home(text, sizeof(text) - 1, 100, home, sizeof(home)));
	/* It must fit. */
	assert_false(container_find_home(text, sizeof(text) - 1, 1000, home, 8));
}

/* ---- a copy of another host, with its files ---- */

struct host {
	struct tree tree;
	struct estab_ctx ctx;
	struct containers containers;
};

static int setup(void **state)
{
	struct host *host = calloc(1, sizeof(*host));

	tree_make(&host->tree);
	host->ctx = (struct estab_ctx){ .capture = true, .proc_fd = host->tree.fd };
	containers_init(&host->containers, &host->ctx);
	tree_dir(&host->tree, "1");
	tree_dir(&host->tree, "1/root");
	*state = host;
	return 0;
}

static int teardown(void **state)
{
	struct host *host = *state;

	containers_free(&host->containers);
	tree_remove(&host->tree);
	free(host);
	return 0;
}

/* Makes the directories on the way. */
static void put(struct host *host, const char *path, const char *text)
{
	char part[512];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdirat(host->tree.fd, part, 0755);
	}
	tree_text(&host->tree, path, text);
}

static const struct container *find(struct host *host, const char *id, enum runtime runtime)
{
	const struct cgroup cgroup = {
		.container = id, .runtime = runtime, .has_uid = true, .uid = 1000
	};

	return containers_find(&host->containers, &cgroup);
}

static void expect(struct host *host, const char *id, enum runtime runtime, const char *name,
		   enum runtime found)
{
	const struct container *container = find(host, id, runtime);

	assert_non_null(container);
	assert_string_equal(container->id, id);
	if (name)
		assert_string_equal(container->name, name);
	else
		assert_null(container->name);
	assert_int_equal(container->runtime, found);
}

static void test_docker(void **state)
{
	struct host *host = *state;

	put(host, "1/root/var/lib/docker/containers/" A "/config.v2.json", "{\"Name\":\"/web\"}");
	expect(host, A, RUNTIME_DOCKER, "web", RUNTIME_DOCKER);
	/* Asked once. */
	put(host, "1/root/var/lib/docker/containers/" A "/config.v2.json", "{\"Name\":\"/new\"}");
	expect(host, A, RUNTIME_DOCKER, "web", RUNTIME_DOCKER);
	expect(host, B, RUNTIME_DOCKER, NULL, RUNTIME_UNKNOWN);
	/* Of whom the path does not tell whose it is; and a user's own. */
	put(host, "1/root/etc/passwd", "me:x:1000:1000::/home/me:/bin/sh\n");
	put(host, "1/root/home/me/.local/share/docker/containers/" C "/config.v2.json",
	    "{\"Name\":\"/mine\"}");
	expect(host, C, RUNTIME_UNKNOWN, "mine", RUNTIME_DOCKER);
}

static void test_podman(void **state)
{
	struct host *host = *state;

	put(host, "1/root/etc/passwd", "me:x:1000:1000::/home/me:/bin/sh\n");
	put(host, "1/root/var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"" A "\",\"names\":[\"web\"]},{\"id\":\"" B "\",\"names\":[\"db\"]}]");
	put(host,
	    "1/root/home/me/.local/share/containers/storage/overlay-containers/"
	    "volatile-containers.json",
	    "[{\"id\":\"" C "\",\"names\":[\"mine\"]}]");
	expect(host, A, RUNTIME_PODMAN, "web", RUNTIME_UNKNOWN);
	unlinkat(host->tree.fd,
		 "1/root/var/lib/containers/storage/overlay-containers/containers.json", 0);
	expect(host, B, RUNTIME_PODMAN, "db", RUNTIME_UNKNOWN);
	expect(host, C, RUNTIME_PODMAN, "mine", RUNTIME_UNKNOWN);
}

static void test_kubernetes(void **state)
{
	struct host *host = *state;
	const struct container *container;

	put(host, "1/root/run/containerd/io.containerd.runtime.v2.task/k8s.io/" A "/config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"app\","
	    "\"io.kubernetes.cri.sandbox-name\":\"web-0\","
	    "\"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}");
	put(host, "1/root/run/containerd/io.containerd.runtime.v2.task/mine/" B "/config.json",
	    "{\"annotations\":{\"nerdctl/name\":\"cache\"}}");
	put(host, "1/root/run/containers/storage/overlay-containers/" C "/userdata/config.json",
	    "{\"annotations\":{\"io.kubernetes.container.name\":\"db\"}}");
	expect(host, A, RUNTIME_UNKNOWN, "app", RUNTIME_CONTAINERD);
	container = find(host, A, RUNTIME_UNKNOWN);
	assert_string_equal(container->pod_name, "web-0");
	assert_string_equal(container->pod_namespace, "shop");
	expect(host, B, RUNTIME_NERDCTL, "cache", RUNTIME_CONTAINERD);
	expect(host, C, RUNTIME_CRIO, "db", RUNTIME_CRIO);
}

static void test_named(void **state)
{
	struct host *host = *state;
	const struct cgroup none = { .path = "/" };

	expect(host, "web", RUNTIME_LXC, "web", RUNTIME_UNKNOWN);
	expect(host, "task-1", RUNTIME_ECS, NULL, RUNTIME_UNKNOWN);
	assert_null(containers_find(&host->containers, &none));
	assert_null(containers_find(&host->containers, NULL));
}

/* A copy may come from anyone, and a container's files from its maker. */
static void test_traps(void **state)
{
	struct host *host = *state;
	char *large = malloc(CONTAINER_FILE_MAX + 2);

	put(host, "1/root/var/lib/docker/containers/" A "/x", "");
	tree_link(&host->tree, "1/root/var/lib/docker/containers/" A "/config.v2.json",
		  "/etc/passwd");
	expect(host, A, RUNTIME_DOCKER, NULL, RUNTIME_UNKNOWN);
	/* A link leads on within that root. */
	put(host, "1/root/elsewhere/" B "/config.v2.json", "{\"Name\":\"/moved\"}");
	tree_link(&host->tree, "1/root/var/lib/docker/containers/" B, "/elsewhere/" B);
	expect(host, B, RUNTIME_DOCKER, "moved", RUNTIME_DOCKER);
	/* What is no file, or too large, is not read. */
	put(host, "1/root/var/lib/docker/containers/" C "/x", "");
	assert_int_equal(mkfifoat(host->tree.fd,
				  "1/root/var/lib/docker/containers/" C "/config.v2.json", 0644),
			 0);
	expect(host, C, RUNTIME_DOCKER, NULL, RUNTIME_UNKNOWN);
	memset(large, ' ', CONTAINER_FILE_MAX + 1);
	large[CONTAINER_FILE_MAX + 1] = '\0';
	memcpy(large, "{\"Name\":\"/large\"}", 17);
	put(host, "1/root/run/containers/storage/overlay-containers/" C "/userdata/config.json",
	    large);
	expect(host, C, RUNTIME_CRIO, NULL, RUNTIME_UNKNOWN);
	free(large);
	/* Nor does an id lead anywhere that is none. */
	put(host, "1/root/var/lib/docker/config.v2.json", "{\"Name\":\"/up\"}");
	expect(host, "..", RUNTIME_DOCKER, NULL, RUNTIME_UNKNOWN);
	assert_true(host->containers.bytes_left < CONTAINER_BYTES_MAX);
}

/* Without a root beside it, or where that is a link, there are no names; nor from a server. */
static void test_roots(void **state)
{
	struct host *host = *state;

	put(host, "1/root/var/lib/docker/containers/" A "/config.v2.json", "{\"Name\":\"/web\"}");
	assert_int_equal(renameat(host->tree.fd, "1/root", host->tree.fd, "1/other"), 0);
	expect(host, A, RUNTIME_DOCKER, NULL, RUNTIME_UNKNOWN);

	containers_free(&host->containers);
	containers_init(&host->containers, &host->ctx);
	tree_link(&host->tree, "1/root", "other");
	expect(host, A, RUNTIME_DOCKER, NULL, RUNTIME_UNKNOWN);
	assert_int_equal(unlinkat(host->tree.fd, "1/root", 0), 0);
	assert_int_equal(renameat(host->tree.fd, "1/other", host->tree.fd, "1/root"), 0);

	containers_free(&host->containers);
	containers_init(&host->containers, &host->ctx);
	tree_text(&host->tree, "1/mountinfo",
		  "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
		  "23 22 0:40 / /var/lib/docker rw shared:1 - nfs4 server:/docker rw\n");
	expect(host, A, RUNTIME_DOCKER, NULL, RUNTIME_UNKNOWN);

	containers_free(&host->containers);
	containers_init(&host->containers, &host->ctx);
	tree_text(&host->tree, "1/mountinfo",
		  "22 1 8:1 / / rw - fuse.root x rw\n"
		  "23 22 0:40 / /var rw - fuse.sshfs server: rw\n"
		  "24 23 8:2 / /var/lib/docker rw - xfs /dev/sdb rw\nnonsense\n");
	expect(host, A, RUNTIME_DOCKER, "web", RUNTIME_DOCKER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_home),
		TEST(test_docker),
		TEST(test_podman),
		TEST(test_kubernetes),
		TEST(test_named),
		TEST(test_traps),
		TEST(test_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
