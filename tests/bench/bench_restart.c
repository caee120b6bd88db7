/* How soon a plugin is there again: after a crash of its process, and with a new generation. SPDX-License-Identifier: MIT
 *
 * bench_restart <folder with the fixtures> <openclaw-plughost>
 *
 * Prints JSON. A crash counts from the moment in which the call that caused it is made until the plugin has started again: the
 * fault, the news of it, the first step of the back-off, the start. A reload counts from the request to the switch, with the
 * start of the new generation and the hand-over of a small state. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/plugin/internal.h"

#define ROUNDS  41
#define RELOADS 201

struct bench {
    struct oc_loop *loop;
    struct oc_plugins *plugins;
    bool done;
    int code;
    json_t *result;
};

static double now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void tell(struct bench *b, const char *what, double *values, size_t count)
{
    char key[96];
    qsort(values, count, sizeof *values, compare);
    snprintf(key, sizeof key, "%s_p50_ms", what);
    oc_json_set_num(b->result, key, values[count / 2]);
    snprintf(key, sizeof key, "%s_max_ms", what);
    oc_json_set_num(b->result, key, values[count - 1]);
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct bench *b = ctx;
    (void)err;
    (void)took_ms;
    b->done = true;
    b->code = code;
}

static void on_destroyed(void *ctx)
{
    ((struct bench *)ctx)->done = true;
}

static void on_reloaded(void *ctx, const json_t *receipt)
{
    struct bench *b = ctx;
    OC_ASSERT(oc_json_bool(receipt, "ok", false));
    b->done = true;
}

static void until_done(struct bench *b)
{
    for (b->done = false; !b->done;) {
        oc_loop_step(b->loop, true);
    }
}

static void until_ready(struct bench *b, const struct oc_instance *i)
{
    while (oc_instance_state(i) != OC_INSTANCE_READY) {
        oc_loop_step(b->loop, true);
    }
}

static struct oc_instance *create(struct bench *b, const char *name, enum oc_tier tier)
{
    struct oc_plugin *plugin = oc_plugin_find(b->plugins, name);
    const struct oc_terms terms = {.tier = tier};
    struct oc_error err;
    oc_error_init(&err);
    OC_ASSERT(plugin);
    oc_plugin_set_terms(plugin, &terms);
    struct oc_instance *i = oc_instance_create(plugin, name, NULL, "bench", NULL, NULL, &err);
    if (!i) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    until_ready(b, i);
    return i;
}

static void destroy(struct bench *b, struct oc_instance *i)
{
    oc_instance_destroy(i, 5000, on_destroyed, b);
    until_done(b);
}

static void bench_crash(struct bench *b, const char *what, enum oc_tier tier)
{
    double values[ROUNDS];
    const struct oc_invocation inv = {
        .method = "tool.segv/1", .timeout_ms = 5000, .on_done = on_done, .ctx = b};
    struct oc_instance *i = create(b, "crasher", tier);
    for (size_t k = 0; k < ROUNDS; k++) {
        oc_instance_reset(i); /* each is the first step of the back-off */
        const double begun = now_ms();
        OC_ASSERT(!oc_instance_call(i, &inv, NULL, NULL));
        until_done(b);
        OC_ASSERT(b->code == OC_E_CRASHED);
        while (oc_instance_state(i) != OC_INSTANCE_RESTARTING) {
            oc_loop_step(b->loop, true);
        }
        until_ready(b, i);
        values[k] = now_ms() - begun;
    }
    tell(b, what, values, ROUNDS);
    destroy(b, i);
}

static void bench_reload(struct bench *b, const char *what, enum oc_tier tier)
{
    double values[RELOADS];
    struct oc_instance *i = create(b, "gen", tier);
    for (size_t k = 0; k < RELOADS; k++) {
        const double begun = now_ms();
        OC_ASSERT(!oc_instance_reload(i, NULL, NULL, 0, on_reloaded, b, NULL));
        until_done(b);
        values[k] = now_ms() - begun;
    }
    tell(b, what, values, RELOADS);
    destroy(b, i);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bench_restart <folder with the fixtures> <openclaw-plughost>\n");
        return 64;
    }
    struct bench b = {.result = json_object(), .loop = oc_loop_create()};
    oc_log_set_level(OC_LOG_ERROR);
    struct oc_bus *bus = oc_bus_create();
    struct oc_workers *workers = oc_workers_create(b.loop, 2);
    char *generations = oc_asprintf("%s/../generations/v1", argv[1]);
    b.plugins = oc_plugins_create(b.loop, bus, workers);
    oc_plugins_set_plughost(b.plugins, argv[2]);
    oc_plugins_scan(b.plugins, argv[1]);
    oc_plugins_scan(b.plugins, generations);
    bench_crash(&b, "process_crash_to_restarted", OC_TIER_PROCESS);
    bench_crash(&b, "sandbox_crash_to_restarted", OC_TIER_SANDBOX);
    bench_reload(&b, "inproc_reload", OC_TIER_INPROC);
    bench_reload(&b, "process_reload", OC_TIER_PROCESS);
    bench_reload(&b, "sandbox_reload", OC_TIER_SANDBOX);
    char *text = oc_json_pretty(b.result);
    puts(text);
    free(text);
    free(generations);
    json_decref(b.result);
    oc_workers_destroy(workers, 1000);
    oc_plugins_destroy(b.plugins);
    oc_bus_destroy(bus);
    oc_loop_destroy(b.loop);
    return 0;
}
