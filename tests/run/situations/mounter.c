/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mounter TYPE DIRECTORY [OPTIONS]: mounts a file system without a device, as mount(8) does, which not every guest has;
 * with TYPE "-" unmounts; with "private" nothing that is mounted from now on is seen elsewhere.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

int main(int argc, char **argv)
{
	int err;

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "-"))
		err = umount(argv[2]);
	else if (!strcmp(argv[1], "private"))
		err = mount(NULL, argv[2], NULL, MS_REC | MS_PRIVATE, NULL);
	else
		err = mount("none", argv[2], argv[1], 0, argc > 3 ? argv[3] : NULL);
	if (err)
		perror(argv[1]);
	return err ? 1 : 0;
}
