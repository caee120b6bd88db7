/* A plugin on its way into the store: what it is, where it comes from, what was found out. SPDX-License-Identifier: MIT
 *
 * Each step of the pipeline fills a part and may refuse; nothing outside the staging folder is touched before every candidate
 * of a selection has passed every step. [worker] */
#ifndef OC_PACKAGE_INSTALL_CANDIDATE_H
#define OC_PACKAGE_INSTALL_CANDIDATE_H

#include "core/base/vec.h"
#include "core/package/keys.h"
#include "core/package/release.h"
#include "core/package/txn.h"

/* What the caller asked for, from the parameters. Borrowed from them. */
struct oc_install_options {
    bool force, locked, frozen, dry_run, offline;
    bool update;                      /* called for an update: the same version is no mistake */
    int enable;                       /* 1, 0, -1 = as it is best */
    const char *lock_file;            /* NULL = openclaw.lock in the home folder */
    const char *tier, *plan, *accept; /* NULL when not given */
    const json_t *grant;              /* array of permissions, or NULL */
    const json_t *keys;               /* array of public keys, or NULL */
};

enum oc_candidate_action { OC_DO_INSTALL, OC_DO_UPDATE, OC_DO_REINSTALL, OC_DO_NOTHING };

struct oc_candidate {
    /* where it comes from */
    char *source;              /* as state.json says it */
    char *archive;             /* the .ocp; NULL for a linked folder */
    char *dir;                 /* unpacked, in staging; or the linked folder */
    char *range;               /* what a registry was asked for: "^1", NULL */
    struct oc_release release; /* .id NULL unless a registry has it */
    struct oc_buf minisig;     /* the signature's text, empty when there is none */
    const json_t *wanted;      /* its row of a lock file or bundle, borrowed; NULL */
    json_t *receipt; /* of one from the store: what its first installation established; owned */

    /* what it is */
    char *name, *id, *version, *digest, *summary, *kind;
    uint64_t size;
    json_t *manifest, *permissions, *files;
    char surface[OC_SHA256_HEX]; /* of the permissions */

    /* what was found out */
    char *key;     /* of whoever signed it, base64; NULL when nobody we know */
    char *comment; /* the trusted comment */
    const char *trust, *tier;
    bool tier_chosen;            /* by somebody, now or for what it follows */
    json_t *describe, *findings; /* may be NULL */
    char *disabled_why, *disabled_text;

    /* what will be done */
    const json_t *before; /* the row in force, borrowed; NULL */
    enum oc_candidate_action action;
    json_t *grants, *fresh; /* what will be granted; what nobody has consented to yet */
    bool enabled;
};

struct oc_selection {
    struct oc_txn *t; /* borrowed */
    struct oc_work *w;
    struct oc_install_options o;
    OC_VEC(struct oc_candidate *) list;
    json_t *lock;   /* the lock file, when one was asked for; owned */
    json_t *bundle; /* the lock within a bundle; owned */
};

struct oc_candidate *oc_candidate_add(struct oc_selection *s); /* owned by the selection */
void oc_selection_finish(struct oc_selection *s);

/* ---- where from: each adds candidates with source, archive or dir, digest ---- */
int oc_source_add(struct oc_selection *s, const char *text); /* any kind: told by its form */
int oc_source_add_release(struct oc_selection *s, const char *spec, const json_t *wanted);
/* The same for one that was resolved; takes its content. */
int oc_source_take_release(struct oc_selection *s, const struct oc_release *release,
                           const char *spec, const json_t *wanted);
int oc_source_add_file(struct oc_selection *s, const char *path, const char *source);
int oc_source_add_folder(struct oc_selection *s, const char *path);
int oc_source_add_link(struct oc_selection *s, const char *path);
int oc_source_add_bundle(struct oc_selection *s, const char *path);
/* From the store: an artifact that is there already, by a row of a lock file or of another generation. */
int oc_source_add_stored(struct oc_selection *s, const json_t *wanted);

/* ---- the steps, for one ---- */
int oc_step_unpack(struct oc_selection *s, struct oc_candidate *c);
int oc_step_signature(struct oc_selection *s, struct oc_candidate *c); /* trust, id */
int oc_step_inspect(struct oc_selection *s, struct oc_candidate *c);   /* manifest, note, check */
int oc_step_describe(struct oc_selection *s, struct oc_candidate *c);
int oc_step_lock(struct oc_selection *s, struct oc_candidate *c); /* does the lock file allow it */
int oc_step_decide(struct oc_selection *s, struct oc_candidate *c); /* action, tier, grants */

/* ---- for all ---- */
int oc_selection_prepare(struct oc_selection *s); /* every step for every candidate */
json_t *
oc_selection_plan(struct oc_selection *s); /* the answer of a dry run; owned by the caller */
int oc_selection_consent(struct oc_selection *s, const json_t *plan);
int oc_selection_apply(struct oc_selection *s, const char *op, uint64_t *generation);

/* Prepares, then plans or does what the options say: the last part of every verb that installs. */
int oc_selection_run(struct oc_selection *s, const char *op);

/* Reads the options that the verbs share. OC_E_CONFIG for a tier that there is not. */
int oc_install_options_read(struct oc_work *w, struct oc_install_options *o);
/* What a trusted comment says of "id", "version", "target" or "sha256"; owned, NULL when nothing. */
char *oc_comment_word(const char *comment, const char *name);

#endif
