/* The metrics that every process has: process_cpu_seconds_total and its family. SPDX-License-Identifier: MIT
 *
 * Names and meanings are those of Prometheus' client libraries; the figures are read from /proc at each scrape. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/api/prometheus/prometheus.h"
#include "core/sys/file.h"

#define PROC_FILE_MAX (1u << 20)

struct process {
    double cpu_seconds, start_seconds, threads;
    double virtual_bytes, resident_bytes;
    double open_fds, max_fds;
};

/* Field n (as in proc(5), counted from 3) of the text behind the command's name. */
static double stat_field(const char *text, int n)
{
    const char *at = strrchr(text, ')');
    for (int i = 2; at && i < n; i++) {
        at = strchr(at + 1, ' ');
    }
    return at ? strtod(at, NULL) : 0;
}

static double boot_time(void)
{
    struct oc_buf text = {0};
    double seconds = 0;
    if (oc_file_read("/proc/stat", PROC_FILE_MAX, &text, NULL) == OC_OK && text.data) {
        const char *line = strstr(text.data, "\nbtime ");
        seconds = line ? strtod(line + strlen("\nbtime "), NULL) : 0;
    }
    oc_buf_finish(&text);
    return seconds;
}

static double count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    double count = -3; /* ".", ".." and the one that reads it */
    if (!dir) {
        return 0;
    }
    while (readdir(dir)) {
        count++;
    }
    closedir(dir);
    return count;
}

static void measure(struct process *p)
{
    static double boot; /* does not change */
    struct oc_buf text = {0};
    struct rlimit limit = {0};
    double ticks = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
    boot = boot > 0 ? boot : boot_time();
    if (oc_file_read("/proc/self/stat", PROC_FILE_MAX, &text, NULL) == OC_OK && text.data) {
        p->cpu_seconds = (stat_field(text.data, 14) + stat_field(text.data, 15)) / ticks;
        p->threads = stat_field(text.data, 20);
        p->start_seconds = boot + stat_field(text.data, 22) / ticks;
        p->virtual_bytes = stat_field(text.data, 23);
        p->resident_bytes = stat_field(text.data, 24) * page;
    }
    oc_buf_finish(&text);
    getrlimit(RLIMIT_NOFILE, &limit);
    p->max_fds = (double)limit.rlim_cur;
    p->open_fds = count_descriptors();
}

void oc_prometheus_write_process(struct oc_page *page)
{
    struct process p = {0};
    measure(&p);
    oc_page_single(page, "process_cpu_seconds_total", OC_PAGE_COUNTER,
                   "User and system processor time of the daemon in seconds", p.cpu_seconds);
    oc_page_single(page, "process_max_fds", OC_PAGE_GAUGE, "Limit of open file descriptors",
                   p.max_fds);
    oc_page_single(page, "process_open_fds", OC_PAGE_GAUGE, "Open file descriptors", p.open_fds);
    oc_page_single(page, "process_resident_memory_bytes", OC_PAGE_GAUGE,
                   "Resident memory of the daemon", p.resident_bytes);
    oc_page_single(page, "process_start_time_seconds", OC_PAGE_GAUGE,
                   "When the daemon was started, in seconds since 1970", p.start_seconds);
    oc_page_single(page, "process_threads", OC_PAGE_GAUGE, "Threads of the daemon", p.threads);
    oc_page_single(page, "process_virtual_memory_bytes", OC_PAGE_GAUGE,
                   "Address space of the daemon", p.virtual_bytes);
}
