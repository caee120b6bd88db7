/* Tests of core/config/import/import_channel.c and import_channels.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/import_fixture.h"

#define OUT    "  The value was left out: what is shipped holds.\n"
#define AGAIN  "  Mend it in this file, and import it again.\n"
#define CHOICE "  Give each an `id` of its own: routes tell of a channel by it.\n"

static void a_channel_without_an_address_is_left_out(void **state)
{
    (void)state;
    assert_import(
        "notifications:\n"
        "  channels:\n"
        "    - { type: console }\n"
        "    - { type: webhook, enabled: false, url: '' }\n"
        "    - { type: email, enabled: false, smtp: { host: '' } }\n"
        "    - { type: slack, webhookUrl: '' }\n"
        "    - { type: webhook, url: 'http://a/' }\n",
        "alerts = {\n"
        "    channels = (\n"
        "        { plugin = \"console\"; enabled = true; },\n"
        "        { plugin = \"webhook\"; url = \"http://a/\"; enabled = true; }\n"
        "    );\n"
        "};\n",
        "f:0: notifications.channels[1]: (warning) the channel is left out: it is off and has no "
        "`url`\n" AGAIN
        "f:0: notifications.channels[2]: (warning) the channel is left out: it is off and has no "
        "`host`, `from` and `to`\n" AGAIN
        "f:0: notifications.channels[3]: (warning) the channel is left out: it has no "
        "`webhook_url`\n" AGAIN);
}

static void what_is_left_out_is_not_counted(void **state)
{
    (void)state;
    struct imported i =
        import("{\"alerting\": {\"rules\": [{\"name\": \"a\", \"severity\": \"info\"}],\n"
               "  \"channels\": {\"webhook\": {\"url\": \"\", \"retry_count\": 3}}}}");
    assert_int_equal(oc_json_int(i.report, "mapped", -1), 0);
    assert_int_equal(oc_json_int(i.report, "not_mapped", -1), 2);
    json_decref(i.report);
    oc_diags_finish(&i.diags);
    oc_buf_finish(&i.text);
}

static void where_all_channels_are_left_out_those_that_are_built_in_stay(void **state)
{
    (void)state;
    assert_import(
        "{\"alerting\": {\"channels\": {\"email\": {\"enabled\": true, \"smtp_host\": \"h\", "
        "\"from_address\": \"a@b\", \"recipients\": []}}}}",
        "",
        "f:0: alerting.channels.email: (warning) the channel is left out: it has no `to`\n" AGAIN);
}

static void secrets_of_two_channels_are_two_variables(void **state)
{
    (void)state;
    assert_import(
        "notifications:\n"
        "  channels:\n"
        "    slack: { webhookUrl: 'https://a/' }\n"
        "    ops-2: { type: slack, webhookUrl: 'https://b/' }\n"
        "    dev: { type: slack, webhookUrl: '${DEVELOPERS}' }\n",
        "alerts = {\n"
        "    channels = (\n"
        "        { plugin = \"slack\"; webhook_url = \"$env:SLACK_WEBHOOK_URL\"; enabled = true; "
        "},\n"
        "        {\n"
        "            plugin = \"slack\";\n"
        "            name = \"ops-2\";\n"
        "            webhook_url = \"$env:SLACK_WEBHOOK_URL_OPS_2\";\n"
        "            enabled = true;\n"
        "        },\n"
        "        { plugin = \"slack\"; name = \"dev\"; webhook_url = \"$env:DEVELOPERS\"; enabled "
        "= true; }\n"
        "    );\n"
        "};\n",
        "f:0: notifications.channels.slack.webhookUrl: (warning) the secret was not copied: ours "
        "refers to $env:SLACK_WEBHOOK_URL\n"
        "  Set SLACK_WEBHOOK_URL in the environment of the program.\n"
        "f:0: notifications.channels.ops-2.webhookUrl: (warning) the secret was not copied: ours "
        "refers to $env:SLACK_WEBHOOK_URL_OPS_2\n"
        "  Set SLACK_WEBHOOK_URL_OPS_2 in the environment of the program.\n");
}

/* "f" as the file is called: what is told of one secret. */
#define REFERS(key, variable)                                                                      \
    "f:0: " key ": (warning) the secret was not copied: ours refers to $env:" variable "\n"        \
    "  Set " variable " in the environment of the program.\n"

static void names_that_are_nearly_the_same_are_two_variables_as_well(void **state)
{
    (void)state;
    assert_import(
        "notifications:\n"
        "  channels:\n"
        "    ops.2: { type: slack, webhookUrl: 'https://a/' }\n"
        "    ops-2: { type: slack, webhookUrl: 'https://b/' }\n"
        "    slack: { webhookUrl: 'https://c/' }\n"
        "    dev: { type: slack, webhookUrl: '${SLACK_WEBHOOK_URL}' }\n",
        "alerts = {\n"
        "    channels = (\n"
        "        {\n"
        "            plugin = \"slack\";\n"
        "            name = \"ops.2\";\n"
        "            webhook_url = \"$env:SLACK_WEBHOOK_URL_OPS_2\";\n"
        "            enabled = true;\n"
        "        },\n"
        "        {\n"
        "            plugin = \"slack\";\n"
        "            name = \"ops-2\";\n"
        "            webhook_url = \"$env:SLACK_WEBHOOK_URL_OPS_2_2\";\n"
        "            enabled = true;\n"
        "        },\n"
        "        { plugin = \"slack\"; webhook_url = \"$env:SLACK_WEBHOOK_URL_2\"; enabled = true; "
        "},\n"
        "        { plugin = \"slack\"; name = \"dev\"; webhook_url = \"$env:SLACK_WEBHOOK_URL\"; "
        "enabled = true; }\n"
        "    );\n"
        "};\n",
        REFERS("notifications.channels.ops.2.webhookUrl", "SLACK_WEBHOOK_URL_OPS_2")
            REFERS("notifications.channels.ops-2.webhookUrl", "SLACK_WEBHOOK_URL_OPS_2_2")
                REFERS("notifications.channels.slack.webhookUrl", "SLACK_WEBHOOK_URL_2"));
}

static void of_a_channel_that_is_left_out_nobody_hears_what_it_became(void **state)
{
    (void)state;
    assert_import("{\"alerting\": {\"channels\": {\"email\": {\"smtp_host\": \"\",\n"
                  "  \"smtp_password\": \"x\", \"from_address\": \"a@b\", \"recipients\": 5}}}}",
                  "",
                  "f:0: alerting.channels.email.recipients: (warning) expected a list of texts, "
                  "found a number (5)\n" OUT
                  "f:0: alerting.channels.email: (warning) the channel is left out: it has no "
                  "`host` and `to`\n" AGAIN);
    assert_import(
        "notifications:\n"
        "  channels:\n"
        "    - { type: webhook, url: 'http://a/' }\n"
        "    - { type: webhook, secret: x }\n"
        "    - { type: webhook, url: 'http://b/', secret: x }\n",
        "alerts = {\n"
        "    channels = (\n"
        "        { plugin = \"webhook\"; url = \"http://a/\"; enabled = true; },\n"
        "        {\n"
        "            plugin = \"webhook\";\n"
        "            name = \"webhook-2\";\n"
        "            url = \"http://b/\";\n"
        "            secret = \"$env:OPENCLAW_WEBHOOK_SECRET_WEBHOOK_2\";\n"
        "            enabled = true;\n"
        "        }\n"
        "    );\n"
        "};\n",
        "f:0: notifications.channels[1]: (warning) the channel is left out: it has no `url`\n" AGAIN
        "f:0: notifications.channels[2]: (warning) another channel is called webhook: this one "
        "becomes webhook-2\n" CHOICE REFERS("notifications.channels[2].secret",
                                            "OPENCLAW_WEBHOOK_SECRET_WEBHOOK_2"));
}

static void nobody_hears_what_a_channel_that_is_left_out_would_have_lost(void **state)
{
    (void)state;
    assert_import(
        "notifications:\n"
        "  channels:\n"
        "    - { type: webhook, headers: { Authorization: x } }\n"
        "    - { type: pagerduty, severity: { info: low } }\n"
        "    - { type: webhook, url: 'http://u:p@a/', headers: { Authorization: x } }\n",
        "alerts = {\n"
        "    channels = (\n"
        "        { plugin = \"webhook\"; url = \"http://a/\"; enabled = true; }\n"
        "    );\n"
        "};\n",
        "f:0: notifications.channels[0]: (warning) the channel is left out: it has no `url`\n" AGAIN
        "f:0: notifications.channels[1]: (warning) the channel is left out: it has no "
        "`routing_key`\n" AGAIN
        "f:0: notifications.channels[2].url: (warning) user and password in the address were not "
        "copied\n"
        "  Give user and password as options of their own.\n"
        "f:0: notifications.channels[2]: (warning) the header Authorization was not copied\n");
}

static void the_keys_of_a_mapping_are_names(void **state)
{
    (void)state;
    assert_import(
        "notifications:\n"
        "  channels:\n"
        "    ops: { type: webhook, url: 'http://a/' }\n"
        "    dev: { type: webhook, url: 'http://b/', id: developers }\n"
        "    console: { format: plain }\n"
        "    'on call': { type: console }\n"
        "    sms: { number: 5 }\n"
        "    file:\n",
        "alerts = {\n"
        "    channels = (\n"
        "        { plugin = \"webhook\"; name = \"ops\"; url = \"http://a/\"; enabled = true; },\n"
        "        { plugin = \"webhook\"; name = \"developers\"; url = \"http://b/\"; enabled = "
        "true; },\n"
        "        { plugin = \"console\"; format = \"plain\"; enabled = true; },\n"
        "        { plugin = \"console\"; name = \"console-2\"; enabled = true; }\n"
        "    );\n"
        "};\n",
        "f:0: notifications.channels.on call: (warning) 'on call' is no name for a channel\n"
        "  Write letters, digits, `_`, `.` and `-`, at most 64.\n"
        "f:0: notifications.channels.on call: (warning) another channel is called console: "
        "this one becomes console-2\n" CHOICE
        "f:0: notifications.channels.sms: (warning) expected type console, webhook, slack, "
        "email or pagerduty, not \"sms\"\n"
        "  `openclaw plugin list` shows the channels that there are.\n"
        "f:0: notifications.channels.file: (warning) expected a group, found nothing "
        "(null)\n" OUT);
}

static void twins_are_numbered(void **state)
{
    (void)state;
    assert_import(
        "notifications:\n"
        "  channels:\n"
        "    - { id: webhook-2, type: webhook, url: 'http://a/' }\n"
        "    - { type: webhook, url: 'http://b/' }\n"
        "    - { type: webhook, url: 'http://c/' }\n"
        "    - { id: webhook, type: console }\n",
        "alerts = {\n"
        "    channels = (\n"
        "        { plugin = \"webhook\"; name = \"webhook-2\"; url = \"http://a/\"; enabled = "
        "true; },\n"
        "        { plugin = \"webhook\"; url = \"http://b/\"; enabled = true; },\n"
        "        { plugin = \"webhook\"; name = \"webhook-3\"; url = \"http://c/\"; enabled = "
        "true; },\n"
        "        { plugin = \"console\"; name = \"webhook-4\"; enabled = true; }\n"
        "    );\n"
        "};\n",
        "f:0: notifications.channels[2]: (warning) another channel is called webhook: this "
        "one becomes webhook-3\n" CHOICE
        "f:0: notifications.channels[3]: (warning) another channel is called webhook: this "
        "one becomes webhook-4\n" CHOICE);
}

static void a_long_name_leaves_room_for_its_number(void **state)
{
    (void)state;
    char name[65], text[300], expected[100];
    memset(name, 'n', 64);
    name[64] = '\0';
    snprintf(
        text, sizeof text,
        "notifications: { channels: [ { id: %s, type: console }, { id: %s, type: console } ] }",
        name, name);
    snprintf(expected, sizeof expected, "name = \"%.56s-2\";", name);
    struct imported i = import(text);
    assert_non_null(strstr(i.text.data, expected));
    assert_int_equal(i.diags.list.count, 1);
    json_decref(i.report);
    oc_diags_finish(&i.diags);
    oc_buf_finish(&i.text);
}

static void there_are_no_more_channels_than_are_used(void **state)
{
    (void)state;
    struct oc_buf text = {0};
    oc_buf_adds(&text, "notifications:\n  channels:\n");
    for (int n = 0; n < 66; n++) {
        oc_buf_addf(&text, "    - { id: c%d, type: console }\n", n);
    }
    struct imported i = import(text.data);
    assert_non_null(strstr(i.text.data, "\"c63\""));
    assert_null(strstr(i.text.data, "\"c64\""));
    finish(&i, "f:0: notifications.channels[64]: (warning) the channel is left out: there are 64 "
               "already\n" AGAIN
               "f:0: notifications.channels[65]: (warning) the channel is left out: there are 64 "
               "already\n" AGAIN);
    oc_buf_finish(&text);
}

static void parts_of_the_wrong_shape_are_told(void **state)
{
    (void)state;
    assert_import(
        "notifications:\n"
        "  channels:\n"
        "    - { type: webhook, url: 'http://a/', headers: [x], payload: hello, id: 5 }\n"
        "    - { type: pagerduty, routingKey: $KEY, severity: high }\n"
        "    - { type: slack, webhookUrl: $S, mentionUsers: { critical: me, info: [x] } }\n"
        "    - { type: slack, id: quiet, webhookUrl: $S, mentionUsers: { critical: [] } }\n"
        "    - { type: 7 }\n"
        "    - {}\n"
        "    - 5\n",
        "alerts = {\n"
        "    channels = (\n"
        "        { plugin = \"webhook\"; url = \"http://a/\"; enabled = true; },\n"
        "        { plugin = \"pagerduty\"; routing_key = \"$env:KEY\"; enabled = true; },\n"
        "        { plugin = \"slack\"; webhook_url = \"$env:S\"; enabled = true; },\n"
        "        { plugin = \"slack\"; name = \"quiet\"; mention = (); webhook_url = "
        "\"$env:S\"; enabled = true; }\n"
        "    );\n"
        "};\n",
        "f:0: notifications.channels[0].id: (warning) expected a text, found a number "
        "(5)\n" OUT
        "f:0: notifications.channels[0].payload: (warning) expected an object or a list, or "
        "the JSON text of one, found a text (\"hello\")\n" OUT
        "f:0: notifications.channels[0].headers: (warning) expected a group, found a "
        "list\n" OUT
        "f:0: notifications.channels[1].severity: (warning) expected a group, found a text "
        "(\"high\")\n" OUT
        "f:0: notifications.channels[2].mentionUsers.critical: (warning) expected a list of "
        "texts, found a text (\"me\")\n" OUT
        "f:0: notifications.channels[2].mentionUsers.info: (warning) there is no such "
        "setting here\n"
        "f:0: notifications.channels[4]: (warning) expected type console, webhook, slack, "
        "email or pagerduty, not 7\n"
        "  `openclaw plugin list` shows the channels that there are.\n"
        "f:0: notifications.channels[5]: (warning) expected type console, webhook, slack, "
        "email or pagerduty, not \"\"\n"
        "  `openclaw plugin list` shows the channels that there are.\n"
        "f:0: notifications.channels[6]: (warning) expected a group, found a number (5)\n" OUT);
    assert_import(
        "{\"alerting\": {\"channels\": {\"console\": true, \"email\": []}}}", "",
        "f:0: alerting.channels.console: (warning) expected a group, found true (true)\n" OUT);
}

static void a_payload_that_is_text_already_is_not_encoded_again(void **state)
{
    (void)state;
    assert_import("notifications: { channels: [ { type: webhook, url: 'http://a/',\n"
                  "  payload: '{\"text\":\"{{title}}\"}' } ] }\n",
                  "alerts = {\n"
                  "    channels = (\n"
                  "        {\n"
                  "            plugin = \"webhook\";\n"
                  "            url = \"http://a/\";\n"
                  "            template = \"{\\\"text\\\":\\\"{{title}}\\\"}\";\n"
                  "            enabled = true;\n"
                  "        }\n"
                  "    );\n"
                  "};\n",
                  "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_without_an_address_is_left_out),
        cmocka_unit_test(what_is_left_out_is_not_counted),
        cmocka_unit_test(where_all_channels_are_left_out_those_that_are_built_in_stay),
        cmocka_unit_test(secrets_of_two_channels_are_two_variables),
        cmocka_unit_test(nobody_hears_what_a_channel_that_is_left_out_would_have_lost),
        cmocka_unit_test(names_that_are_nearly_the_same_are_two_variables_as_well),
        cmocka_unit_test(of_a_channel_that_is_left_out_nobody_hears_what_it_became),
        cmocka_unit_test(the_keys_of_a_mapping_are_names),
        cmocka_unit_test(twins_are_numbered),
        cmocka_unit_test(a_long_name_leaves_room_for_its_number),
        cmocka_unit_test(there_are_no_more_channels_than_are_used),
        cmocka_unit_test(parts_of_the_wrong_shape_are_told),
        cmocka_unit_test(a_payload_that_is_text_already_is_not_encoded_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
