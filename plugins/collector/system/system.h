/* The system collector's state and its parts, one file each. SPDX-License-Identifier: MIT
 *
 * A collection reads a dozen small files many times a day, so descriptors stay open, text goes
 * through one buffer of the instance and numbers are parsed by hand: after the first call nothing
 * is allocated unless a disk, a processor or a mount appears. Every part is [worker] and has the
 * shape "read the file, put out samples"; a file that the kernel does not have means that its
 * samples are left out. */
#ifndef OC_SYSTEM_H
#define OC_SYSTEM_H

#include "../../lib/collect/collect.h"
#include "scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openclaw/plugin.h>

enum oc_system_file {
    OC_FILE_STAT,
    OC_FILE_MEMINFO,
    OC_FILE_LOADAVG,
    OC_FILE_UPTIME,
    OC_FILE_FILE_NR,
    OC_FILE_DISKSTATS,
    OC_FILE_NET_DEV,
    OC_FILE_MOUNTINFO,
    OC_FILE_PRESSURE_CPU,
    OC_FILE_PRESSURE_MEMORY,
    OC_FILE_PRESSURE_IO,
    OC_FILE_COUNT
};

enum oc_process_detail { OC_PROCESSES_COUNT, OC_PROCESSES_STATES, OC_PROCESSES_OFF };

/* A file kept open between calls. */
struct oc_kept_file {
    int fd; /* -1: not open */
    bool absent;
};

/* Clock ticks by what the processor did; guest time is part of user, as the kernel counts it. */
struct oc_ticks {
    uint64_t user, system, idle, iowait, steal;
};

struct oc_core {
    char name[12]; /* the value of the label "core" */
    bool known;
    struct oc_ticks ticks;
};

struct oc_cpus {
    bool primed; /* `all` holds a reading */
    bool answered;
    int64_t read_ms;
    struct oc_ticks all;
    struct oc_core *cores;
    uint32_t core_count;
    uint64_t running, blocked; /* tasks, of the last reading */
};

/* Counters of named things (disks, interfaces), remembered for the next call. */
#define OC_RATE_VALUES 8
struct oc_rate_row {
    char name[32];
    uint32_t round;  /* of the last sight: a thing that was away has no rate on its return */
    bool wanted;     /* decided once, when it first appears */
    double capacity; /* bytes a second, of interfaces that tell; else 0 */
    uint64_t values[OC_RATE_VALUES];
};
struct oc_rates {
    struct oc_rate_row *rows;
    uint32_t count, cap, next; /* next: where the following name most likely is */
};

struct oc_mount {
    char *path;        /* owned: below the configured root, as statvfs wants it */
    const char *label; /* the part of `path` after the root: the mount point */
    uint64_t device;
    bool whole; /* shows its file system from the top, not a bind mount of a part */
};

/* The nearest limits above us in the cgroup tree, when there are any. */
struct oc_cgroup {
    bool v2;
    struct oc_kept_file memory_limit, memory_usage, memory_stat, cpu_limit, cpu_period, cpu_usage,
        cpu_stat;
    bool primed;
    uint64_t usage, periods, throttled; /* of the last call; usage in us */
};

struct oc_system {
    /* options */
    const char *root;
    int32_t per_core;
    int32_t processes; /* enum oc_process_detail */
    int32_t network_filesystems;
    struct oc_list mount_names; /* const char * */
    struct oc_list interfaces;  /* const char *, patterns */

    int root_fd, proc_fd;
    bool live; /* below root is a real /proc, not a copy */
    struct oc_kept_file files[OC_FILE_COUNT];
    char *text;
    size_t text_size;

    uint32_t round, listed_round; /* of this call; of the one that listed /proc */
    uint64_t proc_links;          /* links of /proc that are no processes; 0 = not known */
    double uptime;                /* seconds, of this call */
    double elapsed;               /* seconds since the previous call; 0 on the first */
    struct oc_cpus cpus;
    struct oc_rates disks, nets;
    struct oc_mount *mounts;
    uint32_t mount_count;
    bool mounts_known;
    struct oc_cgroup cgroup;

    /* for the status text; negative = not known */
    double cpu_percent, memory_percent, disk_percent;
    const char *fullest;
};

/* ---- files.c ---- */
void oc_kept_init(struct oc_kept_file *f);
void oc_kept_close(struct oc_kept_file *f);
/* The whole of `path` below the root into s->text, from its beginning; false when it is not there.
 * The text is valid until the next read. */
bool oc_system_read_path(struct oc_system *s, struct oc_kept_file *f, const char *path,
                         struct oc_scan *text);
bool oc_system_read(struct oc_system *s, enum oc_system_file file, struct oc_scan *text);
/* The one number that a file such as memory.current holds; false when there is none ("max",
 * absent). */
bool oc_system_read_number(struct oc_system *s, struct oc_kept_file *f, const char *path,
                           uint64_t *value);
bool oc_system_open_files(struct oc_system *s, struct oc_error *err);
void oc_system_close_files(struct oc_system *s);

/* ---- rates.c ---- */
/* The row of `name`, made when it is new (*fresh); NULL when the table is full. */
struct oc_rate_row *oc_rates_row(struct oc_rates *r, struct oc_view name, uint32_t round,
                                 bool *fresh);
void oc_rates_free(struct oc_rates *r);
/* Stores `now` and returns what was added since the previous call, per second. A counter that went
 * back restarted: 0. */
double oc_rate(uint64_t *last, uint64_t now, double seconds);

/* ---- the parts ---- */
bool oc_system_prime_cpu(
    struct oc_system *s); /* takes the reading that the first call compares with */
bool oc_system_cpu(struct oc_system *s, struct oc_out *o);
void oc_system_cpu_free(struct oc_system *s);
bool oc_system_memory(struct oc_system *s, struct oc_out *o);
void oc_system_load(struct oc_system *s, struct oc_out *o);
void oc_system_uptime(struct oc_system *s, struct oc_out *o);
void oc_system_descriptors(struct oc_system *s, struct oc_out *o);
void oc_system_processes(struct oc_system *s,
                         struct oc_out *o); /* after oc_system_cpu, whose counts it uses */
void oc_system_space(struct oc_system *s, struct oc_out *o);
void oc_system_space_free(struct oc_system *s);
void oc_system_disk_io(struct oc_system *s, struct oc_out *o);
void oc_system_network(struct oc_system *s, struct oc_out *o);
void oc_system_pressure(struct oc_system *s, struct oc_out *o);
void oc_system_cgroup_find(struct oc_system *s);
void oc_system_cgroup(struct oc_system *s, struct oc_out *o);
void oc_system_cgroup_close(struct oc_system *s);

#endif
