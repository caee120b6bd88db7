/* Reads an archive's manifest to say what a signature is for. SPDX-License-Identifier: MIT */
#include "core/package/author/trusted.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/package/author/stage.h"
#include "core/package/release.h"
#include "core/package/run.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

/* Unpacked by the helper that is shut in; NULL when it is no plugin. The caller owns the result. */
static struct oc_manifest *manifest_of(const char *file)
{
    char dir[] = "/tmp/openclaw-sign-XXXXXX";
    char *helper = oc_path_helper("openclaw-archive");
    struct oc_manifest *m = NULL;
    if (helper && mkdtemp(dir)) {
        const char *const argv[] = {helper, "unpack", file, dir, NULL};
        const struct oc_run run = {.argv = argv};
        struct oc_run_end end;
        if (oc_run(&run, &end, NULL) == OC_OK && end.status == 0) {
            m = oc_manifest_load(dir, NULL);
        }
        oc_stage_remove(dir);
    }
    free(helper);
    return m;
}

char *oc_author_trusted_comment(struct oc_work *w, const char *file)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    const long long now = (long long)(oc_time_wall() / 1000);
    struct oc_manifest *m = oc_ends(name, ".ocp") ? manifest_of(file) : NULL;
    char *text;
    if (m) {
        text = oc_asprintf("openclaw:%s@%s target:%s file:%s timestamp:%lld",
                           oc_json_str(w->params, "id", m->name), m->version,
                           m->library ? oc_target() : "any", name, now);
    } else {
        text = oc_asprintf("file:%s timestamp:%lld", name, now);
    }
    oc_manifest_free(m);
    return text;
}
