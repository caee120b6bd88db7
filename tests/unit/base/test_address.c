/* IP addresses by their text. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/address.h"

static void only_addresses_of_this_machine_alone_are_loopback(void **state)
{
    (void)state;
    assert_true(oc_address_is_loopback("127.0.0.1"));
    assert_true(oc_address_is_loopback("127.9.8.7"));
    assert_true(oc_address_is_loopback("::1"));
    assert_true(oc_address_is_loopback("0:0:0:0:0:0:0:1"));
    assert_false(oc_address_is_loopback("127.example.org"));
    assert_false(oc_address_is_loopback("localhost"));
    assert_false(oc_address_is_loopback("12.7.0.0"));
    assert_false(oc_address_is_loopback("::"));
    assert_false(oc_address_is_loopback(""));
}

static void an_address_is_the_same_however_it_is_written(void **state)
{
    (void)state;
    assert_true(oc_address_same("::1", "0:0:0:0:0:0:0:1"));
    assert_true(oc_address_same("10.0.0.1", "10.0.0.1"));
    assert_false(oc_address_same("10.0.0.1", "10.0.0.2"));
    assert_false(oc_address_same("0.0.0.0", "::"));
    assert_false(oc_address_same("host", "host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_addresses_of_this_machine_alone_are_loopback),
        cmocka_unit_test(an_address_is_the_same_however_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
