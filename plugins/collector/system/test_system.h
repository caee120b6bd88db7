/* A tree of files as the kernel shows them, and the collector that reads it. SPDX-License-Identifier: MIT */
#ifndef TEST_SYSTEM_H
#define TEST_SYSTEM_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define COLLECT "collector.collect/1"

struct tree {
    char dir[64];
    struct oc_test *t;
};

/* Writes in place, as the kernel does: a descriptor that is open sees the new text. */
static void put(struct tree *f, const char *path, const char *text)
{
    char full[512], *slash;
    snprintf(full, sizeof full, "%s/%s", f->dir, path);
    for (slash = full + strlen(f->dir) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void put_stat(struct tree *f, int user, int system, int idle, int iowait, int steal)
{
    char text[512];
    snprintf(text, sizeof text,
             "cpu  %d 0 %d %d %d 0 0 %d 0 0\ncpu0 %d 0 0 %d 0 0 0 0 0 0\ncpu1 0 0 %d %d 0 0 0 0 0 "
             "0\nintr 1 2 3\nctxt 4\nprocs_running 3\nprocs_blocked 2\n",
             user, system, idle, iowait, steal, user, idle / 2, system, idle / 2);
    put(f, "proc/stat", text);
}

static const char meminfo[] = "MemTotal:        1000 kB\nMemFree:          100 kB\n"
                              "MemAvailable:     250 kB\nBuffers:           20 kB\n"
                              "Cached:           130 kB\nSwapCached:        0 kB\n"
                              "SwapTotal:        400 kB\nSwapFree:         300 kB\n"
                              "SReclaimable:      30 kB\n";

static const char net_dev[] =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier compressed\n"
    "    lo:  100 1 0 0 0 0 0 0 100 1 0 0 0 0 0 0\n"
    "  ifb0:  0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
    "  eth0:%s 50 3 4 0 0 0 0 %s 60 5 6 0 0 0 0\n";

static void put_net(struct tree *f, const char *rx, const char *tx)
{
    char text[sizeof net_dev + 64];
    snprintf(text, sizeof text, net_dev, rx, tx);
    put(f, "proc/net/dev", text);
}

static void put_disk(struct tree *f, unsigned long reads, unsigned long sectors, unsigned long busy)
{
    char text[512];
    snprintf(text, sizeof text,
             "   7 0 loop0 9 0 9 0 9 0 9 0 0 9 9\n"
             " 254 0 vda %lu 0 %lu 0 10 0 80 0 0 %lu 0\n"
             " 254 1 vda1 %lu 0 %lu 0 10 0 80 0 0 %lu 0\n",
             reads, sectors, busy, reads, sectors, busy);
    put(f, "proc/diskstats", text);
}

static void put_base(struct tree *f)
{
    put(f, "proc/uptime", "100.00 50.00\n");
    put_stat(f, 1000, 1000, 8000, 0, 0);
    put(f, "proc/meminfo", meminfo);
    put(f, "proc/loadavg", "0.08 1.50 12.25 1/95 10439\n");
    put(f, "proc/sys/fs/file-nr", "600\t100\t2000\n");
    put_net(f, "1000", "2000");
    put(f, "sys/block/vda/size", "1\n");
    put_disk(f, 100, 1000, 500);
}

static int setup(void **state)
{
    struct tree *f = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/oc-system-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    put_base(f);
    f->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(f->t);
    oc_test_option(f->t, "root", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct tree *f = *state;
    char command[128];
    assert_int_equal(oc_test_close(f->t), 0);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void collect(struct tree *f)
{
    if (!oc_test_instance(f->t)) {
        assert_int_equal(oc_test_start(f->t), OC_OK);
    }
    assert_int_equal(oc_test_call(f->t, COLLECT, NULL, 5000), OC_OK);
    assert_null(oc_test_complaint(f->t));
}

#define assert_value(f, name, label, value, expected)                                              \
    assert_float_equal(oc_test_sample((f)->t, name, label, value), expected, 0.0001)
#define assert_no_sample(f, name) assert_int_equal(oc_test_samples((f)->t, name), 0)

#endif
