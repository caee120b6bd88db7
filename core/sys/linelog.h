/* Lines of JSON for people's tools, in files of bounded size. SPDX-License-Identifier: MIT  [loop]
 *
 * Appended with one write a line, so that a private daemon may write beside the running one. A file that was moved away or
 * removed is made anew; one that is full is renamed to .1, .1 to .2 and so on, the last is dropped. */
#ifndef OC_SYS_LINELOG_H
#define OC_SYS_LINELOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct oc_linelog {
    char *path; /* owned */
    int fd;
    ino_t inode;
    off_t size;
    int64_t max; /* bytes of one file; may be changed at any time */
    int kept;    /* older ones: .1 is the newest */
    bool failing;
};

/* <home>/logs/<name>; nothing is opened before the first line. */
void oc_linelog_init(struct oc_linelog *log, const char *home, const char *name, int64_t max,
                     int kept);
void oc_linelog_finish(struct oc_linelog *log);
/* Takes `line`. A file that cannot be written is told once, in the log of the host. */
void oc_linelog_write(struct oc_linelog *log, json_t *line);

#endif
