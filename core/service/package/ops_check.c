/* The operations of the package worker about: check. SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "core/service/package/internal.h"

struct check_params {
    const char *path, *sarif, *junit;
    int64_t level, seed, rounds;
    struct oc_list only, skip;
    int32_t strict, list;
};

#define AT(member) offsetof(struct check_params, member)

static const struct oc_option check_options[] = {
    {.name = "path",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(path),
     .default_text = ".",
     .help = "folder of a plugin, its .so or a .ocp archive"},
    {.name = "level",
     .type = OC_OPT_INT,
     .offset = AT(level),
     .default_text = "1",
     .min = 0,
     .max = 3,
     .help = "0 reads files and runs nothing, 1 starts and stops it, 2 tries the contract of its "
             "kind, 3 feeds it nonsense"},
    {.name = "strict",
     .type = OC_OPT_BOOL,
     .offset = AT(strict),
     .help = "warnings count as findings, too"},
    {.name = "only",
     .type = OC_OPT_STRINGS,
     .offset = AT(only),
     .help = "make these checks and no others, OC0103 for example"},
    {.name = "skip", .type = OC_OPT_STRINGS, .offset = AT(skip), .help = "leave these checks out"},
    {.name = "sarif",
     .type = OC_OPT_STRING,
     .offset = AT(sarif),
     .help = "write the findings to this file as SARIF 2.1.0; - is standard output"},
    {.name = "junit",
     .type = OC_OPT_STRING,
     .offset = AT(junit),
     .help = "write the findings to this file as JUnit XML; - is standard output"},
    {.name = "seed",
     .type = OC_OPT_INT,
     .offset = AT(seed),
     .default_text = "1",
     .min = 0,
     .max = 4294967295.0,
     .help = "level 3: what the nonsense is made from; the same seed makes the same"},
    {.name = "rounds",
     .type = OC_OPT_INT,
     .offset = AT(rounds),
     .default_text = "200",
     .min = 1,
     .max = 100000,
     .help = "level 3: how many calls of each method"},
    {.name = "list", .type = OC_OPT_BOOL, .offset = AT(list), .help = "show every check there is"},
    {0},
};

const struct oc_op oc_package_ops_check[] = {
    {.name = "plugin.check",
     .summary = "Check whether a plugin is fit to be published, installed and run",
     .role = OC_ROLE_VIEWER,
     .flags = OC_OP_EPHEMERAL | OC_OP_PRIVATE | OC_OP_BARE,
     .params = check_options,
     .params_size = sizeof(struct check_params),
     .view = "custom:check",
     .description =
         "Level 0 reads the manifest, the library and the files beside it and executes nothing. "
         "Levels 1 to 3 run the plugin in a process of its own, which may read what the manifest "
         "asks for and reach nothing else.\n"
         "Every check has an id, and a page of docs/checks. A warning can be accepted in "
         "plugin.json, with a reason: \"accepted_checks\": {\"OC0012\": \"the port is "
         "configured\"}.\n"
         "The exit code is 0 when the plugin is clean, 1 when there are findings and 2 when it "
         "could "
         "not be checked.",
     .example = "openclaw plugin check . --level 2",
     .handler = oc_package_forward},
    {0}};
