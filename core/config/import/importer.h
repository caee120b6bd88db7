/* What the readers of the original system's files share. SPDX-License-Identifier: MIT
 *
 * A reader takes what it understands out of the source document; what is left at the end is what
 * could not be mapped. So nothing is lost without a word, whatever a file contains. [any] */
#ifndef OC_CONFIG_IMPORTER_H
#define OC_CONFIG_IMPORTER_H

#include "core/base/arena.h"
#include "core/config/config.h"
#include "core/config/import/import.h"

struct oc_importer {
    json_t *source; /* shrinks */
    json_t *out;    /* our configuration, in the order in which it will be written */
    struct oc_diags *diags;
    struct oc_node at; /* names the file in findings */
    json_t *agents;    /* of the list in `out`; NULL = none so far */
    json_t *origins;   /* where in the file a value of `out` stands: {"a.b": "x.y"} */
    json_t *variables; /* that the file itself names, as keys */
    size_t mapped;
    struct {
        bool reading;
        size_t mapped_before;
        struct oc_diags notes; /* that are true only when it is added */
    } channel;
    size_t left; /* settings that have no place here; the first 200 are told one by one */
    const struct oc_import_row
        *known; /* what may have been meant by a key that nobody knows; NULL = nothing */
};

/* How a value is turned into ours. */
enum oc_import_as {
    OC_IMPORT_NUMBER,
    OC_IMPORT_INTEGER,
    OC_IMPORT_STRING,
    OC_IMPORT_STRINGS,
    OC_IMPORT_URL, /* user information is cut off */
    OC_IMPORT_MS,  /* a number of these, as a duration */
    OC_IMPORT_SECONDS,
    OC_IMPORT_MINUTES,
    OC_IMPORT_DAYS,
    OC_IMPORT_MB,       /* a number of megabytes, as a size */
    OC_IMPORT_TLS,      /* true: "starttls" */
    OC_IMPORT_TEMPLATE, /* an object or a list, or the JSON text of one: as JSON text */
    OC_IMPORT_SUBJECT,  /* "{{name}}" becomes "{name}" */
};

struct oc_import_row {
    const char *from; /* "a.b" in the source; NULL ends the table */
    const char *to;   /* "a.b" in ours */
    enum oc_import_as as;
};

/* Keys that cannot be mapped, and why. */
struct oc_import_reason {
    const char *from, *why, *hint;
};

/* ---- one value ---- */

/* The value as ours; NULL when it is of the wrong kind, or beyond what our validator takes for
 * row->to. Owned by the caller. */
json_t *oc_import_convert(const json_t *value, const struct oc_import_row *row);
/* What a row wants, in words; owned by the caller. */
char *oc_import_wanted(const struct oc_import_row *row);
/* 1 or 0 for true and false in the spellings of JSON and of YAML before 1.2 (yes, no, on, off), and for
 * the numbers 1 and 0; -1 for anything else. */
int oc_import_truth(const json_t *value);
/* Whether a rule is on: its `enabled`, in any of these spellings; one that does not say is. */
bool oc_import_is_on(const json_t *rule);
/* Whether nothing is said: null, an empty text or an empty list. */
bool oc_import_empty(const json_t *value);

/* ---- taking and putting ---- */

/* The member at "a.b", taken out of the object; owned by the caller, NULL when it is not there. */
json_t *oc_import_take(json_t *object, const char *path);
/* The same for a flag, a text and a group; `where` is the key of `object` in the file ("" = the file
 * itself). A value of another kind is told and counts as absent. */
bool oc_import_flag(struct oc_importer *imp, json_t *object, const char *where, const char *path,
                    bool fallback);
json_t *oc_import_text_at(struct oc_importer *imp, json_t *object, const char *where,
                          const char *path);
json_t *oc_import_group_at(struct oc_importer *imp, json_t *object, const char *where,
                           const char *path);
/* Puts a value at "a.b" of ours, making the groups on the way; takes value. */
void oc_import_put(struct oc_importer *imp, json_t *out, const char *path, json_t *value);
/* Takes every row that is there. Empty strings and lists are dropped: the original writes them where
 * nothing is set. */
void oc_import_rows(struct oc_importer *imp, json_t *source, const char *where,
                    const struct oc_import_row *rows, json_t *out);
/* A secret of a channel: ours becomes a reference to the variable that the source already names
 * ("${NAME}"), or else to `variable`, with the channel's name if it has one of its own, and with a
 * number when that is taken: two secrets are two variables. */
void oc_import_secret(struct oc_importer *imp, json_t *source, const char *where, const char *from,
                      json_t *channel, const char *to, const char *variable);
/* Looks through the source for the variables that it names. */
void oc_import_find_variables(struct oc_importer *imp);
/* A list of ours such as `alerts.channels`, made when it is not there; borrowed. */
json_t *oc_import_list(struct oc_importer *imp, const char *path);

/* ---- groups and lists of them ---- */

/* Takes out of a group what it understands; what is left of it is then reported. */
typedef void (*oc_import_read)(struct oc_importer *imp, const char *where, json_t *group);

/* Reads one value that has to be a group. */
void oc_import_group(struct oc_importer *imp, const char *where, json_t *value,
                     oc_import_read read);
/* Takes the list at `path` of the source and reads each of its items. */
void oc_import_each(struct oc_importer *imp, const char *path, oc_import_read read);

/* ---- findings ---- */

void oc_import_skip(struct oc_importer *imp, const char *key, const char *hint, const char *fmt,
                    ...) __attribute__((format(printf, 4, 5)));
/* The same of what becomes of a value; of one of a channel that is being read it is told when that is added. */
void oc_import_note(struct oc_importer *imp, const char *key, const char *hint, const char *fmt,
                    ...) __attribute__((format(printf, 4, 5)));
/* Findings that others made. */
void oc_import_tell(struct oc_importer *imp, const struct oc_diags *found);
/* A value of the wrong kind: what was expected, and what is there. */
void oc_import_expect(struct oc_importer *imp, const char *key, const char *expected,
                      const json_t *found);
/* Reports what is left of a value found at `where`, key by key. */
void oc_import_rest(struct oc_importer *imp, const char *where, const json_t *value);
/* Reports everything that is left of the source: with its reason if there is one, else key by key.
 */
void oc_import_leftovers(struct oc_importer *imp, const struct oc_import_reason *reasons);

/* ---- what the three files have in common ---- */

/* A channel of the plugin to be filled and added. `id`: what the file calls it; NULL: as its plugin.
 * Its name is one that no other has. Owned by the caller. */
json_t *oc_import_channel(struct oc_importer *imp, const char *where, const char *plugin,
                          const char *id);
/* Adds it to `alerts.channels`; takes it. One that lacks what it cannot be without is told and left
 * out. */
void oc_import_add_channel(struct oc_importer *imp, const char *where, json_t *channel,
                           bool enabled);

/* Tells when channels were added and all of them are off. */
void oc_import_check_channels(struct oc_importer *imp, const char *where);

/* What is built in, in the arena. */
const struct oc_node *oc_import_shipped(struct oc_arena *arena);

/* Listing one collector switches off those that are built in, so a file that changes one of them
 * lists all. What it does not say of them stays what other layers say, or what is built in.
 * [{"plugin",...}], borrowed. */
json_t *oc_import_collectors(struct oc_importer *imp);
/* The one of this plugin in it, added when there is none; borrowed. */
json_t *oc_import_collector(struct oc_importer *imp, const char *plugin);
void oc_import_drop_collector(struct oc_importer *imp, const char *plugin);

/* Takes out of `thresholds` what the host would refuse, beside what is shipped, and tells it. */
void oc_import_check_thresholds(struct oc_importer *imp);

void oc_import_monitoring(struct oc_importer *imp);
void oc_import_rules(struct oc_importer *imp);
void oc_import_openclaw(struct oc_importer *imp);

#endif
