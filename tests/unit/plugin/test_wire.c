/* Frames and payloads between the daemon and its plugin hosts. SPDX-License-Identifier: MIT */
#include "rig.h"

#include <errno.h>
#include <sys/socket.h>

#include "core/plugin/instance/draft.h"
#include "core/plugin/process/wire.h"

struct seen {
    struct oc_buf text;
    size_t count;
    int32_t answer;
};

static void add_view(struct oc_buf *out, const char *name, struct oc_view v)
{
    if (v.ptr) {
        oc_buf_addf(out, " %s=%.*s", name, (int)(v.len < 20 ? v.len : 20), v.ptr);
    } else if (v.len) {
        oc_buf_addf(out, " %s broken", name);
    }
}

static int32_t note(void *ctx, const struct oc_record *r)
{
    struct seen *s = ctx;
    s->count++;
    oc_buf_addf(&s->text, "%u:%u", r->struct_size, r->type);
    add_view(&s->text, "name", r->name);
    add_view(&s->text, "text", r->text);
    for (uint32_t i = 0; r->labels && i < r->label_count; i++) {
        add_view(&s->text, "label", r->labels[i].name);
        add_view(&s->text, "value", r->labels[i].value);
    }
    oc_buf_addf(&s->text, " %g %d\n", r->value, (int)r->state);
    return s->answer;
}

static bool give(struct seen *s, const struct oc_buf *b, int32_t *code)
{
    const struct oc_sink sink = {.struct_size = sizeof sink, .ctx = s, .emit = note};
    void *payload = oc_memdup(b->data, b->len); /* its own block: a read beyond it is seen */
    const bool sound = oc_wire_get_records(payload, b->len, &sink, code);
    free(payload);
    return sound;
}

static struct oc_record sample(void)
{
    return (struct oc_record){.struct_size = sizeof(struct oc_record),
                              .type = OC_RECORD_SAMPLE,
                              .name = {"a.b", 3},
                              .value = 1.5};
}

static void records_come_through_as_they_were(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    struct seen s = {0};
    int32_t code = 0;
    const struct oc_label labels[] = {{{"l", 1}, {"v", 1}}, {{"m", 1}, {NULL, 0}}};
    struct oc_record r = sample();
    r.labels = labels;
    r.label_count = 2;
    oc_wire_put_record(&b, &r);
    r = sample();
    r.type = OC_RECORD_STATUS;
    r.state = 2;
    r.text = (struct oc_view){"", 0};
    oc_wire_put_record(&b, &r);
    assert_int_equal(b.len % 8, 0);
    assert_true(give(&s, &b, &code));
    assert_int_equal(code, OC_OK);
    assert_string_equal(s.text.data, "80:1 name=a.b label=l value=v label=m 1.5 0\n"
                                     "80:2 name=a.b text= 1.5 2\n");
    oc_buf_finish(&b);
    oc_buf_finish(&s.text);
}

static void broken_records_arrive_broken_so_that_the_daemon_says_so(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    struct seen s = {.answer = OC_E_PERMANENT};
    int32_t code = 0;
    struct oc_record r = sample();
    r.struct_size = 4;
    oc_wire_put_record(&b, &r);
    oc_wire_put_record(&b, NULL);
    r = sample();
    r.name.ptr = NULL;
    r.label_count = 3;
    oc_wire_put_record(&b, &r);
    assert_true(give(&s, &b, &code));
    assert_int_equal(code, OC_E_PERMANENT);
    assert_string_equal(s.text.data, "4:0 0 0\n0:0 0 0\n80:1 name broken 1.5 0\n");
    oc_buf_finish(&b);
    oc_buf_finish(&s.text);
}

static void texts_are_cut_to_what_the_daemon_keeps(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    char *big = oc_alloc(8u << 20);
    memset(big, 'x', 8u << 20);
    struct oc_record r = sample();
    r.name = r.text = (struct oc_view){big, 8u << 20};
    oc_wire_put_record(&b, &r);
    assert_in_range(b.len, OC_RECORD_TEXT_MAX, OC_RECORD_TEXT_MAX + 1000);
    free(big);
    oc_buf_finish(&b);
}

/* One bit at a time: nothing may be read beyond the end, whatever the answer is. */
static void every_damaged_payload_is_survived(void **state)
{
    (void)state;
    struct oc_buf b = {0}, result = {0};
    const struct oc_label label = {{"l", 1}, {"value", 5}};
    struct oc_record r = sample();
    struct oc_error err;
    oc_error_init(&err);
    oc_error_set(&err, OC_E_AUTH, "no");
    r.labels = &label;
    r.label_count = 1;
    oc_wire_put_record(&b, &r);
    oc_wire_put_record(&b, &r);
    oc_wire_put_result(&result, OC_E_AUTH, &err, "{}");
    for (size_t bit = 0; bit < b.len * 8; bit++) {
        struct seen s = {0};
        int32_t code = 0;
        b.data[bit / 8] = (char)(b.data[bit / 8] ^ (1 << bit % 8));
        give(&s, &b, &code);
        b.data[bit / 8] = (char)(b.data[bit / 8] ^ (1 << bit % 8));
        oc_buf_finish(&s.text);
    }
    for (size_t len = 0; len < result.len; len++) {
        int32_t code;
        const char *json;
        void *payload = oc_memdup(result.data, len ? len : 1);
        assert_false(oc_wire_get_result(payload, len, &code, &err, &json));
        free(payload);
    }
    oc_buf_finish(&b);
    oc_buf_finish(&result);
}

static void results_come_through_with_their_texts(void **state)
{
    (void)state;
    struct oc_buf b = {0};
    struct oc_error err, got;
    int32_t code = 0;
    const char *json = NULL;
    oc_error_init(&err);
    oc_error_init(&got);
    oc_error_set(&err, OC_E_AUTH, "refused");
    oc_error_hint(&err, "Try again.");
    oc_wire_put_result(&b, OC_E_AUTH, &err, "{\"a\":1}");
    assert_true(oc_wire_get_result(b.data, b.len, &code, &got, &json));
    assert_int_equal(code, OC_E_AUTH);
    assert_string_equal(got.message, "refused");
    assert_string_equal(got.hint, "Try again.");
    assert_string_equal(json, "{\"a\":1}");
    oc_buf_finish(&b);
}

static void heads_of_unknown_or_wrong_frames_are_refused(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 70000; type += type < 40 ? 1 : 997) {
        const bool theirs = type == OC_WIRE_HELLO || type == OC_WIRE_STARTED ||
                            type == OC_WIRE_RECORDS || type == OC_WIRE_BYTES ||
                            type == OC_WIRE_HOSTCALL || type == OC_WIRE_LOG ||
                            type == OC_WIRE_RESULT;
        struct oc_wire_head head = {.type = (uint16_t)type, .length = 64};
        assert_int_equal(oc_wire_head_sound(&head), theirs && type < 65536);
        head.length = UINT32_MAX;
        assert_false(oc_wire_head_sound(&head));
    }
}

static void frames_go_out_whole_and_come_in_whole(void **state)
{
    (void)state;
    int pair[2];
    char text[32] = "";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    const struct iovec parts[] = {{(void *)(uintptr_t) "hello ", 6},
                                  {(void *)(uintptr_t) "you", 3}};
    const struct oc_wire_head sent = {.type = OC_WIRE_LOG, .flags = 3, .id = 77};
    struct oc_wire_head head;
    assert_int_equal(oc_wire_send(pair[0], sent, parts, 2), 0);
    assert_int_equal(oc_wire_read(pair[1], &head, sizeof head), 0);
    assert_int_equal(head.length, 9);
    assert_int_equal(head.id, 77);
    assert_int_equal(oc_wire_read(pair[1], text, head.length), 0);
    assert_string_equal(text, "hello you");
    close(pair[0]);
    assert_int_equal(oc_wire_read(pair[1], text, 1), -ECONNRESET);
    assert_true(oc_wire_send(pair[1], sent, parts, 2) < 0);
    close(pair[1]);
}

static void deep_documents_are_seen_before_they_are_parsed(void **state)
{
    (void)state;
    assert_true(oc_wire_shallow("[[[1]]]", 7, 3));
    assert_false(oc_wire_shallow("[[[1]]]", 7, 2));
    assert_true(oc_wire_shallow("{\"[[[[\\\"[[[\":[1]}", 17, 2));
    assert_true(oc_wire_shallow("[1],[2],[3],[4]", 15, 1));
    assert_true(oc_wire_shallow("\"\\", 2, 0));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_through_as_they_were),
        cmocka_unit_test(broken_records_arrive_broken_so_that_the_daemon_says_so),
        cmocka_unit_test(texts_are_cut_to_what_the_daemon_keeps),
        cmocka_unit_test(every_damaged_payload_is_survived),
        cmocka_unit_test(results_come_through_with_their_texts),
        cmocka_unit_test(heads_of_unknown_or_wrong_frames_are_refused),
        cmocka_unit_test(frames_go_out_whole_and_come_in_whole),
        cmocka_unit_test(deep_documents_are_seen_before_they_are_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
