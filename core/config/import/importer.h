/* What the readers of the original system's files share. SPDX-License-Identifier: MIT
 *
 * A reader takes what it understands out of the source document; what is left at the end is what
 * could not be mapped. So nothing is lost without a word, whatever a file contains. [any] */
#ifndef OC_CONFIG_IMPORTER_H
#define OC_CONFIG_IMPORTER_H

#include "core/config/config.h"

struct oc_importer {
    json_t *source; /* shrinks */
    json_t *out;    /* our configuration, in the order in which it will be written */
    struct oc_diags *diags;
    struct oc_node at; /* names the file in findings */
    size_t mapped;
    const struct oc_import_row
        *known; /* what may have been meant by a key that nobody knows; NULL = nothing */
};

/* How a value is turned into ours. */
enum oc_import_as {
    OC_IMPORT_NUMBER,
    OC_IMPORT_INTEGER,
    OC_IMPORT_STRING,
    OC_IMPORT_STRINGS,
    OC_IMPORT_BOOL,
    OC_IMPORT_URL, /* user information is cut off */
    OC_IMPORT_MS,  /* a number of these, as a duration */
    OC_IMPORT_SECONDS,
    OC_IMPORT_MINUTES,
    OC_IMPORT_DAYS,
    OC_IMPORT_MB,      /* a number of megabytes, as a size */
    OC_IMPORT_TLS,     /* true: "starttls" */
    OC_IMPORT_JSON,    /* any value, as its JSON text */
    OC_IMPORT_SUBJECT, /* "{{name}}" becomes "{name}" */
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

/* The member at "a.b", taken out of the object; owned by the caller, NULL when it is not there. */
json_t *oc_import_take(json_t *object, const char *path);
/* Puts a value at "a.b" of ours, making the groups on the way; takes value. */
void oc_import_put(struct oc_importer *imp, json_t *out, const char *path, json_t *value);
/* Takes every row that is there; `where` is the key of `source` in the file ("" = the file itself).
 * Empty strings and lists are dropped: the original writes them where nothing is set. */
void oc_import_rows(struct oc_importer *imp, json_t *source, const char *where,
                    const struct oc_import_row *rows, json_t *out);
void oc_import_skip(struct oc_importer *imp, const char *key, const char *hint, const char *fmt,
                    ...) __attribute__((format(printf, 4, 5)));
/* A value of the wrong kind: what was expected, and what is there. */
void oc_import_expect(struct oc_importer *imp, const char *key, const char *expected,
                      const json_t *found);
/* A secret: ours becomes a reference to `variable`, or to the variable that the source already
 * names ("${NAME}"). */
void oc_import_secret(struct oc_importer *imp, json_t *source, const char *where, const char *from,
                      json_t *out, const char *to, const char *variable);
/* Reports everything that is left of the source: with its reason if there is one, else key by key.
 */
void oc_import_leftovers(struct oc_importer *imp, const struct oc_import_reason *reasons);
/* Reports what is left of an object found at `where`; frees it. */
void oc_import_rest(struct oc_importer *imp, const char *where, json_t *object);

/* Adds the channel to `alerts.channels`, unless it is off and has no address; takes both. `address`
 * names its key that must be there, NULL = none. */
void oc_import_add_channel(struct oc_importer *imp, const char *where, json_t *channel,
                           const char *address, bool enabled);
/* `alerts.channels` and the like, made when it is not there; borrowed. */
json_t *oc_import_list(struct oc_importer *imp, const char *path);

void oc_import_monitoring(struct oc_importer *imp);
void oc_import_rules(struct oc_importer *imp);
void oc_import_openclaw(struct oc_importer *imp);

#endif
