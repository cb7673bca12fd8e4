/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "term.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress.h"

enum { WIDTH_UNKNOWN = 80, WIDTH_MAX = 10000 };

static volatile sig_atomic_t colour_used;

/* COLUMNS, when it is a sane number: it is there only where someone exported it on purpose. */
static size_t width_from_environment(void)
{
	const char *text = getenv("COLUMNS");
	size_t width = 0;

	if (!text)
		return 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		width = width * 10 + (size_t)(*text - '0');
		if (width > WIDTH_MAX)
			return 0;
	}
	return width;
}

static size_t find_width(int fd)
{
	struct winsize size;
	size_t width = width_from_environment();

	if (width > 0)
		return width;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return WIDTH_UNKNOWN;
}

size_t term_error_width(void)
{
	return isatty(STDERR_FILENO) ? find_width(STDERR_FILENO) : 0;
}

static bool dumb(void)
{
	const char *term = getenv("TERM");

	return !term || strcmp(term, "") == 0 || strcmp(term, "dumb") == 0;
}

void term_look(enum colour_when when, struct term *ret_term)
{
	const char *no_colour = getenv("NO_COLOR");
	struct term term = { .terminal = isatty(STDOUT_FILENO) };
	struct stat status;

	term.pipe = fstat(STDOUT_FILENO, &status) == 0 &&
		    (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
	if (term.terminal)
		term.width = find_width(STDOUT_FILENO);
	if (when == COLOUR_AUTO)
		term.colour = term.terminal && !dumb() && !(no_colour && no_colour[0]);
	else
		term.colour = when == COLOUR_ALWAYS;
	term.progress = isatty(STDERR_FILENO) && !dumb();
	*ret_term = term;
}

static void interrupted(int signal_number)
{
	progress_end();
	if (colour_used && write(STDOUT_FILENO, TERM_RESET, sizeof(TERM_RESET) - 1) < 0)
		colour_used = 0;
	/* The handler was reset on the way in: this is the default death. */
	raise(signal_number);
}

void term_clean_at_interrupt(const struct term *term)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	colour_used = term->terminal && term->colour;
	if (!colour_used && !term->progress)
		return;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction action = { .sa_handler = interrupted, .sa_flags = SA_RESETHAND };
		struct sigaction before;

		/* What the caller made us ignore stays ignored: nohup. */
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
	}
}

const char *term_colour(enum colour colour)
{
	static const char *const codes[] = {
		[COLOUR_NONE] = "",
		[COLOUR_HEADER] = "\033[1m",
		[COLOUR_LISTENING] = "\033[32m",
		[COLOUR_CONNECTED] = "\033[36m",
		[COLOUR_OPENING] = "\033[33m",
		[COLOUR_CLOSING] = "\033[35m",
		[COLOUR_FAINT] = "\033[2m",
	};

	return codes[colour];
}
