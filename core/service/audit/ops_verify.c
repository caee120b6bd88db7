/* ledger.verify: every byte is looked at, beside what goes on. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"

#define TELL_EVERY 250 /* ms */
#define TRIES      3   /* of a ledger that grows meanwhile */

struct verify_params {
    const char *dir, *against;
};
static const struct oc_option options[] = {
    {.name = "dir",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct verify_params, dir),
     .help =
         "a copy of a ledger, such as the folder of ledger.copy_to, or what `ledger export` wrote; "
         "default: this host's own"},
    {.name = "against",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct verify_params, against),
     .help = "a folder with checkpoints of the same ledger that were kept elsewhere; default: "
             "that of ledger.copy_to"},
    {0}};

struct oc_verifying {
    struct oc_audit *s;
    struct oc_call *call;
    struct oc_timer *timer;
    struct oc_ledger_check check;
    struct oc_ledger_report report;
    struct oc_ledger_witness witnesses[OC_AUDIT_WITNESSES];
    char *dir, *elsewhere;
    bool own;     /* the ledger of this home */
    bool bundle;  /* what an export left */
    uint64_t had; /* entries of it that the host has signed, when it began */
    int again;    /* how often it began anew */
    int code;
    struct oc_error err;
    int64_t began_us;
    uint8_t root[OC_LEDGER_HASH]; /* of the entries that we have written */
    int percent;                  /* atomic */
    bool stop;                    /* atomic */
};

static void set_hash(json_t *o, const char *key, const uint8_t hash[OC_LEDGER_HASH])
{
    char hex[2 * OC_LEDGER_HASH + 1];
    oc_audit_hex(hash, OC_LEDGER_HASH, hex);
    oc_json_set_str(o, key, hex);
}

static json_t *report_json(const struct oc_verifying *v)
{
    const struct oc_ledger_report *r = &v->report;
    json_t *o = json_object();
    oc_json_set_str(o, "folder", v->dir);
    oc_json_set_bool(o, "good", !r->damaged);
    oc_json_set_int(o, "entries", (int64_t)r->entries);
    oc_json_set_int(o, "oldest", (int64_t)r->oldest);
    oc_json_set_int(o, "segments", (int64_t)r->segments);
    oc_json_set_int(o, "checkpoints", (int64_t)r->checkpoints);
    oc_json_set_int(o, "covered", (int64_t)r->covered);
    oc_json_set_int(o, "cosignatures", (int64_t)r->cosignatures);
    oc_json_set_int(o, "torn_bytes", (int64_t)r->torn_bytes);
    oc_json_set_str(o, "origin", r->origin);
    set_hash(o, "root", r->root);
    oc_json_set_num(o, "seconds", (double)(oc_time_mono_us() - v->began_us) / 1e6);
    if (r->damaged) {
        oc_json_set_str(o, "file", r->file);
        oc_json_set_int(o, "line", (int64_t)r->line);
        oc_json_take(o, "index", r->index >= 0 ? json_integer(r->index) : json_null());
        oc_json_set_str(o, "what", r->what);
    }
    return o;
}

/* [worker] */
static void on_progress(void *ctx, double fraction)
{
    struct oc_verifying *v = ctx;
    __atomic_store_n(&v->percent, (int)(fraction * 100), __ATOMIC_RELAXED);
}

static void finish(void *ctx);

/* [worker] */
static void run(void *ctx)
{
    struct oc_verifying *v = ctx;
    oc_error_init(&v->err);
    v->code = v->bundle ? oc_ledger_verify_bundle(&v->check, &v->report, &v->err)
                        : oc_ledger_verify(&v->check, &v->report, &v->err);
}

static void tell(void *ctx)
{
    const struct oc_verifying *v = ctx;
    if (v->call) {
        const int percent = __atomic_load_n(&v->percent, __ATOMIC_RELAXED);
        oc_call_progress(v->call, percent / 100.0, "looking at every entry");
    }
}

static void name_damage(struct oc_verifying *v)
{
    const struct oc_ledger_report *r = &v->report;
    struct oc_buf text = {0};
    oc_buf_adds(&text, "the ledger is damaged: ");
    if (*r->file) {
        oc_buf_adds(&text, r->file);
        if (r->line > 0) {
            oc_buf_addf(&text, " line %llu", (unsigned long long)r->line);
        }
        oc_buf_adds(&text, ": ");
    }
    oc_buf_adds(&text, r->what);
    if (r->index >= 0) {
        oc_buf_addf(&text, " (entry %lld)", (long long)r->index);
    }
    oc_error_set(&v->err, OC_E_VERIFY, "%s", text.data);
    oc_error_hint(&v->err, "Compare with a copy from elsewhere: `openclaw ledger verify --dir "
                           "FOLDER`. What is damaged cannot be mended, only replaced.");
    oc_buf_finish(&text);
}

/* ---- what the files alone do not show ---- */

/* The files are good together, and fewer than the host has signed. */
static void compare_with_memory(struct oc_verifying *v)
{
    struct oc_error err;
    oc_error_init(&err);
    if (v->had > v->report.entries) {
        v->report.damaged = true;
        v->report.index = -1;
        snprintf(v->report.what, sizeof v->report.what,
                 "%llu entries are there and the host has signed %llu: the newest are gone",
                 (unsigned long long)v->report.entries, (unsigned long long)v->had);
        v->code = OC_E_VERIFY;
    } else if (oc_ledger_is_kept(v->s->env.ledger) && !oc_ledger_healthy(v->s->env.ledger, &err)) {
        oc_call_warn(v->call, "the files are good, and the host does not trust them: %s",
                     err.message);
    }
}

/* An empty folder is no good ledger: a copy that was wiped must not pass for one. */
static void look_for_ledger(struct oc_verifying *v)
{
    if (v->report.segments == 0 && v->report.entries == 0) {
        oc_error_set(&v->err, OC_E_NOT_FOUND, "there is no ledger in %s", v->dir);
        oc_error_hint(&v->err, "Name the folder that has the files of it, 000000000000.log and "
                               "those after it: that of ledger.copy_to, or a copy of ledger in "
                               "the home folder. If they were there, they have been removed.");
        v->code = v->err.code;
    }
}

/* An export brings the key that its checkpoint is compared with. */
static void warn_of_key(const struct oc_verifying *v)
{
    struct oc_buf own = {0}, bundle = {0};
    char *path = oc_path_join(v->s->dir, "host.pub"), *other = oc_path_join(v->dir, "bundle.json");
    oc_file_read(path, 1024, &own, NULL);
    oc_file_read(other, 1 << 20, &bundle, NULL);
    json_t *o = oc_json_parse(bundle.data ? bundle.data : "", bundle.len, NULL);
    const char *key = oc_json_str(o, "key", "");
    if (own.len != strlen(key) + 1 || memcmp(own.data, key, strlen(key)) != 0) {
        oc_call_warn(v->call,
                     "it is signed with the key %s, which is not of this host: compare it "
                     "with what `openclaw ledger checkpoint` shows there",
                     key);
    }
    json_decref(o);
    oc_buf_finish(&bundle);
    oc_buf_finish(&own);
    free(other);
    free(path);
}

static void warn_of_ends(const struct oc_verifying *v)
{
    if (v->report.torn_bytes > 0) {
        oc_call_warn(v->call, "%llu bytes behind the last entry were left by a crash",
                     (unsigned long long)v->report.torn_bytes);
    }
    if (v->report.entries > v->report.covered) {
        const unsigned long long open = v->report.entries - v->report.covered;
        oc_call_warn(v->call,
                     "the newest %llu %s in no checkpoint yet: whether more were cut off "
                     "cannot be told",
                     open, open == 1 ? "entry is" : "entries are");
    }
}

/* What the host has written, and what it knows of it. */
static void note_extent(struct oc_verifying *v)
{
    const struct oc_env *env = &v->s->env;
    struct oc_error err;
    oc_error_init(&err);
    const bool live =
        v->own && oc_ledger_is_kept(env->ledger) && oc_ledger_healthy(env->ledger, NULL);
    v->check.size = live ? oc_ledger_durable(env->ledger) : UINT64_MAX;
    v->check.root =
        live && oc_ledger_root(env->ledger, v->check.size, v->root, NULL) == OC_OK ? v->root : NULL;
    if (v->own && oc_audit_remembered(v->s, &v->had, &err) != OC_OK) {
        oc_call_warn(v->call, "what the host remembers of its ledger cannot be read: %s",
                     err.message);
    }
}

/* A checkpoint that was made meanwhile speaks of entries that were not there when it began: that is no damage. */
static bool begin_anew(struct oc_verifying *v)
{
    if (!v->call || !v->report.damaged || v->check.size == UINT64_MAX || v->again == TRIES ||
        oc_ledger_durable(v->s->env.ledger) == v->check.size) {
        return false;
    }
    v->again++;
    memset(&v->report, 0, sizeof v->report);
    note_extent(v);
    oc_workers_submit(oc_audit_workers(v->s), run, finish, v);
    return true;
}

static void finish(void *ctx)
{
    struct oc_verifying *v = ctx;
    struct oc_call *call = v->call;
    if (begin_anew(v)) {
        return;
    }
    v->s->verifying = NULL;
    oc_timer_destroy(v->timer);
    if (call && v->code == OC_OK) {
        if (v->own) {
            compare_with_memory(v);
        } else {
            look_for_ledger(v);
        }
    }
    if (call && v->code == OC_OK) {
        oc_call_on_cancel(call, NULL, NULL);
        warn_of_ends(v);
        if (v->bundle) {
            warn_of_key(v);
        }
        oc_call_succeed(call, report_json(v));
    } else if (call) {
        oc_call_on_cancel(call, NULL, NULL);
        if (v->report.damaged) {
            name_damage(v);
        }
        oc_call_fail_with(call, &v->err, v->report.damaged ? report_json(v) : NULL);
    }
    free(v->dir);
    free(v->elsewhere);
    free(v);
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    struct oc_verifying *v = ctx;
    v->call = NULL;
    __atomic_store_n(&v->stop, true, __ATOMIC_RELAXED);
    oc_call_failf(call, OC_E_CANCELLED, NULL, "the verification was stopped");
}

/* Anybody may ask whether this host's ledger is good; other folders are for who is on the host. */
static bool may_look(const struct oc_call *call, const struct verify_params *p)
{
    return (!p->dir && !p->against) || oc_starts(oc_call_actor(call)->name, "cli:");
}

static void begin(struct oc_audit *s, struct oc_call *call, const struct verify_params *p)
{
    struct oc_verifying *v = oc_calloc(1, sizeof *v);
    char *copies = s->section.copy_to ? oc_path_join(s->section.copy_to, "checkpoints") : NULL;
    const bool own = !p->dir;
    v->s = s;
    v->call = call;
    v->own = own;
    v->bundle = !own && oc_ledger_is_bundle(p->dir);
    v->dir = oc_strdup(own ? s->dir : p->dir);
    v->elsewhere = oc_strdup(p->against                                ? p->against
                             : own && copies && oc_file_exists(copies) ? s->section.copy_to
                                                                       : NULL);
    v->began_us = oc_time_mono_us();
    v->check = (struct oc_ledger_check){.dir = v->dir,
                                        .witnesses = v->witnesses,
                                        .witness_count = oc_audit_witnesses(s, v->witnesses),
                                        .elsewhere = v->elsewhere,
                                        .progress = on_progress,
                                        .ctx = v,
                                        .stop = &v->stop};
    note_extent(v);
    for (size_t i = 0; !own && i < v->check.witness_count; i++) {
        v->witnesses[i].cosigned = 0; /* that was about the ledger of this host */
    }
    s->verifying = v;
    v->timer = oc_timer_create(s->env.loop, tell, v);
    oc_timer_start(v->timer, TELL_EVERY, TELL_EVERY);
    oc_call_on_cancel(call, on_cancel, v);
    oc_workers_submit(oc_audit_workers(s), run, finish, v);
    free(copies);
}

/* A folder that was moved away is no ledger that has not begun. */
static void refuse_absent(struct oc_audit *s, struct oc_call *call)
{
    uint64_t had = 0;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_audit_remembered(s, &had, &err) == OC_OK && had > 0) {
        oc_error_set(&err, OC_E_VERIFY,
                     "there is no ledger in %s, and the host has signed %llu "
                     "entries",
                     s->dir, (unsigned long long)had);
        oc_error_hint(&err, "Bring the folder back from a backup.");
    } else if (err.code == OC_OK) {
        oc_error_set(&err, OC_E_NOT_FOUND, "there is no ledger in %s yet", s->dir);
    }
    oc_call_fail(call, &err);
}

static void op_verify(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    const struct verify_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    if (!may_look(call, p)) {
        oc_call_failf(call, OC_E_DENIED, "Use the command line on the host.",
                      "other folders can be verified on the host only");
    } else if (s->verifying) {
        oc_call_failf(call, OC_E_RETRY, NULL, "a verification is under way already");
    } else if (!p->dir && !oc_file_exists(s->dir)) {
        refuse_absent(s, call);
    } else {
        begin(s, call, p);
    }
}

void oc_audit_stop_verify(struct oc_audit *s)
{
    if (s->verifying) {
        __atomic_store_n(&s->verifying->stop, true, __ATOMIC_RELAXED);
    }
}

void oc_audit_forget_verify(struct oc_audit *s)
{
    if (s->verifying) {
        oc_timer_destroy(s->verifying->timer);
        free(s->verifying->dir);
        free(s->verifying->elsewhere);
        free(s->verifying);
        s->verifying = NULL;
    }
}

static const struct oc_op verify_op = {
    .name = "ledger.verify",
    .summary = "Check every entry, the tree, all checkpoints and signatures",
    .flags = OC_OP_EPHEMERAL | OC_OP_ACTS,
    .role = OC_ROLE_OPERATOR,
    .params = options,
    .params_size = sizeof(struct verify_params),
    .view = "record",
    .description = "Whatever was edited, dropped, doubled, put in another place or cut off since a "
                   "checkpoint is found; the first damage is named, and the exit code is 5. A "
                   "ledger that was cut together with its newest checkpoints is found by what the "
                   "host remembers, which is in its store, by those that were copied elsewhere, "
                   "or by a witness. How many of the newest entries no "
                   "checkpoint covers yet is a warning: they are signed within a minute.",
    .example = "openclaw ledger verify",
    .result = "{folder: string, good: boolean, entries: integer, oldest: integer, segments: "
              "integer, checkpoints: integer, covered: integer, cosignatures: integer, torn_bytes: "
              "integer, origin: string, root: string, seconds: number}",
    .handler = op_verify,
};

void oc_audit_add_verify_ops(struct oc_audit *s)
{
    static struct oc_op twin;
    oc_audit_add_op(s, &verify_op, &twin, "governance.ledger.verify");
}
