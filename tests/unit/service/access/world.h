/* The access service on a stage. SPDX-License-Identifier: MIT */
#ifndef TESTS_ACCESS_WORLD_H
#define TESTS_ACCESS_WORLD_H

#include "tests/unit/service/stage.h"

#include <dirent.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/service/access/internal.h"
#include "core/sys/file.h"

struct world {
    struct stage s;
    struct oc_access *a;
    json_t *listeners; /* what api.listeners answers */
};

static struct world w;

static void op_listeners(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_deep_copy(w.listeners));
}

static const struct oc_op listeners_op = {
    .name = "api.listeners", .summary = "", .handler = op_listeners};

static inline void configure(const char *text)
{
    struct oc_config *old = stage_load(&w.s, text);
    oc_access_configure(w.a, w.s.config, &w.s.diags);
    oc_config_destroy(old);
}

static inline int setup(void **state)
{
    memset(&w, 0, sizeof w);
    stage_begin(&w.s);
    w.a = oc_access_create(&w.s.env);
    w.listeners = json_pack("[{s:s, s:s, s:s}]", "url", "http://127.0.0.1:3000", "serves", "all",
                            "address", "127.0.0.1");
    oc_ops_add(w.s.env.ops, &listeners_op, NULL);
    configure("");
    *state = &w;
    return 0;
}

/* The service and the store go and come, as with a restart. */
static inline void restart(void)
{
    struct oc_env env = w.s.env;
    static const char *const names[] = {"token.create", "token.list",     "token.revoke",
                                        "session.list", "session.revoke", "login",
                                        "access.first", "access.doctor"};
    oc_access_destroy(w.a);
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        oc_ops_remove(env.ops, names[i]);
    }
    w.a = oc_access_create(&env);
    configure("");
}

static inline void logs_path(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/logs%s%s", w.s.home, *name ? "/" : "", name);
}

static inline int teardown(void **state)
{
    char path[512];
    (void)state;
    oc_access_destroy(w.a);
    json_decref(w.listeners);
    logs_path(path, sizeof path, "");
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        logs_path(path, sizeof path, e->d_name);
        unlink(path);
    }
    if (dir) {
        closedir(dir);
    }
    logs_path(path, sizeof path, "");
    rmdir(path);
    stage_end(&w.s);
    return 0;
}

/* The trail as one text; owned by the caller. */
static inline char *trail(const char *name)
{
    char path[512];
    struct oc_buf text = {0};
    logs_path(path, sizeof path, name);
    oc_file_read(path, 64u << 20, &text, NULL);
    return oc_buf_take(&text);
}

/* A new token; owned by the caller. */
static inline char *make_token(const char *name, const char *role, const char *expires)
{
    char params[256];
    snprintf(params, sizeof params, "{\"name\":\"%s\",\"role\":\"%s\",\"expires\":\"%s\"}", name,
             role, expires);
    return oc_strdup(oc_json_str(stage_ask(&w.s, "token.create", params), "token", ""));
}

static inline int check(const char *secret, struct oc_identity *who)
{
    return oc_access_check_token(w.a, secret, strlen(secret), who);
}

static inline int check_session(const char *cookie, struct oc_identity *who)
{
    return oc_access_check_session(w.a, cookie, strlen(cookie), who);
}

static inline char *login(const char *secret, struct oc_identity *who)
{
    struct oc_error err;
    oc_error_init(&err);
    return oc_access_login(w.a, secret, strlen(secret), "192.0.2.7", who, &err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
