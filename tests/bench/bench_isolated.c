/* What a process of its own costs a plugin, against what the kernel charges for it. SPDX-License-Identifier: MIT
 *
 * bench_isolated <folder with the fixtures> <openclaw-plughost>
 *
 * Prints JSON. Each figure stands beside its yardstick of the same run: a call beside a ping-pong of 64 bytes over a socket pair
 * between two processes, a stream beside a pipe of the same pieces. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/plugin/internal.h"

#define CALLS  5000
#define WARM   200
#define STARTS 41
#define PIECE  (256u << 10)
#define STREAM (INT64_C(2) << 30)

struct bench {
    struct oc_loop *loop;
    struct oc_plugins *plugins;
    bool done;
    int code;
    uint64_t bytes;
    json_t *result;
};

static double now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

/* ---- yardsticks ---- */

static void echo_child(int fd)
{
    char text[64];
    while (read(fd, text, sizeof text) == sizeof text && write(fd, text, sizeof text) > 0) {
    }
    _exit(0);
}

static double ping_pong(void)
{
    static double took[CALLS];
    char text[64] = "";
    int pair[2];
    OC_ASSERT(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    const pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        echo_child(pair[1]);
    }
    close(pair[1]);
    for (int i = -WARM; i < CALLS; i++) {
        const double begun = now_us();
        OC_ASSERT(write(pair[0], text, sizeof text) == sizeof text);
        OC_ASSERT(read(pair[0], text, sizeof text) == sizeof text);
        took[i < 0 ? 0 : i] = now_us() - begun;
    }
    close(pair[0]);
    waitpid(pid, NULL, 0);
    return median(took, CALLS);
}

static double pipe_rate(void)
{
    static char block[PIECE];
    int ends[2];
    uint64_t got = 0;
    ssize_t n;
    memset(block, 'x', sizeof block);
    OC_ASSERT(!pipe(ends));
    fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
    const double begun = now_us();
    const pid_t pid = fork();
    if (pid == 0) {
        int64_t left = STREAM;
        while (left > 0 && (n = write(ends[1], block, sizeof block)) > 0) {
            left -= n;
        }
        _exit(0);
    }
    close(ends[1]);
    while ((n = read(ends[0], block, sizeof block)) > 0) {
        got += (uint64_t)n;
    }
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return (double)got / (now_us() - begun) / 1e3;
}

/* ---- instances ---- */

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct bench *b = ctx;
    (void)took_ms;
    if (code) {
        fprintf(stderr, "%s\n", err->message);
    }
    b->code = code;
    b->done = true;
}

static void on_gone(void *ctx)
{
    struct bench *b = ctx;
    b->done = true;
}

static void until_done(struct bench *b)
{
    while (!b->done) {
        oc_loop_step(b->loop, true);
    }
}

static int take(void *ctx, const void *data, uint64_t len)
{
    struct bench *b = ctx;
    b->bytes += data ? len : 0;
    return OC_OK;
}

static void run(struct bench *b, struct oc_instance *i, const char *method, const char *params,
                bool stream)
{
    const struct oc_invocation inv = {.method = method,
                                      .params = params,
                                      .timeout_ms = 60000,
                                      .on_done = on_done,
                                      .ctx = b,
                                      .write = stream ? take : NULL,
                                      .stream_ctx = b};
    struct oc_error err;
    b->done = false;
    OC_ASSERT(oc_instance_call(i, &inv, NULL, &err) == OC_OK);
    until_done(b);
    OC_ASSERT(b->code == OC_OK);
}

static struct oc_instance *create(struct bench *b, const char *name, enum oc_tier tier)
{
    struct oc_plugin *plugin = oc_plugin_find(b->plugins, name);
    struct oc_error err;
    oc_error_init(&err);
    OC_ASSERT(plugin);
    oc_plugin_set_terms(plugin, &(struct oc_terms){.tier = tier});
    struct oc_instance *i = oc_instance_create(plugin, "bench", NULL, "bench", NULL, NULL, &err);
    if (!i) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    return i;
}

static void destroy(struct bench *b, struct oc_instance *i)
{
    b->done = false;
    oc_instance_destroy(i, 5000, on_gone, b);
    until_done(b);
}

static double call_us(struct bench *b, enum oc_tier tier)
{
    static double took[CALLS];
    struct oc_instance *i = create(b, "ok", tier);
    for (int k = -WARM; k < CALLS; k++) {
        const double begun = now_us();
        run(b, i, "tool.echo/1", "{\"a\":1}", false);
        took[k < 0 ? 0 : k] = now_us() - begun;
    }
    destroy(b, i);
    return median(took, CALLS);
}

static double start_ms(struct bench *b, enum oc_tier tier)
{
    double took[STARTS];
    for (int k = 0; k < STARTS; k++) {
        const double begun = now_us();
        struct oc_instance *i = create(b, "ok", tier);
        run(b, i, "tool.echo/1", "1", false);
        took[k] = (now_us() - begun) / 1e3;
        destroy(b, i);
    }
    return median(took, STARTS);
}

static double stream_rate(struct bench *b, enum oc_tier tier)
{
    struct oc_instance *i = create(b, "isolated", tier);
    char params[32];
    snprintf(params, sizeof params, "%" PRId64, STREAM);
    run(b, i, "backup.dump/1", "1000000", true);
    b->bytes = 0;
    const double begun = now_us();
    run(b, i, "backup.dump/1", params, true);
    const double rate = (double)b->bytes / (now_us() - begun) / 1e3;
    destroy(b, i);
    return rate;
}

static double private_kb(struct bench *b, enum oc_tier tier)
{
    struct oc_instance *i = create(b, "ok", tier);
    run(b, i, "tool.echo/1", "1", false);
    json_t *stats = oc_instance_stats(i);
    char path[64], line[256];
    double sum = 0, kb;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)oc_json_int(stats, "pid", 0));
    json_decref(stats);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        sum += sscanf(line, "Private_Clean: %lf", &kb) == 1 ? kb : 0;
        sum += sscanf(line, "Private_Dirty: %lf", &kb) == 1 ? kb : 0;
    }
    if (f) {
        fclose(f);
    }
    destroy(b, i);
    return sum;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bench_isolated <folder with the fixtures> <openclaw-plughost>\n");
        return 64;
    }
    struct bench b = {.result = json_object()};
    oc_json_set_num(b.result, "ping_pong_p50_us", ping_pong());
    oc_json_set_num(b.result, "pipe_gb_per_s", pipe_rate());
    oc_log_set_level(OC_LOG_ERROR);
    b.loop = oc_loop_create();
    struct oc_bus *bus = oc_bus_create();
    struct oc_workers *workers = oc_workers_create(b.loop, 2);
    b.plugins = oc_plugins_create(b.loop, bus, workers);
    oc_plugins_set_plughost(b.plugins, argv[2]);
    oc_plugins_scan(b.plugins, argv[1]);
    oc_json_set_num(b.result, "process_start_to_first_answer_ms", start_ms(&b, OC_TIER_PROCESS));
    oc_json_set_num(b.result, "sandbox_start_to_first_answer_ms", start_ms(&b, OC_TIER_SANDBOX));
    oc_json_set_num(b.result, "process_call_p50_us", call_us(&b, OC_TIER_PROCESS));
    oc_json_set_num(b.result, "sandbox_call_p50_us", call_us(&b, OC_TIER_SANDBOX));
    oc_json_set_num(b.result, "process_stream_gb_per_s", stream_rate(&b, OC_TIER_PROCESS));
    oc_json_set_num(b.result, "sandbox_stream_gb_per_s", stream_rate(&b, OC_TIER_SANDBOX));
    oc_json_set_num(b.result, "process_private_kb", private_kb(&b, OC_TIER_PROCESS));
    oc_json_set_num(b.result, "sandbox_private_kb", private_kb(&b, OC_TIER_SANDBOX));
    char *text = oc_json_pretty(b.result);
    puts(text);
    free(text);
    json_decref(b.result);
    oc_workers_destroy(workers, 1000);
    oc_plugins_destroy(b.plugins);
    oc_bus_destroy(bus);
    oc_loop_destroy(b.loop);
    return 0;
}
