/* Writing a journal: frames, segments, shared fsyncs. SPDX-License-Identifier: MIT */
#include "core/store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/store/journal_internal.h"
#include "core/sys/file.h"

#define CLOSE_GRACE 10000 /* ms that a running fsync may take when the journal is closed */

/* ---- life ---- */

static int open_folder(struct oc_journal *j, struct oc_error *err)
{
    int rc = j->read_only ? OC_OK : oc_dir_make(j->dir, 0700, err);
    if (rc == OC_OK && !j->read_only) {
        j->dir_fd = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        rc = j->dir_fd < 0 ? oc_error_errno(err, 0, errno, "%s", j->dir) : OC_OK;
    }
    return rc;
}

struct oc_journal *oc_journal_open(const char *dir, bool read_only, struct oc_loop *loop,
                                   oc_journal_replay_fn replay, void *ctx, struct oc_error *err)
{
    struct oc_journal *j = oc_calloc(1, sizeof *j);
    j->dir = oc_strdup(dir);
    j->read_only = read_only;
    j->loop = loop;
    j->next = 1;
    j->fd = j->dir_fd = -1;
    if (open_folder(j, err) != OC_OK || oc_journal_load(j, replay, ctx, err) != OC_OK) {
        oc_journal_close(j);
        return NULL;
    }
    return j;
}

/* ---- trouble ---- */

/* Ends the waiters that have what they wait for, or all of them with OC_E_RETRY. */
static void answer(struct oc_journal *j, bool all_failed)
{
    for (size_t i = 0; i < j->waiters.count;) {
        struct oc_journal_waiter waiter = j->waiters.items[i];
        bool done = waiter.frames <= j->synced;
        if (!done && !all_failed) {
            i++;
            continue;
        }
        OC_VEC_REMOVE(&j->waiters, i);
        waiter.done(waiter.ctx, done ? OC_OK : OC_E_RETRY);
    }
}

/* The waiters are left to the caller. */
static void fail(struct oc_journal *j, int errnum, const char *what)
{
    if (!j->failing) {
        oc_error_init(&j->why);
        oc_error_errno(&j->why, OC_E_RETRY, errnum, "%s in %s", what, j->dir);
    }
    j->failing = true;
    oc_buf_clear(&j->out);
    if (j->fd >= 0) { /* nothing more goes into this file */
        OC_VEC_PUSH(&j->old, j->fd);
        j->fd = -1;
    }
}

bool oc_journal_failing(const struct oc_journal *j, struct oc_error *why)
{
    if (j->failing && why) {
        *why = j->why;
    }
    return j->failing;
}

/* ---- segments ---- */

static int write_head(int fd, uint32_t number)
{
    unsigned char head[OC_JOURNAL_HEAD] = "OCJRNL1\n";
    oc_journal_put32(head + 8, number);
    oc_journal_put64(head + 12, oc_journal_sum(head, 12));
    return oc_fd_write_all(fd, head, sizeof head);
}

static int begin_segment(struct oc_journal *j)
{
    struct oc_segment segment = {j->next, OC_JOURNAL_HEAD};
    char *path = oc_journal_path(j, segment.number);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = fd < 0 ? -errno : write_head(fd, segment.number);
    if (rc == 0) {
        OC_VEC_PUSH(&j->segments, segment);
        j->fd = fd;
        j->next++;
        j->dir_dirty = true;
    } else if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    free(path);
    return rc;
}

uint32_t oc_journal_segment(const struct oc_journal *j)
{
    return j->fd >= 0 ? j->segments.items[j->segments.count - 1].number : j->next;
}

void oc_journal_roll(struct oc_journal *j)
{
    oc_journal_flush(j, NULL);
    if (j->fd >= 0) {
        OC_VEC_PUSH(&j->old, j->fd);
        j->fd = -1;
    }
}

int oc_journal_restart(struct oc_journal *j, struct oc_error *err)
{
    int rc = j->read_only ? -EROFS : begin_segment(j);
    if (rc != 0) {
        return oc_error_errno(err, OC_E_RETRY, -rc, "cannot begin a journal in %s", j->dir);
    }
    j->failing = false;
    return OC_OK;
}

void oc_journal_drop(struct oc_journal *j, uint32_t last)
{
    while (j->segments.count > (j->fd >= 0 ? 1u : 0u) && j->segments.items[0].number <= last) {
        char *path = oc_journal_path(j, j->segments.items[0].number);
        if (unlink(path) != 0 && errno != ENOENT) {
            oc_warn("an old journal cannot be removed", "file=%s reason=%s", path, strerror(errno));
        }
        free(path);
        OC_VEC_REMOVE(&j->segments, 0);
        j->dir_dirty = true;
    }
}

/* ---- records and frames ---- */

void oc_journal_add(struct oc_journal *j, unsigned type, const void *data, size_t len)
{
    unsigned char head[8];
    size_t n = 0;
    OC_ASSERT(type > 0 && type < 256 && len <= OC_JOURNAL_RECORD_MAX);
    if (j->failing || j->read_only) {
        return;
    }
    if (j->out.len == 0) {
        oc_buf_add(&j->out, "OCF1############", OC_JOURNAL_FRAME_HEAD); /* filled by the flush */
    }
    head[n++] = (unsigned char)type;
    size_t rest = len;
    do {
        head[n++] = (unsigned char)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
        rest >>= 7;
    } while (rest > 0);
    oc_buf_add(&j->out, head, n);
    oc_buf_add(&j->out, data, len);
    if (j->out.len > OC_JOURNAL_FRAME_MAX / 2) {
        oc_journal_flush(j, NULL);
    }
}

static int write_frame(struct oc_journal *j)
{
    struct oc_segment *current;
    int rc = j->fd < 0 ? begin_segment(j) : 0;
    if (rc == 0) {
        unsigned char *frame = (unsigned char *)j->out.data;
        size_t len = j->out.len - OC_JOURNAL_FRAME_HEAD;
        oc_journal_put32(frame + 4, (uint32_t)len);
        oc_journal_put64(frame + 8, oc_journal_sum(frame + OC_JOURNAL_FRAME_HEAD, len));
        rc = oc_fd_write_all(j->fd, frame, j->out.len);
    }
    if (rc == 0) {
        current = &j->segments.items[j->segments.count - 1];
        current->bytes += j->out.len;
        j->flushed++;
    }
    return rc;
}

int oc_journal_flush(struct oc_journal *j, struct oc_error *err)
{
    int rc = 0;
    if (j->failing) {
        if (err) {
            *err = j->why;
        }
        return OC_E_RETRY;
    }
    if (j->out.len == 0) {
        return OC_OK;
    }
    rc = write_frame(j);
    size_t used = j->out.len;
    oc_buf_clear(&j->out);
    if (j->out.cap > (1u << 20) && used < j->out.cap / 8) {
        oc_buf_finish(&j->out); /* a storm is over */
    }
    if (rc != 0) {
        fail(j, -rc, "writing failed");
        answer(j, true);
        return oc_error_errno(err, OC_E_RETRY, -rc, "cannot write the journal in %s", j->dir);
    }
    if (j->segments.items[j->segments.count - 1].bytes >= OC_JOURNAL_SEGMENT) {
        OC_VEC_PUSH(&j->old, j->fd);
        j->fd = -1;
    }
    return OC_OK;
}

/* ---- fsync ---- */

/* [worker] */
static void run_job(void *ctx)
{
    struct oc_journal_job *job = ctx;
    for (size_t i = 0; i < job->fds.count && job->result == 0; i++) {
        job->result = fdatasync(job->fds.items[i]) == 0 ? 0 : errno;
    }
    if (job->result == 0 && job->dir_fd >= 0) {
        job->result = fsync(job->dir_fd) == 0 ? 0 : errno;
    }
}

static void close_synced(struct oc_journal *j, const struct oc_journal_job *job)
{
    for (size_t i = 0; i < job->fds.count; i++) {
        for (size_t k = 0; k < j->old.count; k++) {
            if (j->old.items[k] == job->fds.items[i]) {
                close(j->old.items[k]);
                OC_VEC_REMOVE(&j->old, k);
                break;
            }
        }
    }
}

static struct oc_journal_job *make_job(struct oc_journal *j)
{
    struct oc_journal_job *job = oc_calloc(1, sizeof *job);
    job->journal = j;
    job->frames = j->flushed;
    job->dir_fd = j->dir_dirty ? j->dir_fd : -1;
    for (size_t i = 0; i < j->old.count; i++) {
        OC_VEC_PUSH(&job->fds, j->old.items[i]);
    }
    if (j->fd >= 0) {
        OC_VEC_PUSH(&job->fds, j->fd);
    }
    j->dir_dirty = false;
    return job;
}

/* Whoever is told of a failure may begin anew at once: by then this is over. */
static void finish_job(struct oc_journal *j, struct oc_journal_job *job)
{
    const bool failed = job->result != 0;
    j->syncs++;
    if (failed) {
        j->dir_dirty = true;
        fail(j, job->result, "fsync failed");
    } else {
        j->synced = job->frames > j->synced ? job->frames : j->synced;
    }
    close_synced(j, job); /* what was lost is written again elsewhere */
    OC_VEC_FINISH(&job->fds);
    free(job);
    if (failed) {
        answer(j, true);
    }
}

static void begin_job(struct oc_journal *j);

static void on_job_done(void *ctx)
{
    struct oc_journal_job *job = ctx;
    struct oc_journal *j = job->journal;
    j->job = NULL;
    finish_job(j, job);
    answer(j, false);
    if (j->waiters.count > 0 && j->loop) {
        begin_job(j);
    }
}

static void begin_job(struct oc_journal *j)
{
    if (j->job || !j->workers) {
        return;
    }
    j->job = make_job(j);
    j->job->handle = oc_workers_submit(j->workers, run_job, on_job_done, j->job);
}

static void sync_here(struct oc_journal *j)
{
    struct oc_journal_job *job = make_job(j);
    run_job(job);
    finish_job(j, job);
}

/* The kernel tells that writing has failed once: an fsync beside one under way may find nothing wrong with what that one has lost. */
static int join_job(struct oc_journal *j, struct oc_error *err)
{
    struct oc_journal_job *job = j->job;
    if (!job) {
        return OC_OK;
    }
    oc_job_join(job->handle);
    const bool failed = job->result != 0;
    j->job = NULL;
    finish_job(j, job);
    if (failed && err) {
        *err = j->why;
    }
    return failed ? OC_E_RETRY : OC_OK;
}

static void on_ready(void *ctx)
{
    struct oc_journal *j = ctx;
    answer(j, j->failing || j->read_only);
}

/* Also what is known already is told later. */
static void answer_soon(struct oc_journal *j)
{
    if (!j->loop) {
        on_ready(j);
        return;
    }
    if (!j->ready) {
        j->ready = oc_timer_create(j->loop, on_ready, j);
    }
    oc_timer_start(j->ready, 0, 0);
}

void oc_journal_sync(struct oc_journal *j, oc_journal_done_fn done, void *ctx)
{
    struct oc_journal_waiter waiter = {j->flushed, done, ctx};
    if (j->failing || j->read_only) {
        waiter.frames = UINT64_MAX; /* what it waits for was never written */
    }
    OC_VEC_PUSH(&j->waiters, waiter);
    if (j->failing || j->read_only || j->flushed <= j->synced) {
        answer_soon(j);
    } else if (!j->loop) {
        sync_here(j);
        answer(j, false);
    } else {
        if (!j->workers) {
            j->workers = oc_workers_create(j->loop, 1);
        }
        begin_job(j);
    }
}

int oc_journal_commit(struct oc_journal *j, struct oc_error *err)
{
    int rc = join_job(j, err);
    rc = rc == OC_OK ? oc_journal_flush(j, err) : rc;
    if (rc == OC_OK && j->read_only) {
        answer(j, true);
        return oc_error_set(err, OC_E_DENIED, "the journal in %s is open for reading only", j->dir);
    }
    if (rc == OC_OK && j->flushed > j->synced) {
        sync_here(j);
        if (j->failing) {
            rc = OC_E_RETRY;
            if (err) {
                *err = j->why;
            }
        }
    }
    answer(j, j->failing);
    return rc;
}

/* ---- the end ---- */

static void close_files(struct oc_journal *j)
{
    for (size_t i = 0; i < j->old.count; i++) {
        close(j->old.items[i]);
    }
    OC_VEC_FINISH(&j->old);
    if (j->fd >= 0) {
        close(j->fd);
    }
    if (j->dir_fd >= 0) {
        close(j->dir_fd);
    }
}

void oc_journal_close(struct oc_journal *j)
{
    if (!j) {
        return;
    }
    j->loop = NULL;
    oc_timer_destroy(j->ready);
    if (oc_workers_destroy(j->workers, CLOSE_GRACE) > 0) { /* an fsync under way reports here */
        return;
    }
    j->workers = NULL;
    if (j->job) { /* it never began */
        run_job(j->job);
        on_job_done(j->job);
    }
    oc_journal_commit(j, NULL);
    answer(j, true);
    close_files(j);
    OC_VEC_FINISH(&j->segments);
    OC_VEC_FINISH(&j->waiters);
    oc_buf_finish(&j->out);
    free(j->dir);
    free(j);
}

/* ---- figures ---- */

uint32_t oc_journal_oldest(const struct oc_journal *j)
{
    return j->segments.count > 0 ? j->segments.items[0].number : j->next;
}

uint32_t oc_journal_newest(const struct oc_journal *j)
{
    return j->segments.count > 0 ? j->segments.items[j->segments.count - 1].number : 0;
}

uint32_t oc_journal_damaged(const struct oc_journal *j)
{
    return j->damaged >= oc_journal_oldest(j) ? j->damaged : 0;
}

size_t oc_journal_segments(const struct oc_journal *j)
{
    return j->segments.count;
}

uint64_t oc_journal_bytes(const struct oc_journal *j)
{
    uint64_t bytes = j->out.len;
    for (size_t i = 0; i < j->segments.count; i++) {
        bytes += j->segments.items[i].bytes;
    }
    return bytes;
}

uint64_t oc_journal_syncs(const struct oc_journal *j)
{
    return j->syncs;
}
