/* The files of runbooks: shipped ones and those of the folder. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/runbook/internal.h"
#include "core/service/runbook/shipped.h"
#include "core/sys/file.h"

#define TEXT_MAX  (256u << 10)
#define BOOKS_MAX 500

static const struct oc_lua_limits limits = {
    .memory = 32u << 20, .instructions = 20000000, .deadline_ms = 1000};

/* Read by name, since a table that is global cannot be asked for otherwise. */
static const char reader[] = "function __declaration() return runbook end";

static void book_free(struct book *b)
{
    if (b) {
        json_decref(b->declaration);
        free(b->name);
        free(b->file);
        free(b->text);
        free(b->failure);
        book_free(b->replaced);
        free(b);
    }
}

void oc_runbook_books_free(struct oc_runbook *s)
{
    for (size_t i = 0; i < s->books.count; i++) {
        book_free(s->books.items[i]);
    }
    OC_VEC_FINISH(&s->books);
    memset(&s->books, 0, sizeof s->books);
    book_free(s->prelude);
    s->prelude = NULL;
}

struct book *oc_runbook_book_find(struct oc_runbook *s, const char *name)
{
    for (size_t i = 0; i < s->books.count; i++) {
        if (strcmp(s->books.items[i]->name, name) == 0) {
            return s->books.items[i];
        }
    }
    return NULL;
}

struct oc_lua *oc_runbook_book_open(struct oc_runbook *s, const struct book *book,
                                    struct oc_error *err)
{
    struct oc_lua *l = oc_lua_create(&limits);
    char *chunk = oc_asprintf("runbooks/%s.lua", book->name);
    int rc = s->prelude ? oc_lua_run(l, "runbooks/" RUNBOOK_PRELUDE ".lua", s->prelude->text,
                                     s->prelude->len, err)
                        : OC_OK;
    rc = rc ? rc : oc_lua_run(l, chunk, book->text, book->len, err);
    rc = rc ? rc : oc_lua_run(l, "declaration", reader, strlen(reader), err);
    free(chunk);
    if (rc != OC_OK) {
        oc_lua_destroy(l);
        return NULL;
    }
    return l;
}

/* ---- what a runbook says of itself ---- */

static bool is_severity(const char *word)
{
    static const char *const words[] = {"info", "low", "medium", "high", "critical"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static int check_declaration(const struct book *b, const json_t *d, struct oc_error *err)
{
    if (!json_is_object(d)) {
        oc_error_set(err, OC_E_CONFIG, "it has no table `runbook`");
        oc_error_hint(err,
                      "Write runbook = { name = \"%.64s\", title = \"...\", severity = "
                      "\"medium\" }.",
                      b->name);
    } else if (strcmp(oc_json_str(d, "name", ""), b->name) != 0) {
        oc_error_set(err, OC_E_CONFIG, "runbook.name is '%.64s' and the file is %s.lua",
                     oc_json_str(d, "name", ""), b->name);
    } else if (!*oc_json_str(d, "title", "")) {
        oc_error_set(err, OC_E_CONFIG, "runbook.title is missing");
    } else if (!is_severity(oc_json_str(d, "severity", ""))) {
        oc_error_set(err, OC_E_CONFIG,
                     "runbook.severity: expected info, low, medium, high or critical");
    } else {
        return oc_runbook_params_check(json_object_get(d, "params"), err);
    }
    return err->code;
}

static void declare(struct oc_runbook *s, struct book *b)
{
    json_t *d = NULL;
    struct oc_lua *l = oc_runbook_book_open(s, b, &b->error);
    if (l && !oc_lua_has(l, "plan")) {
        oc_error_set(&b->error, OC_E_CONFIG, "it has no function `plan`");
    } else if (l && oc_lua_call(l, "__declaration", NULL, &d, NULL, NULL, &b->error) == OC_OK &&
               check_declaration(b, d, &b->error) == OC_OK) {
        b->declaration = json_incref(d);
    }
    json_decref(d);
    oc_lua_destroy(l);
}

/* ---- finding them ---- */

static struct book *book_make(const char *name, const char *file, const char *text, size_t len)
{
    struct book *b = oc_calloc(1, sizeof *b);
    b->name = oc_strdup(name);
    b->file = oc_strdup(file);
    b->text = oc_strndup(text, len);
    b->len = len;
    oc_error_init(&b->error);
    return b;
}

static void put(struct oc_runbook *s, struct book *b)
{
    if (strcmp(b->name, RUNBOOK_PRELUDE) == 0) {
        b->replaced = s->prelude;
        s->prelude = b;
        return;
    }
    for (size_t i = 0; i < s->books.count; i++) {
        if (strcmp(s->books.items[i]->name, b->name) == 0) {
            b->replaced = s->books.items[i];
            s->books.items[i] = b;
            return;
        }
    }
    OC_VEC_PUSH(&s->books, b);
}

/* ---- when the file is bad ---- */

/* What is shipped under that name stands in for a file that is bad: an emergency is no time to mend it. */
static bool stand_in(struct book *b)
{
    struct book *shipped = b->replaced;
    if (!shipped) {
        return false;
    }
    b->failure = oc_asprintf("%s is bad, and the shipped one stands in for it: %s", b->file,
                             b->error.message);
    b->replaced = NULL;
    free(b->text);
    b->text = shipped->text;
    b->len = shipped->len;
    shipped->text = NULL;
    OC_FREE(b->file);
    oc_error_init(&b->error);
    book_free(shipped);
    return true;
}

/* A prelude that does not run would take every runbook with it. */
static void try_prelude(struct oc_runbook *s)
{
    struct book *b = s->prelude;
    if (!b || !b->replaced) {
        return;
    }
    struct oc_lua *l = oc_lua_create(&limits);
    if (b->error.code != OC_OK ||
        oc_lua_run(l, "runbooks/" RUNBOOK_PRELUDE ".lua", b->text, b->len, &b->error) != OC_OK) {
        stand_in(b);
    }
    oc_lua_destroy(l);
}

static void try_book(struct oc_runbook *s, struct book *b)
{
    if (b->error.code == OC_OK) {
        declare(s, b);
    }
    if (!b->declaration && stand_in(b)) {
        declare(s, b);
    }
    if (!b->failure && s->prelude && s->prelude->failure) {
        b->failure = oc_strdup(s->prelude->failure);
    }
}

static void read_file(struct oc_runbook *s, const char *entry)
{
    struct oc_buf text = {0};
    struct oc_error err;
    oc_error_init(&err);
    size_t len = strlen(entry);
    if (!oc_ends(entry, ".lua") || oc_ends(entry, "_test.lua") || entry[0] == '.' ||
        s->books.count >= BOOKS_MAX) {
        return;
    }
    char *path = oc_path_join(s->dir, entry), *name = oc_strndup(entry, len - 4);
    if (oc_name_valid(name)) {
        int rc = oc_file_read(path, TEXT_MAX, &text, &err);
        struct book *b = book_make(name, path, text.data ? text.data : "", text.len);
        if (rc != OC_OK) {
            b->error = err;
        }
        put(s, b);
    }
    oc_buf_finish(&text);
    free(path);
    free(name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct book *const *)a)->name, (*(struct book *const *)b)->name);
}

void oc_runbook_books_load(struct oc_runbook *s, const char *only)
{
    oc_runbook_books_free(s);
    for (const struct oc_shipped_runbook *b = oc_shipped_runbooks; b->name; b++) {
        put(s, book_make(b->name, NULL, b->text, (size_t)(b->end - b->text)));
    }
    DIR *dir = s->dir ? opendir(s->dir) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        read_file(s, e->d_name);
    }
    if (dir) {
        closedir(dir);
    }
    if (s->books.count) {
        qsort(s->books.items, s->books.count, sizeof *s->books.items, by_name);
    }
    try_prelude(s);
    for (size_t i = 0; i < s->books.count; i++) {
        struct book *b = s->books.items[i];
        if (!only || strcmp(only, b->name) == 0) {
            try_book(s, b);
        }
    }
}
