/* Shared by the files of the host service. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_HOST_INTERNAL_H
#define OC_SERVICE_HOST_INTERNAL_H

#include <sys/types.h>

#include "core/base/ration.h"
#include "core/config/mask.h"
#include "core/plugin/mask.h"
#include "core/service/host/service.h"

struct oc_log_ring;

struct oc_host_service {
    struct oc_env env;
    struct oc_host_hooks hooks;
    int64_t started_ms;      /* wall time, to be shown */
    int64_t started_mono_ms; /* what the uptime is measured by: the wall clock may be set */
    struct oc_log_ring *ring;
    struct oc_subscription *recorder;
    struct oc_ration refusals,
        refused_changes; /* how much is recorded of what one actor is refused */
    json_t *row;         /* the event that was shown last, for all who watch; NULL: none */
    uint64_t row_event;
    ino_t home_inode, run_inode; /* at the start; 0 = it was not there, or nobody is to reach us */
};

/* Writes what is published to the store, but for what is no fact worth keeping. */
void oc_host_start_recorder(struct oc_host_service *s);
void oc_host_stop_recorder(struct oc_host_service *s);

void oc_host_add_status_ops(struct oc_host_service *s);
void oc_host_add_config_ops(struct oc_host_service *s);
void oc_host_add_keys_op(struct oc_host_service *s);
void oc_host_add_event_ops(struct oc_host_service *s);
void oc_host_add_log_ops(struct oc_host_service *s);
void oc_host_add_doctor_op(struct oc_host_service *s);
void oc_host_add_kv_ops(struct oc_host_service *s);

/* The latest lines of the log, for the operation `logs`. The tap is [any]; the rest [loop]. */
struct oc_log_ring *oc_log_ring_create(size_t max_lines);
void oc_log_ring_destroy(struct oc_log_ring *ring);
/* the sequence number that the next line will get */
uint64_t oc_log_ring_next(struct oc_log_ring *ring);
/* Lines with number >= from, at or above `level`, whose text contains `grep` (NULL = all), as JSON objects. */
json_t *oc_log_ring_lines(struct oc_log_ring *ring, uint64_t from, int level, const char *grep,
                          size_t limit);

#endif
