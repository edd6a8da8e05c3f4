/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE 1
#include "run/filter.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <pwd.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/number.h"

struct filter_regex {
	regex_t compiled;
	locale_t c_locale;
	struct buffer text; /* regexec() wants a NUL: REG_STARTEND is not everywhere */
};

/* In brackets, at one: the end of [:alpha:], [.x.] or [=x=]; else @at. */
static const char *skip_class(const char *at)
{
	const char *end;

	if (!at[1] || !strchr(":.=", at[1]))
		return at;
	for (end = at + 2; *end; end++)
		if (end[0] == at[1] && end[1] == ']')
			return end + 1;
	return at; /* regcomp(3) will refuse it */
}

/*
 * Perl's classes are none of POSIX's: \d would match a d, silently. Returns where such a one is, counted from 1, or 0.
 * What glibc adds is fine: \w \W \s \S \b \B, and \1 to \9. In brackets a backslash is only itself.
 */
static size_t find_perl_class(const char *pattern, bool *in_brackets)
{
	const char *at, *bracket = NULL;

	for (at = pattern; *at; at++) {
		if (bracket && *at == ']' && at > bracket + 1 + (bracket[1] == '^')) {
			bracket = NULL;
		} else if (bracket && *at == '[') {
			at = skip_class(at);
		} else if (*at == '[') {
			bracket = at;
		} else if (*at == '\\' && at[1]) {
			*in_brackets = bracket;
			if (isalpha((unsigned char)at[1]) && (bracket || !strchr("wWsSbB", at[1])))
				return at - pattern + 1;
			at += !bracket;
		}
	}
	return 0;
}

int filter_regex_new(struct filter_regex **out, const char *pattern, char *error, size_t error_size)
{
	struct filter_regex *regex;
	bool in_brackets = false;
	size_t class = find_perl_class(pattern, &in_brackets);
	locale_t before;
	int result;

	if (class) {
		snprintf(
			error, error_size,
			"column %zu: \\%c is not known in a POSIX extended regular expression%s; write [0-9], [[:alpha:]] and so on",
			class, pattern[class], in_brackets ? ", least of all in brackets" : "");
		return -EINVAL;
	}
	regex = calloc(1, sizeof(*regex));
	if (!regex)
		return -ENOMEM;
	regex->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!regex->c_locale) {
		free(regex);
		return -ENOMEM;
	}
	before = uselocale(regex->c_locale);
	result = regcomp(&regex->compiled, pattern, REG_EXTENDED | REG_NOSUB);
	if (result && error_size)
		regerror(result, &regex->compiled, error, error_size);
	uselocale(before);
	if (result) {
		freelocale(regex->c_locale);
		free(regex);
		return result == REG_ESPACE ? -ENOMEM : -EINVAL;
	}
	*out = regex;
	return 0;
}

void filter_regex_free(struct filter_regex *regex)
{
	if (!regex)
		return;
	regfree(&regex->compiled);
	freelocale(regex->c_locale);
	buffer_free(&regex->text);
	free(regex);
}

int filter_regex_match(struct filter_regex *regex, const char *bytes, size_t length)
{
	locale_t before;
	int result;

	buffer_reset(&regex->text);
	buffer_append(&regex->text, bytes, length);
	if (regex->text.error)
		return -ENOMEM;
	before = uselocale(regex->c_locale);
	result = regexec(&regex->compiled, buffer_text(&regex->text), 0, NULL, 0);
	uselocale(before);
	if (result == REG_ESPACE)
		return -ENOMEM;
	return !result;
}

/* fgetpwent() reads without NSS, which a static program does not have. */
static int uid_from_passwd(const char *name, uid_t *uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;
	int err = -ENOENT;

	if (!file)
		return -ENOENT;
	while ((entry = fgetpwent(file))) {
		if (strcmp(entry->pw_name, name))
			continue;
		*uid = entry->pw_uid;
		err = 0;
		break;
	}
	fclose(file);
	return err;
}

static int uid_from_nss(const char *name, uid_t *uid)
{
#ifdef PROCSNOOP_STATIC
	(void)name;
	(void)uid;
	return -ENOENT;
#else
	struct passwd *entry;

	errno = 0;
	entry = getpwnam(name);
	if (!entry)
		return errno == ENOMEM ? -ENOMEM : -ENOENT;
	*uid = entry->pw_uid;
	return 0;
#endif
}

int filter_uid_parse(const char *name_or_number, uid_t *uid)
{
	uint64_t number;
	int err;

	if (!*name_or_number)
		return -EINVAL;
	if (!uid_from_passwd(name_or_number, uid))
		return 0;
	/* (uid_t)-1 means "no user" to the kernel. */
	err = number_u64(name_or_number, 0, UINT32_MAX - 1, &number);
	if (err == -EINVAL)
		return uid_from_nss(name_or_number, uid);
	if (!err)
		*uid = number;
	return err;
}

bool filter_uid_is_known(uid_t uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;
	bool known = false;

	while (file && !known && (entry = fgetpwent(file)))
		known = entry->pw_uid == uid;
	if (file)
		fclose(file);
#ifndef PROCSNOOP_STATIC
	known = known || getpwuid(uid);
#endif
	return known;
}
