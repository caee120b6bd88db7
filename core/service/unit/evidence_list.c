/* host.evidence.list: the evidence that was saved, newest first. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/unit/internal.h"
#include "core/sys/file.h"

#define LISTED_MAX 1000

struct list_params {
    const char *name;
};
static const struct oc_option list_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_POSITIONAL,
                                                 .offset = offsetof(struct list_params, name),
                                                 .help = "only evidence of this name"},
                                                {0}};

static int by_text(const void *a, const void *b)
{
    return -strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_wanted(const char *entry, const char *name)
{
    const char *dash = strchr(entry, '-');
    return entry[0] != '.' && dash && (!name || strcmp(dash + 1, name) == 0);
}

static void op_evidence_list(struct oc_call *call, void *ctx)
{
    const struct oc_unit *s = ctx;
    const struct list_params *p = oc_call_params(call);
    char *folder = oc_path_join(s->env.home, "evidence");
    OC_VEC(char *) names = {0};
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        if (is_wanted(d->d_name, p->name) && names.count < LISTED_MAX) {
            OC_VEC_PUSH(&names, oc_strdup(d->d_name));
        }
    }
    if (dir) {
        closedir(dir);
    }
    if (names.count) {
        qsort(names.items, names.count, sizeof *names.items, by_text);
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < names.count; i++) {
        char *path = oc_path_join(folder, names.items[i]);
        json_t *row = json_object();
        oc_json_set_str(row, "name", strchr(names.items[i], '-') + 1);
        oc_json_set_str(row, "path", path);
        json_array_append_new(rows, row);
        free(path);
        free(names.items[i]);
    }
    OC_VEC_FINISH(&names);
    free(folder);
    oc_call_succeed(call, rows);
}

static const struct oc_op list_op = {
    .name = "host.evidence.list",
    .summary = "List the evidence that was saved, newest first",
    .flags = OC_OP_EPHEMERAL,
    .params = list_options,
    .params_size = sizeof(struct list_params),
    .view = "table:name=Name,path=Folder",
    .example = "openclaw host evidence list",
    .result = "[{name: string, path: string}]",
    .handler = op_evidence_list,
};

void oc_unit_add_evidence_list(struct oc_unit *s)
{
    oc_ops_add(s->env.ops, &list_op, s);
}
