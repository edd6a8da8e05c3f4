/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rings by themselves, on memory that is filled as the kernel fills it (the module is included for that), and
 * where it is permitted with a program that writes to real ones.
 */
#include "common/stream/ring.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <sched.h>
#include <stdio.h>

#include "base/array.h"
#include "image/image.h"
#include "load/object.h"

#define PAGE 4096
#define DATA (2 * PAGE)

/* ---- made by hand ---- */

static struct rings made;
static struct ring made_list[3];

/* What was taken: sizes, and whether bytes were as they were put. */
static struct {
	unsigned int cpu;
	size_t size;
	uint64_t first;
	bool whole;
} taken[4000];
static size_t n_taken;

static void note(const struct record *record)
{
	const unsigned char *bytes = record->bytes;
	size_t i;

	assert_int_equal((uintptr_t)bytes % 8, 0);
	assert_true(n_taken < ARRAY_SIZE(taken));
	taken[n_taken].cpu = record->cpu;
	taken[n_taken].size = record->size;
	taken[n_taken].first = 0;
	memcpy(&taken[n_taken].first, bytes, record->size < 8 ? record->size : 8);
	taken[n_taken].whole = true;
	for (i = 8; i < record->size; i++)
		taken[n_taken].whole &= bytes[i] == (unsigned char)(taken[n_taken].first + i);
	n_taken++;
}

/* Takes all that is there. */
static unsigned int take_all(struct rings *rings)
{
	struct record record;

	while (rings_next(rings, &record))
		note(&record);
	return rings_filled(rings);
}

/* Three CPUs, the second one offline. */
static int setup(void **state)
{
	unsigned int cpu;

	(void)state;
	made.page_size = PAGE;
	made.data_size = DATA;
	made.count = 3;
	made.list = made_list;
	made.fds = calloc(made.count + MAX_EXTRA, sizeof(*made.fds));
	for (cpu = 0; cpu < 3; cpu++) {
		made_list[cpu].fd = cpu == 1 ? -1 : 1000;
		made_list[cpu].control = cpu == 1 ? NULL : calloc(1, PAGE + DATA);
	}
	n_taken = 0;
	return made.fds ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(made.fds);
	free(made_list[0].control);
	free(made_list[2].control);
	return 0;
}

static void put_bytes(unsigned int cpu, uint64_t at, const void *bytes, size_t size)
{
	char *data = (char *)made_list[cpu].control + PAGE;
	size_t i;

	for (i = 0; i < size; i++)
		data[(at + i) % DATA] = ((const char *)bytes)[i];
}

/* Writes a sample as perf_output_sample() does: header, size, bytes up to 8 * n. */
static void put_sample(unsigned int cpu, uint64_t first, uint32_t size)
{
	struct perf_event_mmap_page *control = made_list[cpu].control;
	struct perf_event_header header = { .type = PERF_RECORD_SAMPLE, .size = sizeof(header) + sizeof(size) + size };
	unsigned char *bytes = malloc(size);
	size_t i;

	assert_non_null(bytes);
	assert_int_equal(header.size % 8, 0);
	assert_true(control->data_head + header.size - control->data_tail <= DATA);
	for (i = 0; i < size; i++)
		bytes[i] = i < 8 ? first >> 8 * i : first + i;
	put_bytes(cpu, control->data_head, &header, sizeof(header));
	put_bytes(cpu, control->data_head + sizeof(header), &size, sizeof(size));
	put_bytes(cpu, control->data_head + sizeof(header) + sizeof(size), bytes, size);
	control->data_head += header.size;
	free(bytes);
}

static void put_header(unsigned int cpu, uint32_t type, uint16_t size, uint32_t word)
{
	struct perf_event_mmap_page *control = made_list[cpu].control;
	struct perf_event_header header = { .type = type, .size = size };

	put_bytes(cpu, control->data_head, &header, sizeof(header));
	put_bytes(cpu, control->data_head + sizeof(header), &word, sizeof(word));
	control->data_head += (size + 7) & ~7;
}

static unsigned int drain(void)
{
	n_taken = 0;
	return take_all(&made);
}

static void check_taken(size_t at, unsigned int cpu, uint64_t first, size_t size)
{
	assert_true(at < n_taken);
	assert_int_equal(taken[at].cpu, cpu);
	assert_int_equal(taken[at].first, first);
	assert_int_equal(taken[at].size, size);
	assert_true(taken[at].whole);
}

static void test_drain(void **state)
{
	(void)state;
	assert_int_equal(drain(), 0);
	assert_int_equal(n_taken, 0);
	put_sample(2, 7, 12);
	put_sample(0, 1, 20);
	put_sample(0, 2, 4084);
	assert_int_equal(drain(), 50); /* 32 and 4096 of 8192 bytes */
	assert_int_equal(n_taken, 3);
	check_taken(0, 0, 1, 20);
	check_taken(1, 0, 2, 4084);
	check_taken(2, 2, 7, 12);
	assert_int_equal(made_list[0].control->data_tail, made_list[0].control->data_head);
	assert_int_equal(drain(), 0);
	assert_int_equal(n_taken, 0);
	assert_int_equal(rings_memory(&made), 2 * (PAGE + DATA));
}

/* Records of all sizes through all places of a ring, also across its end. */
static void test_around(void **state)
{
	uint64_t i, size = 4;

	(void)state;
	made_list[0].control->data_head = made_list[0].control->data_tail = (1ULL << 32) - 64;
	for (i = 1; i < 3000; i++) {
		put_sample(0, i, size);
		assert_int_equal(drain(), (size + 12) * 100 / DATA);
		assert_int_equal(n_taken, 1);
		check_taken(0, 0, i, size);
		size = 4 + (size + 4 + 8 * (i % 13)) % 8176 / 8 * 8;
	}
	for (i = 0; i < 16; i++) /* filled to the last byte */
		put_sample(0, i, 500);
	assert_int_equal(drain(), 100);
	assert_int_equal(n_taken, 16);
	check_taken(15, 0, 15, 500);
}

/* What is no sample is passed over, what is no record ends the look; the next one is taken up again. */
static void test_odd(void **state)
{
	(void)state;
	put_sample(0, 1, 4);
	put_header(0, PERF_RECORD_LOST, 24, 0);
	put_header(0, PERF_RECORD_SAMPLE, 8, 0);  /* without a size */
	put_header(0, PERF_RECORD_SAMPLE, 16, 5); /* says more than it has */
	put_header(0, PERF_RECORD_SAMPLE, 16, UINT32_MAX);
	put_header(0, PERF_RECORD_SAMPLE, 16, 0);
	put_sample(0, 2, 4);
	drain();
	assert_int_equal(n_taken, 3);
	check_taken(0, 0, 1, 4);
	check_taken(1, 0, 0, 0);
	check_taken(2, 0, 2, 4);
	put_header(0, PERF_RECORD_SAMPLE, 4, 0); /* smaller than a header */
	put_sample(0, 3, 4);
	drain();
	assert_int_equal(n_taken, 0);
	put_sample(0, 4, 4);
	put_header(0, PERF_RECORD_SAMPLE, 0, 0);
	drain();
	assert_int_equal(n_taken, 1);
	put_header(0, PERF_RECORD_SAMPLE, 16, 0);
	put_bytes(0, made_list[0].control->data_head - 10, "\xff\xff", 2); /* larger than what is there */
	drain();
	assert_int_equal(n_taken, 0);
	put_sample(0, 5, 4);
	drain();
	check_taken(0, 0, 5, 4);
}

static void test_wait(void **state)
{
	struct pollfd extra[3] = { { .fd = -1 }, { .fd = -1, .events = POLLIN }, { .fd = -1 } };
	int ends[2];

	(void)state;
	made.count = 0;
	assert_int_equal(pipe(ends), 0);
	extra[1].fd = ends[0];
	assert_int_equal(rings_wait(&made, extra, 3, 0), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(rings_wait(&made, extra, 3, -1), 1);
	assert_int_equal(extra[0].revents | extra[2].revents, 0);
	assert_int_equal(extra[1].revents, POLLIN);
	assert_int_equal(rings_wait(&made, extra, 0, 0), 0);
	close(ends[0]);
	close(ends[1]);
}

/* ---- real ones ---- */

#define CALLS 997
#define NO_CALL 4711 /* there is none of this number: only we make it */
#define SENT 0x504e5350
#define INSN(c, d, s, o, i)                                                                                            \
	{                                                                                                              \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)                                    \
	}

static int new_map(void)
{
	struct cpus possible;
	int map;

	assert_int_equal(cpus_read(&possible, "possible"), 0);
	bpf_lift_memlock();
	map = bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, possible.count, 0, "rings");
	if (map == -EPERM || map == -ENOSYS) {
		print_message("no privilege for bpf(2), or no bpf(2)\n");
		skip();
	}
	assert_true(map >= 0);
	return map;
}

/* At sys_enter: sends 4 bytes for each system call NO_CALL. */
static int load_program(int map)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_2, BPF_REG_6, 8, 0),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 9, NO_CALL),
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, SENT),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0),
		INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_2, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, -1), /* BPF_F_CURRENT_CPU */
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_4, 0, 0, -4),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_5, 0, 0, 4),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_perf_event_output),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	struct bpf_program_request request = {
		.type = bpf_program_type(IMAGE_RAW_TRACEPOINT),
		.insns = insns,
		.n_insns = ARRAY_SIZE(insns),
	};

	return bpf_program_load(&request);
}

/* Calls from two CPUs, if we may run on as many. */
static void make_calls(unsigned int n)
{
	cpu_set_t before, one;
	unsigned int i, cpu = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (i = 0; i < n; i++) {
		if (i % 500 == 0) {
			do
				cpu = (cpu + 1) % CPU_SETSIZE;
			while (!CPU_ISSET(cpu, &before));
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			sched_setaffinity(0, sizeof(one), &one);
		}
		syscall(NO_CALL);
	}
	sched_setaffinity(0, sizeof(before), &before);
}

static size_t count_ours(void)
{
	size_t i, n = 0;

	for (i = 0; i < n_taken; i++)
		n += (uint32_t)taken[i].first == SENT && taken[i].size >= 4 && taken[i].size < 12;
	return n;
}

static void test_real(void **state)
{
	int map = new_map(), program, link;
	enum rings_step step;
	struct rings *rings;

	(void)state;
	n_taken = 0;
	assert_int_equal(rings_open(&rings, map, 8, &step), 0);
	assert_int_equal(rings_memory(rings) % (9 * sysconf(_SC_PAGESIZE)), 0);
	assert_int_equal(take_all(rings), 0);
	assert_int_equal(rings_follow_cpus(rings), 0);
	program = load_program(map);
	link = program < 0 ? program : bpf_raw_tracepoint_open(program, "sys_enter");
	if (link < 0) {
		print_message("no raw tracepoints here (4.17): %s\n", strerror(-link));
	} else {
		make_calls(CALLS);
		assert_true(rings_wait(rings, NULL, 0, 10000) > 0); /* an eighth is full */
		assert_true(take_all(rings) > 0);
		assert_int_equal(count_ours(), CALLS);
		assert_int_equal(n_taken, CALLS);
		assert_int_equal(rings_reopen(rings, sched_getcpu()), 0);
		make_calls(CALLS);
		take_all(rings);
		assert_int_equal(count_ours(), 2 * CALLS);
		close(link);
	}
	close(program);
	rings_free(rings);
	close(map);
	rings_free(NULL);
}

/* A ring that is reopened gives what it held, and nothing is lost. */
static void test_reopen(void **state)
{
	int map = new_map();
	enum rings_step step;
	struct rings *rings;
	unsigned int cpu;

	(void)state;
	assert_int_equal(rings_open(&rings, map, 1, &step), 0);
	assert_int_equal(rings_reopen(rings, rings->count), -ENODEV);
	for (cpu = 0; cpu < rings->count; cpu++)
		if (cpus_has(&rings->online, cpu))
			assert_int_equal(rings_reopen(rings, cpu), 0);
	rings_free(rings);
	assert_true(rings_open(&rings, map, 3, &step) < 0); /* no power of two */
	close(map);
	assert_true(rings_open(&rings, map, 1, &step) < 0); /* no map */
}

static void test_refused(void **state)
{
	enum rings_step step;
	struct rings *rings = NULL;

	(void)state;
	assert_true(rings_open(&rings, -1, 8, &step) < 0);
	assert_null(rings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_drain, setup, teardown),
		cmocka_unit_test_setup_teardown(test_around, setup, teardown),
		cmocka_unit_test_setup_teardown(test_odd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wait, setup, teardown),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_reopen),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
