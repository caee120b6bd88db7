/* Writes log lines, one write(2) each. SPDX-License-Identifier: MIT */
#include "core/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "core/base/logdata.h"
#include "core/base/mem.h"
#include "core/base/time.h"

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const int level_priorities[] = {3, 4, 6, 7}; /* syslog(3), as systemd's <N> prefixes */

static _Atomic int max_level = OC_LOG_INFO;

/* What the lock guards. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum oc_log_format line_format = OC_LOG_TEXT;
static int line_fd = 2;
static void (*tap_fn)(void *ctx, const struct oc_log_line *line);
static void *tap_ctx;

void oc_log_set(int level, enum oc_log_format format, int fd)
{
    pthread_mutex_lock(&lock);
    line_format = format;
    line_fd = fd;
    pthread_mutex_unlock(&lock);
    oc_log_set_level(level);
}

void oc_log_set_level(int level)
{
    atomic_store(&max_level, level);
}

void oc_log_set_tap(void (*tap)(void *ctx, const struct oc_log_line *line), void *ctx)
{
    pthread_mutex_lock(&lock);
    tap_fn = tap;
    tap_ctx = ctx;
    pthread_mutex_unlock(&lock);
}

static int clamp_level(int level)
{
    return level < OC_LOG_ERROR ? OC_LOG_ERROR : level > OC_LOG_DEBUG ? OC_LOG_DEBUG : level;
}

const char *oc_log_level_name(int level)
{
    return level_names[clamp_level(level)];
}

static void build_text(struct oc_buf *out, const struct oc_log_line *line,
                       const struct oc_logdata *data, bool journal)
{
    char time[32];
    if (journal) {
        oc_buf_addf(out, "<%d>", level_priorities[line->level]);
    } else {
        oc_buf_addf(out, "%s %-5s ", oc_time_format(line->time_ms, time, sizeof time),
                    level_names[line->level]);
    }
    oc_log_quote(out, line->message, strlen(line->message), 1);
    oc_buf_add(out, data->text.data, data->text.len);
    oc_buf_addc(out, '\n');
}

static void build_json(struct oc_buf *out, const struct oc_log_line *line,
                       const struct oc_logdata *data)
{
    char time[32];
    oc_buf_addf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":",
                oc_time_format(line->time_ms, time, sizeof time), level_names[line->level]);
    oc_log_quote_json(out, line->message, strlen(line->message));
    if (data->json.len) {
        oc_buf_addf(out, ",%s", data->json.data);
    }
    oc_buf_adds(out, "}\n");
}

static void write_line(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return; /* nobody is left to be told */
        }
        data += n;
        len -= (size_t)n;
    }
}

static void emit(int level, const char *message, const struct oc_logdata *data)
{
    struct oc_buf out = {0}, json = {0};
    struct oc_log_line line = {.time_ms = oc_time_wall(), .level = level, .message = message};

    oc_buf_addf(&json, "{%s}", data->json.data ? data->json.data : "");
    line.json = json.data;
    pthread_mutex_lock(&lock);
    if (line_format == OC_LOG_JSON) {
        build_json(&out, &line, data);
    } else {
        build_text(&out, &line, data, line_format == OC_LOG_JOURNAL);
    }
    write_line(line_fd, out.data, out.len);
    if (tap_fn) {
        tap_fn(tap_ctx, &line);
    }
    pthread_mutex_unlock(&lock);
    oc_buf_finish(&out);
    oc_buf_finish(&json);
}

void oc_log(int level, const char *message, const char *fmt, ...)
{
    struct oc_logdata data = {0};
    int saved = errno; /* logging a failure must not change what failed */
    va_list ap;

    level = clamp_level(level);
    if (level > atomic_load(&max_level)) {
        return;
    }
    va_start(ap, fmt);
    if (fmt) {
        oc_logdata_format(&data, fmt, ap);
    }
    va_end(ap);
    emit(level, message, &data);
    oc_logdata_finish(&data);
    errno = saved;
}

void oc_log_json(int level, const char *message, const char *json)
{
    struct oc_logdata data = {0};
    int saved = errno;

    level = clamp_level(level);
    if (level > atomic_load(&max_level)) {
        return;
    }
    if (json && *json) {
        oc_logdata_json(&data, json);
    }
    emit(level, message, &data);
    oc_logdata_finish(&data);
    errno = saved;
}
