/* What is taken from a crontab. SPDX-License-Identifier: MIT */
#include "tests/unit/service/cron/cron_stage.h"

#include "core/sys/file.h"

/* ---- crontabs ---- */

static const char crontab[] =
    "# Heretek OpenClaw Automated Backups\n"
    "MAILTO=root\n"
    "0 2 * * * /root/scripts/production-backup.sh --database >> /var/log/backup-cron.log 2>&1\n"
    "CRON_TZ=Europe/Berlin\n"
    "*/5 8-18 * * * /root/scripts/health-check.sh >> /var/log/health-cron.log 2>&1\n"
    "0 6 * * * /root/scripts/production-backup.sh --cleanup; rm -rf /\n"
    "@reboot /usr/bin/thing\n"
    "0 25 * * * /root/scripts/health-check.sh\n"
    "1 1 * * * /usr/bin/other --thing\n";

static const json_t *import_text(const char *text, const char *options)
{
    char path[128];
    struct oc_error err;
    snprintf(path, sizeof path, "%s/crontab", st.home);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, &err), OC_OK);
    char *params = oc_asprintf("{\"file\":\"%s\"%s}", path, options);
    const json_t *result = stage_ask(&st, "cron.import", params);
    free(params);
    unlink(path);
    return result;
}

static const json_t *import(const char *options)
{
    return import_text(crontab, options);
}

static void a_crontab_becomes_schedules_and_findings(void **state)
{
    (void)state;
    configure("schedules = ( { name = \"night\"; cron = \"0 2 * * *\"; op = \"test.ok\"; "
              "replaces = [\"production-backup.sh --database\"]; },"
              "{ name = \"health\"; cron = \"*/5 * * * *\"; op = \"test.ok\"; params = { n = 4; }; "
              "replaces = [\"health-check.sh\"]; } );");
    import(",\"dry_run\":true");
    assert_int_equal(oc_json_int(st.result, "added", 0), 1);
    assert_int_equal(json_array_size(stage_ask(&st, "cron.list", NULL)), 2);
    import("");
    assert_int_equal(oc_json_int(st.result, "added", 0), 1);
    assert_int_equal(oc_json_int(st.result, "present", 0), 1);
    assert_int_equal(oc_json_int(st.result, "findings", 0), 4);
    assert_string_equal(oc_json_str(row("health-2"), "zone", ""), "Europe/Berlin");
    stage_ask(&st, "cron.show", "{\"name\":\"health-2\"}");
    assert_int_equal(oc_json_int(json_object_get(st.result, "params"), "n", 0), 4);
    import("");
    assert_int_equal(oc_json_int(st.result, "present", 0), 2);
    assert_int_equal(oc_json_int(st.result, "added", 0), 0);
}

/* Every five minutes is so on every clock of whole hours and halves, and ten past is not. */
static void times_are_the_same_where_they_come_at_the_same_moments(void **state)
{
    (void)state;
    static const char five[] = "CRON_TZ=Europe/Berlin\n*/5 * * * * root /x/health-check.sh\n"
                               "CRON_TZ=Asia/Kolkata\n*/5 * * * * /x/health-check.sh\n";
    static const char ten[] = "CRON_TZ=Europe/Berlin\n10 * * * * www-data  bash /x/report.sh\n"
                              "CRON_TZ=Asia/Kolkata\n10 * * * * /x/report.sh\n"
                              "0 * * * * root other.sh\n0 * * * * Root report.sh\n";
    configure("schedules = ( { name = \"health\"; cron = \"*/5 * * * *\"; op = \"test.ok\"; "
              "replaces = [\"health-check.sh\"]; },"
              "{ name = \"report\"; cron = \"10 * * * *\"; op = \"test.ok\"; "
              "replaces = [\"report.sh\"]; } );");
    import_text(five, "");
    assert_int_equal(oc_json_int(st.result, "present", 0), 2);
    import_text(ten, "");
    assert_int_equal(oc_json_int(st.result, "present", 0), 1);
    assert_int_equal(oc_json_int(st.result, "added", 0), 1);
    assert_int_equal(oc_json_int(st.result, "findings", 0), 2);
    assert_string_equal(oc_json_str(row("report-2"), "zone", ""), "Asia/Kolkata");
}

/* "result name" of each line */
static void told(char *out, size_t size)
{
    const json_t *line;
    size_t i;
    *out = '\0';
    json_array_foreach(json_object_get(st.result, "lines"), i, line)
    {
        size_t len = strlen(out);
        const char *result = oc_json_str(line, "result", "");
        snprintf(out + len, size - len, "%s%.20s %.20s", i ? ", " : "",
                 strcmp(result, "would be added") == 0 ? "added" : result,
                 oc_json_str(line, "name", oc_json_str(line, "message", "")));
    }
}

static void a_dry_run_says_what_the_real_one_does(void **state)
{
    (void)state;
    static const char text[] = "1 2 * * * /x/health-check.sh\n"
                               "1 2 * * * /x/health-check.sh\n"
                               "5 2 * * * /x/health-check.sh\n"
                               "CRON_TZ=Mars/X\n"
                               "1 2 * * * /x/health-check.sh\n";
    char dry[200], real[200];
    configure("schedules = ( { name = \"health\"; cron = \"*/5 * * * *\"; op = \"test.ok\"; "
              "replaces = [\"health-check.sh\"]; } );");
    import_text(text, ",\"dry_run\":true");
    told(dry, sizeof dry);
    assert_int_equal(oc_json_int(st.result, "findings", 0), 1);
    assert_int_equal(json_array_size(stage_ask(&st, "cron.list", NULL)), 1);
    import_text(text, "");
    told(real, sizeof real);
    assert_string_equal(dry, real);
    assert_string_equal(real, "added health-2, present health-2, added health-3, "
                              "finding zone: no such time z");
}

static void a_command_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/root/heretek/scripts/production-backup.sh --some", "production-backup.sh --some"},
        {"bash /x/production-backup.sh --full >/dev/null", "production-backup.sh --full"},
        {"./health-check.sh 2>&1", "health-check.sh"},
        {"a.sh  --b\t/c/d", "a.sh --b /c/d"},
        {"health-check.sh | mail root", NULL},
        {"health-check.sh > /tmp/x; reboot", NULL},
        {"health-check.sh && reboot", NULL},
        {"$(health-check.sh)", NULL},
        {"\"health-check.sh\"", NULL},
        {">", NULL},
        {"", NULL},
        {"a b c d e f g h i j k l m n o p q", NULL},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        char *text = oc_crontab_command(cases[i][0]);
        if (cases[i][1]) {
            assert_non_null(text);
            assert_string_equal(text, cases[i][1]);
        } else {
            assert_null(text);
        }
        free(text);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_crontab_becomes_schedules_and_findings),
        T(times_are_the_same_where_they_come_at_the_same_moments),
        T(a_dry_run_says_what_the_real_one_does),
        T(a_command_is_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
