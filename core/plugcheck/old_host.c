/* Level 2: an older host, whose struct ends where that of ABI 1.0 ended. SPDX-License-Identifier: MIT */
#include "sdk/testkit/kit.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/plugcheck/plugcheck.h"

#define HOST_SIZE_1_0 (offsetof(struct oc_host, log) + sizeof(void (*)(void)))

_Static_assert(HOST_SIZE_1_0 == 48, "1.0 is frozen");

/* A copy whose last byte is the last one of its page; behind it nothing may be read. */
static const struct oc_host *make_old(const struct oc_host *host)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + page, page, PROT_NONE)) {
        return NULL;
    }
    struct oc_host *old = (struct oc_host *)(void *)(map + page - HOST_SIZE_1_0);
    memcpy(old, host, HOST_SIZE_1_0);
    old->struct_size = HOST_SIZE_1_0;
    old->abi_minor = 0;
    return old;
}

void trial_old_host(struct trial *trial)
{
    struct oc_test *t = trial->t;
    struct kit_list memory = {0};
    const struct oc_host *old = make_old(&t->host.host);
    void *self = kit_alloc(trial->entry->instance_size);
    trial_configure(trial, config_plausible(trial->entry, trial->port, trial->scratch));
    const bool starts_now = oc_test_start(t) == OC_OK;
    oc_test_stop(t);
    struct oc_error err = {.struct_size = sizeof err};
    if (old && starts_now && !kit_bind(trial->entry, t->config, self, &memory, &err)) {
        trial_doing("start with a host of ABI 1.0");
        const int32_t code = trial->entry->start ? trial->entry->start(self, old, &err) : OC_OK;
        if (code) {
            trial_finding("OC2007", "start", "with a host of ABI 1.0 start fails: %s", err.message);
        } else if (trial->entry->stop) {
            trial_doing("stop with a host of ABI 1.0");
            trial->entry->stop(self);
        }
    }
    kit_list_finish(&memory);
    free(self);
}
