/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "run/getopt_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/escape.h"
#include "base/message.h"

static struct {
	FILE *stream, *before;
	char *text;
	size_t size;
} kept;

void getopt_text_begin(void)
{
	kept.stream = open_memstream(&kept.text, &kept.size);
	if (!kept.stream)
		return;
	/* a variable like any other, by glibc's manual */
	kept.before = stderr;
	stderr = kept.stream;
}

static void stop(void)
{
	if (!kept.stream)
		return;
	stderr = kept.before;
	fclose(kept.stream);
	kept.stream = NULL;
}

void getopt_text_report(void)
{
	size_t skip = strlen(message_program()) + strlen(": ");
	struct buffer safe = BUFFER_EMPTY;

	stop();
	/* without the name in front and the newline, which message_error() adds */
	if (kept.text && kept.size > skip) {
		escape_text(&safe, kept.text + skip, kept.size - skip - 1, ESCAPE_UTF8 | ESCAPE_PROSE);
		message_error("%s", buffer_text(&safe));
	}
	buffer_free(&safe);
	getopt_text_drop();
}

void getopt_text_drop(void)
{
	stop();
	free(kept.text);
	kept.text = NULL;
}
