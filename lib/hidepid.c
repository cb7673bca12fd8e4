/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "owner-walk.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "caps.h"
#include "parse.h"
#include "util.h"

/* "noaccess" (1) lists the processes and refuses to open them, which the walk sees for itself. */
static bool option_hides(const char *options)
{
	const char *value = strstr(options, "hidepid=");

	if (!value)
		return false;
	value += strlen("hidepid=");
	return value[0] == '2' || value[0] == '4' || strncmp(value, "invisible", 9) == 0 ||
	       strncmp(value, "ptraceable", 10) == 0;
}

/* Takes "MAJOR:MINOR" off a line of mountinfo, where it is the third word. */
static bool line_device(struct cursor *cursor, uint64_t *ret_major, uint64_t *ret_minor)
{
	uint64_t id, parent;

	return cursor_decimal(cursor, &id) && cursor_char(cursor, ' ') &&
	       cursor_decimal(cursor, &parent) && cursor_char(cursor, ' ') &&
	       cursor_decimal(cursor, ret_major) && cursor_char(cursor, ':') &&
	       cursor_decimal(cursor, ret_minor) && cursor_char(cursor, ' ');
}

/* Mounts of one device share such options; since Linux 5.8 every mount of a procfs is a device of
 * its own. */
char *procfs_options(int proc_fd)
{
	_cleanup_(cleanup_free) char *line = NULL;
	char *copy = NULL;
	size_t room = 0;
	struct stat st;
	FILE *file;
	ssize_t n;

	if (fstat(proc_fd, &st) < 0)
		return NULL;
	file = fopen("/proc/self/mountinfo", "re");
	if (!file)
		return NULL;
	while (!copy && (n = getline(&line, &room, file)) > 0) {
		struct cursor cursor = { line, line + n };
		uint64_t device_major, device_minor;
		const char *options;

		if (!line_device(&cursor, &device_major, &device_minor) ||
		    device_major != major(st.st_dev) || device_minor != minor(st.st_dev))
			continue;
		/* " - TYPE SOURCE OPTIONS": blanks in paths are escaped. */
		options = strstr(cursor.at, " - ");
		options = options ? strrchr(options, ' ') : NULL;
		if (options)
			copy = strndup(options + 1, strcspn(options + 1, "\n"));
	}
	fclose(file);
	return copy;
}

bool procfs_hides(int proc_fd)
{
	_cleanup_(cleanup_free) char *options = NULL;
	struct stat first;

	if (caps_have(CAP_SYS_PTRACE))
		return false;
	/* Another user's process 1 is in sight: we are of the group that is exempt (mount option
	 * gid=), or nothing is hidden. */
	if (fstatat(proc_fd, "1", &first, 0) == 0 && first.st_uid != geteuid())
		return false;
	options = procfs_options(proc_fd);
	return options && option_hides(options);
}
