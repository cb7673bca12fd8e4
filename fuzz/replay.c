/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Stands in for libFuzzer where only what is kept shall be read: fuzz-NAME PATH..., files or
 * directories of them. Any compiler will do.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* Of the sanitizers, where there is one: what is called before they end the program. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static const char *current;

/* The report alone doesn't say which file it was. */
static void say_current(void)
{
	static const char before[] = "the input was ";

	if (write(STDERR_FILENO, before, sizeof(before) - 1) < 0 ||
	    write(STDERR_FILENO, current, strlen(current)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
		return;
}

static void on_abort(int number)
{
	(void)number;
	say_current();
}

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct bytes bytes = { 0 };
	char piece[4096];
	void *data;
	size_t n;

	if (!file) {
		printf("not ok %s: can't be opened\n", path);
		return -1;
	}
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		bytes_write(&bytes, piece, n);
	fclose(file);
	current = path;
	data = fuzz_copy(bytes.data, bytes.length);
	LLVMFuzzerTestOneInput(data, bytes.length);
	free(data);
	bytes_free(&bytes);
	return 1;
}

/* Returns how many inputs were read, or -1. */
static int replay(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int total = 0;
	int n;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return replay_file(path);
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char below[4096];

		snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && total >= 0)
			total = replay_file(below) < 0 ? -1 : total + 1;
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return total;
}

int main(int argc, char **argv)
{
	int total = 0;

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(say_current);
	signal(SIGABRT, on_abort);
	for (int i = 1; i < argc; i++) {
		int n = replay(argv[i]);

		if (n < 0)
			return EXIT_FAILURE;
		total += n;
	}
	if (total == 0) {
		puts("not ok corpus: there is no input");
		return EXIT_FAILURE;
	}
	printf("ok %d inputs\n", total);
	return EXIT_SUCCESS;
}
