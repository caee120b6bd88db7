/* One JSON request to a chat or paging service, and what its answer means. SPDX-License-Identifier: MIT
 *
 * What its answer means is said in transfer/answer.h; how long to wait, by the header Retry-After or a member of the answer.
 * Redirects are not followed: messages go to nobody but the host that was named. [worker] */
#ifndef PLUGIN_CHANNEL_CHANNEL_H
#define PLUGIN_CHANNEL_CHANNEL_H

#include "alert/message.h"
#include "transfer/answer.h"
#include "transfer/header.h"

struct channel {
    CURL *curl; /* kept between calls, with its connection */
    const char *ca_file;
};

/* A header of the request; a name of NULL ends a list. */
struct channel_header {
    const char *name, *value;
};

struct channel_post {
    const char *method;                   /* NULL = POST */
    const char *url;                      /* may hold secrets: it is never reported */
    const struct channel_header *headers; /* beside Content-Type and User-Agent; may be NULL */
    const json_t *body;                   /* borrowed */
    /* Where the answer tells how long to wait, as a dotted path ("parameters.retry_after"), and how many of its units make a
     * second (1, or 1000 for milliseconds); NULL: only the header does. */
    const char *wait_path;
    double wait_units;
    /* A notice that is no more than information (a digest, a silence that is about to end) opens no incident: it is left out. */
    bool incidents_only;
    const char *auth_hint; /* for 401 and 403: which option to look at, a full sentence */
};

/* For `start` and `stop`; `ca_file` is borrowed, NULL = the system's authorities. */
int32_t channel_start(struct channel *c, const char *ca_file, struct oc_error *err);
void channel_stop(struct channel *c);

bool channel_is_url(const char *s); /* begins with http:// or https:// */
/* base "/" path, whether base ends in a slash or not; owned by the caller, NULL when memory is out. */
char *channel_join_url(const char *base, const char *path);
/* The option that every channel of this kind has: as a line of its table, `of` the name of its struct. */
#define CHANNEL_CA_FILE(of)                                                                        \
    {                                                                                              \
        .name = "ca_file", .type = OC_OPT_PATH, .offset = offsetof(struct of, ca_file),            \
        .help = "certificates of the authorities that are trusted; the system's by default"        \
    }

/* alert.send with a body that depends on the message alone: reads the delivery, asks `make` for the body, sends it within the
 * request's deadline and emits what the service said. make returns a new reference, or NULL when memory is out. */
int32_t channel_tell(struct channel *c, const struct oc_request *req, const struct oc_sink *out,
                     struct channel_post *post,
                     json_t *(*make)(const void *self, const struct message *m), const void *self,
                     struct oc_error *err);

#endif
