/* Tests of core/loop/stream.c: one end is a stream, the other a plain socket.
 * SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/loop/stream_internal.h"

struct side {
    struct oc_loop *loop;
    struct oc_stream *stream; /* NULL once closed */
    int peer;
    int frames, closes;
    struct oc_buf last;
    bool echo, close_on_frame;
};

static void on_frame(void *ctx, struct oc_stream *s, const char *data, size_t len)
{
    struct side *side = ctx;
    assert_ptr_equal(s, side->stream);
    assert_int_equal(data[len], '\0');
    side->frames++;
    oc_buf_clear(&side->last);
    oc_buf_add(&side->last, data, len);
    if (side->echo) {
        assert_int_equal(oc_stream_send(s, data, len), 0);
    }
    if (side->close_on_frame) {
        oc_stream_close(s);
    }
}

static void on_close(void *ctx, struct oc_stream *s)
{
    struct side *side = ctx;
    assert_ptr_equal(s, side->stream);
    side->closes++;
    side->stream = NULL;
}

static const struct oc_stream_handler handler = {on_frame, on_close};

static int open_pair(void **state)
{
    static struct side side;
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
        return -1;
    }
    side = (struct side){.loop = oc_loop_create(), .peer = fds[1]};
    side.stream = oc_stream_adopt(side.loop, fds[0]);
    oc_stream_handle(side.stream, &handler, &side);
    oc_log_set(OC_LOG_ERROR, OC_LOG_TEXT, 2); /* the warnings are part of what is tested here */
    *state = &side;
    return 0;
}

static int close_pair(void **state)
{
    struct side *side = *state;
    if (side->stream) {
        oc_stream_abort(side->stream);
    }
    if (side->peer >= 0) {
        close(side->peer);
    }
    oc_loop_destroy(side->loop);
    oc_buf_finish(&side->last);
    return side->closes == 1 ? 0 : -1;
}

static void peer_write(struct side *side, const void *data, size_t len)
{
    assert_int_equal(write(side->peer, data, len), len);
}

static void peer_send(struct side *side, const char *text)
{
    unsigned char head[OC_FRAME_HEAD];
    oc_frame_head((uint32_t)strlen(text), head);
    peer_write(side, head, sizeof head);
    peer_write(side, text, strlen(text));
}

static void peer_expect(struct side *side, const void *data, size_t len)
{
    char *got = oc_alloc(len);
    assert_int_equal(recv(side->peer, got, len, MSG_WAITALL), len);
    assert_memory_equal(got, data, len);
    free(got);
}

static void run_until_closed(struct side *side)
{
    while (side->stream) {
        oc_loop_step(side->loop, true);
    }
}

static void frames_go_both_ways(void **state)
{
    struct side *side = *state;
    side->echo = true;
    peer_send(side, "{\"n\":1}");
    while (side->frames < 1) {
        oc_loop_step(side->loop, true);
    }
    assert_string_equal(side->last.data, "{\"n\":1}");
    peer_expect(side, "\7\0\0\0{\"n\":1}", 11);
    assert_int_equal(oc_stream_pending(side->stream), 0);
}

static void a_frame_may_come_byte_by_byte(void **state)
{
    struct side *side = *state;
    const char bytes[] = "\3\0\0\0abc\2\0\0\0de";
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        assert_int_equal(side->frames, i < 7 ? 0 : 1);
        peer_write(side, bytes + i, 1);
        oc_loop_step(side->loop, true);
    }
    assert_int_equal(side->frames, 2);
    assert_string_equal(side->last.data, "de");
}

static void many_frames_may_come_at_once(void **state)
{
    struct side *side = *state;
    for (int i = 0; i < 100; i++) {
        peer_send(side, "{}");
    }
    while (side->frames < 100) {
        oc_loop_step(side->loop, true);
    }
    assert_string_equal(side->last.data, "{}");
}

static void *write_large(void *arg)
{
    const struct side *side = arg;
    size_t len = 3u << 20;
    char *frame = oc_calloc(1, OC_FRAME_HEAD + len);
    oc_frame_head((uint32_t)len, (unsigned char *)frame);
    for (size_t done = 0; done < OC_FRAME_HEAD + len;) {
        ssize_t n = write(side->peer, frame + done, OC_FRAME_HEAD + len - done);
        if (n < 0) {
            break;
        }
        done += (size_t)n;
    }
    free(frame);
    return NULL;
}

static void a_large_frame_arrives_whole_and_small_ones_after_it(void **state)
{
    struct side *side = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_large, side), 0);
    while (side->frames < 1) {
        oc_loop_step(side->loop, true);
    }
    pthread_join(thread, NULL);
    assert_int_equal(side->last.len, 3u << 20);
    peer_send(side, "small");
    while (side->frames < 2) {
        oc_loop_step(side->loop, true);
    }
    assert_string_equal(side->last.data, "small");
}

static void a_length_over_the_limit_closes(void **state)
{
    struct side *side = *state;
    peer_send(side, "good");
    peer_write(side, "\1\0\x80\0", 4);
    run_until_closed(side);
    assert_int_equal(side->frames, 1);
    assert_int_equal(recv(side->peer, side, 1, 0), 0);
}

static void the_end_of_the_peer_closes(void **state)
{
    struct side *side = *state;
    peer_write(side, "\7\0\0", 3); /* even in the middle of a frame */
    close(side->peer);
    side->peer = -1;
    run_until_closed(side);
    assert_int_equal(side->frames, 0);
}

static void nothing_is_taken_or_sent_after_close(void **state)
{
    struct side *side = *state;
    side->close_on_frame = true;
    peer_send(side, "one");
    peer_send(side, "two");
    oc_loop_step(side->loop, true);
    if (side->stream) {
        assert_int_equal(oc_stream_send(side->stream, "x", 1), OC_E_CANCELLED);
        oc_stream_close(side->stream);
        run_until_closed(side);
    }
    assert_int_equal(side->frames, 1);
}

struct reader {
    int fd;
    size_t len;
    bool right;
};

static void *read_all(void *arg)
{
    struct reader *reader = arg;
    char chunk[65536];
    ssize_t n;
    reader->right = true;
    while ((n = read(reader->fd, chunk, sizeof chunk)) > 0) {
        for (ssize_t i = 0; i < n; i++, reader->len++) {
            reader->right =
                reader->right && (reader->len < 4 || chunk[i] == (char)(reader->len % 251));
        }
    }
    return NULL;
}

static void what_was_sent_is_written_before_the_close(void **state)
{
    struct side *side = *state;
    struct reader reader = {.fd = side->peer};
    pthread_t thread;
    size_t len = 5u << 20; /* far more than the socket buffers hold */
    char *data = oc_alloc(len);
    for (size_t i = 0; i < len; i++) {
        data[i] = (char)((i + 4) % 251);
    }
    assert_int_equal(oc_stream_send(side->stream, data, len), 0);
    free(data); /* it was copied */
    assert_true(oc_stream_pending(side->stream) > 0);
    oc_stream_close(side->stream);
    assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
    run_until_closed(side);
    pthread_join(thread, NULL);
    assert_int_equal(reader.len, len + 4);
    assert_true(reader.right);
}

static void sending_to_a_peer_that_went_away_fails(void **state)
{
    struct side *side = *state;
    close(side->peer);
    side->peer = -1;
    assert_int_equal(oc_stream_send(side->stream, "x", 1), OC_E_CANCELLED); /* and no SIGPIPE */
    run_until_closed(side);
}

static void a_peer_that_does_not_read_is_closed_at_the_backlog(void **state)
{
    struct side *side = *state;
    size_t len = OC_FRAME_MAX, sent = 0;
    char *data = oc_calloc(1, len);
    int rc;
    while ((rc = oc_stream_send(side->stream, data, len)) == 0) {
        sent++;
        assert_true(oc_stream_pending(side->stream) <= OC_STREAM_BACKLOG);
    }
    assert_int_equal(rc, OC_E_CANCELLED);
    assert_in_range(sent, OC_REPLY_MAX / len, OC_STREAM_BACKLOG / len + 1);
    run_until_closed(side);
    free(data);
}

static void a_frame_over_the_limit_is_not_sent(void **state)
{
    struct side *side = *state;
    char *data = oc_calloc(1, OC_REPLY_MAX + 1);
    assert_int_equal(oc_stream_send(side->stream, data, OC_REPLY_MAX + 1), OC_E_PERMANENT);
    assert_int_equal(oc_stream_send(side->stream, "ok", 2), 0);
    peer_expect(side, "\2\0\0\0ok", 6);
    free(data);
}

/* Lets the timers of the loop that run in at least 1 s fire at once: their time has come. */
static void fire_timer(uv_handle_t *handle, void *ctx)
{
    uv_timer_t *timer = (uv_timer_t *)handle;
    if (handle->type == UV_TIMER && uv_is_active(handle)) {
        *(uint64_t *)ctx = uv_timer_get_due_in(timer);
        uv_timer_start(timer, timer->timer_cb, 0, 0);
    }
}

static void a_frame_left_unfinished_closes_after_30_seconds(void **state)
{
    struct side *side = *state;
    uint64_t due = 0;
    peer_write(side, "\7\0\0\0ab", 6);
    oc_loop_step(side->loop, true);
    uv_walk(oc_loop_uv(side->loop), fire_timer, &due);
    assert_in_range(due, 29000, 30000);
    run_until_closed(side);
    assert_int_equal(side->frames, 0);
}

static void an_idle_stream_stays_open(void **state)
{
    struct side *side = *state;
    uint64_t due = 0;
    peer_write(side, "\3\0\0\0a", 5);
    oc_loop_step(side->loop, true);
    peer_write(side, "bc", 2);
    oc_loop_step(side->loop, true);
    assert_int_equal(side->frames, 1);
    uv_walk(oc_loop_uv(side->loop), fire_timer, &due);
    assert_int_equal(due, 0); /* no timer runs between frames */
}

static void a_closing_stream_does_not_wait_for_ever(void **state)
{
    struct side *side = *state;
    char *data = oc_calloc(1, 4u << 20);
    uint64_t due = 0;
    assert_int_equal(oc_stream_send(side->stream, data, 4u << 20), 0);
    oc_stream_close(side->stream);
    oc_loop_step(side->loop, false);
    assert_non_null(side->stream);
    uv_walk(oc_loop_uv(side->loop), fire_timer, &due);
    assert_in_range(due, 1000, 5000);
    run_until_closed(side);
    free(data);
}

static void the_peer_is_known(void **state)
{
    struct side *side = *state;
    pid_t pid = 0;
    uid_t uid = (uid_t)-1;
    assert_int_equal(oc_stream_peer(side->stream, &pid, &uid), 0);
    assert_int_equal(pid, getpid());
    assert_int_equal(uid, getuid());
}

static void a_descriptor_that_is_no_stream_is_refused(void **state)
{
    struct side *side = *state;
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    assert_null(oc_stream_adopt(side->loop, fd));
}

#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(frames_go_both_ways),
        PAIR_TEST(a_frame_may_come_byte_by_byte),
        PAIR_TEST(many_frames_may_come_at_once),
        PAIR_TEST(a_large_frame_arrives_whole_and_small_ones_after_it),
        PAIR_TEST(a_length_over_the_limit_closes),
        PAIR_TEST(the_end_of_the_peer_closes),
        PAIR_TEST(nothing_is_taken_or_sent_after_close),
        PAIR_TEST(what_was_sent_is_written_before_the_close),
        PAIR_TEST(sending_to_a_peer_that_went_away_fails),
        PAIR_TEST(a_peer_that_does_not_read_is_closed_at_the_backlog),
        PAIR_TEST(a_frame_over_the_limit_is_not_sent),
        PAIR_TEST(a_frame_left_unfinished_closes_after_30_seconds),
        PAIR_TEST(an_idle_stream_stays_open),
        PAIR_TEST(a_closing_stream_does_not_wait_for_ever),
        PAIR_TEST(the_peer_is_known),
        PAIR_TEST(a_descriptor_that_is_no_stream_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
