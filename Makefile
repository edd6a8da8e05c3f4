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
# 1: with AddressSanitizer and UndefinedBehaviorSanitizer, for tests
SAN ?= 0
BUILD ?= build$(if $(filter 1,$(STATIC)),/static)$(if $(filter 1,$(SAN)),/san)

VERSION := 0.1
TOOLS := execsnoop exitsnoop killsnoop procstat
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-missing-field-initializers
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
# ours; CPPFLAGS and the like are the caller's. Quoted includes only: features.h is also the name of a header of libc.
INCLUDES := $(addprefix -iquote ,common . bpf_src/shared)
DEFINES := -DVERSION='"$(VERSION)"' -DLIBEXECDIR='"$(LIBEXECDIR)"'
ifeq ($(STATIC),1)
DEFINES += -DPROCSNOOP_STATIC
LINK := -static
else
HARDENING += -fPIE
LINK := -pie -Wl,-z,relro,-z,now
endif
ifeq ($(SAN),1)
ifeq ($(STATIC),1)
$(error SAN=1 and STATIC=1 exclude each other: AddressSanitizer has no static form)
endif
# without _FORTIFY_SOURCE, which calls other functions than those that the sanitizer watches
HARDENING := -fPIE
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LINK += $(SANITIZE)
endif
COMPILE = $(CC) -std=gnu11 $(WARNINGS) $(HARDENING) $(INCLUDES) $(DEFINES) $(CPPFLAGS) $(CFLAGS) $(SANITIZE)
# jansson is linked in, so that a tool needs nothing but libc
JANSSON ?= -l:libjansson.a

PROGRAMS := $(addprefix $(BUILD)/,$(TOOLS))
COMPILER := $(BUILD)/libexec/procsnoop/compile
MANUALS := $(TOOLS:%=$(BUILD)/man/%.8)
# $(call objects,FOLDER): of all its C files
objects = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard $1/*.c)))
LIBRARY := $(BUILD)/libprocsnoop.a
# what the tools consist of but for their main(), for the unit tests
TOOL_MODULES := $(BUILD)/libtools.a
COMPILER_SOURCES := tools/compile/compile.c $(addprefix common/,image/image.c image/image_code.c base/fd.c \
	base/buffer.c base/number.c base/message.c base/escape.c base/pinned.c)

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s%s\n' '$(1)' '$(2)')

MAKEFLAGS += -r
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all install uninstall clean deps demo

all: $(PROGRAMS) $(COMPILER) $(MANUALS) $(BUILD)/completion.bash

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: $(BUILD)/%.c
	$(call say,CC,$<)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(LIBRARY): $(call objects,common/*) $(BUILD)/own_headers.o
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(TOOL_MODULES): $(filter-out $(foreach tool,$(TOOLS),$(BUILD)/tools/$(tool)/$(tool).o), \
	$(foreach tool,$(TOOLS),$(call objects,tools/$(tool))))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/own_headers.c: $(sort $(wildcard bpf_src/own/include/linux/*.h)) bpf_src/embed
	$(Q)mkdir -p $(@D) && bpf_src/embed headers >$@

.SECONDEXPANSION:
$(TOOLS:%=$(BUILD)/%.bpf.c): $(BUILD)/%.bpf.c: $$(wildcard bpf_src/$$*/*) $(wildcard bpf_src/shared/*) bpf_src/flatten
	$(Q)mkdir -p $(@D) && bpf_src/flatten bpf_src/$*/$*.bpf.c >$@

$(TOOLS:%=$(BUILD)/source_%.c): $(BUILD)/source_%.c: $(BUILD)/%.bpf.c bpf_src/embed
	$(call say,EMBED,$*)
	$(Q)bpf_src/embed source $< >$@

$(BUILD)/builtin: $(BUILD)/tools/compile/builtin.o $(LIBRARY)
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $^

# Images take a minute: they depend on the BPF sources, on what compiles and writes them, and on the list of forms only.
$(TOOLS:%=$(BUILD)/builtin_%.c): $(BUILD)/builtin_%.c: $(BUILD)/%.bpf.c tools/compile/builtin.c $(COMPILER_SOURCES) \
	$(addprefix common/image/,image.h forms.c own_headers.c sources.h) $(BUILD)/own_headers.c | $(BUILD)/builtin $(COMPILER)
	$(call say,IMAGES,$*)
	$(Q)$(BUILD)/builtin $(COMPILER) $< >$@

$(PROGRAMS): $(BUILD)/%: $$(call objects,tools/$$*) $(BUILD)/source_%.o $(BUILD)/builtin_%.o $(LIBRARY)
	$(call say,LD,$@)
	$(Q)$(CC) $(LINK) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(JANSSON)

# opens libbcc at run time, so never static
$(COMPILER): $(COMPILER_SOURCES)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -pie -Wl,-z,relro,-z,now \
		$(INCLUDES) $(DEFINES) $(CPPFLAGS) $(CFLAGS) $(SANITIZE) -o $@ $^ $(LDFLAGS) -ldl

$(MANUALS): $(BUILD)/man/%: man/%.in man/common.8.in man/join Makefile
	$(Q)mkdir -p $(@D) && man/join $(VERSION) $< >$@

$(BUILD)/completion.bash: tools/completion.bash Makefile
	$(Q)mkdir -p $(@D) && sed 's/@TOOLS@/$(TOOLS)/' $< >$@

install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR)/procsnoop $(DESTDIR)$(MANDIR)/man8
	install -m 755 $(PROGRAMS) $(DESTDIR)$(SBINDIR)
	install -m 755 $(COMPILER) $(DESTDIR)$(LIBEXECDIR)/procsnoop/compile
	install -d $(DESTDIR)$(COMPLETIONDIR)
	for tool in $(TOOLS); do install -m 644 $(BUILD)/completion.bash $(DESTDIR)$(COMPLETIONDIR)/$$tool; done
	install -m 644 $(MANUALS) $(DESTDIR)$(MANDIR)/man8

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
