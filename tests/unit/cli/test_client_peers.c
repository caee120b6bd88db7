/* Peers of the command line that are silent, slow, busy, or no daemon at all. SPDX-License-Identifier: MIT */
#include "test_client.h"

/* ---- whoever else may listen ---- */

static void assert_foreign(struct cli_answer *answer)
{
    assert_true(answer->lost);
    assert_int_equal(oc_answer_exit(answer), 69);
    assert_non_null(strstr(answer->err.message, "something else listens on this socket"));
    oc_answer_finish(answer);
}

static void a_peer_that_sends_our_bytes_back_is_no_daemon(void **state)
{
    (void)state;
    struct heard heard = {0};
    say("{\"id\":1,\"op\":\"alert.list\",\"params\":{}}");
    struct cli_answer answer = call(&heard);
    assert_foreign(&answer);
}

static void a_peer_that_speaks_another_protocol_is_no_daemon(void **state)
{
    (void)state;
    struct heard heard = {0};
    say_bytes("220 mail ESMTP\r\n", 16);
    struct cli_answer answer = call(&heard);
    assert_foreign(&answer);
    say("[1,2]");
    link_.in.len = 0;
    answer = call(&heard);
    assert_foreign(&answer);
}

static void a_silent_daemon_is_asked_for_a_sign_of_life_and_given_up(void **state)
{
    (void)state;
    struct heard heard = {0};
    link_.limit_ms = 40;
    link_.peer = 4711;
    struct cli_answer answer = call(&heard);
    assert_true(answer.lost);
    assert_int_equal(answer.err.code, OC_E_TIMEOUT);
    assert_int_equal(oc_answer_exit(&answer), 69);
    assert_string_equal(answer.err.message, "the daemon has not answered within 40ms");
    assert_non_null(strstr(answer.err.hint, "process 4711 is stopped"));
    json_decref(hear());
    json_t *probe = hear();
    assert_string_equal(oc_json_str(probe, "op", ""), "version");
    assert_int_equal(oc_json_int(probe, "id", 0), 2);
    json_decref(probe);
    oc_answer_finish(&answer);
}

/* Another process plays a daemon that is busy for longer than the limit. */
static void a_busy_daemon_that_gives_signs_of_life_is_waited_for(void **state)
{
    (void)state;
    struct heard heard = {0};
    int status;
    pid_t busy = fork();
    if (busy == 0) {
        json_decref(hear());
        for (int i = 0; i < 2; i++) {
            json_decref(hear());
            say("{\"id\":2,\"ok\":true,\"data\":null}");
        }
        json_decref(hear());
        say("{\"id\":1,\"ok\":true,\"data\":null}");
        _exit(0);
    }
    link_.limit_ms = 300;
    struct cli_answer answer = call(&heard);
    assert_int_equal(waitpid(busy, &status, 0), busy);
    assert_true(answer.ok);
    oc_answer_finish(&answer);
}

static void a_stream_that_has_begun_may_be_silent(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct cli_listener listener = {on_row, on_progress, &heard, true};
    struct cli_answer answer;
    link_.limit_ms = 40;
    say("{\"id\":1,\"row\":2}");
    pid_t later = fork();
    if (later == 0) {
        json_decref(hear());
        usleep(200 * 1000); /* five times the limit, and nobody asks */
        say("{\"id\":1,\"ok\":true,\"data\":null}");
        _exit(0);
    }
    oc_link_call(&link_, "events.watch", NULL, &listener, &answer);
    waitpid(later, NULL, 0);
    assert_true(answer.ok);
    assert_int_equal(heard.rows, 2);
    oc_answer_finish(&answer);
}

static void a_row_that_cannot_be_written_cancels_the_call(void **state)
{
    (void)state;
    struct heard heard = {.unwritten = ENOSPC};
    say("{\"id\":1,\"row\":2}");
    say("{\"id\":1,\"row\":2}");
    struct cli_answer answer = call(&heard);
    json_decref(hear());
    json_t *cancel = hear();
    assert_int_equal(answer.unwritten, ENOSPC);
    assert_int_equal(heard.rows, 2); /* one row, and none after it */
    assert_int_equal(oc_json_int(cancel, "id", 0), 1);
    assert_true(oc_json_bool(cancel, "cancel", false));
    json_decref(cancel);
    oc_answer_finish(&answer);
}

/* Runs a call whose stdout is a pipe that nobody reads. */
static struct cli_answer unread(bool stream)
{
    struct heard heard = {0};
    struct cli_listener listener = {on_row, on_progress, &heard, stream};
    struct cli_answer answer;
    int fds[2], saved = dup(STDOUT_FILENO);
    fflush(stdout);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
    close(fds[0]);
    close(fds[1]);
    oc_link_call(&link_, "events.watch", NULL, &listener, &answer);
    assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
    close(saved);
    return answer;
}

static void a_silent_stream_without_a_reader_ends(void **state)
{
    (void)state;
    struct cli_answer answer = unread(true); /* the daemon says nothing */
    json_decref(hear());
    json_t *cancel = hear();
    assert_int_equal(answer.unwritten, EPIPE);
    assert_true(oc_json_bool(cancel, "cancel", false));
    json_decref(cancel);
    oc_answer_finish(&answer);
}

static void what_acts_goes_on_without_a_reader(void **state)
{
    (void)state;
    say("{\"id\":1,\"ok\":true,\"data\":null}");
    struct cli_answer answer = unread(false);
    assert_true(answer.ok);
    assert_int_equal(answer.unwritten, 0);
    oc_answer_finish(&answer);
}

static void a_request_that_is_too_long_is_not_sent(void **state)
{
    (void)state;
    struct cli_answer answer;
    size_t len = OC_FRAME_MAX;
    char *text = oc_alloc(len + 1);
    memset(text, 'x', len);
    text[len] = '\0';
    json_t *params = json_pack("{s:s}", "text", text);
    oc_link_call(&link_, "alert.list", params, NULL, &answer);
    assert_int_equal(answer.err.code, OC_E_PERMANENT);
    assert_string_equal(answer.err.message, "the request is larger than 8 MB");
    json_decref(params);
    free(text);
    oc_answer_finish(&answer);
}

static void a_daemon_that_does_not_read_is_given_up(void **state)
{
    (void)state;
    struct cli_answer answer;
    struct timeval limit = {.tv_usec = 20000};
    link_.limit_ms = 20;
    setsockopt(link_.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    char *text = oc_calloc(1, (1u << 20) + 1);
    memset(text, 'x', 1u << 20);
    json_t *params = json_pack("{s:s}", "text", text);
    oc_link_call(&link_, "alert.list", params, NULL, &answer);
    assert_true(answer.lost);
    assert_int_equal(answer.err.code, OC_E_TIMEOUT);
    json_decref(params);
    free(text);
    oc_answer_finish(&answer);
}

static void a_listener_that_takes_no_connection_is_given_up(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct cli_link links[8];
    int rc = OC_OK, n = 0;
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/openclaw-test-full-%d.sock",
             (int)getpid());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(address.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    while (rc == OC_OK && n < 8) {
        rc = oc_link_connect(&links[n++], address.sun_path, 20, &err);
    }
    assert_int_equal(rc, OC_E_TIMEOUT);
    assert_int_equal(links[0].peer, getpid());
    while (n > 0) {
        oc_link_close(&links[--n]);
    }
    close(fd);
    unlink(address.sun_path);
}

static void frames_may_come_in_pieces(void **state)
{
    (void)state;
    json_t *frame = NULL;
    static const char text[] = "\x0e\0\0\0{\"id\":1,\"a\":2}\x02\0";
    say_bytes(text, 3);
    assert_int_equal(oc_link_next(&link_, 0, &frame), CLI_NEXT_NOTHING);
    say_bytes(text + 3, 9);
    assert_int_equal(oc_link_next(&link_, 0, &frame), CLI_NEXT_NOTHING);
    say_bytes(text + 12, sizeof text - 1 - 12);
    assert_int_equal(oc_link_next(&link_, 1000, &frame), CLI_NEXT_FRAME);
    assert_int_equal(oc_json_int(frame, "a", 0), 2);
    json_decref(frame);
    assert_int_equal(oc_link_next(&link_, 0, &frame), CLI_NEXT_NOTHING);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_peer_that_sends_our_bytes_back_is_no_daemon),
        T(a_peer_that_speaks_another_protocol_is_no_daemon),
        T(a_silent_daemon_is_asked_for_a_sign_of_life_and_given_up),
        T(a_busy_daemon_that_gives_signs_of_life_is_waited_for),
        T(a_stream_that_has_begun_may_be_silent),
        T(a_row_that_cannot_be_written_cancels_the_call),
        T(a_silent_stream_without_a_reader_ends),
        T(what_acts_goes_on_without_a_reader),
        T(a_request_that_is_too_long_is_not_sent),
        T(a_daemon_that_does_not_read_is_given_up),
        T(a_listener_that_takes_no_connection_is_given_up),
        T(frames_may_come_in_pieces),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
