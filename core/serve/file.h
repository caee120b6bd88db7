/* Finding the file that a request is for, and what is to be said of it. SPDX-License-Identifier: MIT */
#ifndef OC_SERVE_FILE_H
#define OC_SERVE_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct oc_served {
    int fd; /* the caller closes it, or hands it on */
    uint64_t size;
    char etag[96]; /* with its quotes */
    const char *type;
    bool immutable; /* its name holds its digest or version: it never changes */
};

/* Opens `url` ("/v1/timestamp.json") below the folder `root`. False when there is no such file: it is not below v1, it has parts that
 * begin with a dot, it leads out of the folder or through a link, or it is no regular file. */
bool oc_served_open(int root, const char *url, struct oc_served *file);

/* "bytes=0-99", "bytes=100-", "bytes=-10" of a file of `size` bytes: 1 and the range, 0 when there is none to obey, -1 when it cannot be
 * satisfied. More than one range is not obeyed. */
int oc_served_range(const char *header, uint64_t size, uint64_t *first, uint64_t *count);

#endif
