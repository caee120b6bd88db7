/* Memory, swap, load, uptime, open files and pressure. SPDX-License-Identifier: MIT */
#include "system.h"

struct meminfo {
    uint64_t total, free, available, buffers, cached, reclaimable, swap_total, swap_free;
    bool has_available;
};

static void take_line(struct meminfo *m, struct oc_scan *line)
{
    static const struct {
        const char *key;
        size_t offset;
    } keys[] = {
        {"MemTotal", offsetof(struct meminfo, total)},
        {"MemFree", offsetof(struct meminfo, free)},
        {"MemAvailable", offsetof(struct meminfo, available)},
        {"Buffers", offsetof(struct meminfo, buffers)},
        {"Cached", offsetof(struct meminfo, cached)},
        {"SReclaimable", offsetof(struct meminfo, reclaimable)},
        {"SwapTotal", offsetof(struct meminfo, swap_total)},
        {"SwapFree", offsetof(struct meminfo, swap_free)},
    };
    struct oc_view key = oc_scan_until(line, ':');
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (oc_scan_is(key, keys[i].key) && oc_scan_literal(line, ":")) {
            uint64_t bytes = oc_scan_u64(line) * 1024;
            memcpy((char *)m + keys[i].offset, &bytes, sizeof bytes);
            m->has_available |= keys[i].offset == offsetof(struct meminfo, available);
            return;
        }
    }
}

static void put_bytes(struct oc_out *o, const char *name, const char *kind, uint64_t bytes)
{
    oc_out_labelled(o, name, OC_KIND_GAUGE, (double)bytes, "kind", kind);
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void put_memory(struct oc_system *s, struct oc_out *o, const struct meminfo *m)
{
    uint64_t used = less(m->total, m->available);
    s->memory_percent = oc_percent((double)used, (double)m->total);
    oc_out_gauge(o, "system.memory_percent", s->memory_percent);
    put_bytes(o, "system.memory_bytes", "total", m->total);
    put_bytes(o, "system.memory_bytes", "available", m->available);
    put_bytes(o, "system.memory_bytes", "used", used);
    put_bytes(o, "system.memory_bytes", "free", m->free);
    put_bytes(o, "system.memory_bytes", "buffers", m->buffers);
    put_bytes(o, "system.memory_bytes", "cached", m->cached + m->reclaimable);
}

static void put_swap(struct oc_out *o, const struct meminfo *m)
{
    uint64_t used = less(m->swap_total, m->swap_free);
    oc_out_gauge(o, "system.swap_percent", oc_percent((double)used, (double)m->swap_total));
    put_bytes(o, "system.swap_bytes", "total", m->swap_total);
    put_bytes(o, "system.swap_bytes", "used", used);
    put_bytes(o, "system.swap_bytes", "free", m->swap_free);
}

bool oc_system_memory(struct oc_system *s, struct oc_out *o)
{
    struct meminfo m = {0};
    struct oc_scan text, line;
    if (!oc_system_read(s, OC_FILE_MEMINFO, &text)) {
        return false;
    }
    while (oc_scan_line(&text, &line)) {
        take_line(&m, &line);
    }
    if (m.total == 0) {
        return false;
    }
    if (!m.has_available) { /* kernels before 3.14 */
        m.available = m.free + m.buffers + m.cached;
    }
    put_memory(s, o, &m);
    if (m.swap_total > 0) {
        put_swap(o, &m);
    }
    return true;
}

/* "0.08 0.03 0.00 1/95 10439": the fourth word is runnable/existing threads. */
void oc_system_load(struct oc_system *s, struct oc_out *o)
{
    struct oc_scan text;
    if (!oc_system_read(s, OC_FILE_LOADAVG, &text)) {
        return;
    }
    oc_out_gauge(o, "system.load1", oc_scan_decimal(&text));
    oc_out_gauge(o, "system.load5", oc_scan_decimal(&text));
    oc_out_gauge(o, "system.load15", oc_scan_decimal(&text));
    oc_scan_u64(&text);
    if (oc_scan_literal(&text, "/")) {
        oc_out_gauge(o, "system.threads", (double)oc_scan_u64(&text));
    }
}

/* The kernel's own clock also measures the time between two calls, so that rates belong to the
 * counters' world. */
void oc_system_uptime(struct oc_system *s, struct oc_out *o)
{
    struct oc_scan text;
    double before = s->uptime;
    s->uptime = oc_system_read(s, OC_FILE_UPTIME, &text) ? oc_scan_decimal(&text)
                                                         : oc_monotonic_precise_ms() / 1000;
    s->elapsed = before > 0 && s->uptime > before ? s->uptime - before : 0;
    oc_out_gauge(o, "system.uptime_seconds", oc_round(s->uptime, 1));
}

/* "593 0 2466170": allocated, free (always 0 today), limit. */
void oc_system_descriptors(struct oc_system *s, struct oc_out *o)
{
    struct oc_scan text;
    if (!oc_system_read(s, OC_FILE_FILE_NR, &text)) {
        return;
    }
    uint64_t allocated = oc_scan_u64(&text);
    uint64_t open = less(allocated, oc_scan_u64(&text));
    uint64_t max = oc_scan_u64(&text);
    oc_out_gauge(o, "system.fds_open", (double)open);
    oc_out_gauge(o, "system.fds_max", (double)max);
    oc_out_gauge(o, "system.fds_percent", oc_percent((double)open, (double)max));
}

/* "some avg10=0.38 avg60=0.75 avg300=0.23 total=5684965" */
static void put_pressure(struct oc_out *o, const char *resource, struct oc_scan *line)
{
    const char *kind = oc_scan_literal(line, "some ") ? "some" : NULL;
    if (!kind && oc_scan_literal(line, "full ")) {
        kind = "full";
    }
    if (!kind || !oc_scan_literal(line, "avg10=")) {
        return;
    }
    struct oc_label labels[] = {oc_label("resource", resource), oc_label("kind", kind)};
    oc_out_sample(o, "system.pressure_percent", OC_KIND_GAUGE, oc_scan_decimal(line), labels, 2);
}

void oc_system_pressure(struct oc_system *s, struct oc_out *o)
{
    static const struct {
        enum oc_system_file file;
        const char *resource;
    } sources[] = {{OC_FILE_PRESSURE_CPU, "cpu"},
                   {OC_FILE_PRESSURE_MEMORY, "memory"},
                   {OC_FILE_PRESSURE_IO, "io"}};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct oc_scan text, line;
        if (!oc_system_read(s, sources[i].file, &text)) {
            continue;
        }
        while (oc_scan_line(&text, &line)) {
            put_pressure(o, sources[i].resource, &line);
        }
    }
}
