/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules of work.h, for one value. */
#ifndef PROCSNOOP_CHECK_RULES_H
#define PROCSNOOP_CHECK_RULES_H

#include <jansson.h>
#include <stdbool.h>

/* The later, the worse. */
enum compare_result {
	COMPARE_RIGHT,
	COMPARE_UNKNOWN, /* the tool says that it cannot tell, or the case could not be made */
	COMPARE_WRONG,
};

/* Tells whether @value (NULL: absent) fits @rule. @may_be_cut: the row says that something of it was cut. */
enum compare_result rules_fit(json_t *rule, json_t *value, bool may_be_cut);

/* The value of a field of @row, or the sum of several, by the key of a rule. A new reference, NULL: there is none. */
json_t *rules_value(const json_t *row, const char *key);

#endif
