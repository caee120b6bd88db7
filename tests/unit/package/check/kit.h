/* Plugins for the tests of the checking engine. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_CHECK_KIT_H
#define OC_TESTS_CHECK_KIT_H

#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/check/check.h"
#include "core/sys/file.h"

static inline json_t *check_at(const char *path, const struct oc_check_options *options)
{
    struct oc_work w = {.home = "/nowhere"};
    json_t *result = NULL;
    oc_error_init(&w.err);
    if (oc_check_path(&w, path, options, &result)) {
        fail_msg("%s: %s", path, w.err.message);
    }
    json_decref(w.details);
    return result;
}

static inline json_t *check_specimen(const char *name, int level)
{
    const struct oc_check_options options = {.level = level, .seed = 1, .rounds = 30};
    char path[512];
    snprintf(path, sizeof path, "%s/%s", OC_SPECIMENS, name);
    return check_at(path, &options);
}

static inline const json_t *finding_of(const json_t *result, const char *id)
{
    const json_t *finding;
    size_t i;
    json_array_foreach(json_object_get(result, "findings"), i, finding)
    {
        if (strcmp(oc_json_str(finding, "id", ""), id) == 0) {
            return finding;
        }
    }
    return NULL;
}

static inline void assert_found(const json_t *result, const char *id)
{
    if (!finding_of(result, id)) {
        char *text = oc_json_pretty(json_object_get(result, "findings"));
        fail_msg("%s was not found, but %s", id, text);
    }
}

/* The only finding that is no note. */
static inline void assert_found_alone(const json_t *result, const char *id)
{
    const json_t *finding;
    size_t i;
    assert_found(result, id);
    json_array_foreach(json_object_get(result, "findings"), i, finding)
    {
        const char *other = oc_json_str(finding, "id", "");
        if (strcmp(other, id) != 0 && strcmp(oc_json_str(finding, "severity", ""), "note") != 0) {
            fail_msg("beside %s there is %s: %s", id, other, oc_json_str(finding, "message", ""));
        }
    }
}

/* Each {specimen, id} at that level. */
static inline void expect_each(const char *const (*cases)[2], size_t count, int level)
{
    for (size_t i = 0; i < count; i++) {
        json_t *result = check_specimen(cases[i][0], level);
        assert_found(result, cases[i][1]);
        json_decref(result);
    }
}

/* ---- a folder that a test fills ---- */

struct folder {
    char root[64], dir[128]; /* dir: <root>/<name of the plugin> */
};

static inline void folder_open(struct folder *f, const char *name)
{
    snprintf(f->root, sizeof f->root, "/tmp/openclaw-test-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    snprintf(f->dir, sizeof f->dir, "%s/%s", f->root, name);
    assert_int_equal(mkdir(f->dir, 0755), 0);
}

static inline void folder_put(const struct folder *f, const char *name, const void *data,
                              size_t len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
    chmod(path, 0644);
}

static inline void folder_text(const struct folder *f, const char *name, const char *text)
{
    folder_put(f, name, text, strlen(text));
}

static inline int folder_remove_one(const char *path, const struct stat *st, int type,
                                    struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void folder_close(const struct folder *f)
{
    nftw(f->root, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A copy of the specimen "good" whose library the test then changes in memory and puts. */
static inline void folder_good(const struct folder *f, struct oc_buf *image)
{
    struct oc_buf text = {0};
    assert_int_equal(oc_file_read(OC_SPECIMENS "/good/plugin.json", 1 << 20, &text, NULL), 0);
    assert_int_equal(oc_file_read(OC_SPECIMENS "/good/good.so", 1 << 24, image, NULL), 0);
    folder_put(f, "plugin.json", text.data, text.len);
    oc_buf_finish(&text);
}

#endif
