/* The two clocks, and the fakes that stand in for them. SPDX-License-Identifier: MIT */
#include "core/base/time.h"

#include <stdatomic.h>

/* Workers read the clocks while a test moves them. */
static _Atomic int64_t fake_wall = -1, fake_mono = -1;

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * OC_SECOND + ts.tv_nsec / 1000000;
}

int64_t oc_time_wall(void)
{
    int64_t fake = atomic_load(&fake_wall);
    return fake >= 0 ? fake : read_clock(CLOCK_REALTIME);
}

int64_t oc_time_mono(void)
{
    int64_t fake = atomic_load(&fake_mono);
    return fake >= 0 ? fake : read_clock(CLOCK_MONOTONIC);
}

int64_t oc_time_mono_us(void)
{
    int64_t fake = atomic_load(&fake_mono);
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return fake >= 0 ? fake * 1000 : (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t oc_time_thread_us(void)
{
    int64_t fake = atomic_load(&fake_mono);
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return fake >= 0 ? fake * 1000 : (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t oc_time_boot(void)
{
    int64_t fake = atomic_load(&fake_mono);
    return fake >= 0 ? fake : read_clock(CLOCK_BOOTTIME);
}

void oc_time_fake(int64_t wall_ms, int64_t mono_ms)
{
    atomic_store(&fake_wall, wall_ms);
    atomic_store(&fake_mono, mono_ms);
}

void oc_time_advance(int64_t ms)
{
    if (atomic_load(&fake_wall) >= 0) {
        atomic_fetch_add(&fake_wall, ms);
    }
    if (atomic_load(&fake_mono) >= 0) {
        atomic_fetch_add(&fake_mono, ms);
    }
}

void oc_time_deadline(int64_t ms, struct timespec *deadline)
{
    ms = ms < 0 ? 0 : ms;
    clock_gettime(CLOCK_MONOTONIC, deadline);
    deadline->tv_sec += (time_t)(ms / OC_SECOND);
    deadline->tv_nsec += (long)(ms % OC_SECOND) * 1000000;
    if (deadline->tv_nsec >= 1000000000) {
        deadline->tv_sec++;
        deadline->tv_nsec -= 1000000000;
    }
}
