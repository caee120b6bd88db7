/* Tests of core/api/openapi: the document is made of the table and the routes. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/openapi/openapi.h"
#include "core/base/json.h"
#include "core/base/mem.h"

struct params {
    const char *id, *comment, *password;
    int64_t limit, wait;
    int32_t all;
    struct oc_list names, labels;
};
#define AT(member) offsetof(struct params, member)
static const struct oc_option options[] = {
    {.name = "id",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(id),
     .help = "<which>"},
    {.name = "names",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(names),
     .help = "x"},
    {.name = "comment", .type = OC_OPT_STRING, .offset = AT(comment), .help = "x"},
    {.name = "limit",
     .type = OC_OPT_INT,
     .offset = AT(limit),
     .default_text = "7",
     .max = 9,
     .help = "x"},
    {.name = "max_wait", .type = OC_OPT_DURATION, .offset = AT(wait), .help = "x"},
    {.name = "all", .type = OC_OPT_BOOL, .offset = AT(all), .help = "x"},
    {.name = "labels", .type = OC_OPT_MAP, .offset = AT(labels), .help = "x"},
    {.name = "password", .type = OC_OPT_SECRET, .offset = AT(password), .help = "x"},
    {0}};

static void handle_call(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, NULL);
}

static const struct oc_op ops[] = {
    {.name = "a.read",
     .summary = "Read <b>",
     .params = options,
     .params_size = sizeof(struct params),
     .example = "openclaw a read 5f1c x 'y z' --comment=\"on it\" --max-wait 2h --all\nmore",
     .result = "{id: string}",
     .handler = handle_call},
    {.name = "a.write",
     .summary = "Write",
     .role = OC_ROLE_ADMIN,
     .flags = OC_OP_MUTATES,
     .example = "ls | openclaw a write",
     .handler = handle_call},
    {.name = "a.secret", .summary = "x", .flags = OC_OP_INTERNAL, .handler = handle_call},
    {.name = "a.file", .summary = "x", .flags = OC_OP_PRIVATE, .handler = handle_call}};

static void handle_route(struct oc_http_request *r, void *ctx)
{
    (void)r;
    (void)ctx;
}

static const struct oc_route routes[] = {
    {"GET", "/healthz", OC_ROUTE_PUBLIC, 0, handle_route, "It runs"},
    {"PUT", "/x/{name}/{path...}", OC_ROUTE_OPERATOR, 0, handle_route, "Put"},
    {"GET", "/ws", OC_ROUTE_VIEWER, OC_ROUTE_UPGRADE, handle_route, "A socket"},
    {"GET", "/one/{id}", OC_ROUTE_VIEWER, 0, handle_route, "One"},
    {"GET", "/hidden", OC_ROUTE_VIEWER, 0, handle_route, NULL},
    {0}};
static const struct oc_route_doc docs[] = {{.method = "GET",
                                            .pattern = "/healthz",
                                            .response = "{\"type\":\"string\"}",
                                            .response_type = "text/plain",
                                            .responses = "{\"503\":{\"description\":\"no\"}}"},
                                           {.method = "GET",
                                            .pattern = "/one/{id}",
                                            .tag = "ones",
                                            .parameters = "[{\"name\":\"id\",\"in\":\"path\"}]",
                                            .response = "[{id: uuid}]"},
                                           {0}};

static struct {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_ops *ops;
    struct oc_router router;
    json_t *document;
} f;

static int setup(void **state)
{
    memset(&f, 0, sizeof f);
    f.loop = oc_loop_create();
    f.bus = oc_bus_create();
    f.ops = oc_ops_create(f.loop, f.bus);
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(f.ops, &ops[i], NULL);
    }
    oc_router_add(&f.router, routes, NULL);
    oc_router_describe(&f.router, docs);
    f.document = oc_openapi_document(f.ops, &f.router, "1.2.3");
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(f.document);
    oc_router_finish(&f.router);
    oc_ops_destroy(f.ops);
    oc_bus_destroy(f.bus);
    oc_loop_destroy(f.loop);
    return 0;
}

static json_t *at(const char *path, const char *method)
{
    return json_object_get(json_object_get(json_object_get(f.document, "paths"), path), method);
}

static void operations_that_are_shown_have_a_path(void **state)
{
    (void)state;
    assert_non_null(at("/api/v1/a/read", "get"));
    assert_non_null(at("/api/v1/a/read", "post"));
    assert_null(at("/api/v1/a/write", "get"));
    assert_string_equal(oc_json_str(at("/api/v1/a/write", "post"), "x-openclaw-role", ""), "admin");
    assert_null(at("/api/v1/a/secret", "post"));
    assert_null(at("/api/v1/a/file", "post"));
}

static json_t *param(const json_t *list, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        if (strcmp(oc_json_str(one, "name", ""), name) == 0) {
            return one;
        }
    }
    return NULL;
}

static void a_query_has_what_can_be_written_in_one(void **state)
{
    (void)state;
    const json_t *list = json_object_get(at("/api/v1/a/read", "get"), "parameters");
    assert_true(oc_json_bool(param(list, "id"), "required", false));
    assert_int_equal(oc_json_int(json_object_get(param(list, "limit"), "schema"), "default", 0), 7);
    assert_string_equal(oc_json_str(param(list, "labels"), "style", ""), "deepObject");
    assert_null(param(list, "password"));
}

static void the_example_of_the_command_line_is_that_of_the_body(void **state)
{
    (void)state;
    json_t *example = oc_json_path(at("/api/v1/a/read", "post"), "requestBody.content");
    example = json_object_get(json_object_get(example, "application/json"), "example");
    char *text = oc_json_text(example);
    assert_string_equal(text, "{\"all\":true,\"comment\":\"on it\",\"id\":\"5f1c\",\"max_wait\":"
                              "\"2h\",\"names\":[\"x\",\"y z\"]}");
    free(text);
    assert_null(oc_openapi_example(&ops[1]));
    assert_null(oc_openapi_example(&ops[2]));
}

static void what_is_required_is_in_every_example(void **state)
{
    (void)state;
    static const struct oc_option inner[] = {
        {.name = "name", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED}, {0}};
    static const struct oc_option table[] = {
        {.name = "agent", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED},
        {.name = "status", .type = OC_OPT_ENUM, .flags = OC_OPT_REQUIRED, .choices = "up|down"},
        {.name = "term", .type = OC_OPT_INT, .flags = OC_OPT_REQUIRED, .min = 3},
        {.name = "count", .type = OC_OPT_INT, .flags = OC_OPT_REQUIRED, .default_text = "9"},
        {.name = "grant", .type = OC_OPT_BOOL, .flags = OC_OPT_REQUIRED},
        {.name = "wait", .type = OC_OPT_DURATION, .flags = OC_OPT_REQUIRED},
        {.name = "url", .type = OC_OPT_URL, .flags = OC_OPT_REQUIRED, .choices = "http|https"},
        {.name = "names", .type = OC_OPT_STRINGS, .flags = OC_OPT_REQUIRED},
        {.name = "steps", .type = OC_OPT_GROUPS, .flags = OC_OPT_REQUIRED, .options = inner},
        {.name = "note", .type = OC_OPT_STRING},
        {0}};
    static const struct oc_op op = {
        .name = "a.made", .summary = "x", .params = table, .example = "elsewhere"};
    json_t *example = oc_openapi_example(&op);
    char *text = oc_json_text(example);
    assert_string_equal(text,
                        "{\"agent\":\"AGENT\",\"count\":9,\"grant\":true,\"names\":[\"NAMES\"],"
                        "\"status\":\"up\",\"steps\":[{\"name\":\"NAME\"}],\"term\":3,"
                        "\"url\":\"http://example.org/\",\"wait\":\"1h\"}");
    free(text);
    json_decref(example);
    const json_t *id = param(json_object_get(at("/api/v1/a/read", "get"), "parameters"), "id");
    assert_string_equal(oc_json_str(id, "example", ""), "5f1c");
}

static void routes_are_described_by_their_areas(void **state)
{
    (void)state;
    const json_t *alive = at("/healthz", "get");
    assert_int_equal(json_array_size(json_object_get(alive, "security")), 0);
    const json_t *responses = json_object_get(alive, "responses");
    assert_string_equal(oc_json_str(json_object_get(responses, "503"), "description", ""), "no");
    assert_null(json_object_get(responses, "401"));
    const json_t *put = at("/x/{name}/{path}", "put");
    assert_int_equal(json_array_size(json_object_get(put, "parameters")), 2);
    assert_string_equal(oc_json_str(put, "operationId", ""), "put_x_name_path");
    assert_null(at("/hidden", "get"));
    assert_null(at("/ws", "get"));
    assert_string_equal(
        oc_json_str(json_object_get(f.document, "x-openclaw-websockets"), "/ws", ""), "A socket");
}

static char *schema_at(const char *path, const char *type)
{
    json_t *content = oc_json_path(at(path, "get"), "responses.200.content");
    return oc_json_text(json_object_get(json_object_get(content, type), "schema"));
}

static void a_result_is_the_data_of_the_answer(void **state)
{
    (void)state;
    char *text = schema_at("/api/v1/a/read", "application/json");
    assert_non_null(strstr(text, "\"data\":{\"properties\":{\"id\":{\"type\":\"string\"}},"
                                 "\"required\":[\"id\"],\"type\":\"object\"}"));
    assert_non_null(strstr(text, "\"required\":[\"ok\",\"data\",\"warnings\"]"));
    free(text);
}

static void a_route_may_say_more_of_its_path_and_be_short(void **state)
{
    (void)state;
    const json_t *one = at("/one/{id}", "get");
    assert_int_equal(json_array_size(json_object_get(one, "parameters")), 1);
    assert_string_equal(json_string_value(oc_json_path(one, "tags[0]")), "ones");
    char *text = schema_at("/one/{id}", "application/json");
    assert_string_equal(text, "{\"items\":{\"properties\":{\"id\":{\"format\":\"uuid\",\"type\":"
                              "\"string\"}},\"required\":[\"id\"],\"type\":\"object\"},\"type\":"
                              "\"array\"}");
    free(text);
}

static void the_page_shows_everything_and_no_markup_of_others(void **state)
{
    (void)state;
    struct oc_buf page = {0};
    oc_openapi_page(f.document, &page);
    assert_non_null(strstr(page.data, "/api/v1/a/write"));
    assert_non_null(strstr(page.data, "Read &lt;b&gt;"));
    assert_non_null(strstr(page.data, "&lt;which&gt;"));
    assert_null(strstr(page.data, "<which>"));
    assert_null(strstr(page.data, "<script"));
    assert_non_null(strstr(page.data, "data: <code>{id: string}</code>"));
    assert_non_null(strstr(page.data, "-X PUT"));
    oc_buf_finish(&page);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(operations_that_are_shown_have_a_path),
        T(a_query_has_what_can_be_written_in_one),
        T(the_example_of_the_command_line_is_that_of_the_body),
        T(what_is_required_is_in_every_example),
        T(routes_are_described_by_their_areas),
        T(a_result_is_the_data_of_the_answer),
        T(a_route_may_say_more_of_its_path_and_be_short),
        T(the_page_shows_everything_and_no_markup_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
