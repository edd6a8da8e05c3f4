/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running kernel's headers. @root_prefix is for tests: NULL or "" means the running system;
 * results include it.
 */
#ifndef PROCSNOOP_HEADERS_H
#define PROCSNOOP_HEADERS_H

#include "base/buffer.h"
#include "base/scratch.h"

enum headers_kind {
	HEADERS_NONE,
	HEADERS_ENV,	  /* BCC_KERNEL_SOURCE, set by the user */
	HEADERS_MODULES,  /* /lib/modules/RELEASE/{source,build} */
	HEADERS_USR_SRC,  /* /usr/src/kernels/RELEASE */
	HEADERS_KHEADERS, /* the kernel's own archive, unpacked by us */
};

/* Filled by headers_find(); all strings live until headers_release(). */
struct headers {
	enum headers_kind kind;
	char *source; /* directory with include/linux/kconfig.h; NULL if HEADERS_NONE */
	char *build;  /* directory with include/generated/autoconf.h; not @source if split */
	/*
	 * What libbcc must be given as BCC_KERNEL_SOURCE. NULL: its own look-up finds them, and
	 * BCC_KERNEL_SOURCE must not be set, as it may name what was not usable.
	 */
	const char *kernel_source_env;
	/* For the user: a line for each place that was not usable, with the reason. */
	struct buffer looked_at;
	const char *unpacked;	/* the private directory with the kernel's archive, or NULL */
	struct scratch scratch; /* that */
};

/*
 * Looks for usable headers of kernel @release (uname -r) in the order of enum headers_kind. Directories
 * that others than their owner can write to, or that (when we are root) root does not own, are
 * refused as they could hold foreign code (CVE-2024-2314). BCC_KERNEL_SOURCE (an absolute path; ignored in a setuid
 * program) may also name one of the user in SUDO_UID, who may run anything as root. The kernel's archive is unpacked
 * (loading the module kheaders for that moment if needed) by tar into a new directory below /run or
 * /tmp, mode 0700: the compile program, which runs as another user, is started inside (compile.h).
 * Returns 0; -ENOENT (none: see @looked_at); -ENOMEM. To be followed by headers_release() in every
 * case.
 */
int headers_find(struct headers *h, const char *release, const char *root_prefix);

/*
 * Frees everything, and removes what was unpacked. Safe after a failed headers_find() and when
 * called twice.
 */
void headers_release(struct headers *h);

/*
 * Appends to @out the command that installs the headers of kernel @release on this distribution, by
 * ID, ID_LIKE and VERSION_ID of /etc/os-release (or /usr/lib/os-release), or a general sentence
 * where that is not known. No newline.
 */
void headers_package_hint(struct buffer *out, const char *release, const char *root_prefix);

/*
 * As headers_package_hint(), for the package that holds libbcc.so.0 (libbpfcc, bcc, libbcc0). Says
 * "debian 9 has no package of libbcc" where the distribution has none.
 */
void headers_libbcc_hint(struct buffer *out, const char *root_prefix);

#endif
