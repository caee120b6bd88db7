/* The system collector on known trees and on this machine. SPDX-License-Identifier: MIT */
#include "test_system.h"

static void memory_is_what_is_not_available(void **state)
{
    struct tree *f = *state;
    collect(f);
    assert_value(f, "system.memory_percent", NULL, NULL, 75);
    assert_value(f, "system.memory_bytes", "kind", "total", 1000 * 1024);
    assert_value(f, "system.memory_bytes", "kind", "used", 750 * 1024);
    assert_value(f, "system.memory_bytes", "kind", "available", 250 * 1024);
    assert_value(f, "system.memory_bytes", "kind", "free", 100 * 1024);
    assert_value(f, "system.memory_bytes", "kind", "buffers", 20 * 1024);
    assert_value(f, "system.memory_bytes", "kind", "cached", 160 * 1024);
    assert_value(f, "system.swap_percent", NULL, NULL, 25);
    assert_value(f, "system.swap_bytes", "kind", "used", 100 * 1024);
}

static void an_old_kernel_without_available_memory_gets_an_estimate(void **state)
{
    struct tree *f = *state;
    put(f, "proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 100 kB\nCached: 300 kB\n");
    collect(f);
    assert_value(f, "system.memory_percent", NULL, NULL, 50);
    assert_no_sample(f, "system.swap_percent");
}

static void the_small_files_are_read(void **state)
{
    struct tree *f = *state;
    put(f, "proc/pressure/io",
        "some avg10=1.25 avg60=0.75 avg300=0.23 total=5\nfull avg10=0.50 avg60=0 avg300=0 "
        "total=4\n");
    collect(f);
    assert_value(f, "system.load1", NULL, NULL, 0.08);
    assert_value(f, "system.load5", NULL, NULL, 1.5);
    assert_value(f, "system.load15", NULL, NULL, 12.25);
    assert_value(f, "system.threads", NULL, NULL, 95);
    assert_value(f, "system.uptime_seconds", NULL, NULL, 100);
    assert_value(f, "system.fds_open", NULL, NULL, 500);
    assert_value(f, "system.fds_max", NULL, NULL, 2000);
    assert_value(f, "system.fds_percent", NULL, NULL, 25);
    const char *some[] = {"resource", "io", "kind", "some", NULL};
    const char *full[] = {"resource", "io", "kind", "full", NULL};
    assert_float_equal(oc_test_sample_with(f->t, "system.pressure_percent", some), 1.25, 0.001);
    assert_float_equal(oc_test_sample_with(f->t, "system.pressure_percent", full), 0.5, 0.001);
    assert_int_equal(oc_test_samples(f->t, "system.pressure_percent"), 2);
}

static void cpu_is_a_difference_and_not_since_boot(void **state)
{
    struct tree *f = *state;
    collect(f);
    assert_no_sample(f, "system.cpu_percent"); /* nothing passed between start and the first call */
    put_stat(f, 1030, 1010, 8040, 15, 5);
    collect(f);
    assert_value(f, "system.cpu_percent", NULL, NULL, 45);
    assert_value(f, "system.cpu_mode_percent", "mode", "user", 30);
    assert_value(f, "system.cpu_mode_percent", "mode", "system", 10);
    assert_value(f, "system.cpu_mode_percent", "mode", "iowait", 15);
    assert_value(f, "system.cpu_mode_percent", "mode", "steal", 5);
    assert_value(f, "system.core_percent", "core", "0", 60);
    assert_value(f, "system.core_percent", "core", "1", 33.3);
}

static void the_first_call_compares_with_the_reading_of_start(void **state)
{
    struct tree *f = *state;
    assert_int_equal(oc_test_start(f->t), OC_OK);
    put_stat(f, 1001, 1000, 8001, 0, 0);
    collect(f);
    assert_value(f, "system.cpu_percent", NULL, NULL, 50);
    assert_no_sample(f, "system.cpu_mode_percent"); /* two ticks are too few for shares */
    assert_no_sample(f, "system.core_percent");
    assert_true(oc_test_took_ms(f->t) < 2000);
}

static void counters_of_the_processor_that_step_back_do_no_harm(void **state)
{
    struct tree *f = *state;
    put_stat(f, 1000, 1000, 8000, 500, 0);
    collect(f);
    put_stat(f, 1050, 1000, 8050, 100, 0);
    collect(f);
    assert_value(f, "system.cpu_percent", NULL, NULL, 50);
    assert_value(f, "system.cpu_mode_percent", "mode", "iowait", 0);
}

static void cores_are_left_out_on_request(void **state)
{
    struct tree *f = *state;
    oc_test_option(f->t, "per_core", "false");
    collect(f);
    put_stat(f, 1100, 1000, 8100, 0, 0);
    collect(f);
    assert_value(f, "system.cpu_percent", NULL, NULL, 50);
    assert_no_sample(f, "system.core_percent");
}

static void put_processes(struct tree *f)
{
    put(f, "proc/1/stat", "1 (init) S 0 1 1\n");
    put(f, "proc/20/stat", "20 (a) b) R 1) Z 1 1 1\n"); /* a name made to mislead */
    put(f, "proc/21/stat", "21 (x) R 1 1 1\n");
    put(f, "proc/22/stat", "22 (x) D 1 1 1\n");
    put(f, "proc/23/stat", "23 (kworker) I 1 1 1\n");
    put(f, "proc/24/status", "no stat: ended while we looked\n");
    put(f, "proc/fs/x", "not a process\n");
}

static void processes_are_counted_cheaply_by_default(void **state)
{
    struct tree *f = *state;
    put_processes(f);
    collect(f);
    assert_value(f, "system.processes", "state", "total", 6);
    assert_value(f, "system.processes", "state", "running", 3); /* of proc/stat */
    assert_value(f, "system.processes", "state", "blocked", 2);
    assert_true(isnan(oc_test_sample(f->t, "system.processes", "state", "zombie")));
}

static void states_of_processes_are_read_on_request(void **state)
{
    struct tree *f = *state;
    put_processes(f);
    oc_test_option(f->t, "processes", "states");
    collect(f);
    assert_value(f, "system.processes", "state", "total", 6);
    assert_value(f, "system.processes", "state", "running", 1);
    assert_value(f, "system.processes", "state", "sleeping", 2);
    assert_value(f, "system.processes", "state", "blocked", 1);
    assert_value(f, "system.processes", "state", "zombie", 1);
    assert_value(f, "system.processes", "state", "stopped", 0);
}

static void limits_of_version_2_come_from_the_nearest_group_that_has_them(void **state)
{
    struct tree *f = *state;
    put(f, "proc/self/cgroup", "0::/a/b\n");
    put(f, "sys/fs/cgroup/a/b/memory.max", "max\n");
    put(f, "sys/fs/cgroup/a/memory.max", "1000\n");
    put(f, "sys/fs/cgroup/a/memory.current", "700\n");
    put(f, "sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 200\n");
    put(f, "sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
    put(f, "sys/fs/cgroup/a/b/cpu.stat", "usage_usec 1000000\nnr_periods 10\nnr_throttled 1\n");
    collect(f);
    assert_value(f, "system.cgroup_memory_limit_bytes", NULL, NULL, 1000);
    assert_value(f, "system.cgroup_memory_used_bytes", NULL, NULL, 500);
    assert_value(f, "system.cgroup_memory_percent", NULL, NULL, 50);
    assert_value(f, "system.cgroup_cpu_limit_cores", NULL, NULL, 0.5);
    assert_no_sample(f, "system.cgroup_cpu_percent");
    put(f, "proc/uptime", "110.00 50.00\n");
    put(f, "sys/fs/cgroup/a/b/cpu.stat", "usage_usec 2000000\nnr_periods 30\nnr_throttled 6\n");
    collect(f);
    assert_value(f, "system.cgroup_cpu_percent", NULL, NULL, 20);
    assert_value(f, "system.cgroup_throttled_percent", NULL, NULL, 25);
}

static void limits_of_version_1_are_found_at_the_top_of_a_container(void **state)
{
    struct tree *f = *state;
    put(f, "proc/self/cgroup", "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n0::/\n");
    put(f, "sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n");
    put(f, "sys/fs/cgroup/memory/memory.usage_in_bytes", "900\n");
    put(f, "sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 100\n");
    put(f, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
    put(f, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put(f, "sys/fs/cgroup/cpu/cpu.stat", "nr_periods 10\nnr_throttled 0\n");
    put(f, "sys/fs/cgroup/cpuacct/cpuacct.usage", "1000000000\n");
    collect(f);
    assert_value(f, "system.cgroup_memory_percent", NULL, NULL, 80);
    assert_value(f, "system.cgroup_cpu_limit_cores", NULL, NULL, 2);
    put(f, "proc/uptime", "110.00 50.00\n");
    put(f, "sys/fs/cgroup/cpuacct/cpuacct.usage", "11000000000\n");
    collect(f);
    assert_value(f, "system.cgroup_cpu_percent", NULL, NULL, 50);
}

static void without_limits_nothing_is_said_about_groups(void **state)
{
    struct tree *f = *state;
    put(f, "proc/self/cgroup", "4:memory:/\n3:cpu,cpuacct:/\n0::/\n");
    put(f, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put(f, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put(f, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    collect(f);
    assert_no_sample(f, "system.cgroup_memory_limit_bytes");
    assert_no_sample(f, "system.cgroup_cpu_limit_cores");
}

static void the_status_sums_up_and_does_not_judge(void **state)
{
    struct tree *f = *state;
    collect(f);
    put_stat(f, 1100, 1000, 8100, 0, 0);
    collect(f);
    assert_int_equal(oc_test_status(f->t, ""), OC_STATE_OK);
    assert_string_equal(oc_test_status_text(f->t, ""), "cpu 50.0 %, memory 75.0 %");
}

static void files_that_are_missing_leave_their_samples_out(void **state)
{
    struct tree *f = *state;
    char path[128];
    const char *gone[] = {"proc/loadavg", "proc/sys/fs/file-nr", "proc/net/dev", "proc/diskstats",
                          "proc/uptime"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        snprintf(path, sizeof path, "%s/%s", f->dir, gone[i]);
        assert_int_equal(unlink(path), 0);
    }
    collect(f);
    assert_no_sample(f, "system.load1");
    assert_value(f, "system.memory_percent", NULL, NULL, 75);
    assert_int_equal(oc_test_status(f->t, ""), OC_STATE_OK);
}

static void without_memory_figures_the_status_is_unknown(void **state)
{
    struct tree *f = *state;
    put(f, "proc/meminfo", "");
    collect(f);
    assert_int_equal(oc_test_status(f->t, ""), OC_STATE_UNKNOWN);
}

static void a_tree_without_figures_is_an_error(void **state)
{
    struct tree *f = *state;
    put(f, "proc/meminfo", "nonsense\n\n:::\n");
    put(f, "proc/stat", "\n\nnonsense");
    assert_int_equal(oc_test_start(f->t), OC_OK);
    assert_int_equal(oc_test_call(f->t, COLLECT, NULL, 5000), OC_E_UNSUPPORTED);
}

static void a_root_that_is_not_there_is_refused(void **state)
{
    struct tree *f = *state;
    oc_test_option(f->t, "root", "/nonexistent");
    assert_int_equal(oc_test_start(f->t), OC_E_CONFIG);
    assert_non_null(strstr(oc_test_error(f->t)->message, "/nonexistent"));
}

static void garbage_and_huge_numbers_are_survived(void **state)
{
    struct tree *f = *state;
    collect(f);
    put(f, "proc/stat", "cpu  99999999999999999999999999 1\ncpu4294967296 1 2 3\ncpu\ncpuX\ncpu ");
    put(f, "proc/net/dev", "a-name-that-is-much-longer-than-any-interface-may-have: 1 1\n:\neth0:");
    put(f, "proc/diskstats", "254 0 vda\n254\n\n");
    put(f, "proc/1/mountinfo", "- - - - -\n1 2 3:4 / /\\0 rw - \n1 1 1:1 / /\\777\\ rw - xfs\n");
    put(f, "proc/uptime", "x");
    put(f, "proc/loadavg", "1");
    collect(f);
}

static void this_machine_is_measured(void **state)
{
    struct tree *f = *state;
    oc_test_option(f->t, "root", "/");
    collect(f);
    collect(f);
    /* counted twice, by listing and by links; other processes come and go meanwhile */
    double processes = oc_test_sample(f->t, "system.processes", "state", "total");
    collect(f);
    assert_true(fabs(oc_test_sample(f->t, "system.processes", "state", "total") - processes) < 50);
    double memory = oc_test_sample(f->t, "system.memory_percent", NULL, NULL);
    assert_true(memory > 0 && memory < 100);
    assert_true(oc_test_sample(f->t, "system.processes", "state", "total") >= 1);
    assert_int_equal(oc_test_status(f->t, ""), OC_STATE_OK);
}

static void a_full_sink_ends_the_call(void **state)
{
    struct tree *f = *state;
    assert_int_equal(oc_test_start(f->t), OC_OK);
    oc_test_record_limit(f->t, 3);
    assert_int_equal(oc_test_call(f->t, COLLECT, NULL, 5000), OC_E_PERMANENT);
    assert_int_equal(oc_test_count(f->t, 0), 3);
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(memory_is_what_is_not_available),
        t(an_old_kernel_without_available_memory_gets_an_estimate),
        t(the_small_files_are_read),
        t(cpu_is_a_difference_and_not_since_boot),
        t(the_first_call_compares_with_the_reading_of_start),
        t(counters_of_the_processor_that_step_back_do_no_harm),
        t(cores_are_left_out_on_request),
        t(processes_are_counted_cheaply_by_default),
        t(states_of_processes_are_read_on_request),
        t(limits_of_version_2_come_from_the_nearest_group_that_has_them),
        t(limits_of_version_1_are_found_at_the_top_of_a_container),
        t(without_limits_nothing_is_said_about_groups),
        t(the_status_sums_up_and_does_not_judge),
        t(files_that_are_missing_leave_their_samples_out),
        t(without_memory_figures_the_status_is_unknown),
        t(a_tree_without_figures_is_an_error),
        t(a_root_that_is_not_there_is_refused),
        t(garbage_and_huge_numbers_are_survived),
        t(this_machine_is_measured),
        t(a_full_sink_ends_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
