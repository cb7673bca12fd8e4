/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "footer.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool is(const struct estab_loss *loss, const char *what, const char *why)
{
	return strcmp(loss->what, what) == 0 && (!why || strcmp(loss->why, why) == 0);
}

/* "1 process", "312 processes" */
static void put_count(struct buf *buf, uint64_t count, const char *one, const char *many)
{
	buf_u64(buf, count);
	buf_char(buf, ' ');
	buf_str(buf, count == 1 ? one : many);
}

static void put_why(struct buf *buf, const struct estab_loss *loss)
{
	buf_str(buf, " (");
	buf_str(buf, loss->why);
	buf_char(buf, ')');
}

/* About namespaces as such; false: it is about something else. */
static bool put_namespaces(struct buf *buf, const struct estab_loss *loss)
{
	if (is(loss, "namespaces", "hidepid")) {
		buf_str(buf, "/proc hides other users' processes (hidepid): network namespaces "
			     "may be missing");
	} else if (is(loss, "namespaces", "unavailable")) {
		buf_str(buf, "no process is to be seen: other network namespaces may be missing");
	} else if (is(loss, "namespaces", NULL) && loss->detail &&
		   strcmp(loss->detail, "sockets") == 0) {
		buf_str(buf, "sockets of ");
		put_count(buf, loss->count, "process", "processes");
		buf_str(buf, " not to be asked where they are");
		put_why(buf, loss);
		buf_str(buf, ": network namespaces that only they keep may be missing");
	} else if (is(loss, "namespaces", NULL) && loss->detail) {
		put_count(buf, loss->count, "process", "processes");
		buf_str(buf, " not readable");
		put_why(buf, loss);
		buf_str(buf, ": network namespaces that only they keep may be missing");
	} else if (is(loss, "namespaces", NULL) || is(loss, "namespace", NULL)) {
		put_count(buf, loss->count, "network namespace", "network namespaces");
		buf_str(buf, " not readable");
		put_why(buf, loss);
	} else {
		return false;
	}
	return true;
}

/* About the connection table; false: it is about something else. */
static bool put_flows(struct buf *buf, const struct estab_loss *loss)
{
	if (is(loss, "nat", NULL)) {
		buf_str(buf, "address translation not known");
		put_why(buf, loss);
		if (strcmp(loss->why, "permission") == 0)
			buf_str(buf, ": the connection table is for root");
	} else if (is(loss, "sockets", NULL)) {
		buf_str(buf, "sockets of flows not read");
		put_why(buf, loss);
	} else if (is(loss, "bytes", NULL) || is(loss, "times", NULL)) {
		buf_str(buf, loss->what);
		buf_str(buf, " unknown: ");
		buf_str(buf, loss->why);
	} else if (is(loss, "events", "overrun")) {
		put_count(buf, loss->count, "event", "events");
		buf_str(buf, " lost: they came faster than they were read");
	} else if (is(loss, "events", NULL) && !loss->detail) {
		buf_str(buf, "there are no events: ");
		buf_str(buf, loss->why);
	} else {
		return false;
	}
	return true;
}

static void put_loss(struct buf *buf, const struct estab_loss *loss)
{
	if (put_namespaces(buf, loss) || put_flows(buf, loss))
		return;
	if (is(loss, "processes", "hidepid")) {
		buf_str(buf, "/proc hides other users' processes (hidepid): owners may be missing");
		return;
	}
	if (loss->detail && is(loss, "processes", NULL)) {
		put_count(buf, loss->count, "process", "processes");
		buf_str(buf, " of this user not readable (");
		buf_str(buf, loss->detail);
		buf_str(buf, "): owners may be missing");
		return;
	}
	if (is(loss, "rings", NULL)) {
		put_count(buf, loss->count, "io_uring", "io_urings");
		buf_str(buf, " not readable");
		put_why(buf, loss);
		buf_str(buf, ": owners may be missing");
		return;
	}
	if (is(loss, "processes", NULL)) {
		put_count(buf, loss->count, "process", "processes");
		buf_str(buf, " not readable");
		put_why(buf, loss);
		buf_str(buf, ": owners may be missing");
		if (strcmp(loss->why, "permission") == 0 && geteuid() != 0)
			buf_str(buf, "; run as root");
		return;
	}
	if (is(loss, "contexts", NULL)) {
		buf_str(buf, "security contexts not known");
		put_why(buf, loss);
		buf_str(buf, ": no security module here gives processes one");
		return;
	}
	if (is(loss, "cgroups", NULL)) {
		buf_str(buf, "cgroups of ");
		put_count(buf, loss->count, "process", "processes");
		buf_str(buf, " not readable");
		put_why(buf, loss);
		return;
	}
	if (is(loss, "owners", NULL)) {
		buf_str(buf, "owners not read");
		put_why(buf, loss);
		return;
	}
	if (is(loss, "table", NULL)) {
		buf_str(buf, loss->detail ? loss->detail : "table");
		buf_str(buf, " not readable");
		put_why(buf, loss);
		return;
	}
	if (is(loss, "rows", "cut") || is(loss, "rows", "deadline")) {
		buf_str(buf, loss->detail ? loss->detail : "table");
		buf_str(buf, " not read to its end");
		put_why(buf, loss);
		return;
	}
	buf_u64(buf, loss->count);
	buf_char(buf, ' ');
	buf_str(buf, loss->what);
	if (loss->detail) {
		buf_str(buf, " of ");
		buf_str(buf, loss->detail);
	}
	buf_str(buf, " lost");
	put_why(buf, loss);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Of one namespace or another. */
static bool is_same(const struct estab_loss *a, const struct estab_loss *b)
{
	return strcmp(a->what, b->what) == 0 && strcmp(a->why, b->why) == 0 &&
	       same_text(a->detail, b->detail);
}

static bool is_of_namespace(const struct estab_loss *loss)
{
	return loss->netns != 0 || loss->netns_name;
}

static bool get_loss(const struct estab_result *result, size_t index, struct estab_loss *ret_loss)
{
	*ret_loss = (struct estab_loss){ .size = sizeof(*ret_loss) };
	return estab_result_get_loss(result, index, ret_loss) == 0;
}

static bool was_before(const struct estab_result *result, size_t index,
		       const struct estab_loss *loss)
{
	struct estab_loss other;

	for (size_t i = 0; i < index; i++)
		if (get_loss(result, i, &other) && is_same(&other, loss))
			return true;
	return false;
}

/* Adds up what several namespaces lost alike; returns how many there are. */
static uint64_t add_up(const struct estab_result *result, size_t index, struct estab_loss *loss)
{
	uint64_t namespaces = is_of_namespace(loss);
	struct estab_loss other;

	for (size_t i = index + 1; get_loss(result, i, &other); i++) {
		if (!is_same(&other, loss))
			continue;
		loss->count += other.count;
		namespaces += is_of_namespace(&other);
	}
	return namespaces;
}

static void put_place(struct buf *buf, const struct estab_loss *loss, uint64_t namespaces)
{
	bool is_place = strcmp(loss->what, "namespace") == 0;

	if (namespaces == 1 && loss->netns_name) {
		buf_str(buf, is_place ? ": " : " in network namespace ");
		buf_escape(buf, loss->netns_name, strlen(loss->netns_name));
	} else if (namespaces > 0 && !is_place) {
		buf_str(buf, " in ");
		put_count(buf, namespaces, "network namespace", "network namespaces");
	}
}

void footer_put(struct buf *buf, const char *prefix, const struct estab_result *result)
{
	struct estab_loss loss;

	for (size_t i = 0; get_loss(result, i, &loss); i++) {
		uint64_t namespaces;

		/* A process that ended while it was read holds nothing any more. */
		if (is(&loss, "processes", "vanished") || was_before(result, i, &loss))
			continue;
		namespaces = add_up(result, i, &loss);
		buf_str(buf, prefix);
		put_loss(buf, &loss);
		put_place(buf, &loss, namespaces);
		buf_char(buf, '\n');
	}
}

void footer_put_names(struct buf *buf, const char *prefix, uint64_t unanswered)
{
	if (unanswered == 0)
		return;
	buf_str(buf, prefix);
	put_count(buf, unanswered, "name", "names");
	buf_str(buf, " not resolved: no answer, or none in time (--resolve-timeout)\n");
}
