/* Tests of core/sys/compress.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/sys/compress.h"

static void pattern(char *data, size_t len)
{
    uint32_t x = 1;
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525u + 1013904223u;
        data[i] = (char)(i % 64 < 48 ? 'a' : x >> 24);
    }
}

static void every_length_comes_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 100, 4095, 4096, 4097, 300000};
    for (size_t i = 0; i < OC_COUNT(lengths); i++) {
        size_t len = lengths[i];
        struct oc_buf packed = {0}, out = {0};
        char *data = oc_alloc(len);
        pattern(data, len);
        oc_buf_adds(&packed, "head");
        oc_buf_adds(&out, "kept");
        oc_compress(data, len, 3, &packed);
        assert_int_equal(oc_decompress(packed.data + 4, packed.len - 4, len, &out, NULL), 0);
        assert_int_equal(out.len, len + 4);
        assert_memory_equal(out.data, "kept", 4);
        assert_memory_equal(out.data + 4, data, len);
        oc_buf_finish(&packed);
        oc_buf_finish(&out);
        free(data);
    }
}

static void content_over_the_limit_is_refused(void **state)
{
    (void)state;
    struct oc_buf packed = {0}, out = {0};
    struct oc_error err;
    char *bomb = oc_calloc(1, 64u << 20); /* 64 MB that pack into a few kB */
    oc_compress(bomb, 64u << 20, 3, &packed);
    assert_true(packed.len < 10000);
    assert_int_equal(oc_decompress(packed.data, packed.len, 1000, &out, &err), OC_E_PERMANENT);
    assert_non_null(strstr(err.message, "1000"));
    assert_int_equal(out.len, 0);
    assert_true(out.cap < 100000); /* it was not unpacked first */
    assert_int_equal(oc_decompress(packed.data, packed.len, (64u << 20) - 1, &out, &err),
                     OC_E_PERMANENT);
    assert_int_equal(oc_decompress(packed.data, packed.len, 64u << 20, &out, &err), 0);
    oc_buf_finish(&packed);
    oc_buf_finish(&out);
    free(bomb);
}

static void damaged_data_is_refused_whatever_was_damaged(void **state)
{
    (void)state;
    struct oc_buf packed = {0}, out = {0};
    char data[2000];
    pattern(data, sizeof data);
    oc_compress(data, sizeof data, 3, &packed);
    oc_buf_adds(&out, "kept");
    for (size_t cut = 0; cut < packed.len; cut++) {
        assert_int_equal(oc_decompress(packed.data, cut, 10000, &out, NULL), OC_E_PERMANENT);
    }
    for (size_t i = 0; i < packed.len; i++) { /* the checksum sees what the format does not */
        packed.data[i] = (char)(packed.data[i] ^ 0x40);
        int rc = oc_decompress(packed.data, packed.len, 10000, &out, NULL);
        packed.data[i] = (char)(packed.data[i] ^ 0x40);
        if (rc == 0) { /* a header bit without meaning: the content is whole */
            assert_int_equal(out.len, 4 + sizeof data);
            assert_memory_equal(out.data + 4, data, sizeof data);
            out.len = 4;
        }
    }
    oc_buf_addc(&packed, 'x');
    assert_int_equal(oc_decompress(packed.data, packed.len, 10000, &out, NULL), OC_E_PERMANENT);
    assert_int_equal(oc_decompress("not zstd", 8, 10000, &out, NULL), OC_E_PERMANENT);
    assert_int_equal(out.len, 4);
    oc_buf_finish(&packed);
    oc_buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(content_over_the_limit_is_refused),
        cmocka_unit_test(damaged_data_is_refused_whatever_was_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
