/* A control group for one plugin host, below our own, where the machine lets us make one. SPDX-License-Identifier: MIT
 *
 * Version 2 is used when our own group was delegated to us (the user.delegate or trusted.delegate mark that systemd sets, or
 * OPENCLAW_CGROUP names a folder), version 1 controllers (pids, memory, cpu) where our own groups are writable. Groups that are there
 * already are never changed, except that a delegated one hands its controllers down. Without any of it all of this does
 * nothing and says so. [loop]; small writes to /sys, no waiting. */
#ifndef OC_PLUGIN_CGROUP_H
#define OC_PLUGIN_CGROUP_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "core/plugin/plugin.h"

struct oc_cgroups; /* where groups can be made; one for the daemon */
struct oc_cgroup;

/* Never NULL. `root` is where the file systems are mounted, NULL = /sys/fs/cgroup; `self` the text of /proc/self/cgroup, NULL =
 * that file. */
struct oc_cgroups *oc_cgroups_open(const char *root, const char *self);
void oc_cgroups_close(struct oc_cgroups *groups); /* NULL is fine */

/* Makes the group "openclaw-<our pid>-<n>" with these limits. NULL when no controller can hold any of them. */
struct oc_cgroup *oc_cgroup_create(struct oc_cgroups *groups, const struct oc_limits *limits);
/* Moves a process in; before it has children. True when all groups took it. */
bool oc_cgroup_enter(struct oc_cgroup *group, pid_t pid);
/* {"memory":bool,"pids":bool,"cpu":bool}: which limits are held, the INIT frame's "cgroup"; owned by the caller */
json_t *oc_cgroup_json(const struct oc_cgroup *group);
/* SIGKILL to all that is in it: also what left its session and was forgotten by its parent. */
void oc_cgroup_kill(struct oc_cgroup *group);
/* True when the group ran out of memory since it was made: why the process got SIGKILL. */
bool oc_cgroup_out_of_memory(const struct oc_cgroup *group);
/* Removes the group (kills what is still in it). Processes that are ending may hold it for a moment: it is tried again
 * when the next group is made and when the groups are closed. NULL is fine. */
void oc_cgroup_destroy(struct oc_cgroup *group);

#endif
