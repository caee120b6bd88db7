/* The search file: one line a package, so that search is local. SPDX-License-Identifier: MIT
 *
 * Lines of id, newest version, kind, trust, license, summary and what it provides (words), separated by tabs and sorted by id; one zstd
 * frame. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/registry/keeper.h"
#include "core/sys/compress.h"

#define RAW_MAX (256u << 20)
#define LEVEL   6

/* A tab or an end of line would end the column. */
static void add_column(struct oc_buf *out, const char *text)
{
    oc_buf_addc(out, '\t');
    for (; *text; text++) {
        oc_buf_addc(out, (unsigned char)*text < ' ' ? ' ' : *text);
    }
}

static void add_line(struct oc_buf *out, const char *id, const json_t *row, const char *trust)
{
    const json_t *provides = json_object_get(row, "provides");
    struct oc_buf words = {0};
    oc_buf_adds(out, id);
    add_column(out, oc_json_str(row, "version", ""));
    add_column(out, oc_json_str(row, "kind", ""));
    add_column(out, trust);
    add_column(out, oc_json_str(row, "license", ""));
    add_column(out, oc_json_str(row, "summary", ""));
    for (size_t i = 0; i < json_array_size(provides); i++) {
        oc_buf_addf(&words, "%s%s", i ? " " : "", json_string_value(json_array_get(provides, i)));
    }
    add_column(out, words.data ? words.data : "");
    oc_buf_addc(out, '\n');
    oc_buf_finish(&words);
}

static int read_old(struct oc_work *w, const struct oc_folder *f, struct oc_buf *raw)
{
    const struct oc_file_ref *ref = &f->snapshot.search;
    struct oc_buf packed = {0};
    if (!ref->length) {
        return OC_OK;
    }
    char *path = oc_asprintf("v1/search.%s", ref->sha256);
    int code = oc_folder_read(w, f, path, OC_SEARCH_MAX, &packed);
    if (code == OC_OK) {
        code = oc_decompress(packed.data, packed.len, RAW_MAX, raw, &w->err);
    }
    oc_buf_finish(&packed);
    free(path);
    return code;
}

/* The old lines with the one of `id` in its place. */
static void merge(const struct oc_buf *old, const char *id, const json_t *row, const char *trust,
                  struct oc_buf *out)
{
    const char *at = old->data, *end = old->data ? old->data + old->len : NULL;
    bool done = row == NULL;
    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const size_t len = (size_t)((lf ? lf + 1 : end) - at), name = strcspn(at, "\t");
        const size_t shorter = name < strlen(id) ? name : strlen(id);
        int order = memcmp(at, id, shorter);
        order = order ? order : (name > strlen(id)) - (name < strlen(id));
        if (order >= 0 && !done) {
            add_line(out, id, row, trust);
            done = true;
        }
        if (order != 0) {
            oc_buf_add(out, at, len);
        }
        at += len;
    }
    if (!done) {
        add_line(out, id, row, trust);
    }
}

int oc_keeper_index(struct oc_work *w, struct oc_folder *f, const char *id, const json_t *row,
                    const char *trust)
{
    struct oc_buf old = {0}, raw = {0}, packed = {0};
    int code = read_old(w, f, &old);
    if (code == OC_OK) {
        merge(&old, id, row, trust, &raw);
        oc_compress(raw.data ? raw.data : "", raw.len, LEVEL, &packed);
        code = oc_folder_put(w, f, "v1/search.", "", packed.data, packed.len, &f->snapshot.search);
    }
    oc_buf_finish(&old);
    oc_buf_finish(&raw);
    oc_buf_finish(&packed);
    return code;
}
