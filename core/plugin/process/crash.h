/* What is told about a plugin process that ended on its own. SPDX-License-Identifier: MIT  [loop]
 *
 * The summary:
 *   {"at","signal":"SIGSEGV"|null,"code","address","function","offset","build_id","library","last_method","uptime_ms",
 *    "log_tail":[..],"exit_status":n|null,"message"}
 * `function` is the plugin's own: where the fault was, or the nearest caller when it was in a library it called. */
#ifndef OC_PLUGIN_CRASH_H
#define OC_PLUGIN_CRASH_H

#include <jansson.h>
#include <stdint.h>

#include "core/plugin/process/fault.h"

#define OC_LOG_TAIL_LINES 10
#define OC_LOG_TAIL_TEXT  200
#define OC_CRASHES_KEPT   5

/* The last lines that a plugin logged. A struct of zeros is empty. */
struct oc_log_tail {
    char lines[OC_LOG_TAIL_LINES][OC_LOG_TAIL_TEXT];
    unsigned next, count;
};
void oc_log_tail_add(struct oc_log_tail *tail, const char *line);
json_t *oc_log_tail_json(const struct oc_log_tail *tail); /* oldest first; owned by the caller */

/* What is known of the end. All borrowed. */
struct oc_crash {
    int64_t at_ms, uptime_ms;
    int wait_status;                     /* as waitpid gives it; -1 = not known */
    const struct oc_fault_record *fault; /* NULL, or without its magic: the process wrote nothing */
    const char *library;                 /* path of the plugin's .so */
    const char *last_method;             /* NULL = none ran */
    const struct oc_log_tail *tail;      /* NULL = none */
};
/* The summary, owned by the caller. Reads the library's file for names. */
json_t *oc_crash_summary(const struct oc_crash *crash);

/* Keeps the summary with the last ones in the array `list`. */
void oc_crash_keep(json_t *list, json_t *summary /* borrowed */);

#endif
