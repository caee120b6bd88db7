/* The syslog channel: its lines byte for byte, and receivers of every kind that behave and that do not. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "line.c" /* the lines alone */
#include "net/testing/names.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openclaw/emit.h>
#include <openclaw/testkit.h>

#define SEND "alert.send/1"
#define BOM  "\xef\xbb\xbf"
#define ALERT                                                                                      \
    "\"alert\":{\"id\":\"5f1c\",\"severity\":\"critical\",\"rule\":\"redis\",\"title\":\"redis "   \
    "on "                                                                                          \
    "cache\",\"message\":\"is\\ngone \\u2603\",\"entity\":\"cache:1\",\"category\":\"service\","   \
    "\"starts_at\":\"2026-11-22T10:00:00.000Z\",\"ends_at\":\"2026-11-22T10:05:00.000Z\"}}"
#define DELIVERY(event)                                                                            \
    "{\"id\":\"d-1\",\"event\":\"" event "\",\"host\":{\"name\":\"edge 1\"}," ALERT

#define DATA(event)                                                                                \
    "[openclaw@32473 event=\"" event                                                               \
    "\" severity=\"critical\" id=\"5f1c\" delivery=\"d-1\" entity=\"cache:1\" "                    \
    "category=\"service\"] " BOM
#define LINE                                                                                       \
    "<26>1 2026-11-22T10:00:00.000Z edge_1 openclaw - redis " DATA(                                \
        "firing") "CRITICAL redis on cache: is gone ☃"

/* ---- lines ---- */

static char *line_of(const char *delivery, const struct line_options *o)
{
    struct oc_request req = {.params = {delivery, strlen(delivery)}};
    struct oc_error err = {0};
    struct message m;
    struct text line = {0};
    assert_int_equal(message_read(&m, &req, &err), OC_OK);
    line_make(o, &m, &line);
    message_finish(&m);
    assert_int_equal(strlen(line.data), line.len);
    return line.data;
}

static void expect_line(const char *delivery, const struct line_options *o, const char *expected)
{
    char *line = line_of(delivery, o);
    assert_string_equal(line, expected);
    free(line);
}

static void every_part_of_a_line_is_in_its_place(void **state)
{
    struct line_options o = {3, "openclaw", ""};
    (void)state;
    expect_line(DELIVERY("firing"), &o, LINE);
    o = (struct line_options){19, "my app", "h1"};
    expect_line(DELIVERY("resolved"), &o,
                "<157>1 2026-11-22T10:05:00.000Z h1 my_app - redis " DATA(
                    "resolved") "RESOLVED redis on cache: is gone ☃");
    o = (struct line_options){0, "", ""};
    expect_line(
        "{\"id\":\"d\",\"event\":\"test\",\"alert\":{\"severity\":\"info\"}}", &o,
        "<6>1 - - - - - [openclaw@32473 event=\"test\" severity=\"info\" delivery=\"d\"] " BOM
        "TEST ");
}

static void what_would_end_a_value_is_escaped(void **state)
{
    struct line_options o = {3, "a", "h"};
    char *line = line_of("{\"id\":\"d\",\"event\":\"firing\",\"alert\":{\"rule\":\"a b\\n<é>\","
                         "\"entity\":\"x\\\" y=\\\"]\\\\\\n\"}}",
                         &o);
    (void)state;
    assert_non_null(strstr(line, " a - a_b_<__> [openclaw@32473 "));
    assert_non_null(strstr(line, " entity=\"x\\\" y=\\\"\\]\\\\ \"] " BOM "INFO a b <é>"));
    assert_null(strchr(line, '\n'));
    free(line);
}

static void a_group_names_its_alerts(void **state)
{
    struct line_options o = {3, "a", "h"};
    char *line =
        line_of("{\"id\":\"d\",\"event\":\"firing\",\"alert\":{\"title\":\"t\"},\"group\":{\"key\":"
                "\"k=1\",\"size\":12},\"alerts\":[{\"title\":\"1\"},{\"title\":\"2\"},{},{},{},{},"
                "{},{\"title\":\"8\"},{},{}]}",
                &o);
    (void)state;
    assert_non_null(strstr(line, " group=\"k=1\" "));
    assert_non_null(strstr(line, BOM "INFO t; 1; 2; ; ; ; ; ; 8; and 4 more"));
    free(line);
}

/* Every value is as long as can be and all of it is escaped: the data stays whole, only the text is cut, at a character. */
static void a_line_is_cut_in_its_text_alone(void **state)
{
    static const char *const members[] = {"id",   "severity", "entity", "category",
                                          "rule", "title",    "message"};
    static const char *const units[] = {"]", "☃", "a"};
    char text[5000] = "x", host[300];
    struct line_options o = {23, text, host};
    (void)state;
    memset(host, 'h', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        text[1] = '\0';
        while (strlen(text) + strlen(units[u]) < sizeof text) {
            memcpy(text + strlen(text), units[u], strlen(units[u]) + 1);
        }
        json_t *alert = json_object();
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
            json_object_set_new(alert, members[i], json_string(text));
        }
        json_t *json = json_pack("{s:s, s:s, s:o, s:{s:s}}", "id", text, "event", text, "alert",
                                 alert, "group", "key", text);
        char *delivery = json_dumps(json, 0), *line = line_of(delivery, &o);
        json_t *whole = json_string(line); /* NULL when it is no UTF-8 */
        assert_non_null(whole);
        assert_in_range(strlen(line), LINE_MAX_BYTES - 2, LINE_MAX_BYTES);
        assert_non_null(strstr(line, "\"] " BOM "INFO x"));
        json_decref(whole);
        json_decref(json);
        free(delivery);
        free(line);
    }
}

/* ---- receivers ---- */

enum manner { READS, RESETS, KEEPS };

struct room {
    struct oc_test *t;
    int fd;   /* listens, or is the datagram socket */
    int kept; /* a connection that stays when all is read */
    enum manner manner;
    pthread_t thread;
    char got[8192], folder[64], path[96];
    size_t len;
};

static int setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    r->fd = -1;
    snprintf(r->folder, sizeof r->folder, "/tmp/openclaw-test-syslog-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    snprintf(r->path, sizeof r->path, "%s/log", r->folder);
    r->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(r->t);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct room *r = *state;
    int left = oc_test_close(r->t);
    unlink(r->path);
    rmdir(r->folder);
    free(r);
    assert_int_equal(left, 0);
    return 0;
}

/* A socket on a free port of the loopback, whose address becomes the option. */
/* `place` is the scheme and the host. */
static void take_port(struct room *r, int type, const char *place)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    char url[64];
    r->fd = socket(AF_INET, type, 0);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&at, &size), 0);
    snprintf(url, sizeof url, "%s:%u", place, ntohs(at.sin_port));
    oc_test_option(r->t, "address", url);
    assert_int_equal(oc_test_start(r->t), OC_OK);
}

static void *receive(void *ctx)
{
    static const struct linger reset = {1, 0};
    struct room *r = ctx;
    int fd = accept(r->fd, NULL, NULL);
    ssize_t n = 1;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (r->manner == RESETS) {
        poll(&p, 1, 5000); /* it is sent, and never read */
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    while (r->manner != RESETS && n > 0) {
        n = recv(fd, r->got + r->len, sizeof r->got - 1 - r->len, 0);
        r->len += n > 0 ? (size_t)n : 0;
    }
    if (r->manner == KEEPS) {
        r->kept = fd;
    } else {
        close(fd);
    }
    return NULL;
}

static int32_t send_over_tcp(struct room *r, enum manner manner, int64_t timeout_ms)
{
    take_port(r, SOCK_STREAM, "tcp://127.0.0.1");
    r->manner = manner;
    assert_int_equal(listen(r->fd, 1), 0);
    assert_int_equal(pthread_create(&r->thread, NULL, receive, r), 0);
    int32_t rc = oc_test_call(r->t, SEND, DELIVERY("firing"), timeout_ms);
    pthread_join(r->thread, NULL);
    if (manner == KEEPS) {
        close(r->kept);
    }
    close(r->fd);
    return rc;
}

static void over_tcp_a_line_is_framed_by_its_length(void **state)
{
    struct room *r = *state;
    char expected[600];
    assert_int_equal(send_over_tcp(r, READS, 5000), OC_OK);
    snprintf(expected, sizeof expected, "%zu %s", sizeof LINE - 1, LINE);
    assert_string_equal(r->got, expected);
    assert_string_equal(oc_test_json(r->t, 0), "{\"answer\":\"sent\"}");
    assert_true(oc_test_took_ms(r->t) < 1500);
}

static void a_receiver_that_keeps_the_connection_has_the_message(void **state)
{
    struct room *r = *state;
    assert_int_equal(send_over_tcp(r, KEEPS, 5000), OC_OK);
    assert_non_null(strstr(r->got, LINE));
    assert_true(oc_test_took_ms(r->t) < 3000);
}

static void a_receiver_that_resets_is_worth_another_try(void **state)
{
    assert_int_equal(send_over_tcp(*state, RESETS, 5000), OC_E_RETRY);
}

static void nobody_listening_is_worth_another_try(void **state)
{
    struct room *r = *state;
    take_port(r, SOCK_STREAM, "tcp://127.0.0.1"); /* bound and not listening */
    assert_int_equal(oc_test_call(r->t, SEND, DELIVERY("firing"), 5000), OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(r->t)->message, "Connection refused"));
    close(r->fd);
}

static void a_name_that_has_moved_is_followed(void **state)
{
    struct room *r = *state;
    names_set("127.0.0.2", NULL);
    take_port(r, SOCK_STREAM, "tcp://set.names.test");
    assert_int_equal(listen(r->fd, 1), 0);
    assert_int_equal(oc_test_call(r->t, SEND, DELIVERY("firing"), 5000), OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(r->t)->message, "Connection refused"));
    names_set("127.0.0.1", NULL);
    assert_int_equal(oc_test_call(r->t, SEND, DELIVERY("firing"), 5000), OC_OK);
    close(r->fd);
}

static void expect_datagram(struct room *r, const char *answer)
{
    assert_int_equal(oc_test_call(r->t, SEND, DELIVERY("firing"), 5000), OC_OK);
    ssize_t n = recv(r->fd, r->got, sizeof r->got - 1, 0);
    assert_int_equal(n, sizeof LINE - 1);
    assert_string_equal(r->got, LINE);
    assert_string_equal(oc_test_json(r->t, 0), answer);
}

static void over_udp_a_line_is_a_datagram(void **state)
{
    struct room *r = *state;
    take_port(r, SOCK_DGRAM, "udp://127.0.0.1");
    expect_datagram(r, "{\"answer\":\"sent, without an answer\"}");
    close(r->fd);
}

static void take_path(struct room *r)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char url[128];
    snprintf(at.sun_path, sizeof at.sun_path, "%s", r->path);
    snprintf(url, sizeof url, "unix://%s", r->path);
    r->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&at, sizeof at), 0);
    oc_test_option(r->t, "address", url);
    assert_int_equal(oc_test_start(r->t), OC_OK);
}

static void the_machine_s_own_log_gets_a_datagram(void **state)
{
    struct room *r = *state;
    take_path(r);
    expect_datagram(r, "{\"answer\":\"sent\"}");
    close(r->fd);
    assert_int_equal(oc_test_call(r->t, SEND, DELIVERY("firing"), 5000), OC_E_RETRY);
    unlink(r->path);
    assert_int_equal(oc_test_call(r->t, SEND, DELIVERY("firing"), 5000), OC_E_RETRY);
}

/* A log daemon that hangs must not hold the host. */
static void a_log_that_is_full_costs_no_more_than_the_deadline(void **state)
{
    struct room *r = *state;
    int32_t rc = OC_OK;
    take_path(r);
    for (int i = 0; i < 2000 && rc == OC_OK; i++) {
        rc = oc_test_call(r->t, SEND, DELIVERY("firing"), 400);
    }
    assert_int_equal(rc, OC_E_TIMEOUT);
    assert_true(oc_test_took_ms(r->t) < 400);
    oc_test_cancel_after(r->t, 50);
    assert_int_equal(oc_test_call(r->t, SEND, DELIVERY("firing"), 5000), OC_E_CANCELLED);
    close(r->fd);
}

static void a_name_service_that_hangs_costs_no_more_than_the_deadline(void **state)
{
    static const char *const addresses[] = {"udp://log.hangs.test", "tcp://log.hangs.test",
                                            "tls://log.hangs.test"};
    struct room *r = *state;
    names.released = false;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        oc_test_option(r->t, "address", addresses[i]);
        assert_int_equal(oc_test_start(r->t), OC_OK);
        assert_int_equal(oc_test_call(r->t, SEND, DELIVERY("firing"), 200), OC_E_TIMEOUT);
        names_await_hanging();
        assert_int_equal(oc_test_call(r->t, SEND, DELIVERY("firing"), 200), OC_E_TIMEOUT);
        assert_true(names_hanging());
        names_release();
        oc_test_stop(r->t);
        names.released = false;
    }
}

static void wrong_options_are_refused_by_name(void **state)
{
    static const char *const bad[] = {
        "http://x", "udp://",       "tcp://[::1", "unix://relative", "tcp://x:99999",
        "tls://:1", "tls://x:port", "tcp://x:0",  "tcp://x:",        "x",
        ""};
    struct room *r = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        oc_test_option(r->t, "address", bad[i]);
        assert_int_equal(oc_test_start(r->t), OC_E_CONFIG);
        assert_non_null(strstr(oc_test_error(r->t)->message, "address"));
        assert_true(strlen(oc_test_error(r->t)->hint) > 0);
    }
    oc_test_option(r->t, "address", "udp://[::1]:1514");
    oc_test_option(r->t, "facility", "local9");
    assert_int_equal(oc_test_start(r->t), OC_E_CONFIG);
    assert_non_null(strstr(oc_test_error(r->t)->message, "facility"));
}

#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_a_line_is_in_its_place),
        cmocka_unit_test(what_would_end_a_value_is_escaped),
        cmocka_unit_test(a_group_names_its_alerts),
        cmocka_unit_test(a_line_is_cut_in_its_text_alone),
        IN_ROOM(over_tcp_a_line_is_framed_by_its_length),
        IN_ROOM(a_receiver_that_keeps_the_connection_has_the_message),
        IN_ROOM(a_receiver_that_resets_is_worth_another_try),
        IN_ROOM(nobody_listening_is_worth_another_try),
        IN_ROOM(a_name_that_has_moved_is_followed),
        IN_ROOM(over_udp_a_line_is_a_datagram),
        IN_ROOM(the_machine_s_own_log_gets_a_datagram),
        IN_ROOM(a_log_that_is_full_costs_no_more_than_the_deadline),
        IN_ROOM(a_name_service_that_hangs_costs_no_more_than_the_deadline),
        IN_ROOM(wrong_options_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
