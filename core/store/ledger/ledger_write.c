/* Putting groups of entries on the disk, and mending what a failure left. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/sys/file.h"

#define CLOSE_GRACE 10000 /* ms that a write under way may take when the ledger is closed */
#define TRY_AGAIN   1000  /* ms between two tries after a failure */
#define THREADS     2     /* a group that is written does not wait for a segment that is sealed */
#define COPY_PIECE  (1u << 20)
#define PROBE       OC_LEDGER_ENTRY_MAX /* bytes that have to fit before it counts as mended */

/* ---- [worker] one group ---- */

static int sync_fd(int fd)
{
    return fd < 0 || fdatasync(fd) == 0 ? 0 : errno;
}

static int sync_dir(int fd)
{
    return fd < 0 || fsync(fd) == 0 ? 0 : errno;
}

/* The next segments are no part of the log yet. The last goes first: whenever a crash comes, there is no gap between them. */
static void remove_next(const struct oc_ledger_job *job)
{
    for (size_t i = job->pieces.count; i-- > 0;) {
        if (job->pieces.items[i].first != job->sound_first || job->sound == 0) {
            char *path = oc_ledger_path(job->dir, job->pieces.items[i].first, ".log");
            unlink(path);
            free(path);
        }
    }
}

/* After an fsync that failed what the file holds is not known: what was on the disk is written once more, into another file. */
static int copy_sound(struct oc_ledger_job *job)
{
    char *path = oc_ledger_path(job->dir, job->sound_first, ".log");
    char *temp = oc_ledger_path(job->dir, job->sound_first, ".new");
    int fd = open(temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = fd < 0 ? errno : 0;
    char *piece = oc_alloc(COPY_PIECE);
    for (uint64_t at = 0; rc == 0 && at < job->sound;) {
        const uint64_t left = job->sound - at;
        const ssize_t n =
            pread(job->fd, piece, left < COPY_PIECE ? (size_t)left : COPY_PIECE, (off_t)at);
        rc = n > 0 ? -oc_fd_write_all(fd, piece, (size_t)n) : n < 0 ? errno : EIO;
        at += n > 0 ? (uint64_t)n : 0;
    }
    rc = rc == 0 ? sync_fd(fd) : rc;
    rc = rc == 0 && rename(temp, path) != 0 ? errno : rc;
    rc = rc == 0 ? sync_dir(job->dir_fd) : rc;
    if (rc == 0) {
        close(job->fd);
        job->fd = fd;
    } else if (fd >= 0) {
        close(fd);
        unlink(temp);
    }
    free(piece);
    free(temp);
    free(path);
    return rc;
}

static int mend(struct oc_ledger_job *job)
{
    int rc = 0;
    if (job->trouble == OC_LEDGER_FINE) {
        return 0;
    }
    job->what = "cannot mend";
    rc = sync_dir(job->dir_fd); /* what was taken away stays away when the rest is cut */
    if (rc == 0 && job->fd >= 0 && (job->sound > 0 || !job->dir)) {
        if (job->trouble == OC_LEDGER_COPY) {
            rc = copy_sound(job);
        } else if (ftruncate(job->fd, (off_t)job->sound) != 0 || fsync(job->fd) != 0) {
            rc = errno;
        }
    }
    job->trouble = rc == 0 ? OC_LEDGER_FINE : job->trouble;
    return rc;
}

/* The file of the next segment takes the place of the one that was begun before it; that of the sound one stays open, for it is gone
 * back to when the group fails. */
static int begin_file(const struct oc_ledger_job *job, uint64_t first, int *fd)
{
    if (*fd >= 0 && *fd != job->fd) {
        close(*fd);
    }
    char *path = oc_ledger_path(job->dir, first, ".log");
    *fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    const int rc = *fd < 0 ? errno : 0;
    free(path);
    return rc;
}

static int write_piece(struct oc_ledger_job *job, const char *data, size_t len, int fd, bool begins)
{
    job->trouble = OC_LEDGER_CUT;
    const off_t before = lseek(fd, 0, SEEK_END);
    if (!begins && job->dir && (uint64_t)before != job->sound) {
        return EIO; /* somebody else wrote to it */
    }
    int rc = -oc_fd_write_all(fd, data, len);
    if (rc == 0) {
        job->what = "cannot sync";
        job->trouble = OC_LEDGER_COPY;
        rc = sync_fd(fd);
        rc = rc == 0 && begins ? sync_dir(job->dir_fd) : rc;
    }
    job->trouble = rc == 0 ? OC_LEDGER_FINE : job->trouble;
    return rc;
}

/* A segment is on the disk before the next one is begun. `fd` gets the file of the last one. */
static int write_pieces(struct oc_ledger_job *job, int *fd)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < job->pieces.count; i++) {
        const struct oc_ledger_piece *piece = &job->pieces.items[i];
        const size_t end = i + 1 < job->pieces.count ? job->pieces.items[i + 1].at : job->bytes.len;
        const char *data = job->bytes.data + piece->at;
        const bool begins = data[8] == OC_LEDGER_HEADER;
        job->what = "cannot write";
        if (begins && job->dir) { /* in memory all is one file */
            rc = begin_file(job, piece->first, fd);
            job->trouble = rc ? OC_LEDGER_CUT : job->trouble;
        }
        rc = rc == 0 ? write_piece(job, data, end - piece->at, *fd, begins) : rc;
    }
    return rc;
}

/* All of the group, or nothing. */
static int write_group(struct oc_ledger_job *job)
{
    int fd = job->fd;
    const int rc = write_pieces(job, &fd);
    if (rc != 0 && job->dir) {
        remove_next(job);
    }
    const int other = rc == 0 ? job->fd : fd;
    job->fd = rc == 0 ? fd : job->fd;
    if (other >= 0 && other != job->fd) {
        close(other);
    }
    return rc;
}

/* Editors and people put another file in the place of one that is open: what we have is what was written. */
static bool is_replaced(const struct oc_ledger_job *job)
{
    struct stat ours, there;
    if (!job->dir || job->fd < 0 || job->sound == 0 || job->trouble != OC_LEDGER_FINE) {
        return false;
    }
    char *path = oc_ledger_path(job->dir, job->sound_first, ".log");
    const bool same = fstat(job->fd, &ours) == 0 && lstat(path, &there) == 0 &&
                      ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
    free(path);
    return !same;
}

/* A file can be cut on a disk that is full. Whether it can be written again is only known of bytes that were: in a file of their own, so
 * that whoever reads the log meanwhile finds no torn end. */
static int probe(struct oc_ledger_job *job)
{
    if (!job->dir) {
        return 0; /* memory has no other file: the next entry tells it */
    }
    job->what = "cannot write";
    char *temp = oc_ledger_path(job->dir, job->sound_first, ".new");
    char *bytes = oc_calloc(1, PROBE);
    const int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = fd < 0 ? errno : -oc_fd_write_all(fd, bytes, PROBE);
    rc = rc == 0 ? sync_fd(fd) : rc;
    if (fd >= 0) {
        close(fd);
        unlink(temp);
    }
    free(bytes);
    free(temp);
    return rc;
}

static void run_job(void *ctx)
{
    struct oc_ledger_job *job = ctx;
    job->replaced = is_replaced(job);
    job->trouble = job->replaced ? OC_LEDGER_COPY : job->trouble;
    job->error = mend(job);
    if (job->error == 0) {
        job->error = job->bytes.len > 0 ? write_group(job) : probe(job);
    }
}

/* ---- [loop] ---- */

static void job_free(struct oc_ledger_job *job)
{
    oc_buf_finish(&job->bytes);
    OC_VEC_FINISH(&job->pieces);
    free(job->dir);
    free(job);
}

/* Waiters are in the order of their entries; callbacks may add more. */
void oc_ledger_answer(struct oc_ledger *l, bool failed)
{
    size_t n = 0;
    while (n < l->waiters.count && (failed || l->waiters.items[n].index < l->stable.f.size)) {
        n++;
    }
    if (n == 0) {
        return;
    }
    struct oc_ledger_waiter *told = oc_memdup(l->waiters.items, n * sizeof *told);
    const uint64_t durable = l->stable.f.size;
    l->waiters.count -= n;
    memmove(l->waiters.items, l->waiters.items + n, l->waiters.count * sizeof *told);
    for (size_t i = 0; i < n; i++) {
        told[i].done(told[i].ctx, told[i].index < durable ? OC_OK : OC_E_RETRY);
    }
    free(told);
}

static void fail(struct oc_ledger *l, const struct oc_ledger_job *job)
{
    const bool told = l->why.code == OC_E_RETRY;
    oc_error_init(&l->why);
    oc_error_errno(&l->why, OC_E_RETRY, job->error, "%s the ledger in %s", job->what,
                   l->dir ? l->dir : "memory");
    oc_error_hint(&l->why, "Make room on the disk, or look at it: the ledger goes on by itself.");
    if (!told) { /* it is tried every second */
        oc_err("the ledger cannot be written: nothing is acknowledged", "reason=%s",
               l->why.message);
    }
    l->next_try = oc_time_mono() + TRY_AGAIN;
    oc_ledger_rewind(l);
    oc_buf_clear(&l->pending);
    l->pieces.count = 0;
}

/* What the worker found; the callbacks of the waiters are left to the caller. False: it failed. */
static bool take_result(struct oc_ledger *l, struct oc_ledger_job *job)
{
    const bool good = job->error == 0;
    l->job = NULL;
    l->fd = job->fd;
    l->trouble = job->trouble;
    l->groups++;
    if (job->replaced) {
        oc_err("somebody has replaced a file of the ledger that is open: it is written once more",
               "folder=%s first=%llu", l->dir, (unsigned long long)job->sound_first);
    }
    if (good) {
        l->stable = job->end;
        if (l->why.code == OC_E_RETRY) {
            oc_error_init(&l->why);
            oc_info("the ledger can be written again", "folder=%s", l->dir ? l->dir : "memory");
        }
    } else {
        fail(l, job);
    }
    return good;
}

static void on_job_done(void *ctx)
{
    struct oc_ledger_job *job = ctx;
    struct oc_ledger *l = job->ledger;
    const bool good = take_result(l, job);
    job_free(job);
    oc_ledger_answer(l, !good);
    if (good) {
        oc_ledger_seal(l);
        oc_ledger_kick(l);
    } else if (l->again) {
        oc_timer_start(l->again, TRY_AGAIN, 0);
    }
}

static struct oc_ledger_job *make_job(struct oc_ledger *l)
{
    struct oc_ledger_job *job = oc_calloc(1, sizeof *job);
    job->ledger = l;
    job->bytes = l->pending;
    job->pieces.items = l->pieces.items;
    job->pieces.count = l->pieces.count;
    job->end = l->now;
    job->first = l->pending_first;
    job->dir = oc_strdup(l->dir);
    job->fd = l->fd;
    job->dir_fd = l->dir_fd;
    job->trouble = l->trouble;
    job->sound = l->stable.offset; /* 0: the last segment is full, or there is none */
    job->sound_first = l->stable.f.size / l->per * l->per;
    job->sound_first -= job->sound == 0 && job->sound_first > 0 ? l->per : 0;
    memset(&l->pending, 0, sizeof l->pending);
    memset(&l->pieces, 0, sizeof l->pieces);
    l->job = job;
    return job;
}

static bool may_try(const struct oc_ledger *l)
{
    return l->why.code != OC_E_RETRY || oc_time_mono() >= l->next_try;
}

struct oc_workers *oc_ledger_workers(struct oc_ledger *l)
{
    l->workers = l->workers ? l->workers : oc_workers_create(l->loop, THREADS);
    return l->workers;
}

static void begin_job(struct oc_ledger *l)
{
    if (l->job || (l->pending.len == 0 && l->why.code != OC_E_RETRY) || !may_try(l)) {
        return;
    }
    struct oc_ledger_job *job = make_job(l);
    if (l->dir && l->loop) {
        job->handle = oc_workers_submit(oc_ledger_workers(l), run_job, on_job_done, job);
    } else {
        run_job(job);
        on_job_done(job);
    }
}

static void on_kick(void *ctx)
{
    begin_job(ctx);
}

static void on_again(void *ctx)
{
    struct oc_ledger *l = ctx;
    l->next_try = 0;
    begin_job(l);
}

/* What is added in one turn of the loop goes together. */
void oc_ledger_kick(struct oc_ledger *l)
{
    if (l->pending.len == 0 || l->job || !l->loop) {
        return;
    }
    if (!l->kick) {
        l->kick = oc_timer_create(l->loop, on_kick, l);
        l->again = oc_timer_create(l->loop, on_again, l);
    }
    if (!oc_timer_active(l->kick)) {
        oc_timer_start(l->kick, 0, 0);
    }
}

int oc_ledger_flush(struct oc_ledger *l, struct oc_error *err)
{
    if (l->job) {
        struct oc_ledger_job *job = l->job;
        oc_job_join(job->handle);
        take_result(l, job);
        job_free(job);
    }
    if (l->pending.len > 0 && !l->damaged) {
        struct oc_ledger_job *job = make_job(l);
        run_job(job);
        take_result(l, job);
        job_free(job);
    }
    if (l->why.code == OC_E_RETRY) {
        if (err) {
            *err = l->why;
        }
        if (l->again) {
            oc_timer_start(l->again, TRY_AGAIN, 0);
        }
        return OC_E_RETRY;
    }
    return OC_OK;
}

bool oc_ledger_write_stop(struct oc_ledger *l)
{
    oc_timer_destroy(l->kick);
    oc_timer_destroy(l->again);
    l->kick = l->again = NULL;
    l->closing = true;
    l->loop = NULL;
    if (l->workers) {
        const unsigned stuck = oc_workers_destroy(l->workers, CLOSE_GRACE); /* reports here */
        l->workers = NULL;
        if (stuck > 0) {
            return false;
        }
    }
    if (l->job) { /* it never began */
        struct oc_ledger_job *job = l->job;
        run_job(job);
        on_job_done(job);
    }
    oc_ledger_seal_stop(l);
    if (l->pending.len > 0 && !l->read_only && !l->damaged) {
        l->next_try = 0;
        oc_ledger_flush(l, NULL);
    }
    oc_ledger_answer(l, true);
    return true;
}
