/* The verbs of plugin authors; each has the name of its operation. SPDX-License-Identifier: MIT
 *
 * They work on the caller's files: paths in the parameters are absolute or relative to where the caller stands. */
#ifndef OC_PACKAGE_AUTHOR_AUTHOR_H
#define OC_PACKAGE_AUTHOR_AUTHOR_H

#include "core/package/work.h"

int oc_author_create(struct oc_work *w);   /* plugin.create: a folder from a template */
int oc_author_template(struct oc_work *w); /* plugin.template: what a template wants to know */
int oc_author_build(struct oc_work *w);    /* plugin.build */
int oc_author_test(struct oc_work *w);     /* plugin.test */
int oc_author_pack(
    struct oc_work *w); /* plugin.pack: a folder or a built one into NAME-VERSION.ocp */
int oc_author_keygen(struct oc_work *w); /* plugin.keygen */
int oc_author_sign(struct oc_work *w);   /* plugin.sign: FILE.minisig */
int oc_author_watch(
    struct oc_work *w); /* plugin.watch: a row for every change of a folder's sources */

#endif
