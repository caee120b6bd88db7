/* One target of the http collector: set up, and the verdict. SPDX-License-Identifier: MIT */
#include "check.h"

#include "jsonpath.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openclaw/emit.h>

#define DAY_S 86400.0

static bool has_status(struct oc_list list, int status)
{
    const int64_t *items = list.items;
    for (uint64_t i = 0; i < list.count; i++) {
        if (items[i] == status) {
            return true;
        }
    }
    return false;
}

static bool has_class(struct oc_list list, int status)
{
    const char *const *items = list.items;
    for (uint64_t i = 0; i < list.count; i++) {
        if (items[i][0] - '0' == status / 100) {
            return true;
        }
    }
    return false;
}

bool check_expects(const struct check *c, int status)
{
    return has_status(CHECK_LIST(c, expect_status), status) ||
           has_class(CHECK_LIST(c, expect_status_class), status);
}

static bool status_well(const struct check *c, int status)
{
    bool any =
        CHECK_LIST(c, expect_status).count == 0 && CHECK_LIST(c, expect_status_class).count == 0;
    return any ? status < 400 : check_expects(c, status);
}

/* ---- verdict ---- */

__attribute__((format(printf, 3, 4))) static void say(struct verdict *v, int32_t state,
                                                      const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    v->state = state;
    oc_vformat(v->text, sizeof v->text, fmt, ap);
    va_end(ap);
}

static int print_number(char *at, uint32_t n)
{
    char digits[12];
    int count = 0;
    do {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    for (int i = 0; i < count; i++) {
        at[i] = digits[count - 1 - i];
    }
    return count;
}

/* "200 in 12 ms", "200 in 0.4 ms". By hand: this is written for every check, and printf would be a
 * tenth of its cost. */
static void say_answer(const struct check *c, struct verdict *v, int32_t state)
{
    uint32_t tenths = (c->fetch.probe.times.total + 50) / 100;
    char *at = v->text;
    at += print_number(at, (uint32_t)c->fetch.response.status);
    memcpy(at, " in ", 4);
    at += 4;
    at += print_number(at, tenths < 100 ? tenths / 10 : (tenths + 5) / 10);
    if (tenths < 100) {
        *at++ = '.';
        at += print_number(at, tenths % 10);
    }
    memcpy(at, " ms", 4);
    v->state = state;
}

__attribute__((format(printf, 2, 3))) static void append(struct verdict *v, const char *fmt, ...)
{
    size_t len = strlen(v->text);
    va_list ap;
    va_start(ap, fmt);
    oc_vformat(v->text + len, sizeof v->text - len, fmt, ap);
    va_end(ap);
}

static void describe_expected(const struct check *c, char *text, size_t size)
{
    struct oc_list statuses = CHECK_LIST(c, expect_status);
    struct oc_list classes = CHECK_LIST(c, expect_status_class);
    size_t len = 0;
    text[0] = '\0';
    for (uint64_t i = 0; i < statuses.count && len < size; i++) {
        len += (size_t)snprintf(text + len, size - len, "%s%lld", len ? ", " : "",
                                (long long)((const int64_t *)statuses.items)[i]);
    }
    for (uint64_t i = 0; i < classes.count && len < size; i++) {
        len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "",
                                ((const char *const *)classes.items)[i]);
    }
    if (len == 0) {
        snprintf(text, size, "below 400");
    }
}

static bool judge_json(const struct check *c, struct verdict *v)
{
    const char *path = CHECK_OPTION(c, json_path);
    const char *wanted = CHECK_OPTION(c, json_equals);
    bool well = false;
    json_t *root = json_parse_bounded(c->fetch.body ? c->fetch.body : "", c->fetch.body_len);
    json_t *value = root ? json_path_get(root, path) : NULL;
    if (!root) {
        say(v, OC_STATE_CRITICAL, "the body is not valid JSON");
    } else if (!value) {
        say(v, OC_STATE_CRITICAL, "the JSON body has no %s", path);
    } else if (wanted && !json_equals_text(value, wanted)) {
        char *found = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        say(v, OC_STATE_CRITICAL, "expected %s to be %s, got %.100s", path, wanted,
            found ? found : "?");
        free(found);
    } else {
        well = true;
    }
    json_decref(value);
    json_decref(root);
    return well;
}

static bool judge_body(const struct check *c, struct verdict *v)
{
    const struct oc_fetch *f = &c->fetch;
    const char *body = f->body ? f->body : "";
    const char *wanted = CHECK_OPTION(c, expect_body);
    const char *unwanted = CHECK_OPTION(c, expect_body_not);
    if (f->want_body && f->truncated) {
        say(v, OC_STATE_CRITICAL, "the body is longer than max_body (%u bytes)", f->max_body);
    } else if (wanted && !memmem(body, f->body_len, wanted, strlen(wanted))) {
        say(v, OC_STATE_CRITICAL, "the body does not hold \"%.100s\"", wanted);
    } else if (unwanted && memmem(body, f->body_len, unwanted, strlen(unwanted))) {
        say(v, OC_STATE_CRITICAL, "the body holds \"%.100s\"", unwanted);
    } else if (c->regex && regexec(c->regex, body, 0, NULL, 0) != 0) {
        say(v, OC_STATE_CRITICAL, "the body does not match %.100s", CHECK_OPTION(c, expect_regex));
    } else {
        return !CHECK_OPTION(c, json_path) || judge_json(c, v);
    }
    return false;
}

static void worsen(struct verdict *v, int32_t state)
{
    if (state > v->state) {
        v->state = state;
    }
}

static void judge_expiry(const struct check *c, struct verdict *v)
{
    int64_t not_after = c->fetch.probe.not_after;
    double left = (double)(not_after - (int64_t)time(NULL));
    bool critical = left * 1000 < (double)CHECK_OPTION(c, tls_expiry_critical);
    if (not_after && (critical || left * 1000 < (double)CHECK_OPTION(c, tls_expiry_warning))) {
        append(v, ", the certificate ends in %.1f days", left / DAY_S);
        worsen(v, critical ? OC_STATE_CRITICAL : OC_STATE_WARNING);
    }
}

static void judge_time(const struct check *c, struct verdict *v)
{
    int64_t ms = c->fetch.probe.times.total / 1000;
    int64_t critical = CHECK_OPTION(c, critical);
    int64_t warning = CHECK_OPTION(c, warning);
    if (critical && ms >= critical) {
        append(v, ", slower than %.0f ms", (double)critical);
        worsen(v, OC_STATE_CRITICAL);
    } else if (warning && ms >= warning) {
        append(v, ", slower than %.0f ms", (double)warning);
        worsen(v, OC_STATE_WARNING);
    }
}

void check_judge(const struct check *c, struct verdict *v)
{
    const struct oc_probe *p = &c->fetch.probe;
    int status = c->fetch.response.status;
    char expected[128];
    v->up = false;
    v->state = OC_STATE_CRITICAL;
    if (p->outcome != OC_PROBE_OK) {
        oc_probe_reason(p, v->text, sizeof v->text);
        v->state = p->outcome == OC_PROBE_SKIPPED ? OC_STATE_UNKNOWN : OC_STATE_CRITICAL;
        return;
    }
    bool degraded = has_status(CHECK_LIST(c, degraded_status), status);
    if (!degraded && !status_well(c, status)) {
        describe_expected(c, expected, sizeof expected);
        say(v, OC_STATE_CRITICAL, "expected status %s, got %d", expected, status);
        return;
    }
    if (!degraded && !judge_body(c, v)) {
        return;
    }
    v->up = true;
    say_answer(c, v, degraded ? OC_STATE_WARNING : OC_STATE_OK);
    judge_time(c, v);
    if (p->not_after) {
        judge_expiry(c, v);
    }
}

/* ---- what the fetch asks ---- */

static void describe(const struct oc_fetch *f, struct oc_request_parts *parts)
{
    const struct check *c = (const struct check *)f;
    parts->method = CHECK_OPTION(c, method);
    parts->body = CHECK_OPTION(c, body);
    parts->headers = CHECK_LIST(c, headers);
    parts->user = CHECK_OPTION(c, user);
    parts->password = CHECK_OPTION(c, password);
    parts->bearer = CHECK_OPTION(c, bearer);
}

static struct oc_tls_context *tls(const struct oc_fetch *f, bool foreign, struct oc_error *err)
{
    const struct check *c = (const struct check *)f;
    struct oc_tls_options o = {.ca_file = CHECK_OPTION(c, ca_file),
                               .verify = c->own->verify_tls && c->base->verify_tls};
    if (!foreign) {
        o.cert_file = CHECK_OPTION(c, client_cert);
        o.key_file = CHECK_OPTION(c, client_key);
    }
    return oc_prober_tls(f->probe.prober, &o, err);
}

static bool may_follow(const struct oc_fetch *f)
{
    return !check_expects((const struct check *)f, f->response.status);
}

static void done(struct oc_fetch *f)
{
    struct check *c = (struct check *)f;
    struct verdict v;
    if (f->probe.outcome == OC_PROBE_CANCELLED) {
        return;
    }
    check_judge(c, &v);
    int32_t code = check_report(c, &v);
    if (code != OC_OK) {
        oc_prober_abort(f->probe.prober, code);
    }
}

static const struct oc_fetch_ops fetch_ops = {describe, tls, may_follow, done};

/* ---- life ---- */

static int compile_regex(struct check *c, const char *text, struct oc_error *err)
{
    char why[200];
    c->regex = malloc(sizeof *c->regex);
    if (!c->regex) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    int code = regcomp(c->regex, text, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        regerror(code, c->regex, why, sizeof why);
        free(c->regex);
        c->regex = NULL;
        return oc_fail(err, OC_E_CONFIG, "expect_regex \"%.100s\": %s", text, why);
    }
    return OC_OK;
}

static int check_expectations(struct check *c, struct oc_error *err)
{
    struct oc_list classes = CHECK_LIST(c, expect_status_class);
    struct oc_list extracts = CHECK_LIST(c, extract);
    const char *const *class = classes.items;
    const struct http_extract *extract = extracts.items;
    const char *path = CHECK_OPTION(c, json_path);
    for (uint64_t i = 0; i < classes.count; i++) {
        if (strlen(class[i]) != 3 || class[i][0] < '1' || class[i][0] > '5' ||
            strcmp(class[i] + 1, "xx") != 0) {
            return oc_fail(err, OC_E_CONFIG,
                           "expect_status_class \"%.20s\" is not one of 1xx to 5xx", class[i]);
        }
    }
    for (uint64_t i = 0; i < extracts.count; i++) {
        if (!json_path_valid(extract[i].path)) {
            return oc_fail(err, OC_E_CONFIG, "extract: path \"%.100s\" is not valid",
                           extract[i].path);
        }
    }
    if (path && !json_path_valid(path)) {
        return oc_fail(err, OC_E_CONFIG, "json_path \"%.100s\" is not valid", path);
    }
    if (!path && CHECK_OPTION(c, json_equals)) {
        return oc_fail(err, OC_E_CONFIG, "json_equals needs json_path");
    }
    return CHECK_OPTION(c, expect_regex) ? compile_regex(c, CHECK_OPTION(c, expect_regex), err)
                                         : OC_OK;
}

int check_init(struct check *c, struct oc_prober *pr, struct oc_error *err)
{
    struct oc_fetch *f = &c->fetch;
    int64_t redirects =
        c->own->follow_redirects < 0 ? c->base->follow_redirects : c->own->follow_redirects;
    int code = check_expectations(c, err);
    if (code != OC_OK) {
        return code;
    }
    f->ops = &fetch_ops;
    f->max_body = (uint32_t)CHECK_OPTION(c, max_body);
    f->max_redirects = (uint8_t)(redirects < 0 ? 0 : redirects);
    f->want_body = CHECK_OPTION(c, expect_body) || CHECK_OPTION(c, expect_body_not) || c->regex ||
                   CHECK_OPTION(c, json_path) || CHECK_LIST(c, extract).count > 0;
    f->probe.timeout_ms = (uint32_t)CHECK_OPTION(c, timeout);
    f->probe.keep = c->own->keep_alive || c->base->keep_alive;
    f->probe.to.ip_version = (uint8_t)CHECK_OPTION(c, ip_version);
    f->probe.to.tls_name = CHECK_OPTION(c, tls_server_name);
    return oc_fetch_init(f, pr, c->own->url, err);
}

void check_finish(struct check *c)
{
    oc_fetch_finish(&c->fetch);
    free(c->shown_url);
    c->shown_url = NULL;
    if (c->regex) {
        regfree(c->regex);
        free(c->regex);
        c->regex = NULL;
    }
}
