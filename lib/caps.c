/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "caps.h"

#include <linux/capability.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Its inode is fixed: include/linux/proc_ns.h, PROC_USER_INIT_INO. */
#define FIRST_USER_NS UINT32_C(0xeffffffd)

bool caps_have(unsigned int cap)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	/* libc has no wrapper for this. */
	return syscall(SYS_capget, &header, data) == 0 &&
	       data[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

bool caps_are_initial(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/user", &st) == 0 && st.st_ino == FIRST_USER_NS;
}
