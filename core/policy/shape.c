/* Shapes of answers: parsed once, held against values in Lua. SPDX-License-Identifier: MIT */
#include "core/policy/shape.h"

#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/policy/state.h"

#define DEPTH_MAX 16 /* of a path: shapes are shallow */

enum kind { ANY, NIL, BOOLEAN, INTEGER, NUMBER, STRING, WORD, LIST, OBJECT };

struct node;

struct member {
    const char *name;
    struct node *value;
    bool optional;
    struct member *next;
};

/* One alternative; the others follow in `or`. */
struct node {
    enum kind kind;
    const char *word;       /* WORD */
    struct node *item;      /* LIST; OBJECT: of members that are not named, or NULL */
    struct member *members; /* OBJECT */
    struct node * or ;
    const char *text; /* of all alternatives, for messages */
};

struct oc_shape {
    struct oc_arena arena;
    struct node *root;
};

/* ---- parsing ---- */

struct parser {
    struct oc_arena *arena;
    const char *p;
};

static struct node *parse(struct parser *s);

static void skip(struct parser *s)
{
    while (isspace((unsigned char)*s->p)) {
        s->p++;
    }
}

static bool accept(struct parser *s, char c)
{
    skip(s);
    if (*s->p != c) {
        return false;
    }
    s->p++;
    return true;
}

static const char *take_word(struct parser *s)
{
    skip(s);
    const char *start = s->p;
    while (isalnum((unsigned char)*s->p) || *s->p == '_' || *s->p == '*') {
        s->p++;
    }
    OC_ASSERT(s->p > start);
    return oc_arena_strndup(s->arena, start, (size_t)(s->p - start));
}

static void parse_members(struct parser *s, struct node *node)
{
    struct member **tail = &node->members;
    while (!accept(s, '}')) {
        const char *name = take_word(s);
        bool optional = accept(s, '?');
        OC_ASSERT(accept(s, ':'));
        struct node *value = parse(s);
        if (strcmp(name, "*") == 0) {
            node->item = value;
        } else {
            struct member *m = oc_arena_alloc(s->arena, sizeof(*m));
            *m = (struct member){.name = name, .value = value, .optional = optional};
            *tail = m;
            tail = &m->next;
        }
        accept(s, ',');
    }
}

static enum kind kind_of(const char *word)
{
    static const char *const KINDS[] = {
        [ANY] = "any",         [NIL] = "nil",       [BOOLEAN] = "boolean",
        [INTEGER] = "integer", [NUMBER] = "number", [STRING] = "string"};
    for (size_t i = 0; i < OC_COUNT(KINDS); i++) {
        if (strcmp(word, KINDS[i]) == 0) {
            return (enum kind)i;
        }
    }
    OC_ASSERT(false);
    return ANY;
}

static struct node *parse_one(struct parser *s)
{
    struct node *node = oc_arena_alloc(s->arena, sizeof(*node));
    *node = (struct node){.kind = ANY};
    if (accept(s, '{')) {
        node->kind = OBJECT;
        parse_members(s, node);
    } else if (accept(s, '[')) {
        node->kind = LIST;
        node->item = parse(s);
        OC_ASSERT(accept(s, ']'));
    } else if (accept(s, '"')) {
        node->kind = WORD;
        node->word = take_word(s);
        OC_ASSERT(accept(s, '"'));
    } else {
        node->kind = kind_of(take_word(s));
    }
    return node;
}

static struct node *parse(struct parser *s)
{
    skip(s);
    const char *start = s->p;
    struct node *first = parse_one(s), *last = first;
    const char *end = s->p;
    while (accept(s, '|')) {
        last->or = parse_one(s);
        last = last->or ;
        end = s->p;
    }
    first->text = oc_arena_strndup(s->arena, start, (size_t)(end - start));
    return first;
}

struct oc_shape *oc_shape_create(const char *text)
{
    struct oc_shape *shape = oc_calloc(1, sizeof(*shape));
    struct parser s = {.arena = &shape->arena, .p = text};
    shape->root = parse(&s);
    skip(&s);
    OC_ASSERT(*s.p == '\0');
    return shape;
}

void oc_shape_destroy(struct oc_shape *shape)
{
    if (shape != NULL) {
        oc_arena_finish(&shape->arena);
        free(shape);
    }
}

/* ---- checking ---- */

struct step {
    const char *member; /* NULL: an item */
    lua_Integer item;
};

struct check {
    lua_State *L;
    struct step path[DEPTH_MAX];
    int depth;
    int deepest; /* depth of the complaint in `why`, -1 = none yet */
    char *why;
};

static bool fits(struct check *c, const struct node *node, int index);

static void write_path(const struct check *c, struct oc_buf *out)
{
    for (int i = 0; i < c->depth; i++) {
        if (c->path[i].member == NULL) {
            oc_buf_addf(out, "[%lld]", (long long)c->path[i].item);
        } else {
            oc_buf_addf(out, "%s%.60s", i > 0 ? "." : "", c->path[i].member);
        }
    }
    if (c->depth > 0) {
        oc_buf_adds(out, ": ");
    }
}

/* The complaint that got furthest into the value is the one that helps. */
static bool complain(struct check *c, const char *expected, const char *got)
{
    if (c->depth > c->deepest) {
        struct oc_buf text = {0};
        c->deepest = c->depth;
        write_path(c, &text);
        oc_buf_addf(&text, "expected %s, got %s", expected, got);
        char *clean = oc_lua_clean(text.data, text.len); /* it may be cut within a character */
        oc_copy(c->why, OC_SHAPE_WHY, clean);
        free(clean);
        oc_buf_finish(&text);
    }
    return false;
}

static const char *got_name(lua_State *L, int index, char *space, size_t size)
{
    if (lua_type(L, index) != LUA_TSTRING) {
        return luaL_typename(L, index);
    }
    size_t len;
    const char *text = lua_tolstring(L, index, &len);
    char *clean = oc_lua_clean(text, len);
    snprintf(space, size, "\"%.40s\"", clean);
    free(clean);
    return space;
}

static bool enter(struct check *c, const char *member, lua_Integer item, const struct node *node,
                  int index)
{
    OC_ASSERT(c->depth < DEPTH_MAX);
    c->path[c->depth++] = (struct step){member, item};
    bool good = fits(c, node, index);
    c->depth--;
    return good;
}

static bool fits_list(struct check *c, const struct node *node, int table)
{
    lua_State *L = c->L;
    lua_Integer count = (lua_Integer)lua_rawlen(L, table), keys = 0;
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
        keys++;
    }
    if (keys != count) {
        return complain(c, node->text != NULL ? node->text : "a list",
                        count == 0 ? "a table with members" : "a list with holes or members");
    }
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, table, i);
        bool good = enter(c, NULL, i, node->item, lua_gettop(L));
        lua_pop(L, 1);
        if (!good) {
            return false;
        }
    }
    return true;
}

static const struct member *find_member(const struct node *node, const char *name)
{
    for (const struct member *m = node->members; m != NULL; m = m->next) {
        if (strcmp(m->name, name) == 0) {
            return m;
        }
    }
    return NULL;
}

/* The key is below the value on the stack. */
static bool fits_member(struct check *c, const struct node *node)
{
    lua_State *L = c->L;
    if (lua_type(L, -2) != LUA_TSTRING) {
        return complain(c, "members with names", "a list");
    }
    const char *name = lua_tostring(L, -2);
    const struct member *m = find_member(node, name);
    if (m == NULL && node->item == NULL) {
        char got[80];
        snprintf(got, sizeof(got), "the unknown member %.60s", name);
        return complain(c, node->text != NULL ? node->text : "its members only", got);
    }
    return enter(c, name, 0, m != NULL ? m->value : node->item, lua_gettop(L));
}

static bool fits_object(struct check *c, const struct node *node, int table)
{
    lua_State *L = c->L;
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
        if (!fits_member(c, node)) {
            lua_pop(L, 2);
            return false;
        }
    }
    for (const struct member *m = node->members; m != NULL; m = m->next) {
        lua_pushstring(L, m->name);
        bool absent = lua_rawget(L, table) == LUA_TNIL;
        bool good = !absent || m->optional || enter(c, m->name, 0, m->value, lua_gettop(L));
        lua_pop(L, 1);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool fits_table(struct check *c, const struct node *node, int index)
{
    if (!lua_checkstack(c->L, 8)) {
        return complain(c, "a shallow value", "a deep one");
    }
    oc_lua_push_real(c->L, index);
    int table = lua_gettop(c->L);
    bool good = node->kind == LIST ? fits_list(c, node, table) : fits_object(c, node, table);
    lua_settop(c->L, table - 1);
    return good;
}

static bool fits_integer(lua_State *L, int index)
{
    int whole = 0;
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_tointegerx(L, index, &whole);
    }
    return whole != 0;
}

/* Without a word of complaint: the caller knows the alternatives. */
static bool fits_scalar(lua_State *L, const struct node *node, int index)
{
    int type = lua_type(L, index);
    switch (node->kind) {
    case ANY:
        return type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TNUMBER ||
               type == LUA_TSTRING || type == LUA_TTABLE;
    case NIL:
        return type == LUA_TNIL;
    case BOOLEAN:
        return type == LUA_TBOOLEAN;
    case INTEGER:
        return fits_integer(L, index);
    case NUMBER:
        return type == LUA_TNUMBER;
    case STRING:
        return type == LUA_TSTRING;
    case WORD:
        return type == LUA_TSTRING && strcmp(lua_tostring(L, index), node->word) == 0;
    case LIST:
    case OBJECT:
    default:
        return false;
    }
}

static bool fits(struct check *c, const struct node *node, int index)
{
    char got[64];
    bool table = lua_type(c->L, index) == LUA_TTABLE, tried = false;
    for (const struct node *n = node; n != NULL; n = n->or) {
        if (table && (n->kind == LIST || n->kind == OBJECT)) {
            tried = true;
            if (fits_table(c, n, index)) {
                return true;
            }
        } else if (fits_scalar(c->L, n, index)) {
            return true;
        }
    }
    return tried ? false : complain(c, node->text, got_name(c->L, index, got, sizeof(got)));
}

bool oc_shape_fits(const struct oc_shape *shape, lua_State *L, int index, char why[OC_SHAPE_WHY])
{
    struct check c = {.L = L, .deepest = -1, .why = why};
    why[0] = '\0';
    return fits(&c, shape->root, lua_absindex(L, index));
}
