/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "owner-walk.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "parse.h"
#include "text.h"
#include "util.h"

/* libc has no wrapper for capget(2). */
static bool may_trace_all(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[CAP_TO_INDEX(CAP_SYS_PTRACE)].effective & CAP_TO_MASK(CAP_SYS_PTRACE);
}

/* Returns what follows a word at the front of one of the file's lines; the line is the caller's to
 * free. */
static bool find_line(FILE *file, const char *word, char **line, struct cursor *ret_rest)
{
	size_t length = strlen(word);
	size_t room = 0;
	ssize_t n;

	free(*line);
	*line = NULL;
	while ((n = getline(line, &room, file)) >= 0) {
		if ((size_t)n < length || memcmp(*line, word, length) != 0)
			continue;
		*ret_rest = (struct cursor){*line + length, *line + n};
		return true;
	}
	return false;
}

/* Finds the number of the mount that a descriptor is on; 0 when it can't be told. */
static uint64_t mount_of(int fd)
{
	char path[sizeof("/proc/self/fdinfo/") + 20] = "/proc/self/fdinfo/";
	size_t length = strlen(path);
	_cleanup_(cleanup_free) char *line = NULL;
	struct cursor rest;
	uint64_t id = 0;
	FILE *file;

	path[length + text_digits((uint64_t)fd, path + length)] = '\0';
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (find_line(file, "mnt_id:", &line, &rest)) {
		cursor_blanks(&rest);
		cursor_decimal(&rest, &id);
	}
	fclose(file);
	return id;
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

static bool mounted_hiding(int proc_fd)
{
	_cleanup_(cleanup_free) char *line = NULL;
	char word[20 + 2];
	uint64_t id = mount_of(proc_fd);
	struct cursor rest;
	bool hides = false;
	const char *options;
	size_t length;
	FILE *file;

	if (id == 0)
		return false;
	length = text_digits(id, word);
	word[length] = ' ';
	word[length + 1] = '\0';
	file = fopen("/proc/self/mountinfo", "re");
	if (!file)
		return false;
	if (find_line(file, word, &line, &rest)) {
		/* Blanks in paths are escaped, so this can only be the separator. */
		options = strstr(rest.at, " - ");
		hides = options && option_hides(options);
	}
	fclose(file);
	return hides;
}

bool procfs_hides(int proc_fd)
{
	struct stat st;

	if (may_trace_all())
		return false;
	/* Another user's process 1 is in sight: we are of the group that is exempt (mount option
	 * gid=), or nothing is hidden. */
	if (fstatat(proc_fd, "1", &st, 0) == 0 && st.st_uid != geteuid())
		return false;
	return mounted_hiding(proc_fd);
}
