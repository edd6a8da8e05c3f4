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

/*
 * Gives every record that is there to @take, CPU after CPU. @record lives only during the call and is aligned to 8
 * bytes; @size may be up to 7 bytes longer than what was sent (linux/perf_event.h PERF_SAMPLE_RAW). Looks at each ring
 * once, so that a busy CPU does not keep the others waiting. Returns the share of the fullest ring that was filled,
 * in percent.
 */
unsigned int rings_drain(struct rings *rings,
			 void (*take)(unsigned int cpu, const void *record, size_t size, void *context), void *context);

/*
 * poll(2) with @timeout_ms on @n_extra fds (at most 8), and until a ring is an eighth full. Returns like poll(2): 0 on
 * timeout, -errno (-EINTR).
 */
int rings_wait(struct rings *rings, struct pollfd *extra, unsigned int n_extra, int timeout_ms);

/*
 * Looks whether CPUs went or came and closes or opens rings. A ring whose CPU went offline does not come back to
 * life with it (tried on 4.4 to 6.18: -EOPNOTSUPP, and ENABLE does not help): it is opened anew. What a dying ring
 * still holds is given to @take. Returns how many rings changed, or -errno.
 */
int rings_follow_cpus(struct rings *rings,
		      void (*take)(unsigned int cpu, const void *record, size_t size, void *context), void *context);

/*
 * Opens the ring of a CPU anew, for one that went and came between two looks and so seems never to have gone. Returns
 * 0 or -errno.
 */
int rings_reopen(struct rings *rings, unsigned int cpu,
		 void (*take)(unsigned int cpu, const void *record, size_t size, void *context), void *context);

/*
 * Tells whether a loss on @cpu is that of a CPU that came online: its ring was opened after rings_open(), or it has none.
 * True once for each time that it came.
 */
bool rings_came(struct rings *rings, unsigned int cpu);

/* The memory of all rings in bytes. */
size_t rings_memory(const struct rings *rings);

#endif
