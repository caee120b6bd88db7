/* Lines of a crontab: their times, and their command as far as it is program and options. SPDX-License-Identifier: MIT
 *
 * A command is never run: schedules say which ones they replace, and what none replaces is nobody's. */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/cron/internal.h"

#define WORDS_MAX 16

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t");
}

/* "CRON_TZ=Europe/Berlin", "MAILTO=root": 1, and the zone; 0 when it is no variable. */
static bool is_variable(const char *line, char **zone)
{
    size_t name = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    const char *value = skip_space(line + name);
    if (!name || *value != '=' || (*line >= '0' && *line <= '9')) {
        return false;
    }
    if (name == strlen("CRON_TZ") && strncmp(line, "CRON_TZ", name) == 0) {
        value = skip_space(value + 1);
        value += *value == '"' || *value == '\'';
        free(*zone);
        *zone = oc_strndup(value, strcspn(value, "\"' \t\r\n"));
    }
    return true;
}

/* The end of the times: after one word that begins with "@", or after five. */
static const char *times_end(const char *line)
{
    const char *at = line;
    for (int i = 0; i < (*line == '@' ? 1 : 5); i++) {
        at = skip_space(at);
        at += strcspn(at, " \t");
    }
    return at;
}

int oc_crontab_read(const char *line, struct oc_crontab_line *out, char **zone,
                    struct oc_error *err)
{
    struct oc_cron cron;
    line = skip_space(line);
    if (!*line || *line == '#' || is_variable(line, zone)) {
        return 0;
    }
    const char *end = times_end(line), *command = skip_space(end);
    out->cron = oc_strndup(line, (size_t)(end - line));
    if (oc_cron_parse(out->cron, &cron, err) == OC_OK) {
        if (*command) {
            out->command = oc_strdup(command);
            return 1;
        }
        oc_error_set(err, OC_E_CONFIG, "expected a command after the times");
    }
    OC_FREE(out->cron);
    return -1;
}

/* ---- commands ---- */

struct words {
    char *text; /* owned; cut into the words */
    const char *list[WORDS_MAX];
    size_t count;
    bool plain; /* nothing that only a shell could make sense of */
};

/* Up to where the output is sent elsewhere: ">> log 2>&1" says nothing about what runs. */
static struct words split(const char *command)
{
    struct words w = {.text = oc_strdup(command), .plain = true};
    char *redirection = strpbrk(w.text, ">");
    if (redirection) {
        if (redirection > w.text && (redirection[-1] == '1' || redirection[-1] == '2')) {
            redirection--;
        }
        w.plain = strpbrk(redirection, "|;`$") == NULL;
        *redirection = '\0';
    }
    w.plain = w.plain && strpbrk(w.text, "|;&`$<(){}\\\"'%") == NULL;
    char *rest = w.text, *word;
    while ((word = strsep(&rest, " \t\r\n")) != NULL) {
        if (*word && w.count < WORDS_MAX) {
            w.list[w.count++] = word;
        } else if (*word) {
            w.plain = false;
        }
    }
    return w;
}

static bool is_program(const char *word, const char *program)
{
    const char *base = strrchr(word, '/');
    return strcmp(base ? base + 1 : word, program) == 0;
}

char *oc_crontab_command(const char *command)
{
    struct words w = split(command);
    struct oc_buf out = {0};
    size_t first = w.count > 1 && (is_program(w.list[0], "bash") || is_program(w.list[0], "sh"));
    for (size_t i = first; w.plain && i < w.count; i++) {
        const char *base = i == first ? strrchr(w.list[i], '/') : NULL;
        oc_buf_adds(&out, i > first ? " " : "");
        oc_buf_adds(&out, base ? base + 1 : w.list[i]);
    }
    free(w.text);
    if (out.len == 0) {
        oc_buf_finish(&out);
        return NULL;
    }
    return oc_buf_take(&out);
}
