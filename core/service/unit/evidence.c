/* Evidence: what the host knows at this moment, kept in a folder of its own. SPDX-License-Identifier: MIT
 *
 * <home>/evidence/<time>-<name>/ holds one file for each source and MANIFEST.json with their digests. It is written under another
 * name, synced and renamed: a folder without a dot in front is whole. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/unit/internal.h"
#include "core/sys/crypto.h"
#include "core/sys/file.h"

#define FILE_MAX_BYTES (16u << 20)

struct evidence_params {
    const char *name, *reason;
    int64_t lines;
};
#define AT(member) offsetof(struct evidence_params, member)
static const struct oc_option options[] = {{.name = "name",
                                            .type = OC_OPT_STRING,
                                            .flags = OC_OPT_POSITIONAL,
                                            .offset = AT(name),
                                            .default_text = "evidence",
                                            .help = "what the folder is called, after its time"},
                                           {.name = "reason",
                                            .type = OC_OPT_STRING,
                                            .offset = AT(reason),
                                            .help = "why it is saved; kept in MANIFEST.json"},
                                           {.name = "lines",
                                            .type = OC_OPT_INT,
                                            .offset = AT(lines),
                                            .default_text = "1000",
                                            .min = 0,
                                            .max = 10000,
                                            .help = "lines of each unit's log"},
                                           {0}};
#undef AT

struct source {
    char *op, *file;
    json_t *params;
};

struct evidence {
    struct oc_unit *service;
    struct oc_call *call; /* NULL: the caller has given up */
    char *actor;
    enum oc_role role;
    char *temporary, *path;
    json_t *files; /* [{"file","bytes","sha256"|"error"}] */
    OC_VEC(struct source) sources;
    size_t next;
    bool looping, answered, emergency;
    char *name, *reason;
    int64_t at_ms;
};

static void source_add(struct evidence *e, const char *op, const char *file, json_t *params)
{
    struct source s = {.op = oc_strdup(op), .file = oc_strdup(file), .params = params};
    OC_VEC_PUSH(&e->sources, s);
}

static void add_sources(struct evidence *e, int64_t lines)
{
    const struct oc_unit *s = e->service;
    source_add(e, "health.snapshot", "health.json", NULL);
    source_add(e, "unit.list", "units.json", NULL);
    source_add(e, "alert.list", "alerts.json", NULL);
    source_add(e, "events.list", "events.json", json_pack("{s:i}", "limit", 1000));
    source_add(e, "logs", "log.json", json_pack("{s:i}", "lines", 512));
    source_add(e, "plugin.instances", "instances.json", NULL);
    source_add(e, "config.show", "configuration.json", NULL);
    source_add(e, "runbook.history", "runbooks.json", NULL);
    for (size_t i = 0; i < s->units.count && lines > 0; i++) {
        char file[96];
        snprintf(file, sizeof file, "unit-%.64s.json", s->units.items[i]->name);
        source_add(
            e, "unit.logs", file,
            json_pack("{s:s,s:I}", "name", s->units.items[i]->name, "lines", (json_int_t)lines));
    }
}

static void evidence_free(struct evidence *e)
{
    for (size_t i = 0; i < e->sources.count; i++) {
        free(e->sources.items[i].op);
        free(e->sources.items[i].file);
        json_decref(e->sources.items[i].params);
    }
    OC_VEC_FINISH(&e->sources);
    json_decref(e->files);
    free(e->actor);
    free(e->temporary);
    free(e->path);
    free(e->name);
    free(e->reason);
    free(e);
}

/* ---- files ---- */

static int keep_text(struct evidence *e, const char *file, const char *text, size_t len,
                     struct oc_error *err)
{
    char hex[OC_SHA256_HEX], *path = oc_path_join(e->temporary, file);
    int rc = oc_file_write(path, text, len, 0600, err);
    free(path);
    if (rc == OC_OK) {
        oc_sha256_hex(text, len, hex);
        json_array_append_new(e->files, json_pack("{s:s,s:I,s:s}", "file", file, "bytes",
                                                  (json_int_t)len, "sha256", hex));
    }
    return rc;
}

/* A source that cannot be had is named in the manifest: the rest is worth keeping. */
static void keep_error(struct evidence *e, const char *file, const char *message)
{
    json_t *row = json_object();
    oc_json_set_str(row, "file", file);
    oc_json_set_str(row, "error", message);
    json_array_append_new(e->files, row);
}

static void keep_file(struct evidence *e, const char *from, const char *file)
{
    struct oc_buf text = {0};
    struct oc_error err;
    oc_error_init(&err);
    char chunk[4096];
    int fd = open(from, O_RDONLY | O_CLOEXEC); /* a file of /proc, whose size is not known */
    ssize_t n;
    while (fd >= 0 && text.len < FILE_MAX_BYTES && (n = read(fd, chunk, sizeof chunk)) > 0) {
        oc_buf_add(&text, chunk, (size_t)n);
    }
    if (fd < 0 || keep_text(e, file, text.data ? text.data : "", text.len, &err) != OC_OK) {
        keep_error(e, file, fd < 0 ? strerror(errno) : err.message);
    }
    if (fd >= 0) {
        close(fd);
    }
    oc_buf_finish(&text);
}

/* "pid state name" of everything that runs. */
static void keep_processes(struct evidence *e)
{
    struct oc_buf text = {0};
    struct oc_error err;
    oc_error_init(&err);
    DIR *proc = opendir("/proc");
    for (struct dirent *d; proc && (d = readdir(proc)) != NULL;) {
        char path[300], stat[512];
        snprintf(path, sizeof path, "/proc/%s/stat", d->d_name);
        int fd = d->d_name[0] >= '1' && d->d_name[0] <= '9' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t n = fd >= 0 ? read(fd, stat, sizeof stat - 1) : 0;
        if (n > 0) {
            stat[n] = '\0';
            oc_buf_adds(&text, stat);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    if (proc) {
        closedir(proc);
    }
    if (keep_text(e, "processes.txt", text.data ? text.data : "", text.len, &err) != OC_OK) {
        keep_error(e, "processes.txt", err.message);
    }
    oc_buf_finish(&text);
}

static void keep_ledger(struct evidence *e)
{
    struct oc_ledger *ledger = e->service->env.ledger;
    uint8_t root[OC_LEDGER_HASH];
    char hex[2 * OC_LEDGER_HASH + 1] = "", text[160];
    struct oc_error err;
    oc_error_init(&err);
    uint64_t size = ledger ? oc_ledger_size(ledger) : 0;
    if (!ledger || oc_ledger_sync(ledger, &err) != OC_OK ||
        oc_ledger_root(ledger, size, root, &err) != OC_OK) {
        keep_error(e, "ledger.json", ledger ? err.message : "there is no ledger");
        return;
    }
    for (size_t i = 0; i < sizeof root; i++) {
        snprintf(hex + 2 * i, 3, "%02x", root[i]);
    }
    int len = snprintf(text, sizeof text, "{\"size\": %llu, \"root\": \"%s\"}\n",
                       (unsigned long long)size, hex);
    if (keep_text(e, "ledger.json", text, (size_t)len, &err) != OC_OK) {
        keep_error(e, "ledger.json", err.message);
    }
}

static int sync_folder(const char *path, struct oc_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc =
        fd >= 0 && fsync(fd) == 0 ? OC_OK : oc_error_errno(err, 0, errno, "cannot sync %s", path);
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

static int publish(struct evidence *e, struct oc_error *err)
{
    json_t *manifest = json_object();
    char *folder = oc_path_dir(e->path);
    oc_json_set_time(manifest, "time", e->at_ms);
    oc_json_set_str(manifest, "name", e->name);
    oc_json_set_str(manifest, "reason", e->reason);
    oc_json_set_str(manifest, "by", e->actor);
    oc_json_set_bool(manifest, "emergency", e->emergency);
    json_object_set(manifest, "files", e->files);
    char *text = oc_json_pretty(manifest), *path = oc_path_join(e->temporary, "MANIFEST.json");
    int rc = oc_file_write(path, text, strlen(text), 0600, err);
    rc = rc ? rc : sync_folder(e->temporary, err);
    if (rc == OC_OK && rename(e->temporary, e->path) != 0) {
        rc = oc_error_errno(err, 0, errno, "cannot rename %s", e->temporary);
    }
    rc = rc ? rc : sync_folder(folder, err);
    free(folder);
    free(path);
    free(text);
    json_decref(manifest);
    return rc;
}

/* ---- one source after the other ---- */

static void evidence_end(struct evidence *e)
{
    struct oc_error err;
    oc_error_init(&err);
    keep_processes(e);
    keep_file(e, "/proc/meminfo", "memory.txt");
    keep_file(e, "/proc/loadavg", "load.txt");
    keep_file(e, "/proc/net/tcp", "connections.txt");
    keep_file(e, "/proc/mounts", "mounts.txt");
    keep_ledger(e);
    int rc = publish(e, &err);
    if (rc == OC_OK) {
        const char *slash = strrchr(e->path, '/');
        oc_unit_evidence_prune(e->service, slash + 1);
    } else {
        oc_unit_evidence_discard(
            e->temporary); /* nobody looks at it, and it takes room that is wanted */
    }
    if (e->call && rc == OC_OK) {
        json_t *o = json_pack("{s:s,s:O}", "path", e->path, "files", e->files);
        oc_json_set_str(o, "name", e->name);
        oc_json_set_time(o, "time", e->at_ms);
        oc_json_set_int(o, "count", (int64_t)json_array_size(e->files));
        oc_call_succeed(e->call, o);
    } else if (e->call) {
        oc_call_fail(e->call, &err);
    }
    evidence_free(e);
}

static void gather(struct evidence *e);

static void gathered(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct evidence *e = ctx;
    const char *file = e->sources.items[e->next++].file;
    struct oc_error bad;
    oc_error_init(&bad);
    if (code != OC_OK) {
        keep_error(e, file, err->message);
    } else {
        char *text = result ? oc_json_pretty(result) : oc_strdup("null");
        if (keep_text(e, file, text, strlen(text), &bad) != OC_OK) {
            keep_error(e, file, bad.message);
        }
        free(text);
    }
    e->answered = true;
    if (!e->looping) {
        gather(e);
    }
}

static void gather(struct evidence *e)
{
    e->looping = true;
    while (e->next < e->sources.count) {
        struct source *s = &e->sources.items[e->next];
        struct oc_call_request req = {.op = s->op,
                                      .params = s->params,
                                      .actor = {.name = e->actor, .role = e->role},
                                      .on_done = gathered,
                                      .ctx = e};
        s->params = NULL;
        e->answered = false;
        oc_ops_call(e->service->env.ops, &req);
        if (!e->answered) {
            e->looping = false;
            return; /* gathered() goes on */
        }
    }
    evidence_end(e);
}

static void evidence_cancelled(struct oc_call *call, void *ctx)
{
    ((struct evidence *)ctx)->call = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "nobody waits for the evidence any more");
}

static void make_paths(struct evidence *e)
{
    char time[40], stamp[40];
    size_t n = 0;
    oc_time_format(e->at_ms, time, sizeof time);
    for (const char *c = time; *c; c++) {
        if (*c != '-' && *c != ':') {
            stamp[n++] = *c;
        }
    }
    stamp[n] = '\0';
    free(e->path);
    free(e->temporary);
    e->path = oc_asprintf("%s/evidence/%s-%s", e->service->env.home, stamp, e->name);
    e->temporary = oc_asprintf("%s/evidence/.%s-%s", e->service->env.home, stamp, e->name);
}

/* "20261122T133000.123Z-name": sorts by time. Two of one name and moment: the later one is a millisecond later. */
static void name_folder(struct evidence *e)
{
    make_paths(e);
    while (oc_file_exists(e->path) || oc_file_exists(e->temporary)) {
        e->at_ms++;
        make_paths(e);
    }
}

/* Whether a run of emergency-shutdown or emergency-restart asks for it: that is kept longer, and never refused. */
static bool is_emergency(const struct oc_unit *s, const char *actor)
{
    static const char prefix[] = "runbook:";
    if (strncmp(actor, prefix, sizeof prefix - 1) != 0) {
        return false;
    }
    json_t *run = oc_ops_ask(s->env.ops, "runbook.status",
                             json_pack("{s:s}", "run", actor + sizeof prefix - 1));
    bool emergency = strncmp(oc_json_str(run, "runbook", ""), "emergency-", 10) == 0;
    json_decref(run);
    return emergency;
}

static void op_evidence(struct oc_call *call, void *ctx)
{
    const struct evidence_params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    if (!oc_name_valid(p->name)) {
        oc_call_failf(call, OC_E_CONFIG, "Use letters, digits, dots and dashes.",
                      "'%.64s' is no name for a folder", p->name);
        return;
    }
    const bool emergency = is_emergency(ctx, oc_call_actor(call)->name);
    oc_unit_evidence_prune(ctx, NULL);
    if (!emergency && oc_unit_evidence_has_room(ctx, &err) != OC_OK) {
        oc_call_fail(call, &err);
        return;
    }
    struct evidence *e = oc_calloc(1, sizeof *e);
    e->service = ctx;
    e->emergency = emergency;
    e->call = call;
    e->actor = oc_strdup(oc_call_actor(call)->name);
    e->role = oc_call_actor(call)->role;
    e->name = oc_strdup(p->name);
    e->reason = oc_strdup(p->reason);
    e->at_ms = oc_time_wall();
    e->files = json_array();
    name_folder(e);
    if (oc_dir_make(e->temporary, 0700, &err) != OC_OK) {
        oc_call_fail(call, &err);
        evidence_free(e);
        return;
    }
    add_sources(e, p->lines);
    oc_call_on_cancel(call, evidence_cancelled, e);
    gather(e);
}

static const struct oc_op evidence_op = {
    .name = "host.evidence",
    .summary = "Save what the host knows now: health, units, alerts, events, logs, ledger",
    .role = OC_ROLE_OPERATOR,
    .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE,
    .params = options,
    .params_size = sizeof(struct evidence_params),
    .view = "record",
    .description = "A folder <home>/evidence/<time>-<name> with a file for each source and "
                   "MANIFEST.json, which has the SHA-256 of every file. Secrets of the "
                   "configuration are masked. The section `evidence` of the configuration says how "
                   "long it is kept, and how much room it may take; evidence of an emergency is "
                   "always taken.",
    .example = "openclaw host evidence before-the-repair",
    .result = "{path: string, name: string, time: time, count: integer, files: [{file: string, "
              "bytes?: integer, sha256?: string, error?: string}]}",
    .handler = op_evidence,
};

void oc_unit_add_evidence_ops(struct oc_unit *s)
{
    oc_ops_add(s->env.ops, &evidence_op, s);
    oc_unit_add_evidence_list(s);
}
