/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "advice.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static __attribute__((format(printf, 2, 3))) void add(struct advice *advice, const char *format,
						      ...)
{
	va_list args;

	if (advice->n == ADVICE_MAX)
		return;
	va_start(args, format);
	vsnprintf(advice->lines[advice->n++], ADVICE_ROOM, format, args);
	va_end(args);
}

bool advice_fact(const struct estab_probe *probe, const char *name, struct estab_fact *ret_fact)
{
	size_t count = estab_probe_fact_count(probe);

	for (size_t i = 0; i < count; i++) {
		ret_fact->size = sizeof(*ret_fact);
		if (estab_probe_get_fact(probe, i, ret_fact) == 0 &&
		    strcmp(ret_fact->name, name) == 0)
			return ret_fact->known;
	}
	return false;
}

/* Whether it is known, and true. */
static bool is(const struct estab_probe *probe, const char *name)
{
	struct estab_fact fact;

	return advice_fact(probe, name, &fact) && fact.number != 0;
}

/* Whether it is known, and false. */
static bool is_not(const struct estab_probe *probe, const char *name)
{
	struct estab_fact fact;

	return advice_fact(probe, name, &fact) && fact.number == 0;
}

static void advise_owners(struct advice *advice, const struct estab_probe *probe, uint64_t unseen)
{
	bool all = is(probe, "cap.sys_ptrace") && is(probe, "cap.dac_read_search");
	struct estab_fact fact;

	if (is(probe, "processes.hidden"))
		add(advice,
		    "/proc hides other users' processes (mount option hidepid): run as root, "
		    "or with CAP_SYS_PTRACE, or in the group that its option gid names");
	if (is(probe, "processes.unreadable") &&
	    advice_fact(probe, "processes.unreadable", &fact)) {
		const char *what = fact.number == 1 ? "process" : "processes";

		if (!all)
			add(advice,
			    "%llu %s not readable: run as root, or with CAP_SYS_PTRACE and "
			    "CAP_DAC_READ_SEARCH",
			    (unsigned long long)fact.number, what);
		else if (is_not(probe, "namespace.initial_user"))
			add(advice,
			    "%llu %s not readable: capabilities hold in this user namespace only; "
			    "run outside",
			    (unsigned long long)fact.number, what);
		else
			add(advice,
			    "%llu %s not readable, though the usual capabilities are there: it has "
			    "more of them than estab, or a security module refuses",
			    (unsigned long long)fact.number, what);
	}
	if (unseen > 0)
		add(advice, "owners of %llu %s unseen for that reason", (unsigned long long)unseen,
		    unseen == 1 ? "socket" : "sockets");
	if (is_not(probe, "namespace.initial_pid"))
		add(advice,
		    "this pid namespace is not the host's: owners outside can't be seen, and "
		    "their sockets count as not-visible; run in the host's pid namespace");
}

static bool is_refusal(int error)
{
	return error == -EPERM || error == -EACCES;
}

/* What every kernel has that is worth the name; others are missing more often than not. */
static bool is_common(const char *table)
{
	return strcmp(table, "tcp") == 0 || strcmp(table, "udp") == 0 || strcmp(table, "unix") == 0;
}

/* Whether any source serves this family of the table; *ret_refused: one would, if it might. */
static bool is_served(const struct estab_probe *probe, const struct estab_probe_table *table,
		      bool *ret_refused)
{
	struct estab_probe_table other = { .size = sizeof(other) };
	bool served = false;

	*ret_refused = false;
	for (size_t i = 0; estab_probe_get_table(probe, i, &other) == 0; i++) {
		if (strcmp(other.table, table->table) != 0 ||
		    strcmp(other.family, table->family) != 0)
			continue;
		served |= other.error == 0;
		*ret_refused |= is_refusal(other.error);
	}
	return served;
}

static void advise_tables(struct advice *advice, const struct estab_probe *probe)
{
	struct estab_probe_table table = { .size = sizeof(table) };
	bool diag_refused = false;
	bool diag_served = false;
	char before[32] = "";

	for (size_t i = 0; estab_probe_get_table(probe, i, &table) == 0; i++) {
		bool refused;

		if (strcmp(table.source, "diag") == 0) {
			diag_refused |= is_refusal(table.error);
			diag_served |= table.error == 0;
		}
		if (is_served(probe, &table, &refused) || strcmp(before, table.table) == 0 ||
		    !(refused || is_common(table.table)))
			continue;
		snprintf(before, sizeof(before), "%s", table.table);
		add(advice,
		    refused ? "%s: not allowed to read it"
			    : "%s: no source has it: the kernel, or what is read, may lack it",
		    table.table);
	}
	if (diag_refused)
		add(advice,
		    "sock_diag is refused%s: its tables are read as text, if at all, which "
		    "knows less; a seccomp filter or a security module stands in the way",
		    diag_served ? " in part" : "");
}

/* Whether the source may not even try. */
static bool is_refused(const struct estab_probe *probe, const char *source)
{
	struct estab_probe_table table = { .size = sizeof(table) };

	for (size_t i = 0; estab_probe_get_table(probe, i, &table) == 0; i++)
		if (strcmp(table.source, source) == 0 && is_refusal(table.error))
			return true;
	return false;
}

static void advise_namespaces(struct advice *advice, const struct estab_probe *probe)
{
	const char *why = is_not(probe, "cap.sys_admin")
				  ? "run as root, or with CAP_SYS_ADMIN"
				  : "capabilities hold in this user namespace only, or a security "
				    "module or a seccomp filter refuses";
	struct estab_fact fact;

	if (is(probe, "namespaces.text") && advice_fact(probe, "namespaces.text", &fact))
		add(advice,
		    "%llu network %s not to be entered, but only read as text through a process: %s",
		    (unsigned long long)fact.number,
		    fact.number == 1 ? "namespace is" : "namespaces are", why);
	if (is(probe, "namespaces.shut") && advice_fact(probe, "namespaces.shut", &fact))
		add(advice, "%llu network %s shut, without a process in sight to read through: %s",
		    (unsigned long long)fact.number,
		    fact.number == 1 ? "namespace is" : "namespaces are", why);
	else if (!is(probe, "namespaces.text") && is_not(probe, "cap.sys_admin"))
		add(advice,
		    "other network namespaces can be entered only if they are one's own: run "
		    "as root, or with CAP_SYS_ADMIN");
}

static void advise_fields(struct advice *advice, const struct estab_probe *probe)
{
	struct estab_fact fact;

	if (is(probe, "proc.capture"))
		return;
	if (is_refused(probe, "bpf"))
		add(advice, "owners only by a walk over /proc: as root, or with CAP_BPF and "
			    "CAP_PERFMON, one pass over all open files finds them faster");
	if (is_not(probe, "cap.net_admin"))
		add(advice, "marks of sockets unseen: run as root, or with CAP_NET_ADMIN");
	advise_namespaces(advice, probe);
	if (!advice_fact(probe, "user.context", &fact))
		add(advice, "no security module gives processes a context: -Z has nothing to show");
}

void advice_give(struct advice *advice, const struct estab_probe *probe, uint64_t unseen)
{
	advice->n = 0;
	advise_tables(advice, probe);
	advise_owners(advice, probe, unseen);
	advise_fields(advice, probe);
}
