/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The head and the end of a result as JSON members: estab-json(5). */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "field.h"
#include "filter.h"
#include "json.h"
#include "plan.h"
#include "result.h"
#include "util.h"

static void write_time(struct json *json, const char *key, uint64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	char text[64];
	struct tm tm;

	/* RFC 3339, UTC. */
	if (!gmtime_r(&seconds, &tm)) {
		json_write_null(json, key);
		return;
	}
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (unsigned int)(time_us % 1000000));
	json_write_str(json, key, text);
}

static void write_words(struct json *json, const char *key, uint32_t bits,
			const char *(*word)(unsigned int number))
{
	json_write_open(json, key, '[');
	for (unsigned int i = 0; i < 32; i++)
		if (bits & BIT32(i) && word(i))
			json_write_str(json, NULL, word(i));
	json_write_close(json, ']');
}

/* What was asked for, so that it can be asked again: estab diff. */
static void write_asked(struct json *json, const struct plan *plan)
{
	json_write_open(json, "asked", '{');
	write_words(json, "families", plan->families, word_family);
	json_write_open(json, "tables", '[');
	for (unsigned int i = 0; i < ROW_SOCKETS; i++) {
		if (!(plan->protos & BIT64(i)))
			continue;
		json_write_open(json, NULL, '{');
		json_write_str(json, "proto", word_proto(i));
		write_words(json, "states", plan->states[i], word_state);
		if (i == ESTAB_PROTO_UNIX || i == ESTAB_PROTO_PACKET)
			write_words(json, "types", plan->types[i], word_type);
		json_write_close(json, '}');
	}
	json_write_close(json, ']');
	if (plan->filter)
		json_write_str(json, "filter", filter_expression(plan->filter));
	json_write_close(json, '}');
}

int estab_result_write_json_head(const struct estab_result *result, estab_write_fn *fn, void *arg)
{
	struct json json;

	json_write_init(&json, fn, arg);
	json_write_u64(&json, "schema", ESTAB_SCHEMA);
	json_write_str(&json, "version", ESTAB_VERSION);
	write_time(&json, "time", result->time_us);
	if (result->boot_id[0] != '\0')
		json_write_str(&json, "boot_id", result->boot_id);
	else
		json_write_null(&json, "boot_id");
	if (result->netns != 0)
		json_write_u64(&json, "netns", result->netns);
	else
		json_write_null(&json, "netns");
	if (result->plan)
		write_asked(&json, result->plan);
	return json_write_flush(&json);
}

/* strerror() speaks the user's language; a program wants one word. */
const char *result_error_word(int error)
{
	static const struct {
		int error;
		const char *word;
	} words[] = {
		{ -ENOENT, "ENOENT" },   { -EACCES, "EACCES" },
		{ -EPERM, "EPERM" },     { -EOPNOTSUPP, "EOPNOTSUPP" },
		{ -EINVAL, "EINVAL" },   { -EBUSY, "EBUSY" },
		{ -EIO, "EIO" },         { -EMFILE, "EMFILE" },
		{ -ENFILE, "ENFILE" },   { -ENOBUFS, "ENOBUFS" },
		{ -EPROTO, "EPROTO" },   { -EAFNOSUPPORT, "EAFNOSUPPORT" },
		{ -ETIME, "ETIME" },     { -EPROTONOSUPPORT, "EPROTONOSUPPORT" },
		{ -ENOTDIR, "ENOTDIR" }, { -ECANCELED, "ECANCELED" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].error == error)
			return words[i].word;
	return "EIO";
}

static void write_sources(struct json *json, const struct estab_result *result)
{
	json_write_open(json, "sources", '[');
	for (size_t i = 0; i < result->n_sources; i++) {
		const struct result_source *source = &result->sources[i];

		json_write_open(json, NULL, '{');
		json_write_str(json, "source", source->source);
		json_write_str(json, "table", source->table);
		if (source->path)
			json_write_str(json, "path", source->path);
		if (source->error == 0)
			json_write_u64(json, "rows", source->rows);
		else
			json_write_str(json, "error", result_error_word(source->error));
		json_write_close(json, '}');
	}
	json_write_close(json, ']');
}

static void write_losses(struct json *json, const struct estab_result *result)
{
	json_write_open(json, "lost", '[');
	for (size_t i = 0; i < result->n_losses; i++) {
		const struct result_loss *loss = &result->losses[i];

		json_write_open(json, NULL, '{');
		json_write_str(json, "what", loss->what);
		json_write_str(json, "why", loss->why);
		if (loss->detail)
			json_write_str(json, "detail", loss->detail);
		json_write_u64(json, "count", loss->count);
		json_write_close(json, '}');
	}
	json_write_close(json, ']');
}

int estab_result_write_json_end(const struct estab_result *result, estab_write_fn *fn, void *arg)
{
	struct json json;

	json_write_init(&json, fn, arg);
	json_write_u64(&json, "count", result->count);
	json_write_bool(&json, "complete", result->n_losses == 0);
	json_write_str(&json, "consistency", result->exact ? "exact" : "approximate");
	write_sources(&json, result);
	write_losses(&json, result);
	return json_write_flush(&json);
}
