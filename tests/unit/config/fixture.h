/* Trees from text and findings as text, for these tests. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_CONFIG_FIXTURE_H
#define OC_TESTS_CONFIG_FIXTURE_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/config/config.h"
#include "core/config/parse.h"
#include "core/sys/file.h"

/* ---- trees ---- */

static inline struct oc_node *parse_text(struct oc_arena *arena, const char *text,
                                         struct oc_error *err)
{
    struct oc_parse_from from = {
        .file = "t.conf", .dir = "/etc/t", .layer = OC_LAYER_FILE, .includes = OC_INCLUDES_REFUSE};
    return oc_config_parse(arena, text, strlen(text), &from, err);
}

static inline struct oc_node *must_parse(struct oc_arena *arena, const char *text)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_node *root = parse_text(arena, text, &err);
    assert_string_equal(err.message, "");
    assert_non_null(root);
    return root;
}

static inline void assert_json(json_t *json, const char *expected)
{
    char *text = oc_json_text(json);
    assert_string_equal(text, expected);
    free(text);
    json_decref(json);
}

/* ---- findings ---- */

/* Every finding as "file:line: key: message" and its hint on a line of its own; owned by the
 * caller. */
static inline char *findings(const struct oc_diags *diags)
{
    struct oc_buf out = {0};
    oc_buf_adds(&out, "");
    for (size_t i = 0; i < diags->list.count; i++) {
        const struct oc_diag *d = &diags->list.items[i];
        oc_buf_addf(&out, "%s:%d: %s: %s%s\n", d->file ? d->file : "-", d->line, d->key,
                    d->warning ? "(warning) " : "", d->message);
        if (*d->hint) {
            oc_buf_addf(&out, "  %s\n", d->hint);
        }
    }
    return oc_buf_take(&out);
}

static inline void assert_findings(struct oc_diags *diags, const char *expected)
{
    char *text = findings(diags);
    assert_string_equal(text, expected);
    free(text);
    oc_diags_finish(diags);
}

/* ---- files ---- */

static char test_dir[64];

static inline int make_dir(void **state)
{
    (void)state;
    oc_copy(test_dir, sizeof test_dir, "/tmp/oc-config-XXXXXX");
    return mkdtemp(test_dir) ? 0 : -1;
}

static inline int remove_dir(void **state)
{
    (void)state;
    char *command = oc_asprintf("rm -rf '%s'", test_dir);
    int rc = system(command);
    free(command);
    return rc;
}

/* The path of a file of the test folder; static, good for fifteen more calls. */
static inline const char *path_of(const char *name)
{
    static char paths[16][256];
    static unsigned next;
    char *path = paths[next++ % OC_COUNT(paths)];
    snprintf(path, 256, "%s/%s", test_dir, name);
    return path;
}

static inline const char *put_file(const char *name, const char *text)
{
    const char *path = path_of(name);
    char *dir = oc_path_dir(path);
    assert_int_equal(oc_dir_make(dir, 0700, NULL), 0);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), 0);
    free(dir);
    return path;
}

static inline void assert_file(const char *path, const char *expected)
{
    struct oc_buf text = {0};
    assert_int_equal(oc_file_read(path, 1 << 20, &text, NULL), 0);
    assert_string_equal(text.data ? text.data : "", expected);
    oc_buf_finish(&text);
}

#endif
