/* Tests of core/service/export/queue.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/service/export/queue.h"
#include "core/sys/file.h"

static char dir[64];
static struct oc_export_queue q;

static int make(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/openclaw-queue-XXXXXX");
    assert_non_null(mkdtemp(dir));
    oc_export_queue_init(&q, dir);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    while (q.list.count) {
        oc_export_queue_remove(&q, 0);
    }
    oc_export_queue_finish(&q);
    rmdir(dir);
    return 0;
}

static void push(const char *text, uint64_t samples)
{
    struct oc_buf data = {0};
    oc_buf_adds(&data, text);
    oc_export_queue_push(&q, &data, samples);
}

static void expect_oldest(const char *text)
{
    struct oc_buf data = {0};
    assert_int_equal(oc_export_queue_peek(&q, &data, NULL), OC_OK);
    assert_string_equal(data.data, text);
    oc_buf_finish(&data);
}

static void batches_come_out_in_the_order_they_came_in(void **state)
{
    (void)state;
    push("one", 1);
    push("two", 2);
    assert_int_equal(q.samples, 3);
    assert_int_equal(q.bytes, 6);
    expect_oldest("one");
    assert_int_equal(oc_export_queue_remove(&q, 0), 1);
    expect_oldest("two");
    assert_int_equal(oc_export_queue_remove(&q, 0), 2);
    assert_int_equal(q.bytes, 0);
}

static void what_waits_is_there_again_after_a_restart(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        push(text, 10);
    }
    oc_export_queue_remove(&q, 0);
    oc_export_queue_finish(&q);
    oc_export_queue_init(&q, dir);
    assert_int_equal(q.list.count, 11);
    assert_int_equal(q.samples, 110);
    expect_oldest("1");
    push("last", 1);
    assert_int_equal(q.list.items[11].seq, 12);
}

static void files_of_others_are_left_alone(void **state)
{
    static const char *const names[] = {"readme", "1.batch", "x-1.batch", "1-2.batch.tmp",
                                        "1-.batch"};
    char path[128];
    (void)state;
    oc_export_queue_finish(&q);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(oc_file_write(path, "x", 1, 0600, NULL), OC_OK);
    }
    oc_export_queue_init(&q, dir);
    assert_int_equal(q.list.count, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(unlink(path), 0);
    }
}

static void a_file_that_somebody_took_away_is_said(void **state)
{
    char path[128];
    struct oc_buf data = {0};
    struct oc_error err;
    (void)state;
    oc_error_init(&err);
    push("one", 1);
    snprintf(path, sizeof path, "%s/%016d-1.batch", dir, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_not_equal(oc_export_queue_peek(&q, &data, &err), OC_OK);
    oc_buf_finish(&data);
}

static void without_a_disk_batches_stay_in_memory(void **state)
{
    (void)state;
    free(q.dir);
    q.dir = strdup("/proc/nowhere");
    push("kept", 4);
    assert_true(q.failing);
    expect_oldest("kept");
    assert_int_equal(oc_export_queue_remove(&q, 0), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(batches_come_out_in_the_order_they_came_in, make, drop),
        cmocka_unit_test_setup_teardown(what_waits_is_there_again_after_a_restart, make, drop),
        cmocka_unit_test_setup_teardown(files_of_others_are_left_alone, make, drop),
        cmocka_unit_test_setup_teardown(a_file_that_somebody_took_away_is_said, make, drop),
        cmocka_unit_test_setup_teardown(without_a_disk_batches_stay_in_memory, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
