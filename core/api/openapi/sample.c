/* Values that show what an operation wants, where its example on the command line does not say. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/openapi/openapi.h"
#include "core/base/json.h"
#include "core/base/mem.h"

static json_t *object_of(const struct oc_option *table);

static json_t *first_choice(const struct oc_option *o, const char *behind)
{
    const size_t len = o->choices ? strcspn(o->choices, "|") : 0;
    char *text = oc_asprintf("%.*s%s", (int)len, len ? o->choices : "", behind);
    json_t *value = json_string(text);
    free(text);
    return value;
}

/* "name" to "NAME", as a person would leave a blank. */
static json_t *blank(const struct oc_option *o)
{
    char *text = oc_strdup(o->name);
    for (char *c = text; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    json_t *value = json_string(text);
    free(text);
    return value;
}

static json_t *number_of(const struct oc_option *o)
{
    const double least = o->min > 0 ? o->min : 1;
    return o->type == OC_OPT_FLOAT ? json_real(least) : json_integer((json_int_t)least);
}

static json_t *list_of(json_t *item)
{
    json_t *list = json_array();
    json_array_append_new(list, item);
    return list;
}

static json_t *url_of(const struct oc_option *o)
{
    return o->choices ? first_choice(o, "://example.org/") : json_string("https://example.org/");
}

static json_t *written(const struct oc_option *o)
{
    const bool plain = o->type == OC_OPT_BOOL || o->type == OC_OPT_INT || o->type == OC_OPT_FLOAT;
    json_t *value = plain ? json_loads(o->default_text, JSON_DECODE_ANY, NULL) : NULL;
    return value ? value : json_string(o->default_text);
}

static json_t *value_of(const struct oc_option *o)
{
    const bool scalar = o->type <= OC_OPT_URL && o->type != OC_OPT_SECRET;
    if (o->default_text && *o->default_text && scalar) {
        return written(o);
    }
    switch (o->type) {
    case OC_OPT_BOOL:
        return json_true();
    case OC_OPT_INT:
    case OC_OPT_FLOAT:
        return number_of(o);
    case OC_OPT_DURATION:
        return json_string("1h");
    case OC_OPT_SIZE:
        return json_string("1MB");
    case OC_OPT_ENUM:
        return first_choice(o, "");
    case OC_OPT_PATH:
        return json_string("/path/to/file");
    case OC_OPT_URL:
        return url_of(o);
    case OC_OPT_STRINGS:
        return list_of(blank(o));
    case OC_OPT_INTS:
        return list_of(json_integer(1));
    case OC_OPT_MAP:
        return json_pack("{s:s}", "name", "value");
    case OC_OPT_GROUP:
        return object_of(o->options);
    case OC_OPT_GROUPS:
        return list_of(object_of(o->options));
    default:
        return blank(o);
    }
}

static json_t *object_of(const struct oc_option *table)
{
    json_t *object = json_object();
    oc_openapi_complete(object, table);
    return object;
}

void oc_openapi_complete(json_t *example, const struct oc_option *table)
{
    for (const struct oc_option *o = table; o && o->name; o++) {
        if (o->flags & OC_OPT_REQUIRED && !json_object_get(example, o->name)) {
            oc_json_take(example, o->name, value_of(o));
        }
    }
}
