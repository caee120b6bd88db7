/* Tests core/api/credential.c: what the headers Authorization and Cookie show. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/credential.h"
#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/sys/sign.h"

static void a_header_shows_one_secret_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *header, *secret; /* NULL: refused */
    } table[] = {{"Bearer abc", "abc"},
                 {"bEARER   abc  ", "abc"},
                 {"Bearer a b", "a b"}, /* one secret, which is nobody's */
                 {"Basic dTpw", "p"},
                 {"basic dTpw", "p"},
                 {"Basic OnA=", "p"},
                 {"Basic dTpwOnE=", "p:q"}, /* everything behind the first colon */
                 {"Bearer", NULL},
                 {"Bearer ", NULL},
                 {"Bearerabc", NULL},
                 {"Basic", NULL},
                 {"Basic ", NULL},
                 {"Basic dQ==", NULL},  /* no colon */
                 {"Basic dTo=", NULL},  /* no password */
                 {"Basic dTpw=", NULL}, /* not padded so */
                 {"Basic dT pw", NULL},
                 {"Basic ====", NULL},
                 {"Digest dTpw", NULL},
                 {" Bearer abc", NULL},
                 {"", NULL}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        struct oc_credential c;
        const int rc = oc_credential_parse(table[i].header, &c);
        if (table[i].secret) {
            assert_int_equal(rc, OC_OK);
            assert_int_equal(c.len, strlen(table[i].secret));
            assert_memory_equal(c.secret, table[i].secret, c.len);
        } else {
            assert_int_equal(rc, OC_E_AUTH);
            assert_int_equal(c.len, 0);
        }
    }
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    for (size_t len = OC_CREDENTIAL_MAX - 2; len < OC_CREDENTIAL_MAX + 4; len++) {
        struct oc_buf plain = {0}, header = {0};
        struct oc_credential c;
        oc_buf_adds(&header, "Bearer ");
        for (size_t i = 0; i < len; i++) {
            oc_buf_addc(&plain, i ? 'x' : ':');
            oc_buf_addc(&header, 'x');
        }
        assert_int_equal(oc_credential_parse(header.data, &c),
                         len <= OC_CREDENTIAL_MAX ? OC_OK : OC_E_AUTH);
        oc_buf_clear(&header);
        oc_buf_adds(&header, "Basic ");
        oc_base64(plain.data, plain.len, &header);
        assert_int_equal(oc_credential_parse(header.data, &c),
                         len <= OC_CREDENTIAL_MAX ? OC_OK : OC_E_AUTH);
        oc_buf_finish(&header);
        oc_buf_finish(&plain);
    }
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    (void)state;
    static const struct {
        const char *header, *value; /* NULL: none */
    } table[] = {{"s=1", "1"},       {"a=2; s=1", "1"}, {"a=2;s=1;b=3", "1"}, {"s=1; s=2", "1"},
                 {" ;; s=1 ;", "1"}, {"s=", NULL},      {"s", NULL},          {"xs=1", NULL},
                 {"S=1", NULL},      {"ss=1", NULL},    {"a=s=1", NULL},      {"", NULL},
                 {NULL, NULL},       {"s=a=b", "a=b"},  {"s=\"1\"", "\"1\""}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        const struct oc_view v = oc_cookie_find(table[i].header, "s");
        if (table[i].value) {
            assert_int_equal(v.len, strlen(table[i].value));
            assert_memory_equal(v.ptr, table[i].value, v.len);
        } else {
            assert_int_equal(v.len, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_shows_one_secret_or_none),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
