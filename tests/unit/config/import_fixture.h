/* Importing a text and comparing what was said, for these tests. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_CONFIG_IMPORT_FIXTURE_H
#define OC_TESTS_CONFIG_IMPORT_FIXTURE_H

#include "tests/unit/config/fixture.h"

#include "core/config/import/import.h"

struct imported {
    json_t *report;
    struct oc_buf text;
    struct oc_diags diags;
    struct oc_error err;
};

static inline struct imported import(const char *text)
{
    struct imported i = {.report = NULL};
    oc_error_init(&i.err);
    i.report = oc_import_text("f", text, strlen(text), &i.text, &i.diags, &i.err);
    return i;
}

static inline void finish(struct imported *i, const char *expected)
{
    struct oc_arena arena = {0};
    if (i->report) {
        must_parse(&arena, i->text.data); /* what is written can be read */
    }
    json_decref(i->report);
    assert_findings(&i->diags, expected);
    oc_buf_finish(&i->text);
    oc_arena_finish(&arena);
}

/* What is written of the text, without the line that names the file, and what is found. */
static inline void assert_import(const char *source, const char *conf, const char *expected)
{
    struct imported i = import(source);
    assert_string_equal(i.err.message, "");
    assert_string_equal(strchr(i.text.data, '\n') + 1, conf);
    finish(&i, expected);
}

#endif
