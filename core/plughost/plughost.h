/* What the parts of the plugin host share. SPDX-License-Identifier: MIT
 *
 * One thread talks to the daemon: it reads the frames, runs the plugin's functions and serves what they ask for. Other threads
 * of the plugin may only log. */
#ifndef OC_PLUGHOST_PLUGHOST_H
#define OC_PLUGHOST_PLUGHOST_H

#include <pthread.h>

#include "core/base/arena.h"
#include "core/plugin/internal.h"
#include "core/plugin/process/wire.h"

struct oc_plughost {
    struct oc_wire_page *page;
    json_t *init;
    struct oc_host host; /* what the plugin sees of us */
    pthread_t main;
    pthread_mutex_t send; /* one frame at a time */

    lt_dlhandle library;
    struct oc_plugin_entry entry;
    char sha256[OC_SHA256_HEX];
    void *self;
    struct oc_arena arena; /* what its options point to */

    /* the call that runs */
    uint64_t id;
    bool streamed;
    struct oc_buf batch; /* the head of a RECORDS frame and what has gathered behind it */
};

/* library.c: opens the library of `dir`, which has to be what `files` says (NULL = whatever it is), and takes its entry. */
int oc_plughost_open(struct oc_plughost *h, const char *dir, const char *library,
                     const json_t *files, struct oc_error *err);

/* session.c: talks to the daemon until it says STOP, or is gone. Returns the exit status. */
int oc_plughost_serve(struct oc_plughost *h);
/* Reads a head that must be of this type; the process ends when it is not: the daemon is gone, or mad. */
struct oc_wire_head oc_plughost_expect(uint16_t type);
/* Reads exactly so much of a payload; the process ends when it does not come. */
void oc_plughost_read(void *to, size_t size);
/* Sends a frame; the process ends when nobody takes it any more. */
void oc_plughost_send(struct oc_plughost *h, struct oc_wire_head head, const struct iovec *parts,
                      int count);

/* sink.c: where a method's records go. */
struct oc_sink oc_plughost_sink(struct oc_plughost *h);
void oc_plughost_begin(struct oc_plughost *h, uint64_t id, bool streamed);
/* What has gathered and the result, in one piece. */
void oc_plughost_end(struct oc_plughost *h, int32_t code, const struct oc_error *err);
int64_t oc_plughost_pull(void *ctx, void *buf, uint64_t cap); /* req->read */

/* upcall.c: the functions of struct oc_host. */
void oc_plughost_init_host(struct oc_plughost *h, const char *instance, const char *dir);

/* describe.c: prints what the plugin in `dir` says of itself. Returns the exit status. */
int oc_plughost_describe(const char *dir);

#endif
