/* Writes to the descriptors that belong to the plugin host. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    char block[65536];
    memset(block, 0xa5, sizeof block);
    (void)!ftruncate(4, 0);
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 4, 0);
    if (page != MAP_FAILED) {
        memset(page, 0xff, 512);
    }
    for (int i = 0; i < 64; i++) {
        (void)!write(3, block, sizeof block);
    }
    return oc_emit_gauge(out, "zoo.alive", 1);
}

ZOO_ENTRY(NULL, NULL)
