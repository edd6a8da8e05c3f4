/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which functions the running kernel has. @root_prefix is for tests: NULL or "" means the running
 * system.
 */
#ifndef PROCSNOOP_SYMBOLS_H
#define PROCSNOOP_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

#define SYMBOL_NAME_SIZE 256

/* The caller sets @name, which must outlive the call; symbols_find() sets all the rest. */
struct symbol_wanted {
	const char *name;
	bool found;			    /* a function of exactly this name, in the kernel itself */
	unsigned int times;		    /* how often; kprobes refuse a name > 1 from 6.6 (b022f0c7e404) */
	bool found_suffix;		    /* a copy the compiler made: name.isra.N, .constprop.N, .part.N */
	char suffix_name[SYMBOL_NAME_SIZE]; /* its full name, the first one met; "" without */
};

/*
 * Looks for @n functions in one pass over /proc/kallsyms, which takes some 40 ms: ask for all at
 * once and keep the answer. Only text symbols (t, T) of the kernel itself count, not those of
 * modules or BPF. Names are there also when kptr_restrict makes the addresses zero. Returns 0
 * whether found or not; -EINVAL for an empty name; -ENOMEM; -errno of open or read (-ENOENT without
 * CONFIG_KALLSYMS), -EPROTO.
 */
int symbols_find(struct symbol_wanted *wanted, size_t n, const char *root_prefix);

#endif
