# SPDX-License-Identifier: GPL-2.0-only
# The tests; included by the Makefile. tests/check runs the layers one after another and counts.

TEST_BUILD := $(BUILD)/tests
UNIT_TESTS := $(patsubst tests/unit/%.c,$(TEST_BUILD)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS := $(patsubst tests/fuzz/%.c,$(TEST_BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
WORKLOADS := $(TEST_BUILD)/run/exec_workload $(addprefix $(TEST_BUILD)/run/,exit_workload kill_workload stat_workload)
COMPARER := $(TEST_BUILD)/run/compare
TEST_FLAGS := -std=gnu11 $(WARNINGS) $(INCLUDES) $(DEFINES) $(CPPFLAGS) -iquote tests/unit $(CFLAGS) $(SANITIZE)

FUZZ_SECONDS ?= 60

.PHONY: check fuzz check-fast check-smoke check-unit check-cli check-run check-vm check-floor check-selftest lint vm-shell test-programs floor-programs

# the images of all tools (tests/unit/images.h): in a tool's own file each list has the same name
TEST_IMAGES := $(TEST_BUILD)/libimages.a

$(TEST_BUILD)/images/%.o: $(BUILD)/builtin_%.c common/image/sources.h
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -Dtool_images=images_$* -c -o $@ $<

$(TEST_BUILD)/images/all.c: Makefile
	$(Q)mkdir -p $(@D)
	$(Q){ echo '#include <stddef.h>'; echo '#include "images.h"'; \
		printf 'extern const struct builtin_image images_%s[];\n' $(TOOLS); echo 'const struct tool_images all_images[] = {'; \
		printf '\t{ "%s", images_%s },\n' $(foreach tool,$(TOOLS),$(tool) $(tool)); printf '\t{ NULL, NULL },\n};\n'; } >$@

$(TEST_IMAGES): $(TEST_BUILD)/images/all.c tests/unit/images.h $(TOOLS:%=$(TEST_BUILD)/images/%.o)
	$(Q)$(CC) $(TEST_FLAGS) -c -o $(<:.c=.o) $<
	$(Q)rm -f $@ && $(AR) rcs $@ $(<:.c=.o) $(filter %.o,$^)

# what the fuzzers and unit tests link; the source to compile and the images are those of execsnoop
TEST_LIBRARIES := $(TEST_IMAGES) $(BUILD)/source_execsnoop.o $(BUILD)/builtin_execsnoop.o $(TOOL_MODULES) $(LIBRARY)

$(TEST_BUILD)/unit/%: tests/unit/%.c $(TEST_LIBRARIES)
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TEST_FLAGS) -MMD -MP -o $@ $< $(TEST_LIBRARIES) $(LDFLAGS) -lcmocka -lm $(JANSSON)

# static, as guests with another libc run them too
$(TEST_BUILD)/run/%_workload: $(wildcard tests/run/*.c tests/run/*.h)
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) -static -pthread -o $@ $(sort $(wildcard tests/run/$*_workload*.c)) \
		tests/run/expect.c

$(COMPARER): tests/run/compare.c
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) -static -o $@ $< $(JANSSON)

# a 32-bit program: where the compiler cannot make one, the cases with it are skipped, and say so
$(TEST_BUILD)/run/child32: tests/run/exec_child32.c
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -m32 -static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector -O2 -o $@ $< 2>/dev/null || rm -f $@

# what the scripts of tests/run/situations start
SITUATIONS := $(patsubst tests/run/situations/%.c,$(TEST_BUILD)/run/%,$(sort $(wildcard tests/run/situations/*.c)))

$(SITUATIONS): $(TEST_BUILD)/run/%: tests/run/situations/%.c
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) -static -pthread -o $@ $<

# stands for the compile program in guests of any Debian
$(TEST_BUILD)/vm/serve_image: tests/vm/serve_image.c
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) -static -o $@ $<

test-programs: all $(WORKLOADS) $(COMPARER) $(SITUATIONS) $(TEST_BUILD)/run/child32 $(TEST_BUILD)/vm/serve_image

check-unit: $(UNIT_TESTS) $(FUZZERS)
	tests/check unit $(BUILD)

# each with inputs of a new seed
fuzz: $(FUZZERS)
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/check fuzz $(BUILD)

check-cli: all
	tests/check cli $(BUILD)

check-run: test-programs
	tests/check run $(BUILD)

# ROW=debian11, debian12, debian13: one row instead of all
check-vm: test-programs
	$(Q)$(MAKE) --no-print-directory STATIC=1 BUILD=$(BUILD)/static
	tests/check vm $(BUILD) $(ROW)

check-smoke: test-programs
	tests/check smoke $(BUILD)

# what fails soonest, for every change: within a minute after a build
check-fast: $(UNIT_TESTS) $(FUZZERS) test-programs floor-programs
	$(Q)FUZZ_ROUNDS=2000 $(MAKE) --no-print-directory -j -O check-unit check-cli check-floor check-smoke

check-selftest: $(COMPARER)
	tests/check selftest $(BUILD)

lint:
	tests/check lint $(BUILD)

ifeq ($(SAN),1)
# what the sanitizers see most of; guests run what is built without them
check: deps
	$(Q)$(MAKE) --no-print-directory all $(UNIT_TESTS) $(FUZZERS) test-programs
	tests/check sanitized $(BUILD)
else
# everything, in the order of what fails soonest
check: deps
	$(Q)$(MAKE) --no-print-directory all $(UNIT_TESTS) $(FUZZERS) test-programs floor-programs
	$(Q)$(MAKE) --no-print-directory STATIC=1 BUILD=$(BUILD)/static
	tests/check all $(BUILD)
endif

vm-shell:
	tests/vm/row $(or $(ROW),debian12) --shell

FLOOR_COMMON := $(patsubst %,$(TEST_BUILD)/floor/%.o,findings facts rules plans flow flow_graph flow_memory flow_call)
FLOOR_SELFTEST := $(patsubst tests/%.c,$(TEST_BUILD)/%.o,$(sort $(wildcard tests/floor/selftest*.c)))

$(TEST_BUILD)/floor/%.o: tests/floor/%.c
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TEST_FLAGS) -iquote tests/floor -MMD -MP -c -o $@ $<

$(TEST_BUILD)/floor/floor: $(addprefix $(TEST_BUILD)/floor/,floor.o inputs.o) $(FLOOR_COMMON) $(TOOL_MODULES) $(LIBRARY)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LDFLAGS)

$(TEST_BUILD)/floor/selftest: $(FLOOR_SELFTEST) $(FLOOR_COMMON) $(TOOL_MODULES) $(LIBRARY)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(LDFLAGS)

floor-programs: $(TEST_BUILD)/floor/floor $(TEST_BUILD)/floor/selftest $(COMPILER)

check-floor: floor-programs
	tests/check floor $(BUILD)

# the fuzzed module is compiled in with sanitizers, the rest comes from the library
$(TEST_BUILD)/fuzz/%: tests/fuzz/%.c $(TEST_LIBRARIES)
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TEST_FLAGS) -fsanitize=address,undefined -fno-sanitize-recover=undefined -MMD -MP -o $@ $< \
		$(TEST_LIBRARIES) $(LDFLAGS) $(JANSSON)
