/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The verbs. Each returns the exit status. */
#ifndef ESTAB_TOOL_COMMANDS_H
#define ESTAB_TOOL_COMMANDS_H

struct options;

int cmd_list(const struct options *options);
int cmd_diff(const struct options *options);
int cmd_doctor(const struct options *options);
int cmd_fields(const struct options *options);
/* Of flows, with --delete. */
int cmd_delete(const struct options *options);
/* With --follow. */
int cmd_follow(const struct options *options);
int cmd_kill(const struct options *options);
int cmd_summary(const struct options *options);
/* With --by. */
int cmd_summary_by(const struct options *options);
int cmd_wait(const struct options *options);
int cmd_who(const struct options *options);

#endif
