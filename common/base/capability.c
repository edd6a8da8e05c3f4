/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/capability.h"

#include <errno.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"

#define SETS 2 /* of 32 bits, in version 3 */
#define CAPABILITIES_MAX 64

struct sets {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[SETS];
};

static bool read_sets(struct sets *sets)
{
	memset(sets, 0, sizeof(*sets));
	sets->header.version = _LINUX_CAPABILITY_VERSION_3;
	return syscall(SYS_capget, &sets->header, sets->data) == 0;
}

uint64_t capability_effective(void)
{
	struct sets s;

	return read_sets(&s) ? (uint64_t)s.data[1].effective << 32 | s.data[0].effective : 0;
}

uint64_t capability_permitted(void)
{
	struct sets s;

	return read_sets(&s) ? (uint64_t)s.data[1].permitted << 32 | s.data[0].permitted : 0;
}

bool capability_has(unsigned int capability)
{
	return capability_effective() >> capability & 1;
}

bool capability_exists(unsigned int capability)
{
	return prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
}

int capability_set_effective(uint64_t set)
{
	struct sets s;
	int i;

	if (!read_sets(&s))
		return -errno;
	for (i = 0; i < SETS; i++)
		s.data[i].effective = set >> 32 * i;
	return syscall(SYS_capset, &s.header, s.data) < 0 ? -errno : 0;
}

/* What an exec would give to root: wants CAP_SETPCAP, and is of no use without no_new_privs or where nothing is executed. */
static void forbid_gain(void)
{
	unsigned int i;

	for (i = 0; i < CAPABILITIES_MAX; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* 4.3 */
	prctl(PR_SET_SECUREBITS,
	      SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
		      SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
	      0, 0, 0);
}

int capability_keep(uint64_t set)
{
	struct sets s;
	int i;

	/* what forbid_gain() wants may not be in effect */
	capability_set_effective(capability_permitted());
	forbid_gain();
	if (!read_sets(&s))
		return -errno;
	for (i = 0; i < SETS; i++) {
		s.data[i].effective = s.data[i].permitted = set >> 32 * i;
		s.data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &s.header, s.data) < 0 ? -errno : 0;
}

/* Those that we ever want. */
static const struct {
	unsigned int capability;
	const char *name;
} names[] = {
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_PERFMON, "CAP_PERFMON" },
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
	{ CAP_KILL, "CAP_KILL" },
	{ CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE" },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" },
	{ CAP_IPC_LOCK, "CAP_IPC_LOCK" },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
};

void capability_names(uint64_t set, struct buffer *out)
{
	unsigned int i, n = 0, count = __builtin_popcountll(set);

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(set >> names[i].capability & 1))
			continue;
		if (n++)
			buffer_string(out, n == count ? " and " : ", ");
		buffer_string(out, names[i].name);
	}
	if (!count)
		buffer_string(out, "none");
}
