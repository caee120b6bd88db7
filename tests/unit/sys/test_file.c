/* Tests of core/sys/file.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/sys/file.h"

static char dir[64];

static int create(void **state)
{
    (void)state;
    oc_copy(dir, sizeof dir, "/tmp/oc-file-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int destroy(void **state)
{
    (void)state;
    char *command = oc_asprintf("rm -rf '%s'", dir);
    int rc = system(command);
    free(command);
    return rc;
}

static char *in_dir(const char *name)
{
    return oc_path_join(dir, name);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    char *path = in_dir("data");
    struct oc_buf out = {0};
    struct stat st;
    oc_buf_adds(&out, "before:");
    assert_int_equal(oc_file_write(path, "a\0b", 3, 0640, NULL), 0);
    assert_int_equal(oc_file_read(path, 3, &out, NULL), 0);
    assert_int_equal(out.len, 10);
    assert_memory_equal(out.data, "before:a\0b", 11);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(oc_file_write(path, NULL, 0, 0600, NULL), 0); /* replaces, mode included */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    oc_buf_finish(&out);
    free(path);
}

static void a_file_that_is_there_is_not_created_again(void **state)
{
    (void)state;
    char *path = in_dir("once");
    struct oc_buf out = {0};
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_file_create(path, "first", 5, 0600, &err), OC_OK);
    assert_int_equal(oc_file_create(path, "second", 6, 0600, &err), OC_E_CONFLICT);
    assert_int_equal(oc_file_read(path, 10, &out, NULL), 0);
    assert_string_equal(out.data, "first");
    oc_buf_finish(&out);
    free(path);
    path = in_dir("none/once");
    assert_int_not_equal(oc_file_create(path, "x", 1, 0600, &err), OC_OK);
    free(path);
}

static void a_file_larger_than_the_limit_is_refused(void **state)
{
    (void)state;
    char *path = in_dir("large");
    struct oc_buf out = {0};
    struct oc_error err;
    char *data = oc_calloc(1, 200000);
    oc_buf_adds(&out, "kept");
    assert_int_equal(oc_file_write(path, data, 200000, 0600, NULL), 0);
    assert_int_equal(oc_file_read(path, 199999, &out, &err), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "199999"));
    assert_string_equal(out.data, "kept");
    assert_int_equal(oc_file_read(path, 200000, &out, &err), 0);
    assert_int_equal(out.len, 200004);
    oc_buf_finish(&out);
    free(data);
    free(path);
}

static void files_that_hide_their_size_are_limited_too(void **state)
{
    (void)state;
    struct oc_buf out = {0};
    assert_int_equal(oc_file_read("/proc/self/status", 1 << 20, &out, NULL), 0);
    assert_true(out.len > 100);
    oc_buf_clear(&out);
    assert_int_equal(oc_file_read("/proc/self/status", 10, &out, NULL), OC_E_CONFIG);
    assert_int_equal(out.len, 0);
    oc_buf_finish(&out);
}

static void what_is_no_readable_file_is_refused(void **state)
{
    (void)state;
    struct oc_buf out = {0};
    struct oc_error err;
    char *none = in_dir("none"), *fifo = in_dir("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(oc_file_read(none, 100, &out, &err), OC_E_NOT_FOUND);
    assert_non_null(strstr(err.message, none));
    assert_int_equal(oc_file_read(dir, 100, &out, &err), OC_E_CONFIG);
    assert_int_equal(oc_file_read(fifo, 100, &out, &err),
                     OC_E_CONFIG); /* and without waiting for a writer */
    assert_int_equal(oc_file_read("/dev/zero", 100, &out, &err), OC_E_CONFIG);
    assert_null(out.data);
    free(none);
    free(fifo);
}

static void a_file_without_permission_is_denied(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        skip(); /* root may read everything */
    }
    struct oc_buf out = {0};
    char *path = in_dir("secret");
    assert_int_equal(oc_file_write(path, "x", 1, 0, NULL), 0);
    assert_int_equal(oc_file_read(path, 100, &out, NULL), OC_E_DENIED);
    free(path);
}

static void a_failed_write_leaves_the_old_file_and_no_other(void **state)
{
    (void)state;
    struct oc_error err;
    char *folder = in_dir("folder"), *below = in_dir("folder/x"), *nowhere = in_dir("none/file");
    assert_int_equal(oc_dir_make(below, 0700, NULL), 0);
    assert_int_not_equal(oc_file_write(folder, "x", 1, 0600, &err),
                         0); /* rename over a full folder */
    assert_non_null(strstr(err.message, folder));
    assert_int_equal(oc_file_write(nowhere, "x", 1, 0600, &err), OC_E_NOT_FOUND);
    assert_int_equal(rmdir(below), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(dir), 0); /* empty: no temporary file was left */
    assert_int_equal(mkdir(dir, 0700), 0);
    free(folder);
    free(below);
    free(nowhere);
}

static const struct stat *stat_of(const char *path)
{
    static struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return &st;
}

static void what_root_writes_anew_stays_its_owners(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip(); /* nobody else may give a file away */
    }
    char *path = in_dir("theirs");
    assert_int_equal(oc_file_write(path, "a", 1, 0640, NULL), 0);
    assert_int_equal(chown(path, 4711, 4712), 0);
    assert_int_equal(oc_file_rewrite(path, "b", 1, 0640, NULL), 0);
    assert_int_equal(stat_of(path)->st_uid, 4711);
    assert_int_equal(stat_of(path)->st_gid, 4712);
    assert_int_equal(stat_of(path)->st_mode & 0777, 0640);

    assert_int_equal(chown(dir, 0, 4712), 0);
    assert_int_equal(chmod(dir, 0770), 0); /* those of its group may put it there */
    assert_int_equal(oc_file_rewrite(path, "c", 1, 0600, NULL), 0);
    assert_int_equal(stat_of(path)->st_uid, 4711);
    free(path);
}

static void nobody_is_given_a_file_for_having_put_one_there(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    static const struct {
        uid_t uid;
        gid_t gid;
        mode_t mode;
    } folders[] = {{0, 0, 01777}, {0, 4713, 0770}, {4713, 0, 0700}};
    char *path = in_dir("planted");
    for (size_t i = 0; i < OC_COUNT(folders); i++) {
        assert_int_equal(oc_file_write(path, "a", 1, 0600, NULL), 0);
        assert_int_equal(chown(path, 4711, 4712), 0);
        assert_int_equal(chown(dir, folders[i].uid, folders[i].gid), 0);
        assert_int_equal(chmod(dir, folders[i].mode), 0);
        assert_int_equal(oc_file_rewrite(path, "secret", 6, 0600, NULL), 0);
        assert_int_equal(stat_of(path)->st_uid, 0);
    }
    free(path);
}

static void devices_are_not_replaced(void **state)
{
    (void)state;
    struct oc_error err;
    struct stat before, after;
    char *link = in_dir("null"), *fifo = in_dir("fifo");
    assert_int_equal(symlink("/dev/null", link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(lstat(link, &before), 0);
    oc_error_init(&err);
    assert_int_equal(oc_file_write(link, "x", 1, 0600, &err), OC_E_CONFIG);
    assert_int_equal(oc_file_replaceable("/dev/null", &err), OC_E_CONFIG);
    assert_int_equal(lstat(link, &after), 0);
    assert_true(before.st_ino == after.st_ino);
    assert_int_equal(oc_file_write(fifo, "x", 1, 0600, &err), OC_OK); /* debris heals */
    free(fifo);
    free(link);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    struct stat st;
    struct oc_error err;
    char *path = in_dir("a/b//c"), *file = in_dir("file"), *below = in_dir("file/x"),
         *slash = in_dir("s/");
    assert_int_equal(oc_dir_make(path, 0700, NULL), 0);
    assert_int_equal(oc_dir_make(path, 0700, NULL), 0);
    assert_int_equal(oc_dir_make(slash, 0700, NULL), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(oc_file_write(file, "x", 1, 0600, NULL), 0);
    assert_int_equal(oc_dir_make(file, 0700, &err), OC_E_CONFLICT);
    assert_int_equal(oc_dir_make(below, 0700, &err), OC_E_CONFLICT);
    assert_int_equal(oc_dir_make("/proc/none/x", 0700, NULL), OC_E_NOT_FOUND);
    assert_int_equal(oc_dir_make("/", 0700, NULL), 0);
    free(path);
    free(file);
    free(below);
    free(slash);
}

static void existence_is_seen(void **state)
{
    (void)state;
    char *none = in_dir("none");
    assert_true(oc_file_exists(dir));
    assert_false(oc_file_exists(none));
    free(none);
}

static void descriptors_are_written_whole(void **state)
{
    (void)state;
    int fds[2];
    char got[4];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(oc_fd_write_all(fds[1], "1234", 4), 0);
    assert_int_equal(read(fds[0], got, 4), 4);
    assert_memory_equal(got, "1234", 4);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(oc_fd_write_all(fds[1], "x", 1), -EBADF);
}

static void *drain(void *arg)
{
    int fd = *(int *)arg;
    char chunk[4096];
    size_t *total = oc_calloc(1, sizeof *total);
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0) {
        *total += (size_t)n;
    }
    return total;
}

static void writing_to_a_full_pipe_waits_for_room(void **state)
{
    (void)state;
    int fds[2];
    pthread_t thread;
    void *total;
    char *data = oc_calloc(1, 1 << 20);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&thread, NULL, drain, &fds[0]), 0);
    assert_int_equal(oc_fd_write_all(fds[1], data, 1 << 20), 0);
    close(fds[1]);
    pthread_join(thread, &total);
    assert_int_equal(*(size_t *)total, 1 << 20);
    close(fds[0]);
    free(total);
    free(data);
}

#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(what_is_written_is_read_back),
        FILE_TEST(a_file_that_is_there_is_not_created_again),
        FILE_TEST(a_file_larger_than_the_limit_is_refused),
        FILE_TEST(files_that_hide_their_size_are_limited_too),
        FILE_TEST(what_is_no_readable_file_is_refused),
        FILE_TEST(a_file_without_permission_is_denied),
        FILE_TEST(a_failed_write_leaves_the_old_file_and_no_other),
        FILE_TEST(what_root_writes_anew_stays_its_owners),
        FILE_TEST(nobody_is_given_a_file_for_having_put_one_there),
        FILE_TEST(devices_are_not_replaced),
        FILE_TEST(folders_are_made_with_their_parents),
        FILE_TEST(existence_is_seen),
        FILE_TEST(writing_to_a_full_pipe_waits_for_room),
        FILE_TEST(descriptors_are_written_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
