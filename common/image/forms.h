/* SPDX-License-Identifier: GPL-2.0-only */
/* The forms in which each tool's programs are compiled (bpf_src/shared/bpf.h). */
#ifndef PROCSNOOP_FORMS_H
#define PROCSNOOP_FORMS_H

#include <stdint.h>

#define FORMS 5

/* The version code of the first kernel that takes each form, newest first. */
extern const uint32_t forms[FORMS];

#endif
