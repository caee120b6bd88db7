/* The audit service on a stage, with a ledger in a folder. SPDX-License-Identifier: MIT */
#ifndef TESTS_AUDIT_WORLD_H
#define TESTS_AUDIT_WORLD_H

#include "tests/unit/service/stage.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"

static struct world {
    struct stage s;
    struct oc_audit *a;
} w;

static inline void open_ledger_in(struct oc_loop *loop, uint64_t segment)
{
    char *dir = oc_path_join(w.s.home, "ledger");
    const struct oc_ledger_options o = {.dir = dir, .segment_size = segment};
    w.s.env.ledger = oc_ledger_open(&o, loop, NULL);
    assert_non_null(w.s.env.ledger);
    w.a = oc_audit_create(&w.s.env);
    free(dir);
}

/* Each entry is durable at once. */
static inline void open_ledger(uint64_t segment)
{
    open_ledger_in(NULL, segment);
}

static inline void shut_ledger(void)
{
    oc_audit_destroy(w.a);
    oc_ledger_close(w.s.env.ledger);
    oc_ops_destroy(w.s.env.ops);
    w.s.env.ops = oc_ops_create(w.s.env.loop, w.s.env.bus);
}

static inline int begin(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    stage_begin(&w.s);
    open_ledger(8);
    return 0;
}

static inline void empty(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            char *path = oc_path_join(dir, e->d_name);
            if (unlink(path) != 0) {
                empty(path);
                rmdir(path);
            }
            free(path);
        }
    }
    if (d) {
        closedir(d);
    }
}

static inline int end(void **state)
{
    (void)state;
    oc_audit_destroy(w.a);
    oc_ledger_close(w.s.env.ledger);
    empty(w.s.home);
    stage_end(&w.s);
    return 0;
}

static inline void operation(const char *op, const char *actor)
{
    oc_bus_publish(w.s.env.bus, "audit",
                   json_pack("{s:s,s:s,s:i,s:{s:s},s:s,s:I}", "op", op, "actor", actor, "role", 2,
                             "params", "password", "********", "code", "ok", "at",
                             (json_int_t)oc_time_wall()));
}

static inline int verify(void)
{
    const struct oc_ledger_check check = {.dir = w.a->dir, .size = UINT64_MAX, .threads = 1};
    struct oc_ledger_report report;
    return oc_ledger_verify(&check, &report, NULL);
}

/* How often an alert of ours was told, on "rule.firing" or "rule.resolved". */
static inline size_t told(const char *topic, const char *rule)
{
    size_t i, n = 0;
    json_t *event;
    json_array_foreach(w.s.events, i, event)
    {
        n += strcmp(json_string_value(json_array_get(event, 0)), topic) == 0 &&
             strcmp(oc_json_str(json_array_get(event, 1), "rule", ""), rule) == 0;
    }
    return n;
}

#define audit_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
