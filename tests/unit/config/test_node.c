/* Tests of core/config/node.c and path.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

#include <math.h>

#include "core/config/path.h"

static const char text[] =
    "store = { backend = \"sqlite\"; depth = 3; ratio = 0.5; on = true; };\n"
    "collectors = ( { plugin = \"system\"; },\n"
    "               { plugin = \"http\"; name = \"web\"; codes = [200, 201]; } );\n";

static void keys_lead_into_groups_and_lists(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    const struct oc_node *root = must_parse(&arena, text);

    assert_string_equal(oc_node_get(root, "store.backend")->string, "sqlite");
    assert_int_equal(oc_node_get(root, "store.depth")->integer, 3);
    assert_int_equal(oc_node_get(root, "collectors[1].codes[1]")->integer, 201);
    assert_ptr_equal(oc_node_get(root, ""), root);
    oc_arena_finish(&arena);
}

static void an_item_is_chosen_by_name_or_plugin(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    const struct oc_node *root = must_parse(&arena, text);

    assert_ptr_equal(oc_node_get(root, "collectors[web]"), oc_node_get(root, "collectors[1]"));
    assert_ptr_equal(oc_node_get(root, "collectors.web"), oc_node_get(root, "collectors[1]"));
    assert_ptr_equal(oc_node_get(root, "collectors.system"), oc_node_get(root, "collectors[0]"));
    assert_null(oc_node_get(root, "collectors[http]")); /* its name is web */
    oc_arena_finish(&arena);
}

static void a_name_that_is_a_number_goes_before_a_position(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_buf out = {0};
    const struct oc_node *root = must_parse(
        &arena, "collectors = ( { name = \"1\"; x = 5; }, { name = \"web\"; x = 6; } );");

    assert_int_equal(oc_node_get(root, "collectors[1].x")->integer, 5);
    assert_int_equal(oc_node_get(root, "collectors[0].x")->integer, 5);
    assert_true(oc_path_canonical(root, "collectors[0].x", &out));
    assert_string_equal(out.data, "collectors[1].x");
    assert_true(oc_path_canonical(root, "collectors[1].x", &out));
    assert_string_equal(out.data, "collectors[1].x");
    oc_buf_finish(&out);
    oc_arena_finish(&arena);
}

static void what_is_not_there_or_malformed_is_null(void **state)
{
    (void)state;
    static const char *const keys[] = {"x",
                                       "store.x",
                                       "store[0]",
                                       "collectors[2]",
                                       "store..x",
                                       "store.",
                                       ".store",
                                       "collectors[",
                                       "collectors[]",
                                       "[",
                                       "]",
                                       "collectors[0]x",
                                       "collectors[-1]",
                                       "collectors[99999999999999999999999]",
                                       "store.backend.x",
                                       "store.backend[0]"};
    struct oc_arena arena = {0};
    const struct oc_node *root = must_parse(&arena, text);

    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        assert_null(oc_node_get(root, keys[i]));
    }
    oc_arena_finish(&arena);
}

static void a_canonical_key_names_items_of_by_name_lists(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_buf out = {0};
    const struct oc_node *root = must_parse(&arena, text);

    assert_true(oc_path_canonical(root, "collectors.web.codes[0]", &out));
    assert_string_equal(out.data, "collectors[web].codes[0]");
    assert_true(oc_path_canonical(root, "collectors[0].interval", &out));
    assert_string_equal(out.data, "collectors[system].interval");
    assert_true(oc_path_canonical(root, "not.there", &out));
    assert_string_equal(out.data, "not.there");
    assert_false(oc_path_canonical(root, "not..there", &out));
    oc_buf_finish(&out);
    oc_arena_finish(&arena);
}

static void a_tree_becomes_json(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    const struct oc_node *root = must_parse(&arena, text);

    assert_json(oc_node_json(root),
                "{\"collectors\":[{\"plugin\":\"system\"},{\"codes\":[200,201],\"name\":\"web\","
                "\"plugin\":\"http\"}],\"store\":{\"backend\":\"sqlite\",\"depth\":3,\"on\":true,"
                "\"ratio\":0.5}}");
    oc_arena_finish(&arena);
}

static void json_becomes_a_tree_without_its_nulls(void **state)
{
    (void)state;
    json_t *json =
        oc_json_parse("{\"a\":[1,null,2.5,\"x\"],\"b\":null,\"c\":{\"d\":true}}", 46, NULL);
    struct oc_node *root = oc_node_from_json(json, "request");
    json_decref(json);

    assert_null(oc_node_get(root, "b"));
    assert_string_equal(oc_node_get(root, "a")->file, "request");
    assert_string_equal(oc_node_get(root, "c.d")->key, "d");
    assert_json(oc_node_json(root), "{\"a\":[1,2.5,\"x\"],\"c\":{\"d\":true}}");
    oc_node_free(root);
    oc_node_free(NULL);
}

static void deep_json_is_cut_off(void **state)
{
    (void)state;
    json_t *json = json_array();
    for (int i = 0; i < 1000; i++) {
        json_t *outer = json_array();
        json_array_append_new(outer, json);
        json = outer;
    }
    struct oc_node *root = oc_node_from_json(json, NULL);
    int depth = 0;
    for (const struct oc_node *n = root; n->count; n = n->children[0]) {
        depth++;
    }
    assert_int_equal(depth, OC_CONFIG_MAX_DEPTH);
    oc_node_free(root);
    json_decref(json);
}

static void a_number_that_json_cannot_hold_is_null(void **state)
{
    (void)state;
    struct oc_node node = {.type = OC_NODE_FLOAT, .number = INFINITY};
    assert_json(oc_node_json(&node), "null");
}

static void types_have_names(void **state)
{
    (void)state;
    assert_string_equal(oc_node_type_name(OC_NODE_GROUP), "group");
    assert_string_equal(oc_node_type_name(OC_NODE_INT), "integer");
    assert_string_equal(oc_node_type_name(OC_NODE_STRING), "string");
}

static void a_secret_in_a_file_is_found_however_deep(void **state)
{
    json_t *with = json_loads("{\"a\":[{\"b\":1},{\"p\":\"$file:/x\"}]}", 0, NULL);
    json_t *without = json_loads("{\"a\":[{\"b\":\"$env:X\"},{\"p\":\"a $file:/x\"}]}", 0, NULL);
    struct oc_node *yes = oc_node_from_json(with, "x"), *no = oc_node_from_json(without, "x");
    (void)state;
    assert_true(oc_node_has_secret_file(yes));
    assert_false(oc_node_has_secret_file(no));
    oc_node_free(yes);
    oc_node_free(no);
    json_decref(with);
    json_decref(without);
}

static void a_tree_made_in_place_of_a_node_says_where_that_was_written(void **state)
{
    (void)state;
    char file[] = "a.conf", dir[] = "/etc/a";
    const struct oc_node origin = {.file = file, .dir = dir, .line = 7, .layer = OC_LAYER_CONFD};
    json_t *json = json_pack("{s:[s]}", "paths", "x.lua");
    struct oc_node *root = oc_node_from_json_at(json, &origin);
    file[0] = dir[0] = '?'; /* copies: the original may go */
    const struct oc_node *leaf = oc_node_get(root, "paths[0]");
    assert_string_equal(leaf->file, "a.conf");
    assert_string_equal(leaf->dir, "/etc/a");
    assert_int_equal(leaf->line, 7);
    assert_int_equal(leaf->layer, OC_LAYER_CONFD);
    oc_node_free(root);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_lead_into_groups_and_lists),
        cmocka_unit_test(an_item_is_chosen_by_name_or_plugin),
        cmocka_unit_test(a_name_that_is_a_number_goes_before_a_position),
        cmocka_unit_test(what_is_not_there_or_malformed_is_null),
        cmocka_unit_test(a_canonical_key_names_items_of_by_name_lists),
        cmocka_unit_test(a_tree_becomes_json),
        cmocka_unit_test(json_becomes_a_tree_without_its_nulls),
        cmocka_unit_test(a_tree_made_in_place_of_a_node_says_where_that_was_written),
        cmocka_unit_test(deep_json_is_cut_off),
        cmocka_unit_test(a_number_that_json_cannot_hold_is_null),
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(a_secret_in_a_file_is_found_however_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
