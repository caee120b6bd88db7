/* What the tests of channels to services share: a room with a receiver, deliveries, and looks at what was sent. SPDX-License-Identifier: MIT */
#ifndef PLUGIN_CHANNEL_TEST_CHANNEL_H
#define PLUGIN_CHANNEL_TEST_CHANNEL_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "alert/text.h"
#include "channel/test_receiver.h"

#include <jansson.h>

#include <openclaw/testkit.h>

#define DELIVERY(event, alert, more)                                                               \
    "{\"id\":\"d-1\",\"event\":\"" event                                                           \
    "\",\"attempt\":1,\"host\":{\"name\":\"edge-1\"},\"alert\":" alert more "}"
#define ALERT(severity, message)                                                                   \
    "{\"id\":\"5f1c\",\"severity\":\"" severity                                                    \
    "\",\"rule\":\"redis\",\"title\":\"redis on cache\",\"message\":\"" message                    \
    "\",\"entity\":\"cache:1\",\"category\":\"service\",\"starts_at\":\"2026-11-22T10:00:00."      \
    "000Z\","                                                                                      \
    "\"ends_at\":\"2026-11-22T10:05:00.000Z\",\"value\":0.5,\"labels\":{\"team\":\"ops\"}}"

#define FIRING   DELIVERY("firing", ALERT("critical", "no <b> & [x](http://y) @all"), "")
#define WARNING  DELIVERY("firing", ALERT("warning", "slow"), "")
#define RESOLVED DELIVERY("resolved", ALERT("critical", "is back"), "")
/* Five, of which two are there: one fires, one is over. */
#define GROUP                                                                                      \
    DELIVERY("firing", ALERT("critical", "gone"),                                                  \
             ",\"group\":{\"key\":\"k=1\",\"labels\":{},\"size\":5,\"firing\":4,\"resolved\":1},"  \
             "\"text\":\"5 caches are gone\",\"alerts\":["                                         \
             "{\"id\":\"a\",\"title\":\"one\",\"message\":\"gone\",\"state\":\"firing\"},"         \
             "{\"id\":\"b\",\"title\":\"two\",\"message\":\"\",\"state\":\"resolved\"}]")

struct room {
    struct receiver receiver;
    struct oc_test *t;
    char answer[1024]; /* the script's */
};

/* An option whose value is an address of the receiver, with `path` behind it. */
static inline void room_address(struct room *r, const char *option, const char *path)
{
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", r->receiver.port, path);
    oc_test_option(r->t, option, url);
}

static inline struct room *room_open(void)
{
    struct room *r = calloc(1, sizeof *r);
    assert_non_null(r);
    receiver_start(&r->receiver);
    r->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(r->t);
    return r;
}

static inline int room_close(void **state)
{
    struct room *r = *state;
    int left = oc_test_close(r->t);
    receiver_stop(&r->receiver);
    free(r);
    assert_int_equal(left, 0);
    return 0;
}

static inline int room_send(struct room *r, const char *delivery)
{
    if (!oc_test_instance(r->t)) {
        assert_int_equal(oc_test_start(r->t), OC_OK);
    }
    int code = oc_test_call(r->t, "alert.send/1", delivery, 5000);
    receiver_settle(&r->receiver);
    return code;
}

/* The body of the last request, read; owned by the caller. */
static inline json_t *room_body(struct room *r)
{
    const char *end = strstr(r->receiver.last, "\r\n\r\n");
    assert_non_null(end);
    json_t *json = json_loads(end + 4, 0, NULL);
    assert_non_null(json);
    return json;
}

/* Sends it and holds the body against `expected`, which is JSON. */
static inline void expect_body(struct room *r, const char *delivery, const char *expected)
{
    assert_int_equal(room_send(r, delivery), OC_OK);
    json_t *body = room_body(r), *wanted = json_loads(expected, 0, NULL);
    char *a = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    char *b = json_dumps(wanted, JSON_COMPACT | JSON_SORT_KEYS);
    assert_non_null(b);
    assert_string_equal(a, b);
    free(a);
    free(b);
    json_decref(body);
    json_decref(wanted);
}

/* The first line of the last request, without the version. */
static inline void expect_request(struct room *r, const char *expected)
{
    char line[512];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(r->receiver.last, "\r"), r->receiver.last);
    char *version = strstr(line, " HTTP/1.1");
    assert_non_null(version);
    *version = '\0';
    assert_string_equal(line, expected);
}

static inline void expect_header(struct room *r, const char *name, const char *expected)
{
    char line[256];
    snprintf(line, sizeof line, "\r\n%s: %s\r\n", name, expected);
    assert_non_null(strstr(r->receiver.last, line));
}

/* One try that is answered so: the code, and the wait in seconds that the host is told (0 = none). `headers` are whole lines. */
static inline void expect_answer(struct room *r, const char *status, const char *headers,
                                 const char *body, int code, int wait)
{
    snprintf(r->answer, sizeof r->answer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status,
             strlen(body), headers, body);
    receiver_script(&r->receiver, STEP_ANSWER, r->answer);
    assert_int_equal(room_send(r, FIRING), code);
    json_t *json = json_loads(oc_test_json(r->t, 0), 0, NULL);
    assert_true(json_string_length(json_object_get(json, "answer")) > 0);
    assert_int_equal(json_integer_value(json_object_get(json, "retry_after")), wait);
    json_decref(json);
}

/* What every service has in common: final answers, those that another try may change, and the option that a refused key came from. */
static inline void expect_usual_answers(struct room *r, const char *option)
{
    expect_answer(r, "400 Bad", "", "no text", OC_E_PERMANENT, 0);
    assert_string_equal(oc_test_error(r->t)->message, "the service answered HTTP 400: no text");
    expect_answer(r, "404 No", "", "", OC_E_CONFIG, 0);
    expect_answer(r, "503 Busy", "", "", OC_E_RETRY, 0);
    expect_answer(r, "401 No", "", "", OC_E_AUTH, 0);
    assert_non_null(strstr(oc_test_error(r->t)->hint, option));
    expect_answer(r, "429 Slow", "Retry-After: 7\r\n", "{}", OC_E_RETRY, 7);
    expect_answer(r, "307 Go", "Location: /else\r\n", "", OC_E_CONFIG, 0);
    assert_int_equal(r->receiver.connections, 1);
}

/* The plugin does not start with it, and says which option is wrong. */
static inline void expect_refused(struct room *r, const char *option, const char *value)
{
    oc_test_option(r->t, option, value);
    assert_int_equal(oc_test_start(r->t), OC_E_CONFIG);
    assert_non_null(strstr(oc_test_error(r->t)->message, option));
}

/* "x", then `unit` over and over, up to `size` bytes: no limit is at the border of a character. */
static inline json_t *long_text(const char *unit, size_t size)
{
    struct text text = {0};
    text_adds(&text, "x");
    while (text.len + strlen(unit) <= size) {
        text_adds(&text, unit);
    }
    json_t *json = json_string(text.data);
    text_finish(&text);
    return json;
}

/* A critical alert, or a group of them, where every text is longer than any service takes; owned by the caller. */
static inline char *huge_delivery(const char *unit, bool group)
{
    static const char *const members[] = {"title", "message", "rule", "entity", "category", "id"};
    json_t *json = json_loads(group ? GROUP : FIRING, 0, NULL), *text = long_text(unit, 40000);
    json_t *alert = json_object_get(json, "alert"), *labels = json_object_get(alert, "labels");
    char name[32];
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_object_set(alert, members[i], text);
    }
    for (int i = 0; i < 64; i++) {
        snprintf(name, sizeof name, "label%d", i);
        json_object_set(labels, name, text);
        json_array_append_new(json_object_get(json, "alerts"),
                              json_pack("{s:O, s:O}", "title", text, "message", text));
    }
    json_object_set(json, "text", text);
    char *dump = json_dumps(json, JSON_COMPACT);
    json_decref(text);
    json_decref(json);
    return dump;
}

/* Sends such a delivery and gives the body that came, which is whole UTF-8 and JSON; owned by the caller. */
static inline json_t *send_huge(struct room *r, const char *unit, bool group)
{
    char *delivery = huge_delivery(unit, group);
    assert_int_equal(room_send(r, delivery), OC_OK);
    free(delivery);
    return room_body(r);
}

/* The text at a path of keys and places: "attachments.0.text". */
static inline const char *text_at(const json_t *json, const char *path)
{
    while (*path) {
        char key[64];
        size_t len = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)len, path);
        json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10))
                                   : json_object_get(json, key);
        path += path[len] ? len + 1 : len;
    }
    assert_true(json_is_string(json));
    return json_string_value(json);
}

/* At most `max` bytes, and at least all but a few of them: it was cut where it had to be. */
static inline void expect_cut(const json_t *json, const char *path, size_t max)
{
    size_t len = strlen(text_at(json, path));
    assert_in_range(len, max - 10, max);
}

#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, setup, room_close)

#endif
