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

struct verify_params {
    const char *dir, *against;
};
static const struct oc_option options[] = {
    {.name = "dir",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct verify_params, dir),
     .help = "a copy of a ledger, such as the folder of ledger.copy_to; default: this host's own"},
    {.name = "against",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct verify_params, against),
     .help = "a folder with checkpoints of the same ledger that were kept elsewhere; default: "
             "that of ledger.copy_to"},
    {0}};

struct oc_verifying {
    struct oc_audit *s; /* NULL: it ends */
    struct oc_call *call;
    struct oc_timer *timer;
    struct oc_ledger_check check;
    struct oc_ledger_report report;
    struct oc_ledger_witness witnesses[OC_AUDIT_WITNESSES];
    char *dir, *elsewhere;
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

/* [worker] */
static void run(void *ctx)
{
    struct oc_verifying *v = ctx;
    oc_error_init(&v->err);
    v->code = oc_ledger_verify(&v->check, &v->report, &v->err);
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

static void finish(void *ctx)
{
    struct oc_verifying *v = ctx;
    struct oc_call *call = v->call;
    v->s->verifying = NULL;
    oc_timer_destroy(v->timer);
    if (call && v->code == OC_OK) {
        oc_call_on_cancel(call, NULL, NULL);
        if (v->report.torn_bytes > 0) {
            oc_call_warn(call, "%llu bytes behind the last entry were left by a crash",
                         (unsigned long long)v->report.torn_bytes);
        }
        if (v->report.entries > v->report.covered) {
            const unsigned long long open = v->report.entries - v->report.covered;
            oc_call_warn(call,
                         "the newest %llu %s in no checkpoint yet: whether more were cut off "
                         "cannot be told",
                         open, open == 1 ? "entry is" : "entries are");
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
    return (!p->dir && !p->against) || oc_starts(oc_call_actor(call)->name, "cli:") ||
           oc_starts(oc_call_actor(call)->name, "test");
}

static void begin(struct oc_audit *s, struct oc_call *call, const struct verify_params *p)
{
    struct oc_verifying *v = oc_calloc(1, sizeof *v);
    char *copies = s->section.copy_to ? oc_path_join(s->section.copy_to, "checkpoints") : NULL;
    const bool own = !p->dir;
    v->s = s;
    v->call = call;
    v->dir = oc_strdup(own ? s->dir : p->dir);
    v->elsewhere = oc_strdup(p->against                                ? p->against
                             : own && copies && oc_file_exists(copies) ? s->section.copy_to
                                                                       : NULL);
    v->began_us = oc_time_mono_us();
    v->check = (struct oc_ledger_check){.dir = v->dir,
                                        .size = own && oc_ledger_is_kept(s->env.ledger) &&
                                                        oc_ledger_healthy(s->env.ledger, NULL)
                                                    ? oc_ledger_durable(s->env.ledger)
                                                    : UINT64_MAX,
                                        .witnesses = v->witnesses,
                                        .witness_count = oc_audit_witnesses(s, v->witnesses),
                                        .elsewhere = v->elsewhere,
                                        .progress = on_progress,
                                        .ctx = v,
                                        .stop = &v->stop};
    if (v->check.size != UINT64_MAX &&
        oc_ledger_root(s->env.ledger, v->check.size, v->root, NULL) == OC_OK) {
        v->check.root = v->root;
    }
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
        oc_call_failf(call, OC_E_NOT_FOUND, NULL, "there is no ledger in %s yet", s->dir);
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
                   "ledger that was cut together with its newest checkpoints is found by those "
                   "that were copied elsewhere, or by a witness. How many of the newest entries no "
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
