/* The hash that consent is given for. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "core/package/surface.h"

static void assert_surface(const char *permissions, const char *expected)
{
    char hex[OC_SHA256_HEX];
    json_t *list = json_loads(permissions, 0, NULL);
    oc_surface(list, hex);
    assert_string_equal(hex, expected);
    json_decref(list);
}

/* Digests of sha256sum: registries have signed such, and people have consented to them. */
static void it_is_the_digest_of_the_sorted_permissions(void **state)
{
    static const char both[] = "e9ff8bb399eb247809f5fce27f62099c9b34db76511a1839a143666714915e84";
    (void)state;
    assert_surface("[]", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_surface("[\"network:tcp:443\"]",
                   "bf7aa9219567f84c035d7f6b5066d6ca64495c3d3573e735e67a1495fccb4ef2");
    assert_surface("[\"network:tcp:443\", \"filesystem:read:/x\"]", both);
    assert_surface("[\"filesystem:read:/x\", \"network:tcp:443\"]", both);
}

static void what_is_no_text_counts_as_an_empty_one(void **state)
{
    (void)state;
    assert_surface("[7]", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_digest_of_the_sorted_permissions),
        cmocka_unit_test(what_is_no_text_counts_as_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
