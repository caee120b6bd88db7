/* What a function writes to stdout or stderr. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_CLI_CAPTURE_H
#define OC_TESTS_CLI_CAPTURE_H

#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct capture {
    FILE *stream;
    int saved, file;
};

static inline struct capture capture_begin(FILE *stream)
{
    struct capture c = {.stream = stream, .file = memfd_create("capture", 0)};
    fflush(stream);
    c.saved = dup(fileno(stream));
    assert_true(dup2(c.file, fileno(stream)) >= 0);
    return c;
}

/* Owned by the caller. */
static inline char *capture_end(struct capture *c)
{
    fflush(c->stream);
    assert_true(dup2(c->saved, fileno(c->stream)) >= 0);
    off_t size = lseek(c->file, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    assert_true(pread(c->file, text, (size_t)size, 0) == size);
    close(c->saved);
    close(c->file);
    return text;
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in:\n%s", part, text);
    }
}

static inline void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part)) {
        fail_msg("\"%s\" is in:\n%s", part, text);
    }
}

#endif
