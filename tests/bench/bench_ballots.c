/* How many ballots a second governance takes, and how long one needs to its receipt. SPDX-License-Identifier: MIT
 *
 *   bench_ballots FOLDER [PROPOSALS]
 *
 * The whole service on a real ledger in FOLDER: statements that were signed before are verified, written, counted and
 * acknowledged. One line of JSON: what verifying alone would allow on one core and on two, the rate of batches (governance.votes)
 * of ballots each with a signature of its own, of ballots on sheets (one signature a member), the same without verifying, the latency of one ballot after the other beside one fdatasync of a file in the same folder, each
 * time one after the other, and how long the loop is held up while 1000 large proposals are saved. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/config/config.h"
#include "core/service/governance/internal.h"
#include "core/sys/file.h"

#define MEMBERS 16
#define VOTERS  7 /* fewer than could decide anything */
#define ROUNDS  3
#define BATCH   5000
#define SINGLES 300
#define LARGE   1000 /* proposals of 32 KB */

struct bench {
    struct oc_env env;
    struct oc_governance *g;
    uint8_t secrets[MEMBERS][OC_SIGN_SECRET];
    char **ids; /* of twice as many: those of ballots each signed by itself, then those of sheets */
    size_t proposals; /* of either */
    bool done;
    int code;
    json_t *result;
};

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct bench *b = ctx;
    b->done = true;
    b->code = code;
    json_decref(b->result);
    b->result = result ? json_deep_copy(result) : NULL;
    if (code != OC_OK) {
        fprintf(stderr, "%s\n", err->message);
    }
}

static void call(struct bench *b, const char *op, json_t *params)
{
    const struct oc_call_request req = {.op = op,
                                        .params = params,
                                        .actor = {.name = "bench", .role = OC_ROLE_ADMIN},
                                        .on_done = on_done,
                                        .ctx = b};
    b->done = false;
    oc_ops_call(b->env.ops, &req);
    while (!b->done) {
        oc_loop_step(b->env.loop, true);
    }
    OC_ASSERT(b->code == OC_OK);
}

static char *name_of(size_t i)
{
    static char name[16];
    snprintf(name, sizeof name, "m%02zu", i);
    return name;
}

static void configure(struct bench *b, const char *folder)
{
    char *path = oc_path_join(folder, "bench.conf");
    FILE *f = fopen(path, "w");
    struct oc_diags diags = {0};
    struct oc_error err;
    oc_error_init(&err);
    OC_ASSERT(f);
    fputs("governance = { operational_timeout = \"1d\"; review = \"12h\"; triad = [", f);
    for (size_t i = 0; i < MEMBERS; i++) {
        fprintf(f, "%s\"%s\"", i ? ", " : " ", name_of(i));
    }
    fputs(" ]; };\n", f);
    fclose(f);
    const struct oc_config_source source = {.file = path, .no_environment = true};
    struct oc_config *config = oc_config_load(&source, &diags, &err);
    OC_ASSERT(config);
    oc_governance_configure(b->g, config, &diags);
    OC_ASSERT(oc_diags_errors(&diags) == 0);
    oc_config_destroy(config);
    oc_diags_finish(&diags);
    free(path);
}

static void enroll(struct bench *b)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        uint8_t key[OC_SIGN_PUBLIC];
        struct oc_buf text = {0};
        oc_sign_keypair(key, b->secrets[i]);
        oc_base64(key, sizeof key, &text);
        call(b, "governance.keys.register",
             json_pack("{s:s,s:s}", "member", name_of(i), "key", text.data));
        oc_buf_finish(&text);
    }
}

/* One by the operation; the others are its copies, as the ledger would have them: more than may be open at once. */
static void propose(struct bench *b)
{
    b->ids = oc_calloc(2 * b->proposals, sizeof *b->ids);
    call(b, "governance.propose",
         json_pack("{s:s,s:s,s:s,s:s,s:s}", "title", "t", "description", "d", "justification", "j",
                   "impact", "i", "rollback_plan", "r"));
    b->ids[0] = oc_strdup(oc_json_str(b->result, "proposal", ""));
    for (size_t i = 1; i < 2 * b->proposals; i++) {
        json_t *record = json_deep_copy(oc_governance_find(b->g->state, b->ids[0]));
        b->ids[i] = oc_asprintf("%s-%04zu", b->ids[0], i);
        oc_json_set_str(record, "id", b->ids[i]);
        OC_ASSERT(oc_governance_write(b->g, "proposal_submitted",
                                      json_pack("{s:o}", "record", record), NULL, NULL) == OC_OK);
    }
    while (oc_governance_is_writing(b->g)) {
        oc_loop_step(b->env.loop, true);
    }
}

/* As a member makes it: the statement from what governance.show tells. */
static void sign(struct bench *b, size_t proposal, size_t member, uint64_t nonce,
                 struct oc_governance_act *act, char **signature)
{
    struct oc_error err;
    uint8_t bytes[OC_SIGN_SIGNATURE];
    struct oc_buf text = {0}, base64 = {0};
    memset(act, 0, sizeof *act);
    oc_error_init(&err);
    act->statement.kind = OC_STATEMENT_BALLOT;
    act->statement.nonce = nonce;
    act->change = true;
    snprintf(act->statement.member, sizeof act->statement.member, "%s", name_of(member));
    snprintf(act->statement.word, sizeof act->statement.word, "abstain");
    const json_t *p = oc_governance_find(b->g->state, b->ids[proposal]);
    OC_ASSERT(oc_governance_prepare(b->g, p, act, &err) == OC_OK);
    oc_statement_text(&act->statement, &text);
    oc_sign(b->secrets[member], text.data, text.len, bytes);
    oc_base64(bytes, sizeof bytes, &base64);
    memcpy(act->bytes, bytes, sizeof bytes);
    oc_buf_finish(&text);
    *signature = oc_buf_take(&base64);
}

static json_t *lines(struct bench *b, uint64_t nonce)
{
    json_t *all = json_array();
    for (size_t i = 0; i < b->proposals * VOTERS; i++) {
        struct oc_governance_act act;
        char *signature;
        const size_t member = i % VOTERS;
        sign(b, i / VOTERS, member, nonce, &act, &signature);
        json_array_append_new(all,
                              json_sprintf("%s %s abstain %llu %s", b->ids[i / VOTERS],
                                           name_of(member), (unsigned long long)nonce, signature));
        free(signature);
    }
    return all;
}

/* The same, each member's on one sheet. */
static json_t *sheet_lines(struct bench *b, uint64_t nonce)
{
    struct oc_statement *ballots = oc_calloc(b->proposals, sizeof *ballots);
    char **texts = oc_calloc(VOTERS * b->proposals, sizeof *texts);
    json_t *all = json_array();
    struct oc_error err;
    for (size_t member = 0; member < VOTERS; member++) {
        for (size_t i = 0; i < b->proposals; i++) {
            struct oc_governance_act act;
            char *signature;
            sign(b, b->proposals + i, member, nonce, &act, &signature);
            ballots[i] = act.statement;
            free(signature);
        }
        OC_ASSERT(oc_sheet_sign(ballots, b->proposals, b->secrets[member],
                                texts + member * b->proposals, &err) == OC_OK);
    }
    for (size_t i = 0; i < b->proposals * VOTERS; i++) {
        char *text = texts[i % VOTERS * b->proposals + i / VOTERS];
        json_array_append_new(
            all, json_sprintf("%s %s abstain %llu %s", b->ids[b->proposals + i / VOTERS],
                              name_of(i % VOTERS), (unsigned long long)nonce, text));
        free(text);
    }
    free(texts);
    free(ballots);
    return all;
}

static double verify_rate(struct bench *b)
{
    struct oc_governance_act act;
    struct oc_error err;
    char *signature;
    sign(b, 0, 0, 1, &act, &signature);
    act.signature = signature;
    oc_governance_key(b->g, "m00", &act.key);
    const int64_t began = oc_time_mono_us();
    for (int i = 0; i < 5000; i++) {
        OC_ASSERT(oc_governance_verify(&act, NULL, &err) == OC_OK);
    }
    free(signature);
    return 5000.0 * 1e6 / (double)(oc_time_mono_us() - began);
}

/* Signatures alone, on two threads: what this machine allows at most. */
static void *verify_many(void *arg)
{
    const struct oc_governance_act *act = arg;
    struct oc_error err;
    for (int i = 0; i < 10000; i++) {
        OC_ASSERT(oc_governance_verify(act, NULL, &err) == OC_OK);
    }
    return NULL;
}

static double verify_limit(struct bench *b)
{
    struct oc_governance_act act;
    char *signature;
    pthread_t other;
    sign(b, 0, 0, 1, &act, &signature);
    act.signature = signature;
    oc_governance_key(b->g, "m00", &act.key);
    const int64_t began = oc_time_mono_us();
    OC_ASSERT(pthread_create(&other, NULL, verify_many, &act) == 0);
    verify_many(&act);
    pthread_join(other, NULL);
    free(signature);
    return 20000.0 * 1e6 / (double)(oc_time_mono_us() - began);
}

/* Of all threads, or of the loop's. */
static double cpu_s(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double batch_rate(struct bench *b, json_t *(*make)(struct bench *b, uint64_t nonce),
                         double *cpu_us, double *loop_us)
{
    int64_t took = 0, count = 0;
    *cpu_us = *loop_us = 0;
    for (uint64_t nonce = 1; nonce <= ROUNDS; nonce++) {
        json_t *all = make(b, nonce);
        const size_t total = json_array_size(all);
        for (size_t from = 0; from < total; from += BATCH) {
            json_t *part = json_array();
            for (size_t i = from; i < total && i < from + BATCH; i++) {
                json_array_append(part, json_array_get(all, i));
            }
            const int64_t taken = (int64_t)json_array_size(part), began = oc_time_mono_us();
            const double cpu = cpu_s(RUSAGE_SELF), loop = cpu_s(RUSAGE_THREAD);
            call(b, "governance.votes", json_pack("{s:o}", "ballots", part));
            *cpu_us += (cpu_s(RUSAGE_SELF) - cpu) * 1e6;
            *loop_us += (cpu_s(RUSAGE_THREAD) - loop) * 1e6;
            took += oc_time_mono_us() - began;
            count += taken;
            OC_ASSERT(oc_json_int(b->result, "taken", 0) == taken);
        }
        json_decref(all);
    }
    *cpu_us /= (double)count;
    *loop_us /= (double)count;
    return (double)count * 1e6 / (double)took;
}

/* The way from a statement that is known to be good to the disk. */
static double commit_rate(struct bench *b, double *cpu_us)
{
    const size_t count = b->proposals * VOTERS;
    struct oc_governance_act *acts = oc_calloc(count, sizeof *acts);
    char **signatures = oc_calloc(count, sizeof *signatures);
    for (size_t i = 0; i < count; i++) {
        sign(b, i / VOTERS, i % VOTERS, ROUNDS + 1, &acts[i], &signatures[i]);
        acts[i].signature = signatures[i];
        acts[i].quiet = true;
        oc_governance_key(b->g, acts[i].statement.member, &acts[i].key);
    }
    const int64_t began = oc_time_mono_us();
    const double cpu = cpu_s(RUSAGE_SELF);
    for (size_t i = 0; i < count; i++) {
        OC_ASSERT(oc_governance_commit(b->g, &acts[i], NULL) == OC_OK);
        if (i % 512 == 511) {
            oc_loop_step(b->env.loop, false);
        }
    }
    while (oc_governance_is_writing(b->g)) {
        oc_loop_step(b->env.loop, true);
    }
    const int64_t took = oc_time_mono_us() - began;
    *cpu_us = (cpu_s(RUSAGE_SELF) - cpu) * 1e6 / (double)count;
    for (size_t i = 0; i < count; i++) {
        free(signatures[i]);
    }
    free(signatures);
    free(acts);
    return (double)count * 1e6 / (double)took;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t plain_sync_us(int fd)
{
    static const char block[512] = "";
    const int64_t began = oc_time_mono_us();
    OC_ASSERT(oc_fd_write_all(fd, block, sizeof block) == 0 && fdatasync(fd) == 0);
    return oc_time_mono_us() - began;
}

/* A ballot until its receipt, and a plain file's block until it is on the same disk, in turn. */
static void latencies(struct bench *b, const char *folder, int64_t *us, int64_t *plain_us)
{
    char *path = oc_path_join(folder, "sync");
    const int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    OC_ASSERT(fd >= 0);
    for (size_t i = 0; i < SINGLES; i++) {
        struct oc_governance_act act;
        char *signature;
        sign(b, i % b->proposals, i % VOTERS, ROUNDS + 10 + i / b->proposals, &act, &signature);
        json_t *params =
            json_pack("{s:s,s:s,s:s,s:I,s:s,s:b}", "proposal", b->ids[i % b->proposals], "choice",
                      "abstain", "as", name_of(i % VOTERS), "nonce",
                      (json_int_t)act.statement.nonce, "signature", signature, "change", 1);
        const int64_t began = oc_time_mono_us();
        call(b, "governance.vote", params);
        us[i] = oc_time_mono_us() - began;
        free(signature);
        plain_us[i] = plain_sync_us(fd);
    }
    close(fd);
    unlink(path);
    free(path);
    qsort(us, SINGLES, sizeof *us, by_size);
    qsort(plain_us, SINGLES, sizeof *plain_us, by_size);
}

/* ---- saving ---- */

static void add_large_proposals(struct bench *b)
{
    char *text = oc_alloc(OC_GOVERNANCE_TEXT_MAX);
    memset(text, 'x', OC_GOVERNANCE_TEXT_MAX);
    text[OC_GOVERNANCE_TEXT_MAX - 1] = '\0';
    for (int i = 0; i < LARGE; i++) {
        json_t *record = json_deep_copy(oc_governance_find(b->g->state, b->ids[0]));
        char *id = oc_asprintf("LARGE-%04d", i);
        oc_json_set_str(record, "id", id);
        oc_json_set_str(record, "description", text);
        oc_json_set_str(record, "justification", text);
        OC_ASSERT(oc_governance_write(b->g, "proposal_submitted",
                                      json_pack("{s:o}", "record", record), NULL, NULL) == OC_OK);
        free(id);
    }
    while (oc_governance_is_writing(b->g)) {
        oc_loop_step(b->env.loop, true);
    }
    free(text);
}

struct saving {
    double pause_ms, took_ms, on_loop_ms, mb;
};

/* The longest turn of the loop from when the saving begins to its end; then the same state written by the loop itself. */
static struct saving save_large(struct bench *b)
{
    struct saving r = {0};
    add_large_proposals(b);
    b->g->save_after = 0;
    b->g->saved_ms = oc_time_mono() - OC_DAY;
    const int64_t began = oc_time_mono_us();
    int64_t turn = began;
    oc_governance_save(b->g);
    OC_ASSERT(b->g->snapshot);
    while (b->g->snapshot) {
        const double took = (double)(oc_time_mono_us() - turn) / 1000;
        r.pause_ms = took > r.pause_ms ? took : r.pause_ms;
        const struct timespec wait = {
            0, 500000}; /* the others have their turn, as in a host that waits */
        nanosleep(&wait, NULL);
        turn = oc_time_mono_us();
        oc_loop_step(b->env.loop, false);
    }
    r.took_ms = (double)(oc_time_mono_us() - began) / 1000;
    b->g->saved = 0;
    const int64_t direct = oc_time_mono_us();
    OC_ASSERT(oc_governance_save_now(b->g, NULL) == OC_OK);
    r.on_loop_ms = (double)(oc_time_mono_us() - direct) / 1000;
    char *text = oc_json_text(b->g->state);
    r.mb = (double)strlen(text) / 1e6;
    free(text);
    return r;
}

static void no_op(void *ctx)
{
    (void)ctx;
}

int main(int argc, char **argv)
{
    struct bench b = {.proposals = argc > 2 ? strtoul(argv[2], NULL, 10) : 900};
    const struct oc_store_options store = {
        .path = ":memory:", .retention_ms = OC_DAY, .flush_interval_ms = OC_MINUTE};
    int64_t us[SINGLES], plain_us[SINGLES];
    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER [PROPOSALS]\n", argv[0]);
        return 64;
    }
    char *dir = oc_path_join(argv[1], "ledger");
    const struct oc_ledger_options ledger = {.dir = dir};
    b.env.home = argv[1];
    b.env.loop = oc_loop_create();
    b.env.bus = oc_bus_create();
    b.env.store = oc_store_open(&store, NULL, b.env.bus, NULL);
    b.env.ops = oc_ops_create(b.env.loop, b.env.bus);
    b.env.ledger = oc_ledger_open(&ledger, b.env.loop, NULL);
    OC_ASSERT(b.env.ledger);
    b.g = oc_governance_create(&b.env);
    configure(&b, argv[1]);
    enroll(&b);
    propose(&b);
    double cpu_us, loop_us, sheet_us, sheet_loop_us;
    const double verify = verify_rate(&b), limit = verify_limit(&b),
                 batch = batch_rate(&b, lines, &cpu_us, &loop_us),
                 sheets = batch_rate(&b, sheet_lines, &sheet_us, &sheet_loop_us);
    const double commit = commit_rate(&b, &cpu_us);
    latencies(&b, argv[1], us, plain_us);
    const struct saving saving = save_large(&b);
    printf("{\"verify_per_s_one_core\": %.0f, \"verify_per_s_limit\": %.0f, \"batch_per_s\": %.0f, "
           "\"sheet_per_s\": %.0f, \"sheet_cpu_us\": %.1f, \"sheet_loop_us\": %.1f, "
           "\"commit_per_s\": %.0f, \"commit_cpu_us\": %.1f, \"one_us_p50\": %lld, "
           "\"one_us_p99\": %lld, \"fdatasync_us_p50\": %lld, \"fdatasync_us_p99\": %lld, "
           "\"save_mb\": %.1f, \"save_pause_ms\": %.2f, \"save_worker_ms\": %.0f, "
           "\"save_on_loop_ms\": %.0f}\n",
           verify, limit, batch, sheets, sheet_us, sheet_loop_us, commit, cpu_us,
           (long long)us[SINGLES / 2], (long long)us[SINGLES * 99 / 100],
           (long long)plain_us[SINGLES / 2], (long long)plain_us[SINGLES * 99 / 100], saving.mb,
           saving.pause_ms, saving.took_ms, saving.on_loop_ms);
    oc_governance_stop(b.g, 0, no_op, NULL);
    oc_governance_destroy(b.g);
    oc_ops_destroy(b.env.ops);
    oc_ledger_close(b.env.ledger);
    oc_store_close(b.env.store);
    oc_bus_destroy(b.env.bus);
    for (size_t i = 0; i < 2 * b.proposals; i++) {
        free(b.ids[i]);
    }
    free(b.ids);
    free(dir);
    json_decref(b.result);
    return 0;
}
