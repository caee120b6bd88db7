/* The ledger's life, and adding to it. SPDX-License-Identifier: MIT */
#include "core/store/ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/sys/file.h"
#include "core/sys/merkle.h"

/* ---- life ---- */

static int open_memory(struct oc_ledger *l, struct oc_error *err)
{
    l->per = UINT64_C(1) << 40; /* never full */
    l->fd = memfd_create("ledger", MFD_CLOEXEC);
    return l->fd < 0 ? oc_error_errno(err, 0, errno, "cannot keep a ledger in memory") : OC_OK;
}

static int open_folder(struct oc_ledger *l, struct oc_error *err)
{
    int rc = l->read_only ? OC_OK : oc_dir_make(l->dir, 0700, err);
    if (rc == OC_OK && !l->read_only) {
        l->dir_fd = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        rc = l->dir_fd < 0 ? oc_error_errno(err, 0, errno, "cannot open %s", l->dir) : OC_OK;
    }
    return rc == OC_OK ? oc_ledger_load(l, err) : rc;
}

static uint64_t power_of_two(uint64_t wanted)
{
    uint64_t size = 2;
    while (size < wanted && size < 1u << 24) {
        size *= 2;
    }
    return size;
}

/* What is acknowledged is on the disk: a ledger that has none acknowledges nothing. */
static void stay_absent(struct oc_ledger *l, const struct oc_error *reason)
{
    if (l->fd >= 0) {
        close(l->fd);
    }
    if (l->dir_fd >= 0) {
        close(l->dir_fd);
    }
    l->fd = l->dir_fd = -1;
    l->segments.count = l->tiles.count = 0;
    memset(&l->now, 0, sizeof l->now);
    memset(&l->stable, 0, sizeof l->stable);
    l->absent = l->damaged = true;
    oc_error_init(&l->why);
    oc_error_set(&l->why, OC_E_CONFLICT, "the ledger cannot be opened: %.200s", reason->message);
    oc_error_hint(&l->why, "Let the host write to %s, and start it again.", l->dir);
    oc_err("the ledger cannot be opened: nothing that belongs into it is taken",
           "folder=%s reason=%s", l->dir, reason->message);
}

struct oc_ledger *oc_ledger_open(const struct oc_ledger_options *options, struct oc_loop *loop,
                                 struct oc_error *err)
{
    struct oc_ledger *l = oc_calloc(1, sizeof *l);
    l->dir = oc_strdup(options->dir);
    l->read_only = options->read_only;
    l->loop = loop;
    l->fd = l->dir_fd = -1;
    l->per = power_of_two(options->segment_size ? options->segment_size : OC_LEDGER_SEGMENT);
    oc_error_init(&l->why);
    struct oc_error local;
    err = err ? err : &local;
    oc_error_init(err);
    const int rc = l->dir ? open_folder(l, err) : open_memory(l, err);
    if (rc != OC_OK && options->tolerant) {
        stay_absent(l, err);
    } else if (rc != OC_OK) {
        oc_ledger_close(l);
        return NULL;
    }
    oc_ledger_levels(l);
    if (l->segments.count > 0) {
        l->tile_base = l->tiles.count > 0 ? l->tile_base : (l->now.f.size + l->tile - 1) / l->tile;
        oc_ledger_seal(l); /* after a crash between the last entry of a segment and its hashes */
    }
    return l;
}

void oc_ledger_close(struct oc_ledger *l)
{
    if (!l || !oc_ledger_write_stop(l)) {
        return;
    }
    if (l->fd >= 0) {
        close(l->fd);
    }
    if (l->dir_fd >= 0) {
        close(l->dir_fd);
    }
    if (l->is_cached) {
        oc_ledger_leaves_finish(&l->cached);
    }
    OC_VEC_FINISH(&l->segments);
    OC_VEC_FINISH(&l->tiles);
    OC_VEC_FINISH(&l->pieces);
    OC_VEC_FINISH(&l->waiters);
    oc_buf_finish(&l->pending);
    oc_buf_finish(&l->text);
    free(l->dir);
    free(l);
}

/* ---- adding ---- */

/* {"time":..,"type":"..", and what the entry has. */
static int make_text(const char *type, const json_t *entry, struct oc_buf *out,
                     struct oc_error *err)
{
    json_t *word = json_string(type), *own = NULL;
    if (!word || (entry && !json_is_object(entry))) {
        json_decref(word);
        return oc_error_set(err, OC_E_CONFIG, "an entry of the ledger is an object with a type");
    }
    oc_buf_adds(out, "{\"time\":");
    oc_buf_addi(out, oc_time_wall());
    oc_buf_adds(out, ",\"type\":");
    oc_json_put(out, word);
    if (json_object_get(entry, "time") || json_object_get(entry, "type")) {
        own = json_copy((json_t *)entry);
        json_object_del(own, "time");
        json_object_del(own, "type");
        entry = own;
    }
    if (json_object_size(entry) > 0) {
        const size_t brace = out->len;
        oc_json_put(out, entry);
        out->data[brace] = ',';
    } else {
        oc_buf_addc(out, '}');
    }
    json_decref(own);
    json_decref(word);
    if (out->len > OC_LEDGER_ENTRY_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "an entry of the ledger has at most %u bytes",
                            OC_LEDGER_ENTRY_MAX);
    }
    return OC_OK;
}

/* The bytes of an entry behind those that wait already. */
static void queue(struct oc_ledger *l, const struct oc_buf *text)
{
    uint8_t leaf[OC_LEDGER_HASH];
    const uint64_t index = l->now.f.size;
    const size_t before = l->pending.len;
    char flag = before == 0 ? OC_LEDGER_BEGINS : OC_LEDGER_GOES_ON;
    if (before == 0) {
        l->pending_first = index;
    }
    if (before == 0 || l->now.offset == 0) {
        const struct oc_ledger_piece piece = {index / l->per * l->per, before};
        OC_VEC_PUSH(&l->pieces, piece);
    }
    if (l->now.offset == 0) {
        oc_ledger_header_put(&l->pending, &l->now.f, l->per);
        l->now.offset = l->pending.len - before;
        flag = OC_LEDGER_BEGINS;
    }
    const size_t at = l->pending.len;
    oc_ledger_line_put(&l->pending, flag, index, text->data, text->len);
    oc_merkle_leaf(text->data, text->len, leaf);
    memcpy(l->newest, leaf, sizeof leaf);
    oc_ledger_place(l, l->now.offset, leaf);
    l->now.offset = l->now.f.size % l->per == 0 ? 0 : l->now.offset + (l->pending.len - at);
}

static int may_add(const struct oc_ledger *l, struct oc_error *err)
{
    if (l->read_only) {
        return oc_error_set(err, OC_E_CONFLICT, "the ledger is open for reading only");
    }
    if (l->damaged || (l->why.code == OC_E_RETRY && oc_time_mono() < l->next_try)) {
        if (err) {
            *err = l->why;
        }
        return l->damaged ? OC_E_CONFLICT : OC_E_RETRY;
    }
    return OC_OK;
}

int64_t oc_ledger_add(struct oc_ledger *l, const char *type, const json_t *entry,
                      oc_ledger_done_fn done, void *ctx, struct oc_error *err)
{
    int rc = may_add(l, err);
    oc_buf_clear(&l->text);
    rc = rc == OC_OK ? make_text(type, entry, &l->text, err) : rc;
    if (rc != OC_OK) {
        return rc;
    }
    const uint64_t index = l->now.f.size;
    queue(l, &l->text);
    if (done) {
        const struct oc_ledger_waiter waiter = {index, done, ctx};
        OC_VEC_PUSH(&l->waiters, waiter);
    }
    if (l->loop) {
        oc_ledger_kick(l);
    } else if (oc_ledger_flush(l, err) != OC_OK) {
        l->waiters.count -= done ? 1 : 0; /* told by the code */
        return OC_E_RETRY;
    } else {
        oc_ledger_seal(l);
    }
    return (int64_t)index;
}

void oc_ledger_leave(struct oc_ledger *l, const void *ctx)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->waiters.count; i++) {
        if (l->waiters.items[i].ctx != ctx) {
            l->waiters.items[kept++] = l->waiters.items[i];
        }
    }
    l->waiters.count = kept;
}

int oc_ledger_sync(struct oc_ledger *l, struct oc_error *err)
{
    int rc = OC_OK;
    if (l->read_only) {
        return OC_OK;
    }
    const uint64_t size = l->now.f.size;
    rc = oc_ledger_flush(l, err);
    oc_ledger_answer(l, rc != OC_OK);
    oc_ledger_seal(l);
    return rc == OC_OK && l->stable.f.size < size ? OC_E_RETRY : rc;
}

void oc_ledger_newest_leaf(const struct oc_ledger *l, uint8_t leaf[OC_LEDGER_HASH])
{
    memcpy(leaf, l->newest, OC_LEDGER_HASH);
}

/* ---- figures ---- */

uint64_t oc_ledger_size(const struct oc_ledger *l)
{
    return l->now.f.size;
}

uint64_t oc_ledger_durable(const struct oc_ledger *l)
{
    return l->stable.f.size;
}

uint64_t oc_ledger_oldest(const struct oc_ledger *l)
{
    size_t k = 0;
    while (k < l->segments.count && !l->segments.items[k].log) {
        k++;
    }
    return k * l->per < l->now.f.size ? k * l->per : l->now.f.size;
}

bool oc_ledger_healthy(const struct oc_ledger *l, struct oc_error *why)
{
    const bool fine = !l->damaged && l->why.code != OC_E_RETRY;
    if (!fine && why) {
        *why = l->why;
    }
    return fine;
}

void oc_ledger_distrust(struct oc_ledger *l, const char *message)
{
    if (l->damaged || !oc_ledger_is_kept(l)) {
        return;
    }
    l->damaged = l->distrusted = true;
    oc_error_init(&l->why);
    oc_error_set(&l->why, OC_E_CONFLICT, "%s", message);
    oc_error_hint(&l->why, OC_LEDGER_DISTRUST_HINT);
    oc_err("the ledger is not the one that was here: nothing is added to it", "folder=%s reason=%s",
           l->dir, message);
}

bool oc_ledger_is_distrusted(const struct oc_ledger *l)
{
    return l->distrusted;
}

void oc_ledger_trust(struct oc_ledger *l)
{
    if (l->distrusted) {
        l->damaged = l->distrusted = false;
        if (l->trouble == OC_LEDGER_FINE) {
            l->trouble = OC_LEDGER_CUT; /* a torn tail was left as it was found */
        }
        oc_error_init(&l->why);
    }
}

const char *oc_ledger_folder(const struct oc_ledger *l)
{
    return l->dir;
}

bool oc_ledger_is_kept(const struct oc_ledger *l)
{
    return l->dir && !l->read_only && !l->absent;
}

uint64_t oc_ledger_open_segment(const struct oc_ledger *l, uint64_t *bytes)
{
    *bytes = l->stable.offset;
    return l->stable.f.size / l->per * l->per;
}

uint64_t oc_ledger_segment_size(const struct oc_ledger *l)
{
    return l->per;
}

void oc_ledger_retire(struct oc_ledger *l, uint64_t before)
{
    for (uint64_t k = 0; (k + 1) * l->per <= before && k < l->segments.count; k++) {
        struct oc_ledger_segment *s = &l->segments.items[k];
        if (!s->log || l->read_only || l->damaged || !l->dir) {
            continue;
        }
        if (!s->tree) {
            return; /* its hashes are still being made */
        }
        char *path = oc_ledger_path(l->dir, k * l->per, ".log");
        if (unlink(path) == 0 || errno == ENOENT) {
            s->log = false;
        }
        free(path);
    }
}
