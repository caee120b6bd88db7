/* Text of policies where it leaves Lua: what no C string or no JSON can hold becomes U+FFFD. SPDX-License-Identifier: MIT */
#include <lua.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/policy/state.h"

static bool is_clean(const char *text, size_t len)
{
    return memchr(text, '\0', len) == NULL && oc_utf8_valid(text, len);
}

char *oc_lua_clean(const char *text, size_t len)
{
    struct oc_buf out = {0};
    uint32_t code;
    oc_buf_adds(&out, "");
    while (len > 0) {
        size_t n = oc_utf8_next(text, len, &code);
        if (n == 0 || *text == '\0') {
            oc_buf_adds(&out, OC_UTF8_REPLACEMENT);
            n = 1;
        } else {
            oc_buf_add(&out, text, n);
        }
        text += n;
        len -= n;
    }
    return oc_buf_take(&out);
}

const char *oc_lua_clean_at(lua_State *L, int index)
{
    size_t len;
    const char *text = lua_tolstring(L, index, &len);
    struct oc_lua *l = oc_lua_of(L);
    if (is_clean(text, len)) {
        return text;
    }
    char *clean = oc_lua_clean(text, len);
    OC_VEC_PUSH(&l->cleaned, clean);
    return clean;
}

void oc_lua_forget_clean(struct oc_lua *l)
{
    while (l->cleaned.count > 0) {
        free(l->cleaned.items[--l->cleaned.count]);
    }
}

int oc_lua_explain(struct oc_error *err, int code, const char *text, size_t len)
{
    char *clean = oc_lua_clean(text, len);
    oc_error_set(err, code, "%s", clean);
    free(clean);
    return code;
}
