/* A plugin template: a folder with template.json and the files that it lists. SPDX-License-Identifier: MIT  [any]
 *
 *   {"id":"collector","displayName":"..","version":"1.0.0","description":"..","kind":"collector","keywords":[..],
 *    "author":{"name":"..","email":".."},"license":"MIT","main":"{{pluginName}}.c","files":["plugin.json", ..],
 *    "variables":{"pluginName":{"type":"string","description":"..","required":true,"default":".."}, ..}}
 *
 * Nothing of a template runs. Its files are regular files inside its folder: links are refused. */
#ifndef OC_PACKAGE_AUTHOR_TEMPLATE_H
#define OC_PACKAGE_AUTHOR_TEMPLATE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/error.h"

#define OC_TEMPLATE_FILES_MAX 200u
#define OC_TEMPLATE_FILE_MAX  (1u << 20) /* bytes of one file */

struct oc_template {
    char *dir;    /* owned: absolute */
    json_t *json; /* owned: template.json, of the right shape */
};

/* The folder of the templates that came with this program; NULL when there is none. Owned by the caller. */
char *oc_template_shipped(void);
/* By the name of a shipped one ("tool", "tool-plugin"), or by the path of a folder. OC_E_NOT_FOUND names the near ones,
 * OC_E_CONFIG the key that is wrong. */
int oc_template_open(const char *name, struct oc_template *t, struct oc_error *err);
void oc_template_close(struct oc_template *t);

/* [{"name","kind","description","path"}] of the shipped ones, sorted by name; {"name","error"} of one that cannot be used. */
json_t *oc_template_list(void);
/* [{"name","description","required":bool,"default"}], in the order of the file; what is derived from the plugin's name is not
 * required. */
json_t *oc_template_variables(const struct oc_template *t);

/* Adds to `vars` (strings by name; "pluginName" has to be there) what follows from them and the defaults of the template:
 * pluginIdentifier, pluginDisplayName, toolName, skillName, authorName, a neutral pluginDescription, ... Values that are there
 * stay. */
void oc_template_derive(const struct oc_template *t, json_t *vars);
/* Does every template have this variable filled in, whatever it declares itself? */
bool oc_template_fills(const char *name);
/* Names of required variables that `vars` lacks or has empty: an array. */
json_t *oc_template_missing(const struct oc_template *t, const json_t *vars);

/* Files of the folder that files[] does not list: an array of paths. */
json_t *oc_template_unlisted(const struct oc_template *t);
/* Writes the files into `dir`, a new and empty folder. Returns the paths in *files (an array). Unknown variables are named in
 * *unknown (an array). */
int oc_template_write(const struct oc_template *t, const json_t *vars, const char *dir,
                      json_t *files, json_t *unknown, struct oc_error *err);

/* A C identifier from any text: "Disk space!" gives "disk_space". Owned by the caller. */
char *oc_template_identifier(const char *text);

#endif
