/* How the process of an isolated plugin comes up: its options, INIT, HELLO and START. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/plugin/manifest/rights.h"
#include "core/plugin/process/process.h"
#include "core/sys/kernel.h"
#include "core/sys/thread.h"

#define STACK_SIZE (256u << 10)

/* ---- options ---- */

/* Resolved options as text for START. What is wrong goes to `diags`, and its first error to `err`. */
static int bind_options(struct oc_process_body *p, struct oc_plugin *plugin, struct oc_diags *diags,
                        struct oc_error *err)
{
    struct oc_arena arena = {0};
    struct oc_diags own = {0};
    struct oc_diags *to = diags ? diags : &own;
    const struct oc_description *d = plugin->described;
    const size_t before = to->list.count;
    void *bound = oc_arena_alloc(&arena, d->size ? d->size : 1);
    const size_t errors = oc_bind(d->options, sizeof *d->options, p->config, p->path, p->ignore,
                                  bound, d->size, &arena, to);
    const int code = errors ? oc_body_first_error(to, before, p->path, err) : OC_OK;
    if (!code) {
        json_t *config = oc_describe_bound(d->options, sizeof *d->options, p->config, bound);
        free(p->start_text);
        p->start_text = oc_json_text(config);
        p->start_len = strlen(p->start_text);
        oc_json_wipe(config);
        p->bound = true;
    }
    oc_diags_finish(&own);
    oc_arena_wipe(&arena); /* secrets are resolved in it */
    return code;
}

void oc_process_wipe(struct oc_process_body *p)
{
    if (p->start_text) {
        explicit_bzero(p->start_text, p->start_len);
        OC_FREE(p->start_text);
    }
}

/* ---- INIT ---- */

static void on_alive(void *ctx)
{
    (void)
        ctx; /* the timer is there to be waited for: while the thread lives, something will come of it */
}

static void spawn_thread(struct oc_process_body *p)
{
    const int rc = oc_thread_start(&p->thread, STACK_SIZE, oc_process_main, p);
    p->threaded = rc == 0;
    p->alive = oc_timer_create(p->body.plugin->owner->loop, on_alive, p);
    oc_timer_start(p->alive, OC_DAY, OC_DAY);
    if (rc) {
        oc_error_errno(&p->spawn_err, OC_E_RETRY, rc, "cannot start a thread");
        oc_loop_post(p->body.plugin->owner->loop, oc_process_on_end, p);
    }
}

static json_t *limits_json(const struct oc_limits *l)
{
    json_t *o = json_object();
    oc_json_set_int(o, "memory_bytes", l->memory_bytes);
    oc_json_set_int(o, "cpu_percent", l->cpu_percent);
    oc_json_set_int(o, "processes", l->processes);
    oc_json_set_int(o, "descriptors", l->descriptors);
    return o;
}

static json_t *init_json(struct oc_process_body *p)
{
    const struct oc_plugin *plugin = p->body.plugin;
    json_t *o = json_object(), *dirs = json_object();
    oc_json_set_int(o, "version", OC_WIRE_VERSION);
    oc_json_set_str(o, "dir", plugin->dir);
    oc_json_set_str(o, "library", plugin->manifest->library);
    oc_json_set_str(o, "plugin", plugin->name);
    oc_json_set_str(o, "instance", p->body.instance->name);
    oc_json_set_str(o, "tier", oc_tier_name(plugin->terms.tier));
    oc_json_take(o, "rights", json_copy(p->body.host.rights));
    oc_json_take(o, "limits", limits_json(&plugin->terms.limits));
    if (plugin->terms.files) {
        oc_json_take(o, "files", json_deep_copy(plugin->terms.files));
    }
    if (p->cgroup) {
        oc_json_take(o, "cgroup", oc_cgroup_json(p->cgroup));
    }
    oc_json_set_bool(o, "require_full", plugin->terms.require_full);
    oc_json_set_int(o, "parent", getpid());
    oc_json_set_str(dirs, "plugin", plugin->dir);
    oc_process_add_dirs(p, dirs);
    oc_json_take(o, "dirs", dirs);
    return o;
}

void oc_process_begin(struct oc_process_body *p)
{
    const struct oc_body *b = &p->body;
    struct oc_plugins *all = b->plugin->owner;
    if (!all->cgroups) {
        all->cgroups = oc_cgroups_open(NULL, NULL);
    }
    p->cgroup = oc_cgroup_create(all->cgroups, &b->plugin->terms.limits);
    json_t *init = init_json(p);
    p->init_text = oc_json_text(init);
    p->env = oc_process_env(b->host.rights);
    p->samples.per_second = b->plugin->terms.limits.samples_per_second;
    json_decref(init);
    spawn_thread(p);
}

/* ---- HELLO ---- */

static void refuse(struct oc_process_body *p, const struct oc_error *err)
{
    p->refused = *err;
    oc_process_body_kill(p);
}

/* Learns what the plugin says of itself; bound anew when that is not what was known. */
static int take_hello(struct oc_process_body *p, struct oc_error *err)
{
    struct oc_plugin *plugin = p->body.plugin;
    json_t *description = json_object_get(p->hello, "description");
    const bool known = plugin->described && json_equal(plugin->described->json, description);
    int code = known ? OC_OK : oc_plugin_learn(plugin, json_incref(description), err);
    if (!code && (!p->bound || !known)) {
        code = bind_options(p, plugin, NULL, err);
    }
    return code;
}

void oc_process_on_hello(void *ctx)
{
    struct oc_process_body *p = ctx;
    struct oc_error err;
    oc_error_init(&err);
    if (p->gave_up) {
        return;
    }
    if (take_hello(p, &err)) {
        refuse(p, &err);
        return;
    }
    p->confined = json_object_get(p->hello, "confined");
    oc_plugin_tell_loaded(p->body.plugin, oc_json_str(p->hello, "library_sha256", NULL),
                          p->last_pid);
    struct oc_buf payload = {.data = p->start_text, .len = p->start_len};
    oc_process_say(p, OC_WIRE_START, OC_PROCESS_START, &payload);
    oc_process_wipe(p);
}

/* ---- before all ---- */

/* isolation.require = "full": rather not at all than with rights that nobody holds it to. */
static int check_kernel(const struct oc_plugin *plugin, struct oc_error *err)
{
    struct oc_rights rights = {0};
    struct oc_kernel kernel;
    int code = OC_OK;
    if (!plugin->terms.require_full || plugin->terms.tier != OC_TIER_SANDBOX) {
        return OC_OK;
    }
    json_t *texts = oc_plugin_rights(plugin);
    oc_rights_read(texts, &rights);
    oc_kernel_probe(&kernel);
    json_t *missing = oc_rights_missing(&rights, &kernel);
    if (json_array_size(missing) > 0) {
        code = oc_error_set(err, OC_E_REFUSED, "isolation cannot be full here: %s",
                            json_string_value(json_array_get(missing, 0)));
        oc_error_hint(err, "Use a newer kernel, or set isolation.require to \"available\".");
    }
    json_decref(missing);
    json_decref(texts);
    oc_rights_finish(&rights);
    return code;
}

int oc_process_prepare(struct oc_process_body *p, struct oc_plugin *plugin, struct oc_diags *diags,
                       struct oc_error *err)
{
    if (!p->plughost) {
        oc_error_set(err, OC_E_UNSUPPORTED, "openclaw-plughost is not there");
        oc_error_hint(err, "Install it in the folder of openclawd or in ../libexec/openclaw.");
        return OC_E_UNSUPPORTED;
    }
    if (check_kernel(plugin, err)) {
        return OC_E_REFUSED;
    }
    p->page_fd = oc_process_page(&p->page, err);
    p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->page_fd < 0 || p->wake < 0) {
        return oc_error_set(err, OC_E_RETRY, "no descriptors are left for its process");
    }
    return plugin->described ? bind_options(p, plugin, diags, err) : OC_OK;
}
