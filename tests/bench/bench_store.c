/* Measures size and speed of the store. SPDX-License-Identifier: MIT
 *
 *   bench_store [series] [days] [step in seconds] [folder]     default: 1000 30 30, a folder below
 * /tmp
 *
 * Fills a store in simulated time with what an operations host sees, flushing and maintaining as
 * the daemon does, and prints one JSON document. The full run has 86.4 million samples and takes
 * about a minute. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/store.h"

#define BEGIN_MS   (INT64_C(1767225600) * 1000)
#define FLUSH_MS   (10 * OC_SECOND)
#define QUERIES    50
#define SLICES_MAX 1000

static uint64_t seed = 88172645463325252u;

static double uniform(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

/* Near enough to a normal deviate. */
static double noise(void)
{
    return uniform() + uniform() + uniform() + uniform() - 2;
}

static double round_to(double v, double parts)
{
    return round(v * parts) / parts;
}

/* ---- what series look like ---- */

struct source {
    double level, value;
};

static double constant(struct source *s)
{
    return s->level;
}
static double boolean(struct source *s)
{
    if (uniform() < 0.0005) {
        s->value = 1 - s->value;
    }
    return s->value;
}
static double counter(struct source *s)
{
    return s->value += floor(fmax(0, s->level * (1 + noise() / 4)));
}
static double integer_gauge(struct source *s)
{
    s->value += round(noise() * 2 + (s->level - s->value) * 0.05);
    return fmax(0, round(s->value));
}
static double percentage(struct source *s)
{
    s->value += noise() * 2 + (s->level / 20 - s->value) * 0.1;
    return round_to(fmin(100, fabs(s->value)), 10);
}
static double response_ms(struct source *s)
{
    double slow = uniform() < 0.01 ? 5 : 1;
    return round_to(s->level / 50 * slow * exp(noise() * 0.3), 100);
}
static double memory_bytes(struct source *s)
{
    s->value += floor(noise() * 20);
    return (1e5 + s->value) * 4096;
}
static double free_double(struct source *s)
{
    return s->level * (1 + noise() / 10);
}

typedef double (*make_fn)(struct source *s);

/* Of twenty series. */
static const make_fn mix[20] = {
    constant,    constant,      constant,      boolean,       boolean,      counter,     counter,
    counter,     integer_gauge, integer_gauge, integer_gauge, percentage,   percentage,  percentage,
    response_ms, response_ms,   response_ms,   response_ms,   memory_bytes, free_double,
};

/* ---- the run ---- */

struct bench {
    struct oc_store *store;
    struct oc_series **series;
    struct source *sources;
    int64_t count, step_ms, rounds;
    double append_s, flush_s, flush_max_s, maintain_s, maintain_max_s, first_s;
    int64_t flushes;
    long rss_before, rss_peak;
};

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double wall_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long rss_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%*s %ld", &pages) != 1) {
        pages = 0;
    }
    if (f) {
        fclose(f);
    }
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void make_series(struct bench *b)
{
    b->series = oc_calloc((size_t)b->count, sizeof(struct oc_series *));
    b->sources = oc_calloc((size_t)b->count, sizeof(struct source));
    for (int64_t i = 0; i < b->count; i++) {
        b->sources[i].level = 10 + floor(uniform() * 1000);
        b->sources[i].value = 0;
    }
}

static void name_series(struct bench *b)
{
    for (int64_t i = 0; i < b->count; i++) {
        char name[64], target[64];
        snprintf(name, sizeof name, "http.metric_%d", (int)(i % 20));
        snprintf(target, sizeof target, "target-%04d", (int)(i / 20));
        struct oc_label label = {{"target", 6}, {target, strlen(target)}};
        b->series[i] = oc_store_series(b->store, "web", (struct oc_view){name, strlen(name)},
                                       OC_KIND_GAUGE, &label, 1);
        OC_ASSERT(b->series[i]);
    }
}

static void append_round(struct bench *b, int64_t now, double *values)
{
    for (int64_t i = 0; i < b->count; i++) {
        values[i] = mix[i % 20](&b->sources[i]);
    }
    double began = cpu_s();
    for (int64_t i = 0; i < b->count; i++) {
        oc_store_append(b->store, b->series[i], now, values[i]);
    }
    b->append_s += cpu_s() - began;
}

static void flush(struct bench *b)
{
    double began = cpu_s();
    OC_ASSERT(oc_store_flush(b->store, NULL) == OC_OK);
    double took = cpu_s() - began;
    b->flush_s += took;
    b->flush_max_s = fmax(b->flush_max_s, took);
    b->flushes++;
}

/* As the daemon: slice after slice until one finds nothing to do (it then takes next to no time).
 */
static void maintain(struct bench *b, int slices)
{
    for (int i = 0; i < slices; i++) {
        double began = cpu_s();
        OC_ASSERT(oc_store_maintain(b->store, NULL) == OC_OK);
        double took = cpu_s() - began;
        b->maintain_s += took;
        b->maintain_max_s = fmax(b->maintain_max_s, took);
        if (took < 0.0005) {
            break;
        }
    }
}

static void fill(struct bench *b)
{
    double *values = oc_calloc((size_t)b->count, sizeof *values);
    int64_t flushed = 0, maintained = 0;

    for (int64_t round = 0; round < b->rounds; round++) {
        int64_t now = BEGIN_MS + round * b->step_ms;
        oc_time_fake(now, now);
        append_round(b, now, values);
        if (now - flushed >= FLUSH_MS) {
            flush(b);
            flushed = now;
        }
        if (now - maintained >= OC_HOUR) {
            maintain(b, SLICES_MAX);
            maintained = now;
            long rss = rss_kib();
            b->rss_peak = rss > b->rss_peak ? rss : b->rss_peak;
        }
    }
    flush(b);
    maintain(b, SLICES_MAX);
    free(values);
}

struct tally {
    size_t points;
    double sum;
};

static void on_points(void *ctx, const struct oc_point *points, size_t count)
{
    struct tally *t = ctx;
    for (size_t i = 0; i < count; i++) {
        t->sum += points[i].value;
    }
    t->points += count;
}

static void query(struct bench *b, json_t *out)
{
    double sum = 0, worst = 0;
    size_t points = 0;

    for (int64_t i = 0; i < QUERIES; i++) {
        struct tally t = {0};
        double began = wall_s();
        OC_ASSERT(oc_store_read(b->store, b->series[i * 7919 % b->count], 0, INT64_MAX, on_points,
                                &t, NULL) == OC_OK);
        double took = wall_s() - began;
        sum += took;
        worst = fmax(worst, took);
        points = t.points;
    }
    oc_json_set_int(out, "query_points", (int64_t)points);
    oc_json_set_num(out, "query_ms", sum / QUERIES * 1e3);
    oc_json_set_num(out, "query_ms_worst", worst * 1e3);
}

static struct oc_store *open_store(const char *path)
{
    struct oc_error err;
    struct oc_store_options options = {.path = path, .retention_ms = 400 * OC_DAY};
    struct oc_store *store = oc_store_open(&options, NULL, NULL, &err);
    if (!store) {
        fprintf(stderr, "bench_store: %s\n", err.message);
        exit(1);
    }
    return store;
}

static void report(struct bench *b, json_t *out)
{
    double samples = (double)(b->count * b->rounds);

    oc_json_set_int(out, "series", b->count);
    oc_json_set_int(out, "samples", b->count * b->rounds);
    oc_json_set_num(out, "append_ns", b->append_s / samples * 1e9);
    oc_json_set_num(out, "flush_ms", b->flush_s / (double)b->flushes * 1e3);
    oc_json_set_num(out, "flush_ms_worst", b->flush_max_s * 1e3);
    oc_json_set_num(out, "maintain_ns_per_sample", b->maintain_s / samples * 1e9);
    oc_json_set_num(out, "maintain_ms_worst", b->maintain_max_s * 1e3);
    oc_json_set_int(out, "rss_growth_kib", b->rss_peak - b->rss_before);
}

static void reopen(struct bench *b, const char *path, json_t *out)
{
    json_t *stats = oc_store_stats(b->store);
    int64_t samples = oc_json_int(stats, "samples", 0);

    json_decref(stats);
    double began = wall_s();
    oc_store_close(b->store);
    oc_json_set_num(out, "close_ms", (wall_s() - began) * 1e3);
    began = wall_s();
    b->store = open_store(path);
    oc_json_set_num(out, "open_ms", (wall_s() - began) * 1e3);
    stats = oc_store_stats(b->store);
    OC_ASSERT(oc_json_int(stats, "samples", 0) == samples);
    oc_json_set_int(out, "bytes", oc_json_int(stats, "bytes", 0));
    oc_json_set_num(out, "bytes_per_sample",
                    (double)oc_json_int(stats, "bytes", 0) / (double)samples);
    json_decref(stats);
    name_series(b);
}

static int64_t argument(int argc, char **argv, int i, int64_t fallback)
{
    long long v = argc > i ? atoll(argv[i]) : fallback;
    return v > 0 ? v : fallback;
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/oc-bench-store-XXXXXX";
    const char *folder = argc > 4 ? argv[4] : mkdtemp(dir);
    struct bench b = {.count = argument(argc, argv, 1, 1000)};
    json_t *out = json_object();

    OC_ASSERT(folder);
    b.step_ms = argument(argc, argv, 3, 30) * 1000;
    b.rounds = argument(argc, argv, 2, 30) * OC_DAY / b.step_ms;
    char *path = oc_asprintf("%s/bench.db", folder);
    oc_time_fake(BEGIN_MS, BEGIN_MS);
    make_series(&b);
    b.rss_before = rss_kib();
    b.store = open_store(path);
    name_series(&b);
    fill(&b);
    report(&b, out);
    reopen(&b, path, out);
    query(&b, out);
    oc_store_close(b.store);
    char *text = oc_json_pretty(out);
    puts(text);
    free(text);
    json_decref(out);
    remove(path);
    rmdir(folder);
    free(path);
    free(b.series);
    free(b.sources);
    return 0;
}
