/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The table for a terminal. All rows are measured first; then what does not fit gives way: owners
 * are cut (and end in an ellipsis), then whole columns are hidden (and named below the table), and
 * a row that is still too long goes on in an indented line.
 */
#include <string.h>

#include "cell.h"
#include "output.h"
#include "report.h"
#include "util.h"
#include "width.h"

enum {
	GAP = 2,
	INDENT = 4,
	SHRUNK = 12, /* what is left of a column that gives way */
	ADDRESS = 23,
	NARROWEST = 20,
	PRIORITY_NEVER_HIDDEN = 100,
};

static const char ellipsis[] = "…";

struct place {
	const struct column *column;
	size_t content; /* width of the widest cell, or of the title */
	size_t width;
	bool hidden;
	bool blank; /* hidden, as no row has anything to show there */
};

struct screen {
	struct output *output;
	size_t width;
	size_t n; /* places in the row; the continued columns follow them */
	size_t n_all;
	struct place places[COLUMNS_MAX];
};

static size_t put_cell(const struct screen *screen, const struct column *column,
		       const struct estab_socket *sock)
{
	struct buf *scratch = screen->output->scratch;

	scratch->used = 0;
	cell_put(scratch, column, sock);
	return text_width(scratch->data, scratch->used);
}

static void arrange(struct screen *screen, const struct columns *columns)
{
	for (int continued = 0; continued <= 1; continued++) {
		for (size_t i = 0; i < columns->n; i++)
			if (columns->list[i].continued == continued)
				screen->places[screen->n_all++].column = &columns->list[i];
		if (!continued)
			screen->n = screen->n_all;
	}
}

/* One long path or address must not push everyone's columns away: its row is broken instead. */
static size_t widest_aligned(const struct screen *screen)
{
	return MAX((size_t)ADDRESS, screen->width / 4);
}

static bool is_empty(const struct buf *cell)
{
	return cell->used == 1 && cell->data[0] == '-';
}

static void measure(struct screen *screen, const struct estab_snapshot *snapshot)
{
	size_t count = estab_snapshot_count(snapshot);

	for (size_t c = 0; c < screen->n; c++) {
		screen->places[c].content = strlen(screen->places[c].column->title);
		screen->places[c].blank = screen->places[c].column->optional;
		screen->places[c].hidden = screen->places[c].column->optional;
	}
	for (size_t i = 0; i < count; i++) {
		const struct estab_socket *sock = estab_snapshot_get(snapshot, i);

		for (size_t c = 0; c < screen->n; c++) {
			struct place *place = &screen->places[c];

			place->content = MAX(place->content, put_cell(screen, place->column, sock));
			if (place->blank && !is_empty(screen->output->scratch))
				place->blank = place->hidden = false;
		}
	}
	for (size_t c = 0; c < screen->n; c++)
		if (!screen->places[c].column->shrinks)
			screen->places[c].content =
				MIN(screen->places[c].content, widest_aligned(screen));
}

/* The width of a row when what can shrink has shrunk; sets the places' widths to that. */
static size_t narrowest(struct screen *screen)
{
	size_t total = 0;

	for (size_t c = 0; c < screen->n; c++) {
		struct place *place = &screen->places[c];

		if (place->hidden)
			continue;
		place->width = place->content;
		if (place->column->shrinks)
			place->width = MIN(place->content, (size_t)SHRUNK);
		total += (total > 0 ? GAP : 0) + place->width;
	}
	return total;
}

static struct place *least_important(struct screen *screen)
{
	struct place *least = NULL;

	for (size_t c = 0; c < screen->n; c++) {
		struct place *place = &screen->places[c];

		if (place->hidden || place->column->pinned ||
		    place->column->priority >= PRIORITY_NEVER_HIDDEN)
			continue;
		if (!least || place->column->priority <= least->column->priority)
			least = place;
	}
	return least;
}

static void fit(struct screen *screen)
{
	size_t needed = narrowest(screen);
	struct place *least;
	size_t spare;

	while (needed > screen->width && (least = least_important(screen)) != NULL) {
		least->hidden = true;
		needed = narrowest(screen);
	}
	spare = screen->width > needed ? screen->width - needed : 0;
	for (size_t c = 0; c < screen->n; c++) {
		struct place *place = &screen->places[c];
		size_t more = place->hidden ? 0 : MIN(spare, place->content - place->width);

		place->width += more;
		spare -= more;
	}
}

static void put_coloured(const struct screen *screen, enum colour colour, const char *text,
			 size_t length)
{
	struct buf *buf = screen->output->buf;
	bool coloured = screen->output->term->colour && colour != COLOUR_NONE;

	if (coloured)
		buf_str(buf, term_colour(colour));
	buf_put(buf, text, length);
	if (coloured)
		buf_str(buf, TERM_RESET);
}

/* Where a line is, and where its next column begins. */
struct pen {
	size_t at;
	size_t column; /* where the next cell begins when nothing before it was too long */
	bool begun;
};

/* Moves to where a cell of that width begins: its column, or the next line when it does not fit. */
static void move(const struct screen *screen, struct pen *pen, size_t width)
{
	struct buf *buf = screen->output->buf;
	size_t start = pen->column;

	if (pen->begun && start < pen->at + GAP)
		start = pen->at + GAP;
	/* A long cell before this one may have left room that alignment would waste. */
	if (pen->begun && start + width > screen->width && pen->at + 1 + width <= screen->width)
		start = screen->width - width;
	if (pen->begun && start + width > screen->width && pen->at > INDENT) {
		buf_char(buf, '\n');
		pen->at = 0;
		start = INDENT;
	}
	buf_blanks(buf, start - pen->at);
	pen->at = start;
	pen->begun = true;
}

static bool is_last(const struct screen *screen, size_t c)
{
	while (++c < screen->n)
		if (!screen->places[c].hidden)
			return false;
	return true;
}

/* Puts the text of a cell in its place, cut where it may be. */
static void put_placed(const struct screen *screen, struct pen *pen, size_t c, enum colour colour,
		       const char *text, size_t length)
{
	const struct place *place = &screen->places[c];
	size_t width = text_width(text, length);

	if (!place->column->shrinks) {
		move(screen, pen, width);
		put_coloured(screen, colour, text, length);
	} else {
		size_t room = place->width;

		move(screen, pen, MIN(width, room));
		if (is_last(screen, c))
			room = MAX(room, screen->width - MIN(screen->width, pen->at));
		if (width > room) {
			length = text_fit(text, length, room - 1);
			width = text_width(text, length) + 1;
			put_coloured(screen, colour, text, length);
			buf_str(screen->output->buf, ellipsis);
		} else {
			put_coloured(screen, colour, text, length);
		}
	}
	pen->at += width;
	pen->column += place->width + GAP;
}

static void put_margin(const struct screen *screen, enum colour colour, const char *text)
{
	const struct margin *margin = screen->output->margin;
	bool coloured = colour != COLOUR_NONE && screen->output->term->colour;

	if (!margin)
		return;
	if (coloured)
		buf_str(screen->output->buf, term_colour(colour));
	report_text(screen->output->buf, text, margin->width - GAP);
	if (coloured)
		buf_str(screen->output->buf, TERM_RESET);
	buf_blanks(screen->output->buf, GAP);
}

static void put_header(const struct screen *screen)
{
	struct pen pen = { 0 };

	if (screen->output->margin)
		put_margin(screen, COLOUR_HEADER, screen->output->margin->title);
	for (size_t c = 0; c < screen->n; c++) {
		const char *title = screen->places[c].column->title;

		if (!screen->places[c].hidden)
			put_placed(screen, &pen, c, COLOUR_HEADER, title, strlen(title));
	}
	if (pen.begun)
		buf_char(screen->output->buf, '\n');
}

static enum colour state_colour(const struct estab_socket *sock)
{
	static const struct {
		const char *state;
		enum colour colour;
	} colours[] = {
		{ "listen", COLOUR_LISTENING }, { "unconnected", COLOUR_LISTENING },
		{ "bound", COLOUR_LISTENING },  { "established", COLOUR_CONNECTED },
		{ "syn-sent", COLOUR_OPENING }, { "syn-recv", COLOUR_OPENING },
		{ "time-wait", COLOUR_FAINT },
	};
	const char *state;

	if (estab_socket_get_str(sock, ESTAB_F_STATE, &state) < 0)
		return COLOUR_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(colours); i++)
		if (strcmp(colours[i].state, state) == 0)
			return colours[i].colour;
	return COLOUR_CLOSING;
}

static enum colour cell_colour(const struct column *column, const struct estab_socket *sock)
{
	if (column->field == ESTAB_F_STATE)
		return state_colour(sock);
	if (column->cell == CELL_OWNERS && estab_socket_group_count(sock, column->group) == 0)
		return COLOUR_FAINT;
	return COLOUR_NONE;
}

/* Puts a group below its row: its name, and its words as they fit. */
static void put_continued(const struct screen *screen, const struct column *column,
			  const struct estab_socket *sock)
{
	struct buf *buf = screen->output->buf;
	struct pen pen = { .column = INDENT };
	const char *text, *end;

	put_cell(screen, column, sock);
	text = screen->output->scratch->data;
	end = text + screen->output->scratch->used;
	if (is_empty(screen->output->scratch))
		return;
	move(screen, &pen, strlen(column->name));
	put_coloured(screen, COLOUR_FAINT, column->name, strlen(column->name));
	pen.at += strlen(column->name);
	while (text < end) {
		const char *blank = memchr(text, ' ', (size_t)(end - text));
		size_t length = (size_t)((blank ? blank : end) - text);
		size_t width = text_width(text, length);

		if (pen.at + 1 + width > screen->width) {
			buf_char(buf, '\n');
			buf_blanks(buf, 2 * INDENT);
			pen.at = 2 * INDENT;
		} else {
			buf_char(buf, ' ');
			pen.at++;
		}
		buf_put(buf, text, length);
		pen.at += width;
		text += length + (blank ? 1 : 0);
	}
	buf_char(buf, '\n');
}

static void put_row(const struct screen *screen, const struct estab_socket *sock)
{
	struct buf *scratch = screen->output->scratch;
	struct pen pen = { 0 };

	for (size_t c = 0; c < screen->n; c++) {
		const struct place *place = &screen->places[c];

		if (place->hidden)
			continue;
		put_cell(screen, place->column, sock);
		put_placed(screen, &pen, c, cell_colour(place->column, sock), scratch->data,
			   scratch->used);
	}
	if (pen.begun)
		buf_char(screen->output->buf, '\n');
	for (size_t c = screen->n; c < screen->n_all; c++)
		put_continued(screen, screen->places[c].column, sock);
}

/* Whether someone may still come in: a listener, or a UDP socket that takes from anyone. */
static bool is_listening(const struct estab_socket *sock)
{
	const char *state, *proto;

	if (estab_socket_get_str(sock, ESTAB_F_STATE, &state) < 0 ||
	    estab_socket_get_str(sock, ESTAB_F_PROTO, &proto) < 0)
		return false;
	return strcmp(state, "listen") == 0 ||
	       (strcmp(state, "unconnected") == 0 && strncmp(proto, "udp", 3) == 0);
}

static void put_hidden(const struct screen *screen)
{
	struct buf *buf = screen->output->buf;
	bool any = false;

	for (size_t c = 0; c < screen->n; c++) {
		if (!screen->places[c].hidden || screen->places[c].blank)
			continue;
		buf_str(buf, any ? ", " : "hidden: ");
		buf_str(buf, screen->places[c].column->name);
		any = true;
	}
	if (any)
		buf_str(buf, " (wider terminal, or --columns)\n");
}

void output_screen(struct output *output, const struct estab_snapshot *snapshot, bool sorted)
{
	struct screen screen = {
		.output = output,
		.width = MAX(output->term->width, (size_t)NARROWEST),
	};
	const struct margin *margin = output->margin;
	size_t count = estab_snapshot_count(snapshot);

	if (margin)
		screen.width =
			MAX(screen.width - MIN(screen.width, margin->width), (size_t)NARROWEST);
	arrange(&screen, output->columns);
	measure(&screen, snapshot);
	fit(&screen);
	if (output->header)
		put_header(&screen);
	for (int pass = 0; pass < (sorted ? 1 : 2); pass++) {
		for (size_t i = 0; i < count && output->buf->error == 0; i++) {
			const struct estab_socket *sock = estab_snapshot_get(snapshot, i);

			if (!sorted && is_listening(sock) != (pass == 0))
				continue;
			if (margin)
				put_margin(&screen, COLOUR_NONE, margin->text(margin->arg, i));
			put_row(&screen, sock);
		}
	}
	put_hidden(&screen);
}
