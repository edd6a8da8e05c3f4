/* SPDX-License-Identifier: GPL-2.0-only */
/* libbcc includes this file before all others and takes its presence for "here are headers". */
