/* What the wicked plugins share. SPDX-License-Identifier: MIT
 *
 * Each folder beside this file is a plugin that does one thing no plugin should. tests/integration/test_zoo.py runs each
 * beside healthy ones and measures what those notice. */
#ifndef OC_TESTS_ZOO_H
#define OC_TESTS_ZOO_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <openclaw/emit.h>

static inline void zoo_sleep(int64_t ms)
{
    const struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

/* The address is hidden from the compiler and from the sanitizers. */
__attribute__((no_sanitize("undefined"))) static inline void zoo_segv(void)
{
    volatile uintptr_t nowhere = 0;
    *(volatile int *)nowhere = 1;
}

#define ZOO_ENTRY(start_fn, stop_fn)                                                               \
    static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};    \
    OC_PLUGIN_ENTRY = {OC_ENTRY_HEAD, .instance_size = 16, .start = start_fn, .stop = stop_fn,     \
                       .methods = methods};

#endif
