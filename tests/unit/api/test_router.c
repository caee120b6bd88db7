/* Tests of the router: literals, names, rests, methods. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/router.h"

static void handle(struct oc_http_request *r, void *ctx)
{
    (void)r;
    (void)ctx;
}

static const struct oc_route routes[] = {
    {.method = "GET", .pattern = "/", .handler = handle},
    {.method = "GET", .pattern = "/api/jobs", .handler = handle},
    {.method = "GET", .pattern = "/api/jobs/{id}", .handler = handle},
    {.method = "DELETE", .pattern = "/api/jobs/{id}", .handler = handle},
    {.method = "GET", .pattern = "/api/jobs/{id}/events", .handler = handle},
    {.method = "GET", .pattern = "/api/jobs/all", .handler = handle},
    {.method = "POST", .pattern = "/api/{op...}", .handler = handle},
    {.method = "GET", .pattern = "/{path...}", .handler = handle},
    {0}};

static int setup(void **state)
{
    static struct oc_router router;
    oc_router_add(&router, routes, NULL);
    *state = &router;
    return 0;
}

static int teardown(void **state)
{
    oc_router_finish(*state);
    return 0;
}

static void expect(void **state, const char *method, const char *path, const char *pattern,
                   const char *first)
{
    struct oc_match m;
    oc_router_find(*state, method, path, &m);
    if (pattern) {
        assert_non_null(m.route);
        assert_string_equal(m.route->pattern, pattern);
    } else {
        assert_null(m.route);
    }
    if (first) {
        assert_non_null(m.params[0]);
        assert_string_equal(m.params[0], first);
    }
    oc_match_finish(&m);
}

static void a_literal_wins_over_a_name_and_a_name_over_the_rest(void **state)
{
    expect(state, "GET", "/", "/", NULL);
    expect(state, "GET", "/api/jobs", "/api/jobs", NULL);
    expect(state, "GET", "/api/jobs/all", "/api/jobs/all", NULL);
    expect(state, "GET", "/api/jobs/17", "/api/jobs/{id}", "17");
    expect(state, "GET", "/api/jobs/17/events", "/api/jobs/{id}/events", "17");
    expect(state, "POST", "/api/jobs/17/none", "/api/{op...}", "jobs/17/none");
    expect(state, "GET", "/assets/x.js", "/{path...}", "assets/x.js");
}

static void what_is_tried_in_vain_leaves_no_parameter_behind(void **state)
{
    expect(state, "POST", "/api/alert/ack", "/api/{op...}", "alert/ack");
    expect(state, "POST", "/api/jobs/17/x", "/api/{op...}", "jobs/17/x");
}

static void a_path_that_has_other_methods_is_not_looked_for_elsewhere(void **state)
{
    expect(state, "POST", "/api/jobs/17/events", NULL, NULL);
    expect(state, "GET", "/api/jobs/17/none", NULL, NULL);
    struct oc_match m;
    oc_router_find(*state, "GET", "/api/alert/ack", &m);
    assert_string_equal(m.allow, "POST");
    oc_match_finish(&m);
}

static void the_method_of_all_others_is_not_in_allow(void **state)
{
    static const struct oc_route any[] = {{.method = "PUT", .pattern = "/any", .handler = handle},
                                          {.method = "*", .pattern = "/any", .handler = handle},
                                          {0}};
    oc_router_add(*state, any, NULL);
    struct oc_match m;
    oc_router_find(*state, "PUT", "/any", &m);
    assert_string_equal(m.route->method, "PUT");
    oc_match_finish(&m);
    oc_router_find(*state, "DELETE", "/any", &m);
    assert_string_equal(m.route->method, "*");
    oc_match_finish(&m);
}

static void what_only_its_handler_knows_is_not_known_for_other_methods(void **state)
{
    static const struct oc_route files[] = {{.method = "GET",
                                             .pattern = "/files/{path...}",
                                             .flags = OC_ROUTE_MAYBE,
                                             .handler = handle},
                                            {0}};
    struct oc_router router = {0};
    struct oc_match m;
    (void)state;
    oc_router_add(&router, files, NULL);
    oc_router_find(&router, "POST", "/files/x", &m);
    assert_null(m.route);
    assert_null(m.allow);
    oc_match_finish(&m);
    oc_router_find(&router, "HEAD", "/files/x", &m);
    assert_non_null(m.route);
    oc_match_finish(&m);
    oc_router_finish(&router);
}

static void head_finds_get(void **state)
{
    expect(state, "HEAD", "/api/jobs/17", "/api/jobs/{id}", "17");
}

static void a_known_path_says_which_methods_it_has(void **state)
{
    struct oc_match m;
    oc_router_find(*state, "PUT", "/api/jobs/17", &m);
    assert_null(m.route);
    assert_non_null(m.allow);
    assert_non_null(strstr(m.allow, "GET"));
    oc_match_finish(&m);
}

static void count(void *ctx, const struct oc_route *route)
{
    (void)route;
    ++*(int *)ctx;
}

static void every_route_is_visited(void **state)
{
    int n = 0;
    oc_router_each(*state, count, &n);
    assert_int_equal(n, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_wins_over_a_name_and_a_name_over_the_rest),
        cmocka_unit_test(what_is_tried_in_vain_leaves_no_parameter_behind),
        cmocka_unit_test(a_path_that_has_other_methods_is_not_looked_for_elsewhere),
        cmocka_unit_test(what_only_its_handler_knows_is_not_known_for_other_methods),
        cmocka_unit_test(head_finds_get),
        cmocka_unit_test(a_known_path_says_which_methods_it_has),
        cmocka_unit_test(every_route_is_visited),
        cmocka_unit_test(the_method_of_all_others_is_not_in_allow),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
