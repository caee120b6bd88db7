/* What an unpacked plugin is, before any of its code runs. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/archive.h"
#include "core/package/check/check.h"
#include "core/package/install/candidate.h"
#include "core/package/registry/meta.h"
#include "core/package/registry/refuse.h"
#include "core/package/surface.h"
#include "core/plugin/manifest/manifest.h"
#include "core/plugin/manifest/note.h"
#include "core/sys/file.h"

/* ---- unpack ---- */

int oc_step_unpack(struct oc_selection *s, struct oc_candidate *c)
{
    if (!c->archive) {
        return OC_OK; /* a linked folder is used where it lies */
    }
    c->dir = oc_txn_stage(s->t);
    return c->dir ? oc_archive_unpack(s->w, c->archive, c->dir, &c->files) : s->w->err.code;
}

/* ---- manifest ---- */

static int take_manifest(struct oc_candidate *c, const struct oc_manifest *m)
{
    c->name = oc_strdup(m->name);
    c->version = oc_strdup(m->version);
    c->summary = oc_strdup(m->summary);
    c->kind = oc_strdup(m->kind);
    c->manifest = json_incref(m->json);
    c->permissions = json_deep_copy(json_object_get(m->json, "permissions"));
    if (!c->permissions) {
        c->permissions = json_array();
    }
    oc_surface(c->permissions, c->surface);
    return OC_OK;
}

static int unfit(struct oc_selection *s, const char *reason, const char *field, const char *have,
                 const char *want)
{
    return oc_refuse(s->w, OC_E_UNSUPPORTED, reason,
                     "Take a release that was built for this host, or another version of openclaw.",
                     "it was built for %s %s, this host has %s", field, have, want);
}

static int check_abi(struct oc_selection *s, const struct oc_manifest *m)
{
    char have[32], want[32];
    if (m->abi_major == OC_ABI_MAJOR && m->abi_minor <= OC_ABI_MINOR) {
        return OC_OK;
    }
    snprintf(have, sizeof have, "%u.%u", m->abi_major, m->abi_minor);
    snprintf(want, sizeof want, "%d.%d", OC_ABI_MAJOR, OC_ABI_MINOR);
    return unfit(s, "abi-unfit", "the plugin ABI", have, want);
}

static int check_signature(struct oc_selection *s, const struct oc_note *note)
{
    struct oc_view arch = oc_note_value(note, "arch");
#if defined(__x86_64__)
    const char *ours = "x86_64";
#elif defined(__aarch64__)
    const char *ours = "aarch64";
#else
    const char *ours = "";
#endif
    if (arch.ptr && (arch.len != strlen(ours) || memcmp(arch.ptr, ours, arch.len) != 0)) {
        char *said = oc_utf8_clean(arch.ptr, arch.len > 32 ? 32 : arch.len);
        unfit(s, "arch-unfit", "the processor", said, ours);
        free(said);
        return s->w->err.code;
    }
    return OC_OK;
}

/* The manifest in the code is the one that the loader will believe: byte for byte the one beside it. */
static int check_note(struct oc_selection *s, const struct oc_candidate *c, const char *library)
{
    struct oc_buf image = {0}, text = {0};
    struct oc_note note = {0};
    char *so = oc_path_join(c->dir, library), *json = oc_path_join(c->dir, "plugin.json");
    int code = oc_file_read(so, OC_ELF_MAX, &image, &s->w->err);
    if (code != OC_OK) {
        code = oc_refuse(s->w, OC_E_VERIFY, "manifest-wrong", "Build the plugin again.",
                         "%s, which the manifest names, cannot be read", library);
    } else if (oc_note_find(image.data, image.len, &note, &s->w->err) != OC_OK) {
        oc_error_prefix(&s->w->err, "%s", library);
        code = oc_work_reason(s->w, "note-missing");
    }
    if (code == OC_OK) {
        code = oc_file_read(json, OC_MANIFEST_MAX, &text, &s->w->err);
    }
    if (code == OC_OK &&
        (note.manifest.len != text.len || memcmp(note.manifest.ptr, text.data, text.len) != 0)) {
        code = oc_refuse(s->w, OC_E_REFUSED, "manifest-differs",
                         "Build the plugin again: the build writes both.",
                         "the manifest beside %s is not the one in it", library);
    }
    if (code == OC_OK) {
        code = check_signature(s, &note);
    }
    oc_buf_finish(&image);
    oc_buf_finish(&text);
    free(so);
    free(json);
    return code;
}

/* ---- identity ---- */

static const char *last_part(const char *id)
{
    const char *slash = strrchr(id, '/');
    return slash ? slash + 1 : id;
}

/* "acme/hello" with an honest publisher's name; "local" is nobody's: what nobody vouches for is called so. */
static bool id_valid(const char *id)
{
    char *publisher = oc_strndup(id, strcspn(id, "/"));
    const bool valid = oc_registry_word(publisher) && strcmp(publisher, "local") != 0 &&
                       oc_name_valid(id + strlen(publisher) + 1);
    free(publisher);
    return valid;
}

static int check_identity(struct oc_selection *s, struct oc_candidate *c)
{
    const bool given = c->id && strchr(c->id, '/') && !c->receipt;
    if (given && !id_valid(c->id)) {
        return oc_refuse(s->w, OC_E_REFUSED, "name-confusion",
                         "A publisher's name has small letters, digits and dashes: ask for it to "
                         "be signed as that.",
                         "it is signed as '%.100s', which no publisher can be called", c->id);
    }
    if (!c->id || !strchr(c->id, '/')) {
        free(c->id);
        c->id = oc_asprintf("local/%s", c->name);
    }
    if (strcmp(last_part(c->id), c->name) != 0) {
        return oc_refuse(s->w, OC_E_REFUSED, "name-confusion",
                         "Nothing was installed. Tell the publisher, or the registry.",
                         "%s holds a plugin that calls itself %s", c->id, c->name);
    }
    char *signed_as = c->comment ? oc_comment_word(c->comment, "version") : NULL;
    const bool other = signed_as && strcmp(signed_as, c->version) != 0;
    free(signed_as);
    if (other || (c->release.id && strcmp(c->release.version, c->version) != 0)) {
        return oc_refuse(s->w, OC_E_REFUSED, "version-differs",
                         "Nothing was installed. Tell the publisher, or the registry.",
                         "%s was published as another version than %s, which it says that it is",
                         c->id, c->version);
    }
    const char *surface = oc_json_str(c->release.row, "surface", NULL);
    if (surface && strcmp(surface, c->surface) != 0) {
        return oc_refuse(s->w, OC_E_REFUSED, "surface-differs",
                         "Nothing was installed. Tell the publisher, or the registry.",
                         "%s asks for other permissions than it was published with", c->id);
    }
    return OC_OK;
}

static int check_gate(struct oc_selection *s, struct oc_candidate *c)
{
    if (c->archive) {
        return oc_check_gate(s->w, c->dir, &c->findings);
    }
    /* the author sees the findings of a linked folder with `plugin check`, when the time has come */
    return OC_OK;
}

int oc_step_inspect(struct oc_selection *s, struct oc_candidate *c)
{
    struct oc_manifest *m = oc_manifest_load(c->dir, &s->w->err);
    if (!m) {
        if (!s->w->err.hint[0]) {
            oc_error_hint(&s->w->err, "See what is wrong with `openclaw plugin check`.");
        }
        return oc_work_reason(s->w, "manifest-wrong");
    }
    int code = take_manifest(c, m);
    if (code == OC_OK && m->library) {
        code = check_abi(s, m);
        if (code == OC_OK) {
            code = check_note(s, c, m->library);
        }
    }
    if (code == OC_OK) {
        code = check_identity(s, c);
    }
    if (code == OC_OK) {
        code = check_gate(s, c);
    }
    oc_manifest_free(m);
    return code;
}
