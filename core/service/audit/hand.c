/* What a daemon of one operation has done lands in the ledger of the home, whoever has it open. SPDX-License-Identifier: MIT */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"

#define PATIENCE  10000 /* ms for the running daemon to answer: its disk may be slow */
#define LOCK_WAIT 2000  /* ms for the home to be free, when nobody answers */
#define ANSWER    65536

static int connect_to(const char *home)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char *path = oc_path_join(home, "run/openclawd.sock");
    const bool fits = strlen(path) < sizeof addr.sun_path;
    int fd = fits ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    oc_copy(addr.sun_path, sizeof addr.sun_path, path);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof addr) != 0) {
        close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

/* OC_E_TIMEOUT: it did not come in time; OC_E_CANCELLED: it does not come any more. */
static int read_fully(int fd, void *data, size_t len, int64_t until)
{
    char *at = data;
    while (len > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        const int64_t left = until - oc_time_mono();
        const int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready == 0) {
            return OC_E_TIMEOUT;
        }
        const ssize_t n = ready > 0 ? read(fd, at, len) : -1;
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return OC_E_CANCELLED;
        }
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return OC_OK;
}

/* {"id","ok","error":{"code","message","hint"}} */
static int take_answer(const char *text, size_t len, struct oc_error *err)
{
    json_t *frame = oc_json_parse(text, len, NULL);
    const json_t *error = json_object_get(frame, "error");
    int rc = OC_OK;
    if (!oc_json_bool(frame, "ok", false)) {
        rc = oc_error_set(err, oc_error_code(oc_json_str(error, "code", "internal")), "%s",
                          oc_json_str(error, "message", "the running host did not take it"));
        oc_error_hint(err, "%s", oc_json_str(error, "hint", ""));
    }
    json_decref(frame);
    return rc;
}

/* One request, one answer. */
static int ask(int fd, const char *text, struct oc_error *err)
{
    const int64_t until = oc_time_mono() + PATIENCE;
    uint32_t len = htole32((uint32_t)strlen(text));
    if (oc_fd_write_all(fd, &len, sizeof len) != 0 ||
        oc_fd_write_all(fd, text, strlen(text)) != 0) {
        return oc_error_set(err, OC_E_CANCELLED, "the running host is gone");
    }
    int rc = read_fully(fd, &len, sizeof len, until);
    len = rc == OC_OK ? le32toh(len) : 0;
    rc = len > ANSWER ? OC_E_CANCELLED : rc;
    char *answer = oc_alloc((rc == OC_OK ? len : 0) + 1);
    rc = rc == OC_OK ? read_fully(fd, answer, len, until) : rc;
    if (rc == OC_OK) {
        rc = take_answer(answer, len, err);
    } else if (rc == OC_E_TIMEOUT) {
        oc_error_set(err, rc, "the running host has not said in %d seconds whether it has it",
                     PATIENCE / 1000);
        oc_error_hint(err, "`openclaw audit list` shows whether it came later.");
    } else {
        oc_error_set(err, rc, "the running host is gone");
    }
    free(answer);
    return rc;
}

/* OC_E_CANCELLED: there is none, or it ends. */
static int tell_daemon(struct oc_audit *s, const char *type, const json_t *entry,
                       struct oc_error *err)
{
    const int fd = connect_to(s->env.home);
    if (fd < 0) {
        return oc_error_set(err, OC_E_CANCELLED, "no host is running");
    }
    char *content = oc_json_text(entry);
    json_t *frame = json_pack("{s:i, s:s, s:{s:s, s:s}}", "id", 1, "op", "audit.note", "params",
                              "type", type, "entry", content);
    char *text = oc_json_text(frame);
    const int rc = ask(fd, text, err);
    free(content);
    free(text);
    json_decref(frame);
    close(fd);
    return rc;
}

/* Nobody has the home: for this moment it is ours. Nothing is added to a ledger that the host would not trust: it would hide the cut. */
static int write_here(struct oc_audit *s, const char *type, const json_t *entry,
                      struct oc_error *err)
{
    struct oc_ledger_options o = {.dir = s->dir};
    struct oc_ledger *l = oc_ledger_open(&o, NULL, err);
    int rc = l ? oc_audit_compare_home(s, l, err) : err->code;
    if (rc == OC_OK) {
        const int64_t index = oc_audit_append(l, type, entry, NULL, NULL, err);
        rc = index < 0 ? (int)index : OC_OK;
    }
    oc_ledger_close(l);
    return rc;
}

/* A host that starts or ends just now is asked once more; everything else is an answer. */
static int hand_over(struct oc_audit *s, const char *type, const json_t *entry,
                     struct oc_error *err)
{
    const int64_t until = oc_time_mono() + LOCK_WAIT;
    char *run = oc_path_join(s->env.home, "run");
    struct oc_home_lock lock;
    int rc = OC_E_RETRY;
    oc_dir_make(run, 0700, NULL);
    do {
        oc_error_init(err);
        rc = tell_daemon(s, type, entry, err);
        if (rc != OC_E_CANCELLED) {
            break;
        }
        oc_error_init(err);
        rc = oc_home_lock(s->env.home, &lock, err);
        if (rc == OC_OK) {
            rc = write_here(s, type, entry, err);
            oc_home_unlock(&lock);
            break;
        }
        oc_home_unlock(&lock);
        usleep(20000);
    } while (oc_time_mono() < until);
    free(run);
    return rc;
}

/* What is too long for an entry may be too long for a request as well. */
int oc_audit_hand_over(struct oc_audit *s, const char *type, const json_t *entry,
                       struct oc_error *err)
{
    char *text = oc_json_text(entry);
    json_t *less = strlen(text) > OC_LEDGER_ENTRY_MAX ? oc_audit_shortened(entry)
                                                      : json_incref((json_t *)entry);
    const int rc = hand_over(s, type, less, err);
    json_decref(less);
    free(text);
    return rc;
}
