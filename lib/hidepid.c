/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "owner-walk.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "parse.h"
#include "util.h"

/* libc has no wrapper for capget(2). */
static bool may_trace_all(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[CAP_TO_INDEX(CAP_SYS_PTRACE)].effective & CAP_TO_MASK(CAP_SYS_PTRACE);
}

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
static bool mounted_hiding(dev_t device)
{
	_cleanup_(cleanup_free) char *line = NULL;
	FILE *file = fopen("/proc/self/mountinfo", "re");
	bool hides = false;
	size_t room = 0;
	ssize_t n;

	if (!file)
		return false;
	while (!hides && (n = getline(&line, &room, file)) > 0) {
		struct cursor cursor = { line, line + n };
		uint64_t device_major, device_minor;
		const char *options;

		if (!line_device(&cursor, &device_major, &device_minor) ||
		    device_major != major(device) || device_minor != minor(device))
			continue;
		/* Blanks in paths are escaped, so this can only be the separator. */
		options = strstr(cursor.at, " - ");
		hides = options && option_hides(options);
	}
	fclose(file);
	return hides;
}

bool procfs_hides(int proc_fd)
{
	struct stat st, first;

	if (may_trace_all() || fstat(proc_fd, &st) < 0)
		return false;
	/* Another user's process 1 is in sight: we are of the group that is exempt (mount option
	 * gid=), or nothing is hidden. */
	if (fstatat(proc_fd, "1", &first, 0) == 0 && first.st_uid != geteuid())
		return false;
	return mounted_hiding(st.st_dev);
}
