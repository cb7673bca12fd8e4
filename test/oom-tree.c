/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "oom-tree.h"

#include "util.h"

static const char hosts[] =
	"root:x:0:0::/root:/bin/sh\ncupsd:x:105:105::/:/bin/sh\nuser:x:1001:1001::/:/bin/sh\n";

static const char unix_table[] =
	"Num       RefCount Protocol Flags    Type St Inode Path\n"
	"0000000000000000: 00000002 00000000 00010000 0001 01 70001 /run/a\n"
	"0000000000000000: 00000003 00000000 00000000 0001 03 70002 @abstract\n"
	"0000000000000000: 00000003 00000000 00000000 0002 01 70003\n";

const char oom_udp6_table[] =
	"  sl  local_address                         remote_address                        st "
	"tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
	" 1: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 "
	"00000000:00000000 00:00000000 00000000   105        0 70010 2 0000000000000000 7\n";

/* Of connections that golden's has: one that is translated, and then again, and one of two sockets. */
static const char flow_table[] =
	"ipv4 2 tcp 6 100 ESTABLISHED src=203.229.213.133 dst=218.234.19.87 sport=52070 dport=22 "
	"src=10.0.0.1 dst=203.229.213.133 sport=2222 dport=52070 [ASSURED] mark=0 zone=0 use=2\n"
	"ipv4 2 tcp 6 100 ESTABLISHED src=203.229.213.133 dst=10.0.0.1 sport=52070 dport=2222 "
	"src=10.0.0.1 dst=192.0.2.1 sport=2222 dport=1024 [ASSURED] mark=0 zone=0 use=2\n"
	"ipv4 2 tcp 6 100 ESTABLISHED src=127.0.0.1 dst=127.0.0.1 sport=47122 dport=41760 "
	"src=127.0.0.1 dst=127.0.0.1 sport=41760 dport=47122 [ASSURED] mark=0 zone=0 use=2\n";

/* What of golden's is held by whom: every inode of the capture by two processes. */
static const char *const links[] = { "socket:[61497]", "socket:[70721]", "socket:[70001]",
				     "socket:[70010]", "pipe:[1]" };

static void make_process(const struct tree *tree, unsigned int pid)
{
	static const char status[] = "Name:\tx\nState:\tS (sleeping)\nUid:\t105\t105\t105\t105\n"
				     "voluntary_ctxt_switches:\t1\n";
	char path[64];
	char text[256];

	snprintf(path, sizeof(path), "%u", pid);
	tree_dir(tree, path);
	snprintf(path, sizeof(path), "%u/fd", pid);
	tree_dir(tree, path);
	for (size_t fd = 0; fd < ARRAY_SIZE(links); fd++) {
		snprintf(path, sizeof(path), "%u/fd/%zu", pid, fd);
		tree_link(tree, path, links[fd]);
	}
	snprintf(path, sizeof(path), "%u/status", pid);
	tree_text(tree, path, status);
	snprintf(path, sizeof(path), "%u/stat", pid);
	snprintf(text, sizeof(text),
		 "%u (x) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 %u 1 1 1\n", pid, pid * 10);
	tree_text(tree, path, text);
	snprintf(path, sizeof(path), "%u/comm", pid);
	snprintf(text, sizeof(text), "worker%u\n", pid);
	tree_text(tree, path, text);
	snprintf(path, sizeof(path), "%u/cmdline", pid);
	tree_file(tree, path, "worker\0-x", 10);
	snprintf(path, sizeof(path), "%u/attr", pid);
	tree_dir(tree, path);
	snprintf(path, sizeof(path), "%u/attr/current", pid);
	tree_text(tree, path, "unconfined\n");
	snprintf(path, sizeof(path), "%u/cgroup", pid);
	tree_text(tree, path, "0::/system.slice/worker.service\n");
	snprintf(path, sizeof(path), "%u/exe", pid);
	tree_link(tree, path, "/usr/bin/worker");
}

/* A thread with a table of its own. */
static void make_thread(const struct tree *tree)
{
	tree_dir(tree, "2/task");
	tree_dir(tree, "2/task/2");
	tree_dir(tree, "2/task/3");
	tree_dir(tree, "2/task/3/fd");
	tree_link(tree, "2/task/3/fd/9", "socket:[70002]");
}

size_t oom_golden(const char *name, void *buffer, size_t room)
{
	const char *root = getenv("ESTAB_SRCDIR");
	char path[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/test/golden/%s", root ? root : ".", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, buffer, room);
	close(fd);
	assert_in_range(n, 1, room - 1);
	return (size_t)n;
}

void oom_tree_make(struct tree *tree, unsigned int processes)
{
	char table[8192];
	size_t length = oom_golden("proc-2006/net/tcp", table, sizeof(table));

	tree_make(tree);
	tree_dir(tree, "net");
	tree_file(tree, "net/tcp", table, length);
	tree_text(tree, "net/udp6", oom_udp6_table);
	tree_text(tree, "net/udp", "");
	tree_text(tree, "net/raw", "");
	tree_text(tree, "net/unix", unix_table);
	tree_text(tree, "net/nf_conntrack", flow_table);
	tree_text(tree, "passwd", hosts);
	for (unsigned int pid = 2; pid < 2 + processes; pid++)
		make_process(tree, pid);
	make_thread(tree);
}
