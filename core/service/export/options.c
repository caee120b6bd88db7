/* The options of a remote that the host reads. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/service/export/internal.h"

#define REMOTE(member) offsetof(struct oc_remote_options, member)
static const struct oc_option options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = REMOTE(name),
     .help = "what the remote is called; \"remote\" by default"},
    {.name = "plugin",
     .type = OC_OPT_STRING,
     .offset = REMOTE(plugin),
     .help = "the plugin that sends, its options stand beside these; by default the first exporter "
             "that is there"},
    {.name = "selector",
     .type = OC_OPT_STRINGS,
     .offset = REMOTE(selector),
     .help = "which series are sent: any of these, as in `openclaw metrics query`; all by default"},
    {.name = "labels",
     .type = OC_OPT_MAP,
     .offset = REMOTE(labels),
     .help = "labels that every series gets; job = openclaw and instance = host.name by default"},
    {.name = "enabled",
     .type = OC_OPT_BOOL,
     .offset = REMOTE(enabled),
     .default_text = "true",
     .help = "whether anything is sent"},
    {.name = "batch",
     .type = OC_OPT_INT,
     .offset = REMOTE(batch),
     .default_text = "2000",
     .min = 1,
     .max = 100000,
     .help = "samples in one request"},
    {.name = "flush_interval",
     .type = OC_OPT_DURATION,
     .offset = REMOTE(flush_ms),
     .default_text = "5s",
     .min = 50,
     .max = 600000,
     .help = "a batch that is not full is sent after this time"},
    {.name = "queue_size",
     .type = OC_OPT_SIZE,
     .offset = REMOTE(queue_bytes),
     .default_text = "64MB",
     .min = 65536,
     .max = 1099511627776.0,
     .help = "how much may wait on the disk; beyond it the oldest is dropped"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = REMOTE(timeout_ms),
     .default_text = "30s",
     .min = 100,
     .max = 300000,
     .help = "how long one request may take"},
    {.name = "max_backoff",
     .type = OC_OPT_DURATION,
     .offset = REMOTE(backoff_ms),
     .default_text = "1m",
     .min = 100,
     .max = 3600000,
     .help = "the longest pause between attempts while the receiver fails"},
    {0}};

const char *const oc_remote_host_keys[] = {
    "name",    "plugin",         "selector",   "labels",      "enabled", "batch",
    "timeout", "flush_interval", "queue_size", "max_backoff", NULL};

json_t *oc_remote_options_json(void)
{
    return oc_options_json(options, sizeof *options);
}

static bool is_host_key(const char *key)
{
    bool found = false;
    for (size_t i = 0; oc_remote_host_keys[i]; i++) {
        found = found || strcmp(key, oc_remote_host_keys[i]) == 0;
    }
    return found;
}

/* Reads the host's keys; the rest of the group is for the plugin to judge. */
static bool bind_keys(struct oc_remote *r, const struct oc_node *node, const char *path,
                      struct oc_diags *diags)
{
    OC_VEC(const char *) foreign = {0};
    for (size_t i = 0; node->type == OC_NODE_GROUP && i < node->count; i++) {
        if (!is_host_key(node->children[i]->key)) {
            OC_VEC_PUSH(&foreign, node->children[i]->key);
        }
    }
    OC_VEC_PUSH(&foreign, NULL);
    size_t errors = oc_bind(options, sizeof options[0], node, path, foreign.items, &r->options,
                            sizeof r->options, &r->arena, diags);
    OC_VEC_FINISH(&foreign);
    return errors == 0;
}

static bool read_selectors(struct oc_remote *r, const struct oc_node *node, const char *path,
                           struct oc_diags *diags)
{
    const char *const *texts = r->options.selector.items;
    bool sound = true;
    for (uint64_t i = 0; i < r->options.selector.count; i++) {
        struct oc_selector sel;
        struct oc_error err;
        oc_error_init(&err);
        if (oc_selector_init(&sel, texts[i], &err) == OC_OK) {
            OC_VEC_PUSH(&r->selectors, sel);
            continue;
        }
        char *key = oc_asprintf("%s.selector[%llu]", path, (unsigned long long)i);
        oc_diags_add(diags, false, node, key, err.hint, "%s", err.message);
        free(key);
        sound = false;
    }
    return sound;
}

static bool is_label_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    size_t head = strspn(name, letters);
    return head && !oc_starts(name, "__") &&
           strspn(name + head, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789") ==
               strlen(name + head);
}

/* Receivers refuse every series with such a label. */
static bool check_labels(const struct oc_remote *r, const struct oc_node *node, const char *path,
                         struct oc_diags *diags)
{
    const struct oc_pair *pairs = r->options.labels.items;
    const struct oc_node *labels = oc_node_get(node, "labels");
    bool sound = true;
    for (uint64_t i = 0; i < r->options.labels.count; i++) {
        if (is_label_name(pairs[i].name)) {
            continue;
        }
        char *key = oc_asprintf("%s.labels.%s", path, pairs[i].name);
        oc_diags_add(diags, false, labels, key,
                     "Write for example labels = { site = \"berlin\"; };",
                     "expected the name of a label: letters, digits and _, beginning with no digit "
                     "and not with __");
        free(key);
        sound = false;
    }
    return sound;
}

bool oc_remote_read(struct oc_remote *r, const struct oc_node *node, const char *path,
                    struct oc_diags *diags)
{
    bool sound = bind_keys(r, node, path, diags);
    r->name = oc_strdup(r->options.name ? r->options.name : "remote");
    sound = read_selectors(r, node, path, diags) && sound;
    sound = check_labels(r, node, path, diags) && sound;
    if (!sound) {
        oc_error_set(&r->error, OC_E_CONFIG, "the configuration of %s is wrong", path);
    } else if (!oc_name_valid(r->name)) {
        oc_error_set(&r->error, OC_E_CONFIG, "'%.64s' is no name for a remote", r->name);
        sound = false;
    }
    return sound;
}

void oc_remote_free(struct oc_remote *r)
{
    for (size_t i = 0; i < r->selectors.count; i++) {
        oc_selector_finish(&r->selectors.items[i]);
    }
    OC_VEC_FINISH(&r->selectors);
    OC_VEC_FINISH(&r->labels);
    struct oc_remote_sending *kept[] = {r->sending, r->late};
    for (size_t i = 0; i < OC_COUNT(kept); i++) {
        if (kept[i]) {
            oc_buf_finish(&kept[i]->data);
            free(kept[i]);
        }
    }
    oc_export_queue_finish(&r->queue);
    oc_buf_finish(&r->chosen);
    oc_buf_finish(&r->batch);
    json_decref(r->config);
    free(r->name);
    oc_arena_wipe(&r->arena); /* a check resolves secrets of the plugin in it */
    free(r);
}
