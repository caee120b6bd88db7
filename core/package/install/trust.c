/* Who vouches for an archive. SPDX-License-Identifier: MIT
 *
 * A registry names the publisher's key; a file is signed by a key that the caller gave, or by nobody we know. The trusted
 * comment of our own signatures binds id, version and target, so that a sound signature of one artifact cannot be put
 * beside another. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/install/candidate.h"
#include "core/package/registry/refuse.h"
#include "core/sys/file.h"

/* The word after "<name>:"; owned, NULL when it is not there. */
static char *word_of(const char *comment, const char *name)
{
    const size_t len = strlen(name);
    for (const char *at = comment; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
        if (strncmp(at, name, len) == 0 && at[len] == ':') {
            return oc_strndup(at + len + 1, strcspn(at + len + 1, " "));
        }
    }
    return NULL;
}

/* "openclaw:acme/hello@1.0.0 target:..", and the same in words of their own: "id:acme/hello version:1.0.0 target:..". */
char *oc_comment_word(const char *comment, const char *name)
{
    char *both = word_of(comment, "openclaw"), *at = both ? strrchr(both, '@') : NULL,
         *found = NULL;
    if (at && strcmp(name, "id") == 0) {
        found = oc_strndup(both, (size_t)(at - both));
    } else if (at && strcmp(name, "version") == 0) {
        found = oc_strdup(at + 1);
    } else {
        found = word_of(comment, name);
    }
    free(both);
    return found;
}

static int other(struct oc_selection *s, const char *what, const char *said, const char *is)
{
    return oc_refuse(s->w, OC_E_VERIFY, "artifact-swapped",
                     "Nothing was installed. The signature belongs to another artifact.",
                     "the signature is for %s %s, this is %s", what, said, is);
}

/* `required`: the comment must say it. */
static int same_word(struct oc_selection *s, const char *comment, const char *name, const char *is,
                     bool required)
{
    char *said = oc_comment_word(comment, name);
    int code = OC_OK;
    if (said ? strcmp(said, is) != 0 : required) {
        code = other(s, name, said ? said : "nothing that it names", is);
    }
    free(said);
    return code;
}

/* "openclaw:<id>@<version> target:<target> ...", as `plugin sign` and `registry publish` write it; the signature itself is over
 * the bytes. */
static int check_comment(struct oc_selection *s, struct oc_candidate *c)
{
    const bool ours = c->release.id != NULL;
    char *target = oc_comment_word(c->comment, "target");
    int code = same_word(s, c->comment, "sha256", c->digest, false);
    if (code == OC_OK && target && strcmp(target, "any") != 0 && strcmp(target, oc_target()) != 0) {
        code = other(s, "target", target, oc_target());
    }
    if (code == OC_OK && ours) {
        char *is = oc_asprintf("%s@%s", c->release.id, c->release.version);
        code = same_word(s, c->comment, "openclaw", is, true);
        free(is);
    }
    free(target);
    return code;
}

static int verify_with(struct oc_selection *s, struct oc_candidate *c,
                       const struct oc_public_key *key)
{
    struct oc_buf comment = {0};
    const int fd = open(c->archive, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return oc_error_errno(&s->w->err, 0, errno, "cannot open %s", c->archive);
    }
    int code = oc_minisign_verify(key, fd, c->minisig.data, c->minisig.len, &comment, &s->w->err);
    close(fd);
    if (code == OC_OK) {
        free(c->comment);
        c->comment = oc_buf_take(&comment);
    } else {
        oc_error_hint(&s->w->err, "Nothing was installed. Get archive and signature again.");
        oc_work_reason(s->w, "signature-wrong");
    }
    oc_buf_finish(&comment);
    return code;
}

/* "RW..." or the path of a .pub file. */
static int read_key(struct oc_selection *s, const char *text, struct oc_public_key *key)
{
    int code = *text == '/' ? oc_key_public_load(text, key, &s->w->err)
                            : oc_key_public_parse(text, strlen(text), key, &s->w->err);
    return code == OC_OK ? OC_OK : oc_work_reason(s->w, "key-unknown");
}

/* The one of the given keys that the signature names; false when none of them. */
static int find_key(struct oc_selection *s, const struct oc_candidate *c, struct oc_public_key *key,
                    bool *found)
{
    uint8_t id[8];
    size_t i;
    json_t *item;
    *found = false;
    if (oc_minisign_key_id(c->minisig.data, c->minisig.len, id, &s->w->err) != OC_OK) {
        return oc_work_reason(s->w, "signature-wrong");
    }
    json_array_foreach(s->o.keys, i, item)
    {
        const int code = read_key(s, json_string_value(item), key);
        if (code != OC_OK) {
            return code;
        }
        if (memcmp(key->id, id, sizeof id) == 0) {
            *found = true;
            return OC_OK;
        }
    }
    return OC_OK;
}

static int nobody(struct oc_selection *s, const struct oc_candidate *c)
{
    char id[OC_KEY_ID_TEXT];
    uint8_t raw[8] = {0};
    if (c->minisig.len) {
        oc_minisign_key_id(c->minisig.data, c->minisig.len, raw, NULL);
    }
    oc_key_id_text(raw, id);
    if (json_array_size(s->o.keys) && !oc_starts(c->source, "folder:")) {
        return oc_refuse(
            s->w, OC_E_VERIFY, c->minisig.len ? "signature-other-key" : "signature-missing",
            "Ask the publisher for the right key, or leave --key out: then it runs as "
            "unsigned, in the sandbox.",
            "%s is %s%s", c->source, c->minisig.len ? "signed with another key: " : "not signed",
            c->minisig.len ? id : "");
    }
    if (c->minisig.len) {
        oc_work_warn(s->w,
                     "%s is signed with the key %s, which nobody vouches for; --key names a "
                     "key to trust",
                     c->source, id);
    }
    return OC_OK;
}

/* The key under which a file was installed before goes on counting: another signer is another author. */
static int signed_file(struct oc_selection *s, struct oc_candidate *c)
{
    struct oc_public_key key;
    struct oc_buf text = {0};
    bool found = false;
    int code = c->minisig.len ? find_key(s, c, &key, &found) : OC_OK;
    if (code != OC_OK) {
        return code;
    }
    if (!found) {
        return nobody(s, c);
    }
    code = verify_with(s, c, &key);
    if (code == OC_OK) {
        code = check_comment(s, c);
    }
    if (code == OC_OK) {
        oc_key_public_text(&key, &text);
        c->key = oc_buf_take(&text);
        c->trust = "signed";
    }
    return code;
}

static int signed_release(struct oc_selection *s, struct oc_candidate *c)
{
    struct oc_public_key key;
    int code = oc_key_public_parse(c->key, strlen(c->key), &key, &s->w->err);
    if (code == OC_OK) {
        code = verify_with(s, c, &key);
    }
    if (code == OC_OK) {
        code = check_comment(s, c);
    }
    c->trust = strcmp(c->release.trust, "publisher") == 0 ? "publisher" : "community";
    return code;
}

/* From the store of this home: what was established when it was installed first holds, if the bytes are still those. */
static int signed_before(struct oc_selection *s, struct oc_candidate *c)
{
    const char *trust = oc_json_str(c->receipt, "trust", "unsigned");
    static const char *const known[] = {"publisher", "community", "signed"};
    struct oc_public_key key;
    int code = OC_OK;
    if (strcmp(c->digest, oc_json_str(c->receipt, "digest", "")) != 0) {
        return oc_refuse(s->w, OC_E_VERIFY, "installed-changed",
                         "Install it again from where it came from, with --force.",
                         "the archive of %s in the store was changed",
                         oc_json_str(c->receipt, "name", "the plugin"));
    }
    for (size_t i = 0; i < OC_COUNT(known); i++) {
        if (strcmp(trust, known[i]) == 0) {
            c->trust = known[i];
            c->key = oc_strdup(oc_json_str(c->receipt, "key", ""));
            code = oc_key_public_parse(c->key, strlen(c->key), &key, &s->w->err);
            code = code == OC_OK ? verify_with(s, c, &key) : code;
        }
    }
    c->id = oc_strdup(oc_json_str(c->receipt, "id", NULL));
    return code;
}

int oc_step_signature(struct oc_selection *s, struct oc_candidate *c)
{
    if (!c->archive) {
        return OC_OK;
    }
    if (c->receipt) {
        return signed_before(s, c);
    }
    int code = c->release.id ? signed_release(s, c) : signed_file(s, c);
    if (code == OC_OK) {
        c->id = c->release.id ? oc_strdup(c->release.id)
                : c->comment  ? oc_comment_word(c->comment, "id")
                              : NULL;
    }
    return code;
}
