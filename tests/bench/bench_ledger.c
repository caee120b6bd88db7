/* The ledger: appends, one durable entry beside the disk's own fdatasync, opening, verifying. SPDX-License-Identifier: MIT
 *
 * bench_ledger FOLDER [ENTRIES]: makes a ledger there (and removes nothing), prints one object of JSON. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/ledger/ledger.h"
#include "core/store/ledger/ledger_verify.h"
#include "core/sys/file.h"
#include "core/sys/merkle.h"

#define SINGLES 300
#define WAITING 5000 /* entries on their way at once, as of many callers */

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static json_t *ballot(void)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s}", "proposal", "0193a7c2-5b1e-7d44-9a51-0c1f2e3d4b5a",
                     "member", "alpha", "vote", "approve", "nonce", "5f0c2b7e9d1a4c3f", "signature",
                     "mJ0r1nq3bVtX9wYhK5d2sPzQ7uE8aLcR4fGiTjNoMvBxWyAkCeDgHlIpOuSrZtQF");
}

/* A line written to a file and synced: what the disk itself takes. */
static double disk_ms(const char *dir)
{
    char *path = oc_path_join(dir, "plain"), line[300];
    int64_t took[SINGLES];
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    memset(line, 'x', sizeof line);
    OC_ASSERT(fd >= 0);
    for (int i = 0; i < SINGLES; i++) {
        const int64_t began = oc_time_mono_us();
        OC_ASSERT(oc_fd_write_all(fd, line, sizeof line) == 0 && fdatasync(fd) == 0);
        took[i] = oc_time_mono_us() - began;
    }
    close(fd);
    unlink(path);
    free(path);
    qsort(took, SINGLES, sizeof *took, by_value);
    return (double)took[SINGLES / 2] / 1000;
}

struct waiting {
    struct oc_loop *loop;
    struct oc_ledger *ledger;
    json_t *entry;
    uint64_t added, done, wanted;
};

static void on_done(void *ctx, int code);

static void fill(struct waiting *w)
{
    while (w->added < w->wanted && w->added - w->done < WAITING) {
        OC_ASSERT(oc_ledger_add(w->ledger, "vote_cast", w->entry, on_done, w, NULL) >= 0);
        w->added++;
    }
}

static void on_done(void *ctx, int code)
{
    struct waiting *w = ctx;
    OC_ASSERT(code == OC_OK);
    w->done++;
    if (w->added - w->done < WAITING / 2) {
        fill(w);
    }
}

static double appends_a_second(struct waiting *w, uint64_t count)
{
    const int64_t began = oc_time_mono_us();
    w->added = w->done = 0;
    w->wanted = count;
    fill(w);
    while (w->done < count) {
        oc_loop_step(w->loop, true);
    }
    return (double)count * 1e6 / (double)(oc_time_mono_us() - began);
}

/* One entry at a time, each waited for. */
static double single_ms(struct waiting *w)
{
    int64_t took[SINGLES];
    for (int i = 0; i < SINGLES; i++) {
        const int64_t began = oc_time_mono_us();
        w->added = w->done = 0;
        w->wanted = 1;
        fill(w);
        while (w->done == 0) {
            oc_loop_step(w->loop, true);
        }
        took[i] = oc_time_mono_us() - began;
    }
    qsort(took, SINGLES, sizeof *took, by_value);
    return (double)took[SINGLES / 2] / 1000;
}

static double cpu_s(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static double verify_s(const char *dir, unsigned threads, bool instructions, uint64_t *entries)
{
    struct oc_ledger_check check = {.dir = dir, .size = UINT64_MAX, .threads = threads};
    struct oc_ledger_report report;
    oc_merkle_accelerate(instructions);
    const int64_t began = oc_time_mono_us();
    OC_ASSERT(oc_ledger_verify(&check, &report, NULL) == OC_OK);
    const double took = (double)(oc_time_mono_us() - began) / 1e6;
    oc_merkle_accelerate(true);
    *entries = report.entries;
    return took;
}

static double open_ms(const char *dir)
{
    const struct oc_ledger_options o = {.dir = dir};
    int64_t took[9];
    for (int i = 0; i < 9; i++) {
        const int64_t began = oc_time_mono_us();
        struct oc_ledger *l = oc_ledger_open(&o, NULL, NULL);
        OC_ASSERT(l);
        took[i] = oc_time_mono_us() - began;
        oc_ledger_close(l);
    }
    qsort(took, 9, sizeof *took, by_value);
    return (double)took[4] / 1000;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_ledger FOLDER [ENTRIES]\n");
        return 64;
    }
    const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    char *dir = oc_path_join(argv[1], "ledger");
    const struct oc_ledger_options o = {.dir = dir};
    struct waiting w = {.loop = oc_loop_create(), .entry = ballot()};
    uint64_t entries = 0;
    json_t *result = json_object();
    OC_ASSERT(oc_dir_make(argv[1], 0700, NULL) == OC_OK);
    w.ledger = oc_ledger_open(&o, w.loop, NULL);
    OC_ASSERT(w.ledger);
    oc_json_set_num(result, "disk_ms", disk_ms(argv[1]));
    oc_json_set_num(result, "single_ms", single_ms(&w));
    oc_json_set_num(result, "appends", appends_a_second(&w, count));
    oc_ledger_close(w.ledger);
    const double cpu = cpu_s();
    oc_json_set_num(result, "verify_s", verify_s(dir, 0, true, &entries));
    oc_json_set_num(result, "verify_cpu_s", cpu_s() - cpu);
    oc_json_set_num(result, "verify_one_thread_s", verify_s(dir, 1, true, &entries));
    oc_json_set_num(result, "verify_portable_s", verify_s(dir, 0, false, &entries));
    oc_json_set_num(result, "open_ms", open_ms(dir));
    oc_json_set_int(result, "entries", (int64_t)entries);
    oc_json_set_bool(result, "instructions", oc_merkle_accelerate(true));
    char *text = oc_json_text(result);
    puts(text);
    free(text);
    json_decref(result);
    json_decref(w.entry);
    oc_loop_destroy(w.loop);
    free(dir);
    return 0;
}
