/* The state of the ledger, and what the doctor says of it. SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/service/audit/internal.h"

/* ---- ledger.status ---- */

static void op_status(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    struct oc_ledger *l = s->env.ledger;
    struct oc_error why;
    uint8_t root[OC_LEDGER_HASH];
    char hex[2 * OC_LEDGER_HASH + 1];
    oc_error_init(&why);
    json_t *o = json_object();
    const bool healthy = oc_ledger_healthy(l, &why);
    oc_json_set_bool(o, "healthy", healthy);
    oc_json_set_str(o, "problem", healthy ? NULL : why.message);
    oc_json_set_str(o, "remedy", healthy || !*why.hint ? NULL : why.hint);
    oc_json_set_int(o, "entries", (int64_t)oc_ledger_size(l));
    oc_json_set_int(o, "durable", (int64_t)oc_ledger_durable(l));
    oc_json_set_int(o, "oldest", (int64_t)oc_ledger_oldest(l));
    if (oc_ledger_root(l, oc_ledger_durable(l), root, NULL) == OC_OK) {
        oc_audit_hex(root, sizeof root, hex);
        oc_json_set_str(o, "root", hex);
    }
    const uint64_t covered = oc_ledger_note_latest(s->dir);
    oc_json_set_int(o, "checkpoint", (int64_t)covered);
    oc_json_set_str(o, "folder", s->dir);
    oc_json_set_str(o, "copy_to", s->section.copy_to);
    oc_json_set_time(o, "copied", s->copied_ms);
    oc_json_set_str(o, "copy_problem", s->copy_problem);
    oc_call_succeed(call, o);
}

/* ---- the doctor ---- */

static void finding(json_t *list, const char *severity, const char *message, const char *fix)
{
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:s}", "severity", severity, "message", message, "fix", fix));
}

static void op_doctor(struct oc_call *call, void *ctx)
{
    struct oc_audit *s = ctx;
    struct oc_error why;
    oc_error_init(&why);
    json_t *list = json_array();
    if (!oc_ledger_healthy(s->env.ledger, &why)) {
        finding(list, "error", why.message,
                why.code == OC_E_VERIFY
                    ? "`openclaw ledger verify` says what is damaged; keep the folder for whoever "
                      "looks into it, and begin a new one"
                : *why.hint ? why.hint
                            : "make room on the disk: the ledger goes on by itself");
    }
    if (s->unheard > 0) {
        finding(list, "error", "operations were carried out that are not in the ledger",
                "`openclaw ledger status` says why it cannot be written");
    }
    if (s->copy_problem) {
        const bool conflict = s->told[OC_AUDIT_COPY_CONFLICT] == OC_AUDIT_FIRING;
        finding(list, conflict ? "error" : "warning", s->copy_problem,
                conflict ? OC_AUDIT_COPY_REMEDY : "see that the folder of ledger.copy_to is there");
    }
    oc_call_succeed(call, list);
}

static const struct oc_op status_op = {
    .name = "ledger.status",
    .summary = "Show how the ledger is",
    .flags = OC_OP_EPHEMERAL,
    .view = "record",
    .example = "openclaw ledger status",
    .result = "{healthy: boolean, problem: string|null, remedy: string|null, entries: integer, "
              "durable: integer, "
              "oldest: integer, root: string, checkpoint: integer, folder: string, copy_to: "
              "string|null, copied: time|null, copy_problem: string|null}",
    .handler = op_status,
};
static const struct oc_op doctor_op = {
    .name = "audit.doctor",
    .summary = "What is wrong with the ledger",
    .flags = OC_OP_INTERNAL,
    .handler = op_doctor,
};

void oc_audit_add_status_ops(struct oc_audit *s)
{
    oc_ops_add(s->env.ops, &status_op, s);
    oc_ops_add(s->env.ops, &doctor_op, s);
}
