/* Rule expressions: any bytes end, within the limits. SPDX-License-Identifier: MIT */
// uses: oc_policy
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/policy/sandbox.h"

#define KEPT_MAX 64u

static const struct oc_lua_limits limits = {
    .memory = (size_t)1 << 20, .instructions = 20000, .deadline_ms = 1000};
static struct oc_lua *lua;
static unsigned kept;

/* Every name has some value, so that evaluation goes on; which one follows from the name. */
static bool lookup(void *ctx, const char *name, struct oc_lua_value *value)
{
    (void)ctx;
    switch (strlen(name) % 5) {
    case 0:
        return false;
    case 1:
        *value = (struct oc_lua_value){.type = OC_LUA_BOOL, .boolean = name[0] < 'm'};
        break;
    case 2:
        *value = (struct oc_lua_value){.type = OC_LUA_STRING, .string = name};
        break;
    case 3:
        *value = (struct oc_lua_value){.type = OC_LUA_NIL};
        break;
    default:
        *value = (struct oc_lua_value){.type = OC_LUA_NUMBER, .number = name[0]};
        break;
    }
    return true;
}

static void evaluate(int expr, struct oc_error *err)
{
    bool truth = false;
    json_t *names = oc_lua_expr_names(lua, expr);
    int code = oc_lua_eval(lua, expr, lookup, NULL, &truth, err);
    OC_ASSERT(code == OC_OK || err->code == code);
    OC_ASSERT(json_array_size(names) <= 32);
    json_decref(names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_error err;
    if (kept++ % KEPT_MAX == 0) { /* a state keeps its expressions */
        oc_lua_destroy(lua);
        lua = oc_lua_create(&limits);
    }
    oc_error_init(&err);
    char *text = oc_strndup((const char *)data, size);
    int expr = oc_lua_expr(lua, "expr", text, &err);
    if (expr > 0) {
        evaluate(expr, &err);
    } else {
        OC_ASSERT(err.message[0] != '\0');
    }
    free(text);
    OC_ASSERT(oc_lua_memory(lua) <= limits.memory);
    return 0;
}
