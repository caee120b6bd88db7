/* What a request has to pass before its handler sees it. SPDX-License-Identifier: MIT  [loop]
 *
 * In this order: the Host header names us (DNS rebinding); the Origin, when there is one, is ours or configured; the client
 * is not barred and within its rate; credentials (Authorization: Bearer or Basic with the token as password, the session
 * cookie, peer credentials, a client certificate) are good; the role suffices; what changes something and comes with a
 * cookie shows the header X-Openclaw-Csrf (any value: a foreign page cannot set it). Each refusal is told to the trail. */
#ifndef OC_API_GUARD_H
#define OC_API_GUARD_H

#include "core/api/http.h"
#include "core/api/router.h"

#define OC_SESSION_COOKIE "openclaw_session" /* "__Host-openclaw_session" over TLS */

/* True: go on, `who` is filled. False: it has been answered. Called when the headers are there, before the body is read. */
bool oc_guard_admit(struct oc_http_request *r, const struct oc_route *route,
                    struct oc_identity *who);

/* Counts one more request of `who`: false when that is one too many. For whoever asks over a connection that stays. */
bool oc_guard_within_rate(struct oc_api *api, const struct oc_identity *who, const char *peer);
/* What the configuration says of a certificate by what its holder is known as ("cert:NAME"). */
enum oc_role oc_guard_certificate_role(const struct oc_api_options *o, const char *actor);

#endif
