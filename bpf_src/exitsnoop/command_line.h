/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a process's command line lies when it ends. */
#ifndef BPF_SRC_COMMAND_LINE_H
#define BPF_SRC_COMMAND_LINE_H

#include "exitsnoop.h"
#include "fields.h"

#define START_STACK_BEFORE_ARG_START 8

/*
 * Where the command line ends, as /proc/PID/cmdline has it (fs/proc/base.c get_mm_cmdline): where the last byte of the
 * arguments is not NUL, a title was written over them (setproctitle), and goes on into the environment behind them up to
 * its first NUL. argc, from the bottom of the stack, tells empty arguments at the end from a title's padding: start_stack
 * stands before arg_start in mm_struct from 4.4 to 6.18.
 */
INLINE u64 command_line_end(struct exit_event *e, u64 mm)
{
	u64 end = read_kernel_u64(FIELD(mm, MM_ARG_END)), environment;
	u32 argc = 0;
	char last = 0;

	read_user(&argc, sizeof(argc), read_kernel_u64(FIELD(mm, MM_ARG_START) - START_STACK_BEFORE_ARG_START));
	e->argc = argc;
	if (read_user(&last, 1, end - 1) || !last)
		return end;
	e->flags |= EXIT_TITLE;
	if (read_kernel_u64(FIELD(mm, MM_ENV_START)) != end)
		return end;
	environment = read_kernel_u64(FIELD(mm, MM_ENV_END));
	return environment > end ? environment : end;
}

#endif
