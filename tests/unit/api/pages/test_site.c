/* Tests of core/api/pages/site.c: which form of a file is sent, and how it is told from the others. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "core/api/pages/site.h"
#include "core/base/text.h"
#include "core/sys/file.h"

/* ---- a request that is looked at ---- */

struct oc_http_request {
    const char *accepts, *known;
    unsigned status;
    char etag[64], coding[16], body[16];
};

const char *oc_http_header(const struct oc_http_request *r, const char *name)
{
    return strcasecmp(name, "Accept-Encoding") == 0 ? r->accepts
           : strcasecmp(name, "If-None-Match") == 0 ? r->known
                                                    : NULL;
}

void oc_http_set(struct oc_http_request *r, const char *name, const char *value)
{
    if (strcmp(name, "ETag") == 0) {
        oc_copy(r->etag, sizeof r->etag, value);
    } else if (strcmp(name, "Content-Encoding") == 0) {
        oc_copy(r->coding, sizeof r->coding, value);
    }
}

void oc_http_send_empty(struct oc_http_request *r, unsigned status)
{
    r->status = status;
}

void oc_http_send_errorf(struct oc_http_request *r, unsigned status, int code, const char *hint,
                         const char *fmt, ...)
{
    (void)code, (void)hint, (void)fmt;
    r->status = status;
}

void oc_http_send_fd(struct oc_http_request *r, unsigned status, const char *type, int fd,
                     uint64_t size)
{
    (void)type;
    r->status = status;
    assert_true(size < sizeof r->body);
    assert_int_equal(read(fd, r->body, size), size);
    close(fd);
}

/* ---- the tests ---- */

static void each_coding_has_its_own_validator(void **state)
{
    (void)state;
    static const char *const accepts[] = {NULL, "gzip", "gzip, br"},
                             *const sent[] = {"", "gzip", "br"},
                             *const names[] = {"/index.html", "/index.html.gz", "/index.html.br"},
                             *const bodies[] = {"plain", "zipped", "brotli"};
    char dir[] = "/tmp/openclaw-site-XXXXXX", path[64];
    struct oc_http_request got[3] = {{0}};
    struct oc_site site = {0};
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s%s", dir, names[i]);
        assert_int_equal(oc_file_write(path, bodies[i], strlen(bodies[i]), 0600, NULL), OC_OK);
    }
    assert_true(oc_site_open(&site, dir));
    for (size_t i = 0; i < OC_COUNT(got); i++) {
        got[i].accepts = accepts[i];
        assert_true(oc_site_send(&site, &got[i], "/index.html"));
        assert_int_equal(got[i].status, 200);
        assert_string_equal(got[i].body, bodies[i]);
        assert_string_equal(got[i].coding, sent[i]);
    }
    for (size_t i = 0; i < OC_COUNT(got); i++) {
        for (size_t k = 0; k < OC_COUNT(got); k++) {
            struct oc_http_request r = {.accepts = accepts[i], .known = got[k].etag};
            assert_true(oc_site_send(&site, &r, "/index.html"));
            assert_int_equal(r.status, i == k ? 304 : 200);
            assert_string_equal(r.etag, got[i].etag);
        }
        struct oc_http_request any = {.accepts = accepts[i], .known = "*"};
        assert_true(oc_site_send(&site, &any, "/index.html"));
        assert_int_equal(any.status, 304);
    }
    oc_site_close(&site);
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_coding_has_its_own_validator)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
