/* Does a built plugin keep the contract of its ABI? SPDX-License-Identifier: MIT
 *
 * conformance <plugin folder>
 *
 * One line for each promise, "ok" or "not ok"; exit 1 when one is not kept. What runs the plugin's
 * code does so in a child, so that a crash is a finding and not the end. Peers are a socket on the
 * loopback that accepts and never answers. */
#include "conformance.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugcheck/plugcheck.h"
#include "core/plugin/internal.h"
#include "core/plugin/manifest/note.h"
#include "core/plugin/manifest/shape.h"
#include "core/sys/file.h"

#define CHILD_SECONDS  90
#define DEADLINE_MS    1000
#define LATENESS_MS    500 /* scheduling and sanitizers */
#define CANCEL_MS      200
#define CANCEL_LATE_MS 1000

struct subject {
    const char *dir;
    char *so;
    struct oc_manifest *manifest;
    struct oc_test *t; /* in a child */
    int port;
    char scratch[64];
};

static int broken;

static void say(bool ok, const char *promise, const char *why)
{
    printf("%s - %s%s%s\n", ok ? "ok" : "not ok", promise, ok ? "" : ": ", ok ? "" : why);
    fflush(stdout);
    broken += !ok;
}

/* ---- without running it ---- */

static void check_files(struct subject *s)
{
    struct oc_buf text = {0}, image = {0};
    struct oc_error err;
    struct oc_note note = {0};
    oc_error_init(&err);
    s->manifest = oc_manifest_load(s->dir, &err);
    say(s->manifest, "the manifest is valid", err.message);
    if (!s->manifest || !s->manifest->library) {
        return;
    }
    s->so = oc_path_join(s->dir, s->manifest->library);
    char *json = oc_path_join(s->dir, "plugin.json");
    int code = oc_file_read(json, OC_MANIFEST_MAX, &text, &err);
    code = code ? code : oc_file_read(s->so, OC_ELF_MAX, &image, &err);
    code = code ? code : oc_note_find(image.data, image.len, &note, &err);
    say(!code, "the library carries its notes", err.message);
    say(!code && note.manifest.len == text.len &&
            memcmp(note.manifest.ptr, text.data, text.len) == 0,
        "the note is the manifest, byte for byte", "they differ");
    code = code ? code : conformance_check_binary(s->so, &err);
    say(!code, "it exports its entry alone and is linked safely", err.message);
    free(json);
    oc_buf_finish(&text);
    oc_buf_finish(&image);
}

/* With RTLD_NOW, as it will be. */
static void check_entry(const struct subject *s)
{
    struct oc_error err;
    struct oc_plugin_entry entry;
    oc_error_init(&err);
    struct oc_test *t = oc_test_open(s->so);
    say(t, "the library loads with RTLD_NOW", "see above");
    if (!t) {
        return;
    }
    say(!oc_entry_take(oc_test_entry(t), &entry, &err), "the entry is sane, its defaults parse",
        err.message);
    const char *option = config_without_help(oc_test_entry(t));
    say(!option, "every option has a help text without a full stop", option ? option : "");
    say(!oc_starts(s->manifest->kind, "collector") ||
            oc_entry_method(oc_test_entry(t), "collector.collect/1"),
        "a collector has collector.collect/1", "it has not");
    oc_test_close(t);
}

/* ---- presets hold no code ---- */

static json_t *plausible_option(const char *type)
{
    if (strcmp(type, "bool") == 0) {
        return json_true();
    }
    if (oc_choice_has("int|float|duration|size", type)) {
        return json_integer(1);
    }
    if (oc_choice_has("map|group", type)) {
        return json_object();
    }
    return oc_choice_has("strings|ints|groups", type) ? json_array()
                                                      : json_string("http://127.0.0.1");
}

static json_t *expand(const struct subject *s, struct oc_error *err)
{
    json_t *config = json_object();
    size_t i;
    json_t *option;
    json_array_foreach(json_object_get(s->manifest->json, "options"), i, option)
    {
        if (oc_json_bool(option, "required", false)) {
            json_object_set_new(config, oc_json_str(option, "name", ""),
                                plausible_option(oc_json_str(option, "type", "")));
        }
    }
    json_t *instances = oc_manifest_expand(s->manifest, "contract", config, err);
    json_decref(config);
    return instances;
}

static void check_preset(const struct subject *s)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *instances = expand(s, &err);
    say(instances, "the preset expands", err.message);
    size_t i;
    json_t *instance;
    json_array_foreach(instances, i, instance)
    {
        const char *plugin = oc_json_str(instance, "plugin", "");
        char *path = oc_asprintf("%s/../%s/plugin.json", s->dir, plugin);
        say(oc_file_exists(path), "its instances are of plugins that are there", plugin);
        free(path);
    }
    json_decref(instances);
}

/* ---- in a child ---- */

static void in_child(struct subject *s, const char *promise,
                     const char *(*check)(struct subject *s))
{
    const pid_t pid = fork();
    if (pid == 0) {
        alarm(CHILD_SECONDS);
        s->t = oc_test_open(s->so);
        const char *why = s->t ? check(s) : "it does not load";
        say(!why, promise, why);
        fflush(stdout);
        _exit(why != NULL);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) {
        char why[64];
        snprintf(why, sizeof why, "the child ended by signal %d", WTERMSIG(status));
        say(false, promise, why);
    } else if (WEXITSTATUS(status)) {
        broken++;
    }
}

static void configure(struct subject *s, json_t *config)
{
    char *text = oc_json_text(config);
    oc_test_config(s->t, text);
    free(text);
    json_decref(config);
}

static const char *start_plausible(struct subject *s)
{
    configure(s, config_plausible(oc_test_entry(s->t), s->port, s->scratch));
    const int32_t code = oc_test_start(s->t);
    if (code == OC_E_CONFIG) { /* said, because the promise is then kept by doing nothing */
        printf("# not started with the configuration of the runner: %s\n",
               oc_test_error(s->t)->message);
    }
    return code && code != OC_E_CONFIG ? oc_test_error(s->t)->message : NULL;
}

static bool started(const struct subject *s)
{
    return oc_test_instance(s->t) != NULL;
}

static const char *with_no_config(struct subject *s)
{
    const int32_t code = oc_test_start(s->t);
    if (code && !oc_test_error(s->t)->message[0]) {
        return "start failed without a message";
    }
    oc_test_stop(s->t);
    return NULL;
}

static const char *with_odd_configs(struct subject *s)
{
    const struct oc_plugin_entry *entry = oc_test_entry(s->t);
    for (size_t n = 0;; n++) {
        json_t *config;
        size_t way = 0;
        for (; (config = config_odd(entry, s->port, s->scratch, n, way)); way++) {
            configure(s, config);
            if (oc_test_start(s->t) && !oc_test_error(s->t)->message[0]) {
                return "start failed without a message";
            }
            oc_test_stop(s->t);
        }
        if (way == 0) {
            return NULL;
        }
    }
}

static const char *collect_is_declared(struct subject *s)
{
    const char *why = start_plausible(s);
    for (int i = 0; i < 2 && !why && started(s); i++) {
        oc_test_call(s->t, "collector.collect/1", NULL, DEADLINE_MS);
        why = oc_test_complaint(s->t);
    }
    return why;
}

static const char *collect_keeps_its_deadline(struct subject *s)
{
    static char text[64];
    const char *why = start_plausible(s);
    if (why || !started(s)) {
        return why;
    }
    oc_test_call(s->t, "collector.collect/1", NULL, DEADLINE_MS);
    snprintf(text, sizeof text, "took %lld of %d ms", (long long)oc_test_took_ms(s->t),
             DEADLINE_MS);
    return oc_test_took_ms(s->t) > DEADLINE_MS + LATENESS_MS ? text : NULL;
}

static const char *collect_sees_cancel(struct subject *s)
{
    static char text[64];
    const char *why = start_plausible(s);
    if (why || !started(s)) {
        return why;
    }
    oc_test_cancel_after(s->t, CANCEL_MS);
    oc_test_call(s->t, "collector.collect/1", NULL, 20000);
    snprintf(text, sizeof text, "returned %lld ms after it",
             (long long)oc_test_took_ms(s->t) - CANCEL_MS);
    return oc_test_took_ms(s->t) > CANCEL_MS + CANCEL_LATE_MS ? text : NULL;
}

static const char *call_with_odd_params(struct subject *s, const char *method)
{
    static const char *const params[] = {NULL,
                                         "",
                                         "{}",
                                         "[]",
                                         "null",
                                         "{\"",
                                         "{\"a\": {\"b\": [1, 2, 3]}}",
                                         "\xff\xfe not even UTF-8"};
    for (size_t i = 0; i < OC_COUNT(params); i++) {
        const int32_t code = oc_test_call(s->t, method, params[i], DEADLINE_MS);
        if (code > OC_OK || code <= OC_E_CRASHED) {
            return "a method returned an unknown code";
        }
        if (code && !oc_test_error(s->t)->message[0]) {
            return "a method failed without a message";
        }
        if (oc_test_took_ms(s->t) > DEADLINE_MS + LATENESS_MS) {
            return "a method was late";
        }
    }
    return NULL;
}

static const char *methods_take_anything(struct subject *s)
{
    const struct oc_plugin_entry *e = oc_test_entry(s->t);
    const char *why = start_plausible(s);
    const struct oc_method *m = e->methods;
    for (; m->id && !why && started(s); m = (const void *)((const char *)m + e->method_size)) {
        why = call_with_odd_params(s, m->id);
        if (why) {
            fprintf(stderr, "%s: %s\n", m->id, oc_test_dump(s->t));
        }
    }
    return why;
}

static const char *stop_leaves_nothing(struct subject *s)
{
    const char *why = NULL;
    /* The first time is for what libraries keep for the whole process. */
    for (int i = 0; i < 3 && !why; i++) {
        why = start_plausible(s);
        if (!why && started(s)) {
            oc_test_call(s->t, "collector.collect/1", NULL, 300);
            why =
                oc_test_stop(s->t) && i > 0 ? "a descriptor or a thread is left, see above" : NULL;
        }
    }
    return why;
}

/* ---- the peer that never answers ---- */

static int silent_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    OC_ASSERT(fd >= 0 && !bind(fd, (struct sockaddr *)&a, len) && !listen(fd, 4096));
    OC_ASSERT(!getsockname(fd, (struct sockaddr *)&a, &len));
    return ntohs(a.sin_port);
}

static void check_plugin(struct subject *s)
{
    if (!broken) {
        check_entry(s);
    }
    if (!broken) {
        in_child(s, "it survives being started without configuration", with_no_config);
        in_child(s, "it survives odd configurations", with_odd_configs);
        in_child(s, "its methods survive odd parameters and fail with a message",
                 methods_take_anything);
        in_child(s, "stop leaves no descriptor and no thread", stop_leaves_nothing);
    }
    if (!broken && strcmp(s->manifest->kind, "collector") == 0) {
        in_child(s, "what it emits is declared in the manifest", collect_is_declared);
        in_child(s, "it keeps a deadline of 1 s with a silent peer", collect_keeps_its_deadline);
        in_child(s, "it sees a cancel with a silent peer", collect_sees_cancel);
    }
}

int main(int argc, char **argv)
{
    struct subject s = {.dir = argc > 1 ? argv[1] : "", .scratch = "/tmp/openclaw-contract-XXXXXX"};
    if (argc != 2 || !mkdtemp(s.scratch)) {
        fprintf(stderr, "usage: conformance <plugin folder>\n");
        return 2;
    }
    s.port = silent_port();
    check_files(&s);
    if (s.so) {
        check_plugin(&s);
    } else if (s.manifest) {
        check_preset(&s);
    }
    oc_manifest_free(s.manifest);
    free(s.so);
    char *file = oc_path_join(s.scratch, "file");
    unlink(file);
    free(file);
    rmdir(s.scratch);
    return broken != 0;
}
