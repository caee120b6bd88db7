/* Fuzzes what channels make of a delivery: texts stay UTF-8, within their limits, and nothing in an alert leaves its place.
 * SPDX-License-Identifier: MIT */
// uses: plugin_channel openclaw::sdk
#include "../../plugins/alert/syslog/line.c" /* it belongs to a plugin */
#include "channel/words.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool right)
{
    if (!right) {
        abort();
    }
}

static void check_text(struct text *t)
{
    json_t *json = json_string(t->data ? t->data : ""); /* NULL when it is no UTF-8 */
    hold(json && strlen(json_string_value(json)) == t->len);
    json_decref(json);
    text_finish(t);
}

/* The structured data as RFC 5424 has it: it ends where the first ']' without a backslash is, and behind that the text begins. */
static void check_line(const struct message *m)
{
    static const struct line_options o = {23, "open claw", ""};
    struct text line = {0};
    line_make(&o, m, &line);
    hold(line.len <= LINE_MAX_BYTES && !strpbrk(line.data, "\r\n\x1b"));
    const char *at = strstr(line.data, " [openclaw@32473");
    hold(strncmp(line.data, "<1", 2) == 0 && at);
    for (; *at && *at != ']'; at++) {
        at += *at == '\\';
    }
    hold(strncmp(at, "] \xef\xbb\xbf", 5) == 0);
    check_text(&line);
}

static void take_fact(void *ctx, const char *name, const char *value)
{
    struct text *out = ctx;
    hold(name && value && *value);
    words_add_markdown(out, value);
}

static void take_member(void *ctx, const char *title, const char *text, bool resolved)
{
    struct text *out = ctx;
    text_add_html(out, title);
    text_adds(out, resolved ? "+" : "-");
    text_add_line(out, text);
}

static void check_words(const struct message *m)
{
    struct text headline = {0}, facts = {0}, members = {0};
    words_headline(m, &headline);
    hold(!strpbrk(headline.data, "\r\n\x1b") && words_color(m)[0] == '#' && words_dedup_key(m));
    hold(words_color_number(m) == (int)strtol(words_color(m) + 1, NULL, 16));
    words_facts(m, 7, take_fact, &facts);
    words_members(m, 5, take_member, &members);
    for (size_t max = 3; max < 300; max += 7) {
        json_t *cut = words_string(headline.data, max);
        hold(cut && json_string_length(cut) <= max);
        json_decref(cut);
    }
    check_text(&headline);
    check_text(&facts);
    check_text(&members);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_request req = {.params = {(const char *)data, size}};
    struct oc_error err = {0};
    struct message m;
    if (message_read(&m, &req, &err) != OC_OK) {
        return 0;
    }
    check_line(&m);
    check_words(&m);
    message_finish(&m);
    return 0;
}
