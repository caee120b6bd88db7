/* Tests of core/config/import/import.c and the readers of the three files. SPDX-License-Identifier: MIT */
#include "tests/unit/config/import_fixture.h"

/* ---- monitoring-config.json ---- */

/* What is said above a list of collectors. */
#define LISTED                                                                                     \
    "# The built-in collectors are here too, as listing one of them takes the place of all: "      \
    "leave "                                                                                       \
    "out what does not run.\n"

static const char monitoring[] =
    "{ \"version\": \"1.0.0\",\n"
    "  \"monitoring\": {\"health_check_interval_seconds\": 45, \"metrics_retention_days\": 30,\n"
    "                   \"alert_cooldown_minutes\": 15},\n"
    "  \"thresholds\": {\"cpu\": {\"warning_percent\": 70, \"critical_percent\": 90, "
    "\"sustained_duration_seconds\": 300},\n"
    "    \"response_time\": {\"warning_ms\": 5000, \"critical_ms\": 15000, \"timeout_ms\": "
    "30000},\n"
    "    \"agent_health\": {\"max_consecutive_failures\": 3, \"heartbeat_timeout_seconds\": 120},\n"
    "    \"redis\": {\"memory_warning_percent\": \"70%\"}, \"gpu\": {\"warning_percent\": 80}},\n"
    "  \"alerting\": {\"channels\": {\n"
    "      \"console\": {\"enabled\": true, \"levels\": [\"warning\", \"critical\"]},\n"
    "      \"file\": {\"enabled\": true, \"path\": \"/var/log/alerts.log\", \"max_size_mb\": 10, "
    "\"rotation_count\": 5},\n"
    "      \"webhook\": {\"enabled\": false, \"url\": \"\", \"secret\": \"\", \"retry_count\": 3, "
    "\"timeout_ms\": 10000},\n"
    "      \"email\": {\"enabled\": false, \"smtp_host\": \"mail\", \"smtp_port\": 587, "
    "\"from_address\": \"a@b\",\n"
    "                  \"recipients\": [\"c@d\"], \"use_tls\": true}},\n"
    "    \"rules\": [\n"
    "      {\"name\": \"high_cpu\", \"condition\": \"system.cpu_percent > 90 && system.load1 !== "
    "0||x == 'a&&b'\",\n"
    "       \"severity\": \"critical\", \"message\": \"CPU at {{cpu_percent}}%\", \"channels\": "
    "[\"console\", \"file\"]},\n"
    "      {\"name\": \"bad name\", \"condition\": \"a > 1\"},\n"
    "      {\"name\": \"redis\", \"condition\": \"redis.connected == false\", \"severity\": "
    "\"critical\", \"owner\": \"me\"}]},\n"
    "  \"dashboard\": {\"port\": 7000} }";

static void monitoring_config_is_written_as_ours(void **state)
{
    (void)state;
    struct imported i = import(monitoring);
    assert_string_equal(i.err.message, "");
    assert_string_equal(
        i.text.data,
        "# Imported from monitoring-config.json of the original system.\n" LISTED
        "store = { retention = \"30d\"; };\n"
        "alerts = {\n"
        "    cooldown = \"15m\";\n"
        "    channels = (\n"
        "        { plugin = \"console\"; levels = [\"warning\", \"critical\"]; enabled = true; },\n"
        "        {\n"
        "            plugin = \"file\";\n"
        "            path = \"/var/log/alerts.log\";\n"
        "            max_size = \"10MB\";\n"
        "            keep = 5;\n"
        "            enabled = true;\n"
        "        },\n"
        "        {\n"
        "            plugin = \"email\";\n"
        "            host = \"mail\";\n"
        "            port = 587;\n"
        "            from = \"a@b\";\n"
        "            to = [\"c@d\"];\n"
        "            tls = \"starttls\";\n"
        "            enabled = false;\n"
        "        }\n"
        "    );\n"
        "    rules = (\n"
        "        {\n"
        "            name = \"high_cpu\";\n"
        "            expr = \"system.cpu_percent > 90 and system.load1 ~= 0 or x == 'a&&b'\";\n"
        "            severity = \"critical\";\n"
        "            message = \"CPU at {{cpu_percent}}%\";\n"
        "            channels = [\"console\", \"file\"];\n"
        "        },\n"
        "        { name = \"redis\"; expr = \"redis.connected == false\"; severity = \"critical\"; "
        "}\n"
        "    );\n"
        "};\n"
        "thresholds = {\n"
        "    cpu = { warning_percent = 70; critical_percent = 90; sustained = \"5m\"; };\n"
        "    response_time = { warning_ms = 5000; critical_ms = 15000; timeout_ms = 30000; };\n"
        "    agent_health = { max_consecutive_failures = 3; heartbeat_timeout_seconds = 120; };\n"
        "};\n"
        "collectors = (\n"
        "    { plugin = \"system\"; interval = \"45s\"; },\n"
        "    { plugin = \"agent\"; interval = \"45s\"; },\n"
        "    { plugin = \"gateway\"; interval = \"45s\"; },\n"
        "    { plugin = \"litellm\"; interval = \"45s\"; },\n"
        "    { plugin = \"postgres\"; interval = \"45s\"; },\n"
        "    { plugin = \"redis\"; interval = \"45s\"; },\n"
        "    { plugin = \"ollama\"; interval = \"45s\"; },\n"
        "    { plugin = \"langfuse\"; interval = \"45s\"; },\n"
        "    { plugin = \"websocket_bridge\"; interval = \"45s\"; },\n"
        "    { plugin = \"dashboard\"; interval = \"45s\"; }\n"
        ");\n");
    assert_string_equal(oc_json_str(i.report, "format", ""), "monitoring-config.json");
    assert_int_equal(oc_json_int(i.report, "not_mapped", 0), 6);
    finish(
        &i,
        "f:0: thresholds.redis.memory_warning_percent: (warning) expected a number from 0 to 100, "
        "found a text "
        "(\"70%\")\n"
        "  The value was left out: what is shipped holds.\n"
        "f:0: alerting.channels.webhook: (warning) the channel is left out: it is off and has no "
        "`url`\n"
        "  Mend it in this file, and import it again.\n"
        "f:0: alerting.rules[1]: (warning) the rule is left out: it needs a name and a condition\n"
        "f:0: alerting.rules[2].owner: (warning) there is no such setting here\n"
        "f:0: dashboard: (warning) this host draws no dashboard\n"
        "  See `openclaw status` and `openclaw metrics query` for the same figures.\n"
        "f:0: thresholds.gpu.warning_percent: (warning) there is no such setting here\n");
}

static void rules_have_a_name_each_and_conditions_in_our_words(void **state)
{
    (void)state;
    assert_import(
        "{\"alerting\": {\"rules\": [\n"
        "  {\"name\": \"gateway\", \"condition\": \"!gateway.up\"},\n"
        "  {\"name\": \"gateway\", \"condition\": \"gateway.up == false\"},\n"
        "  {\"name\": \"both\", \"condition\": \"!(a.x && !b.y) || c.z != '!'\"}]}}",
        "alerts = {\n"
        "    rules = (\n"
        "        { name = \"gateway\"; expr = \"not gateway.up\"; },\n"
        "        { name = \"both\"; expr = \"not (a.x and not b.y) or c.z ~= '!'\"; }\n"
        "    );\n"
        "};\n",
        "f:0: alerting.rules[1]: (warning) the rule is left out: another one has its name\n");
}

static void secrets_are_never_copied(void **state)
{
    (void)state;
    struct imported i =
        import("{\"alerting\": {\"channels\": {\n"
               "  \"webhook\": {\"url\": \"https://me:hunter2@h/x\", \"secret\": \"hunter3\"},\n"
               "  \"email\": {\"smtp_host\": \"m\", \"from_address\": \"a@b\", \"recipients\": "
               "[\"c@d\"],\n"
               "            \"smtp_password\": \"${MAIL_PASSWORD}\"}}}}");
    assert_null(strstr(i.text.data, "hunter"));
    assert_non_null(strstr(i.text.data, "url = \"https://h/x\";\n"));
    assert_non_null(strstr(i.text.data, "secret = \"$env:OPENCLAW_WEBHOOK_SECRET\";\n"));
    assert_non_null(strstr(i.text.data, "password = \"$env:MAIL_PASSWORD\";"));
    finish(&i, "f:0: alerting.channels.webhook.url: (warning) user and password in the address "
               "were not copied\n"
               "  Give user and password as options of their own.\n"
               "f:0: alerting.channels.webhook.secret: (warning) the secret was not copied: ours "
               "refers to "
               "$env:OPENCLAW_WEBHOOK_SECRET\n"
               "  Set OPENCLAW_WEBHOOK_SECRET in the environment of the program.\n");
}

/* ---- alert-rules.yaml ---- */

static const char rules[] =
    "thresholds:\n"
    "  agent: { heartbeatWarning: 120, heartbeatCritical: 300, healthCritical: 0.3, memoryWarning: "
    "512, memoryWraning: 5 }\n"
    "  resources: { cpuWarning: 80, cpuCritical: 95, networkWarning: 80 }\n"
    "  service: { responseWarning: 2000, responseCritical: 5000, errorRateWarning: 5 }\n"
    "  litellm: { costWarning: 50 }\n"
    "routing:\n"
    "  rules: [ { match: { severity: critical }, channels: [console, webhook] } ]\n"
    "notifications:\n"
    "  channels:\n"
    "    - { id: console, type: console, enabled: true, format: colored }\n"
    "    - id: hook\n"
    "      type: webhook\n"
    "      url: https://example.com/hook\n"
    "      method: POST\n"
    "      headers: { Content-Type: application/json, Authorization: Bearer abc }\n"
    "      payload: { alert: '{{alert}}' }\n"
    "    - { id: slack, type: slack, enabled: false, webhookUrl: 'https://hooks/secret' }\n"
    "    - id: email\n"
    "      type: email\n"
    "      enabled: true\n"
    "      smtp: { host: mail, port: 465, secure: true, requireTLS: true, auth: { user: me, pass: "
    "pw } }\n"
    "      from: a@b\n"
    "      to: [c@d]\n"
    "      subject: '[OpenClaw] {{severity}}: {{title}}'\n"
    "suppression:\n"
    "  rules:\n"
    "    - { name: duplicate-suppression, enabled: true, window: 300, matchFields: [id, severity] "
    "}\n"
    "    - name: maintenance-window\n"
    "      enabled: true\n"
    "      schedule: [ { day: sunday, start: '22:00', end: '02:30', timezone: UTC }, { day: monday "
    "} ]\n"
    "    - { name: severity-cascade, enabled: true }\n"
    "escalation:\n"
    "  rules: [ { name: x } ]\n";

static void alert_rules_are_written_as_ours(void **state)
{
    (void)state;
    struct imported i = import(rules);
    assert_string_equal(i.err.message, "");
    assert_string_equal(
        i.text.data,
        "# Imported from alert-rules.yaml of the original system.\n"
        "thresholds = {\n"
        "    agent_health = {\n"
        "        heartbeat_warning_seconds = 120;\n"
        "        heartbeat_timeout_seconds = 300;\n"
        "        score_critical = 0.3;\n"
        "        memory_warning_mb = 512;\n"
        "    };\n"
        "    response_time = { warning_ms = 2000; critical_ms = 5000; };\n"
        "    api_rate_limits = { error_rate_warning_percent = 5; };\n"
        "    cpu = { warning_percent = 80; critical_percent = 95; };\n"
        "    network = { warning_percent = 80; };\n"
        "    cost = { day_warning_dollars = 50; };\n"
        "};\n"
        "alerts = {\n"
        "    cooldown = \"5m\";\n"
        "    channels = (\n"
        "        { plugin = \"console\"; format = \"colored\"; enabled = true; },\n"
        "        {\n"
        "            plugin = \"webhook\";\n"
        "            name = \"hook\";\n"
        "            url = \"https://example.com/hook\";\n"
        "            method = \"POST\";\n"
        "            template = \"{\\\"alert\\\":\\\"{{alert}}\\\"}\";\n"
        "            headers = { Content-Type = \"application/json\"; };\n"
        "            enabled = true;\n"
        "        },\n"
        "        { plugin = \"slack\"; webhook_url = \"$env:SLACK_WEBHOOK_URL\"; enabled = false; "
        "},\n"
        "        {\n"
        "            plugin = \"email\";\n"
        "            host = \"mail\";\n"
        "            port = 465;\n"
        "            user = \"me\";\n"
        "            tls = \"tls\";\n"
        "            from = \"a@b\";\n"
        "            to = [\"c@d\"];\n"
        "            subject = \"[OpenClaw] {severity}: {title}\";\n"
        "            password = \"$env:OPENCLAW_SMTP_PASSWORD\";\n"
        "            enabled = true;\n"
        "        }\n"
        "    );\n"
        "};\n"
        "maintenance = (\n"
        "    {\n"
        "        name = \"maintenance-window\";\n"
        "        services = [\"*\"];\n"
        "        days = [\"sunday\"];\n"
        "        start = \"22:00\";\n"
        "        duration = \"4h30m\";\n"
        "    }\n"
        ");\n");
    finish(&i,
           "f:0: suppression.rules[1].schedule: (warning) expected `start` and `end` as HH:MM in "
           "window 2\n"
           "  Write { day: sunday, start: '02:00', end: '04:00' }.\n"
           "f:0: suppression.rules[2]: (warning) which alerts keep others quiet is decided by a "
           "policy: severity-cascade\n"
           "  `openclaw alert import` writes it as policies/inhibit.lua.\n"
           "f:0: notifications.channels[1]: (warning) the header Authorization was not copied\n"
           "f:0: notifications.channels[2].webhookUrl: (warning) the secret was not copied: ours "
           "refers to $env:SLACK_WEBHOOK_URL\n"
           "  Set SLACK_WEBHOOK_URL in the environment of the program.\n"
           "f:0: notifications.channels[3].smtp.auth.pass: (warning) the secret was not copied: "
           "ours refers to "
           "$env:OPENCLAW_SMTP_PASSWORD\n"
           "  Set OPENCLAW_SMTP_PASSWORD in the environment of the program.\n"
           "f:0: routing: (warning) which channels an alert goes to is decided by a policy\n"
           "  `openclaw alert import` writes it as policies/route.lua.\n"
           "f:0: escalation: (warning) what becomes of an alert that nobody looks after is decided "
           "by a policy\n"
           "  `openclaw alert import` writes it as policies/escalate.lua.\n"
           "f:0: thresholds.agent.memoryWraning: (warning) there is no such setting here\n"
           "  Did you mean thresholds.agent.memoryWarning?\n");
}

/* ---- openclaw.json ---- */

static void openclaw_json_gives_agents_and_services(void **state)
{
    (void)state;
    struct imported i =
        import("{\"version\": \"2.0.0\", \"collective\": {\"name\": \"Heretek\"},\n"
               " \"models\": {\"providers\": {\"litellm\": {\"base_url\": "
               "\"http://localhost:4000\", \"api_key\": \"sk-1\"}}},\n"
               " \"agents\": [{\"id\": \"steward\", \"port\": 8001, \"role\": \"orchestrator\"}, "
               "{\"id\": \"alpha\", \"port\": 8002},\n"
               "   {\"id\": \"lost\"}, 5, {\"id\": \"steward\", \"port\": 9001}],\n"
               " \"embedding\": {\"provider\": \"ollama\", \"model\": \"m\", \"api_base\": "
               "\"http://ollama:11434\"}, "
               "\"memory\": {\"vector_store\": \"pgvector\"}}");
    assert_string_equal(i.err.message, "");
    assert_string_equal(i.text.data,
                        "# Imported from openclaw.json of the original system.\n" LISTED
                        "collectors = (\n"
                        "    { plugin = \"system\"; },\n"
                        "    {\n"
                        "        plugin = \"agent\";\n"
                        "        agents = (\n"
                        "            { name = \"steward\"; port = 8001; },\n"
                        "            { name = \"alpha\"; port = 8002; }\n"
                        "        );\n"
                        "    },\n"
                        "    { plugin = \"gateway\"; },\n"
                        "    { plugin = \"litellm\"; url = \"http://localhost:4000\"; },\n"
                        "    { plugin = \"postgres\"; },\n"
                        "    { plugin = \"redis\"; },\n"
                        "    { plugin = \"ollama\"; url = \"http://ollama:11434\"; },\n"
                        "    { plugin = \"langfuse\"; },\n"
                        "    { plugin = \"websocket_bridge\"; },\n"
                        "    { plugin = \"dashboard\"; }\n"
                        ");\n");
    assert_null(strstr(i.text.data, "sk-1"));
    finish(&i, "f:0: agents[2]: (warning) the agent is left out: it needs an id and a port\n"
               "f:0: agents[3]: (warning) expected a group, found a number (5)\n"
               "  The value was left out: what is shipped holds.\n"
               "f:0: agents[4]: (warning) the agent is left out: another one has its id\n"
               "f:0: agents: (warning) only id and port of an agent are taken over: the rest "
               "belongs to the agent\n"
               "f:0: collective: (warning) a collective has no name here; host.name is the name of "
               "the machine\n"
               "f:0: models: (warning) models and providers are not watched by configuration\n"
               "f:0: embedding: (warning) this host makes no embeddings\n"
               "f:0: memory: (warning) the stores of the agents have no address here\n"
               "  Add collectors with plugin = \"postgres\" and plugin = \"redis\".\n");
}

static void there_are_no_more_agents_than_a_collector_takes(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    oc_buf_adds(&text, "{\"agents\": [");
    for (int n = 0; n < 257; n++) {
        oc_buf_addf(&text, "%s{\"id\": \"a%d\", \"port\": 9000}", n ? ", " : "", n);
    }
    oc_buf_adds(&text, "]}");
    struct imported i = import(text.data);
    assert_non_null(strstr(i.text.data, "\"a255\""));
    assert_null(strstr(i.text.data, "\"a256\""));
    finish(&i, "f:0: agents[256]: (warning) the agent is left out: there are as many as a "
               "collector takes\n"
               "f:0: agents: (warning) only id and port of an agent are taken over: the rest "
               "belongs to the agent\n");
    oc_buf_finish(&text);
}

static void what_is_off_or_something_else_is_not_looked_at(void **state)
{
    (void)state;
    struct imported i =
        import("{\"agents\": [], \"models\": {\"providers\": {\"litellm\": {\"enabled\": \"no\", "
               "\"base_url\": \"http://h:4000\"}}},\n"
               " \"embedding\": {\"provider\": \"openai\", \"api_base\": \"http://h/v1\"}}");
    assert_null(strstr(i.text.data, "litellm"));
    assert_null(strstr(i.text.data, "http://h"));
    assert_non_null(strstr(i.text.data, "{ plugin = \"ollama\"; }"));
    finish(&i,
           "f:0: models.providers.litellm: (warning) the provider is off: its collector is left "
           "out\n"
           "f:0: models: (warning) models and providers are not watched by configuration\n"
           "f:0: embedding: (warning) this host makes no embeddings\n");
}

static void a_file_that_says_nothing_of_collectors_lists_none(void **state)
{
    (void)state;
    struct imported i =
        import("{\"agents\": {\"steward\": {\"port\": 8001}}, \"collective\": {},\n"
               " \"models\": {\"providers\": {\"litellm\": null}}, \"embedding\": \"\"}");
    assert_null(strstr(i.text.data, "collectors"));
    finish(&i, "f:0: agents: (warning) expected a list, found a group\n"
               "  The value was left out: what is shipped holds.\n"
               "f:0: models: (warning) models and providers are not watched by configuration\n");
}

/* ---- everything else ---- */

static void other_files_are_refused(void **state)
{
    (void)state;
    struct imported i = import("{\"name\": \"x\"}");
    assert_null(i.report);
    assert_int_equal(i.err.code, OC_E_UNSUPPORTED);
    assert_string_equal(i.err.message, "f: not a configuration of the original system");
    finish(&i, "");
    i = import("just words");
    assert_int_equal(i.err.code, OC_E_UNSUPPORTED);
    finish(&i, "");
    i = import("{\"alerting\": ");
    assert_int_equal(i.err.code, OC_E_CONFIG);
    assert_true(oc_starts(i.err.message, "f: "));
    finish(&i, "");
}

static void values_of_wrong_kinds_do_no_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"alerting\": {\"channels\": 5, \"rules\": {\"a\": 1}}}",
        "{\"alerting\": {\"channels\": {\"file\": []}, \"rules\": [1, [], null]}, \"thresholds\": "
        "[]}",
        "{\"monitoring\": {\"alert_cooldown_minutes\": -5, \"metrics_retention_days\": 1e300}}",
        "{\"agents\": [[], {}, {\"id\": 5, \"port\": \"x\"}, {\"id\": \"../x\", \"port\": 1}]}",
        "notifications: { channels: [ 5, [], { type: 7 }, { type: email, smtp: 5 }, { type: "
        "webhook, headers: [1] } ] }",
        "suppression: { rules: [ 5, { name: 3, window: x }, { name: maintenance-window, schedule: "
        "5 } ] }",
        "thresholds: { agent: { heartbeatCritical: soon, healthCritical: [1] }, resources: 5 }",
    };
    for (size_t n = 0; n < OC_COUNT(texts); n++) {
        struct imported i = import(texts[n]);
        struct oc_arena arena = {0};
        assert_non_null(i.report);
        assert_true(i.diags.list.count > 0);
        must_parse(&arena, i.text.data);
        json_decref(i.report);
        oc_diags_finish(&i.diags);
        oc_buf_finish(&i.text);
        oc_arena_finish(&arena);
    }
}

static void deep_documents_are_refused(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    oc_buf_adds(&text, "{\"alerting\": {}, \"x\": ");
    for (int n = 0; n < 1000; n++) {
        oc_buf_addc(&text, '[');
    }
    for (int n = 0; n < 1000; n++) {
        oc_buf_addc(&text, ']');
    }
    oc_buf_addc(&text, '}');
    struct imported i = import(text.data);
    assert_null(i.report);
    assert_string_equal(i.err.message, "f: nested deeper than 32 levels");
    finish(&i, "");
    oc_buf_finish(&text);
}

static void a_file_is_read_from_disk(void **state)
{
    (void)state;
    struct imported i = {.report = NULL};
    i.report = oc_import(put_file("m.json", monitoring), &i.text, &i.diags, &i.err);
    assert_non_null(i.report);
    json_decref(i.report);
    oc_diags_finish(&i.diags);
    oc_buf_finish(&i.text);
    assert_null(oc_import(path_of("gone.json"), &i.text, &i.diags, &i.err));
    assert_int_equal(i.err.code, OC_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monitoring_config_is_written_as_ours),
        cmocka_unit_test(rules_have_a_name_each_and_conditions_in_our_words),
        cmocka_unit_test(secrets_are_never_copied),
        cmocka_unit_test(alert_rules_are_written_as_ours),
        cmocka_unit_test(openclaw_json_gives_agents_and_services),
        cmocka_unit_test(there_are_no_more_agents_than_a_collector_takes),
        cmocka_unit_test(what_is_off_or_something_else_is_not_looked_at),
        cmocka_unit_test(a_file_that_says_nothing_of_collectors_lists_none),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(values_of_wrong_kinds_do_no_harm),
        cmocka_unit_test(deep_documents_are_refused),
        cmocka_unit_test(a_file_is_read_from_disk),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
