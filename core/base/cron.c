/* Cron expressions read into sets of numbers. SPDX-License-Identifier: MIT */
#include "core/base/cron.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/text.h"

struct field {
    const char *name;
    const char *expected; /* for messages */
    int min, max;
    const char *const *names; /* of min, min + 1, ...; NULL: none */
    int count;                /* of names */
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct field fields[FIELDS] = {
    {"minute", "0 to 59", 0, 59, NULL, 0},
    {"hour", "0 to 23", 0, 23, NULL, 0},
    {"day of month", "1 to 31", 1, 31, NULL, 0},
    {"month", "1 to 12 or jan to dec", 1, 12, month_names, OC_COUNT(month_names)},
    {"day of week", "0 to 7 or sun to sat", 0, 7, day_names, OC_COUNT(day_names)},
};

static const struct {
    const char *name, *text;
} shorts[] = {
    {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

struct reader {
    const char *text, *at;
    const struct field *field;
    struct oc_error *err;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* What stands at `at`, up to the end of its field. */
static int found_length(const char *at)
{
    int n = 0;
    while (at[n] && !is_space(at[n]) && at[n] != ',' && n < 20) {
        n++;
    }
    return n;
}

static int fail_expected(struct reader *r, const char *expected)
{
    int column = (int)(r->at - r->text) + 1, n = found_length(r->at);
    if (n == 0) {
        return oc_error_set(r->err, OC_E_CONFIG, "%s: column %d: expected %s, found %s",
                            r->field->name, column, expected,
                            *r->at == ',' ? "\",\"" : "the end of the field");
    }
    return oc_error_set(r->err, OC_E_CONFIG, "%s: column %d: expected %s, found \"%.*s\"",
                        r->field->name, column, expected, n, r->at);
}

/* What other programs' cron knows and this one does not. */
static bool is_foreign(const struct reader *r)
{
    const char *at = r->at;
    return *at == '?' || *at == '#' ||
           ((*at == 'L' || *at == 'l' || *at == 'W' || *at == 'w') &&
            !(at[1] >= 'a' && at[1] <= 'z'));
}

static int fail_foreign(struct reader *r)
{
    oc_error_set(r->err, OC_E_CONFIG, "%s: column %d: \"%c\" is not known here", r->field->name,
                 (int)(r->at - r->text) + 1, *r->at);
    oc_error_hint(r->err, "\"L\", \"W\", \"#\" and \"?\" belong to other programs; write the days "
                          "as numbers, or \"*\" for all.");
    return OC_E_CONFIG;
}

static bool take_name(struct reader *r, int *value)
{
    for (int i = 0; i < r->field->count; i++) {
        if (strncasecmp(r->at, r->field->names[i], 3) == 0 &&
            !((r->at[3] | 0x20) >= 'a' && (r->at[3] | 0x20) <= 'z')) {
            *value = r->field->min + i;
            r->at += 3;
            return true;
        }
    }
    return false;
}

static bool take_digits(struct reader *r, int *value)
{
    const char *first = r->at;
    *value = 0;
    for (; *r->at >= '0' && *r->at <= '9' && r->at - first < 4; r->at++) {
        *value = *value * 10 + (*r->at - '0');
    }
    return r->at != first && !(*r->at >= '0' && *r->at <= '9');
}

static int take_value(struct reader *r, int *value)
{
    const char *first = r->at;
    if (is_foreign(r)) {
        return fail_foreign(r);
    }
    if (take_name(r, value)) {
        return OC_OK;
    }
    if (!take_digits(r, value) || *value < r->field->min || *value > r->field->max) {
        r->at = first;
        return fail_expected(r, r->field->expected);
    }
    return is_foreign(r) ? fail_foreign(r) : OC_OK;
}

static int take_step(struct reader *r, bool range, int *step)
{
    const char *first = ++r->at;
    int length = r->field->max - r->field->min + (r->field == &fields[WEEKDAY] ? 0 : 1);
    if (!range) {
        oc_error_set(r->err, OC_E_CONFIG, "%s: column %d: a step needs a range before it",
                     r->field->name, (int)(first - r->text));
        oc_error_hint(r->err, "Write \"*/15\" or \"5-59/15\".");
        return OC_E_CONFIG;
    }
    if (!take_digits(r, step) || *step < 1 || *step > length) {
        char expected[32];
        r->at = first;
        snprintf(expected, sizeof expected, "a step of 1 to %d", length);
        fail_expected(r, expected);
        oc_error_hint(r->err, "What is due every so often, whatever the clock says, is an interval "
                              "such as \"90m\".");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

/* "*", "5", "1-5", each but the number with "/2". */
static int take_item(struct reader *r, uint64_t *set)
{
    const char *start = r->at;
    int first = r->field->min, last = r->field->max, step = 1, code = OC_OK;
    bool range = true;
    if (*r->at == '*') {
        r->at++;
    } else {
        code = take_value(r, &first);
        range = code == OC_OK && *r->at == '-';
        last = first;
    }
    if (code == OC_OK && *r->at == '-' && *start != '*') {
        r->at++;
        bool named = *r->at < '0' || *r->at > '9';
        code = take_value(r, &last);
        if (last == 0 && named && r->field == &fields[WEEKDAY]) {
            last = 7; /* "sat-sun" */
        }
    }
    if (code == OC_OK && last < first) {
        oc_error_set(r->err, OC_E_CONFIG, "%s: column %d: the range runs backwards", r->field->name,
                     (int)(start - r->text) + 1);
        oc_error_hint(r->err, "Write two ranges with a comma, such as \"22-23,0-4\".");
        code = OC_E_CONFIG;
    }
    if (code == OC_OK && *r->at == '/') {
        code = take_step(r, range, &step);
    }
    for (int i = first; code == OC_OK && i <= last; i += step) {
        *set |= UINT64_C(1) << i;
    }
    return code;
}

static int take_field(struct reader *r, uint64_t *set)
{
    int code;
    *set = 0;
    do {
        code = take_item(r, set);
    } while (code == OC_OK && *r->at == ',' && r->at++);
    if (code == OC_OK && *r->at && !is_space(*r->at)) {
        code = is_foreign(r) ? fail_foreign(r) : fail_expected(r, "\",\", \"-\", \"/\" or a space");
    }
    return code;
}

static int count_fields(const char *s)
{
    int n = 0;
    while (*s) {
        s += strspn(s, " \t");
        n += *s != '\0';
        s += strcspn(s, " \t");
    }
    return n;
}

static bool day_comes(const struct oc_cron *c)
{
    static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int month = 0; month < 12; month++) {
        uint32_t possible = (uint32_t)((UINT64_C(2) << longest[month]) - 1);
        if (c->months & 2u << month && c->days & possible) {
            return true;
        }
    }
    return c->either; /* then the weekday will do */
}

/* "@daily" as its five fields; NULL and the error when there is no such word. */
static const char *long_form(const char *word, struct oc_error *err)
{
    for (size_t i = 0; i < OC_COUNT(shorts); i++) {
        if (strcasecmp(word, shorts[i].name) == 0) {
            return shorts[i].text;
        }
    }
    oc_error_set(err, OC_E_CONFIG,
                 "column 1: expected @hourly, @daily, @weekly, @monthly or "
                 "@yearly, found \"%.20s\"",
                 word);
    oc_error_hint(err,
                  "A host that starts runs nothing of its own accord: there is no \"@reboot\".");
    return NULL;
}

static int check_text(const char *text, struct oc_error *err)
{
    int n = count_fields(text);
    if (strlen(text) > OC_CRON_TEXT_MAX || !oc_utf8_valid(text, strlen(text)) ||
        text[strcspn(text, "\r\n")]) {
        return oc_error_set(err, OC_E_CONFIG, "expected one line of at most %d bytes",
                            OC_CRON_TEXT_MAX);
    }
    if (n != FIELDS) {
        oc_error_set(err, OC_E_CONFIG, "expected 5 fields, found %d", n);
        oc_error_hint(err, "Write minute, hour, day of month, month and day of week, such as "
                           "\"0 2 * * *\"; there are no seconds and no years.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

int oc_cron_parse(const char *text, struct oc_cron *c, struct oc_error *err)
{
    uint64_t sets[FIELDS] = {0};
    bool star[FIELDS] = {false};
    memset(c, 0, sizeof *c);
    text += strspn(text, " \t");
    if (*text == '@') {
        text = long_form(text, err);
    }
    int code = text ? check_text(text, err) : OC_E_CONFIG;
    struct reader r = {.text = text, .at = text, .err = err};
    for (int i = 0; code == OC_OK && i < FIELDS; i++) {
        r.field = &fields[i];
        r.at += strspn(r.at, " \t");
        star[i] = *r.at == '*';
        code = take_field(&r, &sets[i]);
    }
    if (code != OC_OK) {
        return code;
    }
    sets[WEEKDAY] = (sets[WEEKDAY] | sets[WEEKDAY] >> 7) & 0x7f;
    *c = (struct oc_cron){
        .minutes = sets[MINUTE],
        .hours = (uint32_t)sets[HOUR],
        .days = (uint32_t)sets[DAY],
        .months = (uint16_t)sets[MONTH],
        .weekdays = (uint8_t)sets[WEEKDAY],
        .either = !star[DAY] && !star[WEEKDAY],
    };
    if (!day_comes(c)) {
        oc_error_set(err, OC_E_CONFIG, "day of month: no month that is asked for has such a day");
        oc_error_hint(err, "It would never be due; February has at most 29 days.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

bool oc_cron_matches_day(const struct oc_cron *c, int day, int month, int weekday)
{
    bool by_day = c->days >> day & 1, by_weekday = c->weekdays >> weekday & 1;
    return c->months >> month & 1 && (c->either ? by_day || by_weekday : by_day && by_weekday);
}
