/* Counters of named things from one call to the next. SPDX-License-Identifier: MIT */
#include "system.h"

#include <stdlib.h>

#define ROWS_MAX 1024u

static bool is_row(const struct oc_rate_row *row, struct oc_view name)
{
    return strlen(row->name) == name.len && memcmp(row->name, name.ptr, name.len) == 0;
}

static struct oc_rate_row *new_row(struct oc_rates *r, uint32_t round)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->rows[i].round + 1 <
            round) { /* not seen in the previous call either: its place is free */
            return &r->rows[i];
        }
    }
    if (r->count == r->cap) {
        uint32_t cap = r->cap ? r->cap * 2 : 16;
        struct oc_rate_row *rows = cap <= ROWS_MAX ? realloc(r->rows, cap * sizeof *rows) : NULL;
        if (!rows) {
            return NULL;
        }
        r->rows = rows;
        r->cap = cap;
    }
    return &r->rows[r->count++];
}

struct oc_rate_row *oc_rates_row(struct oc_rates *r, struct oc_view name, uint32_t round,
                                 bool *fresh)
{
    *fresh = false;
    if (name.len == 0 || name.len >= sizeof r->rows->name) {
        return NULL;
    }
    for (uint32_t k = 0; k < r->count; k++) { /* the kernel lists in the same order every time */
        uint32_t i = (r->next + k) % r->count;
        if (is_row(&r->rows[i], name)) {
            *fresh = r->rows[i].round + 1 != round;
            r->next = (i + 1) % r->count;
            return &r->rows[i];
        }
    }
    struct oc_rate_row *row = new_row(r, round);
    if (row) {
        memset(row, 0, sizeof *row);
        memcpy(row->name, name.ptr, name.len);
        *fresh = true;
    }
    return row;
}

void oc_rates_free(struct oc_rates *r)
{
    free(r->rows);
    memset(r, 0, sizeof *r);
}

double oc_rate(uint64_t *last, uint64_t now, double seconds)
{
    uint64_t before = *last;
    *last = now;
    if (now < before || seconds <= 0) {
        return 0;
    }
    return oc_round((double)(now - before) / seconds, 1);
}
