/* The kit's own binder: the rules of the host without it. SPDX-License-Identifier: MIT */
#include "kit.h"
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

struct part {
    const char *host;
    int64_t port;
};

struct all {
    int32_t flag, mode;
    int64_t number, least, wait_ms, size;
    double factor;
    const char *text, *secret, *path, *url;
    struct oc_list words, ints, pairs, parts;
    struct part single;
};

#define AT(m) .offset = offsetof(struct all, m)

/* clang-format off */
static const struct oc_option part_options[] = {
    {.name = "host", .type = OC_OPT_STRING, .offset = offsetof(struct part, host), .help = "h"},
    {.name = "port", .type = OC_OPT_INT, .offset = offsetof(struct part, port), .default_text = "80", .min = 1, .max = 65535, .help = "p"},
    {0}};

static const struct oc_option options[] = {
    {.name = "flag", .type = OC_OPT_BOOL, AT(flag), .default_text = "true", .help = "h"},
    {.name = "mode", .type = OC_OPT_ENUM, AT(mode), .choices = "a|bb|c", .default_text = "bb", .help = "h"},
    {.name = "number", .type = OC_OPT_INT, AT(number), .help = "h"},
    {.name = "least", .type = OC_OPT_INT, AT(least), .default_text = "5", .min = 1, .help = "h"},
    {.name = "wait", .type = OC_OPT_DURATION, AT(wait_ms), .default_text = "1h30m", .help = "h"},
    {.name = "size", .type = OC_OPT_SIZE, AT(size), .default_text = "64KB", .help = "h"},
    {.name = "factor", .type = OC_OPT_FLOAT, AT(factor), .max = 10, .help = "h"},
    {.name = "text", .type = OC_OPT_STRING, AT(text), .flags = OC_OPT_REQUIRED, .help = "h"},
    {.name = "secret", .type = OC_OPT_SECRET, AT(secret), .help = "h"},
    {.name = "path", .type = OC_OPT_PATH, AT(path), .help = "h"},
    {.name = "url", .type = OC_OPT_URL, AT(url), .choices = "http|https", .help = "h"},
    {.name = "words", .type = OC_OPT_STRINGS, AT(words), .default_text = "a, b", .help = "h"},
    {.name = "ints", .type = OC_OPT_INTS, AT(ints), .help = "h"},
    {.name = "pairs", .type = OC_OPT_MAP, AT(pairs), .help = "h"},
    {.name = "parts", .type = OC_OPT_GROUPS, AT(parts), .item_size = sizeof(struct part), .options = part_options, .help = "h"},
    {.name = "single", .type = OC_OPT_GROUP, AT(single), .options = part_options, .help = "h"},
    {0}};

/* clang-format on */

static struct kit_list memory;
static struct oc_error err;

static int32_t bind(const char *json, struct all *all)
{
    static const struct oc_plugin_entry entry = {.option_size = sizeof(struct oc_option),
                                                 .instance_size = sizeof(struct all),
                                                 .options = options};
    memset(all, 0, sizeof *all);
    memset(&err, 0, sizeof err);
    json_t *config = json_loads(json, 0, NULL);
    assert_non_null(config);
    const int32_t code = kit_bind(&entry, config, all, &memory, &err);
    json_decref(config);
    return code;
}

static int teardown(void **state)
{
    (void)state;
    kit_list_finish(&memory);
    return 0;
}

static void defaults_are_bound(void **state)
{
    (void)state;
    struct all a;
    assert_int_equal(bind("{\"text\": \"x\"}", &a), OC_OK);
    assert_int_equal(a.flag, 1);
    assert_int_equal(a.mode, 1);
    assert_int_equal(a.least, 5);
    assert_int_equal(a.wait_ms, 5400000);
    assert_int_equal(a.size, 65536);
    assert_null(a.url);
    assert_int_equal(a.words.count, 2);
    assert_string_equal(((const char *const *)a.words.items)[1], "b");
    assert_int_equal(a.single.port, 80);
    assert_int_equal(a.parts.count, 0);
}

static void every_type_takes_its_value(void **state)
{
    (void)state;
    struct all a;
    setenv("OC_TESTKIT_SECRET", "hush", 1);
    assert_int_equal(
        bind("{\"flag\": false, \"mode\": \"c\", \"number\": -5, \"wait\": \"250ms\", \"size\": 10,"
             " \"factor\": 2, \"text\": \"t\", \"secret\": \"$env:OC_TESTKIT_SECRET\","
             " \"path\": \"rel\", \"url\": \"https://h\", \"words\": [\"w\"], \"ints\": [1, 2, 3],"
             " \"pairs\": {\"k\": \"v\"}, \"parts\": [{\"host\": \"a\"}, {\"port\": 9}],"
             " \"single\": {\"host\": \"s\"}}",
             &a),
        OC_OK);
    assert_int_equal(a.flag, 0);
    assert_int_equal(a.mode, 2);
    assert_int_equal(a.number, -5);
    assert_int_equal(a.wait_ms, 250);
    assert_int_equal(a.size, 10);
    assert_true(a.factor > 1.9 && a.factor < 2.1);
    assert_string_equal(a.secret, "hush");
    assert_int_equal(a.path[0], '/');
    assert_string_equal(a.url, "https://h");
    assert_int_equal(((const int64_t *)a.ints.items)[2], 3);
    assert_string_equal(((const struct oc_pair *)a.pairs.items)[0].value, "v");
    assert_int_equal(a.parts.count, 2);
    assert_int_equal(((const struct part *)a.parts.items)[0].port, 80);
    assert_int_equal(((const struct part *)a.parts.items)[1].port, 9);
    assert_string_equal(a.single.host, "s");
}

static void mistakes_name_their_key(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{}", "text: required and missing"},
        {"{\"text\": \"x\", \"txet\": 1}", "txet: unknown option"},
        {"{\"text\": 5}", "text: expected another type, got 5"},
        {"{\"text\": \"x\", \"mode\": \"z\"}", "mode: expected a|bb|c, got z"},
        {"{\"text\": \"x\", \"wait\": \"5\"}", "wait: expected a duration"},
        {"{\"text\": \"x\", \"size\": \"5 apples\"}", "size: expected a size"},
        {"{\"text\": \"x\", \"number\": \"5.5\"}", "number: expected a whole number"},
        {"{\"text\": \"x\", \"least\": 0}", "least: 0 is less than 1"},
        {"{\"text\": \"x\", \"factor\": 11}", "factor: 11 is not between 0 and 10"},
        {"{\"text\": \"x\", \"url\": \"ftp://h\"}", "url: expected http|https, got ftp://h"},
        {"{\"text\": \"x\", \"words\": {}}", "words: expected a list"},
        {"{\"text\": \"x\", \"pairs\": [1]}", "pairs: expected an object of texts"},
        {"{\"text\": \"x\", \"parts\": [{\"port\": 0}]}",
         "parts[0].port: 0 is not between 1 and 65535"},
        {"{\"text\": \"x\", \"single\": {\"hots\": \"a\"}}", "single.hots: unknown option"},
        {"{\"text\": \"x\", \"secret\": \"$env:OC_TESTKIT_NONE\"}",
         "secret: OC_TESTKIT_NONE is not set"},
        {"{\"text\": \"x\", \"secret\": \"$file:/nonexistent\"}",
         "secret: cannot open /nonexistent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct all a;
        assert_int_equal(bind(cases[i][0], &a), OC_E_CONFIG);
        if (strncmp(err.message, cases[i][1], strlen(cases[i][1])) != 0) {
            fail_msg("%s gave: %s", cases[i][0], err.message);
        }
    }
}

/* Binds what the file holds as the secret; its mode is `mode`. */
static int32_t bind_secret_file(const char *content, size_t len, mode_t mode, struct all *all)
{
    char path[] = "/tmp/openclaw-secret-XXXXXX", json[128];
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    snprintf(json, sizeof json, "{\"text\": \"x\", \"secret\": \"$file:%s\"}", path);
    const int32_t code = bind(json, all);
    unlink(path);
    return code;
}

static void a_secret_is_read_from_a_file_as_the_host_does_it(void **state)
{
    (void)state;
    struct all a;
    assert_int_equal(bind_secret_file("hush\r\n\n", 7, 0600, &a), OC_OK);
    assert_string_equal(a.secret, "hush");
    assert_int_equal(bind_secret_file("hush", 4, 0644, &a), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "can be read by everybody"));
    assert_int_equal(bind_secret_file("\n", 1, 0600, &a), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "is empty"));
    assert_int_equal(bind_secret_file("a\0b", 3, 0600, &a), OC_E_CONFIG);
    assert_non_null(strstr(err.message, "is not a text"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_bound),
        cmocka_unit_test(every_type_takes_its_value),
        cmocka_unit_test(mistakes_name_their_key),
        cmocka_unit_test(a_secret_is_read_from_a_file_as_the_host_does_it),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
