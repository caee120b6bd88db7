/* The tests of a preset that watches one page of a service. SPDX-License-Identifier: MIT
 *
 * Header-only: test_<name>.c is one main that gives the page to `preset_page_tests`. */
#ifndef OC_PROBE_TESTING_PAGE_H
#define OC_PROBE_TESTING_PAGE_H

#include "probe/testing/peer.h"
#include "probe/testing/preset.h"
#include "probe/testing/test.h"

static const char *page; /* "/health" */

static inline struct oc_test *start_at(int port)
{
    char options[128];
    snprintf(options, sizeof options, "{\"url\": \"http://127.0.0.1:%d\"}", port);
    return preset_start(0, options);
}

static inline void the_page_that_is_asked_for_decides(void **state)
{
    struct peer peer = peer_start(peer_reply, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    struct oc_test *t = start_at(peer.port);
    char wanted[256];
    (void)state;
    int len = snprintf(wanted, sizeof wanted, "GET %s HTTP/1.1\r\n", page);
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_OK);
    assert_memory_equal(peer.shared->request, wanted, (size_t)len);
    assert_int_equal(oc_test_close(t), 0);
    peer_stop(&peer);
}

static inline void a_service_that_is_not_there_is_critical(void **state)
{
    struct oc_test *t = start_at(peer_dead_port());
    (void)state;
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_CRITICAL);
    assert_string_equal(oc_test_status_text(t, ""), "connection refused");
    assert_int_equal(oc_test_close(t), 0);
}

static inline void the_defaults_are_a_valid_configuration(void **state)
{
    (void)state;
    assert_int_equal(preset_count(), 1);
    assert_int_equal(oc_test_close(preset_start(0, "{}")), 0);
}

/* What main returns. */
static inline int preset_page_tests(const char *path)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_that_is_asked_for_decides),
        cmocka_unit_test(a_service_that_is_not_there_is_critical),
        cmocka_unit_test(the_defaults_are_a_valid_configuration),
    };
    page = path;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
