/* What the store remembers of the ledger: one that was cut, or put in its place, is not trusted. SPDX-License-Identifier: MIT
 *
 * The store is another folder than the ledger's. With each checkpoint it gets how long the ledger is, its root and its key. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/audit/internal.h"
#include "core/store/store.h"
#include "core/sys/file.h"

#define SPACE "ledger_seen"
#define KEY   "host"

bool oc_audit_may_remember(const struct oc_audit *s)
{
    return !s->env.ephemeral && s->env.store && oc_ledger_is_kept(s->env.ledger);
}

void oc_audit_remember(struct oc_audit *s, uint64_t size, const uint8_t root[OC_LEDGER_HASH])
{
    char hex[2 * OC_LEDGER_HASH + 1];
    struct oc_error err;
    oc_error_init(&err);
    if (!oc_audit_may_remember(s)) {
        return;
    }
    oc_audit_hex(root, OC_LEDGER_HASH, hex);
    json_t *seen =
        json_pack("{s:I,s:s,s:s}", "size", (json_int_t)size, "root", hex, "key", s->key.name);
    if (oc_kv_put(s->env.store, SPACE, KEY, seen, true, &err) != OC_OK) {
        oc_warn("the store cannot remember the ledger", "reason=%s", err.message);
    }
    json_decref(seen);
}

/* ---- at the start ---- */

static bool is_other_key(const char *dir, const char *name)
{
    char *path = oc_path_join(dir, "host.pub");
    struct oc_buf text = {0};
    const size_t len = strlen(name);
    const bool same = oc_file_read(path, 1024, &text, NULL) == OC_OK && text.len > len &&
                      memcmp(text.data, name, len) == 0 && text.data[len] == '+';
    oc_buf_finish(&text);
    free(path);
    return !same;
}

static bool is_other_tree(struct oc_ledger *l, uint64_t size, const char *hex)
{
    uint8_t root[OC_LEDGER_HASH];
    char now[2 * OC_LEDGER_HASH + 1];
    if (oc_ledger_root(l, size, root, NULL) != OC_OK) {
        return true;
    }
    oc_audit_hex(root, sizeof root, now);
    return strcmp(now, hex) != 0;
}

static void compare(const char *dir, struct oc_ledger *l, const json_t *seen)
{
    const uint64_t size = (uint64_t)oc_json_int(seen, "size", 0), now = oc_ledger_size(l);
    char message[160] = "";
    if (seen && size > now) {
        snprintf(message, sizeof message,
                 "the ledger has %llu entries and had %llu: the newest are gone",
                 (unsigned long long)now, (unsigned long long)size);
    } else if (seen && is_other_key(dir, oc_json_str(seen, "key", ""))) {
        snprintf(message, sizeof message,
                 "host.pub of the ledger is gone, or is not the key that signed it");
    } else if (seen && size > 0 && is_other_tree(l, size, oc_json_str(seen, "root", ""))) {
        snprintf(message, sizeof message,
                 "the first %llu entries of the ledger are not those that were signed",
                 (unsigned long long)size);
    }
    if (*message) {
        oc_ledger_distrust(l, message);
    }
}

void oc_audit_compare(struct oc_audit *s)
{
    json_t *seen = oc_audit_may_remember(s) ? oc_kv_get(s->env.store, SPACE, KEY) : NULL;
    compare(s->dir, s->env.ledger, seen);
    json_decref(seen);
}

/* What the store of the home holds, which another process may have open. A home without a store has no host yet that could remember
 * anything. */
static int peek(const struct oc_audit *s, json_t **seen, struct oc_error *err)
{
    char *store = oc_path_join(s->env.home, "data/openclaw.db");
    int rc = oc_kv_peek(store, SPACE, KEY, seen, err);
    if (rc == OC_E_NOT_FOUND) {
        oc_error_init(err);
        rc = OC_OK;
    }
    free(store);
    return rc;
}

int oc_audit_compare_home(struct oc_audit *s, struct oc_ledger *l, struct oc_error *err)
{
    json_t *seen = NULL;
    int rc = peek(s, &seen, err);
    compare(s->dir, l, seen);
    json_decref(seen);
    return rc;
}

int oc_audit_remembered(struct oc_audit *s, uint64_t *entries, struct oc_error *err)
{
    json_t *seen = NULL;
    int rc = OC_OK;
    if (oc_audit_may_remember(s)) {
        seen = oc_kv_get(s->env.store, SPACE, KEY);
    } else {
        rc = peek(s, &seen, err);
    }
    *entries = (uint64_t)oc_json_int(seen, "size", 0);
    json_decref(seen);
    return rc;
}

/* ---- ledger.accept ---- */

struct accept_params {
    const char *reason;
};
static const struct oc_option accept_options[] = {
    {.name = "reason",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct accept_params, reason),
     .help = "why what is lost cannot be brought back; it is the next entry of the ledger"},
    {0}};

/* Checkpoints without the key that signed them: nobody could tell them from forged ones. */
static bool lacks_key(struct oc_audit *s)
{
    char *path = oc_path_join(s->dir, "host.pub");
    const bool lacks = !oc_file_exists(path) && oc_ledger_note_latest(s->dir) > 0;
    free(path);
    return lacks;
}

static void accept(struct oc_audit *s, struct oc_call *call, const char *reason)
{
    struct oc_error why, err;
    oc_error_init(&why);
    oc_error_init(&err);
    oc_ledger_healthy(s->env.ledger, &why);
    const uint64_t left = oc_ledger_size(s->env.ledger);
    json_t *seen = oc_kv_get(s->env.store, SPACE, KEY);
    json_t *entry = json_pack("{s:s,s:s,s:s,s:I,s:o}", "actor", oc_call_actor(call)->name, "reason",
                              reason, "problem", why.message, "entries", (json_int_t)left,
                              "remembered", seen ? seen : json_null());
    oc_ledger_trust(s->env.ledger);
    const int64_t index =
        oc_ledger_add(s->env.ledger, "ledger_loss_accepted", entry, NULL, NULL, &err);
    if (index < 0 || oc_ledger_sync(s->env.ledger, &err) != OC_OK ||
        oc_audit_lose_notes(s, left, &err) != OC_OK) {
        oc_ledger_distrust(s->env.ledger, why.message);
        oc_call_fail(call, &err);
        json_decref(entry);
        return;
    }
    oc_kv_remove(s->env.store, SPACE, KEY, true, NULL);
    oc_bytes_wipe(&s->key, sizeof s->key);
    s->checkpointed = oc_ledger_note_latest(s->dir);
    oc_audit_security(s, "ledger_loss_accepted", json_incref(entry));
    oc_bus_publish(s->env.bus, "ledger.accepted", json_incref(entry));
    oc_audit_checkpoint_soon(s);
    json_decref(entry);
    oc_call_succeed(call,
                    json_pack("{s:I,s:s}", "index", (json_int_t)index, "accepted", why.message));
}

static void op_accept(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    const struct accept_params *p = oc_call_params(call);
    if (!oc_ledger_is_distrusted(s->env.ledger)) {
        oc_call_failf(call, OC_E_CONFLICT, "`openclaw ledger status` says how the ledger is.",
                      "there is no loss to accept");
    } else if (lacks_key(s)) {
        oc_call_failf(call, OC_E_CONFLICT,
                      "Bring host.key and host.pub back from a backup and restart the host, or "
                      "stop it and move the folder away to begin a new ledger.",
                      "%s has checkpoints, and not the key that signed them", s->dir);
    } else {
        accept(s, call, p->reason);
    }
}

static const struct oc_op accept_op = {
    .name = "ledger.accept",
    .summary = "Accept that a part of the ledger is lost, and go on",
    .flags = OC_OP_MUTATES | OC_OP_DESTRUCTIVE,
    .role = OC_ROLE_ADMIN,
    .params = accept_options,
    .params_size = sizeof(struct accept_params),
    .view = "record",
    .description =
        "A ledger that is shorter than the host remembers, that has another key or other entries, "
        "takes nothing: `openclaw doctor` and `openclaw ledger status` say so. Bring the folder "
        "back from a backup and restart the host. Only when there is none, accept the loss: that "
        "is an entry of its own, and what comes is added behind what is left. The copy in "
        "ledger.copy_to is kept as it is: name another folder for what comes.",
    .example = "openclaw ledger accept --reason 'the disk is broken, no backup has it'",
    .result = "{index: integer, accepted: string}",
    .handler = op_accept,
};

void oc_audit_add_seen_ops(struct oc_audit *s)
{
    oc_ops_add(s->env.ops, &accept_op, s);
}
