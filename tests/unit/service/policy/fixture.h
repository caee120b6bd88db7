/* What the tests of the policy service stand on: a home with a folder of policies, and the service. SPDX-License-Identifier: MIT */
#ifndef TESTS_SERVICE_POLICY_FIXTURE_H
#define TESTS_SERVICE_POLICY_FIXTURE_H

#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/policy/policy_service.h"
#include "core/sys/file.h"

struct fixture {
    char home[64];
    struct oc_env env;
    struct oc_policy_service *service;
    struct oc_config *config;
    struct oc_diags diags;
    int code, warnings;
    json_t *result;
    struct oc_error error;
};

static inline char *in_home(struct fixture *f, const char *name)
{
    return oc_path_join(f->home, name);
}

static inline void write_file(struct fixture *f, const char *name, const char *text)
{
    char *path = in_home(f, name);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
    free(path);
}

static inline int setup(void **state)
{
    struct fixture *f = oc_calloc(1, sizeof(*f));
    oc_log_set_level(-1);
    strcpy(f->home, "/tmp/oc-policy-XXXXXX");
    assert_non_null(mkdtemp(f->home));
    char *dir = in_home(f, "policies");
    assert_int_equal(mkdir(dir, 0700), 0);
    free(dir);
    f->env.home = f->home;
    f->env.loop = oc_loop_create();
    f->env.bus = oc_bus_create();
    f->env.ops = oc_ops_create(f->env.loop, f->env.bus);
    f->env.policies = oc_policies_create(f->env.bus, NULL);
    f->service = oc_policy_service_create(&f->env);
    *state = f;
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

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    oc_policy_service_destroy(f->service);
    oc_policies_destroy(f->env.policies);
    oc_ops_destroy(f->env.ops);
    oc_bus_destroy(f->env.bus);
    oc_loop_destroy(f->env.loop);
    oc_config_destroy(f->config);
    oc_diags_finish(&f->diags);
    json_decref(f->result);
    empty(f->home);
    assert_int_equal(rmdir(f->home), 0);
    free(f);
    return 0;
}

static inline void configure(struct fixture *f, const char *text)
{
    char path[] = "/tmp/oc-conf-XXXXXX";
    struct oc_config_source source = {.file = path, .no_environment = true};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(oc_fd_write_all(fd, text, strlen(text)), 0);
    close(fd);
    struct oc_config *old = f->config;
    f->config = oc_config_load(&source, &f->diags, NULL);
    unlink(path);
    assert_non_null(f->config);
    oc_policy_service_configure(f->service, f->config, &f->diags);
    oc_config_destroy(old);
}

static inline void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    struct fixture *f = ctx;
    f->code = code;
    json_decref(f->result);
    f->result = result != NULL ? json_deep_copy(result) : NULL;
    if (err != NULL) {
        f->error = *err;
    }
}

static inline void on_warning(void *ctx, const char *text)
{
    (void)text;
    ((struct fixture *)ctx)->warnings++;
}

static inline int call(struct fixture *f, const char *op, json_t *params)
{
    struct oc_call_request req = {.op = op,
                                  .params = params,
                                  .actor = {.name = "test", .role = OC_ROLE_ADMIN},
                                  .on_done = on_done,
                                  .on_warning = on_warning,
                                  .ctx = f};
    f->code = 1;
    f->warnings = 0;
    oc_ops_call(f->env.ops, &req);
    for (int i = 0; i < 100 && f->code == 1; i++) {
        oc_loop_step(f->env.loop, false);
    }
    return f->code;
}

#endif
