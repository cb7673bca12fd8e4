/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The last column of ss(8): users, timers, details, memory. */
#include <stdio.h>
#include <string.h>

#include "compat-ss.h"
#include "util.h"

void ss_put_break(const struct ss *ss, struct buf *buf)
{
	buf_str(buf, ss->options.oneline ? " " : "\n\t");
}

/* " name:value" */
static void put_number(struct buf *buf, const char *name, uint64_t value)
{
	buf_str(buf, name);
	buf_u64(buf, value);
}

/* As "%#x" has it. */
static void put_flags(struct buf *buf, const char *name, uint64_t value)
{
	buf_str(buf, name);
	if (value != 0)
		buf_str(buf, "0x");
	compat_put_hex(buf, value);
}

/* ---- users ---- */

static void put_context(struct buf *buf, const struct estab_owner *owner)
{
	uint64_t before;

	buf_str(buf, ",proc_ctx=");
	before = buf_total(buf);
	buf_owner(buf, owner, ESTAB_F_OWNER_CONTEXT);
	if (buf_total(buf) == before)
		buf_str(buf, "unavailable");
}

static void put_user(const struct ss *ss, struct buf *buf, const struct estab_owner *owner)
{
	uint64_t pid = 0, fd = 0, tid = 0;

	estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &pid);
	estab_owner_get_u64(owner, ESTAB_F_OWNER_FD, &fd);
	if (estab_owner_get_u64(owner, ESTAB_F_OWNER_TID, &tid) < 0)
		tid = pid;
	buf_str(buf, "(\"");
	buf_owner(buf, owner, ESTAB_F_OWNER_COMM);
	put_number(buf, "\",pid=", pid);
	if (ss->options.threads)
		put_number(buf, ",tid=", tid);
	if (ss->options.contexts)
		put_context(buf, owner);
	put_number(buf, ",fd=", fd);
	/* Whose label is not read; the word is that of ss(8) where it can't be had. */
	if (ss->options.socket_contexts)
		buf_str(buf, ",sock_ctx=unavailable");
	buf_char(buf, ')');
}

/* The last one that was found comes first. */
static void put_users(const struct ss *ss, struct buf *buf, const struct estab_socket *sock)
{
	uint32_t count = estab_socket_owner_count(sock);

	if (count == 0 || !(ss->options.processes || ss->options.threads || ss->options.contexts))
		return;
	buf_str(buf, " users:(");
	for (uint32_t i = count; i-- > 0;) {
		put_user(ss, buf, estab_socket_owner(sock, i));
		if (i > 0)
			buf_char(buf, ',');
	}
	buf_char(buf, ')');
}

/* ---- timers ---- */

/* "119min", "1min59sec", "9.120ms" (that is 9 s), "332ms" */
static void put_time(struct buf *buf, uint64_t milliseconds)
{
	uint64_t minutes = milliseconds / 60000;
	uint64_t seconds = milliseconds / 1000 % 60;
	uint64_t rest = milliseconds % 1000;
	char text[16];

	if (minutes > 0) {
		buf_u64(buf, minutes);
		buf_str(buf, "min");
		rest = 0;
		if (minutes > 9)
			seconds = 0;
	}
	if (seconds > 9)
		rest = 0;
	if (seconds > 0) {
		buf_u64(buf, seconds);
		buf_str(buf, rest > 0 ? "." : "sec");
	}
	if (rest > 0) {
		snprintf(text, sizeof(text), "%03ums", (unsigned int)rest);
		buf_str(buf, text);
	}
}

static void put_timer(struct buf *buf, const struct estab_socket *sock)
{
	static const struct {
		const char *kind;
		const char *word;
	} words[] = {
		{ "retransmit", "on" }, { "keepalive", "keepalive" }, { "time-wait", "timewait" },
		{ "probe", "persist" }, { "delack", "unknown" },
	};
	const char *kind = compat_str(sock, ESTAB_F_TIMER_KIND);

	for (size_t i = 0; kind && i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].kind, kind) != 0)
			continue;
		buf_str(buf, " timer:(");
		buf_str(buf, words[i].word);
		buf_char(buf, ',');
		put_time(buf, compat_u64(sock, ESTAB_F_TIMER_EXPIRES_MS, 0));
		put_number(buf, ",", compat_u64(sock, ESTAB_F_TIMER_RETRANSMITS, 0));
		buf_char(buf, ')');
	}
}

/* ---- details ---- */

static void put_cgroup(struct buf *buf, const struct estab_socket *sock)
{
	uint64_t id = compat_u64(sock, ESTAB_F_CGROUP_ID, 0);
	const void *path;
	size_t length;

	if (id == 0)
		return;
	buf_str(buf, " cgroup:");
	if (estab_socket_get_bytes(sock, ESTAB_F_CGROUP, &path, &length) == 0) {
		buf_escape(buf, path, length);
	} else {
		buf_str(buf, "unreachable:");
		compat_put_hex(buf, id);
	}
}

static void put_identity(struct buf *buf, const struct estab_socket *sock)
{
	uint64_t uid = compat_u64(sock, ESTAB_F_UID, 0);
	uint64_t mark = compat_u64(sock, ESTAB_F_MARK, 0);

	if (uid != 0)
		put_number(buf, " uid:", uid);
	put_number(buf, " ino:", compat_u64(sock, ESTAB_F_INODE, 0));
	buf_str(buf, " sk:");
	compat_put_hex(buf, compat_u64(sock, ESTAB_F_COOKIE, 0));
	if (mark != 0)
		put_flags(buf, " fwmark:", mark);
	put_cgroup(buf, sock);
}

static void put_shutdown(struct buf *buf, const struct estab_socket *sock)
{
	static const struct {
		const char *word;
		const char *arrows;
	} words[] = {
		{ "none", " <->" },
		{ "receive", " -->" },
		{ "send", " <--" },
		{ "both", " ---" },
	};
	const char *word = compat_str(sock, ESTAB_F_SHUTDOWN);

	for (size_t i = 0; word && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].word, word) == 0)
			buf_str(buf, words[i].arrows);
}

static void put_memory(struct buf *buf, const struct estab_socket *sock)
{
	static const char *const names[] = {
		"r", ",rb", ",t", ",tb", ",f", ",w", ",o", ",bl", ",d",
	};

	if (compat_u64(sock, ESTAB_F_MEM_RCVBUF, UINT64_MAX) == UINT64_MAX)
		return;
	buf_str(buf, " skmem:(");
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t value = compat_u64(sock, (enum estab_field)(ESTAB_F_MEM_RMEM_ALLOC + i),
					    UINT64_MAX);

		if (value != UINT64_MAX)
			put_number(buf, names[i], value);
	}
	buf_char(buf, ')');
}

static void put_options(const struct ss *ss, struct buf *buf, const struct estab_socket *sock)
{
	static const char *const names[] = {
		" recverr",           " is_icsk",         " freebind",      " hdrincl",
		" mc_loop",           " transparent",     " mc_all",        " nodefrag",
		" bind_addr_no_port", " recverr_rfc4884", " defer_connect",
	};

	if (compat_u64(sock, ESTAB_F_SOCKOPT_RECVERR, UINT64_MAX) == UINT64_MAX)
		return;
	ss_put_break(ss, buf);
	buf_str(buf, "inet-sockopt: (");
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (compat_u64(sock, (enum estab_field)(ESTAB_F_SOCKOPT_RECVERR + i), 0) != 0)
			buf_str(buf, names[i]);
	buf_char(buf, ')');
}

static void put_tos(struct buf *buf, const struct estab_socket *sock)
{
	static const struct {
		enum estab_field field;
		const char *name;
	} numbers[] = {
		{ ESTAB_F_TOS, " tos:" },
		{ ESTAB_F_TCLASS, " tclass:" },
		{ ESTAB_F_CLASS_ID, " class_id:" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t value = compat_u64(sock, numbers[i].field, UINT64_MAX);

		if (value != UINT64_MAX)
			put_flags(buf, numbers[i].name, value);
	}
}

static void put_ip(const struct ss *ss, struct buf *buf, enum estab_proto proto,
		   const struct estab_socket *sock)
{
	const struct ss_options *options = &ss->options;
	/* Lines of /proc tell nothing more of a datagram socket. */
	bool known = proto == ESTAB_PROTO_TCP || compat_u64(sock, ESTAB_F_COOKIE, 0) != 0;
	uint64_t v6only = compat_u64(sock, ESTAB_F_V6ONLY, UINT64_MAX);

	if (!known)
		return;
	if (options->timers)
		put_timer(buf, sock);
	if (options->details) {
		put_identity(buf, sock);
		if (v6only != UINT64_MAX)
			put_number(buf, " v6only:", v6only);
		put_shutdown(buf, sock);
	}
	if (options->tos)
		put_tos(buf, sock);
	if (options->cgroup)
		put_cgroup(buf, sock);
	if (options->sockopt)
		put_options(ss, buf, sock);
	if (!options->memory && (!options->info || proto == ESTAB_PROTO_UDP))
		return;
	if (!options->oneline)
		buf_str(buf, "\n\t");
	if (options->memory)
		put_memory(buf, sock);
	if (options->info && proto == ESTAB_PROTO_MPTCP)
		ss_put_mptcp_info(buf, sock);
	else if (options->info && proto == ESTAB_PROTO_TCP)
		ss_put_tcp_info(ss, buf, sock);
}

static void put_unix(const struct ss_options *options, struct buf *buf,
		     const struct estab_socket *sock)
{
	uint64_t file = compat_u64(sock, ESTAB_F_VFS_INODE, UINT64_MAX);

	if (options->memory)
		put_memory(buf, sock);
	if (!options->details)
		return;
	put_shutdown(buf, sock);
	if (file != UINT64_MAX) {
		put_number(buf, " ino:", file);
		put_number(buf, " dev:", compat_u64(sock, ESTAB_F_VFS_DEV_MAJOR, 0));
		put_number(buf, "/", compat_u64(sock, ESTAB_F_VFS_DEV_MINOR, 0));
	}
	/* Those who wait to be accepted are not asked for: many of them end the kernel's dump. */
	if (compat_state(sock) == ESTAB_STATE_LISTEN)
		buf_str(buf, " peers:");
}

static void put_netlink(const struct ss_options *options, struct buf *buf,
			const struct estab_socket *sock)
{
	char text[16];

	if (options->details) {
		snprintf(text, sizeof(text), "0x%08x",
			 (unsigned int)compat_u64(sock, ESTAB_F_NETLINK_GROUPS_MASK, 0));
		buf_str(buf, " sk=0 cb=0 groups=");
		buf_str(buf, text);
	}
	if (options->memory) {
		buf_char(buf, '\t');
		put_memory(buf, sock);
	}
}

void ss_put_details(const struct ss *ss, struct buf *buf, enum estab_proto proto,
		    const struct estab_socket *sock)
{
	const struct ss_options *options = &ss->options;

	if (proto == ESTAB_PROTO_NETLINK) {
		put_netlink(options, buf, sock);
		return;
	}
	put_users(ss, buf, sock);
	if (proto == ESTAB_PROTO_UNIX) {
		put_unix(options, buf, sock);
	} else if (proto == ESTAB_PROTO_PACKET) {
		if (options->details) {
			put_identity(buf, sock);
			ss_put_packet(ss, buf, sock);
		}
		if (options->bpf)
			ss_put_filter(ss, buf, sock);
		if (options->memory)
			put_memory(buf, sock);
	} else {
		put_ip(ss, buf, proto, sock);
	}
}

void ss_add_details(const struct ss_options *options, struct compat_reading *reading)
{
	const struct {
		bool wanted;
		enum estab_field fields[8];
	} needs[] = {
		{ options->processes || options->threads || options->contexts, { ESTAB_F_OWNERS } },
		{ options->contexts, { ESTAB_F_OWNER_CONTEXT } },
		{ options->timers, { ESTAB_F_TIMER } },
		{ options->details,
		  { ESTAB_F_UID, ESTAB_F_COOKIE, ESTAB_F_MARK, ESTAB_F_SHUTDOWN, ESTAB_F_VFS,
		    ESTAB_F_NETLINK_GROUPS_MASK, ESTAB_F_PACKET } },
		{ options->details || options->cgroup,
		  { ESTAB_F_COOKIE, ESTAB_F_CGROUP_ID, ESTAB_F_CGROUP } },
		{ options->memory, { ESTAB_F_MEM } },
		{ options->bpf, { ESTAB_F_PACKET_FILTER_CODE } },
		{ options->tos, { ESTAB_F_TOS, ESTAB_F_TCLASS, ESTAB_F_CLASS_ID } },
		{ options->sockopt, { ESTAB_F_SOCKOPT } },
		{ options->info, { ESTAB_F_TCP, ESTAB_F_MPTCP } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		for (size_t k = 0; needs[i].wanted && k < ARRAY_SIZE(needs[i].fields); k++)
			compat_add_field(reading, needs[i].fields[k]);
	reading->whole = options->processes || options->threads || options->contexts;
}
