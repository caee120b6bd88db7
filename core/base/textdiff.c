/* The shortest list of changes between two texts. SPDX-License-Identifier: MIT */
#include "core/base/textdiff.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"

/* Lines that are compared before it is given up: what somebody has made to take long takes some 20 ms. */
#define EFFORT_MAX 4000000

/* ---- lines ---- */

/* FNV-1a: it tells lines apart quickly, and those of one hash are compared. */
static uint64_t hash_of(const char *text, size_t len)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

static struct oc_text_line next_line(const char *at, size_t left)
{
    const char *end = memchr(at, '\n', left);
    const size_t len = end ? (size_t)(end - at) + 1 : left;
    return (struct oc_text_line){.text = at, .len = len, .hash = hash_of(at, len)};
}

static bool is_same(const struct oc_text_line *a, const struct oc_text_line *b)
{
    return a->hash == b->hash && a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* ---- the shortest way from one to the other ---- */

/* What lies between the lines that both begin with and those that both end with. */
struct middle {
    const struct oc_text_line *a, *b;
    int32_t n, m;
    bool *gone, *come; /* which lines of a and of b are in no common line */
    int64_t effort;    /* lines compared so far */
};

/* The furthest x on each diagonal k = x - y, for every number of changes d: row d begins at d * d and has 2 d + 1 places. */
struct trace {
    int32_t *x;
    int32_t rows;
};

static int32_t *row_of(const struct trace *t, int32_t d)
{
    return t->x + (size_t)d * (size_t)d + d; /* its diagonal 0 */
}

/* Whether the way to diagonal k with d changes comes down from k + 1: a line that is new. */
static bool from_above(const int32_t *before, int32_t d, int32_t k)
{
    return k == -d || (k != d && before[k - 1] < before[k + 1]);
}

static int32_t slide(struct middle *m, int32_t x, int32_t k)
{
    const int32_t from = x;
    while (x < m->n && x - k < m->m && is_same(&m->a[x], &m->b[x - k])) {
        x++;
    }
    m->effort += x - from;
    return x;
}

/* How many changes it takes; -1 when there are too many. */
static int32_t search(struct middle *m, struct trace *t)
{
    row_of(t, 0)[0] = slide(m, 0, 0);
    if (row_of(t, 0)[0] >= m->n && m->n == m->m) {
        return 0;
    }
    for (int32_t d = 1; d < t->rows && m->effort < EFFORT_MAX; d++) {
        const int32_t *before = row_of(t, d - 1);
        int32_t *now = row_of(t, d);
        for (int32_t k = -d; k <= d; k += 2) {
            /* the neighbours at the rim of a row that is two places narrower are never asked for */
            const int32_t x = from_above(before, d, k) ? before[k + 1] : before[k - 1] + 1;
            now[k] = slide(m, x, k);
            if (now[k] >= m->n && now[k] - k >= m->m) {
                return d;
            }
        }
    }
    return -1;
}

static void walk_back(const struct middle *m, const struct trace *t, int32_t d)
{
    int32_t k = m->n - m->m;
    for (; d > 0; d--) {
        const int32_t *before = row_of(t, d - 1);
        if (from_above(before, d, k)) {
            k++;
            m->come[before[k] - k] = true;
        } else {
            k--;
            m->gone[before[k]] = true;
        }
    }
}

static int32_t most_changes(const struct middle *m)
{
    const int64_t all = (int64_t)m->n + m->m;
    return all < OC_TEXTDIFF_MOST ? (int32_t)all : OC_TEXTDIFF_MOST;
}

static void compare(struct middle *m)
{
    struct trace t = {.rows = most_changes(m) + 1};
    t.x = oc_calloc((size_t)t.rows * (size_t)t.rows, sizeof *t.x);
    const int32_t d = m->n && m->m ? search(m, &t) : -1;
    if (d >= 0) {
        walk_back(m, &t, d);
    } else {
        memset(m->gone, true, (size_t)m->n);
        memset(m->come, true, (size_t)m->m);
    }
    free(t.x);
}

/* ---- changes ---- */

static void collect(struct oc_textdiff *d, const struct middle *m, size_t skipped)
{
    int32_t x = 0, y = 0;
    while (x < m->n || y < m->m) {
        const int32_t from_x = x, from_y = y;
        while (x < m->n && m->gone[x]) {
            x++;
        }
        while (y < m->m && m->come[y]) {
            y++;
        }
        if (x > from_x || y > from_y) {
            const struct oc_text_change change = {.old_at = skipped + (size_t)from_x,
                                                  .old_count = (size_t)(x - from_x),
                                                  .new_at = skipped + (size_t)from_y,
                                                  .new_count = (size_t)(y - from_y)};
            OC_VEC_PUSH(&d->changes, change);
        } else {
            x++;
            y++;
        }
    }
}

void oc_textdiff_init(struct oc_textdiff *d, const char *old_text, size_t old_len,
                      const char *new_text, size_t new_len)
{
    size_t head = 0, tail = 0;
    *d = (struct oc_textdiff){0};
    for (size_t at = 0; at < old_len; at += d->old_lines.items[d->old_lines.count - 1].len) {
        OC_VEC_PUSH(&d->old_lines, next_line(old_text + at, old_len - at));
    }
    for (size_t at = 0; at < new_len; at += d->new_lines.items[d->new_lines.count - 1].len) {
        OC_VEC_PUSH(&d->new_lines, next_line(new_text + at, new_len - at));
    }
    const struct oc_text_line *a = d->old_lines.items, *b = d->new_lines.items;
    const size_t n = d->old_lines.count, m = d->new_lines.count, least = n < m ? n : m;
    while (head < least && is_same(&a[head], &b[head])) {
        head++;
    }
    while (tail < least - head && is_same(&a[n - 1 - tail], &b[m - 1 - tail])) {
        tail++;
    }
    struct middle between = {.a = a ? a + head : NULL,
                             .b = b ? b + head : NULL,
                             .n = (int32_t)(n - head - tail),
                             .m = (int32_t)(m - head - tail)};
    between.gone = oc_calloc((size_t)between.n + 1, sizeof *between.gone);
    between.come = oc_calloc((size_t)between.m + 1, sizeof *between.come);
    compare(&between);
    collect(d, &between, head);
    free(between.gone);
    free(between.come);
}

void oc_textdiff_finish(struct oc_textdiff *d)
{
    OC_VEC_FINISH(&d->old_lines);
    OC_VEC_FINISH(&d->new_lines);
    OC_VEC_FINISH(&d->changes);
}
