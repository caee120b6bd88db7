/* The exec collector's instance, its checks and their runs. SPDX-License-Identifier: MIT */
#ifndef OC_EXEC_EXEC_H
#define OC_EXEC_EXEC_H

#include "child/child.h"
#include "collect/collect.h"

#include <stdbool.h>
#include <stdint.h>

#include <openclaw/plugin.h>

struct oc_exec_check {
    const char *name;       /* "" for the one of the top-level `command` */
    struct oc_list command; /* const char *, the program first */
    int64_t timeout_ms;     /* 0 = that of the instance */
    pid_t left; /* of a run that was killed and has not ended: no other begins before; 0 = none */
};

struct oc_exec {
    /* options */
    struct oc_list command;
    int64_t timeout_ms;
    struct oc_list env; /* struct oc_pair */
    const char *cwd, *plugin_dir;
    struct oc_list groups; /* struct oc_exec_check */
    int64_t parallel;
    int32_t thresholds;

    struct oc_exec_check *checks; /* all of them */
    size_t check_count;
    char **envp; /* NULL-terminated, each owned */
};

enum oc_run_state { OC_RUN_WAITING, OC_RUN_RUNNING, OC_RUN_OVER };

/* One run of one check. */
struct oc_exec_run {
    struct oc_exec_check *check;
    enum oc_run_state state;
    bool timed_out;
    bool stuck;      /* it does not end, or the run before it does not */
    int start_errno; /* why it could not be started */
    char path[512];  /* what was started */
    double began_ms, took_ms;
    int64_t timeout_ms, deadline, give_up; /* give_up: what was killed then is not waited for */
    struct oc_child child;
};

/* report.c: puts out the state, the time and the performance data of a run that is over. */
void oc_exec_report(const struct oc_exec *x, const struct oc_exec_run *run, struct oc_out *out);

#endif
