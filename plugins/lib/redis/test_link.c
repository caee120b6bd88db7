/* Tests of what the errors of a Redis server mean. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "redis/link.h"

static void every_error_has_its_class(void **state)
{
    static const struct {
        const char *error;
        int32_t code;
    } table[] = {
        {"NOAUTH Authentication required.", OC_E_AUTH},
        {"WRONGPASS invalid username-password pair or user is disabled.", OC_E_AUTH},
        {"NOPERM this user has no permissions to run the 'info' command", OC_E_AUTH},
        {"ERR invalid password", OC_E_AUTH},
        {"ERR Client sent AUTH, but no password is set", OC_E_AUTH},
        {"ERR AUTH <password> called without any password configured", OC_E_AUTH},
        {"DENIED Redis is running in protected mode", OC_E_AUTH},
        {"ERR max number of clients reached", OC_E_RETRY},
        {"ERR max number of clients + cluster connections reached", OC_E_RETRY},
        {"LOADING Redis is loading the dataset in memory", OC_E_RETRY},
        {"BUSY Redis is busy running a script.", OC_E_RETRY},
        {"MASTERDOWN Link with MASTER is down", OC_E_RETRY},
        {"READONLY You can't write against a read only replica.", OC_E_RETRY},
        {"NOREPLICAS Not enough good replicas to write.", OC_E_RETRY},
        {"OOM command not allowed when used memory > 'maxmemory'.", OC_E_RETRY},
        {"MISCONF Redis is configured to save RDB snapshots", OC_E_RETRY},
        {"BUSYKEY Target key name already exists.", OC_E_PERMANENT},
        {"NOSCRIPT No matching script.", OC_E_PERMANENT},
        {"WRONGTYPE Operation against a key holding the wrong kind of value", OC_E_PERMANENT},
        {"ERR unknown command", OC_E_PERMANENT},
        {"", OC_E_PERMANENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(oc_redis_class(table[i].error), table[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
