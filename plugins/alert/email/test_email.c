/* The email channel against a real mail server (aiosmtpd). SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define SEND   "alert.send/1"
#define PYTHON "/usr/bin/python3"

extern char **environ;

struct room {
    struct oc_test *t;
    char dir[64];
    pid_t sink;
    int sink_in; /* closing it ends the sink */
};

static bool have_server; /* aiosmtpd is installed */

/* ---- fixtures ---- */

static int run(char *const argv[])
{
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) == 0) {
        waitpid(pid, &status, 0);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

static int make_certificate(const char *dir)
{
    char key[96], crt[96];
    snprintf(key, sizeof key, "%s/tls.key", dir);
    snprintf(crt, sizeof crt, "%s/tls.crt", dir);
    char *const argv[] = {(char *)"openssl",
                          (char *)"req",
                          (char *)"-x509",
                          (char *)"-newkey",
                          (char *)"rsa:2048",
                          (char *)"-nodes",
                          (char *)"-days",
                          (char *)"2",
                          (char *)"-subj",
                          (char *)"/CN=127.0.0.1",
                          (char *)"-addext",
                          (char *)"subjectAltName=IP:127.0.0.1",
                          (char *)"-keyout",
                          key,
                          (char *)"-out",
                          crt,
                          NULL};
    return run(argv);
}

static char certificates[64]; /* made once: keys take a while */

static int group_setup(void **state)
{
    char *const probe[] = {(char *)PYTHON, (char *)"-c", (char *)"import aiosmtpd.controller",
                           NULL};
    (void)state;
    snprintf(certificates, sizeof certificates, "/tmp/oc-mail-tls-XXXXXX");
    have_server = mkdtemp(certificates) && run(probe) == 0 && make_certificate(certificates) == 0;
    return 0;
}

static void remove_tree(const char *dir)
{
    char *const argv[] = {(char *)"rm", (char *)"-rf", (char *)dir, NULL};
    run(argv);
}

static int group_teardown(void **state)
{
    (void)state;
    remove_tree(certificates);
    return 0;
}

static int setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    snprintf(r->dir, sizeof r->dir, "/tmp/oc-mail-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    r->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(r->t);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct room *r = *state;
    int left = oc_test_close(r->t);
    if (r->sink > 0) {
        close(r->sink_in);
        waitpid(r->sink, NULL, 0);
    }
    remove_tree(r->dir);
    free(r);
    assert_int_equal(left, 0);
    return 0;
}

static void link_certificate(const struct room *r, const char *name)
{
    char from[160], to[160];
    snprintf(from, sizeof from, "%s/%s", certificates, name);
    snprintf(to, sizeof to, "%s/%s", r->dir, name);
    assert_int_equal(symlink(from, to), 0);
}

/* Starts a server and points the options at it. */
static void start_sink(struct room *r, const char *mode)
{
    char script[512], text[32] = "", path[160];
    int in[2], out[2];
    if (!have_server) {
        skip();
    }
    link_certificate(r, "tls.crt");
    link_certificate(r, "tls.key");
    snprintf(script, sizeof script, "%s/test_sink.py", OC_PLUGIN_SOURCE_DIR);
    assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
    char *const argv[] = {(char *)PYTHON, script, r->dir, (char *)mode, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    assert_int_equal(posix_spawn(&r->sink, PYTHON, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    r->sink_in = in[1];
    FILE *port = fdopen(out[0], "r");
    assert_non_null(fgets(text, sizeof text, port));
    fclose(port);
    text[strcspn(text, "\n")] = '\0';
    snprintf(path, sizeof path, "%s/tls.crt", r->dir);
    oc_test_option(r->t, "host", "127.0.0.1");
    oc_test_option(r->t, "port", text);
    oc_test_option(r->t, "from", "OpenClaw <openclaw@example.com>");
    oc_test_option(r->t, "to", "[\"oncall@example.com\"]");
    oc_test_option(r->t, "tls", strcmp(mode, "hang") == 0 ? "none" : mode);
    if (strcmp(mode, "starttls") == 0 || strcmp(mode, "tls") == 0) {
        oc_test_option(r->t, "ca_file", path);
        oc_test_option(r->t, "user", "u");
        oc_test_option(r->t, "password", "p");
    }
}

/* An alert with this message and rule name. */
static int send_text(struct room *r, const char *event, const char *rule, const char *message)
{
    json_t *json =
        json_pack("{s:s, s:s, s:i, s:{s:s}, s:{s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:{s:s}}}", "id",
                  "0193a1f2-0000-7000-8000-000000000001", "event", event, "attempt", 1, "host",
                  "name", "edge-1", "alert", "id", "5f1c02a9", "severity", "critical", "rule", rule,
                  "title", json_sprintf("%s on cache", rule), "message", message, "entity", "cache",
                  "starts_at", "2026-11-22T13:30:00.123Z", "labels", "mount", "/home");
    char *text = json_dumps(json, JSON_COMPACT);
    assert_non_null(text);
    if (!oc_test_instance(r->t)) {
        assert_int_equal(oc_test_start(r->t), OC_OK);
    }
    int rc = oc_test_call(r->t, SEND, text, 10000);
    free(text);
    json_decref(json);
    return rc;
}

/* What the server saw of the n-th mail; owned by the caller. NULL when there is none. */
static json_t *received(const struct room *r, int n)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%d.json", r->dir, n);
    return json_load_file(path, 0, NULL);
}

static const char *text_of(const json_t *mail, const char *key)
{
    const char *s = json_string_value(json_object_get(mail, key));
    return s ? s : "";
}

/* The value of the only header of that name. */
static const char *header_of(const json_t *mail, const char *name)
{
    const char *value = "";
    int count = 0;
    size_t i;
    json_t *pair;
    json_array_foreach(json_object_get(mail, "headers"), i, pair)
    {
        if (strcasecmp(json_string_value(json_array_get(pair, 0)), name) == 0) {
            value = json_string_value(json_array_get(pair, 1));
            count++;
        }
    }
    assert_true(count <= 1);
    return value;
}

static void expect_sound(const json_t *mail)
{
    assert_int_equal(json_array_size(json_object_get(mail, "defects")), 0);
    assert_true(json_integer_value(json_object_get(mail, "longest")) <= 998);
    assert_int_equal(json_integer_value(json_object_get(mail, "bare")), 0);
    assert_true(json_is_true(json_object_get(mail, "ascii")));
    assert_int_equal(json_array_size(json_object_get(mail, "parts")), 2);
    assert_string_equal(text_of(mail, "type"), "multipart/alternative");
}

/* ---- delivery ---- */

static void a_mail_arrives_over_starttls_with_a_password(void **state)
{
    struct room *r = *state;
    start_sink(r, "starttls");
    assert_int_equal(send_text(r, "firing", "redis", "Redis connection lost"), OC_OK);
    json_t *mail = received(r, 1);
    expect_sound(mail);
    assert_true(json_is_true(json_object_get(mail, "tls")));
    assert_string_equal(text_of(mail, "user"), "u");
    assert_string_equal(text_of(mail, "envelope_from"), "openclaw@example.com");
    assert_string_equal(header_of(mail, "From"), "OpenClaw <openclaw@example.com>");
    assert_string_equal(header_of(mail, "To"), "oncall@example.com");
    assert_string_equal(header_of(mail, "Subject"), "[OpenClaw] critical: redis on cache");
    assert_string_equal(header_of(mail, "Message-ID"),
                        "<0193a1f2-0000-7000-8000-000000000001@example.com>");
    assert_string_equal(header_of(mail, "References"), "<alert-5f1c02a9@example.com>");
    assert_string_equal(header_of(mail, "Auto-Submitted"), "auto-generated");
    assert_non_null(strstr(header_of(mail, "Date"), "+0000"));
    assert_non_null(strstr(text_of(mail, "text"), "Redis connection lost"));
    assert_non_null(strstr(text_of(mail, "text"), "mount = /home"));
    assert_non_null(strstr(text_of(mail, "html"), "CRITICAL: redis on cache"));
    assert_non_null(strstr(oc_test_json(r->t, 0), "accepted"));
    json_decref(mail);
}

static void a_mail_arrives_over_tls_from_the_start(void **state)
{
    struct room *r = *state;
    start_sink(r, "tls");
    assert_int_equal(send_text(r, "resolved", "redis", "back"), OC_OK);
    json_t *mail = received(r, 1);
    expect_sound(mail);
    assert_non_null(strstr(text_of(mail, "html"), "RESOLVED: "));
    json_decref(mail);
}

static void a_mail_arrives_in_plain_text_when_asked_for(void **state)
{
    struct room *r = *state;
    start_sink(r, "none");
    oc_test_option(r->t, "cc", "[\"Büro Nord <buero@example.com>\", \"b@example.com\"]");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_OK);
    json_t *mail = received(r, 1);
    expect_sound(mail);
    assert_string_equal(header_of(mail, "Cc"), "Büro Nord <buero@example.com>, b@example.com");
    assert_int_equal(json_array_size(json_object_get(mail, "envelope_to")), 3);
    assert_non_null(strstr(oc_test_json(r->t, 0), "accepted for 3 recipients"));
    json_decref(mail);
}

static void a_wrong_password_is_an_auth_error(void **state)
{
    struct room *r = *state;
    start_sink(r, "starttls");
    oc_test_option(r->t, "password", "wrong");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_AUTH);
    assert_non_null(strstr(oc_test_error(r->t)->hint, "password"));
    assert_null(strstr(oc_test_error(r->t)->message, "wrong"));
    assert_null(received(r, 1));
}

/* "454 4.7.0" at AUTH: the server cannot look the password up now. */
static void a_password_that_cannot_be_checked_is_worth_another_try(void **state)
{
    struct room *r = *state;
    start_sink(r, "starttls");
    oc_test_option(r->t, "user", "busy");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_RETRY);
    assert_string_equal(oc_test_error(r->t)->message,
                        "the mail server answered 454 4.7.0 Temporary authentication failure");
    assert_string_equal(oc_test_error(r->t)->hint, "");
}

static void a_certificate_nobody_vouches_for_is_refused(void **state)
{
    struct room *r = *state;
    start_sink(r, "starttls");
    oc_test_option(r->t, "ca_file", "/etc/ssl/certs/ca-certificates.crt");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_PERMANENT);
    assert_non_null(strstr(oc_test_error(r->t)->hint, "ca_file"));
    assert_null(received(r, 1));
}

static void a_server_without_starttls_gets_nothing(void **state)
{
    struct room *r = *state;
    start_sink(r, "none");
    oc_test_option(r->t, "tls", "starttls");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_PERMANENT);
    assert_null(received(r, 1));
}

static void a_refused_recipient_does_not_keep_the_others_from_hearing(void **state)
{
    struct room *r = *state;
    start_sink(r, "none");
    oc_test_option(r->t, "to",
                   "[\"refuse@example.com\", \"Ann <oncall@example.com>\", \"later@example.com\"]");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_OK);
    assert_non_null(strstr(oc_test_json(r->t, 0),
                           "accepted for 1 of 3; refused: <refuse@example.com> (550 no such user), "
                           "<later@example.com> (451 try again later)"));
    json_t *mail = received(r, 1);
    assert_int_equal(json_array_size(json_object_get(mail, "envelope_to")), 1);
    json_decref(mail);
}

static void the_servers_code_says_whether_another_try_makes_sense(void **state)
{
    struct room *r = *state;
    start_sink(r, "none");
    oc_test_option(r->t, "to", "[\"refuse@example.com\"]");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_PERMANENT);
    assert_non_null(strstr(oc_test_error(r->t)->message, "550"));
    assert_int_equal(oc_test_stop(r->t), 0);
    oc_test_option(r->t, "to", "[\"later@example.com\"]");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_RETRY);
    assert_non_null(strstr(oc_test_error(r->t)->message, "451"));
    assert_int_equal(oc_test_stop(r->t), 0);
    oc_test_option(r->t, "to", "[\"later@example.com\", \"refuse@example.com\"]");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_RETRY); /* one of them may be */
}

static void a_refusal_is_told_and_not_the_goodbye_after_it(void **state)
{
    struct room *r = *state;
    start_sink(r, "none");
    oc_test_option(r->t, "to", "[\"nodata@example.com\"]");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_PERMANENT);
    assert_string_equal(oc_test_error(r->t)->message,
                        "the mail server answered 503 Error: need RCPT command");
    assert_int_equal(oc_test_stop(r->t), 0);
    oc_test_option(r->t, "from", "later@example.com");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_RETRY);
    assert_string_equal(oc_test_error(r->t)->message,
                        "the mail server answered 451 not this sender now");
}

static void a_server_that_hangs_costs_no_more_than_the_deadline(void **state)
{
    struct room *r = *state;
    start_sink(r, "hang");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    const char *params = "{\"id\":\"x\",\"event\":\"firing\",\"alert\":{}}";
    assert_int_equal(oc_test_call(r->t, SEND, params, 500), OC_E_TIMEOUT);
    assert_true(oc_test_took_ms(r->t) < 500);
    oc_test_cancel_after(r->t, 100);
    assert_int_equal(oc_test_call(r->t, SEND, params, 20000), OC_E_CANCELLED);
    assert_true(oc_test_took_ms(r->t) < 3000);
}

static void nobody_listening_is_worth_another_try(void **state)
{
    struct room *r = *state;
    oc_test_config(r->t, "{\"host\":\"127.0.0.1\",\"port\":1,\"tls\":\"none\","
                         "\"from\":\"a@b.example\",\"to\":[\"c@d.example\"]}");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_E_RETRY);
}

/* ---- what an alert says cannot become more than text ---- */

static void nothing_in_an_alert_can_add_a_header_or_a_part(void **state)
{
    struct room *r = *state;
    start_sink(r, "none");
    assert_int_equal(
        send_text(r, "firing", "r\r\nBcc: evil@example.com\r\n\r\nbody",
                  "m\r\n.\r\nMAIL FROM:<evil@example.com>\r\n--=_openclaw_alert_=\r\n"
                  "Content-Type: text/plain\r\n\r\nforged\n--=_openclaw_alert_=--\n.\n"),
        OC_OK);
    json_t *mail = received(r, 1);
    expect_sound(mail);
    assert_string_equal(header_of(mail, "Bcc"), "");
    assert_non_null(strstr(header_of(mail, "Subject"), "r  Bcc: evil@example.com    body"));
    assert_non_null(strstr(text_of(mail, "text"), "MAIL FROM:<evil@example.com>"));
    assert_non_null(strstr(text_of(mail, "text"), "forged\n--=_openclaw_alert_=--\n.\n"));
    assert_int_equal(json_array_size(json_object_get(mail, "envelope_to")), 1);
    assert_null(received(r, 2));
    json_decref(mail);
}

static void html_in_an_alert_is_only_text(void **state)
{
    struct room *r = *state;
    start_sink(r, "none");
    assert_int_equal(send_text(r, "firing", "<script>", "<img src=x onerror=\"alert(1)\"> & more"),
                     OC_OK);
    json_t *mail = received(r, 1);
    expect_sound(mail);
    assert_null(strstr(text_of(mail, "html"), "<script>"));
    assert_null(strstr(text_of(mail, "html"), "<img"));
    assert_non_null(
        strstr(text_of(mail, "html"), "&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; more"));
    json_decref(mail);
}

static void any_language_and_any_length_comes_through(void **state)
{
    struct room *r = *state;
    char rule[512] = "", message[16384] = "";
    for (int i = 0; i < 20; i++) {
        strcat(rule, "Zähler日本🔥"); /* some characters end where an encoded word would */
    }
    for (int i = 0; i < 300; i++) {
        strcat(message, "ünïcödé = 日本 trailing \t\n");
    }
    start_sink(r, "none");
    assert_int_equal(send_text(r, "firing", rule, message), OC_OK);
    json_t *mail = received(r, 1);
    expect_sound(mail);
    char subject[600];
    snprintf(subject, sizeof subject, "[OpenClaw] critical: %s on cache", rule);
    assert_string_equal(header_of(mail, "Subject"), subject);
    assert_non_null(strstr(text_of(mail, "text"), message));
    json_decref(mail);
}

static void a_subject_may_be_of_the_users_making(void **state)
{
    struct room *r = *state;
    start_sink(r, "none");
    oc_test_option(r->t, "subject", "{event} {labels.mount} {nothing}{open =?UTF-8?B?eA==?=");
    assert_int_equal(send_text(r, "firing", "redis", "x"), OC_OK);
    json_t *mail = received(r, 1);
    assert_string_equal(header_of(mail, "Subject"), "firing /home {open =?UTF-8?B?eA==?=");
    json_decref(mail);
}

/* ---- configuration ---- */

static int start_with(const char *config)
{
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    oc_test_config(t, config);
    int rc = oc_test_start(t);
    assert_int_equal(oc_test_close(t), 0);
    return rc;
}

static void wrong_options_are_refused_at_the_start(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"host\":\"h\",\"from\":\"a@b\",\"to\":[]}",
        "{\"host\":\"h\",\"from\":\"nobody\",\"to\":[\"a@b\"]}",
        "{\"host\":\"h\",\"from\":\"a@b\",\"to\":[\"a@b\\r\\nRCPT TO:<e@f>\"]}",
        "{\"host\":\"h\",\"from\":\"a@b\",\"to\":[\"a b@c\"]}",
        "{\"host\":\"h\",\"from\":\"a@b\",\"to\":[\"X <a@b\"]}",
        "{\"host\":\"h\",\"from\":\"a@b\",\"to\":[\"a@b>\"]}",
        "{\"host\":\"h\",\"from\":\"X\\n <a@b>\",\"to\":[\"a@b\"]}",
        "{\"host\":\"h/../x\",\"from\":\"a@b\",\"to\":[\"a@b\"]}",
        "{\"host\":\"h x\",\"from\":\"a@b\",\"to\":[\"a@b\"]}",
        "{\"host\":\"h\",\"port\":0,\"from\":\"a@b\",\"to\":[\"a@b\"]}",
        "{\"host\":\"h\",\"from\":\"a@b\",\"to\":[\"a@b\"],\"user\":\"u\"}",
        ("{\"host\":\"h\",\"tls\":\"none\",\"from\":\"a@b\",\"to\":[\"a@b\"],\"user\":\"u\","
         "\"password\":\"p\"}"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (start_with(bad[i]) != OC_E_CONFIG) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(start_with("{\"host\":\"localhost\",\"tls\":\"none\",\"from\":\"a@b\","
                                "\"to\":[\"X <a@b>\"],\"user\":\"u\",\"password\":\"p\"}"),
                     OC_OK);
}

#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(a_mail_arrives_over_starttls_with_a_password),
        IN_ROOM(a_mail_arrives_over_tls_from_the_start),
        IN_ROOM(a_mail_arrives_in_plain_text_when_asked_for),
        IN_ROOM(a_wrong_password_is_an_auth_error),
        IN_ROOM(a_password_that_cannot_be_checked_is_worth_another_try),
        IN_ROOM(a_certificate_nobody_vouches_for_is_refused),
        IN_ROOM(a_server_without_starttls_gets_nothing),
        IN_ROOM(a_refused_recipient_does_not_keep_the_others_from_hearing),
        IN_ROOM(the_servers_code_says_whether_another_try_makes_sense),
        IN_ROOM(a_refusal_is_told_and_not_the_goodbye_after_it),
        IN_ROOM(a_server_that_hangs_costs_no_more_than_the_deadline),
        IN_ROOM(nobody_listening_is_worth_another_try),
        IN_ROOM(nothing_in_an_alert_can_add_a_header_or_a_part),
        IN_ROOM(html_in_an_alert_is_only_text),
        IN_ROOM(any_language_and_any_length_comes_through),
        IN_ROOM(a_subject_may_be_of_the_users_making),
        cmocka_unit_test(wrong_options_are_refused_at_the_start),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
