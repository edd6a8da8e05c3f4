/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes expectations as compare.c reads them; each workload is linked with it. */
#ifndef TESTS_RUN_EXPECT_H
#define TESTS_RUN_EXPECT_H

#include <stddef.h>
#include <stdint.h>

/* Begins the file with the stream's rules, @stream: members of a JSON object. */
void expect_open(const char *path, const char *stream);
/* For rows with mono_ns and ts: they are in order of time, and ts is the wall time of mono_ns, by one offset for all. */
void expect_open_events(const char *path, const char *stream);
/* Begins a case; @missing: why its row may be missing, or NULL. */
void expect_case(const char *name, const char *missing);
/* Begins the rules that @word stands for: "row", "where", "sum". */
void expect_rules(const char *word);
/* One rule, as JSON text; expect_more() and expect_text() go on with it. */
void expect_value(const char *value, const char *format, ...) __attribute__((format(printf, 2, 3)));
void expect_more(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Bytes as a JSON string. What is no UTF-8 becomes U+EF80..U+EFFF, as the tools write it. */
void expect_text(const char *text, size_t n);
/* Rules for a string, NULL: null, and for a number. */
void expect_string(const char *value, const char *text, size_t n);
void expect_range(const char *value, int64_t min, int64_t max);
/* Ends a case. */
void expect_done(void);
/* This machine cannot do a case. */
void expect_skip(const char *name, const char *reason);
void expect_flush(void);
/* Ends the file. */
void expect_close(void);

uint64_t now_ns(void);

/* In each workload: prints what failed, and errno, and ends with 99. */
_Noreturn void die(const char *what);

#endif
