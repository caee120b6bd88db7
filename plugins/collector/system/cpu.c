/* Processor time, from two readings of /proc/stat. SPDX-License-Identifier: MIT
 *
 * Totals since boot say nothing about now, so every figure is a difference. The first call has only
 * the reading that start() took: it waits until that is FIRST_WAIT_MS old, which gives a rough
 * figure at once. */
#include "system.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FIRST_WAIT_MS 10
#define CORES_MAX     4096u
#define TICKS_MIN     10u /* fewer ticks than this make no meaningful share */

static struct oc_ticks read_ticks(struct oc_scan *line)
{
    struct oc_ticks t = {0};
    t.user = oc_scan_u64(line);
    t.user += oc_scan_u64(line); /* nice */
    t.system = oc_scan_u64(line);
    t.idle = oc_scan_u64(line);
    t.iowait = oc_scan_u64(line);
    t.system += oc_scan_u64(line); /* irq */
    t.system += oc_scan_u64(line); /* softirq */
    t.steal = oc_scan_u64(line);
    return t;
}

/* Some of the kernel's counters (iowait, idle of a core that went away) do step back a little. */
static uint64_t grown(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

static struct oc_ticks difference(const struct oc_ticks *now, const struct oc_ticks *before)
{
    struct oc_ticks d = {
        .user = grown(now->user, before->user),
        .system = grown(now->system, before->system),
        .idle = grown(now->idle, before->idle),
        .iowait = grown(now->iowait, before->iowait),
        .steal = grown(now->steal, before->steal),
    };
    return d;
}

static uint64_t total(const struct oc_ticks *t)
{
    return t->user + t->system + t->idle + t->iowait + t->steal;
}

static double busy_percent(const struct oc_ticks *t)
{
    return oc_percent((double)(t->user + t->system + t->steal), (double)total(t));
}

static struct oc_core *core_at(struct oc_cpus *c, uint64_t index)
{
    if (index >= CORES_MAX) {
        return NULL;
    }
    if (index >= c->core_count) {
        uint32_t count = (uint32_t)index + 1;
        struct oc_core *cores = realloc(c->cores, count * sizeof *cores);
        if (!cores) {
            return NULL;
        }
        for (uint32_t i = c->core_count; i < count; i++) {
            memset(&cores[i], 0, sizeof cores[i]);
            snprintf(cores[i].name, sizeof cores[i].name, "%u", i);
        }
        c->cores = cores;
        c->core_count = count;
    }
    return &c->cores[index];
}

static void put_mode(struct oc_out *o, const char *mode, uint64_t part, uint64_t whole)
{
    oc_out_labelled(o, "system.cpu_mode_percent", OC_KIND_GAUGE,
                    oc_percent((double)part, (double)whole), "mode", mode);
}

static void take_all(struct oc_system *s, struct oc_scan *line, struct oc_out *o)
{
    struct oc_cpus *c = &s->cpus;
    struct oc_ticks now = read_ticks(line);
    struct oc_ticks d = difference(&now, &c->all);
    uint64_t whole = total(&d);
    if (o && c->primed && whole > 0) {
        s->cpu_percent = busy_percent(&d);
        oc_out_gauge(o, "system.cpu_percent", s->cpu_percent);
    }
    if (o && c->primed && whole >= TICKS_MIN) {
        put_mode(o, "user", d.user, whole);
        put_mode(o, "system", d.system, whole);
        put_mode(o, "iowait", d.iowait, whole);
        put_mode(o, "steal", d.steal, whole);
    }
    c->all = now;
    c->primed = true;
}

static void take_core(struct oc_system *s, struct oc_scan *line, struct oc_out *o)
{
    struct oc_core *core = core_at(&s->cpus, oc_scan_u64(line));
    if (!core) {
        return;
    }
    struct oc_ticks now = read_ticks(line);
    struct oc_ticks d = difference(&now, &core->ticks);
    bool was_known = core->known;
    if (o && was_known && total(&d) < TICKS_MIN) {
        return; /* keep the older reading: the next call then has enough ticks */
    }
    if (o && was_known) {
        oc_out_labelled(o, "system.core_percent", OC_KIND_GAUGE, busy_percent(&d), "core",
                        core->name);
    }
    core->ticks = now;
    core->known = true;
}

/* One reading; with `o`, puts out what changed since the previous one. */
static bool take_reading(struct oc_system *s, struct oc_out *o)
{
    struct oc_scan text, line;
    if (!oc_system_read(s, OC_FILE_STAT, &text)) {
        return false;
    }
    s->cpus.read_ms = oc_monotonic_ms();
    while (oc_scan_line(&text, &line)) {
        if (oc_scan_literal(&line, "cpu ")) {
            take_all(s, &line, o);
        } else if (oc_scan_literal(&line, "cpu")) {
            if (s->per_core) {
                take_core(s, &line, o);
            }
        } else if (oc_scan_literal(&line, "procs_running ")) {
            s->cpus.running = oc_scan_u64(&line);
        } else if (oc_scan_literal(&line, "procs_blocked ")) {
            s->cpus.blocked = oc_scan_u64(&line);
        }
    }
    return s->cpus.primed;
}

bool oc_system_prime_cpu(struct oc_system *s)
{
    return take_reading(s, NULL);
}

static void wait_for_first_ticks(struct oc_system *s, struct oc_out *o)
{
    int64_t wait_ms = s->cpus.read_ms + FIRST_WAIT_MS - oc_monotonic_ms();
    if (wait_ms > 0) {
        struct timespec t = {0, wait_ms * 1000000};
        oc_flush(o->sink);
        nanosleep(&t, NULL);
    }
}

bool oc_system_cpu(struct oc_system *s, struct oc_out *o)
{
    if (!s->cpus.answered && s->cpus.primed) {
        wait_for_first_ticks(s, o);
    }
    s->cpus.answered = true;
    return take_reading(s, o);
}

void oc_system_cpu_free(struct oc_system *s)
{
    free(s->cpus.cores);
    s->cpus.cores = NULL;
}
