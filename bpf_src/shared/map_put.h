/* SPDX-License-Identifier: GPL-2.0-only */
/* Updates of maps, checked: what finds no room is a loss, counted by map, which the user side tells (common/run/tracer.h). */
#ifndef BPF_SRC_MAP_PUT_H
#define BPF_SRC_MAP_PUT_H

#include "bpf.h"
#include "maps.h"

#define BPF_NOEXIST 1
#define MAP_PUT_EEXIST 17

MAP(drops, MAP_DROPS, MAP_TYPE_ARRAY, sizeof(u32), sizeof(u64), MAP_MAX)

INLINE void count_drop(u32 map)
{
	u64 *drops = bpf_map_lookup_elem(MAP_FD(MAP_DROPS), &map);

	if (drops)
		__sync_fetch_and_add(drops, 1);
}

/* As bpf_map_update_elem(). That a key is there already (BPF_NOEXIST) is no loss. */
#define map_put(map, key, value, flags)                                                                                \
	({                                                                                                             \
		/* an int: from 4.18 to 6.3 the kernel calls a function that leaves the upper half as zeros */         \
		s32 map_put_err = bpf_map_update_elem(MAP_FD(map), key, value, flags);                                 \
                                                                                                                       \
		if (map_put_err && map_put_err != -MAP_PUT_EEXIST)                                                     \
			count_drop(map);                                                                               \
		map_put_err;                                                                                           \
	})

#endif
