/* Regular expressions that are tried often: the sets of threads of the run are remembered as states. SPDX-License-Identifier: MIT
 *
 * A state is what may go on after some text; where a byte leads from it is found out by the run once and looked up from then on. What the table does not
 * know (bytes that are no ASCII, word boundaries, more states than fit) is left to the run. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/regex_internal.h"

#define STATES  64 /* at most */
#define ASCII   128
#define UNKNOWN 0 /* the next state is not known yet */
#define DEAD    1
/* From here on: where the row of a state begins. No state leads to the first one, which is only at the beginning of the text. */
#define FIRST ASCII

struct state {
    uint32_t *kernel; /* instructions that the last byte led to, ascending; owned */
    size_t count;
    bool accepts; /* when the text ends here */
};

struct oc_regex_table {
    /* Row of the state + byte -> row of the next one. Most expressions need few rows. */
    uint16_t *next;
    struct state *states;
    size_t count, room;
};

void oc_regex_table_destroy(struct oc_regex_table *t)
{
    for (size_t i = 0; t && i < t->count; i++) {
        free(t->states[i].kernel);
    }
    if (t) {
        free(t->states);
        free(t->next);
        free(t);
    }
}

static void make_room(struct oc_regex_table *t)
{
    const size_t room = t->room + t->room / 2 + 4;
    t->next = oc_realloc(t->next, room * ASCII * sizeof *t->next);
    t->states = oc_realloc(t->states, room * sizeof *t->states);
    memset(t->next + t->room * ASCII, 0, (room - t->room) * ASCII * sizeof *t->next);
    t->room = room;
}

/* All that is reached from the kernel without a character, into re->now. */
static size_t reach(struct oc_regex *re, const struct state *s, bool begin, bool end)
{
    const struct oc_regex_place place = {begin, end, false, false};
    size_t count = 0;
    oc_regex_round(re);
    for (size_t i = 0; i < s->count; i++) {
        oc_regex_reach(re, re->now, &count, s->kernel[i], &place);
    }
    return count;
}

static uint16_t add_state(struct oc_regex *re, const uint32_t *kernel, size_t count)
{
    struct oc_regex_table *t = re->table;
    bool begin = t->count == 0;
    if (t->count == STATES) {
        return UNKNOWN;
    }
    if (t->count == t->room) {
        make_room(t);
    }
    struct state *s = &t->states[t->count];
    *s = (struct state){oc_memdup(kernel, count * sizeof *kernel), count, false};
    t->count++;
    size_t reached = reach(re, s, begin, true);
    for (size_t i = 0; i < reached; i++) {
        s->accepts = s->accepts || re->program.items[re->now[i]].op == OC_RE_MATCH;
    }
    return (uint16_t)((t->count - 1) * ASCII);
}

static uint16_t state_of(struct oc_regex *re, const uint32_t *kernel, size_t count)
{
    for (size_t i = 1; i < re->table->count; i++) {
        const struct state *s = &re->table->states[i];
        if (s->count == count && memcmp(s->kernel, kernel, count * sizeof *kernel) == 0) {
            return (uint16_t)(i * ASCII);
        }
    }
    return add_state(re, kernel, count);
}

static void insert(uint32_t *kernel, size_t *count, uint32_t pc)
{
    size_t at = (*count)++;
    for (; at > 0 && kernel[at - 1] > pc; at--) {
        kernel[at] = kernel[at - 1];
    }
    kernel[at] = pc;
}

static uint16_t find_next(struct oc_regex *re, size_t from, unsigned char byte)
{
    size_t count = 0, reached = reach(re, &re->table->states[from], from == 0, false);
    for (size_t i = 0; i < reached; i++) {
        if (oc_regex_takes(re, &re->program.items[re->now[i]], byte)) {
            insert(re->next, &count, re->now[i] + 1);
        }
    }
    return count > 0 ? state_of(re, re->next, count) : DEAD;
}

void oc_regex_table_create(struct oc_regex *re)
{
    static const uint32_t start[] = {0};
    for (size_t i = 0; i < re->program.count; i++) {
        if (re->program.items[i].op == OC_RE_BOUNDARY) {
            return;
        }
    }
    re->table = oc_calloc(1, sizeof *re->table);
    add_state(re, start, 1);
}

int oc_regex_table_match(struct oc_regex *re, const char *text, size_t len)
{
    struct oc_regex_table *t = re->table;
    const uint16_t *rows = t->next;
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= ASCII) {
            return -1;
        }
        uint16_t next = rows[at + byte];
        if (next < FIRST) {
            if (next == UNKNOWN) {
                next = find_next(re, at / ASCII, byte);
                rows = t->next; /* they may have moved */
                t->next[at + byte] = next;
            }
            if (next == UNKNOWN) { /* full: it would not be of much use any more */
                oc_regex_table_destroy(t);
                re->table = NULL;
                return -1;
            }
            if (next == DEAD) {
                return 0;
            }
        }
        at = next;
    }
    return t->states[at / ASCII].accepts ? 1 : 0;
}
