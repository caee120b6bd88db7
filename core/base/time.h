/* Clocks, durations and calendar text. SPDX-License-Identifier: MIT
 *
 * Wall time is ms since 1970 UTC; monotonic time is CLOCK_MONOTONIC in ms. Durations are ms. Tests replace both
 * clocks, so nothing in core calls clock_gettime or time() itself. [any] */
#ifndef OC_BASE_TIME_H
#define OC_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define OC_SECOND INT64_C(1000)
#define OC_MINUTE (60 * OC_SECOND)
#define OC_HOUR   (60 * OC_MINUTE)
#define OC_DAY    (24 * OC_HOUR)

int64_t oc_time_wall(void);
int64_t oc_time_mono(void);
int64_t oc_time_mono_us(void); /* the same clock in us, for measuring what is short */
/* us of processor that the calling thread has used; while the clocks are fake it is oc_time_mono_us. */
int64_t oc_time_thread_us(void);
/* As the monotonic clock, and it runs on while the machine is suspended: CLOCK_BOOTTIME in ms. */
int64_t oc_time_boot(void);

/* From here on both clocks stand still at these values until moved again (tests, simulations); -1, -1 ends it. */
void oc_time_fake(int64_t wall_ms, int64_t mono_ms);
void oc_time_advance(int64_t ms); /* moves both fake clocks */
/* CLOCK_MONOTONIC `ms` from now as the kernel counts it, for pthread waits: a fake clock would never end them. */
void oc_time_deadline(int64_t ms, struct timespec *deadline);

/* "1500ms" "10s" "15m" "2h" "30d" "1h30m" "0"; a bare number is refused except 0. 0 or OC_E_CONFIG. */
int oc_duration_parse(const char *text, int64_t *ms);
/* The shortest exact form ("90s" -> "1m30s"); `buf` of at least 32 bytes; returns buf. */
char *oc_duration_format(int64_t ms, char *buf, size_t size);
/* For people: "3m", "2h 5m", "4d"; two units at the most. */
char *oc_duration_human(int64_t ms, char *buf, size_t size);

/* RFC 3339 in UTC with ms: "2026-11-22T13:30:00.123Z"; `buf` of at least 32 bytes. */
char *oc_time_format(int64_t wall_ms, char *buf, size_t size);
/* RFC 3339 (any offset), "2026-11-22", "@1763818200" (epoch seconds), "now", or a duration before now: "2h" "-2h".
 * 0 or OC_E_CONFIG. */
int oc_time_parse(const char *text, int64_t now_ms, int64_t *wall_ms);

/* "1024" "64KB" "10MB" "2GB" (powers of 1024). 0 or OC_E_CONFIG. */
int oc_size_parse(const char *text, int64_t *bytes);
char *oc_size_human(double bytes, char *buf, size_t size); /* "1.5 GB" */

#endif
