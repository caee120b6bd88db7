/* The operation `doctor`: looks at everything that can be wrong and says how to mend it. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/host/internal.h"
#include "core/sys/file.h"

#define DISK_LOW (256u << 20)

static void finding(json_t *list, const char *check, const char *state, const char *message,
                    const char *fix)
{
    json_t *o = json_object();
    oc_json_set_str(o, "check", check);
    oc_json_set_str(o, "state", state);
    oc_json_set_str(o, "message", message);
    oc_json_set_str(o, "fix", fix);
    json_array_append_new(list, o);
}

static void check_home(struct oc_host_service *s, json_t *list)
{
    struct stat st;
    char *chmod_fix = oc_asprintf("chmod 700 %s", s->env.home);
    char *never = oc_asprintf("%s is not there: no daemon has run here yet", s->env.home);
    bool there = stat(s->env.home, &st) == 0;
    if (s->home_inode && (!there || st.st_ino != s->home_inode)) {
        finding(list, "home", "error", "the home folder was removed under the running daemon",
                "restart openclawd: it makes the folder");
    } else if (!there && errno == ENOENT && s->env.ephemeral) {
        finding(list, "home", "ok", never, NULL);
    } else if (!there) {
        finding(list, "home", "error", "the home folder does not exist",
                "start openclawd once: it makes the folder");
    } else if (st.st_mode & (S_IWGRP | S_IWOTH)) {
        finding(list, "home", "error", "others may write into the home folder", chmod_fix);
    } else {
        finding(list, "home", "ok", s->env.home, NULL);
    }
    free(never);
    free(chmod_fix);
}

/* A socket that was removed cannot be found by the command line, even though the daemon listens. */
static void check_socket(struct oc_host_service *s, json_t *list)
{
    char *path = oc_path_join(s->env.home, "run");
    if (s->run_inode && !oc_file_exists(path)) {
        finding(list, "socket", "error", "the folder of the control socket was removed",
                "restart openclawd: the command line cannot reach it");
    }
    free(path);
}

static void check_disk(struct oc_host_service *s, json_t *list)
{
    struct statvfs v;
    if (statvfs(s->env.home, &v) == 0) {
        double free_bytes = (double)v.f_bavail * (double)v.f_frsize;
        char text[64], size[32];
        snprintf(text, sizeof text, "%s free", oc_size_human(free_bytes, size, sizeof size));
        finding(list, "disk", free_bytes < DISK_LOW ? "warning" : "ok", text,
                free_bytes < DISK_LOW ? "free some space, or lower store.retention" : NULL);
    }
}

static void check_store(struct oc_host_service *s, json_t *list)
{
    struct oc_error why;
    oc_error_init(&why);
    if (oc_store_healthy(s->env.store, &why)) {
        json_t *stats = oc_store_stats(s->env.store);
        char size[32];
        char *text = oc_asprintf(
            "readable and writable: %lld series, %lld samples, %s",
            (long long)oc_json_int(stats, "series", 0), (long long)oc_json_int(stats, "samples", 0),
            oc_size_human((double)oc_json_int(stats, "bytes", 0), size, sizeof size));
        finding(list, "store", "ok", text, NULL);
        free(text);
        json_decref(stats);
    } else {
        finding(list, "store", "error", why.message,
                why.hint[0] ? why.hint : "see `openclaw logs --grep store`");
    }
}

/* What was damaged has been replaced; until somebody takes away what was kept of it, it is told that something is lost. */
static void check_set_aside(struct oc_host_service *s, json_t *list, const char *folder)
{
    char *dir = oc_path_join(s->env.home, folder);
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strstr(e->d_name, ".corrupt") && !oc_ends(e->d_name, "-wal") &&
            !oc_ends(e->d_name, "-shm")) {
            char *text = oc_asprintf("%s/%s is what was left of a damaged file: a part of what the "
                                     "host had kept is lost",
                                     dir, e->d_name);
            finding(list, "store", "warning", text,
                    "look at what is missing, bring it back from a backup or make it anew, then "
                    "move that file away");
            free(text);
        }
    }
    if (d) {
        closedir(d);
    }
    free(dir);
}

static void check_config(struct oc_host_service *s, json_t *list)
{
    const struct oc_diags *diags = s->hooks.diags(s->hooks.ctx);
    for (size_t i = 0; diags && i < diags->list.count; i++) {
        const struct oc_diag *d = &diags->list.items[i];
        if (d->passing) {
            continue; /* its part is asked below */
        }
        char *text =
            oc_asprintf("%s:%d: %s: %s", d->file ? d->file : "", d->line, d->key, d->message);
        finding(list, "configuration", d->warning ? "warning" : "error", text, d->hint);
        free(text);
    }
    if (!diags || !oc_diags_lasting(diags)) {
        finding(list, "configuration", "ok", "no findings", NULL);
    }
}

/* What the doctor of one part finds; what is only worth knowing is left to it. */
static void check_part(struct oc_host_service *s, json_t *list, const char *op, const char *what)
{
    json_t *rows = oc_ops_ask(s->env.ops, op, NULL), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *severity = oc_json_str(row, "severity", "");
        if (strcmp(severity, "info") != 0) {
            finding(list, what, severity, oc_json_str(row, "message", ""),
                    oc_json_str(row, "fix", NULL));
        }
    }
    json_decref(rows);
}

static void check_collectors(struct oc_host_service *s, json_t *list)
{
    json_t *rows = oc_ops_ask(s->env.ops, "collector.list", NULL), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *state = oc_json_str(row, "state", "");
        if (strcmp(state, "failed") == 0 || strcmp(state, "fenced") == 0) {
            char *text = oc_asprintf("%s is %s: %s", oc_json_str(row, "instance", ""), state,
                                     oc_json_str(row, "last_error", "no reason was given"));
            finding(
                list, "collector", "error", text,
                strcmp(state, "fenced") == 0
                    ? "raise its `deadline`, or look at what it waits for"
                    : oc_json_str(row, "hint", "mend its configuration, then `openclaw reload`"));
            free(text);
        }
    }
    json_decref(rows);
}

static void check_rows(struct oc_host_service *s, json_t *list, const char *op, const char *what,
                       const char *name_key, const char *fix)
{
    json_t *rows = oc_ops_ask(s->env.ops, op, NULL), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(oc_json_str(row, "state", ""), "failed") == 0) {
            char *text =
                oc_asprintf("%s: %s", oc_json_str(row, name_key, ""),
                            oc_json_str(row, "error", oc_json_str(row, "last_error", "failed")));
            finding(list, what, "error", text, fix);
            free(text);
        }
    }
    json_decref(rows);
}

/* Channels that are up, but whose messages do not arrive. */
static void check_deliveries(struct oc_host_service *s, json_t *list)
{
    json_t *rows = oc_ops_ask(s->env.ops, "alert.channels", NULL), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *error = oc_json_str(row, "last_error", "");
        bool failed = strcmp(oc_json_str(row, "state", ""), "failed") == 0;
        long long queue = (long long)oc_json_int(row, "queue", 0);
        if (!failed && (queue > 0 || *error)) {
            const char *name = oc_json_str(row, "name", "");
            char *text = queue > 0 ? oc_asprintf("%s: %lld waiting to be delivered%s%s", name,
                                                 queue, *error ? ": " : "", error)
                                   : oc_asprintf("%s: the last try failed: %s", name, error);
            finding(list, "channel", *error && queue > 0 ? "error" : "warning", text,
                    "try it: `openclaw alert test CHANNEL`");
            free(text);
        }
    }
    json_decref(rows);
}

static void check_rules(struct oc_host_service *s, json_t *list)
{
    json_t *rows = oc_ops_ask(s->env.ops, "rules.list", NULL), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *problem = oc_json_str(row, "problem", "");
        if (*problem) {
            char *text = oc_asprintf("%s: %s", oc_json_str(row, "name", ""), problem);
            finding(list, "rule", "error", text, "mend it, then `openclaw reload`");
            free(text);
        }
    }
    json_decref(rows);
}

/* While it goes on nobody is woken, and a host that is contained starts nothing. */
static void check_maintenance(struct oc_host_service *s, json_t *list)
{
    json_t *now = oc_ops_ask(s->env.ops, "maintenance.status", NULL);
    if (oc_json_bool(now, "active", false)) {
        const bool contained = oc_json_bool(now, "containment", false);
        const char *until = oc_json_str(now, "until", ""),
                   *problem = oc_json_str(now, "problem", NULL);
        char *text = oc_asprintf("%s since %s%s%s, by %s: %s%s",
                                 contained ? "the host is contained, no unit is started,"
                                           : "maintenance goes on",
                                 oc_json_str(now, "since", ""), *until ? " until " : "", until,
                                 oc_json_str(now, "by", ""), oc_json_str(now, "reason", ""),
                                 oc_json_str(now, "silence", NULL) ? "; alerts are silenced" : "");
        finding(list, "maintenance", "warning", text,
                contained ? "`openclaw runbook run emergency-restart --param after=5` ends it"
                          : "`openclaw maintenance off` ends it");
        free(text);
        if (problem) {
            finding(list, "maintenance", "warning", problem,
                    "`openclaw alert silence` makes a silence, `openclaw maintenance on` tries it "
                    "again");
        }
    }
    json_decref(now);
}

static void op_doctor(struct oc_call *call, void *ctx)
{
    struct oc_host_service *s = ctx;
    json_t *list = json_array();
    check_home(s, list);
    check_socket(s, list);
    check_disk(s, list);
    check_store(s, list);
    check_set_aside(s, list, "data");
    check_set_aside(s, list, "data/alerts");
    check_config(s, list);
    check_maintenance(s, list);
    check_part(s, list, "plugin.doctor", "plugin");
    check_part(s, list, "access.doctor", "access");
    check_part(s, list, "alert.doctor", "alert");
    check_part(s, list, "audit.doctor", "ledger");
    check_part(s, list, "policy.doctor", "policy");
    check_collectors(s, list);
    check_rows(s, list, "policy.list", "policy", "name",
               "mend the file: `openclaw policy check FILE` says where");
    check_rows(s, list, "runbook.list", "runbook", "name",
               "mend or remove its file; `openclaw runbook list` looks at it again");
    check_rows(s, list, "message.status", "bridge", "name",
               "see that what carries the messages runs: `openclaw message status`");
    check_rows(s, list, "alert.channels", "channel", "name",
               "mend its configuration, then `openclaw alert test CHANNEL`");
    check_deliveries(s, list);
    check_rules(s, list);
    oc_call_succeed(call, list);
}

static const struct oc_op doctor_op = {
    .name = "doctor",
    .summary = "Look for what is wrong and say how to mend it",
    .flags = OC_OP_EPHEMERAL,
    .view = "custom:doctor",
    .description = "Exits 1 when there is an error among the findings.",
    .example = "openclaw doctor",
    .result = "[{check: string, state: string, message: string, fix: string|null}]",
    .handler = op_doctor,
};

void oc_host_add_doctor_op(struct oc_host_service *s)
{
    oc_ops_add(s->env.ops, &doctor_op, s);
}
