/* How long evidence is kept, and how much room it may take. SPDX-License-Identifier: MIT
 *
 * The oldest goes first. Evidence of an emergency is never removed before its time, and never refused: it is what a shutdown waits
 * for. Anything else is refused while there is no room. Folders whose name begins with a dot are not whole: what a crash has left of
 * them goes after an hour. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/unit/internal.h"
#include "core/sys/file.h"

#define FOLDERS_MAX      1000
#define MANIFEST_BYTES   (1u << 20)
#define STAMP            20 /* characters of 20261122T133000.123Z */
#define FOLDER_OWN_BYTES 4096

#define AT(member) offsetof(struct evidence_options, member)
static const struct oc_option options[] = {
    {.name = "keep",
     .type = OC_OPT_DURATION,
     .offset = AT(keep_ms),
     .default_text = "90d",
     .min = 60000,
     .max = 315360000000.0,
     .help = "evidence that is older is removed"},
    {.name = "keep_emergency",
     .type = OC_OPT_DURATION,
     .offset = AT(keep_emergency_ms),
     .default_text = "365d",
     .min = 60000,
     .max = 315360000000.0,
     .help = "the same for evidence that the runbooks of emergencies save; no want of room removes "
             "it before"},
    {.name = "max_size",
     .type = OC_OPT_SIZE,
     .offset = AT(max_bytes),
     .default_text = "1GB",
     .min = 65536,
     .max = 1099511627776.0,
     .help = "how much room all evidence may take; beyond it, and beyond 1000 folders, the oldest "
             "is removed"},
    {0}};
#undef AT

void oc_unit_evidence_configure(struct oc_unit *s, const struct oc_config *config,
                                struct oc_diags *diags)
{
    struct oc_arena arena = {0};
    struct evidence_options bound = {0};
    const struct oc_node *group = oc_node_get(oc_config_root(config), "evidence");
    if (oc_bind(options, sizeof *options, group, "evidence", NULL, &bound, sizeof bound, &arena,
                diags) == 0) {
        s->evidence = bound;
    }
    oc_arena_finish(&arena);
}

void oc_unit_evidence_describe(json_t *sections)
{
    oc_json_take(sections, "evidence", oc_options_json(options, sizeof *options));
}

/* ---- what there is ---- */

struct saved {
    char *path, *name; /* name: within path, without the dot */
    bool whole;
    int64_t at_ms, bytes;
};

struct room {
    OC_VEC(struct saved) all; /* the oldest first */
    int64_t bytes;
    size_t whole;
};

/* False: no folder of ours. */
static bool read_stamp(const char *name, int64_t *ms)
{
    char text[40];
    if (strlen(name) <= STAMP + 1 || name[8] != 'T' || name[STAMP] != '-') {
        return false;
    }
    snprintf(text, sizeof text, "%.4s-%.2s-%.2sT%.2s:%.2s:%.7s", name, name + 4, name + 6, name + 9,
             name + 11, name + 13);
    return oc_time_parse(text, 0, ms) == OC_OK;
}

static int64_t bytes_of(const char *path)
{
    int64_t bytes = FOLDER_OWN_BYTES;
    struct stat st;
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
            bytes += (int64_t)st.st_blocks * 512;
        }
    }
    if (dir) {
        closedir(dir);
    }
    return bytes;
}

static int by_age(const void *a, const void *b)
{
    return strcmp(((const struct saved *)a)->name, ((const struct saved *)b)->name);
}

static void room_look(const struct oc_unit *s, struct room *room)
{
    char *folder = oc_path_join(s->env.home, "evidence");
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        struct saved one = {.whole = d->d_name[0] != '.'};
        if (!read_stamp(d->d_name + !one.whole, &one.at_ms)) {
            continue;
        }
        one.path = oc_path_join(folder, d->d_name);
        one.name = strrchr(one.path, '/') + 1 + !one.whole;
        one.bytes = bytes_of(one.path);
        room->bytes += one.bytes;
        room->whole += one.whole;
        OC_VEC_PUSH(&room->all, one);
    }
    if (dir) {
        closedir(dir);
    }
    free(folder);
    if (room->all.count) {
        qsort(room->all.items, room->all.count, sizeof *room->all.items, by_age);
    }
}

static void room_finish(struct room *room)
{
    for (size_t i = 0; i < room->all.count; i++) {
        free(room->all.items[i].path);
    }
    OC_VEC_FINISH(&room->all);
}

/* One that was saved by an older version does not say so itself. */
static bool is_of_emergency(const struct saved *one)
{
    char *path = oc_path_join(one->path, "MANIFEST.json");
    struct oc_buf text = {0};
    struct oc_error err;
    oc_error_init(&err);
    json_t *manifest = NULL;
    if (oc_file_read(path, MANIFEST_BYTES, &text, &err) == OC_OK) {
        manifest = json_loadb(text.data, text.len, 0, NULL);
    }
    bool named = strncmp(one->name + STAMP + 1, "emergency-", 10) == 0;
    bool emergency = manifest ? oc_json_bool(manifest, "emergency", named) : named;
    json_decref(manifest);
    oc_buf_finish(&text);
    free(path);
    return emergency;
}

/* ---- removing ---- */

bool oc_unit_evidence_discard(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0) {
            unlinkat(dirfd(dir), d->d_name, 0);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return rmdir(path) == 0;
}

/* Renamed first: a folder without a dot stays whole to the end. */
static void drop(struct room *room, const struct saved *one, const char *why)
{
    char *folder = oc_path_dir(one->path), *hidden = oc_asprintf("%s/.%s", folder, one->name);
    const bool renamed = !one->whole || rename(one->path, hidden) == 0;
    if (renamed && oc_unit_evidence_discard(hidden)) {
        oc_info("evidence removed", "folder=%s reason=%s", one->name, why);
        room->bytes -= one->bytes;
        room->whole -= one->whole;
    } else {
        oc_warn("evidence cannot be removed", "folder=%s", one->path);
    }
    free(hidden);
    free(folder);
}

static bool is_full(const struct oc_unit *s, const struct room *room)
{
    return room->bytes > s->evidence.max_bytes || room->whole > FOLDERS_MAX;
}

static void consider(const struct oc_unit *s, struct room *room, const struct saved *one)
{
    const int64_t age = oc_time_wall() - one->at_ms;
    if (!one->whole) {
        if (age > OC_HOUR) {
            drop(room, one, "it is not whole");
        }
        return;
    }
    const bool full = is_full(s, room);
    if (!full && age <= s->evidence.keep_ms) {
        return;
    }
    if (!is_of_emergency(one)) {
        drop(room, one, full ? "room is wanted" : "its time is over");
    } else if (age > s->evidence.keep_emergency_ms) {
        drop(room, one, "its time is over");
    }
}

void oc_unit_evidence_prune(struct oc_unit *s, const char *spare)
{
    struct room room = {0};
    room_look(s, &room);
    for (size_t i = 0; i < room.all.count; i++) {
        if (!spare || strcmp(room.all.items[i].name, spare) != 0) {
            consider(s, &room, &room.all.items[i]);
        }
    }
    room_finish(&room);
}

int oc_unit_evidence_has_room(struct oc_unit *s, struct oc_error *err)
{
    struct room room = {0};
    room_look(s, &room);
    const bool full = is_full(s, &room);
    room_finish(&room);
    if (full) {
        oc_error_set(err, OC_E_CONFLICT, "there is no room for more evidence: nothing was saved");
        oc_error_hint(err,
                      "What is there belongs to emergencies and is kept. Give "
                      "evidence.max_size more, or move folders of %s/evidence elsewhere.",
                      s->env.home);
    }
    return full ? OC_E_CONFLICT : OC_OK;
}
