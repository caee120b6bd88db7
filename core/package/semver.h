/* Semantic versions 2.0.0 and ranges over them. SPDX-License-Identifier: MIT  [any]
 *
 * Format and order: https://semver.org/spec/v2.0.0.html. A range is a list of conditions that must all hold, separated by
 * spaces or commas:
 *     1.2.3  =1.2.3   exactly this          1  1.2  1.x  1.2.*   any with these first parts
 *     ^1.2.3          no change of the first part that is not 0 (1.x; of 0.2.3: 0.2.x)
 *     ~1.2.3          patches of 1.2        >= > <= <           as they say
 *     *  ""  latest   any
 * A pre-release is only taken when a condition of the range names a pre-release of the same major.minor.patch. */
#ifndef OC_PACKAGE_SEMVER_H
#define OC_PACKAGE_SEMVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define OC_SEMVER_MAX 128 /* bytes of a version */
#define OC_RANGE_MAX  256 /* bytes of a range */

struct oc_semver {
    uint64_t part[3]; /* major, minor, patch */
    const char *pre;  /* borrowed from the text: "rc.1"; not terminated */
    size_t pre_len;   /* 0: a release */
};

/* False when `text` is no version; build metadata is checked and not kept. */
bool oc_semver_parse(const char *text, struct oc_semver *v);
int oc_semver_order(const struct oc_semver *a, const struct oc_semver *b); /* < 0, 0, > 0 */
/* The same for texts; what is no version comes before every version. */
int oc_semver_compare(const char *a, const char *b);

/* OC_OK, or OC_E_CONFIG with the condition that is wrong. */
int oc_range_check(const char *range, struct oc_error *err);
/* False, too, when one of them is not valid. */
bool oc_range_matches(const char *range, const char *version);
/* The version when the range is one exact version ("1.2.3", "=1.2.3"), else NULL; borrowed from `range`. */
const char *oc_range_exact(const char *range);

#endif
