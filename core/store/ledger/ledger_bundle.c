/* Verifying what an export left: entries as lines, and a bundle with their checkpoint. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/store/ledger/ledger_verify.h"
#include "core/sys/file.h"
#include "core/sys/merkle.h"

#define BUNDLE_MAX (1u << 20)

struct bundle {
    const struct oc_ledger_check *check;
    struct oc_ledger_report *report;
    uint64_t from, to;
    struct oc_note note;
    struct oc_frontier f; /* first of what is before the first line */
};

static bool damage(struct bundle *b, const char *file, uint64_t line, int64_t index,
                   const char *what)
{
    struct oc_ledger_report *r = b->report;
    r->damaged = true;
    snprintf(r->file, sizeof r->file, "%s", file);
    snprintf(r->what, sizeof r->what, "%s", what);
    r->line = line;
    r->index = index;
    return false;
}

bool oc_ledger_is_bundle(const char *dir)
{
    char *path = oc_path_join(dir, "bundle.json");
    const bool is = oc_file_exists(path);
    free(path);
    return is;
}

/* ---- bundle.json ---- */

static bool read_hash(const char *hex, uint8_t hash[OC_LEDGER_HASH])
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(hex) != (size_t)2 * OC_LEDGER_HASH) {
        return false;
    }
    for (size_t i = 0; i < OC_LEDGER_HASH; i++) {
        const char *high = strchr(digits, hex[2 * i]), *low = strchr(digits, hex[2 * i + 1]);
        if (!high || !low) {
            return false;
        }
        hash[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return true;
}

/* The complete subtrees before the first line, the largest first. */
static bool read_edge(struct bundle *b, const json_t *edge)
{
    size_t used = 0;
    for (unsigned level = OC_FRONTIER_LEVELS; level-- > 0;) {
        uint8_t hash[OC_LEDGER_HASH];
        if (!(b->from >> level & 1)) {
            continue;
        }
        const char *hex = json_string_value(json_array_get(edge, used++));
        if (!hex || !read_hash(hex, hash)) {
            return damage(b, "bundle.json", 0, -1, "the tree before the first line is not in it");
        }
        oc_frontier_add_subtree(&b->f, level, hash);
    }
    return used == json_array_size(edge) ||
           damage(b, "bundle.json", 0, -1,
                  "it has hashes that are of no tree before the first line");
}

static void count_cosignatures(struct bundle *b, const char *text)
{
    for (size_t i = 0; i < b->check->witness_count; i++) {
        const struct oc_ledger_witness *w = &b->check->witnesses[i];
        uint64_t seconds = 0;
        b->report->cosignatures += oc_note_is_cosigned(text, &b->note, w->name, w->key, &seconds);
    }
}

static bool read_checkpoint(struct bundle *b, const json_t *o)
{
    const char *text = oc_json_str(o, "checkpoint", "");
    char name[OC_NOTE_NAME];
    uint8_t key[OC_SIGN_PUBLIC];
    unsigned type = 0;
    struct oc_error err;
    oc_error_init(&err);
    if (!oc_note_key_parse(oc_json_str(o, "key", ""), name, key, &type) || type != 1) {
        return damage(b, "bundle.json", 0, -1, "it holds no key");
    }
    snprintf(b->report->origin, sizeof b->report->origin, "%s", name);
    if (oc_note_parse(text, strlen(text), &b->note, &err) != OC_OK) {
        return damage(b, "bundle.json", 0, -1, err.message);
    }
    if (strcmp(b->note.origin, name) != 0 || !oc_note_is_signed(text, &b->note, name, key)) {
        return damage(b, "bundle.json", 0, -1, "the checkpoint is not signed by the key beside it");
    }
    count_cosignatures(b, text);
    return b->note.size == b->to ||
           damage(b, "bundle.json", 0, -1, "the checkpoint is of another number of entries");
}

static bool read_bundle(struct bundle *b, const json_t *o)
{
    const int64_t from = oc_json_int(o, "from", -1), to = oc_json_int(o, "to", -1);
    if (strcmp(oc_json_str(o, "format", ""), "openclaw-ledger-bundle/1") != 0 || from < 0 ||
        to <= from || to >> (OC_FRONTIER_LEVELS - 1)) {
        return damage(b, "bundle.json", 0, -1, "it is no bundle of a ledger");
    }
    b->from = (uint64_t)from;
    b->to = (uint64_t)to;
    return read_checkpoint(b, o) && read_edge(b, json_object_get(o, "edge"));
}

/* ---- entries.jsonl ---- */

static bool is_stopped(const struct oc_ledger_check *check)
{
    return check->stop && __atomic_load_n(check->stop, __ATOMIC_RELAXED);
}

static bool read_entries(struct bundle *b, FILE *file, char *line)
{
    uint64_t count = 0;
    while (!is_stopped(b->check) && fgets(line, OC_LEDGER_ENTRY_MAX + 2, file)) {
        const size_t len = strlen(line);
        uint8_t leaf[OC_LEDGER_HASH];
        if (len < 2 || line[len - 1] != '\n' || b->f.size == b->to) {
            return damage(b, "entries.jsonl", count + 1, (int64_t)(b->from + count),
                          b->f.size == b->to
                              ? "there are more entries than the checkpoint speaks of"
                              : "it is not an entry");
        }
        oc_merkle_leaf(line, len - 1, leaf);
        oc_frontier_add(&b->f, leaf, NULL, NULL);
        count++;
        if (b->check->progress && count % 4096 == 0) {
            b->check->progress(b->check->ctx, (double)count / (double)(b->to - b->from));
        }
    }
    b->report->entries = b->f.size;
    return b->f.size == b->to || is_stopped(b->check) ||
           damage(b, "entries.jsonl", count, -1,
                  "there are fewer entries than the checkpoint speaks of");
}

static void compare_trees(struct bundle *b)
{
    struct oc_ledger_report *r = b->report;
    oc_frontier_root(&b->f, r->root);
    if (memcmp(r->root, b->note.root, sizeof r->root) != 0) {
        damage(b, "entries.jsonl", 0, -1,
               "its entries are not those that were signed: at least one was changed, or is in "
               "another "
               "place");
    }
}

static int check_entries(struct bundle *b, struct oc_error *err)
{
    char *path = oc_path_join(b->check->dir, "entries.jsonl"), *line = NULL;
    FILE *file = fopen(path, "re");
    int rc = file ? OC_OK : oc_error_errno(err, 0, errno, "cannot read %s", path);
    if (file) {
        line = oc_alloc(OC_LEDGER_ENTRY_MAX + 2);
        if (read_entries(b, file, line) && !is_stopped(b->check)) {
            compare_trees(b);
        }
        if (ferror(file)) {
            rc = oc_error_errno(err, 0, errno, "cannot read %s", path);
        }
        fclose(file);
    }
    free(line);
    free(path);
    return rc;
}

int oc_ledger_verify_bundle(const struct oc_ledger_check *check, struct oc_ledger_report *report,
                            struct oc_error *err)
{
    struct bundle *b = oc_calloc(1, sizeof *b);
    struct oc_buf text = {0};
    char *path = oc_path_join(check->dir, "bundle.json");
    memset(report, 0, sizeof *report);
    b->check = check;
    b->report = report;
    int rc = oc_file_read(path, BUNDLE_MAX, &text, err);
    if (rc == OC_OK) {
        json_t *o = oc_json_parse(text.data ? text.data : "", text.len, NULL);
        if (read_bundle(b, o)) {
            report->oldest = b->from;
            report->covered = b->to;
            report->checkpoints = 1;
            rc = check_entries(b, err);
        }
        json_decref(o);
    }
    if (rc == OC_OK && report->damaged) {
        rc = oc_error_set(err, OC_E_VERIFY, "%s", report->what);
    } else if (rc == OC_OK && is_stopped(check)) {
        rc = oc_error_set(err, OC_E_CANCELLED, "the verification was stopped");
    }
    oc_buf_finish(&text);
    free(path);
    free(b);
    return rc;
}
