/* cmocka and the headers that it wants before it. SPDX-License-Identifier: MIT */
#ifndef OC_PROBE_TESTING_TEST_H
#define OC_PROBE_TESTING_TEST_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
