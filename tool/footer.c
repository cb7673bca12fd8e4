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

static void put_loss(struct buf *buf, const struct estab_loss *loss)
{
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
	if (is(loss, "owners", NULL)) {
		buf_str(buf, "owners not read");
		put_why(buf, loss);
		return;
	}
	if (is(loss, "bytes", NULL) || is(loss, "times", NULL)) {
		buf_str(buf, loss->what);
		buf_str(buf, " unknown: ");
		buf_str(buf, loss->why);
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

void footer_put(struct buf *buf, const char *prefix, const struct estab_result *result)
{
	size_t count = estab_result_loss_count(result);

	for (size_t i = 0; i < count; i++) {
		struct estab_loss loss = { .size = sizeof(loss) };

		/* A process that ended while it was read holds nothing any more. */
		if (estab_result_get_loss(result, i, &loss) < 0 ||
		    is(&loss, "processes", "vanished"))
			continue;
		buf_str(buf, prefix);
		put_loss(buf, &loss);
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
