/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What standard output is: a terminal of some width, with colours or without. */
#ifndef ESTAB_TOOL_TERM_H
#define ESTAB_TOOL_TERM_H

#include <stdbool.h>
#include <stddef.h>

enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct term {
	bool terminal; /* standard output is one */
	bool pipe;     /* or it is a pipe: someone reads along */
	bool colour;
	bool progress; /* standard error can show a line that goes away again */
	size_t width;  /* columns, where it is a terminal */
};

/* What a text is about, and so its colour. */
enum colour {
	COLOUR_NONE,
	COLOUR_HEADER,
	COLOUR_LISTENING,
	COLOUR_CONNECTED,
	COLOUR_OPENING,
	COLOUR_CLOSING,
	COLOUR_FAINT,
};

#define TERM_RESET "\033[0m"

/* Columns of standard error, 0 where it is no terminal. */
size_t term_error_width(void);
void term_look(enum colour_when when, struct term *ret_term);
/* Ctrl-C ends the program as ever, but leaves no colour and no progress line behind. */
void term_clean_at_interrupt(const struct term *term);
/* The escape sequence that begins a colour; "" for none. */
const char *term_colour(enum colour colour);

#endif
