/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests that filter their own system calls; after cmocka.h. */
#ifndef PROCSNOOP_TEST_NO_SANITIZER_H
#define PROCSNOOP_TEST_NO_SANITIZER_H

#include <stdio.h>

#include "base/sanitized.h"

static inline void needs_no_sanitizer(void)
{
	if (!SANITIZED)
		return;
	puts("# AddressSanitizer makes system calls of its own");
	skip();
}

#endif
