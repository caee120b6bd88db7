/* What a plugin's code says of itself, for the installer: loaded, and never started. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plughost/confine.h"
#include "core/plughost/plughost.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

#define SECONDS   10
#define ANSWER_FD 3 /* what the library writes to stdout while it is opened is not the answer */

static int inspect(struct oc_plugin *plugin, struct oc_error *err)
{
    char *path = oc_path_join(plugin->dir, "plugin.json");
    char *so = NULL;
    int code = oc_file_read(path, OC_MANIFEST_MAX, &plugin->text, err);
    if (!code) {
        plugin->manifest = oc_manifest_parse(plugin->text.data, plugin->text.len, plugin->dir, err);
        code = plugin->manifest ? OC_OK : err->code;
    }
    if (!code && !plugin->manifest->library) {
        code = oc_error_set(err, OC_E_UNSUPPORTED, "it has no library");
    }
    if (!code) {
        so = oc_path_join(plugin->dir, plugin->manifest->library);
        code = oc_loader_inspect(plugin, so, err);
    }
    free(so);
    free(path);
    return code;
}

static int confine(const char *dir, struct oc_error *err)
{
    json_t *report = NULL;
    json_t *init =
        json_pack("{s:s, s:[], s:{s:s}}", "tier", "sandbox", "rights", "dirs", "plugin", dir);
    const int code = oc_confine(init, &report, err);
    json_decref(init);
    json_decref(report);
    return code;
}

static int print(const struct oc_plughost *h)
{
    json_t *description = oc_describe_entry(&h->entry);
    char *text = oc_json_text(description);
    const int rc = oc_fd_write_all(ANSWER_FD, text, strlen(text));
    free(text);
    json_decref(description);
    return rc || write(ANSWER_FD, "\n", 1) != 1;
}

int oc_plughost_describe(const char *dir)
{
    struct oc_plughost h = {0};
    struct oc_error err;
    char *full = oc_path_expand(dir, NULL);
    struct oc_plugin plugin = {.dir = full, .terms = {.tier = OC_TIER_SANDBOX}};
    oc_error_init(&err);
    alarm(SECONDS);
    int code = inspect(&plugin, &err);
    if (!code && (dup2(1, ANSWER_FD) < 0 || dup2(2, 1) < 0)) {
        code = oc_error_set(&err, OC_E_INTERNAL, "no descriptor for the answer");
    }
    if (!code) {
        code = confine(full, &err);
    }
    if (!code) {
        code = oc_plughost_open(&h, full, plugin.manifest->library, NULL, &err);
    }
    if (!code && print(&h)) {
        code = oc_error_set(&err, OC_E_INTERNAL, "cannot write the answer");
    }
    if (code) {
        fprintf(stderr, "openclaw-plughost: %s: %s\n", dir, err.message);
    }
    fflush(stderr);
    _exit(code ? 1 : 0); /* the library's own exit handlers are none of our business */
}
