/* What the tests of the http collector share. SPDX-License-Identifier: MIT */
#ifndef TEST_HTTP_H
#define TEST_HTTP_H

#include "probe/testing/fixture.h"
#include "probe/testing/peer.h"
#include "probe/testing/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/testkit.h>

#define STATUS(line) "HTTP/1.1 " line "\r\nContent-Length: 2\r\n\r\nno"

static void collect(void)
{
    assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 10000), OC_OK);
    assert_null(oc_test_complaint(t));
}

static double sample(const char *name)
{
    return oc_test_sample(t, name, "target", "a");
}

#endif
