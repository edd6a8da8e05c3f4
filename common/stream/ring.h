/* SPDX-License-Identifier: GPL-2.0-only */
/* The perf rings that carry records from BPF programs, one for each CPU, through changes of which CPUs are online. */
#ifndef PROCSNOOP_RING_H
#define PROCSNOOP_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pollfd;
struct rings;

/*
 * Opens a ring of @pages pages (a power of two) on each CPU that is online and enters them into @map, a
 * BPF_MAP_TYPE_PERF_EVENT_ARRAY. Returns 0 or -errno, and in *failed at what. *out is to be freed.
 */
enum rings_step {
	RINGS_CPUS,   /* reading /sys/devices/system/cpu */
	RINGS_EVENT,  /* perf_event_open(2): -EPERM or -EACCES where it is not permitted */
	RINGS_MEMORY, /* mapping the ring: -EPERM where locked memory is limited, -ENOMEM */
};
int rings_open(struct rings **out, int map, unsigned int pages, enum rings_step *failed);

/* Closes all rings. NULL is allowed. */
void rings_free(struct rings *rings);

/* A record as a program sent it. */
struct record {
	unsigned int cpu;
	const void *bytes; /* aligned to 8; until the next rings_next() */
	size_t size;	   /* up to 7 bytes longer than what was sent (linux/perf_event.h PERF_SAMPLE_RAW) */
};

/*
 * Takes the next record, CPU after CPU. Returns false when each ring has been looked at once, so that a busy CPU does not
 * keep the others waiting; the next call begins anew. A ring whose CPU went is closed after its last record.
 */
bool rings_next(struct rings *rings, struct record *record);

/* The share of the fullest ring that was filled when it was last looked at, in percent. */
unsigned int rings_filled(const struct rings *rings);

/*
 * poll(2) with @timeout_ms on @n_extra fds (at most 8), and until a ring is an eighth full. Returns like poll(2): 0 on
 * timeout, -errno (-EINTR).
 */
int rings_wait(struct rings *rings, struct pollfd *extra, unsigned int n_extra, int timeout_ms);

/*
 * Looks whether CPUs went or came. Opens the rings of those that came; the ring of one that went is closed when
 * rings_next() has emptied it. A ring whose CPU went offline does not come back to life with it (tried on 4.4 to 6.18:
 * -EOPNOTSUPP, and ENABLE does not help): it is opened anew. Returns how many rings that concerns, or -errno.
 */
int rings_follow_cpus(struct rings *rings);

/*
 * For a CPU that went and came between two looks and so seems never to have gone: its ring is opened anew when
 * rings_next() has emptied it. Returns 0 or -ENODEV: it is not online.
 */
int rings_reopen(struct rings *rings, unsigned int cpu);

/*
 * Tells whether a loss on @cpu is that of a CPU that came online: its ring was opened after rings_open(), or it has none.
 * True once for each time that it came.
 */
bool rings_came(struct rings *rings, unsigned int cpu);

/* The memory of all rings in bytes. */
size_t rings_memory(const struct rings *rings);

/*
 * Pins the perf_event_attr by which rings of CPUs that come online are opened (base/pinned.h). Returns where it is, or NULL:
 * no room.
 */
const void *rings_pin(struct rings *rings);

#endif
