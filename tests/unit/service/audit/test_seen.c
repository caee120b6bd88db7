/* A ledger that was cut or replaced takes nothing, and its copy stays. SPDX-License-Identifier: MIT */
#include "tests/unit/service/audit/ledger_world.h"

#include <sched.h>

static int ask_verify(const char *params)
{
    stage_call(&w.s, "ledger.verify", params);
    while (w.s.done == 0) {
        stage_pass(&w.s, 0);
    }
    return w.s.code;
}

static void a_ledger_that_is_gone_or_cut_is_not_good(void **state)
{
    uint64_t size = 0;
    char params[128];
    (void)state;
    for (int i = 0; i < 5; i++) {
        operation("a", "x");
    }
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    assert_int_equal(ask_verify(NULL), OC_OK);
    shut_ledger();
    char *dir = oc_path_join(w.s.home, "ledger");
    empty(dir);
    open_ledger(8);
    assert_int_equal(ask_verify(NULL), OC_E_VERIFY);
    assert_non_null(strstr(w.s.error.message, "0 entries are there and the host has signed 5"));
    assert_false(oc_json_bool(w.s.result, "good", true));
    stage_ask(&w.s, "ledger.accept", "{\"reason\":\"the disk broke\"}");
    assert_int_equal(ask_verify(NULL), OC_OK);
    char *wiped = oc_path_join(w.s.home, "copy"), *key = oc_path_join(wiped, "host.pub"),
         *own = oc_path_join(dir, "host.pub");
    struct oc_buf signer = {0};
    operation("b", "x");
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    assert_int_equal(oc_file_read(own, 1024, &signer, NULL), OC_OK);
    assert_int_equal(oc_dir_make(wiped, 0700, NULL), OC_OK);
    snprintf(params, sizeof params, "{\"dir\":\"%s\"}", wiped);
    for (int i = 0; i < 2; i++) { /* the key alone is no ledger either */
        assert_int_equal(ask_verify(params), OC_E_NOT_FOUND);
        assert_non_null(strstr(w.s.error.message, "there is no ledger in"));
        assert_non_null(strstr(w.s.error.hint, "ledger.copy_to"));
        assert_int_equal(oc_file_write(key, signer.data, signer.len, 0600, NULL), OC_OK);
    }
    oc_buf_finish(&signer);
    free(own);
    free(key);
    free(wiped);
    free(dir);
}

static int let_go; /* atomic */

/* [worker] */
static void wait_until_let_go(void *ctx)
{
    (void)ctx;
    while (!__atomic_load_n(&let_go, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
}

static void gone(void *ctx)
{
    (void)ctx;
}

/* A checkpoint that is made meanwhile speaks of entries that were not there when the verification began. */
static void a_ledger_that_grows_while_it_is_verified_is_good(void **state)
{
    uint64_t size = 0;
    (void)state;
    let_go = 0;
    operation("a", "x");
    oc_workers_submit(oc_audit_workers(w.a), wait_until_let_go, gone, NULL);
    stage_call(&w.s, "ledger.verify", NULL); /* behind it */
    operation("b", "x");
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    __atomic_store_n(&let_go, 1, __ATOMIC_RELEASE);
    while (w.s.done == 0) {
        stage_pass(&w.s, 0);
    }
    if (w.s.code != OC_OK) {
        fail_msg("%s", w.s.error.message);
    }
    assert_int_equal(oc_json_int(w.s.result, "entries", 0), size);
}

/* As an attacker does who can write to the folder: all of it is gone, and a new one is begun. */
static void a_ledger_that_was_cut_takes_nothing_until_the_loss_is_accepted(void **state)
{
    uint64_t size = 0;
    (void)state;
    for (int i = 0; i < 5; i++) {
        operation("a", "x");
    }
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    shut_ledger();
    char *dir = oc_path_join(w.s.home, "ledger"), *aside = oc_path_join(w.s.home, "backup");
    assert_int_equal(rename(dir, aside), 0);
    open_ledger(8);
    operation("b", "x");
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 0);
    json_t *status = stage_ask(&w.s, "ledger.status", NULL);
    assert_false(oc_json_bool(status, "healthy", true));
    assert_non_null(strstr(oc_json_str(status, "problem", ""), "had 5"));
    assert_non_null(strstr(oc_json_str(status, "remedy", ""), "openclaw ledger accept"));
    json_t *list = stage_ask(&w.s, "audit.doctor", NULL);
    assert_non_null(strstr(oc_json_str(json_array_get(list, 0), "fix", ""), "ledger accept"));
    shut_ledger(); /* the backup is brought back: all is well */
    empty(dir);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(rename(aside, dir), 0);
    open_ledger(8);
    assert_true(oc_ledger_healthy(w.s.env.ledger, NULL));
    assert_int_equal(verify(), OC_OK);
    assert_int_equal(stage_refused(&w.s, "ledger.accept", "{\"reason\":\"x\"}"), OC_E_CONFLICT);
    shut_ledger();
    empty(dir);
    open_ledger(8);
    stage_ask(&w.s, "ledger.accept", "{\"reason\":\"the disk broke\"}");
    operation("c", "x");
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 3); /* the loss, who accepted it, this */
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    shut_ledger();
    open_ledger(8);
    assert_true(oc_ledger_healthy(w.s.env.ledger, NULL));
    assert_int_equal(verify(), OC_OK);
    free(dir);
    free(aside);
}

static void a_ledger_without_its_key_is_not_begun_anew(void **state)
{
    uint64_t size = 0;
    (void)state;
    operation("a", "x");
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    char *path = oc_path_join(w.a->dir, "host.pub");
    shut_ledger();
    assert_int_equal(unlink(path), 0);
    open_ledger(8);
    operation("b", "x");
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 1);
    assert_false(oc_ledger_healthy(w.s.env.ledger, NULL));
    assert_int_equal(stage_refused(&w.s, "ledger.accept", "{\"reason\":\"x\"}"), OC_E_CONFLICT);
    free(path);
}

static void copy_now(void)
{
    oc_audit_copy(w.a);
    while (w.a->copying) {
        stage_pass(&w.s, 0);
    }
}

static void a_copy_never_loses_what_it_holds(void **state)
{
    struct oc_buf before = {0}, after = {0};
    uint64_t size = 0;
    (void)state;
    char *to = oc_path_join(w.s.home, "evidence"), *dir = oc_path_join(w.s.home, "ledger");
    char *held = oc_path_join(to, "000000000000.log");
    w.a->section.copy_to = to;
    for (int i = 0; i < 5; i++) {
        operation("a", "x");
    }
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    copy_now();
    assert_null(w.a->copy_problem);
    operation("b", "x");
    copy_now(); /* what continues it is added */
    assert_null(w.a->copy_problem);
    assert_int_equal(oc_file_read(held, 1 << 20, &before, NULL), OC_OK);
    shut_ledger();
    empty(dir);
    open_ledger(8);
    stage_ask(&w.s, "ledger.accept", "{\"reason\":\"x\"}");
    w.a->section.copy_to = to;
    for (int i = 0; i < 9; i++) { /* longer than the copy */
        operation("other", "x");
    }
    copy_now();
    assert_non_null(w.a->copy_problem);
    assert_string_equal(oc_json_str(stage_last(&w.s, "rule.firing"), "rule", ""),
                        "ledger-copy-conflict");
    assert_int_equal(oc_file_read(held, 1 << 20, &after, NULL), OC_OK);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, after.len);
    json_t *list = stage_ask(&w.s, "audit.doctor", NULL);
    assert_string_equal(oc_json_str(json_array_get(list, 0), "severity", ""), "error");
    oc_buf_finish(&before);
    oc_buf_finish(&after);
    free(held);
    free(dir);
    w.a->section.copy_to = NULL;
    free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        audit_test(a_ledger_that_was_cut_takes_nothing_until_the_loss_is_accepted),
        audit_test(a_ledger_that_is_gone_or_cut_is_not_good),
        audit_test(a_ledger_that_grows_while_it_is_verified_is_good),
        audit_test(a_ledger_without_its_key_is_not_begun_anew),
        audit_test(a_copy_never_loses_what_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
