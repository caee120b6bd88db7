/* {{variables}} in the text and the names of template files. SPDX-License-Identifier: MIT  [any]
 *
 * A value is put in as the place wants it: escaped in the strings of C, Rust, JavaScript, Python, shell, CMake, TOML, JSON and
 * YAML, without an end of comment in comments, as entities in markup. Where neither a string nor a comment is, only what reads
 * as one word may stand: a value can never become code. Values are not looked through again. */
#ifndef OC_PACKAGE_AUTHOR_SUBST_H
#define OC_PACKAGE_AUTHOR_SUBST_H

#include <jansson.h>

#include "core/base/buf.h"
#include "core/base/error.h"

#define OC_SUBST_VALUE_MAX 512u

/* One line of valid UTF-8 without control characters, at most OC_SUBST_VALUE_MAX bytes. OC_E_CONFIG names the variable. */
int oc_subst_check_value(const char *name, const char *value, struct oc_error *err);

/* Appends `text` with {{name}} replaced by the strings of `vars`. `path` is the file's: its ending says which rules hold.
 * Variables that `vars` does not have stay as they are; their names are appended to `unknown` (an array, or NULL) once.
 * OC_E_CONFIG with file and line when a value cannot stand where it is wanted. */
int oc_subst_text(const char *path, const char *text, size_t len, const json_t *vars,
                  json_t *unknown, struct oc_buf *out, struct oc_error *err);

/* The name of a file below the new folder: relative, no part of it "..", "." or empty, no backslash. An unknown variable, and
 * a value that is no plain name, is OC_E_CONFIG; a path that leads out of the folder is OC_E_REFUSED. Owned by the caller. */
int oc_subst_path(const char *path, const json_t *vars, char **out, struct oc_error *err);
/* The rule for the result, for paths that hold no variable too. */
int oc_subst_path_check(const char *path, struct oc_error *err);

#endif
