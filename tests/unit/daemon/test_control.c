/* Tests of core/daemon/control.c: what a client may send, and what it always gets back. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/daemon/control.h"

#define CALLS_MAX 64 /* as in control.c */

struct world {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_ops *ops;
    struct oc_control *control;
    int fd; /* the client's end */
    bool gone;
    size_t held, cancelled;
    size_t row_bytes, answer_bytes; /* of test.big */
    struct oc_buf received;
    json_t *frames; /* all that came back, in order */
};

static struct world w;

static void echo(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_row(call, json_string("row"));
    oc_call_progress(call, 0.5, "half");
    oc_call_warn(call, "mind the gap");
    oc_call_succeed(call, json_string(oc_call_actor(call)->name));
}

static void on_cancel(struct oc_call *call, void *ctx)
{
    (void)ctx;
    w.held--;
    w.cancelled++;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static struct oc_call *first; /* the call that test.both takes along */

static void on_cancel_both(struct oc_call *call, void *ctx)
{
    on_cancel(first, ctx);
    on_cancel(call, ctx);
}

static void both(struct oc_call *call, void *ctx)
{
    w.held++;
    oc_call_on_cancel(call, on_cancel_both, ctx);
}

static void hold(struct oc_call *call, void *ctx)
{
    w.held++;
    first = call;
    oc_call_on_cancel(call, on_cancel, ctx);
}

static json_t *text_of(size_t bytes)
{
    struct oc_buf text = {0};
    while (text.len < bytes) {
        oc_buf_add(&text, "0123456789abcdef", 16);
    }
    json_t *value = json_stringn(text.data ? text.data : "", text.len);
    oc_buf_finish(&text);
    return value;
}

static void big(struct oc_call *call, void *ctx)
{
    (void)ctx;
    if (w.row_bytes) {
        oc_call_row(call, text_of(w.row_bytes));
    }
    oc_call_succeed(call, text_of(w.answer_bytes));
}

static const struct oc_op table[] = {
    {.name = "test.echo", .summary = "Answer at once", .handler = echo},
    {.name = "test.hold", .summary = "Wait", .flags = OC_OP_STREAMS, .handler = hold},
    {.name = "test.both", .summary = "Wait and end another", .handler = both},
    {.name = "test.big", .summary = "Answer at length", .handler = big}};

static void on_gone(void *ctx)
{
    *(bool *)ctx = true;
}

static int create(void **state)
{
    int pair[2];
    (void)state;
    memset(&w, 0, sizeof w);
    w.loop = oc_loop_create();
    w.bus = oc_bus_create();
    w.ops = oc_ops_create(w.loop, w.bus);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        oc_ops_add(w.ops, &table[i], NULL);
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    w.fd = pair[1];
    w.control = oc_control_create(w.loop, w.ops, NULL, pair[0], on_gone, &w.gone, NULL);
    assert_non_null(w.control);
    w.frames = json_array();
    return 0;
}

static void leave(void)
{
    close(w.fd);
    w.fd = -1;
    while (!w.gone) {
        oc_loop_step(w.loop, true);
    }
}

static int destroy(void **state)
{
    (void)state;
    if (w.fd >= 0) {
        leave();
    }
    oc_control_destroy(w.control);
    oc_ops_destroy(w.ops);
    oc_bus_destroy(w.bus);
    oc_loop_destroy(w.loop);
    oc_buf_finish(&w.received);
    json_decref(w.frames);
    return 0;
}

static void send_text(const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    assert_int_equal(send(w.fd, &len, sizeof len, MSG_NOSIGNAL), sizeof len);
    assert_int_equal(send(w.fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* A reply may be longer than what oc_frame_split takes from a client. */
static bool keep_frame(void)
{
    const unsigned char *head = (const unsigned char *)w.received.data;
    if (w.received.len < 4) {
        return false;
    }
    size_t len =
        (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (w.received.len - 4 < len) {
        return false;
    }
    json_t *frame = json_loadb(w.received.data + 4, len, 0, NULL);
    assert_non_null(frame);
    json_array_append_new(w.frames, frame);
    oc_buf_consume(&w.received, 4 + len);
    return true;
}

/* Turns the loop until `count` frames in all have come back. */
static const json_t *receive(size_t count)
{
    char chunk[65536];
    while (json_array_size(w.frames) < count) {
        oc_loop_step(w.loop, false);
        ssize_t n = read(w.fd, chunk, sizeof chunk);
        if (n <= 0) {
            assert_true(n < 0); /* the daemon closed the connection */
            continue;
        }
        oc_buf_add(&w.received, chunk, (size_t)n);
        while (keep_frame()) {
        }
    }
    return json_array_get(w.frames, count - 1);
}

static const char *code_of(const json_t *frame)
{
    return json_string_value(json_object_get(json_object_get(frame, "error"), "code"));
}

static void assert_end(const json_t *frame, json_int_t id, const char *code)
{
    assert_int_equal(json_integer_value(json_object_get(frame, "id")), id);
    assert_int_equal(json_object_size(frame), 5);
    if (code) {
        assert_true(json_is_false(json_object_get(frame, "ok")));
        assert_string_equal(code_of(frame), code);
    } else {
        assert_true(json_is_true(json_object_get(frame, "ok")));
        assert_true(json_is_null(json_object_get(frame, "error")));
    }
}

static void rows_and_progress_come_before_the_end(void **state)
{
    (void)state;
    send_text("{\"id\":7,\"op\":\"test.echo\",\"params\":{}}");
    const json_t *end = receive(3);
    assert_end(end, 7, NULL);
    assert_string_equal(json_string_value(json_object_get(json_array_get(w.frames, 0), "row")),
                        "row");
    assert_non_null(json_object_get(json_array_get(w.frames, 1), "progress"));
    const json_t *warnings = json_object_get(end, "warnings");
    assert_string_equal(json_string_value(json_array_get(warnings, 0)), "mind the gap");
    assert_non_null(strstr(json_string_value(json_object_get(end, "data")), "cli:uid="));
}

static void a_frame_that_is_no_request_is_answered_with_what_was_expected(void **state)
{
    static const char *const wrong[] = {"",
                                        "{",
                                        "[]",
                                        "{\"id\":0,\"op\":\"test.echo\"}",
                                        "{\"id\":-4,\"op\":\"test.echo\"}",
                                        "{\"id\":1}",
                                        "{\"id\":1,\"op\":7}",
                                        "{\"id\":1,\"op\":\"test.echo\",\"params\":[]}",
                                        "{\"id\":1,\"op\":\"test.echo\",\"params\":null}"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        send_text(wrong[i]);
        assert_string_equal(code_of(receive(i + 1)), "config");
    }
    send_text("{\"id\":1,\"op\":\"test.none\"}"); /* and the connection is still good */
    assert_end(receive(json_array_size(w.frames) + 1), 1, "not_found");
}

static void an_id_in_use_is_refused_and_free_again_after_the_end(void **state)
{
    (void)state;
    send_text("{\"id\":1,\"op\":\"test.hold\"}");
    send_text("{\"id\":1,\"op\":\"test.hold\"}");
    assert_end(receive(1), 1, "retry");
    assert_int_equal(w.held, 1);
    send_text("{\"id\":2,\"cancel\":true}"); /* not a call of ours: nothing happens */
    send_text("{\"id\":1,\"cancel\":true}");
    assert_end(receive(2), 1, "cancelled");
    send_text("{\"id\":1,\"op\":\"test.echo\"}");
    assert_end(receive(5), 1, NULL);
}

static void one_client_has_a_limited_number_of_calls(void **state)
{
    char text[64];
    (void)state;
    for (int i = 1; i <= CALLS_MAX + 1; i++) {
        snprintf(text, sizeof text, "{\"id\":%d,\"op\":\"test.hold\"}", i);
        send_text(text);
    }
    assert_end(receive(1), CALLS_MAX + 1, "retry");
    assert_int_equal(w.held, CALLS_MAX);
}

static void a_client_that_leaves_cancels_its_calls(void **state)
{
    (void)state;
    send_text("{\"id\":1,\"op\":\"test.hold\"}");
    send_text("{\"id\":2,\"op\":\"test.hold\"}");
    while (w.held < 2) {
        oc_loop_step(w.loop, true);
    }
    leave();
    assert_int_equal(w.held, 0);
    assert_int_equal(w.cancelled, 2);
}

static void closing_the_control_ends_what_runs(void **state)
{
    (void)state;
    send_text("{\"id\":1,\"op\":\"test.hold\"}");
    while (w.held < 1) {
        oc_loop_step(w.loop, true);
    }
    oc_control_close(w.control);
    assert_end(receive(1), 1, "cancelled");
    assert_false(w.gone); /* whoever closes knows already */
    w.gone = true;
}

static void a_client_that_does_not_read_holds_nobody_up(void **state)
{
    char chunk[65536];
    ssize_t n;
    (void)state;
    w.answer_bytes = OC_FRAME_MAX / 2; /* more than the socket takes */
    send_text("{\"id\":1,\"op\":\"test.big\"}");
    for (int i = 0; i < 8; i++) {
        oc_loop_step(w.loop, false);
    }
    oc_control_close(w.control);
    oc_control_destroy(w.control);
    w.control = NULL;
    for (int i = 0; i < 8; i++) {
        oc_loop_step(w.loop, false);
    }
    while ((n = read(w.fd, chunk, sizeof chunk)) > 0) {
    }
    assert_int_equal(n, 0); /* the end, long before the answer is whole */
    w.gone = true;
}

static void two_calls_of_which_one_ends_the_other_can_be_closed(void **state)
{
    (void)state;
    send_text("{\"id\":1,\"op\":\"test.hold\"}");
    send_text("{\"id\":2,\"op\":\"test.both\"}");
    while (w.held < 2) {
        oc_loop_step(w.loop, true);
    }
    oc_control_close(w.control);
    receive(2);
    assert_int_equal(w.held, 0);
    w.gone = true;
}

static void an_answer_too_long_for_a_frame_is_an_error_with_a_remedy(void **state)
{
    (void)state;
    w.answer_bytes = OC_REPLY_MAX;
    send_text("{\"id\":1,\"op\":\"test.big\"}");
    const json_t *end = receive(1);
    assert_end(end, 1, "permanent");
    const json_t *error = json_object_get(end, "error");
    assert_string_equal(json_string_value(json_object_get(error, "message")),
                        "the answer is larger than 64 MB");
    assert_non_null(strstr(json_string_value(json_object_get(error, "hint")), "limit"));
}

static void a_row_too_long_for_a_frame_is_left_out_with_a_warning(void **state)
{
    (void)state;
    w.row_bytes = OC_REPLY_MAX;
    send_text("{\"id\":1,\"op\":\"test.big\"}");
    const json_t *end = receive(1);
    assert_end(end, 1, NULL);
    assert_int_equal(json_array_size(json_object_get(end, "warnings")), 1);
}

static void an_answer_of_megabytes_arrives_whole(void **state)
{
    (void)state;
    w.answer_bytes = 3 * OC_FRAME_MAX; /* more than a request may have */
    send_text("{\"id\":1,\"op\":\"test.big\"}");
    assert_int_equal(json_string_length(json_object_get(receive(1), "data")), w.answer_bytes);
}

static void a_descriptor_that_is_no_socket_is_refused(void **state)
{
    struct oc_error err;
    (void)state;
    oc_error_init(&err);
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_null(oc_control_create(w.loop, w.ops, NULL, fd, NULL, NULL, &err));
    assert_int_equal(err.code, OC_E_CONFIG);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* it was taken */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_and_progress_come_before_the_end, create, destroy),
        cmocka_unit_test_setup_teardown(
            a_frame_that_is_no_request_is_answered_with_what_was_expected, create, destroy),
        cmocka_unit_test_setup_teardown(an_id_in_use_is_refused_and_free_again_after_the_end,
                                        create, destroy),
        cmocka_unit_test_setup_teardown(one_client_has_a_limited_number_of_calls, create, destroy),
        cmocka_unit_test_setup_teardown(a_client_that_leaves_cancels_its_calls, create, destroy),
        cmocka_unit_test_setup_teardown(closing_the_control_ends_what_runs, create, destroy),
        cmocka_unit_test_setup_teardown(an_answer_too_long_for_a_frame_is_an_error_with_a_remedy,
                                        create, destroy),
        cmocka_unit_test_setup_teardown(a_row_too_long_for_a_frame_is_left_out_with_a_warning,
                                        create, destroy),
        cmocka_unit_test_setup_teardown(a_client_that_does_not_read_holds_nobody_up, create,
                                        destroy),
        cmocka_unit_test_setup_teardown(two_calls_of_which_one_ends_the_other_can_be_closed, create,
                                        destroy),
        cmocka_unit_test_setup_teardown(an_answer_of_megabytes_arrives_whole, create, destroy),
        cmocka_unit_test_setup_teardown(a_descriptor_that_is_no_socket_is_refused, create, destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
