/* The files of a web application: found once, opened for each request. SPDX-License-Identifier: MIT
 *
 * Every file below the folder is an entry of a map, so no path of a request ever reaches the file system. `x.br` and `x.gz`
 * beside `x` are that file, compressed. A name with a hash in it ("index-B4xk2c9a.js") never changes. [loop] */
#ifndef OC_API_PAGES_SITE_H
#define OC_API_PAGES_SITE_H

#include "core/api/http.h"
#include "core/base/map.h"

struct oc_site {
    char *dir;           /* owned; NULL: there is none */
    struct oc_map files; /* "/assets/x.js" -> struct site_file, owned */
};

/* Reads the folder anew; at most 10 000 files, eight folders deep. False when it has no index.html. */
bool oc_site_open(struct oc_site *site, const char *dir);
void oc_site_close(struct oc_site *site);
/* Answers with the file at `path` ("/assets/x.js"); false when there is none: nothing was sent. */
bool oc_site_send(struct oc_site *site, struct oc_http_request *r, const char *path);

#endif
