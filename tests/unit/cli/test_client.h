/* A scripted daemon: what it writes is fixed, what it hears is kept. SPDX-License-Identifier: MIT */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include "tests/unit/cli/table.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/cli/client.h"
#include "core/loop/stream.h"
#include "core/sys/file.h"

/* ---- the scripted daemon: what it writes is fixed, what it hears is kept ---- */

static int theirs;
static struct cli_link link_;
static struct oc_error err;

static int setup(void **state)
{
    int fds[2];
    (void)state;
    oc_error_init(&err);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    link_ = (struct cli_link){.fd = fds[0], .child.log = -1};
    theirs = fds[1];
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_link_close(&link_);
    if (theirs >= 0) {
        close(theirs);
    }
    theirs = -1;
    return 0;
}

static void say_bytes(const void *data, size_t len)
{
    assert_int_equal(oc_fd_write_all(theirs, data, len), 0);
}

static void say(const char *text)
{
    size_t len = strlen(text);
    const unsigned char head[] = {len & 0xff, (len >> 8) & 0xff, 0, 0};
    say_bytes(head, sizeof head);
    say_bytes(text, len);
}

static json_t *hear(void)
{
    unsigned char head[4];
    char text[4096];
    assert_int_equal(read(theirs, head, 4), 4);
    size_t len = head[0] | (size_t)head[1] << 8;
    assert_int_equal(read(theirs, text, len), (ssize_t)len);
    json_t *frame = json_loadb(text, len, 0, NULL);
    assert_non_null(frame);
    return frame;
}

static inline void hang_up(void)
{
    close(theirs);
    theirs = -1;
}

struct heard {
    int rows, progress;
    int unwritten; /* what the writing of a row gives */
    char text[64];
};

static int on_row(void *ctx, const json_t *row)
{
    struct heard *h = ctx;
    h->rows += (int)json_integer_value(row);
    return h->unwritten;
}

static void on_progress(void *ctx, double fraction, const char *text)
{
    struct heard *h = ctx;
    h->progress++;
    snprintf(h->text, sizeof h->text, "%.2f %s", fraction, text);
}

static struct cli_answer call(struct heard *heard)
{
    struct cli_listener listener = {on_row, on_progress, heard, false};
    struct cli_answer answer;
    oc_link_call(&link_, "alert.list", NULL, &listener, &answer);
    return answer;
}

#endif
