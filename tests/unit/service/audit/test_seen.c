/* A ledger that was cut or replaced takes nothing, and its copy stays. SPDX-License-Identifier: MIT */
#include "tests/unit/service/audit/ledger_world.h"

#include <sched.h>
#include <unistd.h>

static int ask_verify(const char *params)
{
    w.s.actor = "cli:test"; /* other folders are for who is on the host */
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

/* Cuts the log behind `lines` lines and some bytes of the next one. */
static void cut_log(const char *path, size_t lines, size_t more)
{
    struct oc_buf text = {0};
    size_t at = 0;
    assert_int_equal(oc_file_read(path, 1 << 20, &text, NULL), OC_OK);
    while (lines > 0) {
        lines -= text.data[at++] == '\n';
    }
    assert_int_equal(truncate(path, (off_t)(at + more)), 0);
    oc_buf_finish(&text);
}

static off_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* Its own checkpoints say that there was more, whoever remembers it. */
static void entries_that_a_checkpoint_speaks_of_can_be_given_up(void **state)
{
    uint64_t size = 0;
    (void)state;
    operation("a", "x");
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    for (int i = 0; i < 5; i++) {
        operation("b", "x");
    }
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    assert_int_equal(size, 6);
    char *log = oc_path_join(w.a->dir, "000000000000.log"),
         *note = oc_path_join(w.a->dir, "checkpoints/000000000006"),
         *lost = oc_path_join(w.a->dir, "checkpoints/000000000006.lost"),
         *kept = oc_path_join(w.a->dir, "checkpoints/000000000001");
    shut_ledger();
    cut_log(log, 3, 7); /* the header and two entries */
    const off_t torn = size_of(log);
    open_ledger(8);
    operation("c", "x");
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 2);
    assert_int_equal(size_of(log), torn); /* left as it was found, for whoever looks into it */
    assert_int_equal(verify(), OC_E_VERIFY);
    json_t *status = stage_ask(&w.s, "ledger.status", NULL);
    assert_non_null(strstr(oc_json_str(status, "problem", ""), "a checkpoint speaks of 6 entries"));
    assert_non_null(strstr(oc_json_str(status, "remedy", ""), "openclaw ledger accept"));
    stage_ask(&w.s, "ledger.accept", "{\"reason\":\"two daemons\"}");
    assert_false(oc_file_exists(note));
    assert_true(oc_file_exists(lost) && oc_file_exists(kept));
    operation("d", "x");
    /* the loss, what was not noted meanwhile, who accepted it, this */
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 6);
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    assert_int_equal(size, 6); /* of other entries, under the same number */
    shut_ledger();
    open_ledger(8);
    assert_true(oc_ledger_healthy(w.s.env.ledger, NULL));
    assert_int_equal(verify(), OC_OK);
    free(kept);
    free(lost);
    free(note);
    free(log);
}

/* What is left must be sound: nobody can give up an entry in the middle. */
static void damage_in_the_middle_cannot_be_given_up(void **state)
{
    uint64_t size = 0;
    (void)state;
    for (int i = 0; i < 5; i++) {
        operation("a", "x");
    }
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    char *log = oc_path_join(w.a->dir, "000000000000.log");
    shut_ledger();
    struct oc_buf text = {0};
    assert_int_equal(oc_file_read(log, 1 << 20, &text, NULL), OC_OK);
    char *op = strstr(strstr(text.data, "\"op\"") + 1, "\"op\"");
    op[1] = 'x';
    assert_int_equal(oc_file_write(log, text.data, text.len, 0600, NULL), OC_OK);
    open_ledger(8);
    assert_false(oc_ledger_healthy(w.s.env.ledger, NULL));
    assert_int_equal(stage_refused(&w.s, "ledger.accept", "{\"reason\":\"x\"}"), OC_E_CONFLICT);
    oc_buf_finish(&text);
    free(log);
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

static void a_copy_that_cannot_be_made_for_a_while_is_told_and_ends(void **state)
{
    uint64_t size = 0;
    (void)state;
    char *to = oc_path_join(w.s.home, "away");
    w.a->section.copy_to = to;
    assert_int_equal(oc_file_write(to, "x", 1, 0600, NULL),
                     OC_OK); /* no folder: a mount that is away */
    operation("a", "x");
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    while (w.a->copying) {
        stage_pass(&w.s, 0);
    }
    assert_non_null(w.a->copy_problem);
    copy_now();
    assert_null(stage_last(&w.s, "rule.firing"));
    oc_audit_copy_again(w.a, w.a->copy_tried_ms); /* not at once */
    assert_null(w.a->copying);
    oc_audit_copy_again(w.a, w.a->copy_tried_ms + OC_MINUTE);
    assert_non_null(w.a->copying);
    while (w.a->copying) {
        stage_pass(&w.s, 0);
    }
    assert_string_equal(oc_json_str(stage_last(&w.s, "rule.firing"), "rule", ""),
                        "ledger-copy-failed");
    assert_string_equal(oc_json_str(stage_last(&w.s, "rule.firing"), "severity", ""), "warning");
    assert_int_equal(unlink(to), 0);
    copy_now();
    assert_null(w.a->copy_problem);
    assert_string_equal(oc_json_str(stage_last(&w.s, "rule.resolved"), "rule", ""),
                        "ledger-copy-failed");
    w.a->section.copy_to = NULL;
    free(to);
}

static bool is_within(const char *name, const char *rest)
{
    char *path = oc_asprintf("%s/%s%s", w.s.home, name, rest);
    const bool within = oc_audit_is_within(path, w.a->dir);
    free(path);
    return within;
}

static void the_ledgers_own_folder_is_no_place_for_a_copy(void **state)
{
    (void)state;
    char *link = oc_path_join(w.s.home, "link");
    assert_int_equal(symlink(w.a->dir, link), 0);
    assert_true(is_within("ledger", ""));
    assert_true(is_within("ledger", "/inner/still/to/be/made"));
    assert_true(is_within("link", "/inner"));
    assert_true(is_within("link", "/../ledger"));
    assert_false(is_within("ledger-copy", ""));
    assert_false(is_within("evidence", "/deep"));
    assert_false(oc_audit_is_within("/", w.a->dir));
    assert_true(oc_audit_is_within("/no/such/ledger/copy", "/no/such/ledger"));
    assert_false(oc_audit_is_within("/no/such/copy", "/no/such/ledger"));
    assert_int_equal(unlink(link), 0);
    free(link);
}

static void a_checkpoint_that_there_is_not_cannot_be_cosigned(void **state)
{
    uint8_t public_key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET];
    struct oc_buf key = {0};
    (void)state;
    oc_sign_keypair(public_key, secret);
    oc_base64(public_key, sizeof public_key, &key);
    char *add = oc_asprintf("{\"name\":\"w\",\"key\":\"%s\"}", key.data);
    stage_ask(&w.s, "ledger.witness.add", add);
    stage_call(&w.s, "ledger.cosign",
               "{\"witness\":\"w\",\"size\":99999,\"seconds\":1,\"signature\":\"x\"}");
    assert_int_equal(w.s.error.code, OC_E_NOT_FOUND);
    assert_string_equal(w.s.error.message, "there is no checkpoint of 99999 entries");
    oc_buf_finish(&key);
    free(add);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        audit_test(a_ledger_that_was_cut_takes_nothing_until_the_loss_is_accepted),
        audit_test(a_ledger_that_is_gone_or_cut_is_not_good),
        audit_test(entries_that_a_checkpoint_speaks_of_can_be_given_up),
        audit_test(damage_in_the_middle_cannot_be_given_up),
        audit_test(a_ledger_that_grows_while_it_is_verified_is_good),
        audit_test(a_ledger_without_its_key_is_not_begun_anew),
        audit_test(a_copy_never_loses_what_it_holds),
        audit_test(a_copy_that_cannot_be_made_for_a_while_is_told_and_ends),
        audit_test(the_ledgers_own_folder_is_no_place_for_a_copy),
        audit_test(a_checkpoint_that_there_is_not_cannot_be_cosigned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
