/* The host's key and its checkpoints. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"

#define KEEP_ALL                                                                                   \
    (7 * OC_DAY) /* checkpoints of the last days are all kept, of those before one a day */

/* ---- the key ---- */

static int wrong_key(struct oc_audit *s, struct oc_error *err)
{
    oc_error_set(err, OC_E_VERIFY, "the key of the ledger in %s is not good", s->dir);
    oc_error_hint(err, "Bring host.key and host.pub back from a copy: checkpoints are signed with "
                       "them.");
    return OC_E_VERIFY;
}

static int read_key(struct oc_audit *s, const char *secret_path, const char *public_path,
                    struct oc_error *err)
{
    struct oc_buf text = {0}, pub = {0};
    struct oc_host_key k = {.known = true};
    uint8_t signature[OC_SIGN_SIGNATURE];
    unsigned type = 0;
    int rc = oc_file_read(secret_path, 1024, &text, err);
    rc = rc == OC_OK ? oc_file_read(public_path, 1024, &pub, err) : rc;
    if (rc == OC_OK) {
        const bool lines = text.len > 1 && pub.len > 1;
        if (lines) {
            pub.data[pub.len - 1] = '\0';
        }
        const bool good = lines &&
                          oc_base64_decode(text.data, text.len - 1, k.secret, OC_SIGN_SECRET) &&
                          oc_note_key_parse(pub.data, k.name, k.public_key, &type) && type == 1;
        if (good) {
            oc_sign(k.secret, "key", 3, signature);
        }
        rc = good && oc_sign_verify(k.public_key, "key", 3, signature) ? OC_OK : wrong_key(s, err);
    }
    if (rc == OC_OK) {
        s->key = k;
    }
    oc_bytes_wipe(&k, sizeof k);
    if (text.data) {
        oc_bytes_wipe(text.data, text.len);
    }
    oc_buf_finish(&text);
    oc_buf_finish(&pub);
    return rc;
}

static int make_key(struct oc_audit *s, const char *secret_path, const char *public_path,
                    struct oc_error *err)
{
    struct oc_buf text = {0}, pub = {0};
    char hex[OC_SHA256_HEX];
    oc_sign_keypair(s->key.public_key, s->key.secret);
    oc_sha256_hex(s->key.public_key, OC_SIGN_PUBLIC, hex);
    snprintf(s->key.name, sizeof s->key.name, "openclaw-ledger/%.16s", hex);
    oc_base64(s->key.secret, OC_SIGN_SECRET, &text);
    oc_buf_addc(&text, '\n');
    oc_note_key_text(s->key.name, s->key.public_key, 1, &pub);
    oc_buf_addc(&pub, '\n');
    int rc = oc_file_write(secret_path, text.data, text.len, 0600, err);
    rc = rc == OC_OK ? oc_file_write(public_path, pub.data, pub.len, 0644, err) : rc;
    s->key.known = rc == OC_OK;
    oc_bytes_wipe(text.data, text.len);
    oc_buf_finish(&text);
    oc_buf_finish(&pub);
    return rc;
}

int oc_audit_load_key(struct oc_audit *s, bool make, struct oc_error *err)
{
    char *secret_path = oc_path_join(s->dir, "host.key"),
         *public_path = oc_path_join(s->dir, "host.pub");
    int rc = OC_OK;
    if (s->key.known) {
        rc = OC_OK;
    } else if (oc_file_exists(public_path)) {
        rc = read_key(s, secret_path, public_path, err);
    } else if (make && oc_ledger_note_latest(s->dir) == 0) {
        rc = make_key(s, secret_path, public_path, err);
    } else {
        rc = make ? wrong_key(s, err)
                  : oc_error_set(err, OC_E_NOT_FOUND, "the ledger has no key yet");
    }
    free(secret_path);
    free(public_path);
    return rc;
}

/* ---- checkpoints ---- */

static char *note_path(const struct oc_audit *s, uint64_t size)
{
    return oc_asprintf("%s/checkpoints/%012llu", s->dir, (unsigned long long)size);
}

int oc_audit_read_note(struct oc_audit *s, uint64_t size, struct oc_buf *text, struct oc_error *err)
{
    char *path = note_path(s, size);
    const int rc = oc_file_read(path, OC_NOTE_MAX, text, err);
    free(path);
    return rc;
}

static int write_note(struct oc_audit *s, uint64_t size, struct oc_buf *note, struct oc_error *err)
{
    uint8_t root[OC_LEDGER_HASH];
    char *folder = oc_path_join(s->dir, "checkpoints"), *path = note_path(s, size);
    int rc = oc_dir_make(folder, 0700, err);
    rc = rc == OC_OK ? oc_ledger_root(s->env.ledger, size, root, err) : rc;
    if (rc == OC_OK) {
        oc_note_text(s->key.name, size, root, note);
        oc_note_sign(note, s->key.name, s->key.secret, s->key.public_key);
        rc = oc_file_write(path, note->data, note->len, 0600, err);
    }
    if (rc == OC_OK) {
        oc_audit_remember(s, size, root);
    }
    free(folder);
    free(path);
    return rc;
}

int oc_audit_checkpoint(struct oc_audit *s, struct oc_buf *note, uint64_t *size,
                        struct oc_error *err)
{
    struct oc_buf own = {0}, *text = note ? note : &own;
    const uint64_t now = oc_ledger_durable(s->env.ledger);
    int rc = OC_OK;
    *size = s->checkpointed;
    if (now == 0) {
        return oc_error_set(err, OC_E_NOT_FOUND, "the ledger has no entries yet");
    }
    if (now <= s->checkpointed) {
        return note ? oc_audit_read_note(s, s->checkpointed, note, err) : OC_OK;
    }
    if (!oc_ledger_is_kept(s->env.ledger)) {
        return oc_error_set(err, OC_E_CONFLICT, "this ledger is open for reading only");
    }
    if (!oc_ledger_healthy(s->env.ledger, err)) {
        return err->code;
    }
    rc = oc_audit_load_key(s, true, err);
    rc = rc == OC_OK ? write_note(s, now, text, err) : rc;
    if (rc == OC_OK) {
        s->checkpointed = *size = now;
        s->checkpointed_ms = oc_time_mono();
        oc_audit_copy(s);
    }
    oc_buf_finish(&own);
    return rc;
}

struct sizes {
    OC_VEC(uint64_t) items;
};

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void list_notes(const char *folder, struct sizes *sizes)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        unsigned long long size = 0;
        int used = 0;
        if (sscanf(e->d_name, "%12llu%n", &size, &used) == 1 && used == 12 && !e->d_name[12]) {
            OC_VEC_PUSH(&sizes->items, size);
        }
    }
    if (d) {
        closedir(d);
    }
    if (sizes->items.count > 1) {
        qsort(sizes->items.items, sizes->items.count, sizeof *sizes->items.items, by_value);
    }
}

uint64_t oc_audit_covering(const struct oc_audit *s, uint64_t index)
{
    struct sizes sizes = {0};
    uint64_t found = 0;
    char *folder = oc_path_join(s->dir, "checkpoints");
    list_notes(folder, &sizes);
    free(folder);
    for (size_t i = 0; i < sizes.items.count && found == 0; i++) {
        found = sizes.items.items[i] > index ? sizes.items.items[i] : 0;
    }
    OC_VEC_FINISH(&sizes.items);
    return found;
}

int oc_audit_lose_notes(struct oc_audit *s, uint64_t left, struct oc_error *err)
{
    struct sizes sizes = {0};
    char *folder = oc_path_join(s->dir, "checkpoints");
    int rc = OC_OK;
    list_notes(folder, &sizes);
    for (size_t i = 0; i < sizes.items.count && rc == OC_OK; i++) {
        char *path = note_path(s, sizes.items.items[i]), *aside = oc_asprintf("%s.lost", path);
        if (sizes.items.items[i] > left && rename(path, aside) != 0) {
            rc = oc_error_errno(err, 0, errno, "cannot set %s aside", path);
        }
        free(aside);
        free(path);
    }
    OC_VEC_FINISH(&sizes.items);
    free(folder);
    return rc;
}

static bool is_in(const char *folder, uint64_t size)
{
    char *path = oc_asprintf("%s/%012llu", folder, (unsigned long long)size);
    const bool there = oc_file_exists(path);
    free(path);
    return there;
}

struct cosigner {
    char name[OC_NOTE_NAME];
    uint8_t key_hash[4];
};

/* What stays of one day, and which witnesses have signed anything of it. */
struct day {
    int64_t number;
    OC_VEC(struct cosigner) cosigners;
};

static bool has_signed(const struct day *day, const struct oc_note_signature *s)
{
    for (size_t i = 0; i < day->cosigners.count; i++) {
        const struct cosigner *one = &day->cosigners.items[i];
        if (strcmp(one->name, s->name) == 0 &&
            memcmp(one->key_hash, s->key_hash, sizeof s->key_hash) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether it says something that what stays of the day does not: the word of a witness. That is taken to what stays. */
static bool adds_witness(struct day *day, const char *path)
{
    struct oc_buf text = {0};
    struct oc_note *note = oc_calloc(1, sizeof *note);
    const int rc = oc_file_read(path, OC_NOTE_MAX, &text, NULL);
    bool adds = rc != OC_OK && rc != OC_E_NOT_FOUND; /* nobody knows what is lost with it */
    if (rc == OC_OK && text.len > 0 && oc_note_parse(text.data, text.len, note, NULL) == OC_OK) {
        for (size_t i = 0; i < note->count; i++) {
            const struct oc_note_signature *s = &note->signatures[i];
            if (s->cosignature && !has_signed(day, s)) {
                struct cosigner one;
                memcpy(one.name, s->name, sizeof one.name);
                memcpy(one.key_hash, s->key_hash, sizeof one.key_hash);
                OC_VEC_PUSH(&day->cosigners, one);
                adds = true;
            }
        }
    }
    oc_buf_finish(&text);
    free(note);
    return adds;
}

/* Of each day the last one stays, and the last one that each witness has signed. */
void oc_audit_thin_folder(const char *folder, const char *but)
{
    struct sizes sizes = {0};
    struct day day = {.number = -1};
    const int64_t now = oc_time_wall();
    list_notes(folder, &sizes);
    for (size_t i = sizes.items.count; i-- > 0;) {
        struct stat st;
        const uint64_t size = sizes.items.items[i];
        char *path = oc_asprintf("%s/%012llu", folder, (unsigned long long)size);
        const int64_t made = stat(path, &st) == 0 ? (int64_t)st.st_mtime * OC_SECOND : now;
        if (made < now - KEEP_ALL) {
            const bool last = made / OC_DAY != day.number;
            day.number = made / OC_DAY;
            day.cosigners.count = last ? 0 : day.cosigners.count;
            if (!adds_witness(&day, path) && !last && !(but && is_in(but, size))) {
                unlink(path);
            }
        }
        free(path);
    }
    OC_VEC_FINISH(&day.cosigners);
    OC_VEC_FINISH(&sizes.items);
}

void oc_audit_thin(struct oc_audit *s)
{
    char *folder = oc_path_join(s->dir, "checkpoints");
    oc_audit_thin_folder(folder, NULL);
    free(folder);
    oc_audit_copy_anew(s, 1);
}
