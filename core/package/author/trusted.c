/* Reads an archive's manifest to say what a signature is for. SPDX-License-Identifier: MIT */
#include "core/package/author/trusted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/package/archive.h"
#include "core/package/author/stage.h"
#include "core/package/release.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

/* Of an archive that can be installed; NULL and w->err for any other. The caller owns the result. */
static struct oc_manifest *manifest_of(struct oc_work *w, const char *file)
{
    char dir[] = "/tmp/openclaw-sign-XXXXXX";
    struct oc_manifest *m = NULL;
    if (!mkdtemp(dir)) {
        oc_error_errno(&w->err, 0, errno, "cannot make %s", dir);
        return NULL;
    }
    if (oc_archive_unpack(w, file, dir, NULL) == OC_OK) {
        m = oc_manifest_load(dir, &w->err);
    }
    oc_stage_remove(dir);
    return m;
}

char *oc_author_trusted_comment(struct oc_work *w, const char *file)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    const long long now = (long long)(oc_time_wall() / 1000);
    const bool archive = oc_ends(name, ".ocp");
    struct oc_manifest *m = archive ? manifest_of(w, file) : NULL;
    char *text = NULL;
    if (m) {
        text = oc_asprintf("openclaw:%s@%s target:%s file:%s timestamp:%lld",
                           oc_json_str(w->params, "id", m->name), m->version,
                           m->library ? oc_target() : "any", name, now);
    } else if (!archive) {
        text = oc_asprintf("file:%s timestamp:%lld", name, now);
    }
    oc_manifest_free(m);
    return text;
}
