/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What is known of a process by way of others than its own files. */
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "env.h"
#include "parse.h"
#include "process.h"
#include "slurp.h"
#include "util.h"

enum { US_PER_SECOND = 1000000, STAT_MAX = 1 << 20, UPTIME_MAX = 128 };

static uint64_t now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * US_PER_SECOND + (uint64_t)now.tv_nsec / 1000;
}

/* "12345.67 …": hundredths of a second. */
static bool read_uptime(int proc_fd, uint64_t *ret_us)
{
	char text[UPTIME_MAX];
	ssize_t n = slurp_at(proc_fd, "uptime", text, sizeof(text));
	struct cursor cursor = { text, text + MAX(n, (ssize_t)0) };
	uint64_t seconds, hundredths;

	if (!cursor_decimal(&cursor, &seconds) || !cursor_char(&cursor, '.') ||
	    !cursor_decimal(&cursor, &hundredths) || hundredths > 99 ||
	    seconds > UINT64_MAX / US_PER_SECOND / 2)
		return false;
	*ret_us = seconds * US_PER_SECOND + hundredths * 10000;
	return true;
}

/* The line "btime" of the file "stat", behind those of the processors and interrupts. */
static bool read_boot(int proc_fd, uint64_t *ret_us)
{
	_cleanup_(cleanup_free) char *text = malloc(STAT_MAX);
	ssize_t n = text ? slurp_at(proc_fd, "stat", text, STAT_MAX) : -1;
	const char *line = n > 0 ? memmem(text, (size_t)n, "\nbtime ", 7) : NULL;
	struct cursor cursor;
	uint64_t seconds;

	if (!line)
		return false;
	cursor = (struct cursor){ line + 7, text + n };
	if (!cursor_decimal(&cursor, &seconds) || seconds > UINT64_MAX / US_PER_SECOND / 2)
		return false;
	*ret_us = seconds * US_PER_SECOND;
	return true;
}

/* What a procfs counts from, our clocks count from, in a time namespace too; a copy stands still. */
static void ask_clock(const struct estab_ctx *ctx, struct process_clock *clock)
{
	struct statfs fs;

	clock->asked = true;
	if (fstatfs(ctx->proc_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC) {
		clock->up_us = now_us(CLOCK_BOOTTIME);
		clock->boot_us = now_us(CLOCK_REALTIME) - clock->up_us;
		clock->known = true;
		return;
	}
	clock->known = read_uptime(ctx->proc_fd, &clock->up_us) &&
		       read_boot(ctx->proc_fd, &clock->boot_us);
}

static void tell_time(struct env *env, struct process *process)
{
	struct process_clock *clock = &env->clock;
	uint64_t tick_us = US_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t start_us;

	if (!clock->asked)
		ask_clock(env->ctx, clock);
	if (!clock->known || !(process->has & PROCESS_HAS_START) ||
	    process->start_ticks > UINT64_MAX / tick_us / 2)
		return;
	start_us = process->start_ticks * tick_us;
	/* A tick is as near as it can be told. */
	if (!text_time((clock->boot_us + start_us) / tick_us * tick_us, process->start_time))
		process->start_time[0] = '\0';
	/* One that began since the clock was asked. */
	process->age_ms = (MAX(clock->up_us, start_us) - start_us) / 1000;
	process->has |= PROCESS_HAS_AGE;
}

void process_complete(struct env *env, struct process *process)
{
	uint64_t needs = env->plan.needs;

	if (needs & NEED_OWNER_USER && process->has & PROCESS_HAS_UID)
		process->user = users_name(&env->users, process->uid);
	if (needs & NEED_CONTAINER && env_check(env) == 0)
		process->container = containers_find(&env->containers, process->cgroup);
	if (needs & NEED_START_TIME)
		tell_time(env, process);
}
