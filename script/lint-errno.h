/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Put before every source by script/lint, for clang's analyzer alone. It cannot know that errno is
 * positive after a call that failed, takes "return -errno" for a possible 0, and follows the caller
 * down a path that does not exist. So errno is one of a few values here; it needs them as plain
 * numbers, because version 14 forgets what it knows of a symbol when that is negated.
 */
#ifndef LINT_ERRNO_H
#define LINT_ERRNO_H

#include <errno.h>

static inline int *lint_errno(void)
{
	int *location = __errno_location();

	if (*location != EINTR && *location != EAGAIN && *location != ENOENT)
		*location = EIO;
	return location;
}

#undef errno
#define errno (*lint_errno())

#endif
