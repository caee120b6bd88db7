/* Plans: shown, asked about, done as they were shown. SPDX-License-Identifier: MIT */
#include "tests/unit/cli/capture.h"
#include "tests/unit/cli/table.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/cli/plan.h"
#include "core/cli/show.h"
#include "core/sys/file.h"

static const struct cli_param params[] = {
    {"dry_run", OC_OPT_BOOL, 0, NULL, NULL, "only show it"},
    {"plan", OC_OPT_STRING, 0, NULL, NULL, "what was shown"},
    {"accept_permissions", OC_OPT_STRING, 0, NULL, NULL, "a surface"},
};
static const struct cli_param fix_params[] = {{"fix", OC_OPT_BOOL, 0, NULL, NULL, "mend it"}};
static const struct cli_op install = {
    .name = "plugin.install",
    .summary = "Install",
    .flags = OC_OP_PLANS | OC_OP_MUTATES,
    .view = "custom:plan",
    .params = params,
    .param_count = OC_COUNT(params),
};
static const struct cli_op doctor = {.name = "plugin.doctor",
                                     .flags = OC_OP_PLANS,
                                     .params = fix_params,
                                     .param_count = OC_COUNT(fix_params)};

#define PLAN                                                                                       \
    "{\"dry_run\":true,\"plan\":\"abc\",\"actions\":[{\"do\":\"install\",\"name\":\"hello\","      \
    "\"id\":\"acme/hello\",\"version\":\"1.1.0\",\"from\":\"1.0.0\",\"size\":2048,\"source\":"     \
    "\"registry:main\",\"trust\":\"publisher\",\"tier\":\"process\"}],\"permissions\":["           \
    "{\"permission\":\"network:tcp:5432\",\"why\":\"new\"},{\"permission\":\"op:call:a\",\"why\":" \
    "\"kept\"}],\"surface\":\"f00\",\"consent\":\"needed\",\"warnings\":[\"it is young\"],"        \
    "\"changelog\":\"1.1.0: it greets\"}"

static struct cli cli;
static struct cli_link link_;
static int theirs;

static int setup(void **state)
{
    int fds[2];
    (void)state;
    cli = (struct cli){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    link_ = (struct cli_link){.fd = fds[0], .child.log = -1, .limit_ms = 5000};
    theirs = fds[1];
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_link_close(&link_);
    close(theirs);
    return 0;
}

static void say(const char *text)
{
    size_t len = strlen(text);
    const unsigned char head[] = {len & 0xff, (len >> 8) & 0xff, 0, 0};
    assert_int_equal(oc_fd_write_all(theirs, head, sizeof head), 0);
    assert_int_equal(oc_fd_write_all(theirs, text, len), 0);
}

/* The parameters of the next request; owned by the caller. */
static json_t *hear(void)
{
    unsigned char head[4];
    char text[4096];
    assert_int_equal(read(theirs, head, 4), 4);
    size_t len = head[0] | (size_t)head[1] << 8;
    assert_int_equal(read(theirs, text, len), (ssize_t)len);
    json_t *frame = json_loadb(text, len, 0, NULL);
    json_t *given = json_incref(json_object_get(frame, "params"));
    json_decref(frame);
    return given;
}

/* Runs `fn` with this terminal on stdin and stderr; what was written to it is returned, owned by the caller. */
static char *on_terminal(const char *typed, void (*fn)(struct cli_answer *), struct cli_answer *a)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY), in = dup(0), out = dup(2);
    fflush(stderr);
    dup2(slave, 0);
    dup2(slave, 2);
    assert_int_equal(write(master, typed, strlen(typed)), (ssize_t)strlen(typed));
    fn(a);
    fflush(stderr);
    dup2(in, 0);
    dup2(out, 2);
    close(in);
    close(out);
    char *text = calloc(1, 8192);
    size_t len = 0;
    for (struct pollfd p = {.fd = master, .events = POLLIN}; poll(&p, 1, 50) > 0 && len < 8191;) {
        ssize_t n = read(master, text + len, 8191 - len);
        assert_true(n > 0);
        len += (size_t)n;
    }
    close(slave);
    close(master);
    return text;
}

static void run(struct cli_answer *answer)
{
    json_t *given = json_pack("{s:s}", "name", "hello");
    const struct cli_listener listener = {0};
    oc_plan_call(&link_, &cli, &install, given, &listener, answer);
    json_decref(given);
}

static void the_plan_comes_first_unless_yes_was_said(void **state)
{
    (void)state;
    json_t *dry = json_pack("{s:b}", "dry_run", 1), *fix = json_pack("{s:b}", "fix", 1);
    assert_true(oc_plan_first(&cli, &install, NULL));
    assert_false(oc_plan_first(&cli, &install, dry));
    assert_false(oc_plan_first(&cli, test_op("backup.destroy"), NULL));
    assert_false(oc_plan_first(&cli, &doctor, NULL));
    assert_true(oc_plan_first(&cli, &doctor, fix));
    cli.yes = true;
    assert_false(oc_plan_first(&cli, &install, NULL));
    json_decref(dry);
    json_decref(fix);
}

static void without_a_terminal_the_plan_is_shown_and_refused(void **state)
{
    (void)state;
    struct cli_answer answer = {0};
    int null = open("/dev/null", O_RDONLY), saved = dup(STDIN_FILENO);
    say("{\"id\":1,\"ok\":true,\"data\":" PLAN ",\"warnings\":[],\"error\":null}");
    dup2(null, STDIN_FILENO);
    struct capture errors = capture_begin(stderr);
    run(&answer);
    char *said = capture_end(&errors);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(null);
    assert_contains(said, "install  acme/hello 1.1.0 (from 1.0.0)  2 KB  registry:main");
    assert_contains(said, "+ network:tcp:5432  (new)");
    assert_contains(said, "warning: it is young");
    assert_contains(said, "1.1.0: it greets");
    assert_false(answer.ok);
    assert_int_equal(answer.err.code, OC_E_DENIED);
    assert_contains(answer.err.hint, "--accept-permissions f00");
    json_t *asked = hear();
    assert_true(oc_json_bool(asked, "dry_run", false));
    assert_string_equal(oc_json_str(asked, "name", ""), "hello");
    json_decref(asked);
    oc_answer_finish(&answer);
    free(said);
}

static void quiet_shows_nothing_where_nobody_is_asked(void **state)
{
    (void)state;
    struct cli_answer answer = {0};
    int null = open("/dev/null", O_RDONLY), saved = dup(STDIN_FILENO);
    cli.quiet = true;
    say("{\"id\":1,\"ok\":true,\"data\":" PLAN ",\"warnings\":[],\"error\":null}");
    dup2(null, STDIN_FILENO);
    struct capture errors = capture_begin(stderr);
    run(&answer);
    char *said = capture_end(&errors);
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(null);
    assert_string_equal(said, "");
    assert_int_equal(answer.err.code, OC_E_DENIED);
    oc_answer_finish(&answer);
    free(said);
}

static void what_was_agreed_to_is_what_is_done(void **state)
{
    (void)state;
    struct cli_answer answer = {0};
    say("{\"id\":1,\"ok\":true,\"data\":" PLAN ",\"warnings\":[],\"error\":null}");
    say("{\"id\":2,\"ok\":true,\"data\":{\"generation\":4},\"warnings\":[],\"error\":null}");
    char *said = on_terminal("y\n", run, &answer);
    assert_contains(said, "Grant these permissions and go on? [y/N]");
    assert_true(answer.ok);
    assert_int_equal(oc_json_int(answer.data, "generation", 0), 4);
    json_decref(hear());
    json_t *done = hear();
    assert_string_equal(oc_json_str(done, "plan", ""), "abc");
    assert_string_equal(oc_json_str(done, "accept_permissions", ""), "f00");
    assert_null(json_object_get(done, "dry_run"));
    json_decref(done);
    oc_answer_finish(&answer);
    free(said);
}

static void a_quiet_question_shows_its_plan_too(void **state)
{
    (void)state;
    struct cli_answer answer = {0};
    cli.quiet = true;
    say("{\"id\":1,\"ok\":true,\"data\":" PLAN ",\"warnings\":[],\"error\":null}");
    char *said = on_terminal("n\n", run, &answer);
    assert_contains(said, "install  acme/hello 1.1.0");
    assert_contains(said, "+ network:tcp:5432");
    assert_contains(said, "it is young");
    assert_contains(said, "Grant these permissions and go on?");
    assert_false(answer.ok);
    oc_answer_finish(&answer);
    free(said);
}

static void a_no_changes_nothing(void **state)
{
    (void)state;
    struct cli_answer answer = {0};
    say("{\"id\":1,\"ok\":true,\"data\":{\"dry_run\":true,\"plan\":\"abc\",\"actions\":[{\"do\":"
        "\"remove\",\"name\":\"hello\"}]},\"warnings\":[],\"error\":null}");
    char *said = on_terminal("n\n", run, &answer);
    assert_contains(said, "plugin install: 1 action. Go on?");
    assert_false(answer.ok);
    assert_int_equal(answer.err.code, OC_E_CANCELLED);
    oc_answer_finish(&answer);
    free(said);
}

static void a_plan_of_nothing_asks_nobody(void **state)
{
    (void)state;
    struct cli_answer answer = {0};
    say("{\"id\":1,\"ok\":true,\"data\":{\"dry_run\":true,\"plan\":\"abc\",\"actions\":[]},"
        "\"warnings\":[],\"error\":null}");
    run(&answer);
    assert_true(answer.ok);
    struct cli_show show = {.cli = &cli, .op = &install};
    struct capture out = capture_begin(stdout);
    assert_int_equal(oc_show(&show, &answer), 0);
    char *said = capture_end(&out);
    assert_contains(said, "Nothing is to be done.");
    oc_answer_finish(&answer);
    free(said);
}

static void what_became_of_it_is_told(void **state)
{
    (void)state;
    struct cli_answer answer = {.ok = true,
                                .data = json_pack("{s:[{s:s,s:s,s:s}],s:i,s:s}", "actions", "do",
                                                  "install", "name", "hello", "version", "1.1.0",
                                                  "generation", 7, "next", "openclaw reload")};
    struct cli_show show = {.cli = &cli, .op = &install};
    struct capture out = capture_begin(stdout);
    assert_int_equal(oc_show(&show, &answer), 0);
    char *said = capture_end(&out);
    assert_contains(said, "done\n  install  hello 1.1.0\n");
    assert_contains(said, "generation 7\nnext: `openclaw reload`\n");
    oc_answer_finish(&answer);
    free(said);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_plan_comes_first_unless_yes_was_said),
        T(without_a_terminal_the_plan_is_shown_and_refused),
        T(quiet_shows_nothing_where_nobody_is_asked),
        T(what_was_agreed_to_is_what_is_done),
        T(a_quiet_question_shows_its_plan_too),
        T(a_no_changes_nothing),
        T(a_plan_of_nothing_asks_nobody),
        T(what_became_of_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
