/* Verifying checkpoints: their text, their signatures, the tree that they speak of. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/store/ledger/ledger_verify_internal.h"
#include "core/sys/file.h"

struct host_key {
    char name[OC_NOTE_NAME];
    uint8_t key[OC_SIGN_PUBLIC];
    bool known;
};

/* <dir>/host.pub: whose signature the checkpoints bear. */
static void read_host_key(struct oc_checking *c, struct host_key *host)
{
    struct oc_buf text = {0};
    unsigned type = 0;
    char *path = oc_path_join(c->check->dir, "host.pub");
    if (!oc_file_exists(path)) {
        free(path);
        return;
    }
    if (oc_file_read(path, 1024, &text, NULL) == OC_OK && text.len > 1 &&
        text.data[text.len - 1] == '\n') {
        text.data[--text.len] = '\0';
        host->known = strlen(text.data) == text.len &&
                      oc_note_key_parse(text.data, host->name, host->key, &type) && type == 1;
    }
    if (!host->known) {
        oc_checking_damage(c, "host.pub", 0, -1, "it holds no key");
    } else {
        snprintf(c->report->origin, sizeof c->report->origin, "%s", host->name);
    }
    oc_buf_finish(&text);
    free(path);
}

static void count_cosignatures(struct oc_checking *c, const char *text, const struct oc_note *note,
                               const char *file)
{
    for (size_t i = 0; i < note->count; i++) {
        const struct oc_note_signature *s = &note->signatures[i];
        bool good = !s->cosignature, known = good;
        for (size_t k = 0; k < c->check->witness_count && !known; k++) {
            const struct oc_ledger_witness *w = &c->check->witnesses[k];
            uint64_t seconds = 0;
            known = strcmp(w->name, s->name) == 0;
            good = known && oc_note_is_cosigned(text, note, w->name, w->key, &seconds);
            c->report->cosignatures += good;
        }
        if (known && !good) {
            oc_checking_damage(c, file, 0, -1, "the cosignature of %s is not good", s->name);
        }
    }
}

/* One checkpoint; its name says its size. */
static void read_note(struct oc_checking *c, const char *dir, const char *name,
                      const struct host_key *host)
{
    struct oc_buf text = {0};
    struct oc_note *note = oc_calloc(1, sizeof *note);
    struct oc_error err;
    char *path = oc_path_join(dir, name), *file = oc_asprintf("checkpoints/%s", name);
    char expected[32];
    struct stat st;
    oc_error_init(&err);
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        oc_checking_damage(c, file, 0, -1, "it is no regular file");
    } else if (oc_file_read(path, OC_NOTE_MAX, &text, &err) != OC_OK ||
               oc_note_parse(text.data ? text.data : "", text.len, note, &err) != OC_OK) {
        oc_checking_damage(c, file, 0, -1, "%s", err.message);
    } else {
        snprintf(expected, sizeof expected, "%012llu", (unsigned long long)note->size);
        if (strcmp(expected, name) != 0) {
            oc_checking_damage(c, file, 0, -1, "it is the checkpoint of %llu entries",
                               (unsigned long long)note->size);
        } else if (!host->known || strcmp(note->origin, host->name) != 0 ||
                   !oc_note_is_signed(text.data, note, host->name, host->key)) {
            oc_checking_damage(c, file, 0, -1, "it is not signed by this host");
        } else {
            count_cosignatures(c, text.data, note, file);
        }
        struct oc_checked_note one = {.size = note->size, .file = oc_strdup(file)};
        memcpy(one.root, note->root, sizeof one.root);
        OC_VEC_PUSH(&c->notes, one);
    }
    oc_buf_finish(&text);
    free(note);
    free(path);
    free(file);
}

static int by_size(const void *a, const void *b)
{
    const struct oc_checked_note *x = a, *y = b;
    return x->size != y->size ? (x->size > y->size) - (x->size < y->size)
                              : strcmp(x->file, y->file);
}

static int read_folder(struct oc_checking *c, const char *of, const struct host_key *host,
                       struct oc_error *err)
{
    char *dir = oc_path_join(of, "checkpoints");
    DIR *d = opendir(dir);
    int rc = !d && errno != ENOENT ? oc_error_errno(err, 0, errno, "cannot read %s", dir) : OC_OK;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] != '.' && !strchr(e->d_name, '.')) { /* temporary files have one */
            read_note(c, dir, e->d_name, host);
        }
    }
    if (d) {
        closedir(d);
    }
    free(dir);
    return rc;
}

int oc_checking_read_notes(struct oc_checking *c, struct oc_error *err)
{
    struct host_key host = {.known = false};
    read_host_key(c, &host);
    int rc = read_folder(c, c->check->dir, &host, err);
    c->report->checkpoints = c->notes.count;
    if (rc == OC_OK && c->check->elsewhere) {
        const uint64_t own = c->report->cosignatures;
        rc = read_folder(c, c->check->elsewhere, &host, err);
        c->report->cosignatures = own; /* those are copies */
    }
    if (c->notes.count > 1) {
        qsort(c->notes.items, c->notes.count, sizeof *c->notes.items, by_size);
    }
    return rc;
}

void oc_checking_compare_notes(struct oc_checking *c)
{
    for (size_t i = 0; i < c->notes.count; i++) {
        const struct oc_checked_note *n = &c->notes.items[i];
        if (n->size > c->report->entries) {
            oc_checking_damage(c, n->file, 0, (int64_t)c->report->entries,
                               "it speaks of %llu entries, there are %llu",
                               (unsigned long long)n->size, (unsigned long long)c->report->entries);
        } else if (!n->reached || memcmp(n->root, n->found, sizeof n->root) != 0) {
            oc_checking_damage(c, n->file, 0, -1,
                               "the entries are not those that were signed (%llu of them)",
                               (unsigned long long)n->size);
        } else {
            c->report->covered = n->size > c->report->covered ? n->size : c->report->covered;
        }
    }
    for (size_t i = 0; i < c->check->witness_count; i++) {
        const struct oc_ledger_witness *w = &c->check->witnesses[i];
        if (w->cosigned > c->report->entries) {
            oc_checking_damage(c, "", 0, (int64_t)c->report->entries,
                               "%s has vouched for %llu entries, there are %llu", w->name,
                               (unsigned long long)w->cosigned,
                               (unsigned long long)c->report->entries);
        }
    }
}
