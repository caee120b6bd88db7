/* Checks of what targets are called. SPDX-License-Identifier: MIT */
#include "probe/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int oc_names_check(const char *const *first, size_t count, size_t stride, struct oc_error *err)
{
    int code = OC_OK;
    const char **names = calloc(count + 1, sizeof *names);
    if (!names) {
        return oc_fail(err, OC_E_INTERNAL, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = *(const char *const *)(const void *)((const char *)first + i * stride);
    }
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 1; i < count && code == OC_OK; i++) {
        if (strcmp(names[i - 1], names[i]) == 0) {
            code = oc_fail(err, OC_E_CONFIG, "two targets are named \"%.200s\"", names[i]);
            snprintf(err->hint, sizeof err->hint,
                     "Give each target of the instance a name of its own.");
        }
    }
    free(names);
    return code;
}

int oc_names_prefix(struct oc_error *err, const char *name)
{
    char inner[sizeof err->message];
    if (name[0]) {
        memcpy(inner, err->message, sizeof inner);
        oc_fail(err, err->code, "target %.100s: %.380s", name, inner);
    }
    return err->code;
}
