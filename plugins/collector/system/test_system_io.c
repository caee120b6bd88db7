/* Networks, disks and file systems as the system collector reads them. SPDX-License-Identifier: MIT */
#include "test_system.h"

static void network_columns_are_errors_then_drops(void **state)
{
    struct tree *f = *state;
    collect(f);
    assert_value(f, "system.network_rx_bytes_total", "interface", "eth0", 1000);
    assert_value(f, "system.network_rx_packets_total", "interface", "eth0", 50);
    assert_value(f, "system.network_rx_errors_total", "interface", "eth0", 3);
    assert_value(f, "system.network_rx_drops_total", "interface", "eth0", 4);
    assert_value(f, "system.network_tx_bytes_total", "interface", "eth0", 2000);
    assert_value(f, "system.network_tx_packets_total", "interface", "eth0", 60);
    assert_value(f, "system.network_tx_errors_total", "interface", "eth0", 5);
    assert_value(f, "system.network_tx_drops_total", "interface", "eth0", 6);
    assert_int_equal(oc_test_samples(f->t, "system.network_rx_bytes_total"),
                     1); /* no lo, no ifb0 */
}

static void an_interface_that_tells_its_speed_has_a_share_in_use(void **state)
{
    struct tree *f = *state;
    put(f, "sys/class/net/eth0/speed", "10\n"); /* megabits a second: 1.25 MB */
    collect(f);
    assert_no_sample(f, "system.network_percent");
    put(f, "proc/uptime", "110.00 50.00\n");
    put_net(f, "6251000", "4000");
    collect(f);
    assert_value(f, "system.network_percent", "interface", "eth0", 50);
}

static void rates_need_two_calls_and_the_time_between_them(void **state)
{
    struct tree *f = *state;
    collect(f);
    assert_no_sample(f, "system.network_rx_bytes_per_second");
    assert_no_sample(f, "system.disk_read_bytes_per_second");
    put(f, "proc/uptime", "110.00 50.00\n");
    put_net(f, "6000", "4000");
    put_disk(f, 150, 3000, 3000);
    collect(f);
    assert_value(f, "system.network_rx_bytes_per_second", "interface", "eth0", 500);
    assert_value(f, "system.network_tx_bytes_per_second", "interface", "eth0", 200);
    assert_value(f, "system.network_rx_packets_per_second", "interface", "eth0", 0);
    assert_no_sample(f, "system.network_percent"); /* nobody says how fast it is */
    assert_value(f, "system.disk_read_bytes_per_second", "device", "vda", 2000 * 512 / 10);
    assert_value(f, "system.disk_write_bytes_per_second", "device", "vda", 0);
    assert_value(f, "system.disk_reads_per_second", "device", "vda", 5);
    assert_value(f, "system.disk_busy_percent", "device", "vda", 25);
    assert_int_equal(oc_test_samples(f->t, "system.disk_reads_per_second"), 1); /* no loop0, vda1 */
}

static void a_counter_that_restarted_has_no_rate(void **state)
{
    struct tree *f = *state;
    put_net(f, "18446744073709551000", "2000");
    collect(f);
    put(f, "proc/uptime", "110.00 50.00\n");
    put_net(f, "500", "3000");
    collect(f);
    assert_value(f, "system.network_rx_bytes_per_second", "interface", "eth0", 0);
    assert_value(f, "system.network_tx_bytes_per_second", "interface", "eth0", 100);
}

static void busy_time_wraps_at_32_bits(void **state)
{
    struct tree *f = *state;
    put_disk(f, 100, 1000, 4294967000ul);
    collect(f);
    put(f, "proc/uptime", "110.00 50.00\n");
    put_disk(f, 100, 1000, 704);
    collect(f);
    assert_value(f, "system.disk_busy_percent", "device", "vda", 10);
}

static void an_interface_that_was_away_has_no_rate_on_its_return(void **state)
{
    struct tree *f = *state;
    collect(f);
    put(f, "proc/uptime", "110.00 50.00\n");
    put(f, "proc/net/dev", "eth1: 10 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0\n");
    collect(f);
    assert_value(f, "system.network_rx_bytes_total", "interface", "eth1", 10);
    put(f, "proc/uptime", "120.00 50.00\n");
    put_net(f, "9000", "9000");
    collect(f);
    assert_no_sample(f, "system.network_rx_bytes_per_second");
    assert_value(f, "system.network_rx_bytes_total", "interface", "eth0", 9000);
}

static void interfaces_are_chosen_by_pattern(void **state)
{
    struct tree *f = *state;
    oc_test_option(f->t, "interfaces", "[\"l*\"]");
    collect(f);
    assert_value(f, "system.network_rx_bytes_total", "interface", "lo", 100);
    assert_int_equal(oc_test_samples(f->t, "system.network_rx_bytes_total"), 1);
}

static void a_clock_that_stands_still_gives_no_rates(void **state)
{
    struct tree *f = *state;
    collect(f);
    put_net(f, "6000", "4000");
    collect(f);
    assert_no_sample(f, "system.network_rx_bytes_per_second");
}

static bool has_mount(struct tree *f, const char *mount)
{
    return !isnan(oc_test_sample(f->t, "system.disk_percent", "mount", mount));
}

static void a_file_system_is_measured_once_and_network_ones_are_not(void **state)
{
    struct tree *f = *state;
    put(f, "data/x", "");
    put(f, "with blank/x", "");
    put(f, "bind/x", "");
    put(f, "nfs/x", "");
    put(f, "proc/1/mountinfo",
        "1 0 254:0 / / rw - ext4 /dev/vda rw\n"
        "2 1 254:0 /var /bind rw - ext4 /dev/vda rw\n"
        "3 1 8:1 /sub /with\\040blank rw shared:1 - xfs /dev/sda1 rw\n"
        "4 1 8:1 / /data rw shared:1 master:2 - xfs /dev/sda1 rw\n"
        "5 1 0:40 / /nfs rw - nfs4 server:/x rw\n"
        "6 1 0:5 / /proc rw - proc proc rw\n"
        "broken\n");
    collect(f);
    assert_int_equal(oc_test_samples(f->t, "system.disk_percent"), 2);
    assert_true(has_mount(f, "/"));
    assert_true(has_mount(f, "/data"));
    struct statvfs fs;
    assert_int_equal(statvfs(f->dir, &fs), 0);
    const char *total[] = {"mount", "/", "kind", "total", NULL};
    assert_true(oc_test_sample_with(f->t, "system.disk_bytes", total) ==
                (double)fs.f_blocks * (double)fs.f_frsize);
}

static void what_is_mounted_over_a_mount_point_hides_it(void **state)
{
    struct tree *f = *state;
    put(f, "data/x", "");
    put(f, "proc/1/mountinfo",
        "2 1 8:1 / /data rw - xfs /dev/sda1 rw\n"
        "3 1 0:9 / /data rw - tmpfs tmpfs rw\n");
    collect(f);
    assert_no_sample(f, "system.disk_percent");
}

static void named_mounts_are_measured_whatever_they_are(void **state)
{
    struct tree *f = *state;
    put(f, "nfs/x", "");
    put(f, "proc/1/mountinfo",
        "1 0 254:0 / / rw - ext4 /dev/vda rw\n"
        "5 1 0:40 / /nfs rw - nfs4 server:/x rw\n");
    oc_test_option(f->t, "mounts", "[\"/nfs\"]");
    collect(f);
    assert_int_equal(oc_test_samples(f->t, "system.disk_percent"), 1);
    assert_true(has_mount(f, "/nfs"));
}

static void network_file_systems_are_measured_on_request(void **state)
{
    struct tree *f = *state;
    put(f, "nfs/x", "");
    put(f, "proc/1/mountinfo", "5 1 0:40 / /nfs rw - nfs4 server:/x rw\n");
    oc_test_option(f->t, "network_filesystems", "true");
    collect(f);
    assert_true(has_mount(f, "/nfs"));
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(network_columns_are_errors_then_drops),
        t(an_interface_that_tells_its_speed_has_a_share_in_use),
        t(rates_need_two_calls_and_the_time_between_them),
        t(a_counter_that_restarted_has_no_rate),
        t(busy_time_wraps_at_32_bits),
        t(an_interface_that_was_away_has_no_rate_on_its_return),
        t(interfaces_are_chosen_by_pattern),
        t(a_clock_that_stands_still_gives_no_rates),
        t(a_file_system_is_measured_once_and_network_ones_are_not),
        t(what_is_mounted_over_a_mount_point_hides_it),
        t(named_mounts_are_measured_whatever_they_are),
        t(network_file_systems_are_measured_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
