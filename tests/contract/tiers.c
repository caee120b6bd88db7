/* Does a built plugin say the same wherever its code runs? SPDX-License-Identifier: MIT
 *
 * tiers <folder of plugins> <plugin> <openclaw-plughost> <tier>
 *
 * Starts the plugin in the host's process and in the tier, each with the same configuration and a peer that never answers, calls
 * all of its methods, and compares what came: codes, names of samples, states. Exit 1 when they differ. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugcheck/plugcheck.h"
#include "core/plugin/internal.h"
#include "core/sys/file.h"

#define DEADLINE_MS 1500
#define LINES_MAX   4096

struct tiers {
    const char *dir, *name, *plughost;
    int port;
    char scratch[64];
    json_t *config; /* made from the entry, which only the host's process sees */
    struct oc_buf methods;
    bool start_only;

    struct oc_loop *loop;
    bool done;
    OC_VEC(char *) lines;
};

static void add_line(struct tiers *t, char *line)
{
    for (size_t i = 0; i < t->lines.count; i++) {
        if (strcmp(t->lines.items[i], line) == 0) {
            free(line);
            return;
        }
    }
    OC_VEC_PUSH(&t->lines, line);
}

static void on_records(void *ctx, const struct oc_record *records, size_t count)
{
    struct tiers *t = ctx;
    for (size_t i = 0; i < count && t->lines.count < LINES_MAX; i++) {
        const struct oc_record *r = &records[i];
        const char *name = r->name.ptr ? r->name.ptr : "";
        if (r->type == OC_RECORD_SAMPLE && strstr(name, ".cgroup_")) {
            continue; /* a process of its own may be in a group of its own */
        }
        if (r->type == OC_RECORD_SAMPLE) {
            add_line(t, oc_asprintf("sample %s", name));
        } else if (r->type == OC_RECORD_STATUS) {
            add_line(t, oc_asprintf("status %s %d", name, (int)r->state));
        } else {
            add_line(t, oc_asprintf("record of type %u", r->type));
        }
    }
}

static void on_done(void *ctx, int code, const struct oc_error *err, int64_t took_ms)
{
    struct tiers *t = ctx;
    (void)took_ms;
    add_line(t, oc_asprintf("code %s", oc_error_name(code)));
    printf("# %s %s\n", oc_error_name(code), code ? err->message : "");
    t->done = true;
}

static void on_gone(void *ctx)
{
    struct tiers *t = ctx;
    t->done = true;
}

static void until_done(struct tiers *t)
{
    while (!t->done) {
        OC_ASSERT(oc_loop_step(t->loop, true) || t->done);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of one call, sorted, since targets may answer in any order. */
static void end_section(struct tiers *t, struct oc_buf *out)
{
    if (t->lines.count) {
        qsort(t->lines.items, t->lines.count, sizeof *t->lines.items, by_text);
    }
    for (size_t i = 0; i < t->lines.count; i++) {
        oc_buf_addf(out, "  %s\n", t->lines.items[i]);
        free(t->lines.items[i]);
    }
    OC_VEC_FINISH(&t->lines);
}

static void call_all(struct tiers *t, struct oc_instance *i, struct oc_buf *out)
{
    char *methods = oc_strdup(t->methods.data), *rest = methods, *method;
    while ((method = strsep(&rest, " ")) && *method) {
        const struct oc_invocation inv = {.method = method,
                                          .params = "{}",
                                          .timeout_ms = DEADLINE_MS,
                                          .on_records = on_records,
                                          .on_done = on_done,
                                          .ctx = t};
        struct oc_error err;
        oc_error_init(&err);
        t->done = false;
        oc_buf_addf(out, "%s\n", method);
        const int code = oc_instance_call(i, &inv, NULL, &err);
        if (code) {
            oc_buf_addf(out, "  refused: %s\n", oc_error_name(code));
        } else {
            until_done(t);
        }
        end_section(t, out);
    }
    free(methods);
}

/* What the entry says is asked for once, in the host's process. */
static void learn(struct tiers *t, struct oc_plugin *plugin)
{
    const struct oc_plugin_entry *e = oc_plugin_entry_of(plugin);
    if (e && !t->config) {
        t->config = config_plausible(e, t->port, t->scratch);
        for (const struct oc_method *m = e->methods; m->id;
             m = (const void *)((const char *)m + e->method_size)) {
            oc_buf_addf(&t->methods, "%s%s", t->methods.len ? " " : "", m->id);
        }
    }
}

static void run_instance(struct tiers *t, struct oc_plugin *plugin, struct oc_buf *out)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_node *node = oc_node_from_json(t->config, "runner");
    struct oc_instance *i =
        oc_instance_create(plugin, "contract", node, "contract", NULL, NULL, &err);
    if (!i) {
        oc_buf_addf(out, "create: %s %s\n", oc_error_name(err.code), err.message);
        oc_node_free(node);
        return;
    }
    while (oc_instance_state(i) == OC_INSTANCE_STARTING) {
        oc_loop_step(t->loop, true);
    }
    const bool ready = oc_instance_state(i) == OC_INSTANCE_READY;
    oc_buf_addf(out, "start: %s %s\n", oc_instance_state_name(oc_instance_state(i)),
                ready ? "" : oc_instance_error(i)->message);
    if (ready && !t->start_only) {
        call_all(t, i, out);
    }
    t->done = false;
    oc_instance_destroy(i, 5000, on_gone, t);
    until_done(t);
    oc_node_free(node);
}

static void no_operations(void *ctx, struct oc_instance *instance, const char *op, json_t *params,
                          void (*done)(void *, int, json_t *, const struct oc_error *),
                          void *done_ctx)
{
    struct oc_error err;
    (void)ctx;
    (void)instance;
    (void)op;
    json_decref(params);
    oc_error_init(&err);
    oc_error_set(&err, OC_E_NOT_FOUND, "there is nothing");
    done(done_ctx, OC_E_NOT_FOUND, NULL, &err);
}

static void run_tier(struct tiers *t, enum oc_tier tier, struct oc_buf *out)
{
    t->loop = oc_loop_create();
    struct oc_bus *bus = oc_bus_create();
    struct oc_workers *workers = oc_workers_create(t->loop, 2);
    struct oc_plugins *plugins = oc_plugins_create(t->loop, bus, workers);
    struct oc_error err;
    oc_error_init(&err);
    oc_plugins_set_plughost(plugins, t->plughost);
    oc_plugins_set_host(plugins, no_operations, NULL);
    oc_plugins_scan(plugins, t->dir);
    struct oc_plugin *plugin = oc_plugin_find(plugins, t->name);
    OC_ASSERT(plugin);
    oc_plugin_set_terms(plugin, &(struct oc_terms){.tier = tier});
    printf("# %s\n", oc_tier_name(tier));
    if (oc_plugin_load(plugin, &err)) {
        oc_buf_addf(out, "load: %s\n", err.message);
    } else {
        learn(t, plugin);
        run_instance(t, plugin, out);
    }
    oc_workers_destroy(workers, 5000);
    oc_plugins_destroy(plugins);
    oc_bus_destroy(bus);
    oc_loop_destroy(t->loop);
}

/* ---- the peer that never answers ---- */

/* The port that the plugin has a right to, when that is one; else any. *spawns: it may start programs. */
static int read_rights(const char *dir, const char *name, bool *spawns)
{
    struct oc_error err;
    char *folder = oc_asprintf("%s/%s", dir, name);
    struct oc_manifest *m = oc_manifest_load(folder, &err);
    const json_t *rights = m ? json_object_get(m->json, "permissions") : NULL;
    int port = 0;
    *spawns = false;
    for (size_t i = 0; i < json_array_size(rights); i++) {
        const char *right = json_string_value(json_array_get(rights, i));
        *spawns = *spawns || oc_starts(right, "process:spawn:");
        if (!port && sscanf(right, "network:tcp:%d", &port) != 1) {
            port = 0;
        }
    }
    oc_manifest_free(m);
    free(folder);
    return port;
}

static int silent_port(int wanted)
{
    const int on = 1;
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)wanted),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on); /* others of us may be at it too */
    if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&a, &len)) {
        close(fd);
        return 0;
    }
    return ntohs(a.sin_port);
}

int main(int argc, char **argv)
{
    struct tiers t = {.scratch = "/tmp/openclaw-tiers-XXXXXX"};
    struct oc_buf here = {0}, there = {0};
    enum oc_tier tier;
    if (argc != 5 || oc_tier_parse(argv[4], &tier) || !mkdtemp(t.scratch)) {
        fprintf(stderr, "usage: tiers <folder of plugins> <plugin> <openclaw-plughost> <tier>\n");
        return 2;
    }
    oc_log_set_level(OC_LOG_ERROR);
    t.dir = argv[1];
    t.name = argv[2];
    t.plughost = argv[3];
    bool spawns;
    t.port = silent_port(read_rights(t.dir, t.name, &spawns));
    t.start_only = spawns && tier == OC_TIER_SANDBOX; /* a child may not lead a group there */
    if (!t.port) {
        puts("# the plugin's own port is taken by somebody else here: nothing to compare");
        return 0;
    }
    run_tier(&t, OC_TIER_INPROC, &here);
    run_tier(&t, tier, &there);
    const bool same = here.len && there.len && strcmp(here.data, there.data) == 0;
    printf("%s - it says the same in both\n", same ? "ok" : "not ok");
    if (!same) {
        printf("--- inproc\n%s--- %s\n%s", here.data, argv[4], there.data);
    }
    char *file = oc_path_join(t.scratch, "file");
    unlink(file);
    free(file);
    rmdir(t.scratch);
    json_decref(t.config);
    oc_buf_finish(&t.methods);
    oc_buf_finish(&here);
    oc_buf_finish(&there);
    return !same;
}
