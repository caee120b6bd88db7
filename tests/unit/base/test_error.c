/* Tests of core/base/error.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>

#include "core/base/error.h"
#include "core/base/text.h"

static void every_code_has_a_name_that_leads_back(void **state)
{
    (void)state;
    for (int code = OC_E_CRASHED; code <= OC_OK; code++) {
        assert_int_equal(oc_error_code(oc_error_name(code)), code);
    }
    assert_string_equal(oc_error_name(OC_E_TIMEOUT), "timeout");
    assert_string_equal(oc_error_name(-1000), "internal");
    assert_int_equal(oc_error_code("no such"), OC_E_INTERNAL);
    assert_int_equal(oc_error_code(NULL), OC_E_INTERNAL);
}

static void codes_map_to_exit_codes(void **state)
{
    (void)state;
    assert_int_equal(oc_error_exit(OC_OK), 0);
    assert_int_equal(oc_error_exit(OC_E_NOT_FOUND), 2);
    assert_int_equal(oc_error_exit(OC_E_DENIED), 3);
    assert_int_equal(oc_error_exit(OC_E_CONFIG), 7);
    assert_int_equal(oc_error_exit(-1000), 1);
}

static void set_returns_the_code_and_clears_the_hint(void **state)
{
    (void)state;
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(err.struct_size, sizeof err);
    oc_error_hint(&err, "Try %d.", 1);
    assert_string_equal(err.hint, "Try 1.");
    assert_int_equal(oc_error_set(&err, OC_E_CONFIG, "bad %s", "key"), OC_E_CONFIG);
    assert_int_equal(err.code, OC_E_CONFIG);
    assert_string_equal(err.message, "bad key");
    assert_string_equal(err.hint, "");
}

static void nobody_needs_to_pass_an_error(void **state)
{
    (void)state;
    oc_error_init(NULL);
    oc_error_hint(NULL, "Nothing.");
    assert_int_equal(oc_error_set(NULL, OC_E_AUTH, "x"), OC_E_AUTH);
    assert_int_equal(oc_error_errno(NULL, 0, ENOENT, "x"), OC_E_NOT_FOUND);
    assert_int_equal(oc_error_prefix(NULL, "x"), OC_E_INTERNAL);
}

static void errno_gives_code_and_reason(void **state)
{
    (void)state;
    struct oc_error err;
    assert_int_equal(oc_error_errno(&err, 0, EACCES, "cannot open %s", "f"), OC_E_DENIED);
    assert_string_equal(err.message, "cannot open f: Permission denied");
    assert_int_equal(oc_error_errno(&err, OC_E_CONFIG, EACCES, "x"), OC_E_CONFIG);
    assert_int_equal(oc_error_errno(&err, 0, ETIMEDOUT, "x"), OC_E_TIMEOUT);
    assert_int_equal(oc_error_errno(&err, 0, EBUSY, "x"), OC_E_CONFLICT);
    assert_int_equal(oc_error_errno(&err, 0, ECONNREFUSED, "x"), OC_E_RETRY);
    assert_int_equal(oc_error_errno(&err, 0, EINVAL, "x"), OC_E_CONFIG);
    assert_int_equal(oc_error_errno(&err, 0, ENOSYS, "x"), OC_E_UNSUPPORTED);
    assert_int_equal(oc_error_errno(&err, 0, ECANCELED, "x"), OC_E_CANCELLED);
    assert_int_equal(oc_error_errno(&err, 0, EIO, "x"), OC_E_PERMANENT);
}

static void a_prefix_goes_in_front_and_keeps_code_and_hint(void **state)
{
    (void)state;
    struct oc_error err;
    oc_error_set(&err, OC_E_NOT_FOUND, "no such key");
    oc_error_hint(&err, "Add it.");
    assert_int_equal(oc_error_prefix(&err, "%s:%d", "a.conf", 3), OC_E_NOT_FOUND);
    assert_string_equal(err.message, "a.conf:3: no such key");
    assert_string_equal(err.hint, "Add it.");
}

static void the_old_message_may_be_part_of_the_new(void **state)
{
    (void)state;
    struct oc_error err;
    oc_error_set(&err, OC_E_AUTH, "inner");
    oc_error_set(&err, OC_E_RETRY, "outer (%s)", err.message);
    assert_string_equal(err.message, "outer (inner)");
}

static void long_messages_are_cut_between_characters(void **state)
{
    (void)state;
    struct oc_error err;
    char text[2000] = "x"; /* the x moves the two-byte characters to odd places */
    for (size_t i = 1; i + 2 < sizeof text; i += 2) {
        memcpy(text + i, "\xc3\xa4", 3);
    }
    oc_error_set(&err, OC_E_CONFIG, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_true(oc_utf8_valid(err.message, strlen(err.message)));
    oc_error_prefix(&err, "p");
    assert_true(strlen(err.message) >= sizeof err.message - 2);
    assert_true(oc_utf8_valid(err.message, strlen(err.message)));
    oc_error_errno(&err, 0, EIO, "%s", text);
    assert_true(oc_utf8_valid(err.message, strlen(err.message)));
    oc_error_hint(&err, "%s", text);
    assert_true(oc_utf8_valid(err.hint, strlen(err.hint)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_name_that_leads_back),
        cmocka_unit_test(codes_map_to_exit_codes),
        cmocka_unit_test(set_returns_the_code_and_clears_the_hint),
        cmocka_unit_test(nobody_needs_to_pass_an_error),
        cmocka_unit_test(errno_gives_code_and_reason),
        cmocka_unit_test(a_prefix_goes_in_front_and_keeps_code_and_hint),
        cmocka_unit_test(the_old_message_may_be_part_of_the_new),
        cmocka_unit_test(long_messages_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
