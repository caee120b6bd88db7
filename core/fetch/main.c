/* openclaw-fetch: downloads over http and https for the registry client. SPDX-License-Identifier: MIT
 *
 * One JSON object a line on stdin, {"url","max","timeout_ms","ca"}; on stdout lines {"data":N}, each followed by N raw bytes, and at the
 * end of each request {"done":true} or {"error":{"reason","message"}}. It ends with its stdin. It is shut in before the first
 * request: it never writes a file, so nothing that a server sends can become one but through its caller. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/fetch/confine.h"
#include "core/fetch/transfer.h"
#include "core/sys/file.h"
#include "core/sys/stdfd.h"

#define PIECE_MAX (512u << 10)

static bool put(const void *data, size_t len)
{
    return oc_fd_write_all(STDOUT_FILENO, data, len) == 0;
}

static bool put_line(json_t *line)
{
    char *text = oc_json_text(line);
    const size_t n = strlen(text);
    text[n] = '\n'; /* in the place of the end: the length goes along */
    const bool ok = put(text, n + 1);
    free(text);
    json_decref(line);
    return ok;
}

static bool on_data(void *ctx, const void *data, size_t len)
{
    const char *at = data;
    (void)ctx;
    while (len > 0) {
        char head[48];
        const size_t piece = len < PIECE_MAX ? len : PIECE_MAX;
        const int n = snprintf(head, sizeof head, "{\"data\":%zu}\n", piece);
        if (!put(head, (size_t)n) || !put(at, piece)) {
            return false;
        }
        at += piece;
        len -= piece;
    }
    return true;
}

static bool answer(struct oc_transfer *t, const json_t *line)
{
    const struct oc_transfer_request request = {
        .url = oc_json_str(line, "url", ""),
        .max = (uint64_t)oc_json_int(line, "max", 0),
        .timeout_ms = oc_json_int(line, "timeout_ms", 15000),
        .ca = oc_json_str(line, "ca", NULL),
        .take = on_data,
    };
    struct oc_transfer_failure failure = {.reason = "registry-unreachable"};
    if (oc_transfer_run(t, &request, &failure)) {
        return put_line(json_pack("{s:b}", "done", 1));
    }
    json_t *error = json_object();
    oc_json_set_str(error, "reason", failure.reason);
    oc_json_set_str(error, "message", failure.message);
    return put_line(json_pack("{s:o}", "error", error));
}

int main(void)
{
    oc_stdfd_fill();
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    bool heard = true;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct oc_transfer *t = oc_transfer_create();
    if (!t) {
        fputs("openclaw-fetch: libcurl cannot be started\n", stderr);
        return 1;
    }
    oc_fetch_confine();
    while (heard && (len = getline(&line, &cap, stdin)) > 0) {
        json_t *json = oc_json_parse(line, (size_t)len, NULL);
        heard = json_is_object(json) && answer(t, json);
        json_decref(json);
    }
    free(line);
    oc_transfer_destroy(t);
    fflush(stdout);
    _exit(0); /* what runs at exit (a leak checker) needs rights that are given up */
}
