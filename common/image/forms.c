/* SPDX-License-Identifier: GPL-2.0-only */
#include "image/forms.h"

#include "kernel/features.h"

const uint32_t forms[FORMS] = {
	FEATURES_VERSION(5, 5, 0), FEATURES_VERSION(5, 3, 0), FEATURES_VERSION(4, 11, 0),
	FEATURES_VERSION(4, 8, 0), FEATURES_VERSION(4, 4, 0),
};
