/* The console channel on pipes, a pseudo terminal and streams that fail. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define SEND "alert.send/1"

static const char params[] =
    "{\"id\":\"0193a1f2-0000-7000-8000-000000000001\",\"event\":\"firing\",\"attempt\":1,"
    "\"host\":{\"name\":\"edge-1\"},\"alert\":{\"id\":\"5f1c02a9\",\"severity\":\"critical\","
    "\"rule\":\"redis\",\"title\":\"redis on cache\",\"message\":\"Redis connection lost\","
    "\"starts_at\":\"2026-11-22T13:30:00.123Z\",\"ends_at\":\"2026-11-22T14:00:00.000Z\"}}";

/* stderr of the test while a call runs; put back at once, so that failures are seen. */
struct stream {
    int saved, out, in;
};

static void stream_begin(struct stream *s, int in, int out)
{
    s->saved = dup(STDERR_FILENO);
    s->in = in;
    s->out = out;
    dup2(out, STDERR_FILENO);
}

static void stream_end(struct stream *s)
{
    dup2(s->saved, STDERR_FILENO);
    close(s->saved);
    close(s->out);
}

/* Starts an instance whose stderr is `out`, sends `text`, and gives what came out at `in`. */
static void send_to(int in, int out, const char *format, const char *text, char *line, size_t size)
{
    struct stream s;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    if (format) {
        oc_test_option(t, "format", format);
    }
    stream_begin(&s, in, out);
    int start = oc_test_start(t);
    int sent = oc_test_call(t, SEND, text, 1000);
    int left = oc_test_stop(t);
    stream_end(&s);
    assert_int_equal(start, OC_OK);
    assert_int_equal(sent, OC_OK);
    assert_int_equal(left, 0);
    assert_string_equal(oc_test_json(t, 0), "{\"answer\":\"written to stderr\"}");
    ssize_t n = read(in, line, size - 1);
    assert_true(n > 0);
    line[n] = '\0';
    close(in);
    oc_test_close(t);
}

static void send_to_pipe(const char *format, const char *text, char *line, size_t size)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    send_to(fds[0], fds[1], format, text, line, size);
}

static void a_firing_alert_is_one_plain_line(void **state)
{
    char line[1024];
    (void)state;
    send_to_pipe(NULL, params, line, sizeof line);
    assert_string_equal(line, "2026-11-22T13:30:00.123Z CRITICAL redis on cache: "
                              "Redis connection lost [5f1c02a9]\n");
}

static void a_terminal_gets_colour(void **state)
{
    char line[1024];
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master), 0);
    assert_int_equal(unlockpt(master), 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    send_to(master, slave, "colored", params, line, sizeof line);
    assert_memory_equal(line, "\033[1;31m2026", 11);
    assert_non_null(strstr(line, "\033[0m"));
}

static void a_resolved_alert_says_when_it_ended(void **state)
{
    char line[1024];
    (void)state;
    json_t *json = json_loads(params, 0, NULL);
    json_object_set_new(json, "event", json_string("resolved"));
    char *text = json_dumps(json, 0);
    send_to_pipe("plain", text, line, sizeof line);
    assert_memory_equal(line, "2026-11-22T14:00:00.000Z RESOLVED redis on cache", 48);
    free(text);
    json_decref(json);
}

static void json_is_one_document_a_line(void **state)
{
    char line[4096];
    (void)state;
    send_to_pipe("json", params, line, sizeof line);
    json_t *json = json_loads(line, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "event")), "firing");
    assert_non_null(strchr(line, '\n'));
    assert_null(strchr(strchr(line, '\n') + 1, '\n'));
    json_decref(json);
}

static void a_message_cannot_act_on_the_terminal(void **state)
{
    char line[1024];
    (void)state;
    json_t *json = json_loads(params, 0, NULL);
    json_object_set_new(json_object_get(json, "alert"), "message",
                        json_string("a\033]0;owned\007\nb\r\xc2\x9b"
                                    "2J\x7f ä"));
    char *text = json_dumps(json, 0);
    send_to_pipe(NULL, text, line, sizeof line);
    assert_null(strchr(line, '\033'));
    assert_null(strchr(line, '\r'));
    assert_null(strstr(line, "\xc2\x9b"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_non_null(strstr(line, "ä"));
    free(text);
    json_decref(json);
}

static int send_to_broken(int out, int64_t timeout_ms, char *message, size_t size)
{
    struct stream s;
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    stream_begin(&s, -1, out);
    assert_int_equal(oc_test_start(t), OC_OK);
    int rc = oc_test_call(t, SEND, params, timeout_ms);
    int left = oc_test_stop(t);
    stream_end(&s);
    assert_int_equal(left, 0);
    snprintf(message, size, "%s", oc_test_error(t)->message);
    assert_true(oc_test_took_ms(t) < timeout_ms + 500);
    oc_test_close(t);
    return rc;
}

static void a_stream_that_nobody_reads_does_not_hold_the_call(void **state)
{
    int fds[2];
    char block[4096] = {0}, message[512];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
    while (write(fds[1], block, sizeof block) > 0) {
    }
    fcntl(fds[1], F_SETFL, 0);
    assert_int_equal(send_to_broken(fds[1], 300, message, sizeof message), OC_E_TIMEOUT);
    close(fds[0]);
}

static void a_closed_or_full_stream_is_reported(void **state)
{
    int fds[2];
    char message[512];
    (void)state;
    signal(SIGPIPE, SIG_IGN); /* the host's workers block it */
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    assert_int_equal(send_to_broken(fds[1], 1000, message, sizeof message), OC_E_PERMANENT);
    assert_non_null(strstr(message, "Broken pipe"));
    assert_int_equal(send_to_broken(open("/dev/full", O_WRONLY), 1000, message, sizeof message),
                     OC_E_RETRY);
}

static void what_is_no_delivery_is_refused(void **state)
{
    static const char *const bad[] = {NULL,
                                      "",
                                      "[]",
                                      "{}",
                                      "{\"id\":\"x\",\"event\":\"firing\"}",
                                      "{\"id\":1,\"event\":2,\"alert\":{}}"};
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    (void)state;
    assert_int_equal(oc_test_start(t), OC_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(oc_test_call(t, SEND, bad[i], 1000), OC_E_CONFIG);
    }
    assert_int_equal(oc_test_close(t), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_firing_alert_is_one_plain_line),
        cmocka_unit_test(a_terminal_gets_colour),
        cmocka_unit_test(a_resolved_alert_says_when_it_ended),
        cmocka_unit_test(json_is_one_document_a_line),
        cmocka_unit_test(a_message_cannot_act_on_the_terminal),
        cmocka_unit_test(a_stream_that_nobody_reads_does_not_hold_the_call),
        cmocka_unit_test(a_closed_or_full_stream_is_reported),
        cmocka_unit_test(what_is_no_delivery_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
