/* SPDX-License-Identifier: GPL-2.0-only */
/* Included by libbcc's copy of the BPF interface header; the instruction classes in it are not used. */
