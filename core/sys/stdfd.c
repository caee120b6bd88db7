/* Fills the standard descriptors that are closed. SPDX-License-Identifier: MIT */
#include "core/sys/stdfd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void oc_stdfd_fill(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* the lowest free number is what open() gives, and all below are taken; children inherit it */
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
            perror("cannot open /dev/null for a standard descriptor that is closed");
            exit(1);
        }
    }
}
