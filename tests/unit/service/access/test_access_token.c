/* Tests core/service/access: tokens. SPDX-License-Identifier: MIT */
#include "tests/unit/service/access/world.h"

static void a_token_has_256_random_bits_and_is_shown_once(void **state)
{
    (void)state;
    char *a = make_token("a", "viewer", "90d"), *b = make_token("b", "viewer", "90d");
    assert_int_equal(strlen(a), OC_SECRET_LEN);
    assert_true(oc_secret_shaped(a, strlen(a)));
    assert_string_not_equal(a, b);
    char *list = oc_json_text(stage_ask(&w.s, "token.list", NULL));
    assert_null(strstr(list, a));
    assert_null(strstr(list, a + 3));
    free(list);
    free(a);
    free(b);
}

static void a_good_token_says_who_and_with_which_role(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum oc_role role;
    } table[] = {
        {"viewer", OC_ROLE_VIEWER}, {"operator", OC_ROLE_OPERATOR}, {"admin", OC_ROLE_ADMIN}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        char *token = make_token(table[i].name, table[i].name, "1d");
        struct oc_identity who;
        assert_int_equal(check(token, &who), OC_OK);
        assert_int_equal(who.kind, OC_IDENTITY_TOKEN);
        assert_int_equal(who.role, table[i].role);
        assert_true(strncmp(who.actor, "token:", 6) == 0);
        assert_string_equal(who.actor + 6, table[i].name);
        assert_int_equal(who.expires_ms, STAGE_WALL + OC_DAY);
        free(token);
    }
}

static void nothing_but_the_token_itself_is_good(void **state)
{
    (void)state;
    char *token = make_token("a", "admin", "90d"), *longer = oc_asprintf("%sA", token);
    struct oc_identity who;
    static const char *const wrong[] = {"", "oc_", "oc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                        "Bearer", "null"};
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        assert_int_equal(check(wrong[i], &who), OC_E_AUTH);
        assert_int_equal(who.kind, OC_IDENTITY_NONE);
        assert_string_equal(who.actor, "");
    }
    assert_int_equal(check(longer, &who), OC_E_AUTH);
    assert_int_equal(oc_access_check_token(w.a, token, strlen(token) - 1, &who), OC_E_AUTH);
    assert_int_equal(oc_access_check_token(w.a, token, strlen(token) + 1, &who), OC_E_AUTH);
    assert_int_equal(oc_access_check_token(w.a, NULL, 0, &who), OC_E_AUTH);
    token[10] ^= 1;
    assert_int_equal(check(token, &who), OC_E_AUTH);
    free(longer);
    free(token);
}

static void a_wrong_token_costs_what_a_right_one_does(void **state)
{
    (void)state;
    char *token = make_token("a", "viewer", "90d"), *near = oc_strdup(token),
         *huge = oc_alloc(100000);
    struct oc_identity who;
    near[OC_SECRET_LEN - 1] ^= 1;
    memset(huge, 'x', 100000);
    const struct {
        const char *text;
        size_t len;
    } table[] = {
        {token, OC_SECRET_LEN}, {near, OC_SECRET_LEN}, {"", 0}, {"oc_", 3}, {huge, 100000}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        const struct oc_find_cost before = w.a->tokens.cost;
        oc_access_check_token(w.a, table[i].text, table[i].len, &who);
        assert_int_equal(w.a->tokens.cost.hashes - before.hashes, 1);
        assert_int_equal(w.a->tokens.cost.compares - before.compares, 1);
    }
    free(huge);
    free(near);
    free(token);
}

static void a_token_ends_when_it_expires(void **state)
{
    (void)state;
    char *token = make_token("a", "viewer", "1h");
    struct oc_identity who;
    stage_pass(&w.s, OC_HOUR - 1);
    assert_int_equal(check(token, &who), OC_OK);
    stage_pass(&w.s, 1);
    assert_int_equal(check(token, &who), OC_E_AUTH);
    assert_string_equal(
        oc_json_str(json_array_get(stage_ask(&w.s, "token.list", NULL), 0), "state", ""),
        "expired");
    stage_pass(&w.s, OC_HOUR);
    assert_int_equal(stage_count(&w.s, "access.revoked"),
                     1); /* so that open connections end: once */
    free(token);
}

static void a_token_without_an_end_stays(void **state)
{
    (void)state;
    char *token = make_token("a", "viewer", "0");
    struct oc_identity who;
    stage_set_clock(STAGE_WALL + 4000 * OC_DAY);
    assert_int_equal(check(token, &who), OC_OK);
    assert_int_equal(who.expires_ms, 0);
    free(token);
}

static void a_revoked_token_is_worthless_at_once_and_after_a_restart(void **state)
{
    (void)state;
    char *a = make_token("a", "viewer", "90d"), *b = make_token("b", "viewer", "90d");
    struct oc_identity who;
    stage_ask(&w.s, "token.revoke", "{\"token\":\"a\"}");
    assert_int_equal(check(a, &who), OC_E_AUTH);
    assert_int_equal(check(b, &who), OC_OK);
    assert_int_equal(stage_count(&w.s, "access.revoked"), 1);
    restart();
    assert_int_equal(check(a, &who), OC_E_AUTH);
    assert_int_equal(check(b, &who), OC_OK);
    free(a);
    free(b);
}

static void the_store_holds_no_token(void **state)
{
    (void)state;
    char *token = make_token("a", "viewer", "90d");
    json_t *all = oc_kv_all(w.s.env.store, "token");
    char *text = oc_json_text(all);
    assert_int_equal(json_object_size(all), 1);
    assert_null(strstr(text, token + 3));
    free(text);
    json_decref(all);
    free(token);
}

static void a_damaged_document_lets_nobody_in(void **state)
{
    (void)state;
    static const char *const damaged[] = {
        "{}", "[]", "{\"role\":\"admin\"}", "{\"role\":\"admin\",\"hash\":\"\"}",
        "{\"role\":\"root\",\"hash\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}"};
    for (size_t i = 0; i < OC_COUNT(damaged); i++) {
        char key[8];
        json_t *o = json_loads(damaged[i], 0, NULL);
        snprintf(key, sizeof key, "k%zu", i);
        oc_kv_put(w.s.env.store, "token", key, o, true, NULL);
        json_decref(o);
    }
    restart();
    assert_int_equal(json_array_size(stage_ask(&w.s, "token.list", NULL)), 0);
}

static void use_is_noted_but_not_written_each_time(void **state)
{
    (void)state;
    char *token = make_token("a", "viewer", "90d");
    struct oc_identity who;
    check(token, &who);
    stage_pass(&w.s, OC_SECOND);
    check(token, &who);
    const struct oc_grant *grant = oc_grants_named(&w.a->tokens, "a");
    assert_int_equal(grant->used_ms, STAGE_WALL + OC_SECOND);
    assert_int_equal(grant->written_ms, STAGE_WALL);
    stage_pass(&w.s, 5 * OC_MINUTE);
    check(token, &who);
    assert_int_equal(grant->written_ms, STAGE_WALL + OC_SECOND + 5 * OC_MINUTE);
    free(token);
}

static void a_name_is_used_once(void **state)
{
    (void)state;
    free(make_token("a", "viewer", "90d"));
    assert_int_equal(stage_refused(&w.s, "token.create", "{\"name\":\"a\"}"), OC_E_CONFLICT);
    assert_int_equal(stage_refused(&w.s, "token.create", "{\"name\":\"a b\"}"), OC_E_CONFIG);
    assert_int_equal(stage_refused(&w.s, "token.create", "{\"name\":\"\"}"), OC_E_CONFIG);
    assert_int_equal(stage_refused(&w.s, "token.create", "{}"), OC_E_CONFIG);
    assert_int_equal(stage_refused(&w.s, "token.create", "{\"name\":\"x\",\"role\":\"root\"}"),
                     OC_E_CONFIG);
    assert_int_equal(stage_refused(&w.s, "token.create", "{\"name\":\"x\",\"expires\":\"-1d\"}"),
                     OC_E_CONFIG);
}

static void an_unknown_token_cannot_be_revoked_and_is_not_repeated(void **state)
{
    (void)state;
    assert_int_equal(stage_refused(&w.s, "token.revoke", "{\"token\":\"oc_secret\"}"),
                     OC_E_NOT_FOUND);
    assert_null(strstr(w.s.error.message, "oc_secret"));
}

static void only_admins_may_touch_tokens(void **state)
{
    (void)state;
    static const char *const names[] = {"token.create", "token.list",     "token.revoke",
                                        "session.list", "session.revoke", "login"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        assert_int_equal(oc_ops_find(w.s.env.ops, names[i])->role, OC_ROLE_ADMIN);
    }
}

static void there_is_a_bound_on_tokens(void **state)
{
    (void)state;
    w.a->tokens.max = 2;
    free(make_token("a", "viewer", "90d"));
    free(make_token("b", "viewer", "90d"));
    assert_int_equal(stage_refused(&w.s, "token.create", "{\"name\":\"c\"}"), OC_E_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_has_256_random_bits_and_is_shown_once),
        TEST(a_good_token_says_who_and_with_which_role),
        TEST(nothing_but_the_token_itself_is_good),
        TEST(a_wrong_token_costs_what_a_right_one_does),
        TEST(a_token_ends_when_it_expires),
        TEST(a_token_without_an_end_stays),
        TEST(a_revoked_token_is_worthless_at_once_and_after_a_restart),
        TEST(the_store_holds_no_token),
        TEST(a_damaged_document_lets_nobody_in),
        TEST(use_is_noted_but_not_written_each_time),
        TEST(a_name_is_used_once),
        TEST(an_unknown_token_cannot_be_revoked_and_is_not_repeated),
        TEST(only_admins_may_touch_tokens),
        TEST(there_is_a_bound_on_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
