/* Prints the operation table as C, for the command line's build. SPDX-License-Identifier: MIT */
#include "core/daemon/dump.h"

#include <string.h>

#include "core/base/json.h"

static void put_string(FILE *out, const char *text)
{
    if (!text) {
        fputs("0", out);
        return;
    }
    fputc('"', out);
    for (const char *p = text; *p; p++) {
        if (*p == '\n') {
            fputs("\\n", out);
        } else {
            if (*p == '"' || *p == '\\' || *p == '?') {
                fputc('\\', out);
            }
            fputc(*p, out);
        }
    }
    fputc('"', out);
}

static void put_params(FILE *out, size_t n, const struct oc_option *params)
{
    fprintf(out, "static const struct cli_param params_%zu[] = {\n", n);
    for (const struct oc_option *o = params; o && o->name; o++) {
        fputs("    {", out);
        put_string(out, o->name);
        fprintf(out, ", %u, %u, ", (unsigned)o->type, (unsigned)o->flags);
        put_string(out, o->default_text);
        fputs(", ", out);
        put_string(out, o->choices);
        fputs(", ", out);
        put_string(out, o->help);
        fputs("},\n", out);
    }
    fputs("    {0, 0, 0, 0, 0, 0}};\n", out);
}

static void put_op(FILE *out, size_t n, const struct oc_op *op)
{
    const char *const texts[] = {op->name, op->summary, op->view, op->description, op->example};
    fputs("    {", out);
    for (size_t i = 0; i < 5; i++) {
        if (i == 2) {
            fprintf(out, "\"%s\", %uu, ",
                    op->role == OC_ROLE_VIEWER     ? "viewer"
                    : op->role == OC_ROLE_OPERATOR ? "operator"
                                                   : "admin",
                    (unsigned)op->flags);
        }
        put_string(out, texts[i]);
        fputs(", ", out);
    }
    fprintf(out, "params_%zu, sizeof params_%zu / sizeof *params_%zu - 1},\n", n, n, n);
}

void oc_dump_ops(struct oc_ops *ops, FILE *out)
{
    json_t *list = oc_ops_json(ops, false), *row;
    size_t i;
    fputs("/* Printed by openclawd from its operation table. */\n#include \"core/cli/table.h\"\n\n",
          out);
    json_array_foreach(list, i, row)
    {
        put_params(out, i, oc_ops_find(ops, oc_json_str(row, "name", ""))->params);
    }
    fputs("\nconst struct cli_op oc_cli_ops[] = {\n", out);
    json_array_foreach(list, i, row)
    {
        put_op(out, i, oc_ops_find(ops, oc_json_str(row, "name", "")));
    }
    fputs("};\n\nconst size_t oc_cli_op_count = sizeof oc_cli_ops / sizeof *oc_cli_ops;\n", out);
    json_decref(list);
}
