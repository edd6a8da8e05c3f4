/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "base/pinned.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define ITEMS_MAX 8
#define MEMORY 16384
#define ALIGNMENT 16
#define STEP 0x10000000ULL

static struct {
	char *memory; /* NULL: none yet */
	size_t used;
	bool sealed;
	unsigned int count;
	struct {
		const char *bytes;
		size_t size;
	} items[ITEMS_MAX];
} store;

/* MAP_32BIT is x86's alone, and below 2 GiB. */
static char *map_low(void)
{
	uint64_t hint;
	char *memory;

	for (hint = PINNED_END - STEP; hint; hint -= STEP) {
		memory = mmap((void *)(uintptr_t)hint, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0);
		if (memory == MAP_FAILED)
			return NULL;
		if ((uintptr_t)memory + MEMORY <= PINNED_END)
			return memory;
		munmap(memory, MEMORY);
	}
	return NULL;
}

const void *pinned_add(const void *bytes, size_t size)
{
	char *to;

	if (store.sealed || store.count == ITEMS_MAX || size > MEMORY - store.used)
		return NULL;
	if (!store.memory)
		store.memory = map_low();
	if (!store.memory)
		return NULL;
	to = store.memory + store.used;
	memcpy(to, bytes, size);
	store.used += (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	store.items[store.count].bytes = to;
	store.items[store.count++].size = size;
	return to;
}

const char *pinned_add_string(const char *text)
{
	return pinned_add(text, strlen(text) + 1);
}

bool pinned_seal(void)
{
	store.sealed = !store.memory || mprotect(store.memory, MEMORY, PROT_READ) == 0;
	return store.sealed;
}

const void *pinned(const void *bytes, size_t size)
{
	unsigned int i;

	for (i = 0; i < store.count; i++)
		if (store.items[i].size == size && memcmp(store.items[i].bytes, bytes, size) == 0)
			return store.items[i].bytes;
	return bytes;
}

const char *pinned_string(const char *text)
{
	return store.count ? pinned(text, strlen(text) + 1) : text;
}
