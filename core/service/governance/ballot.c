/* Statements: their canonical text, strict reading of it, signing and verifying. SPDX-License-Identifier: MIT */
#include "core/service/governance/ballot.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"

enum field_type { ID, HEX, NAME, TO, WORD, SCOPE, TIME, NONCE };

/* Every field of every kind, in the order of the text. */
static const struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    unsigned kinds; /* bits */
} fields[] = {
#define KIND(name)     (1u << OC_STATEMENT_##name)
#define ABOUT_PROPOSAL (KIND(BALLOT) | KIND(REVIEW) | KIND(APPROVAL) | KIND(VETO) | KIND(OVERRIDE))
#define AT(member)     offsetof(struct oc_statement, member)
    {"proposal", ID, AT(proposal), ABOUT_PROPOSAL},
    {"subject", HEX, AT(subject), ABOUT_PROPOSAL},
    {"electorate", HEX, AT(electorate), ABOUT_PROPOSAL},
    {"member", NAME, AT(member), ~0u},
    {"to", TO, AT(to), KIND(DELEGATION)},
    {"scope", SCOPE, AT(scope), KIND(DELEGATION)},
    {"word", WORD, AT(word),
     KIND(BALLOT) | KIND(REVIEW) | KIND(APPROVAL) | KIND(VETO) | KIND(EMERGENCY)},
    {"expires", TIME, AT(expires_ms), KIND(DELEGATION) | KIND(EMERGENCY)},
    {"nonce", NONCE, AT(nonce), ~0u},
    {"rationale", HEX, AT(rationale), ABOUT_PROPOSAL | KIND(EMERGENCY)},
};

static const char *const kinds[OC_STATEMENT_KINDS] = {"ballot",   "review",     "approval", "veto",
                                                      "override", "delegation", "emergency"};

const char *oc_statement_name(enum oc_statement_kind kind)
{
    return kind < OC_STATEMENT_KINDS ? kinds[kind] : "unknown";
}

/* ---- checking ---- */

static bool is_id(const char *text)
{
    const size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '_' && text[i] != '-') {
            return false;
        }
    }
    return len > 0 && len < OC_GOV_ID;
}

static bool is_hex(const char *text)
{
    return strlen(text) == OC_SHA256_HEX - 1 &&
           strspn(text, "0123456789abcdef") == OC_SHA256_HEX - 1;
}

static bool is_word(enum oc_statement_kind kind, const char *text)
{
    enum oc_choice choice;
    enum oc_verdict verdict;
    enum oc_veto_condition condition;
    switch (kind) {
    case OC_STATEMENT_BALLOT:
        return oc_choice_parse(text, &choice);
    case OC_STATEMENT_REVIEW:
        return oc_verdict_parse(text, &verdict);
    case OC_STATEMENT_APPROVAL:
        return oc_verdict_parse(text, &verdict) && verdict != OC_VERDICT_ABSTAIN;
    case OC_STATEMENT_VETO:
    case OC_STATEMENT_EMERGENCY:
        return oc_veto_parse(text, &condition);
    case OC_STATEMENT_OVERRIDE:
    case OC_STATEMENT_DELEGATION:
    case OC_STATEMENT_KINDS:
    default:
        return false;
    }
}

static bool is_scope(const char *text)
{
    enum oc_gov_category category;
    return strcmp(text, "all") == 0 || oc_gov_category_parse(text, &category);
}

static bool field_good(const struct oc_statement *s, const struct field *f)
{
    const char *text = (const char *)s + f->offset;
    switch (f->type) {
    case ID:
        return is_id(text);
    case HEX:
        return is_hex(text);
    case NAME:
        return oc_name_valid(text);
    case TO:
        return strcmp(text, "-") == 0 || oc_name_valid(text);
    case WORD:
        return is_word(s->kind, text);
    case SCOPE:
        return is_scope(text);
    case TIME:
        return s->expires_ms > 0;
    case NONCE:
        return s->nonce > 0 && s->nonce <= INT64_MAX;
    default:
        return false;
    }
}

int oc_statement_check(const struct oc_statement *s, struct oc_error *err)
{
    if (s->kind >= OC_STATEMENT_KINDS) {
        return oc_error_set(err, OC_E_CONFIG, "a statement of no known kind");
    }
    for (size_t i = 0; i < OC_COUNT(fields); i++) {
        if ((fields[i].kinds >> s->kind & 1) && !field_good(s, &fields[i])) {
            return oc_error_set(err, OC_E_CONFIG, "%s: %s is missing or not well formed",
                                kinds[s->kind], fields[i].name);
        }
    }
    return OC_OK;
}

/* ---- the text ---- */

void oc_statement_text(const struct oc_statement *s, struct oc_buf *out)
{
    oc_buf_reserve(out, OC_STATEMENT_MAX); /* one piece of memory */
    oc_buf_adds(out, "openclaw-");
    oc_buf_adds(out, kinds[s->kind]);
    oc_buf_adds(out, "-v1\n");
    for (size_t i = 0; i < OC_COUNT(fields); i++) {
        const struct field *f = &fields[i];
        if (!(f->kinds >> s->kind & 1)) {
            continue;
        }
        oc_buf_adds(out, f->name);
        oc_buf_addc(out, ' ');
        if (f->type == TIME) {
            oc_buf_addi(out, s->expires_ms);
        } else if (f->type == NONCE) {
            oc_buf_addi(out, (int64_t)s->nonce); /* checked: at most INT64_MAX */
        } else {
            oc_buf_adds(out, (const char *)s + f->offset);
        }
        oc_buf_addc(out, '\n');
    }
}

/* Takes one line, without its end; false when there is none or it holds a NUL. */
static bool take_line(const char **at, const char *end, char *line, size_t size)
{
    const size_t left = (size_t)(end - *at);
    const char *stop = memchr(*at, '\n', left);
    const size_t len = stop ? (size_t)(stop - *at) : 0;
    if (!stop || len >= size || memchr(*at, '\0', len)) {
        return false;
    }
    memcpy(line, *at, len);
    line[len] = '\0';
    *at = stop + 1;
    return true;
}

static bool take_kind(const char **at, const char *end, struct oc_statement *s)
{
    char line[64], wanted[64];
    if (!take_line(at, end, line, sizeof line)) {
        return false;
    }
    for (unsigned i = 0; i < OC_STATEMENT_KINDS; i++) {
        snprintf(wanted, sizeof wanted, "openclaw-%s-v1", kinds[i]);
        if (strcmp(line, wanted) == 0) {
            s->kind = (enum oc_statement_kind)i;
            return true;
        }
    }
    return false;
}

/* Decimal, no sign, no zero in front, above 0, at most INT64_MAX. */
static bool parse_number(const char *text, uint64_t *value)
{
    uint64_t v = 0;
    const size_t len = strlen(text);
    if (len == 0 || len > 19 || text[0] == '0' || strspn(text, "0123456789") != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        v = v * 10 + (uint64_t)(text[i] - '0'); /* 19 digits fit */
    }
    *value = v;
    return v <= INT64_MAX;
}

static size_t room(enum field_type type)
{
    switch (type) {
    case ID:
        return OC_GOV_ID;
    case HEX:
        return OC_SHA256_HEX;
    case NAME:
    case TO:
        return OC_GOV_NAME;
    case WORD:
        return sizeof(((struct oc_statement *)NULL)->word);
    case SCOPE:
        return sizeof(((struct oc_statement *)NULL)->scope);
    case TIME:
    case NONCE:
    default:
        return 0;
    }
}

static bool put_field(struct oc_statement *s, const struct field *f, const char *text)
{
    uint64_t number = 0;
    if (f->type == TIME || f->type == NONCE) {
        const bool good = parse_number(text, &number);
        if (f->type == TIME) {
            s->expires_ms = (int64_t)number;
        } else {
            s->nonce = number;
        }
        return good;
    }
    if (strlen(text) >= room(f->type)) {
        return false;
    }
    oc_copy((char *)s + f->offset, room(f->type), text);
    return true;
}

static bool take_field(const char **at, const char *end, struct oc_statement *s,
                       const struct field *f)
{
    char line[160];
    const size_t len = strlen(f->name);
    return take_line(at, end, line, sizeof line) && strncmp(line, f->name, len) == 0 &&
           line[len] == ' ' && put_field(s, f, line + len + 1);
}

int oc_statement_parse(const char *text, size_t len, struct oc_statement *s, struct oc_error *err)
{
    const char *at = text, *end = text + len;
    memset(s, 0, sizeof *s);
    bool good = len > 0 && len <= OC_STATEMENT_MAX && take_kind(&at, end, s);
    for (size_t i = 0; good && i < OC_COUNT(fields); i++) {
        if (fields[i].kinds >> s->kind & 1) {
            good = take_field(&at, end, s, &fields[i]);
        }
    }
    if (!good || at != end || oc_statement_check(s, NULL) != OC_OK) {
        oc_error_set(err, OC_E_VERIFY, "this is not a statement that can be signed");
        oc_error_hint(err, "Its lines and their order are fixed, and each ends with a line feed.");
        return OC_E_VERIFY;
    }
    return OC_OK;
}

/* ---- signatures ---- */

int oc_statement_sign(const struct oc_statement *s, const uint8_t secret[OC_SIGN_SECRET],
                      uint8_t signature[OC_SIGN_SIGNATURE], struct oc_error *err)
{
    struct oc_buf text = {0};
    const int code = oc_statement_check(s, err);
    if (code == OC_OK) {
        oc_statement_text(s, &text);
        oc_sign(secret, text.data, text.len, signature);
    }
    oc_buf_finish(&text);
    return code;
}

int oc_statement_verify(const struct oc_statement *s, const uint8_t public_key[OC_SIGN_PUBLIC],
                        const uint8_t signature[OC_SIGN_SIGNATURE], struct oc_error *err)
{
    struct oc_buf text = {0};
    int code = oc_statement_check(s, err);
    if (code == OC_OK) {
        oc_statement_text(s, &text);
        if (!oc_sign_verify(public_key, text.data, text.len, signature)) {
            code = oc_error_set(err, OC_E_VERIFY, "the signature of %s does not fit this %s",
                                s->member, kinds[s->kind]);
            oc_error_hint(err, "Sign the text that the proposal shows now, with the key that is "
                               "registered: after an amendment it is another one.");
        }
    }
    oc_buf_finish(&text);
    return code;
}

void oc_statement_reason(struct oc_statement *s, const char *text)
{
    static const char none[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    if (text && *text) {
        oc_sha256_hex(text, strlen(text), s->rationale);
    } else {
        memcpy(s->rationale, none, sizeof none); /* of no bytes */
    }
}

/* ---- electorates ---- */

void oc_electorate_hash(const struct oc_member *members, size_t count, char hex[OC_SHA256_HEX])
{
    struct oc_buf text = {0};
    oc_buf_adds(&text, "openclaw-electorate-v1\n");
    for (size_t i = 0; i < count; i++) {
        oc_buf_addf(&text, "%s%s\n", members[i].name, members[i].triad ? " triad" : "");
    }
    oc_sha256_hex(text.data, text.len, hex);
    oc_buf_finish(&text);
}

uint32_t oc_electorate_find(const struct oc_member *members, size_t count, const char *name)
{
    for (size_t i = 0; name && i < count; i++) {
        if (strcmp(members[i].name, name) == 0) {
            return (uint32_t)i;
        }
    }
    return OC_TALLY_NOBODY;
}
