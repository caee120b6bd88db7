/* The fixture of a plugin's tests: the built plugin, open. SPDX-License-Identifier: MIT
 *
 * Header-only, one instance a test; a leak of the plugin fails the test that closes it. */
#ifndef OC_PROBE_TESTING_FIXTURE_H
#define OC_PROBE_TESTING_FIXTURE_H

#include <openclaw/testkit.h>

static struct oc_test *t;

static inline int set_up(void **state)
{
    (void)state;
    t = oc_test_open(OC_PLUGIN_SO);
    return t ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    return oc_test_close(t);
}

#endif
