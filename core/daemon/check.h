/* Validating a configuration in a process of its own. SPDX-License-Identifier: MIT */
#ifndef OC_DAEMON_CHECK_H
#define OC_DAEMON_CHECK_H

#include <jansson.h>

#include "core/base/buf.h"
#include "core/base/error.h"

struct oc_daemon;

/* Runs `openclawd --check` on the file (NULL = what is in force without one: the built-in defaults and conf.d) and returns {"file","errors","findings":[..]}; NULL and
 * err when it could not be run. `draft` (may be NULL): what the file, which is named, would say. `home`: of the asking process, that of the file. `sets`: KEY=VALUE above the file, NULL-terminated. Blocks for as long as that takes (some tens of ms, at most 20 s): private daemons only. */
json_t *oc_check_file(const char *path, const struct oc_buf *draft, const char *home,
                      const char *const *sets, struct oc_error *err);

/* The other side: prints the findings of a host that was made with the option `check`; the exit code to leave with. */
int oc_check_print(struct oc_daemon *h);
/* The same for a configuration that could not even be read. */
int oc_check_print_error(const struct oc_error *err);

#endif
