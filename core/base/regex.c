/* Running a regular expression in step with the text. SPDX-License-Identifier: MIT */
#include "core/base/regex.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/regex_internal.h"

struct list {
    uint32_t *items;
    size_t count;
};

#define TABLE_FROM 32 /* matches after which a table is worth its making */

struct oc_regex *oc_regex_create(const char *pattern, struct oc_error *err)
{
    struct oc_regex *re = oc_calloc(1, sizeof *re);
    if (oc_regex_parse(re, pattern, err) != OC_OK) {
        oc_regex_destroy(re);
        return NULL;
    }
    size_t size = re->program.count;
    re->now = oc_calloc(4 * size + 2, sizeof *re->now);
    re->next = re->now + size;
    re->mark = re->next + size;
    re->stack = re->mark + size;
    return re;
}

void oc_regex_destroy(struct oc_regex *re)
{
    if (!re) {
        return;
    }
    for (size_t i = 0; i < re->sets.count; i++) {
        OC_VEC_FINISH(&re->sets.items[i].ranges);
    }
    OC_VEC_FINISH(&re->sets);
    OC_VEC_FINISH(&re->program);
    oc_regex_table_destroy(re->table);
    free(re->now);
    free(re);
}

uint64_t oc_regex_steps(const struct oc_regex *re)
{
    return re->steps;
}

static bool passes(const struct oc_regex_instr *instr, const struct oc_regex_place *place)
{
    if (instr->op == OC_RE_BEGIN) {
        return place->begin;
    }
    if (instr->op == OC_RE_END) {
        return place->end;
    }
    return (place->word_before != place->word_after) == (instr->a == 0);
}

static void push(struct oc_regex *re, size_t *depth, uint32_t pc)
{
    if (re->mark[pc] != re->round) {
        re->mark[pc] = re->round;
        re->stack[(*depth)++] = pc;
    }
}

void oc_regex_reach(struct oc_regex *re, uint32_t *items, size_t *count, uint32_t pc,
                    const struct oc_regex_place *place)
{
    size_t depth = 0;
    push(re, &depth, pc);
    while (depth > 0) {
        uint32_t at = re->stack[--depth];
        const struct oc_regex_instr *instr = &re->program.items[at];
        re->steps++;
        switch (instr->op) {
        case OC_RE_SPLIT:
            push(re, &depth, (uint32_t)((int32_t)at + instr->b));
            push(re, &depth, (uint32_t)((int32_t)at + instr->a));
            break;
        case OC_RE_JUMP:
            push(re, &depth, (uint32_t)((int32_t)at + instr->a));
            break;
        case OC_RE_BEGIN:
        case OC_RE_END:
        case OC_RE_BOUNDARY:
            if (passes(instr, place)) {
                push(re, &depth, at + 1);
            }
            break;
        case OC_RE_CHAR:
        case OC_RE_ANY:
        case OC_RE_SET:
        case OC_RE_MATCH:
            items[(*count)++] = at;
        }
    }
}

static uint32_t folded(uint32_t point)
{
    return point >= 'A' && point <= 'Z' ? point + 32 : point;
}

static bool in_ranges(const struct oc_regex_set *set, uint32_t point)
{
    for (size_t i = 0; i < set->ranges.count; i++) {
        if (point >= set->ranges.items[i].low && point <= set->ranges.items[i].high) {
            return true;
        }
    }
    return false;
}

static bool in_set(const struct oc_regex *re, const struct oc_regex_set *set, uint32_t point)
{
    if (in_ranges(set, point)) {
        return true;
    }
    uint32_t lower = folded(point);
    return re->fold && lower >= 'a' && lower <= 'z' &&
           (in_ranges(set, lower) || in_ranges(set, lower - 32));
}

bool oc_regex_takes(const struct oc_regex *re, const struct oc_regex_instr *instr, uint32_t point)
{
    switch (instr->op) {
    case OC_RE_CHAR:
        return re->fold ? folded((uint32_t)instr->a) == folded(point) : (uint32_t)instr->a == point;
    case OC_RE_ANY:
        return point != '\n' || instr->a;
    case OC_RE_SET:
        return in_set(re, &re->sets.items[instr->a], point) == (instr->b == 0);
    case OC_RE_SPLIT:
    case OC_RE_JUMP:
    case OC_RE_BEGIN:
    case OC_RE_END:
    case OC_RE_BOUNDARY:
    case OC_RE_MATCH:
        break;
    }
    return false;
}

/* One code point; a byte that is no UTF-8 counts as itself. */
static uint32_t decode(const unsigned char *s, size_t left, size_t *len)
{
    unsigned more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : s[0] >= 0xc0 ? 1 : 0;
    uint32_t point = more ? s[0] & (0x3fu >> more) : s[0];
    *len = 1;
    if (more >= left) {
        return s[0];
    }
    for (unsigned i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return s[0];
        }
        point = point << 6 | (s[i] & 0x3f);
    }
    *len = more + 1;
    return point;
}

static bool is_word(const char *text, size_t len, size_t i)
{
    unsigned char c = i < len ? (unsigned char)text[i] : ' ';
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static struct oc_regex_place place_at(const char *text, size_t len, size_t i)
{
    return (struct oc_regex_place){i == 0, i == len, i > 0 && is_word(text, len, i - 1),
                                   is_word(text, len, i)};
}

void oc_regex_round(struct oc_regex *re)
{
    if (++re->round == 0) { /* marks of a run 2^32 rounds ago */
        memset(re->mark, 0, re->program.count * sizeof *re->mark);
        re->round = 1;
    }
}

static bool run(struct oc_regex *re, const char *text, size_t len, uint64_t max_steps)
{
    const uint64_t began = re->steps;
    struct list now = {re->now, 0}, next = {re->next, 0};
    struct oc_regex_place place = place_at(text, len, 0);
    oc_regex_round(re);
    oc_regex_reach(re, now.items, &now.count, 0, &place);
    for (size_t i = 0, used = 0; i < len && now.count > 0; i += used) {
        if (re->steps - began > max_steps) {
            return false;
        }
        uint32_t point = decode((const unsigned char *)text + i, len - i, &used);
        place = place_at(text, len, i + used);
        next.count = 0;
        oc_regex_round(re);
        for (size_t k = 0; k < now.count; k++) {
            if (oc_regex_takes(re, &re->program.items[now.items[k]], point)) {
                oc_regex_reach(re, next.items, &next.count, now.items[k] + 1, &place);
            }
        }
        struct list swap = now;
        now = next;
        next = swap;
    }
    for (size_t k = 0; k < now.count; k++) {
        if (re->program.items[now.items[k]].op == OC_RE_MATCH) {
            return true;
        }
    }
    return false;
}

bool oc_regex_match(struct oc_regex *re, const char *text, size_t len)
{
    return oc_regex_match_within(re, text, len, UINT64_MAX);
}

bool oc_regex_match_within(struct oc_regex *re, const char *text, size_t len, uint64_t max_steps)
{
    int known = -1;
    if (re->matches < TABLE_FROM && ++re->matches == TABLE_FROM) {
        oc_regex_table_create(re);
    }
    if (re->table) {
        known = oc_regex_table_match(re, text, len);
    }
    return known < 0 ? run(re, text, len, max_steps) : known == 1;
}
