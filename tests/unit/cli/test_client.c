/* The client against a scripted daemon. SPDX-License-Identifier: MIT */
#include "test_client.h"

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
