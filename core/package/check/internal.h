/* What the files of the checking engine share. SPDX-License-Identifier: MIT */
#ifndef OC_PACKAGE_CHECK_INTERNAL_H
#define OC_PACKAGE_CHECK_INTERNAL_H

#include "core/base/buf.h"
#include "core/package/check/check.h"
#include "core/package/check/elf.h"
#include "core/package/check/table.h"
#include "core/plugin/manifest/manifest.h"
#include "core/plugin/manifest/note.h"
#include "core/plugin/manifest/rights.h"

/* ---- findings ---- */
struct oc_report {
    const struct oc_check_options *options;
    json_t *findings; /* owned */
    const json_t
        *accepted; /* the manifest's "accepted_checks": {"OC0012":"why"}; borrowed, may be NULL */
    json_t *used;  /* owned: ids of `accepted` that were needed */
    json_t *left_out; /* owned: [{"level","why"}] */
    int counts[3];    /* by severity, after acceptance */
};

/* Adds a finding unless --only or --skip leave it out. `file` is relative to the plugin's folder, `where` says more (a symbol,
 * a key, a call); both may be NULL. An id that is not in the table is a bug. */
void oc_report_add(struct oc_report *r, const char *id, const char *file, const char *where,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void oc_report_leave_out(struct oc_report *r, int level, const char *why);
bool oc_report_wants(const struct oc_report *r, const char *id);
/* Adds findings about the list of exceptions itself; after all others. */
void oc_report_check_accepted(struct oc_report *r);

/* ---- what is checked ---- */
struct oc_subject {
    char *dir;  /* holds plugin.json */
    char *home; /* holds the library and the assets: `dir`, or the build folder of sources */
    char *so;   /* NULL: there is none, or the manifest names none */
    struct oc_buf text, image;
    struct oc_manifest *manifest; /* NULL when it is bad */
    struct oc_elf elf;
    struct oc_note note;
    bool elf_ok, note_ok;
    bool sources; /* an author's folder: sources, build folder and hidden files are not shipped */
    bool alone; /* a library whose folder is not that of a plugin: the manifest is the one in it */
    bool sanitized;
    char language[16];
    struct oc_rights rights;
};

/* Reads what is there and reports what is not. `so` names the library when the plugin was given as one, else NULL. */
void oc_subject_open(struct oc_subject *s, const char *dir, const char *so, struct oc_report *r);
void oc_subject_finish(struct oc_subject *s);

/* ---- level 0 ---- */
void oc_check_manifest(const struct oc_subject *s, struct oc_report *r);
/* Compares a preset with the plugins that it names, where this host has them. */
void oc_check_preset(const struct oc_subject *s, const struct oc_work *w, struct oc_report *r);
void oc_check_note(const struct oc_subject *s, struct oc_report *r);
void oc_check_binary(const struct oc_subject *s, struct oc_report *r);
void oc_check_imports(const struct oc_subject *s, struct oc_report *r);
void oc_check_libraries(const struct oc_subject *s, struct oc_report *r);
void oc_check_files(const struct oc_subject *s, struct oc_report *r);

/* ---- levels 1 to 3 ---- */
/* Runs the plugin in openclaw-plugcheck. OC_OK, or why it could not be run (w->err is left alone; the reason is in err). */
int oc_check_run(const struct oc_subject *s, const struct oc_check_options *options,
                 struct oc_report *r, struct oc_work *w, struct oc_error *err);
/* Can a library with sanitizers be loaded by what we run it with? */
bool oc_check_can_run(const struct oc_subject *s);

/* Unpacks a .ocp archive into a scratch folder, checks that and removes it. */
int oc_check_archive(struct oc_work *w, const char *path, const struct oc_check_options *options,
                     json_t **result);

#endif
