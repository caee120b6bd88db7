/* Disk and network traffic: rates and counters per device. SPDX-License-Identifier: MIT */
#include "system.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR                                                                                     \
    512.0 /* of /proc/diskstats, whatever the device's own is                                      \
             (Documentation/admin-guide/iostats.rst) */

/* A partition's traffic is its disk's: only whole devices have a folder in /sys/block. */
static bool is_whole_disk(struct oc_system *s, const char *name)
{
    char path[64];
    if (strncmp(name, "loop", 4) == 0 || strncmp(name, "ram", 3) == 0 ||
        strncmp(name, "zram", 4) == 0) {
        return false;
    }
    snprintf(path, sizeof path, "sys/block/%s", name);
    for (char *slash = path + sizeof "sys/block/" - 1; (slash = strchr(slash, '/')) != NULL;) {
        *slash = '!'; /* as sysfs writes "cciss/c0d0" */
    }
    return faccessat(s->root_fd, path, F_OK, 0) == 0;
}

struct disk_line {
    uint64_t reads, read_sectors, writes, written_sectors, busy_ms;
};

static struct disk_line read_disk_line(struct oc_scan *line)
{
    struct disk_line d;
    d.reads = oc_scan_u64(line);
    oc_scan_u64(line); /* merged */
    d.read_sectors = oc_scan_u64(line);
    oc_scan_u64(line); /* ms reading */
    d.writes = oc_scan_u64(line);
    oc_scan_u64(line);
    d.written_sectors = oc_scan_u64(line);
    oc_scan_u64(line);
    oc_scan_u64(line); /* in flight */
    d.busy_ms = oc_scan_u64(line);
    return d;
}

/* The kernel keeps this one in 32 bits: it wraps after 49 days of work. */
static double busy_percent(uint64_t *last, uint64_t now, double seconds)
{
    uint32_t ms = (uint32_t)now - (uint32_t)*last;
    *last = now;
    double percent = oc_percent(ms, seconds * 1000);
    return percent > 100 ? 100 : percent;
}

static void put_disk(struct oc_out *o, struct oc_rate_row *row, const struct disk_line *d, double t)
{
    double read = oc_rate(&row->values[0], d->read_sectors, t / SECTOR);
    double written = oc_rate(&row->values[1], d->written_sectors, t / SECTOR);
    double reads = oc_rate(&row->values[2], d->reads, t);
    double writes = oc_rate(&row->values[3], d->writes, t);
    double busy = busy_percent(&row->values[4], d->busy_ms, t);
    if (t <= 0) {
        return;
    }
    oc_out_labelled(o, "system.disk_read_bytes_per_second", OC_KIND_GAUGE, read, "device",
                    row->name);
    oc_out_labelled(o, "system.disk_write_bytes_per_second", OC_KIND_GAUGE, written, "device",
                    row->name);
    oc_out_labelled(o, "system.disk_reads_per_second", OC_KIND_GAUGE, reads, "device", row->name);
    oc_out_labelled(o, "system.disk_writes_per_second", OC_KIND_GAUGE, writes, "device", row->name);
    oc_out_labelled(o, "system.disk_busy_percent", OC_KIND_GAUGE, busy, "device", row->name);
}

void oc_system_disk_io(struct oc_system *s, struct oc_out *o)
{
    struct oc_scan text, line;
    if (!oc_system_read(s, OC_FILE_DISKSTATS, &text)) {
        return;
    }
    s->disks.next = 0;
    while (oc_scan_line(&text, &line)) {
        bool fresh;
        oc_scan_u64(&line); /* major */
        oc_scan_u64(&line); /* minor */
        struct oc_rate_row *row = oc_rates_row(&s->disks, oc_scan_word(&line), s->round, &fresh);
        if (!row) {
            continue;
        }
        if (fresh) {
            row->wanted = is_whole_disk(s, row->name);
        }
        row->round = s->round;
        if (!row->wanted) {
            continue;
        }
        struct disk_line d = read_disk_line(&line);
        if (d.reads + d.writes > 0) { /* devices that never worked are slots, not disks */
            put_disk(o, row, &d, fresh ? 0 : s->elapsed);
        }
    }
}

static bool is_wanted_interface(const struct oc_system *s, const char *name)
{
    const char *const *patterns = s->interfaces.items;
    for (uint64_t i = 0; i < s->interfaces.count; i++) {
        if (fnmatch(patterns[i], name, 0) == 0) {
            return true;
        }
    }
    return s->interfaces.count == 0 && strcmp(name, "lo") != 0 && strncmp(name, "veth", 4) != 0;
}

/* /proc/net/dev: bytes packets errs drop fifo frame compressed multicast | bytes packets errs drop
 * fifo ... */
enum { BYTES, PACKETS, ERRORS, DROPS, DIRECTION, COLUMNS = 2 * DIRECTION };

static void read_net_line(struct oc_scan *line, uint64_t columns[COLUMNS])
{
    uint64_t all[12];
    for (size_t i = 0; i < 12; i++) {
        all[i] = oc_scan_u64(line);
    }
    memcpy(columns, all, DIRECTION * sizeof *all);
    memcpy(columns + DIRECTION, all + 8, DIRECTION * sizeof *all);
}

/* Bytes a second that an interface can carry in one direction, 0 where nobody knows (virtual ones say -1, or nothing). */
static double net_capacity(const struct oc_system *s, const char *name)
{
    char path[96], text[32];
    snprintf(path, sizeof path, "sys/class/net/%s/speed", name);
    int fd = strchr(name, '/') ? -1 : openat(s->root_fd, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    const long megabits = strtol(text, NULL, 10);
    return megabits > 0 ? (double)megabits * 1e6 / 8 : 0;
}

/* The busier direction counts: both have the whole capacity. */
static void put_net_use(struct oc_out *o, const struct oc_rate_row *row, double received,
                        double sent)
{
    const double busier = received > sent ? received : sent;
    if (row->capacity > 0) {
        oc_out_labelled(o, "system.network_percent", OC_KIND_GAUGE,
                        oc_percent(busier, row->capacity), "interface", row->name);
    }
}

static void put_net(struct oc_out *o, struct oc_rate_row *row, const uint64_t now[COLUMNS],
                    double t)
{
    static const char *const totals[COLUMNS] = {
        "system.network_rx_bytes_total",  "system.network_rx_packets_total",
        "system.network_rx_errors_total", "system.network_rx_drops_total",
        "system.network_tx_bytes_total",  "system.network_tx_packets_total",
        "system.network_tx_errors_total", "system.network_tx_drops_total",
    };
    static const char *const rates[COLUMNS] = {
        [BYTES] = "system.network_rx_bytes_per_second",
        [PACKETS] = "system.network_rx_packets_per_second",
        [DIRECTION + BYTES] = "system.network_tx_bytes_per_second",
        [DIRECTION + PACKETS] = "system.network_tx_packets_per_second",
    };
    double bytes[COLUMNS] = {0};
    for (size_t i = 0; i < COLUMNS; i++) {
        double rate = bytes[i] = oc_rate(&row->values[i], now[i], t);
        oc_out_labelled(o, totals[i], OC_KIND_COUNTER, (double)now[i], "interface", row->name);
        if (rates[i] && t > 0) {
            oc_out_labelled(o, rates[i], OC_KIND_GAUGE, rate, "interface", row->name);
        }
    }
    if (t > 0) {
        put_net_use(o, row, bytes[BYTES], bytes[DIRECTION + BYTES]);
    }
}

void oc_system_network(struct oc_system *s, struct oc_out *o)
{
    struct oc_scan text, line;
    if (!oc_system_read(s, OC_FILE_NET_DEV, &text)) {
        return;
    }
    s->nets.next = 0;
    while (oc_scan_line(&text, &line)) {
        bool fresh;
        struct oc_view name = oc_scan_until(&line, ':');
        if (!oc_scan_literal(&line, ":")) {
            continue; /* the two lines of titles */
        }
        struct oc_rate_row *row = oc_rates_row(&s->nets, name, s->round, &fresh);
        if (!row) {
            continue;
        }
        if (fresh) {
            row->wanted = is_wanted_interface(s, row->name);
            row->capacity = row->wanted ? net_capacity(s, row->name) : 0;
        }
        row->round = s->round;
        if (!row->wanted) {
            continue;
        }
        uint64_t columns[COLUMNS];
        read_net_line(&line, columns);
        if (columns[PACKETS] + columns[DIRECTION + PACKETS] > 0) {
            put_net(o, row, columns, fresh ? 0 : s->elapsed);
        }
    }
}
