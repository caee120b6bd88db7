/* What operations on files leave alone on a governed host. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/policy/gate_internal.h"
#include "core/sys/file.h"

#define BY_HAND "Whoever may write the host's files can still edit them by hand."

/* ---- is the host governed ---- */

/* A private daemon keeps nothing and has read no ledger: the store of the home knows. Without one, a ledger that a host has signed may
 * know of members; one that only daemons of one operation wrote to has no key yet. */
static int look_into_home(const struct oc_env *env, bool *governed, struct oc_error *err)
{
    json_t *since = NULL;
    char *store = oc_path_join(env->home, "data/openclaw.db");
    char *signer = oc_path_join(env->home, "ledger/host.pub");
    int rc = oc_kv_peek(store, OC_GATE_SPACE, OC_GATE_GOVERNED, &since, err);
    if (rc == OC_E_NOT_FOUND && !oc_file_exists(signer)) {
        oc_error_init(err);
        rc = OC_OK;
    }
    *governed = json_is_object(since);
    json_decref(since);
    free(signer);
    free(store);
    return rc;
}

static int is_governed(struct oc_gate *g, bool *governed, struct oc_error *err)
{
    struct oc_error why;
    oc_error_init(&why);
    *governed = oc_gate_governed(g);
    if (*governed || !g->env->ephemeral || look_into_home(g->env, governed, &why) == OC_OK) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_DENIED, "whether this host is governed cannot be told: %.300s",
                 why.message);
    oc_error_hint(
        err,
        "Start openclawd as its own user: it looks into the ledger and writes it down. " BY_HAND);
    return OC_E_DENIED;
}

/* ---- what decides ---- */

static bool is_section(const char *key, const char *section)
{
    const size_t len = strlen(section);
    return strncmp(key, section, len) == 0 && (key[len] == '\0' || strchr(".[", key[len]));
}

/* Keys that name what is asked for decisions, what they are written in, and what runs without having been vouched for. */
static int refuse_key(const char *key, struct oc_error *err)
{
    static const struct {
        const char *key, *what, *hint;
    } kept[] = {{"policies", "decides about others",
                 "`openclaw policy apply FILE` asks for the decision. " BY_HAND},
                {"governance", "is a rule of governance",
                 "Propose it: `openclaw governance propose`. " BY_HAND},
                {"host.home", "says where decisions are kept",
                 "Propose it: `openclaw governance propose`. " BY_HAND},
                {"store.backend", "says where decisions are kept",
                 "Propose it: `openclaw governance propose`. " BY_HAND},
                {"host.plugins", "names plugins that come from no registry",
                 "`openclaw plugin link FOLDER` asks for the decision. " BY_HAND}};
    for (size_t i = 0; i < OC_COUNT(kept); i++) {
        if (is_section(key, kept[i].key)) {
            oc_error_set(err, OC_E_DENIED, "%.64s %s, and this host is governed", key,
                         kept[i].what);
            oc_error_hint(err, "%s", kept[i].hint);
            return OC_E_DENIED;
        }
    }
    return OC_OK;
}

/* What it would be told on a governed host. */
static int refuse(const struct oc_op *op, const json_t *params, struct oc_error *err)
{
    if (strcmp(op->name, "config.set") == 0 || strcmp(op->name, "config.reset") == 0) {
        return refuse_key(oc_json_str(params, "key", ""), err);
    }
    if (strcmp(op->name, "alert.import") != 0 || oc_json_bool(params, "dry_run", false)) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_DENIED, "alert.import writes policies, and this host is governed");
    oc_error_hint(err, "Look at the files with --dry-run --json, then `openclaw policy apply FILE` "
                       "asks for the decision. " BY_HAND);
    return OC_E_DENIED;
}

int oc_gate_keep_files(struct oc_gate *g, const struct oc_op *op, const json_t *params,
                       struct oc_error *err)
{
    struct oc_error refusal;
    bool governed = false;
    oc_error_init(&refusal);
    if (refuse(op, params, &refusal) == OC_OK) {
        return OC_OK;
    }
    int rc = is_governed(g, &governed, err);
    if (rc == OC_OK && governed) {
        *err = refusal;
        rc = refusal.code;
    }
    return rc;
}
