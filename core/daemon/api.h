/* The API module in the life of the host. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_DAEMON_API_H
#define OC_DAEMON_API_H

#include "core/daemon/internal.h"

/* Adds the operation api.listeners, which answers [] where there is no module. */
void oc_daemon_add_api_op(struct oc_daemon *h);
/* The module will be wanted: a worker begins to load it. */
void oc_daemon_expect_api(struct oc_daemon *h);
/* Loads the module when `api.enabled` says so and it is not there, configures it, or lets it go. */
void oc_daemon_configure_api(struct oc_daemon *h, const struct oc_config *config);
/* For who only validates: findings that the module alone can make. Where it is not there, none. */
void oc_daemon_check_api(const struct oc_config *config, struct oc_diags *diags);
/* done(h) when the module serves nobody any more; at once without one. */
void oc_daemon_stop_api(struct oc_daemon *h, oc_loop_fn done);
void oc_daemon_destroy_api(struct oc_daemon *h);

#endif
