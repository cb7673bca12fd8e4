/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab flows --delete FILTER: takes flows out of the connection table, those and no others. */
#include "commands.h"
#include "deed.h"
#include "options.h"

static const struct deed deleting = {
	.name = "delete",
	.one = "flow",
	.many = "flows",
	.infinitive = "delete",
	.question = "Delete",
	.past = "deleted",
	.conditional = "would-delete",
	.impossible = "not-deletable",
	.why_one = " whose id is not known: text does not tell",
	.why_many = " whose ids are not known: text does not tell",
	.privilege = "deleting flows takes CAP_NET_ADMIN in their network namespace",
	.unsupported = "this kernel deletes no flows",
};

int cmd_delete(const struct options *options)
{
	return deed_do(&deleting, options);
}
