/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "inputs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "facts.h"
#include "image/compile.h"

const struct input_option input_options[] = {
	{ "PROCSNOOP_CGROUP", V(4, 4) }, /* --cgroup */
	{ NULL, 0 },
};

/* Defines that the tools always give (common/run/program.c). */
static const char *const other_defines[] = { "PROCSNOOP_HEADERS", "PROCSNOOP_FORM", "PROCSNOOP_VERSION_CODE" };

static int read_all(int fd, struct buffer *text)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			buffer_append(text, bytes, n);
	}
	return text->error;
}

static void take_name(struct input *input, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *end = strstr(name, ".bpf.c");

	snprintf(input->name, sizeof(input->name), "%.*s", (int)(end ? end - name : (ptrdiff_t)strlen(name)), name);
}

int input_read(struct input *input, const char *flatten, const char *path)
{
	int pipes[2], status, err;
	pid_t pid;

	take_name(input, path);
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		execl(flatten, flatten, path, (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	err = pid < 0 ? -errno : read_all(pipes[0], &input->text);
	close(pipes[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!err && (status || !input->text.length))
		err = -EIO;
	return err;
}

static bool is_known_define(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(other_defines); i++)
		if (strlen(other_defines[i]) == length && memcmp(other_defines[i], name, length) == 0)
			return true;
	for (i = 0; input_options[i].define; i++)
		if (strlen(input_options[i].define) == length && memcmp(input_options[i].define, name, length) == 0)
			return true;
	return false;
}

static void check_line(const char *line, size_t length, const char *file, int number, struct findings *findings)
{
	const char *end = line + length, *at = line, *name;

	while (at < end) {
		if (!isalpha((unsigned char)*at) && *at != '_') {
			at++;
			continue;
		}
		for (name = at; at < end && (isalnum((unsigned char)*at) || *at == '_'); at++)
			;
		if (at - name > 10 && memcmp(name, "PROCSNOOP_", 10) == 0 && !is_known_define(name, at - name))
			findings_add(findings, RULE_SOURCE, -1, NULL,
				     "%s:%d: %.*s is not among the options in inputs.c", file, number, (int)(at - name),
				     name);
		if (at - name == 18 && memcmp(name, "LINUX_VERSION_CODE", 18) == 0 &&
		    strcmp(file, "bpf_src/shared/bpf.h") != 0 && strcmp(file, "bpf_src/shared/kernel.h") != 0)
			findings_add(findings, RULE_SOURCE, -1, NULL, "%s:%d: LINUX_VERSION_CODE, not a form", file,
				     number);
	}
}

void input_check(const struct input *input, struct findings *findings)
{
	const char *line = buffer_text(&input->text), *end;
	char file[80] = "";
	int number = 0;

	snprintf(findings->where, sizeof(findings->where), "%s", input->name);
	for (; *line; line = *end ? end + 1 : end, number++) {
		end = strchrnul(line, '\n');
		if (sscanf(line, "#line %d \"%79[^\"]\"", &number, file) == 2)
			number--;
		else
			check_line(line, end - line, file, number, findings);
	}
}

static void compile(struct compiler *compiler, struct compiled *c)
{
	char form[48], version[48];
	const char *defines[3 + INPUT_OPTIONS] = { form, version };
	struct compile_request request = {
		.source = buffer_text(&c->input->text),
		.defines = defines,
		.headers = compiler->headers,
		.program = compiler->program,
	};
	struct compile_outcome outcome;
	unsigned int i, n = 2;

	snprintf(form, sizeof(form), "PROCSNOOP_FORM=%u", c->form);
	snprintf(version, sizeof(version), "PROCSNOOP_VERSION_CODE=%u", c->form);
	for (i = 0; i < INPUT_OPTIONS; i++)
		if (c->options & 1U << i)
			defines[n++] = input_options[i].define;
	if (compile_run(&request, &c->image, &outcome) < 0)
		compile_log_errors(&outcome.log, 1, &c->errors);
	c->result = outcome.result;
	buffer_free(&outcome.log);
}

const struct compiled *compiler_get(struct compiler *compiler, const struct input *input, uint32_t form,
				    unsigned int options)
{
	struct compiled *c = compiler->done;

	for (; c < compiler->done + compiler->count; c++)
		if (c->input == input && c->form == form && c->options == options)
			return c;
	if (compiler->count == ARRAY_SIZE(compiler->done))
		return NULL;
	compiler->count++;
	c->input = input;
	c->form = form;
	c->options = options;
	compile(compiler, c);
	return c;
}

void compiler_free(struct compiler *compiler)
{
	unsigned int i;

	for (i = 0; i < compiler->count; i++) {
		image_free(compiler->done[i].image);
		buffer_free(&compiler->done[i].errors);
	}
}
