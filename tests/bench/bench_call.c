/* Measures what an instance adds to a direct method call. SPDX-License-Identifier: MIT
 *
 *   bench_call <folder with the fixtures>     prints one JSON document
 *
 * Three things: an empty emit loop against the same loop through the record blocks (cost of a
 * record), a direct call of a method against a call through queue, worker and loop (cost of a
 * call), and the CPU time of a call that emits what a collector with 1000 targets emits: 5000
 * samples with two labels and 1000 statuses. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openclaw/emit.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/internal.h"

#define CALLS   20000
#define TARGETS 1000
#define ROUNDS  200

struct bench {
    struct oc_loop *loop;
    struct oc_instance *instance;
    bool done;
    size_t records, deliveries;
    json_t *result;
};

static double now_us(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int32_t count_record(void *ctx, const struct oc_record *record)
{
    struct bench *b = ctx;
    b->records += record->label_count + 1 > 0;
    return OC_OK;
}

static void count_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct bench *b = ctx;
    (void)records;
    b->records += count;
    b->deliveries++;
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct bench *b = ctx;
    (void)err;
    (void)took_ms;
    OC_ASSERT(code == OC_OK);
    b->done = true;
}

/* What a collector with many targets puts out in one call. */
static void emit_targets(const struct oc_sink *out, char (*names)[32])
{
    static const char *const metrics[] = {"probe.connect_ms", "probe.first_byte_ms",
                                          "probe.total_ms", "probe.status", "probe.bytes"};
    for (int i = 0; i < TARGETS; i++) {
        const struct oc_label labels[] = {oc_label("target", names[i]),
                                          oc_label("scheme", "https")};
        for (size_t k = 0; k < OC_COUNT(metrics); k++) {
            oc_emit_sample(out, metrics[k], OC_KIND_GAUGE, i, labels, 2);
        }
        oc_emit_status(out, names[i], OC_STATE_OK, "200 in %d ms", i % 100);
    }
}

/* A sink that lets the loop take what has gathered, now and then: nobody else does, as the loop's thread emits here, and
 * who is too far ahead of the loop would be made to wait for it. */
struct drained {
    struct oc_records *records;
    struct oc_sink sink;
    unsigned count;
};

static int32_t emit_drained(void *ctx, const struct oc_record *record)
{
    struct drained *d = ctx;
    if (++d->count % 500 == 0) {
        oc_records_drain(d->records);
    }
    return d->sink.emit(d->sink.ctx, record);
}

static void bench_records(struct bench *b)
{
    static char names[TARGETS][32];
    for (int i = 0; i < TARGETS; i++) {
        snprintf(names[i], sizeof names[i], "service-%d.example.org", i);
    }
    const struct oc_sink direct = {.struct_size = sizeof direct, .ctx = b, .emit = count_record};
    double begun = now_us(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < ROUNDS; i++) {
        emit_targets(&direct, names);
    }
    const double bare = (now_us(CLOCK_THREAD_CPUTIME_ID) - begun) / ROUNDS;
    b->records = b->deliveries = 0;
    begun = now_us(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < ROUNDS; i++) {
        struct oc_records *r = oc_records_create(b->loop, 1, count_records, b);
        struct drained drained = {.records = r, .sink = oc_records_sink(r)};
        const struct oc_sink sink = {
            .struct_size = sizeof sink, .ctx = &drained, .emit = emit_drained};
        emit_targets(&sink, names);
        oc_records_end(r);
        oc_records_drain(r);
        oc_records_destroy(r);
    }
    const double kept = (now_us(CLOCK_THREAD_CPUTIME_ID) - begun) / ROUNDS;
    while (oc_loop_step(b->loop, false)) {
    }
    oc_json_set_int(b->result, "records_of_1000_targets", (int64_t)b->records / ROUNDS);
    oc_json_set_int(b->result, "deliveries_of_1000_targets", (int64_t)b->deliveries / ROUNDS);
    oc_json_set_num(b->result, "emit_bare_us_per_1000_targets", bare);
    oc_json_set_num(b->result, "emit_kept_us_per_1000_targets", kept);
    oc_json_set_num(b->result, "marshalling_us_per_1000_targets", kept - bare);
    oc_json_set_num(b->result, "marshalling_ns_per_record",
                    (kept - bare) * 1e3 / ((double)b->records / ROUNDS));
}

static void bench_direct(struct bench *b)
{
    struct oc_plugin *plugin = oc_instance_plugin(b->instance);
    const struct oc_method *method = oc_entry_method(&plugin->entry, "tool.echo/1");
    const struct oc_sink sink = {.struct_size = sizeof sink, .ctx = b, .emit = count_record};
    const int32_t cancel = 0;
    const struct oc_request request = {
        .struct_size = sizeof request, .params = oc_view("{\"a\":1}"), .cancel = &cancel};
    struct oc_error err;
    oc_error_init(&err);
    const double begun = now_us(CLOCK_MONOTONIC);
    for (int i = 0; i < CALLS; i++) {
        method->fn(oc_body_inproc_self(b->instance->body), &request, &sink, &err);
    }
    oc_json_set_num(b->result, "direct_call_us", (now_us(CLOCK_MONOTONIC) - begun) / CALLS);
}

/* The path on the worker alone: request, method, blocks, error; without the change of threads. */
static void bench_in_place(struct bench *b)
{
    struct oc_plugin *plugin = oc_instance_plugin(b->instance);
    const struct oc_method *method = oc_entry_method(&plugin->entry, "tool.echo/1");
    const double begun = now_us(CLOCK_MONOTONIC);
    for (int i = 0; i < CALLS; i++) {
        struct oc_records *r = oc_records_create(b->loop, 1, count_records, b);
        const struct oc_sink sink = oc_records_sink(r);
        const struct oc_request request = {.struct_size = sizeof request,
                                           .params = oc_view("{\"a\":1}"),
                                           .cancel = oc_records_cancel_flag(r)};
        struct oc_error err;
        oc_error_init(&err);
        method->fn(oc_body_inproc_self(b->instance->body), &request, &sink, &err);
        oc_records_end(r);
        oc_records_drain(r);
        oc_records_destroy(r);
    }
    oc_json_set_num(b->result, "in_place_call_us", (now_us(CLOCK_MONOTONIC) - begun) / CALLS);
}

static void bench_calls(struct bench *b)
{
    const struct oc_invocation inv = {.method = "tool.echo/1",
                                      .params = "{\"a\":1}",
                                      .timeout_ms = 10000,
                                      .on_records = count_records,
                                      .on_done = on_done,
                                      .ctx = b};
    const double begun = now_us(CLOCK_MONOTONIC), cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < CALLS; i++) {
        b->done = false;
        OC_ASSERT(oc_instance_call(b->instance, &inv, NULL, NULL) == OC_OK);
        while (!b->done) {
            oc_loop_step(b->loop, true);
        }
    }
    oc_json_set_num(b->result, "instance_call_us", (now_us(CLOCK_MONOTONIC) - begun) / CALLS);
    oc_json_set_num(b->result, "instance_call_cpu_us",
                    (now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / CALLS);
}

static void on_destroyed(void *ctx)
{
    struct bench *b = ctx;
    b->done = true;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_call <folder with the fixtures>\n");
        return 64;
    }
    struct bench b = {.loop = oc_loop_create(), .result = json_object()};
    struct oc_bus *bus = oc_bus_create();
    struct oc_workers *workers = oc_workers_create(b.loop, 2);
    struct oc_plugins *plugins = oc_plugins_create(b.loop, bus, workers);
    struct oc_error err;
    oc_error_init(&err);
    oc_plugins_scan(plugins, argv[1]);
    struct oc_plugin *ok = oc_plugin_find(plugins, "ok");
    b.instance = ok ? oc_instance_create(ok, "bench", NULL, "bench", NULL, NULL, &err) : NULL;
    if (!b.instance) {
        fprintf(stderr, "no plugin \"ok\" in %s: %s\n", argv[1], err.message);
        return 1;
    }
    while (oc_instance_state(b.instance) != OC_INSTANCE_READY) {
        oc_loop_step(b.loop, true);
    }
    bench_records(&b);
    bench_direct(&b);
    bench_in_place(&b);
    bench_calls(&b);
    char *text = oc_json_pretty(b.result);
    puts(text);
    free(text);
    json_decref(b.result);
    b.done = false;
    oc_instance_destroy(b.instance, 1000, on_destroyed, &b);
    while (!b.done) {
        oc_loop_step(b.loop, true);
    }
    oc_workers_destroy(workers, 1000);
    oc_plugins_destroy(plugins);
    oc_bus_destroy(bus);
    oc_loop_destroy(b.loop);
    return 0;
}
