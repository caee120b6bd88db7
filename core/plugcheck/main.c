/* openclaw-plugcheck: one trial of one plugin, in a process that may go down with it. SPDX-License-Identifier: MIT
 *
 *   openclaw-plugcheck TRIAL < PARAMS.json
 *
 * PARAMS: {"so","kind","scratch","port","seed","rounds","confine":{..}}, the last as core/plughost/confine.h has it. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugcheck/plugcheck.h"
#include "core/plughost/confine.h"
#include "core/plugin/internal.h"
#include "core/sys/stdfd.h"

#define CHANNEL    3
#define PARAMS_MAX (1u << 20)

static const struct {
    const char *name;
    void (*run)(struct trial *trial);
} trials[] = {{"rounds", trial_rounds},     {"configs", trial_configs},
              {"contract", trial_contract}, {"old-host", trial_old_host},
              {"nonsense", trial_nonsense}, {"faults", trial_faults}};

/* ---- what it says ---- */

/* Takes line. */
static void put(json_t *line)
{
    char *text = oc_json_text(line);
    struct oc_buf out = {0};
    oc_buf_addf(&out, "%s\n", text);
    for (size_t at = 0; at < out.len;) {
        const ssize_t n = write(CHANNEL, out.data + at, out.len - at);
        if (n <= 0) {
            break;
        }
        at += (size_t)n;
    }
    oc_buf_finish(&out);
    free(text);
    json_decref(line);
}

static void put_word(const char *key, const char *text)
{
    json_t *line = json_object();
    oc_json_set_str(line, key, text);
    put(line);
}

void trial_doing(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    put_word("doing", text);
    free(text);
}

void trial_skip(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    put_word("skipped", text);
    free(text);
}

void trial_finding(const char *id, const char *where, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    json_t *line = json_object();
    oc_json_set_str(line, "id", id);
    oc_json_set_str(line, "where", where);
    oc_json_set_str(line, "message", text);
    put(line);
    free(text);
}

/* ---- what the trials share ---- */

bool trial_load(struct trial *trial)
{
    struct oc_plugin_entry entry;
    struct oc_error err;
    oc_error_init(&err);
    trial_doing("load the library");
    trial->t =
        oc_test_open(trial->so); /* the reason goes to stderr, which is told with the finding */
    if (!trial->t) {
        trial_finding("OC1002", NULL, "the loader refuses it");
        return false;
    }
    trial->entry = oc_test_entry(trial->t);
    if (oc_entry_take(trial->entry, &entry, &err)) {
        trial_finding("OC1002", "oc_plugin_entry", "%s", err.message);
        return false;
    }
    return true;
}

void trial_configure(struct trial *trial, json_t *config)
{
    char *text = oc_json_text(config);
    oc_test_config(trial->t, text);
    free(text);
    json_decref(config);
}

bool trial_start(struct trial *trial)
{
    trial_configure(trial, config_plausible(trial->entry, trial->port, trial->scratch));
    trial_doing("start with a plausible configuration");
    if (oc_test_start(trial->t) == OC_OK) {
        return true;
    }
    trial_skip("it did not start with the generated configuration: %s",
               oc_test_error(trial->t)->message);
    return false;
}

const char *trial_method(const struct trial *trial, size_t i)
{
    const char *at = (const char *)trial->entry->methods + i * trial->entry->method_size;
    return ((const struct oc_method *)(const void *)at)->id;
}

void trial_check_result(const struct trial *trial, const char *method, int32_t code)
{
    if (code > OC_OK || code <= OC_E_CRASHED) {
        trial_finding("OC2003", method, "%s returned %d", method, code);
    } else if (code && !oc_test_error(trial->t)->message[0]) {
        trial_finding("OC2004", method, "%s returned %s and no message", method,
                      oc_error_name(code));
    }
}

/* ---- the program ---- */

/* The channel is descriptor 3; what the plugin says on 1 goes where 2 goes. */
static void arrange_descriptors(void)
{
    if (dup2(STDOUT_FILENO, CHANNEL) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        _exit(1);
    }
    fcntl(CHANNEL, F_SETFD, FD_CLOEXEC);
    setvbuf(stdout, NULL, _IONBF, 0);
}

static json_t *read_params(void)
{
    struct oc_buf text = {0};
    char piece[4096];
    ssize_t n;
    while ((n = read(STDIN_FILENO, piece, sizeof piece)) > 0 && text.len <= PARAMS_MAX) {
        oc_buf_add(&text, piece, (size_t)n);
    }
    json_t *params = text.len ? oc_json_parse(text.data, text.len, NULL) : NULL;
    oc_buf_finish(&text);
    return params;
}

static int run(const char *name, const json_t *params)
{
    struct trial trial = {.params = params,
                          .so = oc_json_str(params, "so", ""),
                          .kind = oc_json_str(params, "kind", ""),
                          .scratch = oc_json_str(params, "scratch", "/tmp"),
                          .port = (int)oc_json_int(params, "port", 1),
                          .seed = (uint64_t)oc_json_int(params, "seed", 1),
                          .rounds = (int)oc_json_int(params, "rounds", 200)};
    struct oc_error err;
    json_t *report = NULL;
    oc_error_init(&err);
    const int code = oc_confine(json_object_get(params, "confine"), &report, &err);
    if (json_array_size(json_object_get(report, "missing")) > 0) {
        put(json_pack("{s:O}", "missing", json_object_get(report, "missing")));
    }
    json_decref(report);
    if (code) {
        put_word("failed", err.message);
        return 1;
    }
    for (size_t i = 0; i < OC_COUNT(trials); i++) {
        if (strcmp(trials[i].name, name) == 0 && trial_load(&trial)) {
            trials[i].run(&trial);
            trial_doing("unload the library");
            oc_test_close(trial.t);
        }
    }
    put(json_pack("{s:b}", "end", 1));
    return 0;
}

int main(int argc, char **argv)
{
    oc_stdfd_fill();
    json_t *params = argc == 2 ? read_params() : NULL;
    if (!json_is_object(params)) {
        fputs("Usage: openclaw-plugcheck TRIAL < PARAMS.json\n"
              "It is started by `openclaw plugin check`: use that.\n",
              stderr);
        return OC_EXIT_USAGE;
    }
    arrange_descriptors();
    const int rc = run(argv[1], params);
    json_decref(params);
    fflush(NULL);
    _exit(rc); /* destructors of whatever the plugin left in memory are not ours to run */
}
