/* The host about itself: life of the service. SPDX-License-Identifier: MIT */
#include "core/service/host/service.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/host/internal.h"
#include "core/sys/file.h"

#define RING_LINES 512

static ino_t inode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void remember_home(struct oc_host_service *s)
{
    char *run = oc_path_join(s->env.home, "run");
    if (!s->env.ephemeral) {
        s->home_inode = inode_of(s->env.home);
        s->run_inode = inode_of(run);
    }
    free(run);
}

struct oc_host_service *oc_host_service_create(const struct oc_env *env,
                                               const struct oc_host_hooks *hooks)
{
    struct oc_host_service *s = oc_calloc(1, sizeof *s);
    s->env = *env;
    s->hooks = *hooks;
    s->started_ms = oc_time_wall();
    s->started_mono_ms = oc_time_mono();
    remember_home(s);
    s->ring = oc_log_ring_create(RING_LINES);
    oc_host_start_recorder(s);
    oc_host_add_status_ops(s);
    oc_host_add_config_ops(s);
    oc_host_add_keys_op(s);
    oc_host_add_event_ops(s);
    oc_host_add_log_ops(s);
    oc_host_add_doctor_op(s);
    oc_host_add_kv_ops(s);
    return s;
}

void oc_host_service_destroy(struct oc_host_service *s)
{
    if (!s) {
        return;
    }
    oc_host_stop_recorder(s);
    oc_log_ring_destroy(s->ring);
    json_decref(s->row);
    free(s);
}
