/* Maintenance windows: when they cover what, and the silences that they make. SPDX-License-Identifier: MIT */
#include "tests/unit/service/health/world.h"

static const char *const sunday[] = {"Sunday"}, *const weekend[] = {"saturday", "sunday"};

static struct window window(const char *start, int64_t duration_ms, const char *const *days,
                            size_t count)
{
    return (struct window){
        .name = "w", .start = start, .duration_ms = duration_ms, .days = {days, count}};
}

static void a_window_covers_its_time_of_the_day_to_the_millisecond(void **state)
{
    (void)state;
    struct window win = window("02:00", 2 * OC_HOUR, sunday, 1);
    int64_t ends = 0;
    assert_false(oc_health_window_covers(&win, STAGE_WALL - 1, &ends));
    assert_true(oc_health_window_covers(&win, STAGE_WALL, &ends));
    assert_int_equal(ends, STAGE_WALL + 2 * OC_HOUR);
    assert_true(oc_health_window_covers(&win, STAGE_WALL + 2 * OC_HOUR - 1, &ends));
    assert_false(oc_health_window_covers(&win, STAGE_WALL + 2 * OC_HOUR, &ends));
}

static void days_are_named_in_any_case_and_none_means_every_day(void **state)
{
    (void)state;
    struct window win = window("02:00", OC_HOUR, sunday, 1);
    int64_t ends;
    for (int day = 0; day < 7; day++) {
        assert_int_equal(oc_health_window_covers(&win, STAGE_WALL + day * OC_DAY, &ends), day == 0);
    }
    win.days = (struct oc_list){weekend, 2};
    assert_true(oc_health_window_covers(&win, STAGE_WALL - OC_DAY, &ends));
    assert_false(oc_health_window_covers(&win, STAGE_WALL + OC_DAY, &ends));
    win.days.count = 0;
    assert_true(oc_health_window_covers(&win, STAGE_WALL + 3 * OC_DAY, &ends));
}

static void the_day_before_1970_was_a_wednesday(void **state)
{
    static const char *const wednesday[] = {"wednesday"};
    (void)state;
    struct window win = window("23:00", 2 * OC_HOUR, wednesday, 1);
    int64_t ends = 0;
    assert_true(oc_health_window_covers(&win, OC_MINUTE, &ends));
    assert_int_equal(ends, OC_HOUR);
    assert_false(oc_health_window_covers(&win, OC_DAY + OC_MINUTE, &ends));
}

static void a_window_of_days_lasts_as_long_as_it_says(void **state)
{
    (void)state;
    struct window win = window("02:00", 7 * OC_DAY, sunday, 1);
    int64_t ends = 0;
    for (int day = 0; day < 7; day++) {
        assert_true(oc_health_window_covers(&win, STAGE_WALL + day * OC_DAY, &ends));
        assert_true(ends == STAGE_WALL + 7 * OC_DAY);
    }
    win.duration_ms = 60 * OC_HOUR;
    assert_true(oc_health_window_covers(&win, STAGE_WALL + 60 * OC_HOUR - 1, &ends));
    assert_false(oc_health_window_covers(&win, STAGE_WALL + 60 * OC_HOUR, &ends));
    win.days.count = 0; /* every day: they overlap */
    assert_true(oc_health_window_covers(&win, STAGE_WALL, &ends));
    assert_true(ends == STAGE_WALL + 60 * OC_HOUR);
}

static void a_window_that_crosses_midnight_belongs_to_the_day_it_began_on(void **state)
{
    (void)state;
    struct window win = window("23:30", 3 * OC_HOUR, sunday, 1);
    int64_t ends, half_past_eleven = STAGE_WALL + 21 * OC_HOUR + 30 * OC_MINUTE;
    assert_false(oc_health_window_covers(&win, STAGE_WALL, &ends)); /* Saturday's night */
    assert_true(oc_health_window_covers(&win, half_past_eleven, &ends));
    assert_true(oc_health_window_covers(&win, half_past_eleven + OC_HOUR, &ends)); /* on Monday */
    assert_int_equal(ends, half_past_eleven + 3 * OC_HOUR);
    assert_false(oc_health_window_covers(&win, half_past_eleven + OC_DAY, &ends));
}

static void what_is_no_time_or_no_day_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "start = \"2\"; duration = \"1h\";",
        "start = \"24:00\"; duration = \"1h\";",
        "start = \"02:60\"; duration = \"1h\";",
        "start = \"02:00x\"; duration = \"1h\";",
        "start = \"02:00\"; duration = \"1h\"; days = [\"sun\"];",
        "start = \"02:00\"; duration = \"1s\";",
        "start = \"02:00\";",
        "duration = \"1h\";",
        "start = \"02:00\"; every = \"0 2 * * *\"; duration = \"1h\";",
        "every = \"whenever\"; duration = \"1h\";",
        "start = \"02:00\"; duration = \"1h\"; zone = \"Mars/Olympus\";",
    };
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        char text[256];
        snprintf(text, sizeof text, "maintenance = ({name = \"w\"; services = [\"*\"]; %s});",
                 wrong[i]);
        if (configure(text) != 1) {
            fail_msg("accepted: %s", wrong[i]);
        }
        assert_int_equal(w.health->windows.count, 0);
    }
}

/* Berlin's clocks go forward on 2026-03-29 at 02:00. */
static void a_window_follows_the_clock_of_its_zone(void **state)
{
    (void)state;
    int64_t ends, noon = INT64_C(1774699200000); /* Saturday, 2026-03-28 at 12:00 UTC */
    configure(
        "maintenance = ({name = \"w\"; services = [\"*\"]; days = [\"sunday\"]; start = \"04:00\";"
        " duration = \"2h\"; zone = \"Europe/Berlin\";});");
    assert_int_equal(w.health->windows.count, 1);
    const struct window *win = &w.health->windows.items[0];
    assert_false(oc_health_window_covers(win, noon + 14 * OC_HOUR - 1, &ends));
    assert_true(oc_health_window_covers(win, noon + 14 * OC_HOUR, &ends)); /* 04:00 CEST */
    assert_int_equal(ends, noon + 16 * OC_HOUR);
    assert_false(oc_health_window_covers(win, noon + 16 * OC_HOUR, &ends));
    assert_false(oc_health_window_covers(win, noon - 7 * OC_DAY + 14 * OC_HOUR, &ends));
    assert_true(oc_health_window_covers(win, noon - 7 * OC_DAY + 15 * OC_HOUR, &ends));
}

static void a_window_may_come_by_a_cron_expression(void **state)
{
    (void)state;
    int64_t ends, december = INT64_C(1764547200000); /* Monday, 2025-12-01 */
    configure(
        "maintenance = ({name = \"w\"; services = [\"*\"]; every = \"30 1 1 * *\"; duration = "
        "\"36h\";});");
    assert_int_equal(w.health->windows.count, 1);
    const struct window *win = &w.health->windows.items[0];
    assert_false(oc_health_window_covers(win, december + OC_HOUR, &ends));
    assert_true(oc_health_window_covers(win, december + OC_DAY, &ends));
    assert_int_equal(ends, december + 37 * OC_HOUR + 30 * OC_MINUTE);
    assert_false(oc_health_window_covers(win, ends, &ends));
}

static void a_window_that_is_off_covers_nothing(void **state)
{
    (void)state;
    configure("maintenance = ({name = \"w\"; services = [\"*\"]; start = \"02:00\"; duration = "
              "\"2h\"; enabled = false;});");
    assert_int_equal(w.health->windows.count, 0);
}

static const char nightly[] = "maintenance = ({name = \"nightly\"; services = [\"web*\"];"
                              " start = \"02:00\"; duration = \"1h\";});";

static void a_window_silences_each_of_its_services_once(void **state)
{
    (void)state;
    configure(nightly);
    report("web", "api", OC_STATE_OK);
    report("db", "main", OC_STATE_OK);
    stage_pass(&w.s, 10 * OC_MINUTE);
    assert_int_equal(json_array_size(w.silences), 1);
    const json_t *silence = json_array_get(w.silences, 0);
    assert_string_equal(json_string_value(oc_json_path(silence, "matchers[0]")),
                        "instance=\"web\"");
    assert_string_equal(json_string_value(oc_json_path(silence, "matchers[1]")), "target=\"api\"");
    assert_string_equal(oc_json_str(silence, "until", ""), "2025-11-23T03:00:00.000Z");
    assert_string_equal(oc_json_str(silence, "comment", ""), "maintenance: nightly");
    assert_true(service("web/api")->maintenance);
    assert_false(service("db/main")->maintenance);
}

static void the_end_of_a_window_ends_the_maintenance_and_what_was_remembered_of_it(void **state)
{
    (void)state;
    configure(nightly);
    report("web", "api", OC_STATE_OK);
    stage_pass(&w.s, OC_HOUR + OC_MINUTE);
    assert_false(service("web/api")->maintenance);
    json_t *kept = oc_kv_all(w.s.env.store, "maintenance");
    assert_int_equal(json_object_size(kept), 0);
    json_decref(kept);
    stage_pass(&w.s, OC_DAY - OC_HOUR);
    assert_int_equal(json_array_size(w.silences), 2); /* the next night */
}

static void a_silence_that_was_refused_is_asked_for_again(void **state)
{
    (void)state;
    w.refuse_silences = true;
    configure(nightly);
    report("web", "api", OC_STATE_OK);
    stage_pass(&w.s, OC_MINUTE);
    w.refuse_silences = false;
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(json_array_size(w.silences), 1);
}

static void a_window_that_is_taken_out_ends_at_the_reload(void **state)
{
    (void)state;
    configure(nightly);
    report("web", "api", OC_STATE_OK);
    stage_pass(&w.s, OC_MINUTE);
    assert_true(service("web/api")->maintenance);
    configure("");
    assert_false(service("web/api")->maintenance);
}

static void a_window_that_is_taken_out_ends_its_silences(void **state)
{
    (void)state;
    configure(nightly);
    report("web", "api", OC_STATE_OK);
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(json_array_size(w.ended), 0);
    w.refuse_silences = true; /* the disk is full for a while */
    configure("");
    stage_pass(&w.s, OC_MINUTE);
    w.refuse_silences = false;
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(json_array_size(w.ended), 1);
    assert_string_equal(json_string_value(json_array_get(w.ended, 0)), "1");
    stage_pass(&w.s, OC_HOUR);
    assert_int_equal(json_array_size(w.ended), 1);
    assert_int_equal(json_array_size(w.silences), 1);
}

static void a_window_that_ends_at_another_time_ends_its_silence_and_makes_another(void **state)
{
    (void)state;
    configure(nightly);
    report("web", "api", OC_STATE_OK);
    stage_pass(&w.s, OC_MINUTE);
    configure("maintenance = ({name = \"nightly\"; services = [\"web*\"];"
              " start = \"02:00\"; duration = \"30m\";});");
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(json_array_size(w.ended), 1);
    assert_int_equal(json_array_size(w.silences), 2);
    assert_string_equal(oc_json_str(json_array_get(w.silences, 1), "until", ""),
                        "2025-11-23T02:30:00.000Z");
    configure("maintenance = ({name = \"nightly\"; services = [\"db*\"];"
              " start = \"02:00\"; duration = \"30m\";});");
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(json_array_size(w.ended), 2); /* of a service that it names no more */
    stage_pass(&w.s, OC_HOUR);
    assert_int_equal(json_array_size(w.ended), 2);
}

/* At the start services are known only once something is heard of them. */
static void a_silence_of_a_service_that_is_not_known_yet_stays(void **state)
{
    (void)state;
    json_t *made =
        json_pack("{s:I, s:s}", "until", (json_int_t)(STAGE_WALL + OC_HOUR), "silence", "9");
    assert_int_equal(oc_kv_put(w.s.env.store, "maintenance", "nightly/web/api", made, false, NULL),
                     OC_OK);
    json_decref(made);
    configure(nightly);
    stage_pass(&w.s, OC_MINUTE);
    report("web", "api", OC_STATE_OK);
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(json_array_size(w.ended), 0);
    assert_int_equal(json_array_size(w.silences), 0);
}

/* Hosts of old remembered nothing but its end. */
static void a_silence_of_an_older_host_is_not_made_again(void **state)
{
    (void)state;
    json_t *made = json_integer(STAGE_WALL + OC_HOUR);
    assert_int_equal(oc_kv_put(w.s.env.store, "maintenance", "nightly/web/api", made, false, NULL),
                     OC_OK);
    json_decref(made);
    configure(nightly);
    report("web", "api", OC_STATE_OK);
    stage_pass(&w.s, OC_MINUTE);
    assert_int_equal(json_array_size(w.silences), 0);
}

static void windows_of_one_name_share_a_silence_that_lasts_as_long_as_the_longer(void **state)
{
    (void)state;
    configure("maintenance = ({name = \"n\"; services = [\"*\"]; start = \"02:00\"; duration = "
              "\"1h\";}, {name = \"n\"; services = [\"*\"]; start = \"01:00\"; duration = "
              "\"3h\";});");
    report("web", "api", OC_STATE_OK);
    stage_pass(&w.s, 10 * OC_MINUTE);
    assert_int_equal(json_array_size(w.silences), 2);
    assert_int_equal(json_array_size(w.ended), 1);
    assert_string_equal(oc_json_str(json_array_get(w.silences, 1), "until", ""),
                        "2025-11-23T04:00:00.000Z");
}

static void an_ephemeral_host_silences_nobody(void **state)
{
    (void)state;
    w.health->env.ephemeral = true;
    configure(nightly);
    report("web", "api", OC_STATE_OK);
    stage_pass(&w.s, 10 * OC_MINUTE);
    assert_int_equal(json_array_size(w.silences), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_window_covers_its_time_of_the_day_to_the_millisecond),
        TEST(days_are_named_in_any_case_and_none_means_every_day),
        TEST(the_day_before_1970_was_a_wednesday),
        TEST(a_window_of_days_lasts_as_long_as_it_says),
        TEST(a_window_that_crosses_midnight_belongs_to_the_day_it_began_on),
        TEST(what_is_no_time_or_no_day_is_refused),
        TEST(a_window_follows_the_clock_of_its_zone),
        TEST(a_window_may_come_by_a_cron_expression),
        TEST(a_window_that_is_off_covers_nothing),
        TEST(a_window_silences_each_of_its_services_once),
        TEST(the_end_of_a_window_ends_the_maintenance_and_what_was_remembered_of_it),
        TEST(a_silence_that_was_refused_is_asked_for_again),
        TEST(a_window_that_is_taken_out_ends_at_the_reload),
        TEST(a_window_that_is_taken_out_ends_its_silences),
        TEST(a_window_that_ends_at_another_time_ends_its_silence_and_makes_another),
        TEST(a_silence_of_a_service_that_is_not_known_yet_stays),
        TEST(a_silence_of_an_older_host_is_not_made_again),
        TEST(windows_of_one_name_share_a_silence_that_lasts_as_long_as_the_longer),
        TEST(an_ephemeral_host_silences_nobody),
    };
    return cmocka_run_group_tests_name("maintenance", tests, NULL, NULL);
}
