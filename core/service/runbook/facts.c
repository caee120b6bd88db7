/* Whether what a runbook asks for before it plans can be asked at all. SPDX-License-Identifier: MIT
 *
 * A fact that is not there is nil in `plan`, which mostly means "nothing is to be done": a slip of the pen would look like success. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/runbook/internal.h"

static int mistake(const struct book *book, const char *fact, struct oc_error *err,
                   const char *hint)
{
    char *why = oc_asprintf("%s", err->message);
    oc_error_set(err, OC_E_CONFIG, "runbook %s (%s): fact %s: %s", book->name,
                 book->file ? book->file : "shipped", fact, why);
    oc_error_hint(err, "%s", hint);
    free(why);
    return OC_E_CONFIG;
}

static int check_call(struct oc_runbook *s, const json_t *wanted, const char **hint,
                      struct oc_error *err)
{
    const char *name = oc_json_str(wanted, "op", NULL), *key;
    json_t *value;
    *hint = "Write NAME = { op = \"unit.list\", params = { tag = \"agent\" } }.";
    if (!name) {
        return oc_error_set(err, OC_E_CONFIG, "expected {op, params, optional}");
    }
    json_object_foreach((json_t *)(uintptr_t)wanted, key, value)
    {
        if (strcmp(key, "op") != 0 && strcmp(key, "params") != 0 && strcmp(key, "optional") != 0) {
            return oc_error_set(err, OC_E_CONFIG, "'%s' is no key of a fact", key);
        }
    }
    const struct oc_op *op = oc_ops_find(s->env->ops, name);
    if (!op && oc_json_bool(wanted, "optional", false)) {
        return OC_OK;
    }
    if (!op) {
        const char *near = oc_ops_near(s->env->ops, name);
        *hint = "With optional = true it is nil where no plugin brings the operation.";
        return oc_error_set(err, OC_E_CONFIG, "there is no operation %s%s%s%s", name,
                            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    if (op->flags & (OC_OP_MUTATES | OC_OP_ACTS | OC_OP_DESTRUCTIVE | OC_OP_STREAMS)) {
        *hint = "What changes something is a step.";
        return oc_error_set(err, OC_E_CONFIG, "%s %s, a fact only looks", name,
                            op->flags & OC_OP_STREAMS ? "never ends by itself"
                                                      : "changes something");
    }
    *hint = "`openclaw help` shows what operations take.";
    return oc_runbook_check_params(op, json_object_get(wanted, "params"), err);
}

int oc_runbook_facts_check(struct oc_runbook *s, const struct book *book, const json_t *wanted,
                           struct oc_error *err)
{
    const char *fact, *hint;
    json_t *value;
    if (json_array_size(wanted) > 0) {
        oc_error_set(err, OC_E_CONFIG, "every fact has a name");
        return mistake(book, "1", err, "Write facts = { units = { op = \"unit.list\" } }.");
    }
    json_object_foreach((json_t *)(uintptr_t)wanted, fact, value)
    {
        if (check_call(s, value, &hint, err) != OC_OK) {
            return mistake(book, fact, err, hint);
        }
    }
    return OC_OK;
}
