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

#define PATIENCE  3000 /* ms for the running daemon to answer */
#define LOCK_WAIT 2000 /* ms for the home to be free */
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

static bool read_fully(int fd, void *data, size_t len, int64_t until)
{
    char *at = data;
    while (len > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        const int64_t left = until - oc_time_mono();
        if (left <= 0 || poll(&wait, 1, (int)left) <= 0) {
            return false;
        }
        const ssize_t n = read(fd, at, len);
        if (n <= 0) {
            return false;
        }
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* One request, one answer: {"id","ok",..}. */
static bool ask(int fd, const char *text)
{
    const int64_t until = oc_time_mono() + PATIENCE;
    uint32_t len = htole32((uint32_t)strlen(text));
    bool good = false;
    if (oc_fd_write_all(fd, &len, sizeof len) != 0 ||
        oc_fd_write_all(fd, text, strlen(text)) != 0 || !read_fully(fd, &len, sizeof len, until) ||
        le32toh(len) > ANSWER) {
        return false;
    }
    len = le32toh(len);
    char *answer = oc_alloc(len + 1);
    if (read_fully(fd, answer, len, until)) {
        json_t *frame = oc_json_parse(answer, len, NULL);
        good = oc_json_bool(frame, "ok", false);
        json_decref(frame);
    }
    free(answer);
    return good;
}

static bool tell_daemon(struct oc_audit *s, const char *type, const json_t *entry)
{
    const int fd = connect_to(s->env.home);
    bool good = false;
    if (fd < 0) {
        return false;
    }
    char *content = json_dumps(entry, JSON_COMPACT);
    json_t *frame = json_pack("{s:i, s:s, s:{s:s, s:s}}", "id", 1, "op", "audit.note", "params",
                              "type", type, "entry", content ? content : "{}");
    char *text = json_dumps(frame, JSON_COMPACT);
    free(content);
    if (text) {
        good = ask(fd, text);
    }
    free(text);
    json_decref(frame);
    close(fd);
    return good;
}

/* Nobody has the home: for this moment it is ours. Nothing is added to a ledger that the host would not trust: it would hide the cut. */
static int write_here(struct oc_audit *s, const char *type, const json_t *entry,
                      struct oc_error *err)
{
    struct oc_ledger_options o = {.dir = s->dir};
    struct oc_ledger *l = oc_ledger_open(&o, NULL, err);
    int rc = l ? oc_audit_compare_home(s, l, err) : err->code;
    if (rc == OC_OK) {
        const int64_t index = oc_ledger_add(l, type, entry, NULL, NULL, err);
        rc = index < 0 ? (int)index : OC_OK;
    }
    oc_ledger_close(l);
    return rc;
}

int oc_audit_hand_over(struct oc_audit *s, const char *type, const json_t *entry,
                       struct oc_error *err)
{
    const int64_t until = oc_time_mono() + LOCK_WAIT;
    char *run = oc_path_join(s->env.home, "run"), *path = oc_path_join(run, "openclawd.lock");
    int rc = OC_E_RETRY;
    oc_dir_make(run, 0700, NULL);
    do {
        if (tell_daemon(s, type, entry)) {
            rc = OC_OK;
            break;
        }
        const int lock = oc_lock_take(path, err);
        if (lock >= 0) {
            rc = write_here(s, type, entry, err);
            oc_lock_drop(lock);
            break;
        }
        rc = lock;
        usleep(20000); /* it starts or ends just now */
    } while (oc_time_mono() < until);
    free(path);
    free(run);
    return rc;
}
