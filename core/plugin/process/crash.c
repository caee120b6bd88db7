/* What is told about a plugin process that ended on its own. SPDX-License-Identifier: MIT */
#include "core/plugin/process/crash.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/library/symbol.h"
#include "core/plugin/manifest/note.h"
#include "core/sys/file.h"

/* ---- the log's last lines ---- */

void oc_log_tail_add(struct oc_log_tail *tail, const char *line)
{
    oc_copy(tail->lines[tail->next], OC_LOG_TAIL_TEXT, line);
    tail->next = (tail->next + 1) % OC_LOG_TAIL_LINES;
    tail->count += tail->count < OC_LOG_TAIL_LINES;
}

json_t *oc_log_tail_json(const struct oc_log_tail *tail)
{
    json_t *list = json_array();
    for (unsigned i = 0; tail && i < tail->count; i++) {
        const unsigned at = (tail->next + OC_LOG_TAIL_LINES - tail->count + i) % OC_LOG_TAIL_LINES;
        char *clean = oc_utf8_clean(tail->lines[at], strlen(tail->lines[at]));
        json_array_append_new(list, json_string(clean));
        free(clean);
    }
    return list;
}

/* ---- the end ---- */

static const char *signal_name(int signum, char *buf, size_t size)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
                 {SIGILL, "SIGILL"},   {SIGABRT, "SIGABRT"}, {SIGSYS, "SIGSYS"},
                 {SIGKILL, "SIGKILL"}, {SIGTERM, "SIGTERM"}, {SIGTRAP, "SIGTRAP"},
                 {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGPIPE, "SIGPIPE"},
                 {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        if (names[i].number == signum) {
            return names[i].name;
        }
    }
    snprintf(buf, size, "signal %d", signum);
    return buf;
}

/* The record is more exact: a process whose handler itself faults ends with another signal. */
static int signal_of(const struct oc_crash *c)
{
    if (c->fault && c->fault->magic == OC_FAULT_MAGIC && c->fault->signal > 0) {
        return c->fault->signal;
    }
    return c->wait_status >= 0 && WIFSIGNALED(c->wait_status) ? WTERMSIG(c->wait_status) : 0;
}

static void set_clean(json_t *json, const char *key, const char *text, size_t max)
{
    char *clean = oc_utf8_clean(text, strnlen(text, max));
    oc_json_set_str(json, key, *clean ? clean : NULL);
    free(clean);
}

static void set_hex(json_t *json, const char *key, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    oc_json_set_str(json, key, text);
}

/* Only the plugin's own library is read: the record comes from the process, and could name any file. */
static void set_place(json_t *json, const struct oc_crash *c, struct oc_symbol *symbol)
{
    char build_id[OC_BUILD_ID_HEX] = "";
    struct oc_buf image = {0};
    const uint64_t at = c->fault->plugin_offset;
    if (c->library && !oc_file_read(c->library, OC_ELF_MAX, &image, NULL) && image.data) {
        oc_symbol_build_id(image.data, image.len, build_id);
        if (at && oc_symbol_find(image.data, image.len, at, symbol)) {
            oc_json_set_str(json, "function", symbol->name);
            set_hex(json, "offset", symbol->offset);
        }
    }
    if (at && !symbol->name[0]) {
        set_hex(json, "offset", at);
    }
    oc_json_set_str(json, "build_id", build_id[0] ? build_id : NULL);
    oc_buf_finish(&image);
}

static void set_fault(json_t *json, const struct oc_crash *c, struct oc_symbol *symbol)
{
    oc_json_set_int(json, "code", c->fault->code);
    set_hex(json, "address", c->fault->address);
    set_clean(json, "library", c->fault->module, sizeof c->fault->module);
    set_place(json, c, symbol);
}

static void set_message(json_t *json, const char *signal, int status,
                        const struct oc_symbol *symbol, const char *method)
{
    char *how = signal        ? oc_asprintf("ended by %s", signal)
                : status >= 0 ? oc_asprintf("left with exit status %d", status)
                              : oc_strdup("ended");
    char *message =
        oc_asprintf("the plugin's process %s%s%s%s%s", how, symbol->name[0] ? " in " : "",
                    symbol->name, method ? " during " : "", method ? method : "");
    oc_json_set_str(json, "message", message);
    free(message);
    free(how);
}

json_t *oc_crash_summary(const struct oc_crash *c)
{
    static const char *const places[] = {"code",   "address",  "function",
                                         "offset", "build_id", "library"};
    char buf[32];
    struct oc_symbol symbol = {0};
    json_t *json = json_object();
    const int signum = signal_of(c);
    const char *signal = signum ? signal_name(signum, buf, sizeof buf) : NULL;
    const int status = !signal && c->wait_status >= 0 && WIFEXITED(c->wait_status)
                           ? WEXITSTATUS(c->wait_status)
                           : -1;
    oc_json_set_time(json, "at", c->at_ms);
    oc_json_set_str(json, "signal", signal);
    for (size_t i = 0; i < OC_COUNT(places); i++) {
        oc_json_set_str(json, places[i], NULL);
    }
    if (c->fault && c->fault->magic == OC_FAULT_MAGIC) {
        set_fault(json, c, &symbol);
    }
    oc_json_set_str(json, "last_method", c->last_method);
    oc_json_set_int(json, "uptime_ms", c->uptime_ms);
    oc_json_take(json, "log_tail", oc_log_tail_json(c->tail));
    oc_json_take(json, "exit_status", status >= 0 ? json_integer(status) : json_null());
    set_message(json, signal, status, &symbol, c->last_method);
    return json;
}

void oc_crash_keep(json_t *list, json_t *summary)
{
    while (json_array_size(list) >= OC_CRASHES_KEPT) {
        json_array_remove(list, 0);
    }
    json_array_append(list, summary);
}
