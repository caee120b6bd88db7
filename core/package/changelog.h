/* What changed between two versions, from a plugin's CHANGELOG.md. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_PACKAGE_CHANGELOG_H
#define OC_PACKAGE_CHANGELOG_H

#include <stddef.h>

#define OC_CHANGELOG_MAX (16u << 10)

/* The sections of <dir>/CHANGELOG.md whose heading ("## 1.2.0", "## [1.2.0] - 2026-01-02") names a version after `from` and
 * not after `to`; owned by the caller, cleaned of control characters, at most OC_CHANGELOG_MAX bytes. NULL when there is none. */
char *oc_changelog_between(const char *dir, const char *from, const char *to);
/* The same for a text. */
char *oc_changelog_cut(const char *text, size_t len, const char *from, const char *to);

#endif
