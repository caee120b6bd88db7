/* A registry of many packages, and what a cold resolve in it costs. SPDX-License-Identifier: MIT
 *
 *   bench_registry [PACKAGES]     makes a registry of 100 000 packages of 20 000 publishers in a scratch folder, every one with a signed
 *                                 version, and resolves 41 of them from file://, each with a client that knows nothing but the root.
 *                                 The index is whole; of the packages' own files only those 41 are written, as nobody reads the others.
 *
 * Prints one JSON object: {"packages","build_s","cold_ms","cold_max_ms","requests","bytes","warm_ms","search_ms"}; medians. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/package/author/stage.h"
#include "core/package/registry/client.h"
#include "core/package/registry/consumer.h"
#include "core/package/registry/keeper.h"
#include "core/package/registry/registries.h"
#include "core/package/release.h"
#include "core/sys/compress.h"
#include "core/sys/file.h"

#define ID_MAX     130
#define PUBLISHED  5 /* packages of one publisher */
#define RUNS       41
#define EXPIRES_MS (7 * OC_DAY)

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void check(const struct oc_work *w, int code, const char *what)
{
    if (code != OC_OK) {
        fprintf(stderr, "bench_registry: %s: %s\n", what, w->err.message);
        exit(1);
    }
}

static struct oc_work work_of(const char *home, json_t *params)
{
    struct oc_work w = {.home = home, .params = params};
    oc_error_init(&w.err);
    return w;
}

static void work_end(struct oc_work *w)
{
    json_decref((json_t *)(uintptr_t)w->params);
    json_decref(w->result);
    json_decref(w->details);
}

/* ---- making it ---- */

/* Without fsync: this one need not survive. */
static void put(const struct oc_folder *f, const char *path, const struct oc_buf *text)
{
    char *full = oc_path_join(f->dir, path);
    FILE *file = fopen(full, "wbe");
    if (!file || fwrite(text->data, 1, text->len, file) != text->len || fclose(file) != 0) {
        fprintf(stderr, "bench_registry: cannot write %s\n", full);
        exit(1);
    }
    free(full);
}

struct publisher {
    struct oc_secret_key secret;
    char name[32];
    struct oc_buf delegation;
};

static void make_publisher(const struct oc_keychain *chain, const struct oc_folder *f, unsigned n,
                           struct publisher *p)
{
    struct oc_public_key key;
    struct oc_buf text = {0};
    struct oc_work w = work_of("/", NULL);
    oc_key_generate(&p->secret, &key);
    snprintf(p->name, sizeof p->name, "publisher-%05u", n);
    oc_key_public_text(&key, &text);
    json_t *body = oc_folder_head("delegation", 1, 0);
    oc_json_set_str(body, "publisher", p->name);
    oc_json_set_str(body, "trust", "publisher");
    oc_json_set_int(body, "threshold", 1);
    oc_json_take(body, "keys", json_pack("[s]", text.data));
    oc_buf_clear(&p->delegation);
    check(&w,
          oc_keychain_sign(&w, chain, &f->root.roles[OC_ROLE_PUBLISH], "delegation", body,
                           &p->delegation),
          "delegation");
    json_decref(body);
    oc_buf_finish(&text);
}

static json_t *row_of(const char *id)
{
    static const char none[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    return json_pack(
        "{s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:[],s:s,s:[],s:{},s:[{s:s,s:s,s:s,s:{s:i,s:i},s:s,s:s,s:i,s:"
        "s}]}",
        "type", "release", "format", OC_REGISTRY_FORMAT, "id", id, "version", "1.2.0", "summary",
        "Watches something and says how it is", "kind", "collector", "license", "MIT",
        "permissions", "surface", none, "provides", "requires", "artifacts", "os", "any", "arch",
        "any", "libc", "any", "abi", "major", 1, "min_minor", 0, "tier", "sandbox", "sha256", none,
        "size", 65536, "minisig",
        "untrusted comment: "
        "signature\nRUSYX9bqPQmUpgfEw+JNKWpNKWGJE8+dRjA/GGSHf9wgLqEM21yU7fuyRmopiXkHW6YKNy1X"
        "00r+JAsP5f3UwYX3ir3OkBPE8gw=\ntrusted comment: "
        "openclaw\nas4MNld4/80fzFduCUURTsfGp7TlP/s+vcIxhAs6x4Wj"
        "Y4L0gFAAJGbBeYNbj3qL+b9C7YRkoY1Omehg7OejAw==\n");
}

static unsigned measured(unsigned run, unsigned count)
{
    return (unsigned)((uint64_t)run * count / RUNS);
}

static bool is_measured(unsigned n, unsigned count)
{
    const unsigned near = (unsigned)((uint64_t)n * RUNS / count);
    return measured(near, count) == n || (near + 1 < RUNS && measured(near + 1, count) == n);
}

/* One package file, written when somebody is to read it, and its entry in the shard. */
static void make_package(const struct oc_folder *f, const struct publisher *p, const char *id,
                         bool write, json_t *packages)
{
    struct oc_buf text = {0};
    struct oc_file_ref ref;
    json_t *row = row_of(id);
    char *body = oc_json_text(row);
    oc_buf_add(&text, p->delegation.data, p->delegation.len);
    oc_document_sign("release", body, strlen(body), &p->secret, 1, &text);
    oc_sha256_hex(text.data, text.len, ref.sha256);
    ref.length = text.len;
    if (write) {
        char *path = oc_asprintf("v1/p/%s.%s.jsonl", id, ref.sha256);
        char *dir = oc_folder_path(f, "v1/p/%s", p->name);
        oc_dir_make(dir, 0755, NULL);
        put(f, path, &text);
        free(dir);
        free(path);
    }
    json_object_set_new(packages, id, json_pack("{s:o}", "file", oc_file_ref_json(&ref)));
    free(body);
    json_decref(row);
    oc_buf_finish(&text);
}

static void make_all(struct oc_folder *f, const struct oc_keychain *chain, unsigned count)
{
    struct publisher p = {0};
    struct oc_work w = work_of("/", NULL);
    struct oc_buf search = {0}, packed = {0};
    json_t *shards[OC_SHARDS];
    for (unsigned i = 0; i < OC_SHARDS; i++) {
        shards[i] = json_object();
    }
    for (unsigned i = 0; i < count; i++) {
        char id[ID_MAX];
        if (i % PUBLISHED == 0) {
            make_publisher(chain, f, i / PUBLISHED, &p);
        }
        snprintf(id, sizeof id, "%s/collector-%06u", p.name, i);
        make_package(f, &p, id, is_measured(i, count), shards[oc_registry_shard(id)]);
        oc_buf_addf(
            &search,
            "%s\t1.2.0\tcollector\tpublisher\tMIT\tWatches thing number %u and says how it is\t\n",
            id, i);
    }
    for (unsigned i = 0; i < OC_SHARDS; i++) {
        check(&w, oc_folder_put_shard(&w, f, "shard", i, shards[i]), "shard");
        json_decref(shards[i]);
    }
    oc_compress(search.data, search.len, 3, &packed);
    check(&w, oc_folder_put(&w, f, "v1/search.", "", packed.data, packed.len, &f->snapshot.search),
          "search");
    check(&w, oc_folder_publish(&w, f, chain, false), "publish");
    oc_buf_finish(&search);
    oc_buf_finish(&packed);
    oc_buf_finish(&p.delegation);
}

static void make(const char *dir, unsigned count)
{
    struct oc_folder f;
    struct oc_keychain *chain = oc_calloc(1, sizeof *chain);
    struct oc_work w = work_of("/", json_pack("{s:s, s:s}", "dir", dir, "name", "bench"));
    check(&w, oc_keeper_init(&w), "init");
    check(&w, oc_folder_open(&w, &f), "open");
    check(&w, oc_keychain_load(&w, &f, chain), "keys");
    make_all(&f, chain, count);
    oc_folder_close(&f);
    work_end(&w);
    free(chain);
}

/* ---- measuring ---- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A host that has just pinned the root, and nothing else. */
static void forget(const char *home)
{
    static const char *const files[] = {"snapshot.json", "timestamp.json", "state.json",
                                        "publishers.json"};
    for (size_t i = 0; i < OC_COUNT(files); i++) {
        char *path = oc_asprintf("%s/packages/registries/main/%s", home, files[i]);
        unlink(path);
        free(path);
    }
}

static double resolve(const char *home, unsigned n, unsigned *requests, uint64_t *bytes)
{
    struct oc_work w = work_of(home, json_object());
    struct oc_release r;
    char id[ID_MAX];
    snprintf(id, sizeof id, "publisher-%05u/collector-%06u", n / PUBLISHED, n);
    const double start = now_ms();
    check(&w, oc_release_resolve(&w, id, false, &r), "resolve");
    const double took = now_ms() - start;
    oc_source_count(oc_session(&w)->source, requests, bytes);
    oc_release_finish(&r);
    oc_session_end();
    work_end(&w);
    return took;
}

static double search(const char *home)
{
    struct oc_work w = work_of(home, json_pack("{s:[s,s]}", "words", "number", "4711"));
    const double start = now_ms();
    check(&w, oc_consumer_search(&w), "search");
    const double took = now_ms() - start;
    work_end(&w);
    return took;
}

int main(int argc, char **argv)
{
    const unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
    char base[] = "/tmp/openclaw-bench-XXXXXX";
    double cold[RUNS], warm[RUNS];
    unsigned requests = 0, most = 0;
    uint64_t bytes = 0, largest = 0;
    if (!mkdtemp(base)) {
        return 1;
    }
    char *dir = oc_path_join(base, "registry"), *home = oc_path_join(base, "home");
    const double start = now_ms();
    make(dir, count);
    const double built = now_ms() - start;
    struct oc_work w =
        work_of(home, json_pack("{s:s, s:s, s:b}", "name", "main", "url", dir, "trust_first", 1));
    check(&w, oc_consumer_add(&w), "add");
    for (unsigned i = 0; i < RUNS; i++) {
        const unsigned n = measured(i, count);
        forget(home);
        cold[i] = resolve(home, n, &requests, &bytes);
        most = requests > most ? requests : most;
        largest = bytes > largest ? bytes : largest;
        warm[i] = resolve(home, n, &requests, &bytes);
    }
    search(home);
    const double searched = search(home);
    qsort(cold, RUNS, sizeof *cold, by_value);
    qsort(warm, RUNS, sizeof *warm, by_value);
    printf("{\"packages\":%u,\"build_s\":%.1f,\"cold_ms\":%.2f,\"cold_max_ms\":%.2f,\"requests\":%"
           "u,\"bytes\":%" PRIu64 ",\"warm_ms\":%.2f,\"search_ms\":%.1f}\n",
           count, built / 1e3, cold[RUNS / 2], cold[RUNS - 1], most, largest, warm[RUNS / 2],
           searched);
    oc_stage_remove(base);
    work_end(&w);
    free(dir);
    free(home);
    return 0;
}
