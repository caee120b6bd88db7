/* cmocka with the headers that it needs before it, in the order it needs. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_UNIT_H
#define OC_TESTS_UNIT_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#endif
