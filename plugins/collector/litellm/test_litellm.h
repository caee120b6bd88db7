/* What the tests of the litellm collector share. SPDX-License-Identifier: MIT */
#ifndef TEST_LITELLM_H
#define TEST_LITELLM_H

#include "probe/testing/test.h"

#include <math.h>

static inline void near(double value, double wanted)
{
    if (isnan(value) || fabs(value - wanted) > 1e-9) {
        fail_msg("%.12g is not %.12g", value, wanted);
    }
}

#endif
