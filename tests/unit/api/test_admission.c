/* Tests of core/api/admission.c: what was let in is judged again by what is configured now. SPDX-License-Identifier: MIT */
#include "tests/unit/api/guard_stage.h"

#include "core/api/admission.h"

/* Let in as things are, and kept. */
static struct oc_admission let_in(struct oc_http_request *r)
{
    struct oc_admission a = {0};
    assert_int_equal(ask(r, &viewer_route, &r->who), 200);
    oc_admission_take(&a, r);
    assert_null(oc_admission_over(&a, &api.options, false));
    return a;
}

static void a_certificate_whose_role_changes_is_over(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    r.tls = true;
    r.certificate = "deploy";
    struct oc_admission a = let_in(&r);
    assert_int_equal(a.who.role, OC_ROLE_OPERATOR);
    static const struct oc_api_client tables[][1] = {
        {{"deploy", OC_ROLE_VIEWER}}, {{"deploy", OC_ROLE_ADMIN}}, {{"Deploy", OC_ROLE_OPERATOR}}};
    for (size_t i = 0; i < OC_COUNT(tables); i++) {
        api.options.tls.clients = (struct oc_list){tables[i], 1};
        assert_non_null(oc_admission_over(&a, &api.options, false));
    }
    api.options.tls.clients = (struct oc_list){clients, 1};
    assert_null(oc_admission_over(&a, &api.options, true));
    oc_admission_finish(&a);
}

static void a_certificate_that_has_expired_is_over(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    r.tls = true;
    r.certificate = "deploy";
    struct oc_admission a = let_in(&r);
    assert_true(a.who.expires_ms > 0);
    oc_time_fake(a.who.expires_ms - 1, 1000);
    assert_null(oc_admission_over(&a, &api.options, false));
    oc_time_fake(a.who.expires_ms, 1001);
    assert_non_null(oc_admission_over(&a, &api.options, false));
    oc_admission_finish(&a);
}

static void nobody_stays_where_nobody_is_let_in(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    api.options.anonymous = true;
    struct oc_admission a = let_in(&r);
    api.options.anonymous = false;
    assert_non_null(oc_admission_over(&a, &api.options, false));
    oc_admission_finish(&a);
}

static void a_token_stays_while_its_name_and_its_page_are_known(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    add(&r, "Host", "ops.example.org");
    add(&r, "Origin", "https://panel.example.org");
    add(&r, "Authorization", "Bearer token-viewer");
    struct oc_admission a = let_in(&r);
    api.options.tls.clients.count = 0; /* is not about it */
    api.options.origins.count = 0;
    assert_non_null(oc_admission_over(&a, &api.options, false));
    api.options.origins.count = 1;
    api.options.hosts.count = 0;
    assert_non_null(oc_admission_over(&a, &api.options, false));
    api.options.hosts.count = 1;
    assert_null(oc_admission_over(&a, &api.options, false));
    assert_non_null(
        oc_admission_over(&a, &api.options, true)); /* the listener wants a certificate now */
    oc_admission_finish(&a);
}

static void a_page_of_ours_needs_no_list(void **state)
{
    (void)state;
    struct oc_http_request r = plain("GET");
    add(&r, "Origin", "http://127.0.0.1:3000");
    add(&r, OC_SESSION_COOKIE, "session-viewer");
    struct oc_admission a = let_in(&r);
    api.options.origins.count = api.options.hosts.count = 0;
    assert_null(oc_admission_over(&a, &api.options, false));
    oc_admission_finish(&a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_whose_role_changes_is_over),
        TEST(a_certificate_that_has_expired_is_over),
        TEST(nobody_stays_where_nobody_is_let_in),
        TEST(a_token_stays_while_its_name_and_its_page_are_known),
        TEST(a_page_of_ours_needs_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
