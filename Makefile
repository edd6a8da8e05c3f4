# SPDX-License-Identifier: GPL-2.0-only
# make, make check, make install: README.md tells of each, and of the variables.

PREFIX ?= /usr/local
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
CC ?= cc
CFLAGS ?= -O2 -g
STATIC ?= 0
BUILD ?= build$(if $(filter 1,$(STATIC)),/static)

VERSION := 0.1
TOOLS := execsnoop exitsnoop procstat
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-missing-field-initializers
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
# quoted includes only: features.h is also the name of a header of libc
CPPFLAGS += -iquote common -iquote $(BUILD) -DVERSION='"$(VERSION)"' -DLIBEXECDIR='"$(LIBEXECDIR)"'
ifeq ($(STATIC),1)
CPPFLAGS += -DPROCSNOOP_STATIC
LINK := -static
else
HARDENING += -fPIE
LINK := -pie -Wl,-z,relro,-z,now
endif
# jansson is linked in, so that a tool needs nothing but libc
JANSSON ?= -l:libjansson.a

LIB_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard common/*.c)))
PROGRAMS := $(addprefix $(BUILD)/,$(TOOLS))
COMPILER := $(BUILD)/libexec/procsnoop/compile
BPF_SOURCES := $(sort $(wildcard bpf_src/*.h bpf_src/*.c bpf_src/own/include/linux/*.h)) bpf_src/flatten bpf_src/embed

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s%s\n' '$(1)' '$(2)')

MAKEFLAGS += -r
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all install uninstall clean deps demo

all: $(PROGRAMS) $(COMPILER)

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) $(HARDENING) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: $(BUILD)/%.c
	$(call say,CC,$<)
	$(Q)$(CC) -std=gnu11 $(HARDENING) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libprocsnoop.a: $(LIB_OBJECTS) $(BUILD)/sources.o
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/sources.c: $(BPF_SOURCES) Makefile
	$(call say,EMBED,$(TOOLS))
	$(Q)mkdir -p $(@D) && bpf_src/embed $(TOOLS) >$@

# the images depend on the BPF sources, on what compiles and writes them, and on the list of forms (common/plan.c): another
# change of common/ leaves them as they are
IMAGE_SOURCES := $(BPF_SOURCES) tools/builtin.c tools/compile.c common/plan.c \
	$(addprefix common/,image.c image.h image_code.c own_headers.c sources.h) Makefile
$(BUILD)/builtin: $(BUILD)/tools/builtin.o $(BUILD)/libprocsnoop.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@ $^

$(TOOLS:%=$(BUILD)/builtin_%.c): $(BUILD)/builtin_%.c: $(IMAGE_SOURCES) | $(BUILD)/builtin $(COMPILER)
	$(call say,IMAGES,$*)
	$(Q)$(BUILD)/builtin $(COMPILER) $* >$@

$(PROGRAMS): $(BUILD)/%: $(BUILD)/tools/%.o $(BUILD)/builtin_%.o $(BUILD)/libprocsnoop.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(LDFLAGS) -o $@ $^ $(JANSSON)

# opens libbcc at run time, so never static
$(COMPILER): tools/compile.c $(addprefix common/,image.c image_code.c buffer.c number.c message.c escape.c)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -pie -Wl,-z,relro,-z,now \
		$(CPPFLAGS) $(CFLAGS) -o $@ $^ $(LDFLAGS) -ldl

install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR)/procsnoop $(DESTDIR)$(MANDIR)/man8
	install -m 755 $(PROGRAMS) $(DESTDIR)$(SBINDIR)
	install -m 755 $(COMPILER) $(DESTDIR)$(LIBEXECDIR)/procsnoop/compile
	install -d $(DESTDIR)$(COMPLETIONDIR)
	for tool in $(TOOLS); do install -m 644 tools/completion.bash $(DESTDIR)$(COMPLETIONDIR)/$$tool; done
	install -m 644 $(addprefix man/,$(addsuffix .8,$(TOOLS))) $(DESTDIR)$(MANDIR)/man8

uninstall:
	rm -f $(addprefix $(DESTDIR)$(SBINDIR)/,$(TOOLS)) $(addprefix $(DESTDIR)$(MANDIR)/man8/,$(addsuffix .8,$(TOOLS)))
	rm -f $(DESTDIR)$(LIBEXECDIR)/procsnoop/compile $(addprefix $(DESTDIR)$(COMPLETIONDIR)/,$(TOOLS))
	-rmdir $(DESTDIR)$(LIBEXECDIR)/procsnoop

clean:
	rm -rf build

deps:
	$(Q)tests/deps check

# installs what building needs, builds, and shows what the first tool prints
demo:
	$(Q)tests/deps build
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/demo $(BUILD)

include tests/tests.mk
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
