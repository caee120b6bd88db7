/* Structured logging: a constant message, data in keys. SPDX-License-Identifier: MIT
 *
 *   oc_warn("plugin disabled", "plugin=%s reason=%s", name, err.message);
 *
 * The second argument is a printf format made of `key=%spec` words separated by one space (specs: s d i u ld lu lld
 * llu zu g f x; PRId64 and friends are fine), or NULL. Values are quoted and escaped by the writer, so a %s may hold
 * anything, newlines and terminal escapes included. Secrets never reach this: they are never formatted. [any] */
#ifndef OC_BASE_LOG_H
#define OC_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <openclaw/plugin.h>

enum oc_log_format {
    OC_LOG_TEXT,
    OC_LOG_JSON,
    OC_LOG_JOURNAL /* text with <N> priority prefixes */
};

void oc_log(int level, const char *message, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#define oc_err(...)   oc_log(OC_LOG_ERROR, __VA_ARGS__)
#define oc_warn(...)  oc_log(OC_LOG_WARN, __VA_ARGS__)
#define oc_info(...)  oc_log(OC_LOG_INFO, __VA_ARGS__)
#define oc_debug(...) oc_log(OC_LOG_DEBUG, __VA_ARGS__)

/* One line, already split: what sinks and the `logs` operation see. `json` is the data as one JSON object. */
struct oc_log_line {
    int64_t time_ms;
    int level;
    const char *message;
    const char *json; /* "{}" when there is no data */
};
/* As oc_log with the data as a JSON object in text form (NULL = none): for lines that come from plugins. */
void oc_log_json(int level, const char *message, const char *json);

/* default: OC_LOG_INFO, OC_LOG_TEXT, 2 */
void oc_log_set(int max_level, enum oc_log_format format, int fd);
void oc_log_set_level(int max_level);
/* A second reader of every line at or above its level (ring buffer, tests); called under the log's lock on the thread
 * that logs, so it must not log. NULL removes it. */
void oc_log_set_tap(void (*tap)(void *ctx, const struct oc_log_line *line), void *ctx);
const char *oc_log_level_name(int level);

#endif
