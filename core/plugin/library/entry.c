/* Is the entry that a library exports fit to be used? SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "core/plugin/internal.h"

/* The sizes of 1.0: a plugin has at least these, a later one may have more. They never change. */
#define ENTRY_SIZE_1_0  (offsetof(struct oc_plugin_entry, methods) + sizeof(void *))
#define OPTION_SIZE_1_0 (offsetof(struct oc_option, help) + sizeof(char *))
#define METHOD_SIZE_1_0 (offsetof(struct oc_method, fn) + sizeof(oc_method_fn))

#define STRIDE_MAX   1024u
#define INSTANCE_MAX (64u << 20)
#define METHODS_MAX  64u

_Static_assert(ENTRY_SIZE_1_0 == 56 && OPTION_SIZE_1_0 == 72 && METHOD_SIZE_1_0 == 16,
               "1.0 is frozen");

static int wrong(struct oc_error *err, const char *field, unsigned long long got,
                 const char *expected)
{
    oc_error_set(err, OC_E_CONFIG, "oc_plugin_entry.%s is %llu, expected %s", field, got, expected);
    oc_error_hint(err, "Begin the entry with OC_ENTRY_HEAD and rebuild against the SDK.");
    return OC_E_CONFIG;
}

static int check_stride(uint32_t stride, size_t least, const char *field, struct oc_error *err)
{
    if (stride < least || stride > STRIDE_MAX || stride % _Alignof(void *) != 0) {
        char expected[64];
        snprintf(expected, sizeof expected, "a multiple of %zu from %zu to %u", _Alignof(void *),
                 least, STRIDE_MAX);
        return wrong(err, field, stride, expected);
    }
    return OC_OK;
}

static const struct oc_method *method_at(const struct oc_plugin_entry *e, size_t i)
{
    return (const struct oc_method *)(const void *)((const char *)e->methods + i * e->method_size);
}

static int check_methods(const struct oc_plugin_entry *e, struct oc_error *err)
{
    size_t i = 0;
    for (; e->methods && method_at(e, i)->id; i++) {
        const struct oc_method *m = method_at(e, i);
        if (i == METHODS_MAX) {
            return oc_error_set(err, OC_E_CONFIG, "the table of methods has no end after %u rows",
                                METHODS_MAX);
        }
        if (!oc_method_id_valid(m->id)) {
            return oc_error_set(err, OC_E_CONFIG,
                                "method %zu: expected an id such as \"collector.collect/1\"", i);
        }
        if (!m->fn) {
            return oc_error_set(err, OC_E_CONFIG, "method %s has no function", m->id);
        }
        if (oc_entry_method(e, m->id) != m) {
            return oc_error_set(err, OC_E_CONFIG, "method %s is there twice", m->id);
        }
    }
    return i ? OC_OK : oc_error_set(err, OC_E_CONFIG, "the plugin has no methods");
}

static int check_head(const struct oc_plugin_entry *e, struct oc_error *err)
{
    if (e->abi_major != OC_ABI_MAJOR) {
        char expected[32];
        snprintf(expected, sizeof expected, "%d", OC_ABI_MAJOR);
        return wrong(err, "abi_major", e->abi_major, expected);
    }
    if (e->instance_size > INSTANCE_MAX) {
        return wrong(err, "instance_size", e->instance_size, "at most 64 MB");
    }
    const int code = check_stride(e->option_size, OPTION_SIZE_1_0, "option_size", err);
    return code ? code : check_stride(e->method_size, METHOD_SIZE_1_0, "method_size", err);
}

/* For us a bad table is a bad file; the check itself calls it a bug, as it is one in our own
 * tables. */
static int check_options(const struct oc_plugin_entry *e, struct oc_error *err)
{
    struct oc_error why;
    oc_error_init(&why);
    if (!e->options ||
        !oc_options_check(e->options, e->option_size, (size_t)e->instance_size, &why)) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFIG, "option table: %s", why.message);
    oc_error_hint(err, "Correct the table in the plugin's source and rebuild it.");
    return OC_E_CONFIG;
}

int oc_entry_take(const struct oc_plugin_entry *from, struct oc_plugin_entry *to,
                  struct oc_error *err)
{
    if (from->struct_size < ENTRY_SIZE_1_0 || from->struct_size > STRIDE_MAX) {
        return wrong(err, "struct_size", from->struct_size, "56, the size of 1.0, or more");
    }
    const size_t size = from->struct_size < sizeof *to ? from->struct_size : sizeof *to;
    *to = (struct oc_plugin_entry){0};
    memcpy(to, from, size);
    int code = check_head(to, err);
    if (!code) {
        code = check_methods(to, err);
    }
    return code ? code : check_options(to, err);
}

const struct oc_method *oc_entry_method(const struct oc_plugin_entry *entry, const char *id)
{
    for (size_t i = 0; entry->methods && method_at(entry, i)->id; i++) {
        if (strcmp(method_at(entry, i)->id, id) == 0) {
            return method_at(entry, i);
        }
    }
    return NULL;
}
