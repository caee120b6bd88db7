/* The program of a regular expression. SPDX-License-Identifier: MIT */
#ifndef OC_BASE_REGEX_INTERNAL_H
#define OC_BASE_REGEX_INTERNAL_H

#include "core/base/regex.h"
#include "core/base/vec.h"

enum oc_regex_op {
    OC_RE_CHAR,  /* exactly `a` */
    OC_RE_ANY,   /* anything but a line end, unless `a` */
    OC_RE_SET,   /* one of set `a`; `b`: not one of it */
    OC_RE_SPLIT, /* go on at +a and at +b */
    OC_RE_JUMP,  /* go on at +a */
    OC_RE_BEGIN,
    OC_RE_END,
    OC_RE_BOUNDARY, /* `a`: no boundary */
    OC_RE_MATCH,
};

struct oc_regex_instr {
    enum oc_regex_op op;
    int32_t a, b;
};

struct oc_regex_range {
    uint32_t low, high;
};

struct oc_regex_set {
    OC_VEC(struct oc_regex_range) ranges;
};

/* Where in the text the run is. */
struct oc_regex_place {
    bool begin, end, word_before, word_after;
};

struct oc_regex_table;

struct oc_regex {
    OC_VEC(struct oc_regex_instr) program;
    OC_VEC(struct oc_regex_set) sets;
    bool fold;
    /* of a run: threads now and next (sparse sets), and a stack */
    uint32_t *now, *next, *stack, *mark;
    uint32_t round;
    uint64_t steps;
    /* of the table */
    struct oc_regex_table *table; /* NULL: not worth it yet, or of no use */
    unsigned matches;
};

/* A new set of threads. */
void oc_regex_round(struct oc_regex *re);
/* Adds pc and all that is reached from it without a character. Each instruction is added once in a round. */
void oc_regex_reach(struct oc_regex *re, uint32_t *items, size_t *count, uint32_t pc,
                    const struct oc_regex_place *place);
bool oc_regex_takes(const struct oc_regex *re, const struct oc_regex_instr *instr, uint32_t point);

/* regex_table.c: makes re->table if one is of use. */
void oc_regex_table_create(struct oc_regex *re);
/* 1 or 0; -1 when the run has to say, and the table may be gone. */
int oc_regex_table_match(struct oc_regex *re, const char *text, size_t len);
void oc_regex_table_destroy(struct oc_regex_table *t); /* NULL is fine */

/* Reads `pattern` into re->program. */
int oc_regex_parse(struct oc_regex *re, const char *pattern, struct oc_error *err);

#endif
