/* Tries to read /etc/shadow, /root and the memory of its parent. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    static const char *const secrets[] = {"/etc/shadow", "/root/.bashrc", "/home", "/var/lib"};
    char path[64];
    double opened = 0;
    for (unsigned i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        opened += open(secrets[i], O_RDONLY) >= 0;
    }
    snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
    opened += open(path, O_RDONLY) >= 0;
    snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
    opened += open(path, O_RDWR) >= 0;
    return oc_emit_gauge(out, "zoo.got_through", opened);
}

ZOO_ENTRY(NULL, NULL)
