/* Small text helpers. SPDX-License-Identifier: MIT */
#include "core/base/text.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

#define NAME_MAX_LEN 64
#define WORD_MAX_LEN 128 /* longer words are not typing errors */

size_t oc_copy(char *dst, size_t size, const char *src)
{
    OC_ASSERT(size > 0);
    size_t len = strnlen(src, size);
    if (len == size) { /* cut at a character, never inside one */
        len = size - 1;
        while (len > 0 && oc_utf8_inner(src[len])) {
            len--;
        }
    }
    memmove(dst, src, len);
    dst[len] = '\0';
    return len;
}

bool oc_starts(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

bool oc_ends(const char *s, const char *suffix)
{
    size_t len = strlen(s), end = strlen(suffix);
    return len >= end && !memcmp(s + len - end, suffix, end);
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool oc_name_valid(const char *s)
{
    size_t len = 0;
    for (; s[len]; len++) {
        if (!is_alnum(s[len]) && (len == 0 || !strchr("_.-", s[len]))) {
            return false;
        }
        if (len == NAME_MAX_LEN) {
            return false;
        }
    }
    return len > 0;
}

size_t oc_utf8_next(const char *s, size_t len, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)s;
    size_t need = p[0] < 0x80             ? 1
                  : (p[0] & 0xe0) == 0xc0 ? 2
                  : (p[0] & 0xf0) == 0xe0 ? 3
                  : (p[0] & 0xf8) == 0xf0 ? 4
                                          : 0;
    if (need == 0 || need > len) {
        return 0;
    }
    uint32_t c = need == 1 ? p[0] : p[0] & (0xffu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if (!oc_utf8_inner(s[i])) {
            return 0;
        }
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < smallest[need] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return 0;
    }
    *code = c;
    return need;
}

/* The bytes at the beginning that are ASCII, eight by eight. */
static size_t ascii_before(const char *s, size_t len)
{
    size_t n = 0;
    for (uint64_t eight; n + sizeof eight <= len; n += sizeof eight) {
        memcpy(&eight, s + n, sizeof eight);
        if (eight & 0x8080808080808080u) {
            break;
        }
    }
    return n;
}

bool oc_utf8_valid(const char *s, size_t len)
{
    uint32_t code;
    while (len > 0) {
        size_t plain = ascii_before(s, len);
        if (plain > 0) {
            s += plain;
            len -= plain;
            continue;
        }
        size_t n = oc_utf8_next(s, len, &code);
        if (n == 0) {
            return false;
        }
        s += n;
        len -= n;
    }
    return true;
}

bool oc_utf8_printable(const char *s, size_t len, bool lines)
{
    uint32_t code;
    for (size_t at = 0, n; at < len; at += n) {
        n = oc_utf8_next(s + at, len - at, &code);
        const bool space = lines && n && (code == '\t' || code == '\n');
        if (!n || (oc_utf8_control(code) && !space) || oc_utf8_bidi(code)) {
            return false;
        }
    }
    return true;
}

char *oc_utf8_clean(const char *s, size_t len)
{
    struct oc_buf out = {0};
    uint32_t code;

    oc_buf_reserve(&out, len);
    while (len > 0) {
        size_t n = oc_utf8_next(s, len, &code);
        if (n == 0) {
            oc_buf_adds(&out, OC_UTF8_REPLACEMENT);
            n = 1;
        } else if (!oc_utf8_control(code) || code == '\t' || code == '\n') {
            oc_buf_add(&out, s, n);
        }
        s += n;
        len -= n;
    }
    return oc_buf_take(&out);
}

/* The number of bytes of the character at s, 1 at the least. */
static size_t character(const char *s)
{
    size_t n = 1;
    while (oc_utf8_inner(s[n])) {
        n++;
    }
    return n;
}

/* Linear in memory and at worst |pattern| * |s| in time: only the last star is ever retried. */
bool oc_glob(const char *pattern, const char *s)
{
    const char *star = NULL, *resume = NULL;

    while (*s) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = s;
        } else if (*pattern == '?') {
            pattern++;
            s += character(s);
        } else if (*pattern == *s) {
            pattern++;
            s++;
        } else if (star) {
            pattern = star;
            s = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return !*pattern;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* The distance, or `limit` + 1 when it is greater. Of each row only the cells beside the diagonal are computed: any other is beyond the
 * limit. */
static size_t bounded_distance(const char *a, size_t alen, const char *b, size_t blen, size_t limit)
{
    size_t room[3 * (WORD_MAX_LEN + 1)], width = blen + 1;
    size_t *rows = width <= WORD_MAX_LEN + 1 ? room : oc_calloc(3 * width, sizeof *rows);
    size_t *before = rows, *last = rows + width, *row = rows + 2 * width;
    size_t least = alen > blen + limit || blen > alen + limit ? limit + 1 : 0;

    for (size_t j = 0; j <= blen; j++) {
        before[j] = limit + 1;
        last[j] = j;
    }
    for (size_t i = 1; i <= alen && least <= limit; i++) {
        size_t from = i > limit ? i - limit : 1, to = blen < i + limit ? blen : i + limit;
        row[from - 1] = from == 1 ? i : limit + 1;
        least = row[from - 1];
        for (size_t j = from; j <= to; j++) {
            size_t up = j < i + limit ? last[j] + 1 : limit + 1;
            row[j] = min3(up, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
            least = row[j] < least ? row[j] : least;
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    size_t distance = least <= limit && last[blen] <= limit ? last[blen] : limit + 1;
    if (rows != room) {
        free(rows);
    }
    return distance;
}

size_t oc_edit_distance(const char *a, const char *b)
{
    size_t alen = strlen(a), blen = strlen(b);
    return bounded_distance(a, alen, b, blen, alen > blen ? alen : blen);
}

const char *oc_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t len = strlen(word);
    size_t limit = len / 3 + 1 < 3 ? len / 3 + 1 : 3;
    const char *best = NULL;

    if (len > WORD_MAX_LEN) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        if (other > len + limit || len > other + limit) {
            continue;
        }
        size_t distance = bounded_distance(word, len, candidates[i], other, limit);
        if (distance <= limit && distance < len && distance < other) {
            best = candidates[i];
            limit = distance ? distance - 1 : 0; /* only a nearer one can replace it */
            if (distance == 0) {
                break;
            }
        }
    }
    return best;
}

const char *oc_article(const char *word)
{
    return *word && strchr("aeiou", *word) ? "an" : "a";
}

void oc_markup_add(struct oc_buf *out, const char *text)
{
    static const struct {
        char c;
        const char *reference;
    } special[] = {{'<', "&lt;"},   {'>', "&gt;"},   {'&', "&amp;"},
                   {'"', "&quot;"}, {'\'', "&#39;"}, {'\n', "&#10;"}};
    for (; *text; text++) {
        const char *reference = NULL;
        for (size_t i = 0; i < OC_COUNT(special); i++) {
            reference = special[i].c == *text ? special[i].reference : reference;
        }
        if (reference) {
            oc_buf_adds(out, reference);
        } else {
            oc_buf_addc(out, (unsigned char)*text < 0x20 ? ' ' : *text);
        }
    }
}
