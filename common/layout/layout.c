/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout/layout.h"

const unsigned char layout_groups[LAYOUT_COUNT] = {
	[LAYOUT_TASK_PID... LAYOUT_TASK_START_TIME] = LAYOUT_GROUP_EXEC,
	[LAYOUT_TASK_NSPROXY] = LAYOUT_GROUP_MNTNS,
	[LAYOUT_MM_ARG_START... LAYOUT_MM_ENV_END] = LAYOUT_GROUP_EXEC,
	[LAYOUT_NSPROXY_MNT_NS... LAYOUT_MNT_NS_INUM] = LAYOUT_GROUP_MNTNS,
	[LAYOUT_TASK_EXIT_CODE... LAYOUT_SIGNAL_GROUP_EXIT_CODE] = LAYOUT_GROUP_EXIT,
	[LAYOUT_SIGNAL_LIVE... LAYOUT_SIGNAL_NR_THREADS] = LAYOUT_GROUP_LIVE,
	[LAYOUT_TASK_RUNTIME... LAYOUT_SIGNAL_MAXRSS] = LAYOUT_GROUP_RESOURCES,
	[LAYOUT_TASK_UTIME... LAYOUT_SIGNAL_STIME] = LAYOUT_GROUP_CPUTIME,
};

bool layout_known(const struct layout *l, unsigned int groups, enum layout_field *missing)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_COUNT; i++) {
		if (!(layout_groups[i] & groups) || l->state[i] != LAYOUT_UNKNOWN)
			continue;
		if (missing)
			*missing = i;
		return false;
	}
	return true;
}

uint32_t layout_alignment(enum layout_field field)
{
	switch (field) {
	case LAYOUT_TASK_PID:
	case LAYOUT_TASK_TGID:
	case LAYOUT_MNT_NS_INUM:
	case LAYOUT_TASK_EXIT_CODE:
	case LAYOUT_SIGNAL_FLAGS:
	case LAYOUT_SIGNAL_GROUP_EXIT_CODE:
	case LAYOUT_SIGNAL_LIVE:
	case LAYOUT_SIGNAL_NR_THREADS:
		return 4;
	case LAYOUT_TASK_COMM:
		return 1;
	default:
		return 8;
	}
}

bool layout_offset_possible(enum layout_field field, uint32_t offset)
{
	return offset < LAYOUT_OFFSET_MAX && offset % layout_alignment(field) == 0;
}
