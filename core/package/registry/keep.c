/* Writing what a registry's client has verified. SPDX-License-Identifier: MIT
 *
 * Order: root, snapshot, timestamp. A crash between two of them leaves an older timestamp, with which the next refresh begins. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/package/registry/client.h"
#include "core/package/registry/registries.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"

/* Beside its place and renamed, without fsync: what a crash damages is noticed by its digest, and fetched again. */
static void put_quickly(const char *path, const struct oc_buf *text)
{
    char *temp = oc_asprintf("%s.%ld.tmp", path, (long)getpid());
    FILE *f = fopen(temp, "wbe");
    if (f) {
        const bool whole = fwrite(text->data, 1, text->len, f) == text->len;
        if (fclose(f) != 0 || !whole || rename(temp, path) != 0) {
            unlink(temp);
        }
    }
    free(temp);
}

/* Only what differs from what is there. */
static int put_file(struct oc_work *w, const struct oc_client *c, const char *name,
                    const struct oc_buf *text, bool lasting)
{
    struct oc_buf old = {0};
    char *path = oc_path_join(c->dir, name);
    int code = OC_OK;
    const bool same = oc_file_read(path, OC_SNAPSHOT_MAX, &old, NULL) == OC_OK &&
                      old.len == text->len && memcmp(old.data, text->data, old.len) == 0;
    if (!same && lasting) {
        code = oc_file_write(path, text->data, text->len, 0644, &w->err);
    } else if (!same) {
        put_quickly(path, text);
    }
    oc_buf_finish(&old);
    free(path);
    return code;
}

/* When it was looked at, to the minute. Lost with a crash: it is asked again, that is all. */
static void put_state(struct oc_client *c)
{
    if (c->refreshed_ms - c->written_ms < OC_MINUTE && c->refreshed_ms >= c->written_ms) {
        return;
    }
    c->written_ms = c->refreshed_ms;
    struct oc_buf text = {0};
    char *path = oc_path_join(c->dir, "state.json");
    oc_buf_addf(&text, "{\"refreshed_ms\":%" PRId64 ",\"root_checked_ms\":%" PRId64 "}\n",
                c->refreshed_ms, c->root_checked_ms);
    put_quickly(path, &text);
    oc_buf_finish(&text);
    free(path);
}

static int put_publishers(struct oc_work *w, struct oc_client *c)
{
    char *text = oc_json_text(c->publishers), *path = oc_path_join(c->dir, "publishers.json");
    const int code = oc_file_write(path, text, strlen(text), 0644, &w->err);
    c->publishers_changed = false;
    free(path);
    free(text);
    return code;
}

static void put_cache(const struct oc_client *c, const struct oc_client_file *file)
{
    char *path = oc_asprintf("%s/cache/%s", c->dir, file->name), *dir = oc_path_dir(path);
    if (oc_dir_make(dir, 0755, NULL) == OC_OK) {
        put_quickly(path, &file->text);
    }
    free(dir);
    free(path);
}

void oc_client_drop(struct oc_client *c)
{
    while (c->kept) {
        struct oc_client_file *next = c->kept->next;
        oc_buf_finish(&c->kept->text);
        free(c->kept->name);
        free(c->kept);
        c->kept = next;
    }
}

static bool read_kept(const struct oc_client *c, const char *name, struct oc_buf *text,
                      struct oc_document *doc)
{
    char *path = oc_path_join(c->dir, name);
    const bool there = oc_file_read(path, OC_ROOT_MAX, text, NULL) == OC_OK && text->len &&
                       oc_document_split(text->data, text->len, doc, NULL) == OC_OK;
    free(path);
    return there;
}

/* Another process has refreshed meanwhile, and has seen more than this one: its word stands, or what it saw could be shown older. */
static bool is_overtaken(const struct oc_client *c)
{
    struct oc_buf root_text = {0}, timestamp_text = {0};
    struct oc_document root_doc, timestamp_doc;
    struct oc_root root = {0};
    struct oc_timestamp timestamp = {0};
    if (read_kept(c, "root.json", &root_text, &root_doc)) {
        oc_root_parse(root_doc.body, root_doc.body_len, &root, NULL);
    }
    if (read_kept(c, "timestamp.json", &timestamp_text, &timestamp_doc)) {
        oc_timestamp_parse(timestamp_doc.body, timestamp_doc.body_len, &timestamp, NULL);
    }
    const bool overtaken =
        root.version > c->root.version ||
        (root.version == c->root.version && timestamp.version > c->timestamp.version);
    oc_root_finish(&root);
    oc_buf_finish(&root_text);
    oc_buf_finish(&timestamp_text);
    return overtaken;
}

int oc_client_keep(struct oc_work *w, struct oc_client *c)
{
    int code = oc_dir_make(c->dir, 0755, &w->err);
    if (code == OC_OK && is_overtaken(c)) {
        oc_client_drop(c);
        return OC_OK;
    }
    if (code == OC_OK) {
        code = put_file(w, c, "root.json", &c->root_text, true);
    }
    if (code == OC_OK && c->snapshot.version) {
        code = put_file(w, c, "snapshot.json", &c->snapshot_text, false);
    }
    if (code == OC_OK && c->timestamp.version) {
        code = put_file(w, c, "timestamp.json", &c->timestamp_text, true);
    }
    if (code == OC_OK && c->publishers_changed) {
        code = put_publishers(w, c);
    }
    for (struct oc_client_file *f = c->kept; code == OC_OK && f; f = f->next) {
        put_cache(c, f);
    }
    if (code == OC_OK) {
        put_state(c);
        oc_client_drop(c);
    }
    return code;
}

int oc_client_commit(struct oc_work *w, struct oc_client *c)
{
    const int lock = oc_registries_lock(w);
    if (lock == OC_E_DENIED) { /* who may not write here may look: what has to be written says so */
        oc_error_init(&w->err);
    } else if (lock < 0) {
        return lock;
    }
    const int code = oc_client_keep(w, c);
    oc_lock_drop(lock);
    return code;
}
