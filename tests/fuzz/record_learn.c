/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records what the learner sees on the running kernel (recording.h), as root.
 *
 * Usage: record_learn TRUTH >tests/unit/data/learn/KERNEL
 *
 * TRUTH has a line for each field, in the order of bpf_src/shared/layout.h: its name and its offset.
 */
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>

#include "kernel/features.h"
#include "layout/kread.h"
#include "layout/layout.h"
#include "layout/layout_learn.h"
#include "layout/learn.h"
#include "layout/probe_task.h"
#include "recording.h"

struct recorder {
	struct kread *kread;
	struct recording *recording;
	int phase;
};

static void die(const char *what, int err)
{
	fprintf(stderr, "record_learn: %s: %s\n", what, strerror(-err));
	exit(1);
}

/* What was read first is kept: ourselves go on changing. */
static int read_and_keep(void *context, unsigned int number, uint64_t from, void *to, size_t size)
{
	struct recorder *rec = context;
	int err = kread_read(rec->kread, from, to, size);
	struct recording_line *line, old;
	size_t i, n, had;

	(void)number;
	for (i = 0; i < size; i += n) {
		n = RECORDING_LINE - (from + i) % RECORDING_LINE;
		n = n < size - i ? n : size - i;
		had = rec->recording->n_lines[rec->phase];
		line = recording_line(rec->recording, rec->phase, (from + i) & ~(uint64_t)(RECORDING_LINE - 1), 1);
		if (!line)
			die("too much memory", -E2BIG);
		old = *line;
		memcpy((char *)line->word + (from + i) % RECORDING_LINE, (char *)to + i, n);
		if (had == rec->recording->n_lines[rec->phase] && n == RECORDING_LINE)
			*line = old;
	}
	return err;
}

static void read_truth(struct recording *r, const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int i;

	for (i = 0; i < LAYOUT_COUNT; i++)
		if (!file || fscanf(file, "%*s %u", &r->expected[i]) != 1)
			die("truth", -EPROTO);
	fclose(file);
}

static void describe_machine(struct recording *r)
{
	struct utsname name;
	struct timespec tick;
	struct sysinfo info;

	if (uname(&name) || sysinfo(&info) || clock_getres(CLOCK_MONOTONIC_COARSE, &tick))
		die("uname, sysinfo or clock_getres", -errno);
	snprintf(r->kernel, sizeof(r->kernel), "%.63s", name.release);
	r->version_code = features_version_code();
	r->tick = tick.tv_nsec;
	r->reach = 2ULL * info.totalram * info.mem_unit + (1ULL << 36);
	r->groups = LAYOUT_GROUP_ALL;
}

static void set_list(struct recording *r, const struct probe_task_set *set)
{
	const struct probe_task *list = probe_task_list(set, &r->n);

	memcpy(r->list, list, r->n * sizeof(*list));
}

/* As layout_learn() does it; what is learned is of no interest. */
static int learn_all(struct recorder *rec, struct learn *learn, struct probe_task_set *set)
{
	struct recording *r = rec->recording;
	int err;

	set_list(r, set);
	r->n_living = r->n;
	err = learn_from_living(learn, r->list, r->n_living, r->groups);
	if (!err)
		err = probe_task_end(set);
	rec->phase = 1;
	set_list(r, set);
	if (!err)
		err = learn_capture_ended(learn, r->list, r->n, r->groups);
	probe_task_reap(set);
	set_list(r, set);
	return err;
}

static void record(struct recorder *rec)
{
	struct recording *r = rec->recording;
	struct learn_source source = { read_and_keep, rec, r->reach, r->version_code, r->tick };
	struct layout layout = { .cputime_unit = 0 };
	struct probe_task_set *set;
	struct learn *learn;
	int err = kread_open(&rec->kread, r->version_code);

	if (err)
		die("kread_open", err);
	err = probe_task_make(&set, r->groups, rec->kread);
	if (err)
		die("probe_task_make", err);
	learn = learn_new(&source, &layout, NULL);
	err = learn ? learn_all(rec, learn, set) : -ENOMEM;
	probe_task_free(set);
	learn_free(learn);
	kread_close(rec->kread);
	if (err)
		die("learning", err);
}

int main(int argc, char **argv)
{
	struct recorder rec = { NULL, calloc(1, sizeof(*rec.recording)), 0 };

	if (argc != 2 || !rec.recording)
		die("usage: record_learn TRUTH", -EINVAL);
	read_truth(rec.recording, argv[1]);
	describe_machine(rec.recording);
	record(&rec);
	recording_write(rec.recording, stdout);
	free(rec.recording);
	return fflush(stdout) ? 1 : 0;
}
