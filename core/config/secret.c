/* Secrets: "$env:NAME", "$file:PATH", or the text itself. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/text.h"
#include "core/config/binder.h"
#include "core/sys/file.h"

#define SECRET_MAX 65536 /* bytes of a secret file */

static const char *from_environment(struct oc_binder *b, const struct oc_node *node,
                                    const struct oc_where *where)
{
    const char *name = node->string + strlen("$env:"), *value = getenv(name);

    if (value && *value) {
        return oc_arena_strdup(b->arena, value);
    }
    if (b->diags->of_another) {
        oc_binder_warn(b, where, node, "The daemon must have it in its environment.",
                       "the environment variable %s is %s here", name, value ? "empty" : "not set");
        return oc_arena_strdup(b->arena, node->string); /* a plugin may ask for one */
    }
    oc_binder_fail(b, where, node,
                   "Set it in the environment of the program, or use \"$file:PATH\".",
                   "the environment variable %s is %s", name, value ? "empty" : "not set");
    return NULL;
}

/* A secret that everybody on the machine can read is none. */
static bool is_private(struct oc_binder *b, const struct oc_node *node,
                       const struct oc_where *where, const char *path)
{
    struct stat st;
    if (stat(path, &st) || !(st.st_mode & S_IROTH)) {
        return true; /* what cannot be read is said by the reader */
    }
    char *hint = oc_asprintf("Run `chmod 600 %s`.", path);
    oc_binder_fail(b, where, node, hint, "the secret file %s can be read by everybody (mode %04o)",
                   path, (unsigned)st.st_mode & 07777u);
    free(hint);
    return false;
}

static const char *from_file(struct oc_binder *b, const struct oc_node *node,
                             const struct oc_where *where)
{
    char *path = oc_path_expand(node->string + strlen("$file:"), node->dir);
    struct oc_buf text = {0};
    struct oc_error err;
    const char *secret = NULL;

    if (!is_private(b, node, where, path)) {
        goto out;
    }
    if (oc_file_read(path, SECRET_MAX, &text, &err)) {
        oc_binder_fail(b, where, node, err.hint, "%s", err.message);
        goto out;
    }
    while (text.len > 0 && strchr("\r\n", text.data[text.len - 1])) {
        text.len--;
    }
    if (text.len == 0 || memchr(text.data, '\0', text.len)) {
        oc_binder_fail(b, where, node, "", "the secret file %s is %s", path,
                       text.len ? "not a text" : "empty");
        goto out;
    }
    secret = oc_arena_strndup(b->arena, text.data, text.len);
out:
    if (text.data) {
        explicit_bzero(text.data, text.cap);
    }
    oc_buf_finish(&text);
    free(path);
    return secret;
}

/* A secret in the configuration itself is fine as long as the file is private. */
static void warn_if_public(struct oc_binder *b, const struct oc_node *node,
                           const struct oc_where *where)
{
    struct stat st;
    bool from_a_file = node->layer == OC_LAYER_FILE || node->layer == OC_LAYER_CONFD;

    if (from_a_file && *node->string && !stat(node->file, &st) && st.st_mode & S_IROTH) {
        oc_binder_warn(b, where, node, "Use \"$env:NAME\" or \"$file:PATH\", or run chmod 600.",
                       "a secret stands in a file that everybody can read");
    }
}

bool oc_secret_is_reference(const char *text)
{
    return oc_starts(text, "$env:") || oc_starts(text, "$file:");
}

const char *oc_bind_secret(struct oc_binder *b, const struct oc_node *node,
                           const struct oc_where *where)
{
    if (b->plain_secrets || b->default_list) {
        return oc_arena_strdup(b->arena, node->string);
    }
    if (oc_starts(node->string, "$env:")) {
        return from_environment(b, node, where);
    }
    if (oc_starts(node->string, "$file:")) {
        return from_file(b, node, where);
    }
    warn_if_public(b, node, where);
    return oc_arena_strdup(b->arena, node->string);
}
