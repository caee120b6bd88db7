/* Tests of skip.c: what is short goes through, what is long is cut, in whatever pieces it comes. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "redis/skip.h"

#include <string.h>

#define MAX 8

struct passed {
    char text[512];
    size_t len;
};

static int take(void *ctx, const char *data, size_t len)
{
    struct passed *p = ctx;
    assert_true(p->len + len < sizeof p->text);
    memcpy(p->text + p->len, data, len);
    p->len += len;
    return 0;
}

static int refuse(void *ctx, const char *data, size_t len)
{
    (void)ctx;
    (void)data;
    (void)len;
    return 7;
}

static void long_strings_are_cut_in_whatever_pieces_they_come(void **state)
{
    static const struct {
        const char *in, *out;
    } table[] = {
        {"+OK\r\n", "+OK\r\n"},
        {":12\r\n$-1\r\n*-1\r\n", ":12\r\n$-1\r\n*-1\r\n"},
        {"$0\r\n\r\n$8\r\n12345678\r\n", "$0\r\n\r\n$8\r\n12345678\r\n"},
        {"$9\r\n123456789\r\n+OK\r\n", "$9\r\n123456789\r\n+OK\r\n"},
        {"$12\r\n123456789abc\r\n+OK\r\n", "$9\r\n123456789\r\n+OK\r\n"},
        {"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$20\r\n$1\r\n$2\r\n$3\r\n$4\r\n$5\r\n\r\n:1\r\n",
         "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$9\r\n$1\r\n$2\r\n$\r\n:1\r\n"},
        {"-ERR a line that is much longer than any length could be, and goes on\r\n$1\r\nx\r\n",
         "-ERR a line that is much longer than any length could be, and goes on\r\n$1\r\nx\r\n"},
        {"$nonsense\r\n$ 12\r\n", "$nonsense\r\n$ 12\r\n"},
        {"$12345678901234567890123456789012345\r\nx\r\n",
         "$12345678901234567890123456789012345\r\nx\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const size_t all = strlen(table[i].in);
        for (size_t piece = 1; piece <= all; piece++) {
            struct oc_redis_skip skip = {0};
            struct passed p = {0};
            for (size_t at = 0; at < all; at += piece) {
                const size_t len = all - at < piece ? all - at : piece;
                assert_int_equal(oc_redis_skip(&skip, table[i].in + at, len, MAX, take, &p), 0);
            }
            assert_string_equal(p.text, table[i].out);
        }
    }
}

static void whoever_takes_nothing_more_stops_it(void **state)
{
    struct oc_redis_skip skip = {0};
    (void)state;
    assert_int_equal(oc_redis_skip(&skip, "+OK\r\n", 5, MAX, refuse, NULL), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_strings_are_cut_in_whatever_pieces_they_come),
        cmocka_unit_test(whoever_takes_nothing_more_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
