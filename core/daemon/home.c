/* Whose the home is. SPDX-License-Identifier: MIT  [loop] */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/daemon/internal.h"
#include "core/sys/file.h"

#define PRIVATE_LOCK_WAIT  (30 * OC_SECOND)
#define NAMELESS_LOCK_WAIT (2 * OC_SECOND)

/* One that hangs has no room for another that waits: it is there all the same. */
static bool somebody_listens(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    oc_copy(addr.sun_path, sizeof addr.sun_path, path);
    bool answered = fd >= 0 && (connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0 ||
                                errno == EAGAIN);
    if (fd >= 0) {
        close(fd);
    }
    return answered;
}

/* A daemon that was killed while it began a process lives on in that one, with its lock and its socket, until the other
 * program is loaded. */
static bool owner_lives(const char *path)
{
    const pid_t pid = oc_lock_owner(path);
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* The home is ours, and nobody listens there who has lost what says that it is theirs. */
static int try_lock(struct oc_daemon *h, struct oc_error *err)
{
    oc_error_init(err);
    const int rc = oc_home_lock(h->home, &h->lock, err);
    if (rc == OC_E_CONFLICT || h->env.ephemeral || !somebody_listens(h->socket)) {
        return rc;
    }
    oc_home_unlock(&h->lock);
    oc_error_set(err, OC_E_CONFLICT, "another process listens on %s", h->socket);
    oc_error_hint(err, "Stop the other daemon first, or give this one another home.");
    return OC_E_CONFLICT;
}

/* A home that is held while nobody listens belongs to a private daemon that serves one command: it is soon gone. So is what holds it without
 * a name, unless it is a daemon whose pid lock was taken away. */
static int wait_for_lock(struct oc_daemon *h, const char *path, struct oc_error *err)
{
    const int64_t began = oc_time_mono();
    int64_t now = began, named_at = began;
    int rc = try_lock(h, err);
    while (rc == OC_E_CONFLICT && !h->env.ephemeral && now < began + PRIVATE_LOCK_WAIT &&
           now < named_at + NAMELESS_LOCK_WAIT &&
           !(owner_lives(path) && somebody_listens(h->socket))) {
        usleep(20000);
        now = oc_time_mono();
        named_at = oc_lock_owner(path) ? now : named_at;
        rc = try_lock(h, err);
    }
    return rc;
}

int oc_daemon_take_home(struct oc_daemon *h, struct oc_error *err)
{
    char *path = oc_path_join(h->home, "run/openclawd.lock");
    const int rc = wait_for_lock(h, path, err);
    free(path);
    const bool unwritable = rc == OC_E_DENIED || rc == OC_E_NOT_FOUND || rc == OC_E_RETRY;
    if (rc != OC_OK && h->env.ephemeral) {
        oc_home_unlock(&h->lock);
    } else if (unwritable) {
        oc_warn("the home folder has no pid lock: only those of data and ledger keep others out",
                "reason=%s", err->message);
    }
    return h->env.ephemeral || unwritable ? OC_OK : rc;
}
