/* Regular expressions that match a whole string in linear time. SPDX-License-Identifier: MIT
 *
 * The syntax is that of RE2 as far as strings from outside use it: alternation, groups ((?: ), (?i: ), (?P<name> )), classes with ranges and
 * \d \w \s [:alpha:], the quantifiers * + ? {n,m} (lazy ones match the same strings), ^ $ \b \B \A \z, (?i) and (?s) at the front. No back references, no
 * look-around, no \p. It works on Unicode code points; (?i) folds ASCII alone.
 *
 * A program is a Thompson automaton (K. Thompson, "Regular expression search algorithm", CACM 1968) that is run in step with the text: a
 * match takes at most (instructions) x (length) steps whatever the pattern is. Patterns are bounded by OC_REGEX_MAX bytes and
 * OC_REGEX_PROGRAM_MAX instructions. [any], but one regex must not be used by two threads at once: it holds the lists of its run. */
#ifndef OC_BASE_REGEX_H
#define OC_BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openclaw/plugin.h>

#define OC_REGEX_MAX         1024
#define OC_REGEX_PROGRAM_MAX 1000

struct oc_regex;

/* NULL and OC_E_CONFIG with the reason when `pattern` is none. */
struct oc_regex *oc_regex_create(const char *pattern, struct oc_error *err);
void oc_regex_destroy(struct oc_regex *re); /* NULL is fine */
/* Whether the whole of `text` matches. */
bool oc_regex_match(struct oc_regex *re, const char *text, size_t len);
/* The same, given up as no match after about so many steps. */
bool oc_regex_match_within(struct oc_regex *re, const char *text, size_t len, uint64_t max_steps);
/* Steps taken by all matches so far, for callers that keep a budget. */
uint64_t oc_regex_steps(const struct oc_regex *re);

#endif
