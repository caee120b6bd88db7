/* Tests of core/loop/frame.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/loop/stream_internal.h"

struct seen {
    int count;
    struct oc_buf all; /* the frames, each followed by '|' */
};

static void take(void *ctx, const char *frame, size_t len)
{
    struct seen *seen = ctx;
    seen->count++;
    oc_buf_add(&seen->all, frame, len);
    oc_buf_addc(&seen->all, '|');
}

static void add_frame(struct oc_buf *out, const char *text)
{
    unsigned char head[OC_FRAME_HEAD];
    oc_frame_head((uint32_t)strlen(text), head);
    oc_buf_add(out, head, sizeof head);
    oc_buf_adds(out, text);
}

static void the_length_is_little_endian(void **state)
{
    (void)state;
    unsigned char head[OC_FRAME_HEAD];
    oc_frame_head(0x01020304, head);
    assert_memory_equal(head, "\x04\x03\x02\x01", 4);
}

static void every_cut_of_the_bytes_gives_the_same_frames(void **state)
{
    (void)state;
    struct oc_buf bytes = {0};
    add_frame(&bytes, "{\"a\":1}");
    add_frame(&bytes, "");
    add_frame(&bytes, "x");
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct seen seen = {0};
        long used = oc_frame_split(bytes.data, cut, take, &seen);
        assert_in_range(used, 0, cut);
        used += oc_frame_split(bytes.data + used, bytes.len - (size_t)used, take, &seen);
        assert_int_equal(used, bytes.len);
        assert_int_equal(seen.count, 3);
        assert_string_equal(seen.all.data, "{\"a\":1}||x|");
        oc_buf_finish(&seen.all);
    }
    oc_buf_finish(&bytes);
}

static void an_unfinished_frame_is_left(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct oc_buf bytes = {0};
    add_frame(&bytes, "whole");
    add_frame(&bytes, "cut");
    assert_int_equal(oc_frame_split(bytes.data, bytes.len - 1, take, &seen), 9);
    assert_int_equal(seen.count, 1);
    assert_int_equal(oc_frame_split("", 0, take, &seen), 0);
    assert_int_equal(oc_frame_split("\1\0\0", 3, take, &seen), 0);
    assert_int_equal(seen.count, 1);
    oc_buf_finish(&seen.all);
    oc_buf_finish(&bytes);
}

static void the_largest_frame_passes_and_one_byte_more_does_not(void **state)
{
    (void)state;
    struct seen seen = {0};
    unsigned char head[OC_FRAME_HEAD];
    char *bytes = oc_calloc(1, OC_FRAME_HEAD + OC_FRAME_MAX);
    oc_frame_head(OC_FRAME_MAX, head);
    memcpy(bytes, head, sizeof head);
    assert_int_equal(oc_frame_split(bytes, OC_FRAME_HEAD + OC_FRAME_MAX, take, &seen),
                     OC_FRAME_HEAD + OC_FRAME_MAX);
    assert_int_equal(seen.all.len, OC_FRAME_MAX + 1);
    oc_frame_head(OC_FRAME_MAX + 1, head);
    memcpy(bytes, head, sizeof head);
    assert_int_equal(oc_frame_split(bytes, OC_FRAME_HEAD, take, &seen), -1);
    assert_int_equal(oc_frame_split("\xff\xff\xff\xff", 4, take, &seen), -1);
    assert_int_equal(seen.count, 1);
    oc_buf_finish(&seen.all);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_is_little_endian),
        cmocka_unit_test(every_cut_of_the_bytes_gives_the_same_frames),
        cmocka_unit_test(an_unfinished_frame_is_left),
        cmocka_unit_test(the_largest_frame_passes_and_one_byte_more_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
