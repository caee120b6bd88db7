/* plugin.search and plugin.lookup. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/vec.h"
#include "core/package/registry/client.h"
#include "core/package/registry/consumer.h"
#include "core/package/registry/resolve.h"

#define COLUMNS    7
#define WORDS_MAX  16
#define LIMIT      50
#define LINE_LIMIT 4096

/* One line of the search file that has all the words. */
struct hit {
    int rank; /* the smaller the better */
    const char *line, *registry;
    size_t len;
};

struct words {
    size_t count;
    const char *items[WORDS_MAX];
};

/* How well one word is met: 0 the name, 1 its beginning, 2 in the name or publisher, 3 what it provides or its kind, 4 elsewhere, -1 not at
 * all. `line` is terminated and in lower case. */
static int rank_of(const char *line, const char *word)
{
    const char *id = line, *bare = strchr(line, '/'), *end = strchr(line, '\t');
    const char *at = strstr(line, word);
    const size_t n = strlen(word);
    if (!at || !bare || !end || bare > end) {
        return at ? 4 : -1;
    }
    bare++;
    if (strncmp(bare, word, n) == 0 || strncmp(id, word, n) == 0) {
        return (bare[n] == '\t' && strncmp(bare, word, n) == 0) || id[n] == '\t' ? 0 : 1;
    }
    return at < end ? 2 : strstr(end, word) ? 4 : -1;
}

static int rank_line(const char *line, size_t len, const struct words *words)
{
    char lower[LINE_LIMIT];
    int rank = 0;
    const size_t n = len < sizeof lower - 1 ? len : sizeof lower - 1;
    for (size_t i = 0; i < n; i++) {
        lower[i] = line[i] >= 'A' && line[i] <= 'Z' ? (char)(line[i] + 32) : line[i];
    }
    lower[n] = '\0';
    for (size_t i = 0; i < words->count; i++) {
        const int one = rank_of(lower, words->items[i]);
        if (one < 0) {
            return -1;
        }
        rank += one;
    }
    return rank;
}

struct hits {
    OC_VEC(struct hit) list;
};

static void scan(const struct oc_buf *text, const char *registry, const struct words *words,
                 struct hits *hits)
{
    const char *at = text->data, *end = text->data ? at + text->len : NULL;
    while (at && at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const size_t len = (size_t)((lf ? lf : end) - at);
        const int rank = rank_line(at, len, words);
        if (rank >= 0) {
            const struct hit hit = {rank, at, registry, len};
            OC_VEC_PUSH(&hits->list, hit);
        }
        at = lf ? lf + 1 : end;
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    if (x->rank != y->rank) {
        return x->rank - y->rank;
    }
    const int order = memcmp(x->line, y->line, x->len < y->len ? x->len : y->len);
    return order ? order : strcmp(x->registry, y->registry);
}

static json_t *hit_json(const struct hit *hit)
{
    static const char *const keys[COLUMNS] = {"id",      "version", "kind",    "trust",
                                              "license", "summary", "provides"};
    json_t *json = json_object();
    const char *at = hit->line, *end = hit->line + hit->len;
    for (size_t i = 0; i < COLUMNS && at <= end; i++) {
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        char *text = oc_utf8_clean(at, (size_t)((tab ? tab : end) - at));
        oc_json_set_str(json, keys[i], text);
        free(text);
        at = tab ? tab + 1 : end + 1;
    }
    oc_json_set_str(json, "registry", hit->registry);
    return json;
}

/* The words in lower case; owned by `memory`. */
static void read_words(const struct oc_work *w, struct words *words, json_t *memory)
{
    const json_t *list = json_object_get(w->params, "words");
    for (size_t i = 0; i < json_array_size(list) && words->count < WORDS_MAX; i++) {
        const char *given = json_string_value(json_array_get(list, i));
        char *word = oc_strdup(given ? given : "");
        for (char *c = word; *c; c++) {
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        }
        json_t *kept = json_string(word);
        free(word);
        if (kept) {
            json_array_append_new(memory, kept);
            words->items[words->count++] = json_string_value(kept);
        }
    }
}

/* Search is local: a registry that cannot be reached is searched as it was last. */
static int load(struct oc_work *w, struct oc_client *c, bool offline, struct oc_buf *text)
{
    int code = oc_client_ready(w, c, offline);
    if (code == OC_E_NETWORK && !offline) {
        char *why = oc_strdup(w->err.message);
        oc_refuse_clear(w);
        code = oc_client_offline(w, c);
        if (code == OC_OK) {
            oc_work_warn(w, "searched as it was at the last refresh: %s", why);
            offline = true;
        }
        free(why);
    }
    return code == OC_OK ? oc_client_search(w, c, offline, text) : code;
}

int oc_consumer_search(struct oc_work *w)
{
    struct words words = {0};
    struct hits hits = {0};
    struct oc_buf texts[64] = {{0}};
    const bool offline = oc_json_bool(w->params, "offline", false);
    const char *only = oc_json_str(w->params, "registry", "");
    json_t *memory = json_array(), *out = json_array();
    struct oc_client *c = *only ? oc_session_find(w, only) : oc_session(w);
    int code = c ? OC_OK : w->err.code;
    read_words(w, &words, memory);
    for (size_t i = 0; code == OC_OK && c && i < OC_COUNT(texts); i++) {
        code = load(w, c, offline, &texts[i]);
        scan(&texts[i], c->name, &words, &hits);
        c = *only ? NULL : c->next;
    }
    if (code == OC_OK) {
        const size_t limit = (size_t)oc_json_int(w->params, "limit", LIMIT);
        if (hits.list.count) {
            qsort(hits.list.items, hits.list.count, sizeof *hits.list.items, by_rank);
        }
        for (size_t i = 0; i < hits.list.count && i < limit; i++) {
            json_array_append_new(out, hit_json(&hits.list.items[i]));
        }
        code = oc_session_commit(w);
    }
    if (code == OC_OK) {
        oc_work_result(w, json_incref(out));
    }
    for (size_t i = 0; i < OC_COUNT(texts); i++) {
        oc_buf_finish(&texts[i]);
    }
    OC_VEC_FINISH(&hits.list);
    json_decref(memory);
    json_decref(out);
    oc_session_end();
    return code;
}

int oc_consumer_lookup(struct oc_work *w)
{
    struct oc_resolved r;
    const int code = oc_resolve_package(w, oc_json_str(w->params, "name", ""),
                                        oc_json_bool(w->params, "offline", false), &r);
    if (code == OC_OK) {
        json_t *json = json_object();
        oc_json_set_str(json, "id", r.id);
        oc_json_set_str(json, "registry", r.registry);
        oc_json_set_str(json, "trust", r.trust);
        oc_json_take(json, "publisher_keys", json_incref(r.keys));
        oc_json_take(json, "status", json_incref(r.status));
        oc_json_take(json, "versions", json_incref(r.versions));
        oc_work_result(w, json);
    }
    oc_resolved_finish(&r);
    oc_session_end();
    return code;
}
