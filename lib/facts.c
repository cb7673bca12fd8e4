/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The circumstances that decide what can be seen: the kernel's, the sandbox's, our own rights. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf.h"
#include "caps.h"
#include "owner-walk.h"
#include "parse.h"
#include "probe.h"
#include "slurp.h"
#include "util.h"

/* The capabilities of Linux 5.8, in case the headers are older. */
enum { PERFMON = 38, BPF = 39 };

/* The namespaces that the kernel booted with have fixed inodes: include/linux/proc_ns.h. */
#define USER_NAMESPACE UINT64_C(0xeffffffd)
#define PID_NAMESPACE UINT64_C(0xeffffffc)

static struct fact *add(struct estab_probe *probe, const char *name, enum estab_kind kind,
			const char *help)
{
	struct fact *fact = &probe->facts[probe->n_facts++];

	*fact = (struct fact){ .name = name, .kind = kind, .help = help };
	return fact;
}

static void add_bool(struct estab_probe *probe, const char *name, bool known, bool value,
		     const char *help)
{
	struct fact *fact = add(probe, name, ESTAB_KIND_BOOL, help);

	fact->known = known;
	fact->number = value;
}

static void add_number(struct estab_probe *probe, const char *name, bool known, uint64_t value,
		       const char *help)
{
	struct fact *fact = add(probe, name, ESTAB_KIND_U64, help);

	fact->known = known;
	fact->number = value;
}

static void add_text(struct estab_probe *probe, const char *name, const char *text, size_t length,
		     const char *help)
{
	struct fact *fact = add(probe, name, ESTAB_KIND_STR, help);

	length = MIN(length, sizeof(fact->text) - 1);
	if (text)
		memcpy(fact->text, text, length);
	fact->known = text != NULL;
}

static void add_file(struct estab_probe *probe, const char *name, int dir_fd, const char *path,
		     const char *help)
{
	char text[FACT_ROOM];
	ssize_t n = slurp_at(dir_fd, path, text, sizeof(text));

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\0'))
		n--;
	add_text(probe, name, n > 0 ? text : NULL, (size_t)MAX(n, 0), help);
}

static void add_number_file(struct estab_probe *probe, const char *name, int dir_fd,
			    const char *path, const char *help)
{
	char text[32];
	ssize_t n = slurp_at(dir_fd, path, text, sizeof(text));
	struct cursor cursor = { text, text + MAX(n, 0) };
	uint64_t value = 0;
	bool known = cursor_decimal(&cursor, &value);

	add_number(probe, name, known, value, help);
}

/* The number in the line "\nNAME:" of our own status. */
static bool own_status(const char *text, size_t length, const char *name, uint64_t *ret_value)
{
	const char *at = memmem(text, length, name, strlen(name));
	struct cursor cursor = { at ? at + strlen(name) : text, at ? text + length : text };

	cursor_blanks(&cursor);
	return cursor_decimal(&cursor, ret_value);
}

static void add_sandbox(struct estab_probe *probe)
{
	static const char *const modes[] = { "none", "strict", "filter" };
	char text[8192];
	ssize_t n = slurp_at(AT_FDCWD, "/proc/thread-self/status", text, sizeof(text));
	uint64_t mode = ARRAY_SIZE(modes);
	uint64_t no_new = 0;
	const char *word;
	bool known = false;

	if (n > 0) {
		own_status(text, (size_t)n, "\nSeccomp:", &mode);
		known = own_status(text, (size_t)n, "\nNoNewPrivs:", &no_new);
	}
	word = mode < ARRAY_SIZE(modes) ? modes[mode] : NULL;
	add_text(probe, "sandbox.seccomp", word, word ? strlen(word) : 0,
		 "none, strict or filter: a filter may refuse netlink sockets");
	add_bool(probe, "sandbox.no_new_privs", known, no_new != 0,
		 "programs that are executed gain no rights");
}

static uint64_t namespace_inode(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static void add_namespaces(struct estab_probe *probe, const struct env *env)
{
	uint64_t user = namespace_inode("/proc/thread-self/ns/user");
	uint64_t pid = namespace_inode("/proc/thread-self/ns/pid");

	add_bool(probe, "namespace.initial_user", user != 0, user == USER_NAMESPACE,
		 "in any other user namespace, capabilities hold only there");
	add_bool(probe, "namespace.initial_pid", pid != 0, pid == PID_NAMESPACE,
		 "in any other pid namespace, processes outside can't be seen");
	add_number(probe, "namespace.net", env->netns != 0, env->netns,
		   "inode of the network namespace that is read");
}

static void add_caps(struct estab_probe *probe)
{
	static const struct {
		const char *name;
		unsigned int cap;
		const char *help;
	} caps[] = {
		{ "cap.net_admin", CAP_NET_ADMIN, "marks and other fields that need it" },
		{ "cap.sys_ptrace", CAP_SYS_PTRACE, "what other users' descriptors are" },
		{ "cap.dac_read_search", CAP_DAC_READ_SEARCH, "which descriptors others have" },
		{ "cap.sys_admin", CAP_SYS_ADMIN, "entering other network namespaces" },
		{ "cap.bpf", BPF, "BPF programs" },
		{ "cap.perfmon", PERFMON, "BPF programs that look into the kernel" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(caps); i++)
		add_bool(probe, caps[i].name, true, caps_have(caps[i].cap), caps[i].help);
}

static void add_proc(struct estab_probe *probe, const struct env *env)
{
	const struct estab_ctx *ctx = env->ctx;
	_cleanup_(cleanup_free) char *options = procfs_options(ctx->proc_fd);

	add_text(probe, "proc.path", ctx->proc_path, strlen(ctx->proc_path), "what is read");
	add_bool(probe, "proc.capture", true, ctx->capture,
		 "another host's or a saved one: there is no netlink then");
	add_text(probe, "proc.options", options, options ? strlen(options) : 0,
		 "mount options: hidepid hides processes, subset=pid all but them");
}

static void add_processes(struct estab_probe *probe, const struct probe_processes *processes)
{
	add_number(probe, "processes.readable", processes->known, processes->readable,
		   "processes whose descriptors can be read");
	add_number(probe, "processes.unreadable", processes->known, processes->unreadable,
		   "those that can be seen, but not read");
	add_bool(probe, "processes.hidden", processes->known, processes->hidden,
		 "whether there may be others that can't be seen");
}

static void add_all_namespaces(struct estab_probe *probe, const struct probe_namespaces *namespaces)
{
	add_number(probe, "namespaces.entered", namespaces->known, namespaces->entered,
		   "network namespaces that can be entered, our own included");
	add_number(probe, "namespaces.text", namespaces->known, namespaces->text,
		   "others that can only be read through the files of a process of theirs");
	add_number(probe, "namespaces.shut", namespaces->known, namespaces->shut,
		   "others that can't be read");
}

/* What a source said to a table; -ENOENT: it was not asked. */
static int probe_error(const struct estab_probe *probe, const char *source, const char *table)
{
	for (size_t i = 0; i < probe->n_tables; i++)
		if (strcmp(probe->tables[i].source, source) == 0 &&
		    strcmp(probe->tables[i].table, table) == 0)
			return probe->tables[i].error;
	return -ENOENT;
}

/* What would be taken where nobody insists, and why. */
static void add_picks(struct estab_probe *probe, const struct env *env)
{
	int diag = probe_error(probe, "diag", "tcp");
	const char *sockets = diag == 0 ? "diag" : "procfs";
	const char *why = "sock_diag serves, and knows most";
	bool bpf;

	if (env->ctx->capture)
		why = "what is not this host's own can be read as text only";
	else if (diag == -EPERM || diag == -EACCES)
		why = "sock_diag is refused";
	else if (diag != 0)
		why = "the kernel lacks sock_diag";
	if (diag != 0 && probe_error(probe, "procfs", "tcp") != 0)
		sockets = NULL;
	add_text(probe, "pick.sockets", sockets, sockets ? strlen(sockets) : 0,
		 "the source that TCP would be read through");
	add_text(probe, "pick.sockets_why", why, strlen(why), "the reason");
	why = bpf_tell(env, probe_error(probe, "bpf", "owners"), &bpf);
	add_text(probe, "pick.owners", bpf ? "bpf" : "procfd", strlen(bpf ? "bpf" : "procfd"),
		 "what owners would be found by; bpf gives rows of TCP, UDP and netlink too");
	add_text(probe, "pick.owners_why", why, strlen(why), "the reason");
}

void facts_fill(struct estab_probe *probe, const struct env *env,
		const struct probe_processes *processes, const struct probe_namespaces *namespaces)
{
	int proc_fd = env->ctx->proc_fd;
	bool capture = env->ctx->capture;

	add_file(probe, "kernel.release", proc_fd, "sys/kernel/osrelease", "version of the kernel");
	add_bool(probe, "kernel.btf", !capture, access("/sys/kernel/btf/vmlinux", R_OK) == 0,
		 "whether it describes its own types");
	add_number_file(probe, "kernel.unprivileged_bpf_disabled", proc_fd,
			"sys/kernel/unprivileged_bpf_disabled", "0: BPF is open to all users");
	add_number_file(probe, "kernel.ptrace_scope", proc_fd, "sys/kernel/yama/ptrace_scope",
			"Yama: whom processes may trace; reading descriptors is not affected");
	add_file(probe, "kernel.lsm", AT_FDCWD, "/sys/kernel/security/lsm",
		 "security modules in force");
	/* Of our own namespace only. */
	add_number_file(probe, "kernel.conntrack_count",
			env->target.way == NETNS_OWN ? proc_fd : -1,
			"sys/net/netfilter/nf_conntrack_count",
			"connections tracked; unknown where the module is not there");
	add_number(probe, "user.euid", true, geteuid(), "effective user id");
	add_file(probe, "user.context", AT_FDCWD, "/proc/thread-self/attr/current",
		 "own security context");
	add_namespaces(probe, env);
	add_caps(probe);
	add_sandbox(probe);
	add_proc(probe, env);
	add_processes(probe, processes);
	add_all_namespaces(probe, namespaces);
	add_picks(probe, env);
}
