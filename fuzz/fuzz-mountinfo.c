/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What processes have mounted, and counts of sockets: the input is the file. */
#include "mountinfo.h"

#include <stdlib.h>
#include <string.h>

#include "netns-walk.h"
#include "sockstat.h"
#include "tree.h"

static void check_inside(struct mountinfo_text text, const char *start, size_t size)
{
	must(text.length > 0 && text.at >= start && text.at + text.length <= start + size);
	must(!memchr(text.at, ' ', text.length) && !memchr(text.at, '\n', text.length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *start = (const char *)data;
	struct cursor text = { start, start + size };
	struct sockstat sockstat = { 0 };
	struct mountinfo mount;
	char *path = malloc(size + 1);

	must(path != NULL);
	while (mountinfo_next(&text, &mount)) {
		uint64_t inode = 0;

		check_inside(mount.root, start, size);
		check_inside(mount.point, start, size);
		check_inside(mount.type, start, size);
		must(mountinfo_unescape(mount.point, path) <= mount.point.length);
		if (netns_parse_link(mount.root.at, mount.root.length, "net", &inode) == 0)
			must(inode != 0);
		mountinfo_may_hang(mount.type);
	}
	must(text.at == text.end);
	free(path);
	sockstat_add((struct cursor){ start, start + size }, &sockstat);
	return 0;
}
