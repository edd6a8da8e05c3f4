/* SPDX-License-Identifier: GPL-2.0-only */
#include "check/rules.h"

#include <string.h>

static json_t *get(const json_t *object, const char *key)
{
	return json_object_get(object, key);
}

static enum compare_result worse(enum compare_result a, enum compare_result b)
{
	return a > b ? a : b;
}

/* What is there of a cut list is its beginning. */
static enum compare_result fits_list(json_t *rule, json_t *value, bool may_be_cut)
{
	size_t i, n = json_array_size(value), wanted = json_array_size(rule);
	enum compare_result result = COMPARE_RIGHT;

	if (!json_is_array(value) || n > wanted || (n < wanted && !may_be_cut))
		return COMPARE_WRONG;
	for (i = 0; i < n; i++)
		result = worse(result,
			       rules_fit(json_array_get(rule, i), json_array_get(value, i), may_be_cut && i + 1 == n));
	return worse(result, n < wanted ? COMPARE_UNKNOWN : COMPARE_RIGHT);
}

static enum compare_result fits_one_of(json_t *rules, json_t *value)
{
	size_t i;

	for (i = 0; i < json_array_size(rules); i++)
		if (rules_fit(json_array_get(rules, i), value, false) == COMPARE_RIGHT)
			return COMPARE_RIGHT;
	return COMPARE_WRONG;
}

static bool fits_range(const json_t *rule, const json_t *value)
{
	double is = json_number_value(value);

	return json_is_number(value) && is >= json_number_value(get(rule, "min")) &&
	       is <= json_number_value(get(rule, "max"));
}

static bool is_beginning(const json_t *rule, const json_t *value)
{
	return json_is_string(rule) && json_is_string(value) && json_string_length(value) < json_string_length(rule) &&
	       memcmp(json_string_value(rule), json_string_value(value), json_string_length(value)) == 0;
}

enum compare_result rules_fit(json_t *rule, json_t *value, bool may_be_cut)
{
	bool right;

	if (json_is_null(value) && !json_is_null(rule))
		return COMPARE_UNKNOWN;
	if (json_is_array(rule))
		return fits_list(rule, value, may_be_cut);
	if (get(rule, "or"))
		return fits_one_of(get(rule, "or"), value);
	right = json_is_object(rule) ? fits_range(rule, value) : value && json_equal(rule, value);
	if (!right && may_be_cut && is_beginning(rule, value))
		return COMPARE_UNKNOWN;
	return right ? COMPARE_RIGHT : COMPARE_WRONG;
}

json_t *rules_value(const json_t *row, const char *key)
{
	const char *at = key;
	double sum = 0;
	char name[64];
	json_t *value;
	size_t n;

	if (!strchr(key, '+'))
		return json_incref(get(row, key));
	for (; *at; at += n + (at[n] == '+')) {
		n = strcspn(at, "+");
		if (n >= sizeof(name))
			return NULL;
		memcpy(name, at, n);
		name[n] = 0;
		value = get(row, name);
		if (!json_is_number(value))
			return json_incref(value);
		sum += json_number_value(value);
	}
	return json_real(sum);
}
