/* Whoever was let in once, judged again. SPDX-License-Identifier: MIT */
#include "core/api/admission.h"

#include <stdlib.h>
#include <string.h>

#include "core/api/guard.h"
#include "core/api/origin.h"
#include "core/base/mem.h"
#include "core/base/time.h"

void oc_admission_take(struct oc_admission *a, const struct oc_http_request *r)
{
    char name[OC_ACTOR_MAX - 8];
    uid_t uid;
    const char *origin = oc_http_header(r, "Origin");
    const char *host = oc_http_is_unix(r, &uid) ? NULL : oc_http_host(r); /* no page reaches that */
    a->who = *oc_http_who(r);
    a->tls = oc_http_is_tls(r);
    a->certified = oc_http_certificate(r, name, sizeof name) == OC_CERTIFICATE_GOOD;
    a->host = host ? oc_strdup(host) : NULL;
    /* A page of ours is one for as long as the host is asked by that name. */
    a->origin = origin && !oc_origin_allowed(origin, oc_http_host(r), a->tls, &(struct oc_list){0})
                    ? oc_strdup(origin)
                    : NULL;
}

void oc_admission_finish(struct oc_admission *a)
{
    OC_FREE(a->host);
    OC_FREE(a->origin);
}

static const char *certificate_over(const struct oc_identity *who, const struct oc_api_options *o)
{
    if (who->expires_ms && oc_time_wall() >= who->expires_ms) {
        return "the certificate has expired";
    }
    return oc_guard_certificate_role(o, who->actor) != who->role
               ? "the role of the certificate is another"
               : NULL;
}

const char *oc_admission_over(const struct oc_admission *a, const struct oc_api_options *o,
                              bool wants_certificate)
{
    if (wants_certificate && !a->certified) {
        return "the listener serves nobody without a certificate";
    }
    if (a->host && !oc_host_allowed(a->host, &o->hosts)) {
        return "this host is not known by that name any more";
    }
    if (a->origin && !oc_origin_allowed(a->origin, a->host, a->tls, &o->origins)) {
        return "pages of this origin may not use the API any more";
    }
    if (a->who.kind == OC_IDENTITY_ANONYMOUS && !o->anonymous) {
        return "credentials are needed";
    }
    return a->who.kind == OC_IDENTITY_CERTIFICATE ? certificate_over(&a->who, o) : NULL;
}
