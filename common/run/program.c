/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of tracer.h that finds out the layout and gets the image. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/message.h"
#include "base/signals.h"
#include "image/cache.h"
#include "image/image.h"
#include "image/image_verify.h"
#include "image/own_headers.h"
#include "image/sources.h"
#include "layout/kread.h"
#include "layout/layout_learn.h"
#include "layout/probe_task.h"
#include "run/program.h"

#define DEFINES_MAX 4

/* What the user should know even where another way is left: it cost a long time, or is not as it should be. */
static bool is_noteworthy(enum compile_result result)
{
	return result == COMPILE_TOO_LONG || result == COMPILE_UNTRUSTED || result == COMPILE_INTERRUPTED;
}

static int exit_code_of(enum compile_result result)
{
	return result == COMPILE_NO_LIBRARY || result == COMPILE_WRONG_LIBRARY || result == COMPILE_UNTRUSTED ?
		       TOOL_CANNOT :
		       TOOL_FAILED;
}

/* What an image compiled with the kernel's headers depends on. */
static void write_key(const struct build_ctx *m, const char *const *defines, struct buffer *key)
{
	const struct headers *h = &m->headers;
	char config[4300];
	struct stat st;

	buffer_printf(key, "procsnoop %s\nkernel %s\nheaders %s %s\n", VERSION, m->tracer->features.release, h->source,
		      h->build);
	snprintf(config, sizeof(config), "%s/include/generated/autoconf.h", h->build);
	if (stat(config, &st) == 0)
		buffer_printf(key, "config %lld %lld.%09ld %llu\n", (long long)st.st_size, (long long)st.st_mtim.tv_sec,
			      st.st_mtim.tv_nsec, (unsigned long long)st.st_ino);
	for (; *defines; defines++)
		buffer_printf(key, "define %s\n", *defines);
	buffer_string(key, m->program->source);
}

/*
 * Every image passes here, whatever its origin, before anything else looks at it; it is freed if it is refused. @next: what
 * is done then, "" if nothing is left. Returns 0 or -EPROTO.
 */
static int take_image(struct build_ctx *m, struct image *image, const char *next)
{
	struct buffer why = BUFFER_EMPTY;
	int err = image_verify(image, m->tracer->form, &why);

	if (err) {
		message_warn("the image (%s) is refused: %s%s", m->from, buffer_text(&why), next);
		image_free(image);
	} else {
		m->tracer->image = image;
	}
	buffer_free(&why);
	return err;
}

static int get_cached(struct build_ctx *m, const struct buffer *key)
{
	struct buffer bytes = BUFFER_EMPTY;
	struct image *image;
	int err = cache_get(buffer_text(key), &bytes);

	if (err == -EPERM)
		message_warn("%s is not used as a cache: it has another owner, or others can write to it",
			     cache_directory());
	if (!err) {
		err = image_decode(bytes.data, bytes.length, &image);
		if (!err)
			err = take_image(m, image, "; it is removed and compiled anew");
		if (err)
			cache_remove(buffer_text(key));
	}
	buffer_free(&bytes);
	return err;
}

/* After the check: what fails it must not be there for the next run. */
static void cache_image(const struct build_ctx *m)
{
	struct buffer bytes = BUFFER_EMPTY;
	int err;

	if (!m->key.length || m->cached)
		return;
	image_encode(m->tracer->image, &bytes);
	err = bytes.error ? bytes.error : cache_put(buffer_text(&m->key), bytes.data, bytes.length);
	if (err && cache_directory())
		message_verbose("the image is not cached in %s: %s", cache_directory(), strerror(-err));
	buffer_free(&bytes);
}

/* @quiet: another way is left, so the user is not told unless with -v. */
static int compile_now(struct build_ctx *m, const struct compile_request *request, bool quiet)
{
	struct compile_outcome outcome;
	struct image *image = NULL;
	int code = TOOL_DONE;

	if (compile_run(request, &image, &outcome) < 0) {
		code = exit_code_of(outcome.result);
		m->interrupted = outcome.result == COMPILE_INTERRUPTED;
		if (!quiet || is_noteworthy(outcome.result) || message_is_verbose())
			program_explain_compile(m, &outcome, quiet);
	} else if (outcome.log.length && message_is_verbose()) {
		message_lines("  compiler: ", buffer_text(&outcome.log));
	}
	if (!code && take_image(m, image, quiet ? "; going on with the learned layout" : "; try --image-from builtin"))
		code = TOOL_CANNOT;
	buffer_free(&outcome.log);
	return code;
}

/* As compile_now(), but a kept image serves. A new one is kept by cache_image(), once it has been checked. */
static int compile_or_cached(struct build_ctx *m, const struct compile_request *request, bool quiet)
{
	char compiled[sizeof(m->from)];

	write_key(m, request->defines, &m->key);
	strcpy(compiled, m->from);
	snprintf(m->from, sizeof(m->from), "cached in %.100s", cache_directory() ? cache_directory() : "");
	m->cached = get_cached(m, &m->key) == 0;
	if (m->cached)
		return TOOL_DONE;
	strcpy(m->from, compiled);
	return compile_now(m, request, quiet);
}

/* Compiles against @headers (a directory, or NULL for libbcc's own look-up): the kernel's, or ours. */
static int compile(struct build_ctx *m, const char *headers, bool kernel, bool quiet)
{
	char form[48], version[48];
	const char *defines[DEFINES_MAX] = { form };
	struct compile_request request = { .source = m->program->source, .defines = defines, .headers = headers };

	snprintf(form, sizeof(form), "PROCSNOOP_FORM=%u", m->tracer->form);
	snprintf(version, sizeof(version), "PROCSNOOP_VERSION_CODE=%u", m->tracer->form);
	defines[1] = kernel ? "PROCSNOOP_HEADERS" : version;
	if (m->tracer->options->cgroup)
		defines[2] = "PROCSNOOP_CGROUP";
	/* the archive's directory has another name each time; --image-from compile means now; ours compile in no time */
	if (kernel && m->headers.kind != HEADERS_KHEADERS && m->tracer->options->image == TOOL_IMAGE_AUTO)
		return compile_or_cached(m, &request, quiet);
	return compile_now(m, &request, quiet);
}

static void open_kread(struct build_ctx *m)
{
	m->kread_error = kread_open(&m->kread, m->tracer->features.version_code);
	if (m->kread_error)
		m->kread = NULL;
}

/* A signal came that ends us: says so, and nothing else is tried. */
static bool was_interrupted(struct build_ctx *m, int err)
{
	if (err != -EINTR)
		return false;
	message_error("interrupted");
	m->interrupted = true;
	return true;
}

/* The headers' own offsets, held against what is found there. */
static int check_headers(struct build_ctx *m, bool quiet)
{
	const struct image_notes *notes = image_notes(m->tracer->image, "layout");
	enum layout_field wrong;
	int err;

	err = notes ? layout_from_notes(&m->tracer->layout, notes->values, notes->n_values) : -EPROTO;
	if (err) {
		message_error("the headers give impossible offsets: they may be for another architecture");
		return TOOL_CANNOT;
	}
	if (!m->kread) {
		message_verbose("the headers cannot be checked against the kernel: %s", strerror(-m->kread_error));
		return TOOL_DONE;
	}
	err = layout_check(&m->tracer->layout, m->groups, m->kread, &wrong);
	if (was_interrupted(m, err))
		return TOOL_FAILED;
	if (!err)
		return TOOL_DONE;
	if (err != -EPROTO) {
		message_verbose("the headers cannot be checked against the kernel: %s", strerror(-err));
		return TOOL_DONE;
	}
	message_warn("the kernel headers (%s) do not match the running kernel: wrong offset of %s%s", m->headers.source,
		     layout_field_name(wrong),
		     quiet ? "; falling back to the learned layout" :
			     "; install the headers of exactly this kernel, or use --layout learned");
	return TOOL_CANNOT;
}

/* The way with the kernel's headers. @quiet: the learned layout comes next. */
static int from_headers(struct build_ctx *m, bool quiet)
{
	int code, err = headers_find(&m->headers, m->tracer->features.release, NULL);

	if (err) {
		if (!quiet)
			program_explain_no_headers(m);
		else
			message_verbose("no kernel headers: learning the layout from the running kernel");
		return TOOL_CANNOT;
	}
	snprintf(m->from, sizeof(m->from), "compiled with the kernel headers, %.100s", m->headers.source);
	code = compile(m, m->headers.kernel_source_env, true, quiet);
	if (!code)
		code = check_headers(m, quiet);
	if (!code) {
		cache_image(m);
	} else {
		if (m->cached)
			cache_remove(buffer_text(&m->key));
		image_free(m->tracer->image);
		m->tracer->image = NULL;
	}
	return code;
}

static int learn(struct build_ctx *m)
{
	struct layout *l = &m->tracer->layout;
	enum layout_field missing;
	int err = m->kread_error;

	memset(l, 0, sizeof(*l));
	if (!err)
		err = layout_learn(l, m->groups | m->tracer->optional_groups, m->tracer->features.version_code,
				   m->kread);
	if (was_interrupted(m, err))
		return TOOL_FAILED;
	if (err) {
		program_explain_learning(m, err);
		return TOOL_CANNOT;
	}
	if (layout_known(l, m->groups, &missing))
		return TOOL_DONE;
	message_error("cannot learn the offset of %s on this kernel: %s; %s", layout_field_name(missing),
		      l->how[missing], probe_task_advice());
	return TOOL_CANNOT;
}

/* Returns 0; -ENOENT: there is none; -EPROTO: it is refused, and the user told so. */
static int get_builtin(struct build_ctx *m)
{
	bool cgroup = m->tracer->options->cgroup != NULL;
	const struct builtin_image *b;
	struct image *image;

	for (b = m->program->builtin; b && b->bytes; b++)
		if (b->form == m->tracer->form && b->cgroup == cgroup)
			break;
	if (!b || !b->bytes || image_decode(b->bytes, b->size, &image) < 0)
		return -ENOENT;
	snprintf(m->from, sizeof(m->from), "built in, form %u.%u", b->form >> 16, b->form >> 8 & 255);
	return take_image(m, image, m->tracer->options->image == TOOL_IMAGE_AUTO ? "; compiling one instead" : "");
}

static int compile_own(struct build_ctx *m, bool quiet)
{
	struct own_headers own;
	int code, err = own_headers_unpack(&own);

	if (err) {
		message_error("cannot write the BPF headers to /run or /tmp: %s", strerror(-err));
		return TOOL_FAILED;
	}
	snprintf(m->from, sizeof(m->from), "compiled with procsnoop's own headers");
	code = compile(m, own.path, false, quiet);
	own_headers_remove(&own);
	return code;
}

/* The way without: the same image serves every kernel of its form, so one that is there already is as good as a new one. */
static int from_learned(struct build_ctx *m)
{
	enum options_image wanted = m->tracer->options->image;
	int code = learn(m), err;

	if (code)
		return code;
	err = wanted == TOOL_IMAGE_COMPILE ? -ENOENT : get_builtin(m);
	if (!err)
		return TOOL_DONE;
	if (wanted != TOOL_IMAGE_BUILTIN)
		return compile_own(m, false);
	if (err == -ENOENT)
		message_error(
			"this build has no built-in image for Linux %u.%u: libbcc was missing when it was built; use "
			"--image-from compile",
			m->tracer->form >> 16, m->tracer->form >> 8 & 255);
	return TOOL_CANNOT;
}

static int obtain_program(struct build_ctx *m)
{
	const struct common_options *o = m->tracer->options;
	bool quiet = o->layout == TOOL_LAYOUT_AUTO;
	int code;

	if (o->layout != TOOL_LAYOUT_LEARNED && o->image != TOOL_IMAGE_BUILTIN) {
		code = from_headers(m, quiet);
		if (!code || !quiet || m->interrupted)
			return code;
	}
	return from_learned(m);
}

static void set_constants(struct tracer *t)
{
	unsigned int i;

	for (i = 0; i < LAYOUT_COUNT; i++)
		t->constants[i] = t->layout.state[i] == LAYOUT_UNKNOWN ? 0 : t->layout.offset[i];
}

int tracer_image(struct tracer *t, const struct tracer_program *program)
{
	struct build_ctx m = { .tracer = t, .program = program, .groups = t->groups };
	unsigned int i;
	int code;

	if (t->options->mntns != FILTER_NONE)
		m.groups |= LAYOUT_GROUP_MNTNS;
	if (t->cannot) {
		program_print_plan(&m);
		return TOOL_CANNOT;
	}
	/* a signal now would leave a directory for the compiler behind */
	signals_block();
	open_kread(&m);
	code = obtain_program(&m);
	if (!code)
		set_constants(t);
	if (!code)
		code = tracer_cgroup_learn(t, m.kread, m.kread_error);
	if (!code && t->shows_pids)
		tracer_pidns_learn(t, m.kread);
	for (i = 0; i < t->n_plans && t->options->show_plan && !code; i++)
		code = plan_is_usable(&t->plans[i]) ? TOOL_DONE : TOOL_CANNOT;
	if (t->options->show_plan)
		program_print_plan(&m);
	else if (!code)
		message_verbose("programs: %s", m.from);
	snprintf(t->image_from, sizeof(t->image_from), "%s", m.from);
	kread_close(m.kread);
	headers_release(&m.headers);
	buffer_free(&m.key);
	return code;
}
