/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of options.h that takes values of options, or refuses them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/escape.h"
#include "base/message.h"
#include "base/number.h"
#include "base/process.h"
#include "run/filter.h"
#include "run/options.h"

void options_bad_value(const char *option, const char *value, const char *why)
{
	struct buffer safe = BUFFER_EMPTY;

	escape_text(&safe, value, strlen(value), ESCAPE_UTF8);
	message_error("invalid %s argument: '%s': %s", option, buffer_text(&safe), why);
	message_usage();
	exit(TOOL_USAGE);
}

uint64_t options_number(const char *option, const char *value, uint64_t min, uint64_t max)
{
	uint64_t number;
	char why[96];

	if (number_u64(value, min, max, &number) == 0)
		return number;
	snprintf(why, sizeof(why), "must be a whole number from %llu to %llu", (unsigned long long)min,
		 (unsigned long long)max);
	options_bad_value(option, value, why);
}

uint64_t options_process(const char *option, const char *value, uint64_t min)
{
	uint64_t pid = options_number(option, value, min, INT32_MAX);
	struct process_state state;
	char why[96];

	if (!pid)
		return pid;
	if (process_is_gone(pid))
		options_bad_value(option, value, "there is no such process");
	if (process_read_state(pid, &state) < 0)
		return pid; /* hidden from us, or no /proc: it lives */
	if (state.process != pid) {
		snprintf(why, sizeof(why), "is a thread of process %u: give that", state.process);
		options_bad_value(option, value, why);
	}
	if (state.ended)
		options_bad_value(option, value, "has ended already; its parent has not waited for it yet");
	return pid;
}

uint64_t options_uid(const char *option, const char *value)
{
	uid_t uid;
	int err = filter_uid_parse(value, &uid);

	if (!err && !filter_uid_is_known(uid))
		message_warn("%s %u: no user has this ID", option, uid);
	if (!err)
		return uid;
	options_bad_value(option, value,
			  err == -ENOENT ? "no such user; give a name or a number" :
			  err == -ERANGE ? "out of range: the largest user ID is 4294967294" :
			  err == -EINVAL ? "must be a user's name or number" :
					   strerror(-err));
}

void options_regex(struct filter_regex **regex, const char *option, const char *value)
{
	char error[160] = "not enough memory"; /* any other reason is written over it */

	filter_regex_free(*regex);
	if (filter_regex_new(regex, value, error, sizeof(error)) < 0)
		options_bad_value(option, value, error);
}
