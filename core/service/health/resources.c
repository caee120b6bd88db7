/* The machine's resources in the shape of the original health API, from the latest samples. SPDX-License-Identifier: MIT */
#include "core/service/health/resources.h"

#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/vec.h"

struct found {
    OC_VEC(const struct oc_series *) list;
};

static void collect(void *ctx, struct oc_series *series)
{
    struct found *f = ctx;
    if (series->time_ms && !isnan(series->value) && strncmp(series->name, "system.", 7) == 0) {
        OC_VEC_PUSH(&f->list, series);
    }
}

static const char *label_of(const struct oc_series *s, const char *name)
{
    for (uint32_t i = 0; i < s->label_count; i++) {
        if (strcmp(s->labels[i].name, name) == 0) {
            return s->labels[i].value;
        }
    }
    return NULL;
}

static bool has_label(const struct oc_series *s, const char *name, const char *value)
{
    const char *found = name ? label_of(s, name) : NULL;
    return !name || (found && strcmp(found, value) == 0);
}

static const struct oc_series *find(const struct found *f, const char *metric, const char *label,
                                    const char *value, const char *label2, const char *value2)
{
    for (size_t i = 0; i < f->list.count; i++) {
        const struct oc_series *s = f->list.items[i];
        if (strcmp(s->name, metric) == 0 && has_label(s, label, value) &&
            has_label(s, label2, value2)) {
            return s;
        }
    }
    return NULL;
}

static void put(json_t *o, const char *key, const struct oc_series *s)
{
    if (s) {
        oc_json_set_num(o, key, s->value);
    } else {
        json_object_set_new(o, key, json_null());
    }
}

static json_t *cpu(const struct found *f)
{
    json_t *o = json_object(), *cores = json_array();
    put(o, "usage", find(f, "system.cpu_percent", NULL, NULL, NULL, NULL));
    for (size_t i = 0; i < f->list.count; i++) {
        const struct oc_series *s = f->list.items[i];
        if (strcmp(s->name, "system.core_percent") == 0) {
            json_t *core = json_object();
            oc_json_set_str(core, "name", label_of(s, "core"));
            put(core, "usage", s);
            json_array_append_new(cores, core);
        }
    }
    oc_json_set_int(o, "cores", (int64_t)json_array_size(cores));
    oc_json_take(o, "perCore", cores);
    put(o, "load1", find(f, "system.load1", NULL, NULL, NULL, NULL));
    put(o, "load5", find(f, "system.load5", NULL, NULL, NULL, NULL));
    put(o, "load15", find(f, "system.load15", NULL, NULL, NULL, NULL));
    return o;
}

static json_t *memory(const struct found *f)
{
    json_t *o = json_object(), *details = json_object();
    static const char *const kinds[][2] = {
        {"total", "total"}, {"used", "used"}, {"available", "free"}};
    static const char *const parts[][2] = {{"total", "memTotal"},
                                           {"free", "memFree"},
                                           {"available", "memAvailable"},
                                           {"buffers", "buffers"},
                                           {"cached", "cached"}};
    static const char *const swap[][2] = {{"total", "swapTotal"}, {"free", "swapFree"}};
    for (size_t i = 0; i < OC_COUNT(kinds); i++) {
        put(o, kinds[i][1], find(f, "system.memory_bytes", "kind", kinds[i][0], NULL, NULL));
    }
    put(o, "usage", find(f, "system.memory_percent", NULL, NULL, NULL, NULL));
    for (size_t i = 0; i < OC_COUNT(parts); i++) {
        put(details, parts[i][1], find(f, "system.memory_bytes", "kind", parts[i][0], NULL, NULL));
    }
    for (size_t i = 0; i < OC_COUNT(swap); i++) {
        put(details, swap[i][1], find(f, "system.swap_bytes", "kind", swap[i][0], NULL, NULL));
    }
    oc_json_take(o, "details", details);
    return o;
}

static json_t *partition(const struct found *f, const char *mount, const struct oc_series *usage)
{
    json_t *o = json_object();
    oc_json_set_str(o, "mount", mount);
    put(o, "size", find(f, "system.disk_bytes", "mount", mount, "kind", "total"));
    put(o, "used", find(f, "system.disk_bytes", "mount", mount, "kind", "used"));
    put(o, "available", find(f, "system.disk_bytes", "mount", mount, "kind", "available"));
    put(o, "usage", usage);
    return o;
}

/* The totals are those of "/", or of the first mount where a container has no "/" of its own. */
static json_t *disk(const struct found *f)
{
    json_t *partitions = json_array(), *main = NULL;
    for (size_t i = 0; i < f->list.count; i++) {
        const struct oc_series *s = f->list.items[i];
        const char *mount =
            strcmp(s->name, "system.disk_percent") == 0 ? label_of(s, "mount") : NULL;
        if (mount) {
            json_t *p = partition(f, mount, s);
            main = !main || strcmp(mount, "/") == 0 ? p : main;
            json_array_append_new(partitions, p);
        }
    }
    json_t *o = json_object();
    if (main) {
        json_object_set(o, "total", json_object_get(main, "size"));
        json_object_set(o, "used", json_object_get(main, "used"));
        json_object_set(o, "free", json_object_get(main, "available"));
        json_object_set(o, "usage", json_object_get(main, "usage"));
    }
    oc_json_take(o, "partitions", partitions);
    return o;
}

/* NaN when there is none. */
static double sum_of(const struct found *f, const char *metric)
{
    double sum = NAN;
    for (size_t i = 0; i < f->list.count; i++) {
        const struct oc_series *s = f->list.items[i];
        if (strcmp(s->name, metric) == 0) {
            sum = isnan(sum) ? s->value : sum + s->value;
        }
    }
    return sum;
}

static json_t *network(const struct found *f)
{
    static const char *const columns[][2] = {{"system.network_rx_bytes_total", "rxBytes"},
                                             {"system.network_rx_packets_total", "rxPackets"},
                                             {"system.network_rx_errors_total", "rxErrors"},
                                             {"system.network_rx_drops_total", "rxDropped"},
                                             {"system.network_tx_bytes_total", "txBytes"},
                                             {"system.network_tx_packets_total", "txPackets"},
                                             {"system.network_tx_errors_total", "txErrors"},
                                             {"system.network_tx_drops_total", "txDropped"}};
    static const char *const sums[][2] = {{"system.network_rx_bytes_total", "rxBytes"},
                                          {"system.network_tx_bytes_total", "txBytes"},
                                          {"system.network_rx_bytes_per_second", "rxBytesPerSec"},
                                          {"system.network_tx_bytes_per_second", "txBytesPerSec"}};
    json_t *o = json_object(), *interfaces = json_array();
    for (size_t k = 0; k < OC_COUNT(sums); k++) {
        oc_json_set_num(o, sums[k][1], sum_of(f, sums[k][0]));
    }
    for (size_t i = 0; i < f->list.count; i++) {
        const struct oc_series *s = f->list.items[i];
        const char *name = strcmp(s->name, columns[0][0]) == 0 ? label_of(s, "interface") : NULL;
        if (!name) {
            continue;
        }
        json_t *row = json_object();
        oc_json_set_str(row, "name", name);
        for (size_t k = 0; k < OC_COUNT(columns); k++) {
            put(row, columns[k][1], find(f, columns[k][0], "interface", name, NULL, NULL));
        }
        json_array_append_new(interfaces, row);
    }
    oc_json_take(o, "interfaces", interfaces);
    return o;
}

static json_t *machine(const struct found *f)
{
    json_t *o = json_object();
    struct utsname u;
    if (uname(&u) == 0) {
        oc_json_set_str(o, "hostname", u.nodename);
        oc_json_set_str(o, "platform", "linux");
        oc_json_set_str(o, "arch", u.machine);
        oc_json_set_str(o, "kernel", u.release);
    }
    oc_json_set_int(o, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
    put(o, "totalMemory", find(f, "system.memory_bytes", "kind", "total", NULL, NULL));
    put(o, "uptime", find(f, "system.uptime_seconds", NULL, NULL, NULL, NULL));
    return o;
}

static json_t *under_system(json_t *part)
{
    json_t *o = json_object();
    oc_json_take(o, "system", part);
    return o;
}

json_t *oc_health_resources(struct oc_store *store)
{
    struct found f = {0};
    oc_store_series_each(store, collect, &f);
    json_t *o = json_object();
    if (f.list.count) {
        oc_json_take(o, "cpu", under_system(cpu(&f)));
        oc_json_take(o, "memory", under_system(memory(&f)));
        oc_json_take(o, "disk", under_system(disk(&f)));
        oc_json_take(o, "network", under_system(network(&f)));
        oc_json_take(o, "system", machine(&f));
    }
    OC_VEC_FINISH(&f.list);
    return o;
}
