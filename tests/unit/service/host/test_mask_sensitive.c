/* What may be a secret is shown to admins alone. SPDX-License-Identifier: MIT */
#include "tests/unit/service/host/world.h"

static const struct oc_option check_options[] = {
    {.name = "command", .type = OC_OPT_STRINGS, .flags = OC_OPT_SENSITIVE},
    {.name = "label", .type = OC_OPT_STRING, .offset = 16},
    {0}};
static const struct oc_option known_options[] = {
    {.name = "body", .type = OC_OPT_STRING, .flags = OC_OPT_SENSITIVE},
    {.name = "command", .type = OC_OPT_STRINGS, .flags = OC_OPT_SENSITIVE, .offset = 8},
    {.name = "vars", .type = OC_OPT_MAP, .flags = OC_OPT_SENSITIVE, .offset = 24},
    {.name = "pin", .type = OC_OPT_SECRET, .offset = 40},
    {.name = "plain", .type = OC_OPT_STRING, .offset = 48},
    {.name = "checks",
     .type = OC_OPT_GROUPS,
     .offset = 56,
     .item_size = 24,
     .options = check_options},
    {.name = "token_count", .type = OC_OPT_INT, .offset = 72},
    {0}};

static const char example[] =
    "collectors = ({plugin = \"known\"; name = \"a\"; interval = \"5s\"; body = \"SECRET\";"
    " command = [\"/bin/prog\", \"--key\", \"SECRET\"]; vars = {K = \"SECRET\"; N = 12345;};"
    " plain = \"shown\"; pin = \"HIDDEN\"; url = \"http://SECRET@h/p?t=SECRET\";"
    " checks = ({label = \"one\"; command = [\"prog2\", \"SECRET\"];});},\n"
    " {plugin = \"foreign\"; name = \"b\"; interval = \"7s\"; what = \"SECRET\"; deep = {x = "
    "[\"SECRET\"];};});\n"
    "plugins = {known = {body = \"SECRET\";}; foreign = {what = \"SECRET\";};};\n"
    "remote_write = ({url = \"http://h/w?k=SECRET\"; headers = {X-Org = \"SECRET\";};});\n";

static const struct oc_plugin_entry entry = {OC_ENTRY_HEAD, .instance_size = 128,
                                             .options = known_options};

static enum oc_role role;
static const char *actor;

/* The answer as text, owned by the caller. */
static char *ask(const char *op, const char *key)
{
    char params[128];
    snprintf(params, sizeof params, "{\"key\": \"%s\"}", key);
    struct oc_call_request req = {.op = op,
                                  .params = key ? json_loads(params, 0, NULL) : NULL,
                                  .actor = {.name = actor, .role = role},
                                  .on_done = stage_done,
                                  .ctx = &w.s};
    oc_ops_call(w.s.env.ops, &req);
    assert_int_equal(w.s.code, OC_OK);
    return oc_json_text(w.s.result);
}

static void prepare(enum oc_role as, const char *name)
{
    plugin_add("known", LIBRARY)->entry = &entry;
    w.s.env.plugins = (struct oc_plugins *)&w; /* only that there are any matters */
    oc_host_service_destroy(w.host);
    struct oc_host_hooks hooks = {.config = hook_config,
                                  .diags = hook_diags,
                                  .sections = hook_sections,
                                  .reload = hook_reload,
                                  .check = hook_check};
    oc_ops_destroy(w.s.env.ops);
    w.s.env.ops = oc_ops_create(w.s.env.loop, w.s.env.bus);
    w.host = oc_host_service_create(&w.s.env, &hooks);
    configure(example);
    role = as;
    actor = name;
}

static const char *const keys[] = {NULL,
                                   "collectors",
                                   "collectors[0]",
                                   "collectors.a",
                                   "collectors[0].body",
                                   "collectors.a.body",
                                   "collectors[0].command",
                                   "collectors[0].command[2]",
                                   "collectors[0].vars",
                                   "collectors[0].vars.K",
                                   "collectors[0].url",
                                   "collectors[0].checks",
                                   "collectors[0].checks[0]",
                                   "collectors[0].checks[0].command",
                                   "collectors[0].checks[0].command[1]",
                                   "collectors[1].what",
                                   "collectors[1].deep",
                                   "collectors[1].deep.x",
                                   "collectors.b.deep.x[0]",
                                   "plugins",
                                   "plugins.known",
                                   "plugins.known.body",
                                   "plugins.foreign.what",
                                   "remote_write",
                                   "remote_write[0].url",
                                   "remote_write[0].headers",
                                   "remote_write[0].headers.X-Org"};
static const char *const ops[] = {"config.show", "config.get", "config.explain"};

static void nobody_but_admins_sees_them_in_any_view(void **state)
{
    (void)state;
    static const enum oc_role others[] = {OC_ROLE_VIEWER, OC_ROLE_OPERATOR};
    for (size_t r = 0; r < OC_COUNT(others); r++) {
        prepare(others[r], "token:x");
        for (size_t o = 0; o < OC_COUNT(ops); o++) {
            for (size_t k = o == 0 ? 0 : 1; k < OC_COUNT(keys); k++) {
                char *text = ask(ops[o], keys[k]);
                if (strstr(text, "SECRET") || strstr(text, "12345") || strstr(text, "HIDDEN")) {
                    fail_msg("%s %s: %s", ops[o], keys[k] ? keys[k] : "", text);
                }
                assert_true(!keys[k] || strstr(text, "********"));
                free(text);
            }
        }
        plugins_forget();
    }
}

static void what_is_none_stays_readable(void **state)
{
    (void)state;
    static const char *const shown[] = {"/bin/prog", "prog2", "one",     "shown", "5s",
                                        "7s",        "X-Org", "foreign", "\"K\""};
    prepare(OC_ROLE_VIEWER, "token:x");
    char *text = ask("config.show", NULL);
    for (size_t i = 0; i < OC_COUNT(shown); i++) {
        if (!strstr(text, shown[i])) {
            fail_msg("%s is not in %s", shown[i], text);
        }
    }
    free(text);
}

static void an_admin_sees_all_but_secrets(void **state)
{
    (void)state;
    prepare(OC_ROLE_ADMIN, "cli:uid=0");
    char *text = ask("config.show", NULL);
    assert_non_null(strstr(text, "SECRET"));
    assert_non_null(strstr(text, "12345"));
    assert_null(strstr(text, "HIDDEN"));
    free(text);
}

static void an_answer_that_is_kept_holds_none(void **state)
{
    (void)state;
    static const char *const keepers[] = {"schedule:nightly", "runbook:collect"};
    for (size_t i = 0; i < OC_COUNT(keepers); i++) {
        prepare(OC_ROLE_ADMIN, keepers[i]);
        char *text = ask("config.show", NULL);
        assert_null(strstr(text, "SECRET"));
        free(text);
        plugins_forget();
    }
}

/* Whoever reads: nothing says of a plugin that is not there, or of a key that is not in its table, that this is no password. */
static void a_number_under_the_name_of_a_secret_is_one(void **state)
{
    (void)state;
    prepare(OC_ROLE_ADMIN, "cli:uid=0");
    configure("plugins = {ghost = {password = 86753090; tokens = [86753091]; retries = 77;};\n"
              " known = {body = \"b\"; vars = {api_key = 86753092;}; token_count = 78;};};\n"
              "remote_write = ({url = \"http://h/w\"; password = 86753093;});\n"
              "remote_read = {Tokens = [86753094]; max_tokens = 86753095;};\n"
              "cost = {budgets = ({daily_tokens = 79;});};\n");
    char *text = ask("config.show", NULL);
    assert_null(strstr(text, "867530"));
    assert_non_null(strstr(text, "77"));
    assert_non_null(strstr(text, "78")); /* its table names it */
    assert_non_null(strstr(text, "79"));
    free(text);
    text = ask("config.get", "plugins.ghost.password");
    assert_null(strstr(text, "867530"));
    free(text);
}

/* In any view, and where the change of one is kept. */
static void a_figure_of_the_host_is_none_whatever_it_is_called(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
    } figures[] = {{"thresholds.login.failed_passwords_warning", "5"},
                   {"thresholds.login.token_errors_critical", "0.25"},
                   {"thresholds.litellm.Tokens_per_minute_warning", "76"},
                   {"thresholds.login.password_age_warning", "90d"}};
    prepare(OC_ROLE_VIEWER, "token:x");
    configure("thresholds = {login = {failed_passwords_warning = 5; token_errors_critical = 0.25;\n"
              " password_age_warning = \"90d\"; password = \"SECRET\";};\n"
              " litellm = {Tokens_per_minute_warning = 76;};};\n");
    for (size_t i = 0; i < OC_COUNT(figures); i++) {
        for (size_t o = 0; o < OC_COUNT(ops); o++) {
            char *text = ask(ops[o], figures[i].key);
            assert_non_null(strstr(text, figures[i].value));
            assert_null(strstr(text, "********"));
            free(text);
        }
        const struct oc_op *op = oc_ops_find(w.s.env.ops, "config.set");
        json_t *params = json_pack("{s:s, s:s}", "key", figures[i].key, "value", figures[i].value);
        assert_true(op->is_open(params, "value"));
        oc_json_set_str(params, "value", "SECRET");
        assert_false(op->is_open(params, "value"));
        oc_json_set_str(params, "key", "store.password");
        oc_json_set_str(params, "value", figures[i].value);
        assert_false(op->is_open(params, "value"));
        json_decref(params);
    }
    char *text = ask("config.show", NULL);
    assert_null(strstr(text, "SECRET"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_but_admins_sees_them_in_any_view),
        TEST(what_is_none_stays_readable),
        TEST(an_admin_sees_all_but_secrets),
        TEST(an_answer_that_is_kept_holds_none),
        TEST(a_number_under_the_name_of_a_secret_is_one),
        TEST(a_figure_of_the_host_is_none_whatever_it_is_called),
    };
    return cmocka_run_group_tests_name("sensitive", tests, NULL, NULL);
}
