/* plugin.download: the archive of a release and its signature, as files. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/registry/client.h"
#include "core/package/registry/consumer.h"
#include "core/package/release.h"
#include "core/sys/file.h"

static json_t *result_of(const struct oc_release *r, const char *file,
                         const struct oc_public_key *key)
{
    struct oc_buf text = {0};
    json_t *json = json_object();
    oc_key_public_text(key, &text);
    oc_json_set_str(json, "file", file);
    oc_json_set_str(json, "id", r->id);
    oc_json_set_str(json, "version", r->version);
    oc_json_set_str(json, "sha256", r->digest);
    oc_json_set_int(json, "size", (int64_t)r->size);
    oc_json_set_str(json, "registry", r->registry);
    oc_json_set_str(json, "trust", r->trust);
    oc_json_set_str(json, "publisher_key", text.data);
    oc_buf_finish(&text);
    return json;
}

int oc_consumer_download(struct oc_work *w)
{
    struct oc_release r = {0};
    struct oc_public_key key;
    struct oc_buf minisig = {0};
    char *dir = oc_path_expand(oc_json_str(w->params, "output", "."), NULL);
    char *file = NULL, *signature = NULL;
    int code = oc_release_resolve(w, oc_json_str(w->params, "name", ""), false, &r);
    if (code == OC_OK) {
        code = oc_release_signature(w, &r, &minisig, &key);
    }
    if (code == OC_OK) {
        file = oc_asprintf("%s/%s-%s.ocp", dir, r.name, r.version);
        signature = oc_asprintf("%s.minisig", file);
        code = oc_dir_make(dir, 0755, &w->err);
    }
    if (code == OC_OK) {
        code = oc_release_fetch(w, &r, file);
    }
    if (code == OC_OK &&
        (code = oc_file_write(signature, minisig.data, minisig.len, 0644, &w->err)) != OC_OK) {
        unlink(file);
    }
    if (code == OC_OK) {
        oc_work_result(w, result_of(&r, file, &key));
    }
    oc_buf_finish(&minisig);
    oc_release_finish(&r);
    free(signature);
    free(file);
    free(dir);
    oc_session_end();
    return code;
}
