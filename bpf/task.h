/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who holds a file. */
#ifndef ESTAB_BPF_TASK_H
#define ESTAB_BPF_TASK_H

#include "kernel.h"
/* after the types */
#include "records.h"

/* How deep down the reader's namespace is. */
ALWAYS_INLINE uint32_t own_level(void)
{
	const struct pid *pid = 0;
	uint32_t level = 0;

	PROBE(&pid, &bpf_get_current_task_btf()->thread_pid);
	PROBE(&level, &pid->level);
	return level;
}

/* The task's number in the reader's namespace: it has one in each down to its own. */
ALWAYS_INLINE uint32_t number_of(struct task_struct *task, uint32_t level)
{
	const struct upid *place = 0;
	const struct pid *pid = 0;
	int number = 0;

	/* The address of a variable place in an array is more than the verifier takes. */
	PROBE(&pid, &task->thread_pid);
	place = (const struct upid *)((const char *)pid +
				      __builtin_preserve_field_info(pid->numbers, 0));
	place = (const struct upid *)((const char *)place +
				      level * __builtin_preserve_type_info(*place, 1));
	PROBE(&number, &place->nr);
	return (uint32_t)number;
}

/* nested: the reader is in a pid namespace below the first. */
ALWAYS_INLINE void put_holder(struct task_struct *task, uint32_t fd, uint32_t nested,
			      struct record *record)
{
	struct task_struct *leader = task->group_leader;

	record->fd = fd;
	if (nested) {
		uint32_t level = own_level();

		record->pid = number_of(leader, level);
		record->tid = number_of(task, level);
	} else {
		record->pid = (uint32_t)task->tgid;
		record->tid = (uint32_t)task->pid;
	}
	record->start_ns = leader->start_boottime;
	record->euid = leader->real_cred->euid.val;
	__builtin_memcpy(record->comm, leader->comm, sizeof(record->comm));
}

#endif
