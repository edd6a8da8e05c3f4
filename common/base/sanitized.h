/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether AddressSanitizer is compiled in: it maps 16 TB, and makes system calls of its own at any time. */
#ifndef PROCSNOOP_SANITIZED_H
#define PROCSNOOP_SANITIZED_H

#ifdef __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#endif
