/* The operation cron.import: schedules of a crontab. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/cron/internal.h"
#include "core/sys/file.h"

#define FILE_MAX  (256u << 10)
#define LINES_MAX 1000
#define LINE_MAX  1000

struct import_params {
    const char *file, *zone;
    int32_t dry_run;
};
#define AT(member) offsetof(struct import_params, member)
static const struct oc_option import_options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(file),
     .help = "the crontab: what `crontab -l` prints"},
    {.name = "zone",
     .type = OC_OPT_STRING,
     .offset = AT(zone),
     .default_text = "UTC",
     .help = "whose clock its times are about, unless it says CRON_TZ"},
    {.name = "dry_run",
     .type = OC_OPT_BOOL,
     .offset = AT(dry_run),
     .help = "only say what would be done"},
    {0}};
#undef AT

struct import {
    struct oc_cron_service *s;
    const struct oc_actor *actor;
    const struct import_params *p;
    json_t *rows;
    json_t *planned; /* owned; what a dry run would have added by now: name -> its definition */
    char *zone;      /* owned; of CRON_TZ, NULL = none yet */
    int64_t added, present, findings;
};

static json_t *add_row(struct import *im, int line, const char *result, const char *message)
{
    json_t *row = json_object();
    oc_json_set_int(row, "line", line);
    oc_json_set_str(row, "result", result);
    oc_json_set_str(row, "message", message);
    json_array_append_new(im->rows, row);
    return row;
}

static void find(struct import *im, int line, const char *message, const char *hint)
{
    oc_json_set_str(add_row(im, line, "finding", message), "hint", hint);
    im->findings++;
}

static struct oc_cron_entry *standing_for(struct import *im, const char *command)
{
    char *text = oc_crontab_command(command);
    struct oc_cron_entry *found = NULL;
    for (size_t i = 0; text && !found && i < im->s->entries.count; i++) {
        struct oc_cron_entry *e = im->s->entries.items[i];
        const char *const *replaces = e->def.o.replaces.items;
        for (uint64_t k = 0; k < e->def.o.replaces.count; k++) {
            found = strcmp(replaces[k], text) == 0 ? e : found;
        }
    }
    free(text);
    return found;
}

/* In /etc/crontab and /etc/cron.d a user stands before the command: "root"; NULL when the first word can be none. */
static const char *after_user(const char *command)
{
    const size_t user = strspn(command, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    const char *rest = command + user + strspn(command + user, " \t");
    return user > 0 && rest > command + user && *rest ? rest : NULL;
}

/* The schedule that stands for the command; NULL when none does. */
static struct oc_cron_entry *replacing(struct import *im, const char *command)
{
    struct oc_cron_entry *found = standing_for(im, command);
    const char *rest = found ? NULL : after_user(command);
    return rest ? standing_for(im, rest) : found;
}

static bool same_cron(const struct oc_cron *c, const struct oc_cron *d)
{
    return c->minutes == d->minutes && c->hours == d->hours && c->days == d->days &&
           c->months == d->months && c->weekdays == d->weekdays && c->either == d->either;
}

static bool is_every_hour(const struct oc_cron *c)
{
    struct oc_cron all;
    return oc_cron_parse("* * * * *", &all, NULL) == OC_OK && c->hours == all.hours &&
           c->days == all.days && c->months == all.months && c->weekdays == all.weekdays;
}

/* The minutes of an hour on a clock that is `by` minutes ahead. */
static uint64_t shifted(uint64_t minutes, unsigned by)
{
    const uint64_t all = (UINT64_C(1) << 60) - 1;
    return by % 60 == 0 ? minutes : ((minutes << by % 60) | (minutes >> (60 - by % 60))) & all;
}

/* What is due every hour is so on every clock that shows the same minutes: looked at over a year of both. */
static bool same_minutes(const struct oc_cron *c, const char *one, const char *other)
{
    struct oc_zone a, b;
    bool same = true;
    if (oc_zone_init(&a, one, NULL) != OC_OK) {
        return false;
    }
    if (oc_zone_init(&b, other, NULL) != OC_OK) {
        oc_zone_finish(&a);
        return false;
    }
    for (int64_t week = 0; same && week < 53; week++) {
        const int64_t at = (oc_time_wall() + week * 7 * OC_DAY) / OC_SECOND;
        const int32_t apart = oc_zone_offset(&a, at) - oc_zone_offset(&b, at);
        const unsigned seconds = apart < 0 ? (unsigned)-apart : (unsigned)apart;
        same = seconds % 60 == 0 && shifted(c->minutes, seconds / 60) == c->minutes;
    }
    oc_zone_finish(&a);
    oc_zone_finish(&b);
    return same;
}

static bool same_times(const json_t *definition, const char *text, const char *zone)
{
    const char *own = oc_json_str(definition, "cron", NULL);
    const char *own_zone = oc_json_str(definition, "zone", "UTC");
    struct oc_cron c, d;
    return own && oc_cron_parse(own, &c, NULL) == OC_OK && oc_cron_parse(text, &d, NULL) == OC_OK &&
           same_cron(&c, &d) &&
           (strcmp(zone, own_zone) == 0 || (is_every_hour(&c) && same_minutes(&c, own_zone, zone)));
}

static const json_t *definition_of(const struct import *im, const char *name)
{
    const struct oc_cron_entry *e = oc_cron_find(im->s, name);
    return e ? e->def.json : json_object_get(im->planned, name);
}

/* What was imported before is found by its name: that of what it stands in for, and a number. NULL: it is not there, and `name` is
 * what it would be called; "" when there are too many of them. */
static const json_t *same_beside(const struct import *im, const struct oc_cron_entry *e,
                                 const char *text, const char *zone, char name[80])
{
    for (int i = 2; i < 100; i++) {
        snprintf(name, 80, "%.60s-%d", e->name, i);
        const json_t *other = definition_of(im, name);
        if (!other || same_times(other, text, zone)) {
            return other;
        }
    }
    *name = '\0';
    return NULL;
}

/* As both do it, for now or only to see whether it could be done. */
static int make(struct import *im, const char *name, json_t *json /* taken */, struct oc_error *err)
{
    if (!im->p->dry_run) {
        return oc_cron_make(im->s, json, im->actor, err) ? OC_OK : err->code;
    }
    json_t *definition = json_deep_copy(json);
    int code = oc_cron_would_make(im->s, json, im->actor, json_object_size(im->planned), err);
    if (code == OC_OK) {
        oc_json_take(im->planned, name, definition);
    } else {
        json_decref(definition);
    }
    return code;
}

static void add_beside(struct import *im, int line, struct oc_cron_entry *e, const char *name,
                       const char *text, const char *zone)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *json = json_deep_copy(e->def.json);
    json_object_del(json, "replaces");
    json_object_del(json, "every");
    oc_json_set_str(json, "name", name);
    oc_json_set_str(json, "cron", text);
    oc_json_set_str(json, "zone", zone);
    if (make(im, name, json, &err) != OC_OK) {
        find(im, line, err.message, err.hint);
        return;
    }
    char *message = oc_asprintf("%s: %s with the times of this line", name, e->def.o.op);
    char *hint = oc_asprintf("Disable one of %s and %s, which has other times.", name, e->name);
    json_t *row = add_row(im, line, im->p->dry_run ? "would be added" : "added", message);
    oc_json_set_str(row, "name", name);
    oc_json_set_str(row, "hint", hint);
    im->added++;
    free(message);
    free(hint);
}

static void take_schedule(struct import *im, const struct oc_crontab_line *line)
{
    const char *zone = im->zone ? im->zone : im->p->zone;
    struct oc_cron_entry *e = replacing(im, line->command);
    char name[80];
    if (!e) {
        find(im, line->number, "no schedule stands for this command",
             "Commands are never run; `openclaw cron add` schedules the operation that does what "
             "it did.");
        return;
    }
    oc_copy(name, sizeof name, e->name);
    if (!same_times(e->def.json, line->cron, zone) && !same_beside(im, e, line->cron, zone, name)) {
        add_beside(im, line->number, e, name, line->cron, zone);
        return;
    }
    char *message = oc_asprintf("schedule %s is there already", name);
    oc_json_set_str(add_row(im, line->number, "present", message), "name", name);
    im->present++;
    free(message);
}

static void take_line(struct import *im, int number, const char *text)
{
    struct oc_crontab_line line = {.number = number};
    struct oc_error err;
    oc_error_init(&err);
    int kind = oc_crontab_read(text, &line, &im->zone, &err);
    if (kind < 0) {
        find(im, number, err.message, err.hint);
    } else if (kind > 0) {
        take_schedule(im, &line);
    }
    free(line.cron);
    free(line.command);
}

static void take_lines(struct import *im, char *text)
{
    char *line;
    for (int number = 1; (line = strsep(&text, "\n")) != NULL; number++) {
        line[strcspn(line, "\r")] = '\0';
        if (number > LINES_MAX) {
            find(im, number, "too many lines, the rest was not read", "");
            return;
        }
        if (strlen(line) > LINE_MAX || !oc_utf8_valid(line, strlen(line))) {
            find(im, number, "the line is too long, or not UTF-8", "");
        } else {
            take_line(im, number, line);
        }
    }
}

static void op_import(struct oc_call *call, void *ctx)
{
    struct import im = {.s = ctx,
                        .actor = oc_call_actor(call),
                        .p = oc_call_params(call),
                        .rows = json_array(),
                        .planned = json_object()};
    struct oc_buf text = {0};
    struct oc_error err;
    oc_error_init(&err);
    if (oc_file_read(im.p->file, FILE_MAX, &text, &err) != OC_OK) {
        oc_call_fail(call, &err);
        json_decref(im.rows);
        json_decref(im.planned);
        oc_buf_finish(&text);
        return;
    }
    char *copy = oc_buf_take(&text);
    take_lines(&im, copy);
    free(copy);
    free(im.zone);
    json_decref(im.planned);
    json_t *result = json_object();
    oc_json_set_int(result, "added", im.added);
    oc_json_set_int(result, "present", im.present);
    oc_json_set_int(result, "findings", im.findings);
    oc_json_set_bool(result, "dry_run", im.p->dry_run);
    oc_json_take(result, "lines", im.rows);
    oc_call_succeed(call, result);
}

static const struct oc_op import_op = {
    .name = "cron.import",
    .summary = "Take over schedules of a crontab",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
    .params = import_options,
    .params_size = sizeof(struct import_params),
    .view = "custom:cron_import",
    .description =
        "A command that a schedule `replaces` is there already; with other times another schedule "
        "is added. The shipped ones replace what the original's cron-schedule.sh wrote. A command "
        "is never run: one that no schedule stands for is a finding, and so is a line that cannot "
        "be read.",
    .example = "crontab -l > crontab.txt\nopenclaw cron import crontab.txt --zone Europe/Berlin "
               "--dry-run",
    .result = "{added: integer, present: integer, findings: integer, dry_run: boolean, "
              "lines: [{line: integer, result: string, message: string, name?: string, "
              "hint?: string}]}",
    .handler = op_import,
};

void oc_cron_add_import_op(struct oc_cron_service *s)
{
    oc_ops_add(s->env.ops, &import_op, s);
}
