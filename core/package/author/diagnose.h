/* What a build says, as errors with a file and a line. SPDX-License-Identifier: MIT  [worker] */
#ifndef OC_PACKAGE_AUTHOR_DIAGNOSE_H
#define OC_PACKAGE_AUTHOR_DIAGNOSE_H

#include <jansson.h>
#include <stdbool.h>

#define OC_DIAGNOSE_MAX 50u /* findings that are kept */

/* Reads the output of CMake, Ninja, make, gcc, clang and rustc line by line. */
struct oc_diagnose {
    const char *dir;  /* prefix that file names lose; borrowed, without a slash at its end */
    json_t *findings; /* [{"file","line","column","severity":"error"|"warning","message"}]; owned */
    size_t errors;
    json_t *open;    /* the finding whose text or place comes with a later line; borrowed */
    bool place_next; /* rustc: "error: text", then "--> file:line:column" */
    double fraction; /* "[3/7]" and "[ 42%]"; < 0 = unknown */
};

void oc_diagnose_init(struct oc_diagnose *d, const char *dir);
void oc_diagnose_finish(struct oc_diagnose *d);
void oc_diagnose_line(struct oc_diagnose *d, const char *line);
/* "x.c:12:5: error: text" of a finding. Owned by the caller. */
char *oc_diagnose_text(const json_t *finding);
/* The first error, NULL when there is none. Borrowed. */
const json_t *oc_diagnose_first(const struct oc_diagnose *d);

#endif
