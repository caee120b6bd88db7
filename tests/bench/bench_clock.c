/* How fast the processor runs just now: dependent additions a nanosecond, which is its clock in GHz. SPDX-License-Identifier: MIT
 *
 * bench_clock   prints {"ghz"}: the median of 41 runs of about 1 ms, each after 10 ms of sleep, as a host that watches sleeps.
 *
 * A virtual processor's clock is its owner's affair: the same program may take half as long again an hour later. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS      41
#define ADDITIONS 3000000

/* One that the compiler neither folds with the next nor leaves out. */
#define ADD(sum)                                                                                   \
    do {                                                                                           \
        (sum)++;                                                                                   \
        __asm__ volatile("" : "+r"(sum));                                                          \
    } while (0)

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double run(void)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    uint64_t sum = 0;
    nanosleep(&pause, NULL);
    const int64_t begun = now_ns();
    for (int i = 0; i < ADDITIONS; i += 8) {
        /* Each waits for the one before it: one a cycle, whatever else the processor can do at once. */
        ADD(sum);
        ADD(sum);
        ADD(sum);
        ADD(sum);
        ADD(sum);
        ADD(sum);
        ADD(sum);
        ADD(sum);
    }
    return ADDITIONS / (double)(now_ns() - begun);
}

int main(void)
{
    double runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        runs[i] = run();
    }
    qsort(runs, RUNS, sizeof *runs, compare);
    printf("{\"ghz\": %.2f}\n", runs[RUNS / 2]);
    return 0;
}
