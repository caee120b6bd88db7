/* Tests of core/policy/tape.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/policy/tape.h"

static void expect(const struct oc_tape *t, const char *text)
{
    json_t *json = oc_tape_json(t);
    char *said = json_dumps(json, JSON_COMPACT);
    assert_string_equal(said, text);
    free(said);
    json_decref(json);
}

static void key(struct oc_tape *t, const char *name)
{
    oc_tape_key(t, name, strlen(name));
}

static void text(struct oc_tape *t, const char *value)
{
    oc_tape_text(t, value, strlen(value));
}

static void what_was_said_is_read_as_json(void **state)
{
    struct oc_tape t = {0};
    (void)state;
    expect(&t, "[]");
    oc_tape_object(&t);
    key(&t, "id");
    text(&t, "aa");
    key(&t, "labels");
    oc_tape_object(&t);
    oc_tape_end(&t);
    key(&t, "told");
    oc_tape_list(&t);
    text(&t, "mail");
    oc_tape_bool(&t, true);
    oc_tape_number(&t, 0.5);
    oc_tape_nil(&t);
    oc_tape_end(&t);
    key(&t, "absent");
    oc_tape_nil(&t);
    oc_tape_end(&t);
    oc_tape_integer(&t, -7);
    oc_tape_nil(&t);
    expect(&t, "[{\"id\":\"aa\",\"labels\":{},\"told\":[\"mail\",true,0.5,null]},-7,null]");
    oc_tape_finish(&t);
}

static void what_json_cannot_say_is_null(void **state)
{
    struct oc_tape t = {0};
    (void)state;
    text(&t, "\xff");
    oc_tape_number(&t, NAN);
    oc_tape_text(&t, "a\0b", 3);
    expect(&t, "[null,null,\"a\\u0000b\"]");
    oc_tape_finish(&t);
}

static void a_copy_stays_as_it_was(void **state)
{
    struct oc_tape t = {0};
    json_t *value = json_pack("{s:[i]}", "n", 1), *kept = json_pack("[s]", "ops");
    (void)state;
    oc_tape_copy(&t, value);
    oc_tape_share(&t, kept);
    json_array_append_new(json_object_get(value, "n"), json_integer(2));
    json_decref(value);
    json_decref(kept);
    expect(&t, "[{\"n\":[1]},[\"ops\"]]");
    oc_tape_finish(&t);
}

static void a_tape_is_moved_with_what_it_holds(void **state)
{
    struct oc_tape from = {0}, to = {0};
    json_t *value = json_pack("[i]", 3);
    (void)state;
    oc_tape_copy(&to, value);
    oc_tape_copy(&from, value);
    text(&from, "x");
    assert_true(from.size >= 6);
    oc_tape_move(&to, &from);
    expect(&to, "[[3],\"x\"]");
    expect(&from, "[]");
    assert_int_equal(from.size, 0);
    oc_tape_bool(&from, false); /* it can be used again */
    expect(&from, "[false]");
    oc_tape_clear(&to);
    expect(&to, "[]");
    oc_tape_finish(&from);
    oc_tape_finish(&to);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_said_is_read_as_json),
        cmocka_unit_test(what_json_cannot_say_is_null),
        cmocka_unit_test(a_copy_stays_as_it_was),
        cmocka_unit_test(a_tape_is_moved_with_what_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
