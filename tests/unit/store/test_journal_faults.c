/* The journal on a disk that fails or hangs: what is told to be on the disk is. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/store/journal.h"
#include "core/sys/file.h"

/* ---- the disk, and the threads that look at it ---- */

static struct {
    atomic_int fail_data, fail_folder; /* so many calls, the first ones: as the kernel tells it */
    atomic_int hang, gone;             /* so many calls hang; descriptors that were closed then */
    atomic_int calls;                  /* of fdatasync */
    atomic_bool no_threads, no_patience;
    sem_t called, go;
} disk;

static bool counts(atomic_int *left)
{
    return atomic_load(left) > 0 && atomic_fetch_sub(left, 1) > 0;
}

static int told(atomic_int *left, long number, int fd)
{
    int rc = 0;
    if (counts(left)) {
        errno = EIO;
        rc = -1;
    } else {
        rc = (int)syscall(number, fd);
    }
    sem_post(&disk.called);
    return rc;
}

int fdatasync(int fd)
{
    atomic_fetch_add(&disk.calls, 1);
    if (counts(&disk.hang)) {
        sem_post(&disk.called);
        sem_wait(&disk.go);
    }
    atomic_fetch_add(&disk.gone, fcntl(fd, F_GETFD) < 0);
    return told(&disk.fail_data, SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return told(&disk.fail_folder, SYS_fsync, fd);
}

int pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *), void *ctx)
{
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = NULL;
    *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    return disk.no_threads ? EAGAIN : create(id, attr, run, ctx);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                           const struct timespec *deadline)
{
    int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *) = NULL;
    *(void **)&wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return disk.no_patience ? ETIMEDOUT : wait(cond, lock, deadline);
}

/* ---- the kit ---- */

struct kit {
    char dir[64];
    struct oc_loop *loop;
    struct oc_journal *journal;
    int code;
};

static void on_record(void *ctx, uint32_t segment, unsigned type, const void *data, size_t len)
{
    (void)ctx, (void)segment, (void)type, (void)data, (void)len;
}

static void on_done(void *ctx, int code)
{
    struct kit *k = ctx;
    k->code = code;
}

static void open_journal(struct kit *k)
{
    struct oc_error err;
    oc_error_init(&err);
    k->code = 1;
    k->journal = oc_journal_open(k->dir, false, k->loop, on_record, k, &err);
    if (!k->journal) {
        fail_msg("%s", err.message);
    }
}

static int begin(void **state)
{
    struct kit *k = oc_calloc(1, sizeof *k);
    snprintf(k->dir, sizeof k->dir, "/tmp/oc-journal-XXXXXX");
    assert_non_null(mkdtemp(k->dir));
    memset(&disk, 0, sizeof disk);
    sem_init(&disk.called, 0, 0);
    sem_init(&disk.go, 0, 0);
    oc_log_set_level(-1);
    k->loop = oc_loop_create();
    open_journal(k);
    *state = k;
    return 0;
}

static int end(void **state)
{
    struct kit *k = *state;
    oc_journal_close(k->journal);
    oc_loop_destroy(k->loop);
    DIR *dir = opendir(k->dir);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char *path = oc_path_join(k->dir, e->d_name);
        unlink(path);
        free(path);
    }
    closedir(dir);
    rmdir(k->dir);
    sem_destroy(&disk.called);
    sem_destroy(&disk.go);
    oc_log_set_level(OC_LOG_INFO);
    free(k);
    return 0;
}

static void add(struct kit *k)
{
    oc_journal_add(k->journal, 1, "x", 1);
    assert_int_equal(oc_journal_flush(k->journal, NULL), OC_OK);
}

static void wait_for_answer(struct kit *k)
{
    while (k->code == 1) {
        oc_loop_step(k->loop, true);
    }
}

/* ---- tests ---- */

/* The loop has not heard of it yet, and whoever asks the kernel again is told that all is well. */
static void a_commit_knows_of_the_sync_under_way_that_failed(void **state)
{
    struct kit *k = *state;
    for (int folder = 0; folder < 2; folder++) {
        struct oc_error err;
        oc_error_init(&err);
        atomic_store(folder ? &disk.fail_folder : &disk.fail_data, 1);
        add(k);
        oc_journal_sync(k->journal, on_done, k);
        while (disk.fail_folder + disk.fail_data > 0) {
            sem_wait(&disk.called);
        }
        oc_journal_add(k->journal, 1, "y", 1);
        assert_int_equal(oc_journal_commit(k->journal, &err), OC_E_RETRY);
        assert_true(oc_journal_failing(k->journal, NULL));
        assert_non_null(strstr(err.message, "fsync failed"));
        wait_for_answer(k);
        assert_int_equal(k->code, OC_E_RETRY);
        assert_int_equal(oc_journal_restart(k->journal, NULL), OC_OK);
        oc_journal_add(k->journal, 1, "y", 1);
        assert_int_equal(oc_journal_commit(k->journal, NULL), OC_OK);
        oc_journal_close(k->journal);
        open_journal(k);
    }
}

/* The descriptor of the file that failed is closed by then, and its number taken again. */
static void begin_anew(void *ctx, int code)
{
    struct kit *k = ctx;
    k->code = code;
    assert_int_equal(oc_journal_restart(k->journal, NULL), OC_OK);
    add(k);
    assert_int_equal(oc_journal_commit(k->journal, NULL), OC_OK);
    for (int i = 0; i < 3; i++) {
        add(k);
        oc_journal_roll(k->journal);
    }
}

static void who_begins_anew_when_a_sync_has_failed_has_all_of_it_synced(void **state)
{
    struct kit *k = *state;
    atomic_store(&disk.fail_data, 1);
    add(k);
    oc_journal_sync(k->journal, begin_anew, k);
    wait_for_answer(k);
    assert_int_equal(k->code, OC_E_RETRY);
    atomic_store(&disk.calls, 0);
    assert_int_equal(oc_journal_commit(k->journal, NULL), OC_OK);
    assert_int_equal(disk.calls, 3); /* one for each segment */
}

/* What was added just before is not what the owner begins anew with. */
static void a_commit_fails_with_the_sync_under_way_though_all_is_begun_anew(void **state)
{
    struct kit *k = *state;
    atomic_store(&disk.fail_data, 1);
    add(k);
    oc_journal_sync(k->journal, begin_anew, k);
    oc_journal_add(k->journal, 1, "y", 1);
    assert_int_equal(oc_journal_commit(k->journal, NULL), OC_E_RETRY);
    assert_int_equal(k->code, OC_E_RETRY);
    assert_false(oc_journal_failing(k->journal, NULL));
}

static void a_commit_beside_a_sync_shares_what_that_has_done(void **state)
{
    struct kit *k = *state;
    add(k);
    oc_journal_sync(k->journal, on_done, k);
    assert_int_equal(oc_journal_commit(k->journal, NULL), OC_OK);
    assert_int_equal(oc_journal_syncs(k->journal), 1);
    assert_int_equal(k->code, OC_OK);
    add(k);
    oc_journal_sync(k->journal, on_done, k);
    oc_journal_add(k->journal, 1, "y", 1);
    assert_int_equal(oc_journal_commit(k->journal, NULL), OC_OK);
    assert_int_equal(oc_journal_syncs(k->journal), 3);
}

static void without_a_thread_a_commit_and_the_end_still_write(void **state)
{
    struct kit *k = *state;
    disk.no_threads = true;
    add(k);
    oc_journal_sync(k->journal, on_done, k);
    assert_int_equal(oc_journal_commit(k->journal, NULL), OC_OK);
    assert_int_equal(k->code, OC_OK);
    k->code = 1;
    add(k);
    oc_journal_sync(k->journal, on_done, k);
    oc_journal_close(k->journal);
    assert_int_equal(k->code, OC_OK);
    open_journal(k);
}

/* What a process does that has to leave with _exit. */
static int leave_one_that_hangs(struct kit *k)
{
    add(k);
    oc_journal_roll(k->journal);
    add(k);
    atomic_store(&disk.hang, 1);
    oc_journal_sync(k->journal, on_done, k);
    sem_wait(&disk.called);
    disk.no_patience = true;
    oc_journal_close(k->journal);
    const bool answered = k->code != 1;
    sem_post(&disk.go);
    sem_wait(&disk.called); /* one file, the other, the folder */
    sem_wait(&disk.called);
    sem_wait(&disk.called);
    return answered ? 1 : disk.gone > 0 ? 2 : 0;
}

static void a_sync_that_hangs_keeps_its_files_when_the_journal_is_closed(void **state)
{
    struct kit *k = *state;
    int status = -1;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        _exit(leave_one_that_hangs(k));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define KIT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT(a_commit_knows_of_the_sync_under_way_that_failed),
        KIT(who_begins_anew_when_a_sync_has_failed_has_all_of_it_synced),
        KIT(a_commit_fails_with_the_sync_under_way_though_all_is_begun_anew),
        KIT(a_commit_beside_a_sync_shares_what_that_has_done),
        KIT(without_a_thread_a_commit_and_the_end_still_write),
        KIT(a_sync_that_hangs_keeps_its_files_when_the_journal_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
