/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters of what is known of a process beyond its name: whose it is, where it runs, since when. */
#include <string.h>

#include "env.h"
#include "getter.h"
#include "util.h"

#define OWNER_GETTER(name) int get_owner_##name(const struct estab_owner *owner, struct value *ret)

/* The path of the cgroup that the kernel names by its id alone. */
int get_cgroup(const struct estab_socket *sock, const struct field *field, struct value *ret)
{
	struct env *env = sock->ext->env;
	uint64_t id = 0;

	(void)field;
	if (!ext_read(sock->ext, EXT_CGROUP_ID, &id, sizeof(id)))
		return sock->has & IS_MINISOCK ? FIELD_NONE : FIELD_UNKNOWN;
	if (!(env->plan.needs & NEED_CGROUP_PATH) || env->ctx->capture)
		return FIELD_UNKNOWN;
	return give_text(cgroup_paths_find(&env->cgroup_paths, env->ctx->proc_fd, id),
			 FIELD_UNKNOWN, ret);
}

OWNER_GETTER(ppid)
{
	if (!(owner->process->has & PROCESS_HAS_PPID))
		return FIELD_UNKNOWN;
	return give_number(owner->process->ppid, ret);
}

OWNER_GETTER(start_time)
{
	const char *text = owner->process->start_time;

	return give_text(text[0] != '\0' ? text : NULL, FIELD_UNKNOWN, ret);
}

OWNER_GETTER(age_ms)
{
	if (!(owner->process->has & PROCESS_HAS_AGE))
		return FIELD_UNKNOWN;
	return give_number(owner->process->age_ms, ret);
}

/* What the path does not tell the process does not have: it is in no container. */
static int give_of_cgroup(const struct estab_owner *owner, size_t offset, struct value *ret)
{
	const struct cgroup *cgroup = owner->process->cgroup;
	const char *text;

	if (!cgroup)
		return FIELD_UNKNOWN;
	memcpy(&text, (const char *)cgroup + offset, sizeof(text));
	return give_text(text, FIELD_NONE, ret);
}

OWNER_GETTER(cgroup)
{
	return give_of_cgroup(owner, offsetof(struct cgroup, path), ret);
}

OWNER_GETTER(unit)
{
	return give_of_cgroup(owner, offsetof(struct cgroup, unit), ret);
}

OWNER_GETTER(slice)
{
	return give_of_cgroup(owner, offsetof(struct cgroup, slice), ret);
}

OWNER_GETTER(container)
{
	return give_of_cgroup(owner, offsetof(struct cgroup, container), ret);
}

OWNER_GETTER(pod)
{
	return give_of_cgroup(owner, offsetof(struct cgroup, pod), ret);
}

OWNER_GETTER(unit_uid)
{
	const struct cgroup *cgroup = owner->process->cgroup;

	if (!cgroup)
		return FIELD_UNKNOWN;
	return cgroup->has_uid ? give_number(cgroup->uid, ret) : FIELD_NONE;
}

/* A container's name is unknown where its files are not to be had; where there is none, there is no name. */
static int give_of_container(const struct estab_owner *owner, size_t offset, struct value *ret)
{
	const struct process *process = owner->process;
	const char *text = NULL;

	if (process->cgroup && !process->cgroup->container)
		return FIELD_NONE;
	if (process->container)
		memcpy(&text, (const char *)process->container + offset, sizeof(text));
	return give_text(text, FIELD_UNKNOWN, ret);
}

OWNER_GETTER(container_name)
{
	return give_of_container(owner, offsetof(struct container, name), ret);
}

/* Of a pod's those only that are in one. */
static int give_of_pod(const struct estab_owner *owner, size_t offset, struct value *ret)
{
	int r = give_of_container(owner, offset, ret);

	if (r < 0 && owner->process->cgroup && !owner->process->cgroup->pod)
		return FIELD_NONE;
	return r;
}

OWNER_GETTER(pod_name)
{
	return give_of_pod(owner, offsetof(struct container, pod_name), ret);
}

OWNER_GETTER(pod_namespace)
{
	return give_of_pod(owner, offsetof(struct container, pod_namespace), ret);
}

OWNER_GETTER(runtime)
{
	const struct process *process = owner->process;
	const char *word;

	if (!process->cgroup)
		return FIELD_UNKNOWN;
	if (!process->cgroup->container)
		return FIELD_NONE;
	word = runtime_word(process->cgroup->runtime);
	if (!word && process->container)
		word = runtime_word(process->container->runtime);
	return give_text(word, FIELD_UNKNOWN, ret);
}
