/* Which lines of a text have code: what coverage is counted against. SPDX-License-Identifier: MIT
 *
 * Lua tells the lines with code of a function that it holds ("activelines"), but a function inside another exists only
 * while the outer one runs. The compiled chunk has them all, so it is dumped and its line tables are read: the layout is
 * that of Lua 5.4 (ldump.c), the bytes are our own. [loop] */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/policy/state.h"

#define NO_LINE_DELTA (-0x80) /* the line of this instruction is in the table of absolute ones */

struct reader {
    const unsigned char *p, *end;
    struct oc_lua_trace *lines;
};

static void take(struct reader *r, void *to, size_t len)
{
    OC_ASSERT((size_t)(r->end - r->p) >= len);
    if (to != NULL) {
        memcpy(to, r->p, len);
    }
    r->p += len;
}

static unsigned char take_byte(struct reader *r)
{
    unsigned char byte = 0;
    take(r, &byte, 1);
    return byte;
}

/* Seven bits a byte, the highest first; the last byte has the high bit. */
static size_t take_size(struct reader *r)
{
    size_t value = 0;
    unsigned char byte;
    do {
        byte = take_byte(r);
        value = value << 7 | (byte & 0x7f);
    } while ((byte & 0x80) == 0);
    return value;
}

/* The size is one more than the length; 0 is no string. */
static void skip_string(struct reader *r)
{
    size_t size = take_size(r);
    take(r, NULL, size > 0 ? size - 1 : 0);
}

static void skip_constants(struct reader *r)
{
    for (size_t count = take_size(r); count > 0; count--) {
        switch (take_byte(r)) {
        case LUA_TNUMBER | 16: /* a float */
            take(r, NULL, sizeof(lua_Number));
            break;
        case LUA_TNUMBER:
            take(r, NULL, sizeof(lua_Integer));
            break;
        case LUA_TSTRING:
        case LUA_TSTRING | 16:
            skip_string(r);
            break;
        default: /* nil, false, true: the type says it all */
            break;
        }
    }
}

/* `vararg`: its first instruction prepares the arguments and is nobody's line. */
static void take_lines(struct reader *r, int line, bool vararg)
{
    size_t count = take_size(r);
    const signed char *deltas = (const signed char *)r->p;
    take(r, NULL, count);
    size_t absolute = take_size(r);
    for (size_t i = 0; i < count; i++) {
        if (deltas[i] == NO_LINE_DELTA) {
            OC_ASSERT(absolute-- > 0);
            take_size(r); /* of which instruction: they come in order */
            line = (int)take_size(r);
        } else {
            line += deltas[i];
        }
        if (i > 0 || !vararg) {
            oc_lua_mark(r->lines, line);
        }
    }
    OC_ASSERT(absolute == 0);
}

static void take_function(struct reader *r)
{
    skip_string(r); /* the source */
    int line = (int)take_size(r);
    take_size(r);     /* its last line */
    take(r, NULL, 1); /* parameters */
    bool vararg = take_byte(r) != 0;
    take(r, NULL, 1);                /* registers */
    take(r, NULL, take_size(r) * 4); /* instructions */
    skip_constants(r);
    take(r, NULL, take_size(r) * 3); /* upvalues */
    for (size_t count = take_size(r); count > 0; count--) {
        take_function(r);
    }
    take_lines(r, line, vararg);
    for (size_t count = take_size(r); count > 0; count--) { /* local variables */
        skip_string(r);
        take_size(r);
        take_size(r);
    }
    for (size_t count = take_size(r); count > 0; count--) { /* names of upvalues */
        skip_string(r);
    }
}

struct dump {
    const char *name, *text;
    size_t len;
    struct oc_buf bytes;
};

static int write_bytes(lua_State *L, const void *data, size_t len, void *ctx)
{
    (void)L;
    oc_buf_add(ctx, data, len);
    return 0;
}

static int dump_chunk(lua_State *L)
{
    struct dump *d = lua_touserdata(L, 1);
    const char *name = lua_pushfstring(L, "@%s", d->name);
    oc_lua_compile(L, name, d->text, d->len);
    return lua_dump(L, write_bytes, &d->bytes, 0);
}

int oc_lua_code_lines(struct oc_lua *l, const char *name, const char *text, size_t len,
                      struct oc_lua_trace *lines, struct oc_error *err)
{
    /* "\x1bLua", version, format, 6 bytes of check, sizes of instruction, integer and number, two samples, upvalues */
    static const size_t HEADER = 4 + 1 + 1 + 6 + 3 + sizeof(lua_Integer) + sizeof(lua_Number) + 1;
    struct dump d = {.name = name, .text = text, .len = len};
    int code = oc_lua_protect(l, dump_chunk, &d, err);
    if (code == OC_OK) {
        OC_ASSERT(d.bytes.len > HEADER && (unsigned char)d.bytes.data[4] == 0x54);
        struct reader r = {(const unsigned char *)d.bytes.data + HEADER,
                           (const unsigned char *)d.bytes.data + d.bytes.len, lines};
        take_function(&r);
        OC_ASSERT(r.p == r.end);
    }
    oc_buf_finish(&d.bytes);
    return code;
}
