/* Tests of the ollama preset against a scripted service. SPDX-License-Identifier: MIT */
#include "probe/testing/peer.h"
#include "probe/testing/preset.h"
#include "probe/testing/test.h"

#include <math.h>

static void answer(int fd, const char *json)
{
    char reply[1024];
    snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(json),
             json);
    peer_say(fd, reply);
}

static void ollama(int fd, struct peer_shared *shared, const void *ctx)
{
    (void)ctx;
    for (;;) {
        peer_request(fd, shared);
        if (peer_asked("/api/tags")) {
            answer(fd, "{\"models\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}");
        } else {
            answer(fd, "{\"models\":[{\"name\":\"a\"}]}");
        }
    }
}

static void models_are_counted(void **state)
{
    struct peer peer = peer_start(ollama, NULL);
    char options[128];
    (void)state;
    snprintf(options, sizeof options, "{\"url\": \"http://127.0.0.1:%d\"}", peer.port);
    struct oc_test *t = preset_start(0, options);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    assert_int_equal(oc_test_status(t, "running"), OC_STATE_OK);
    assert_float_equal(oc_test_sample(t, "ollama.models", NULL, NULL), 3, 0);
    assert_float_equal(oc_test_sample(t, "ollama.running", NULL, NULL), 1, 0);
    assert_int_equal(oc_test_close(t), 0);
    peer_stop(&peer);
}

static void something_else_on_the_port_is_critical(void **state)
{
    struct peer peer = peer_start(peer_reply, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    char options[128];
    (void)state;
    snprintf(options, sizeof options, "{\"url\": \"http://127.0.0.1:%d\"}", peer.port);
    struct oc_test *t = preset_start(0, options);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_CRITICAL);
    assert_true(isnan(oc_test_sample(t, "ollama.models", NULL, NULL)));
    assert_int_equal(oc_test_close(t), 0);
    peer_stop(&peer);
}

static void the_defaults_are_a_valid_configuration(void **state)
{
    (void)state;
    assert_int_equal(preset_count(), 1);
    assert_int_equal(oc_test_close(preset_start(0, "{}")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_are_counted),
        cmocka_unit_test(something_else_on_the_port_is_critical),
        cmocka_unit_test(the_defaults_are_a_valid_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
