/* Shipped policies sleep until they are asked: most hosts ask few of them, and a state takes 30 KiB. SPDX-License-Identifier: MIT
 *
 * Which hooks they have is read from their text: as the shipped files are written, a hook is a line that begins with "function". */
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/policies.h"

#define TRIES    100
#define FUNCTION "function "

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Their names, sorted; owned by the caller. */
static json_t *hooks_of(const char *text, size_t len)
{
    const char *end = text + len, *at = text;
    OC_VEC(char *) names = {0};
    json_t *hooks = json_array();
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end != NULL ? line_end : end;
        const size_t size = (size_t)(line_end - at), word = strlen(FUNCTION);
        const char *paren = size > word ? memchr(at, '(', size) : NULL;
        if (paren != NULL && memcmp(at, FUNCTION, word) == 0) {
            OC_VEC_PUSH(&names, oc_strndup(at + word, (size_t)(paren - at) - word));
        }
        at = line_end + 1;
    }
    if (names.count > 1) {
        qsort(names.items, names.count, sizeof(*names.items), by_name);
    }
    for (size_t i = 0; i < names.count; i++) {
        json_array_append_new(hooks, json_string(names.items[i]));
        free(names.items[i]);
    }
    OC_VEC_FINISH(&names);
    return hooks;
}

void oc_policy_sleep(struct oc_policy *policy, const char *text, size_t len)
{
    oc_lua_destroy(policy->lua);
    json_decref(policy->hooks);
    json_decref(policy->reads);
    OC_FREE(policy->own);
    OC_FREE(policy->error);
    OC_FREE(policy->failing);
    policy->lua = NULL;
    policy->reads = NULL;
    policy->line = 0;
    policy->text = policy->shipped = text;
    policy->len = len;
    policy->hooks = hooks_of(text, len);
    policy->loaded_ms = oc_time_wall();
}

/* A shipped policy that does not run is a bug of this build. */
void oc_policy_wake(struct oc_policy *policy)
{
    struct oc_error err;
    const int64_t loaded = policy->loaded_ms;
    const int line = policy->line;
    int code = OC_E_TIMEOUT;
    if (policy->lua != NULL) {
        return;
    }
    char *error = policy->error; /* of the file in whose place it stands: loading would forget it */
    policy->error = NULL;
    OC_ASSERT(policy->shipped != NULL && policy->text == policy->shipped);
    /* A machine that is busy enough can use up a deadline; that is no bug. */
    for (int i = 0; i < TRIES && code == OC_E_TIMEOUT; i++) {
        oc_error_init(&err);
        code = oc_policy_load(policy, policy->shipped, policy->len, &err);
    }
    OC_ASSERT(code == OC_OK);
    policy->loaded_ms = loaded;
    policy->error = error;
    policy->line = line;
}
