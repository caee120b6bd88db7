/* The client against a scripted daemon. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/client.h"
#include "core/loop/stream.h"
#include "core/sys/file.h"

/* ---- the scripted daemon: what it writes is fixed, what it hears is kept ---- */

static int theirs;
static struct cli_link link_;
static struct oc_error err;

static int setup(void **state)
{
    int fds[2];
    (void)state;
    oc_error_init(&err);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    link_ = (struct cli_link){.fd = fds[0], .child.log = -1};
    theirs = fds[1];
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_link_close(&link_);
    if (theirs >= 0) {
        close(theirs);
    }
    theirs = -1;
    return 0;
}

static void say_bytes(const void *data, size_t len)
{
    assert_int_equal(oc_fd_write_all(theirs, data, len), 0);
}

static void say(const char *text)
{
    size_t len = strlen(text);
    const unsigned char head[] = {len & 0xff, (len >> 8) & 0xff, 0, 0};
    say_bytes(head, sizeof head);
    say_bytes(text, len);
}

static json_t *hear(void)
{
    unsigned char head[4];
    char text[4096];
    assert_int_equal(read(theirs, head, 4), 4);
    size_t len = head[0] | (size_t)head[1] << 8;
    assert_int_equal(read(theirs, text, len), (ssize_t)len);
    json_t *frame = json_loadb(text, len, 0, NULL);
    assert_non_null(frame);
    return frame;
}

static void hang_up(void)
{
    close(theirs);
    theirs = -1;
}

struct heard {
    int rows, progress;
    int unwritten; /* what the writing of a row gives */
    char text[64];
};

static int on_row(void *ctx, const json_t *row)
{
    struct heard *h = ctx;
    h->rows += (int)json_integer_value(row);
    return h->unwritten;
}

static void on_progress(void *ctx, double fraction, const char *text)
{
    struct heard *h = ctx;
    h->progress++;
    snprintf(h->text, sizeof h->text, "%.2f %s", fraction, text);
}

static struct cli_answer call(struct heard *heard)
{
    struct cli_listener listener = {on_row, on_progress, heard, false};
    struct cli_answer answer;
    oc_link_call(&link_, "alert.list", NULL, &listener, &answer);
    return answer;
}

/* ---- calls ---- */

static void a_call_sends_its_operation_and_takes_its_answer(void **state)
{
    (void)state;
    struct heard heard = {0};
    say("{\"id\":1,\"ok\":true,\"data\":[1],\"warnings\":[\"careful\"],\"error\":null}");
    struct cli_answer answer = call(&heard);
    json_t *request = hear();
    assert_true(answer.ok);
    assert_int_equal(json_array_size(answer.data), 1);
    assert_int_equal(json_array_size(answer.warnings), 1);
    assert_string_equal(oc_json_str(request, "op", ""), "alert.list");
    assert_true(json_is_object(json_object_get(request, "params")));
    assert_int_equal(oc_json_int(request, "id", 0), 1);
    json_decref(request);
    oc_answer_finish(&answer);
}

static void rows_and_progress_are_handed_on_in_order(void **state)
{
    (void)state;
    struct heard heard = {0};
    say("{\"id\":1,\"row\":2}");
    say("{\"id\":1,\"progress\":{\"fraction\":0.5,\"text\":\"half\"}}");
    say("{\"id\":7,\"row\":100}"); /* of another call */
    say("{\"id\":1,\"row\":3}");
    say("{\"id\":1,\"ok\":true,\"data\":null}");
    struct cli_answer answer = call(&heard);
    assert_true(answer.ok);
    assert_int_equal(heard.rows, 5);
    assert_int_equal(heard.progress, 1);
    assert_string_equal(heard.text, "0.50 half");
    oc_answer_finish(&answer);
}

static void an_error_keeps_its_code_message_and_hint(void **state)
{
    (void)state;
    struct heard heard = {0};
    say("{\"id\":1,\"ok\":false,\"error\":{\"code\":\"not_found\",\"message\":\"no "
        "x\",\"hint\":\"Look.\"}}");
    struct cli_answer answer = call(&heard);
    assert_false(answer.ok || answer.lost);
    assert_int_equal(answer.err.code, OC_E_NOT_FOUND);
    assert_string_equal(answer.err.message, "no x");
    assert_string_equal(answer.err.hint, "Look.");
    assert_int_equal(oc_answer_exit(&answer), 2);
    oc_answer_finish(&answer);
}

static void an_error_without_words_is_still_an_error(void **state)
{
    (void)state;
    struct heard heard = {0};
    say("{\"id\":1,\"ok\":false}");
    struct cli_answer answer = call(&heard);
    assert_false(answer.ok);
    assert_int_equal(answer.err.code, OC_E_INTERNAL);
    oc_answer_finish(&answer);
}

static void a_daemon_that_hangs_up_is_lost(void **state)
{
    (void)state;
    struct heard heard = {0};
    say("{\"id\":1,\"row\":2}");
    hang_up();
    struct cli_answer answer = call(&heard);
    assert_true(answer.lost);
    assert_int_equal(oc_answer_exit(&answer), 69);
    assert_non_null(strstr(answer.err.hint, "openclaw run"));
    oc_answer_finish(&answer);
}

/* Another process sends it: it is more than the socket takes. */
static void an_answer_may_be_longer_than_a_request(void **state)
{
    (void)state;
    struct heard heard = {0};
    static const char before[] = "{\"id\":1,\"ok\":true,\"data\":\"", after[] = "\"}";
    size_t body = 2 * OC_FRAME_MAX, len = body + sizeof before + sizeof after - 2;
    pid_t daemon = fork();
    if (daemon == 0) {
        const unsigned char head[] = {len & 0xff, (len >> 8) & 0xff, (len >> 16) & 0xff,
                                      (len >> 24) & 0xff};
        char *text = oc_alloc(body);
        memset(text, 'x', body);
        say_bytes(head, sizeof head);
        say_bytes(before, sizeof before - 1);
        say_bytes(text, body);
        say_bytes(after, sizeof after - 1);
        _exit(0);
    }
    struct cli_answer answer = call(&heard);
    waitpid(daemon, NULL, 0);
    assert_true(answer.ok);
    assert_int_equal(json_string_length(answer.data), body);
    oc_answer_finish(&answer);
}

static void a_frame_that_is_too_long_ends_the_call(void **state)
{
    (void)state;
    struct heard heard = {0};
    say_bytes("\xff\xff\xff\xff", 4);
    struct cli_answer answer = call(&heard);
    assert_true(answer.lost);
    oc_answer_finish(&answer);
}

static void a_frame_that_is_not_json_ends_the_call(void **state)
{
    (void)state;
    struct heard heard = {0};
    say("{\"id\":1,");
    struct cli_answer answer = call(&heard);
    assert_true(answer.lost);
    oc_answer_finish(&answer);
}

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

/* ---- Ctrl-C ---- */

static pid_t interrupter;

/* Another process presses Ctrl-C once the request is there, and plays the daemon. */
static void interrupt_when_called(bool answers)
{
    pid_t self = getpid();
    interrupter = fork();
    if (interrupter == 0) {
        json_decref(hear());
        kill(self, SIGINT);
        json_t *cancel = hear();
        bool right =
            json_is_true(json_object_get(cancel, "cancel")) && oc_json_int(cancel, "id", 0) == 1;
        if (answers && right) {
            say("{\"id\":1,\"ok\":false,\"error\":{\"code\":\"cancelled\",\"message\":"
                "\"cancelled\"}}");
        } else {
            kill(self, SIGINT);
        }
        _exit(right ? 0 : 1);
    }
}

static void assert_interrupter_content(void)
{
    int status;
    assert_int_equal(waitpid(interrupter, &status, 0), interrupter);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void ctrl_c_cancels_the_call(void **state)
{
    (void)state;
    struct heard heard = {0};
    interrupt_when_called(true);
    struct cli_answer answer = call(&heard);
    assert_interrupter_content();
    assert_true(answer.interrupted && !answer.lost);
    assert_int_equal(answer.err.code, OC_E_CANCELLED);
    assert_int_equal(oc_answer_exit(&answer), 130);
    oc_answer_finish(&answer);
}

static void a_second_ctrl_c_abandons_it(void **state)
{
    (void)state;
    struct heard heard = {0};
    interrupt_when_called(false);
    struct cli_answer answer = call(&heard);
    assert_interrupter_content();
    assert_true(answer.interrupted);
    oc_answer_finish(&answer);
}

/* ---- opening ---- */

static void no_socket_means_no_daemon(void **state)
{
    (void)state;
    struct cli_link other;
    assert_int_equal(oc_link_connect(&other, "/nowhere/openclawd.sock", 0, &err), OC_E_RETRY);
    assert_string_equal(err.message,
                        "no daemon is running: nobody listens on /nowhere/openclawd.sock");
    assert_int_equal(other.fd, -1);
    oc_link_close(&other);
}

static void a_dead_socket_means_no_daemon(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX,
                                  .sun_path = "/tmp/openclaw-test-dead.sock"};
    struct cli_link other;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(address.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    assert_int_equal(oc_link_connect(&other, address.sun_path, 0, &err), OC_E_RETRY);
    oc_link_close(&other);
    unlink(address.sun_path);
}

static void a_path_that_is_too_long_is_said_so(void **state)
{
    (void)state;
    char path[256];
    struct cli_link other;
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(oc_link_connect(&other, path, 0, &err), OC_E_CONFIG);
    oc_link_close(&other);
}

static void an_operation_that_needs_a_daemon_starts_none(void **state)
{
    (void)state;
    struct cli cli = {.home = "/nowhere"};
    struct cli_link other;
    assert_int_equal(oc_link_open(&other, &cli, test_op("alert.silence"), &err), OC_E_RETRY);
    assert_int_equal(other.child.pid, 0);
    oc_link_close(&other);
}

/* ---- what a private daemon leaves behind ---- */

static struct cli_child child_with_log(const char *text)
{
    struct cli_child child = {.log = memfd_create("log", MFD_CLOEXEC)};
    assert_int_equal(oc_fd_write_all(child.log, text, strlen(text)), 0);
    return child;
}

static void its_last_words_become_the_error(void **state)
{
    (void)state;
    struct cli_child child =
        child_with_log("2026 warn openclawd: not this\nopenclawd: /a.conf:3: expected `=`\n"
                       "  Write x = 1.\n");
    assert_true(oc_child_error(&child, 7, &err));
    assert_int_equal(err.code, OC_E_CONFIG);
    assert_string_equal(err.message, "/a.conf:3: expected `=`");
    assert_string_equal(err.hint, "Write x = 1.");
    oc_child_finish(&child);
}

static void a_silent_end_is_known_as_one(void **state)
{
    (void)state;
    struct cli_child child = child_with_log("some line\n");
    assert_false(oc_child_error(&child, 1, &err));
    oc_child_finish(&child);
    child = child_with_log("");
    assert_true(oc_child_error(&child, 127, &err));
    assert_string_equal(err.message, "openclawd cannot be found");
    oc_child_finish(&child);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_call_sends_its_operation_and_takes_its_answer),
        T(rows_and_progress_are_handed_on_in_order),
        T(an_error_keeps_its_code_message_and_hint),
        T(an_error_without_words_is_still_an_error),
        T(a_daemon_that_hangs_up_is_lost),
        T(an_answer_may_be_longer_than_a_request),
        T(a_frame_that_is_too_long_ends_the_call),
        T(a_frame_that_is_not_json_ends_the_call),
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
        T(ctrl_c_cancels_the_call),
        T(a_second_ctrl_c_abandons_it),
        T(no_socket_means_no_daemon),
        T(a_dead_socket_means_no_daemon),
        T(a_path_that_is_too_long_is_said_so),
        T(an_operation_that_needs_a_daemon_starts_none),
        T(its_last_words_become_the_error),
        T(a_silent_end_is_known_as_one),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
