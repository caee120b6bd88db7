/* Tests of core/base/log.c and logdata.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"

#define NOW    INT64_C(1795354200123)
#define PREFIX "2026-11-22T13:30:00.123Z "

static char text[1 << 20];
static int fd = -1;
static const char *volatile nothing; /* a NULL that the compiler does not see through */

static int open_log(void **state)
{
    (void)state;
    fd = memfd_create("log", 0);
    oc_time_fake(NOW, 0);
    oc_log_set(OC_LOG_DEBUG, OC_LOG_TEXT, fd);
    return fd < 0;
}

static int close_log(void **state)
{
    (void)state;
    oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, 2);
    oc_log_set_tap(NULL, NULL);
    return close(fd);
}

/* What has been written since the last call. */
static const char *written(void)
{
    off_t end = lseek(fd, 0, SEEK_CUR);
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    assert_int_equal(n, end);
    text[n] = '\0';
    assert_int_equal(ftruncate(fd, 0), 0);
    lseek(fd, 0, SEEK_SET);
    return text;
}

static void a_line_has_time_level_message_and_keys(void **state)
{
    (void)state;
    oc_warn("plugin disabled", "plugin=%s count=%d", "redis", 3);
    assert_string_equal(written(), PREFIX "warn  plugin disabled plugin=redis count=3\n");
    oc_err("no data", NULL);
    assert_string_equal(written(), PREFIX "error no data\n");
}

static void every_spec_is_understood(void **state)
{
    (void)state;
    oc_info("m", "a=%d b=%i c=%u d=%ld e=%lu f=%lld g=%llu h=%zu i=%zd", -1, 2, 3u, -4L, 5UL, -6LL,
            7ULL, (size_t)8, (ssize_t)-9);
    assert_string_equal(written(), PREFIX "info  m a=-1 b=2 c=3 d=-4 e=5 f=-6 g=7 h=8 i=-9\n");
    oc_info("m", "a=%g b=%f c=%.2f d=%x e=%c f=%.3s g=%" PRId64 " h=%" PRIu64 " i=%03d", 0.5, 1.5,
            2.345, 0xbeefu, 'z', "abcdef", INT64_MIN, UINT64_MAX, 7);
    assert_string_equal(written(), PREFIX
                        "info  m a=0.5 b=1.500000 c=2.35 d=beef e=z f=abc g=-9223372036854775808 "
                        "h=18446744073709551615 i=7\n");
    oc_info("m", "a=%td b=%tu c=%ju", (ptrdiff_t)-1, (ptrdiff_t)1, (uintmax_t)2);
    assert_string_equal(written(), PREFIX "info  m a=-1 b=1 c=2\n");
    oc_info("m", "short=%hd byte=%hhu max=%jd", (short)-2, (unsigned char)200, (intmax_t)5);
    assert_string_equal(written(), PREFIX "info  m short=-2 byte=200 max=5\n");
    oc_info("m", "a=%g b=%s", (double)NAN, nothing);
    assert_string_equal(written(), PREFIX "info  m a=- b=-\n");
}

static void a_word_may_be_made_of_parts(void **state)
{
    (void)state;
    oc_info("m", "addr=%s:%d load=%d%% const=yes took=%dms", "::1", 80, 50, 3);
    assert_string_equal(written(), PREFIX "info  m addr=::1:80 load=50% const=yes took=3ms\n");
    oc_log_set(OC_LOG_DEBUG, OC_LOG_JSON, fd);
    oc_info("m", "addr=%s:%d n=%d", "h", 80, 7);
    assert_non_null(strstr(written(), "\"message\":\"m\",\"addr\":\"h:80\",\"n\":7}"));
}

static void values_are_quoted_and_escaped_when_needed(void **state)
{
    (void)state;
    static const struct {
        const char *value, *shown;
    } cases[] = {
        {"plain/text:1,2", "plain/text:1,2"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nbreak\ttab", "\"line\\nbreak\\ttab\""},
        {"\x1b[31m", "\"\\u001b[31m\""},
        {"\xc2\x9b", "\"\\u009b\""},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"bad\xff", "\"bad\\xff\""},
    };
    char expected[200];
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        oc_info("m", "k=%s end=%d", cases[i].value, 1);
        snprintf(expected, sizeof expected, PREFIX "info  m k=%s end=1\n", cases[i].shown);
        assert_string_equal(written(), expected);
    }
}

static void messages_cannot_forge_lines_or_keys(void **state)
{
    (void)state;
    oc_log_json(OC_LOG_INFO, "evil\n2026 error all lost", NULL);
    assert_string_equal(written(), PREFIX "info  \"evil\\n2026 error all lost\"\n");
    oc_log_json(OC_LOG_INFO, "user=root", NULL);
    assert_string_equal(written(), PREFIX "info  \"user=root\"\n");
}

static void json_lines_are_json_whatever_is_logged(void **state)
{
    (void)state;
    oc_log_set(OC_LOG_DEBUG, OC_LOG_JSON, fd);
    oc_warn("say \"x\"", "s=%s n=%d f=%g x=%x none=%s inf=%g level=%s", "a\"\n\x1b\xff\x01", 3, 0.5,
            255u, nothing, (double)INFINITY, "fake");
    const char *line = written();
    json_t *o = oc_json_parse(line, strlen(line), NULL);
    assert_non_null(o);
    assert_string_equal(oc_json_str(o, "time", ""), "2026-11-22T13:30:00.123Z");
    assert_string_equal(oc_json_str(o, "level", ""), "warn");
    assert_string_equal(oc_json_str(o, "level_", ""), "fake");
    assert_string_equal(oc_json_str(o, "message", ""), "say \"x\"");
    assert_string_equal(oc_json_str(o, "s", ""), "a\"\n\x1b\xef\xbf\xbd\x01");
    assert_int_equal(oc_json_int(o, "n", 0), 3);
    assert_true(oc_json_num(o, "f", 0) == 0.5);
    assert_string_equal(oc_json_str(o, "x", ""), "ff");
    assert_true(json_is_null(json_object_get(o, "none")));
    assert_true(json_is_null(json_object_get(o, "inf")));
    json_decref(o);
}

static void journal_lines_carry_a_priority_and_no_time(void **state)
{
    (void)state;
    oc_log_set(OC_LOG_DEBUG, OC_LOG_JOURNAL, fd);
    oc_err("e", NULL);
    oc_warn("w", "k=%d", 1);
    oc_info("i", NULL);
    oc_debug("d", NULL);
    assert_string_equal(written(), "<3>e\n<4>w k=1\n<6>i\n<7>d\n");
}

static void lines_below_the_level_are_dropped(void **state)
{
    (void)state;
    oc_log_set_level(OC_LOG_WARN);
    oc_info("quiet", NULL);
    oc_log_json(OC_LOG_DEBUG, "quiet", "{}");
    oc_warn("loud", NULL);
    assert_string_equal(written(), PREFIX "warn  loud\n");
    oc_log(-5, "clamped", NULL);
    assert_string_equal(written(), PREFIX "error clamped\n");
}

static void plugin_data_is_flattened(void **state)
{
    (void)state;
    oc_log_json(OC_LOG_INFO, "m",
                "{\"a\":\"x y\",\"n\":1,\"t\":true,\"z\":null,\"o\":{\"p\":[1]},\"bad key\\n\":2}");
    assert_string_equal(written(), PREFIX
                        "info  m a=\"x y\" n=1 t=true z=- o=\"{\\\"p\\\":[1]}\" bad_key_=2\n");
    oc_log_json(OC_LOG_INFO, "m", "not json");
    assert_string_equal(written(), PREFIX "info  m data=\"not json\"\n");
    oc_log_json(OC_LOG_INFO, "m", "[1]");
    assert_string_equal(written(), PREFIX "info  m data=[1]\n");
    oc_log_json(OC_LOG_INFO, "m", "{}");
    assert_string_equal(written(), PREFIX "info  m\n");
}

static void huge_values_are_cut(void **state)
{
    (void)state;
    char *huge = oc_alloc(1 << 19);
    memset(huge, 'x', 1 << 19);
    huge[(1 << 19) - 1] = '\0';
    oc_info("m", "k=%s end=%d", huge, 1);
    const char *line = written();
    assert_in_range(strlen(line), 4096, 4300);
    assert_true(oc_ends(line, "x end=1\n"));
    oc_log_json(OC_LOG_INFO, huge, huge);
    assert_in_range(strlen(written()), 8192, 8400);
    free(huge);
}

static void values_are_cut_between_characters(void **state)
{
    (void)state;
    char value[4200] = "";
    for (size_t i = 0; i + 3 < sizeof value; i += 3) { /* 4096 is not a multiple of 3 */
        memcpy(value + i, "\xe2\x82\xac", 4);
    }
    oc_info("m", "k=%s", value);
    const char *line = written();
    assert_true(oc_utf8_valid(line, strlen(line)));
    assert_null(strchr(line, '"')); /* no half character that had to be escaped */
    assert_true(oc_ends(line, "\xe2\x82\xac\n"));
}

struct seen {
    int count, level;
    int64_t time_ms;
    char message[64], json[256];
};

static void tap(void *ctx, const struct oc_log_line *line)
{
    struct seen *seen = ctx;
    seen->count++;
    seen->level = line->level;
    seen->time_ms = line->time_ms;
    oc_copy(seen->message, sizeof seen->message, line->message);
    oc_copy(seen->json, sizeof seen->json, line->json);
}

static void the_tap_sees_each_line_with_its_data(void **state)
{
    (void)state;
    struct seen seen = {0};
    oc_log_set_tap(tap, &seen);
    oc_warn("hello", "a=%s n=%d", "x y", 1);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.level, OC_LOG_WARN);
    assert_int_equal(seen.time_ms, NOW);
    assert_string_equal(seen.message, "hello");
    assert_string_equal(seen.json, "{\"a\":\"x y\",\"n\":1}");
    oc_info("bare", NULL);
    assert_string_equal(seen.json, "{}");
    oc_log_set_level(OC_LOG_ERROR);
    oc_info("below the level", NULL);
    oc_log_set_tap(NULL, NULL);
    oc_err("after", NULL);
    assert_int_equal(seen.count, 2);
    written();
}

static void logging_keeps_errno_and_survives_a_closed_descriptor(void **state)
{
    (void)state;
    oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, -1);
    errno = EDOM;
    oc_err("nobody hears this", "k=%d", 1);
    assert_int_equal(errno, EDOM);
}

static void *log_much(void *arg)
{
    for (int i = 0; i < 500; i++) {
        oc_info("from a thread", "who=%s text=%s", (const char *)arg,
                "some words that make the line longer");
    }
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    pthread_t threads[4];
    static char names[4][2] = {"0", "1", "2", "3"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, log_much, names[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    size_t lines = 0,
           length = strlen(
               PREFIX "info  from a thread who=0 text=\"some words that make the line longer\"\n");
    const char *line = written();
    for (; *line; line += length, lines++) {
        assert_memory_equal(line, PREFIX "info  from", strlen(PREFIX "info  from"));
        assert_int_equal(line[length - 1], '\n');
    }
    assert_int_equal(lines, 2000);
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, open_log, close_log)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_line_has_time_level_message_and_keys),
        LOG_TEST(every_spec_is_understood),
        LOG_TEST(a_word_may_be_made_of_parts),
        LOG_TEST(values_are_quoted_and_escaped_when_needed),
        LOG_TEST(messages_cannot_forge_lines_or_keys),
        LOG_TEST(json_lines_are_json_whatever_is_logged),
        LOG_TEST(journal_lines_carry_a_priority_and_no_time),
        LOG_TEST(lines_below_the_level_are_dropped),
        LOG_TEST(plugin_data_is_flattened),
        LOG_TEST(huge_values_are_cut),
        LOG_TEST(values_are_cut_between_characters),
        LOG_TEST(the_tap_sees_each_line_with_its_data),
        LOG_TEST(logging_keeps_errno_and_survives_a_closed_descriptor),
        LOG_TEST(lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
