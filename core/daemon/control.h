/* The control protocol: operations over a framed unix socket. SPDX-License-Identifier: MIT  [loop]
 *
 * A frame is one JSON object (core/loop/stream.h). From the client:
 *   {"id":1,"op":"alert.list","params":{..}}      {"id":1,"cancel":true}
 * To the client, any number of rows and progress, then one end:
 *   {"id":1,"row":..}   {"id":1,"progress":{"fraction":0.5,"text":".."}}
 *   {"id":1,"ok":true,"data":..,"warnings":[],"error":null}
 *   {"id":1,"ok":false,"data":null,"warnings":[],"error":{"code":"not_found","message":"..","hint":".."}}
 * Calls of one client run side by side; a client that goes away cancels its calls. */
#ifndef OC_DAEMON_CONTROL_H
#define OC_DAEMON_CONTROL_H

#include "core/loop/stream.h"
#include "core/op/op.h"

struct oc_control;

/* Serves `ops` on the socket `path`, or only on `fd` when path is NULL. `gone` (may be NULL) runs when the last client
 * of an fd has left. */
struct oc_control *oc_control_create(struct oc_loop *loop, struct oc_ops *ops, const char *path,
                                     int fd, oc_loop_fn gone, void *ctx, struct oc_error *err);
/* no new clients; those of the present ones are cancelled; NULL is fine */
void oc_control_close(struct oc_control *c);
/* NULL is fine; streams close within the next turns of the loop */
void oc_control_destroy(struct oc_control *c);

#endif
