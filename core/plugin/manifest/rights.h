/* Permissions of a plugin, `category:action:resource`, as rights that something can enforce. SPDX-License-Identifier: MIT
 *
 * docs/permissions.md holds the grammar. Rights are only words here: core/plughost/confine.h makes the kernel hold them, the
 * host's broker holds secret:read, op:call and environment:read. Nothing here has side effects. [any] */
#ifndef OC_PLUGIN_RIGHTS_H
#define OC_PLUGIN_RIGHTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/plugin/plugin.h"
#include "core/sys/kernel.h"

#define OC_RIGHTS_MAX     256u /* permissions of one plugin */
#define OC_RIGHT_TEXT_MAX 512u /* bytes of one permission */

enum oc_right_kind {
    OC_RIGHT_FILE_READ,
    OC_RIGHT_FILE_WRITE,
    OC_RIGHT_FILE_EXECUTE,
    OC_RIGHT_NET_TCP,
    OC_RIGHT_NET_UDP,
    OC_RIGHT_NET_HTTP, /* network:http and network:https: TCP to a port that has a usual value */
    OC_RIGHT_NET_LISTEN,
    OC_RIGHT_NET_UNIX,
    OC_RIGHT_NET_DNS,
    OC_RIGHT_SPAWN,
    OC_RIGHT_SIGNAL,
    OC_RIGHT_ENV,
    OC_RIGHT_SECRET,
    OC_RIGHT_OP,
    OC_RIGHT_TERMINAL
};

struct oc_right {
    enum oc_right_kind kind;
    char *text; /* owned; canonical: what two permissions are compared by */
    const char *
        what; /* in `text`: the path, name, host or pattern after the action; "" when there is none */
    char *host;      /* owned; NULL = any host */
    uint16_t lo, hi; /* ports */
};

struct oc_rights {
    OC_VEC(struct oc_right) list;
    json_t *ignored; /* owned, may be NULL: [{"permission","why"}] that oc_rights_read left out */
};

/* One permission. OC_E_CONFIG: not in the grammar, OC_E_UNSUPPORTED: a category of older manifests that has no meaning here;
 * the message says what is wrong and the hint what to write. `right` is to be finished only on success. */
int oc_right_parse(const char *text, struct oc_right *right, struct oc_error *err);
void oc_right_finish(struct oc_right *right);

/* What is not understood gives no right and is noted in `ignored`. `permissions` is an array of strings, or NULL. Cannot fail. */
void oc_rights_read(const json_t *permissions, struct oc_rights *rights);
void oc_rights_finish(struct oc_rights *rights);

/* True when all that `narrow` allows is allowed by `wide`. */
bool oc_right_covers(const struct oc_right *wide, const struct oc_right *narrow);

/* What was requested and is granted, the narrower of the two where one covers the other: an array of texts, owned by the
 * caller. `granted` NULL = everything that is requested. */
json_t *oc_rights_effective(const json_t *requested, const json_t *granted);
/* The permissions of `now` that no permission of `before` covers, as an array of texts; owned by the caller. Those that
 * cannot be read count as new unless the same text was there. */
json_t *oc_rights_widened(const json_t *before, const json_t *now);

/* What the broker asks. */
bool oc_rights_has(const struct oc_rights *rights, enum oc_right_kind kind);
bool oc_rights_allow(const struct oc_rights *rights, enum oc_right_kind kind, const char *name);
/* Names must be looked up: network:dns, or a right that names a host, or every port of TCP. */
bool oc_rights_resolve_names(const struct oc_rights *rights);

/* Who holds the plugin to each right in this tier on this kernel:
 * [{"permission","granted":bool,"enforced":"kernel"|"broker"|"partly"|"no","note"}]; owned by the caller. */
json_t *oc_rights_explain(const json_t *requested, const json_t *granted,
                          const struct oc_kernel *kernel, enum oc_tier tier);
/* What a current kernel would enforce for these rights and this one cannot: an array of sentences, empty when nothing is
 * missing. isolation.require = "full" refuses a plugin of the sandbox tier when there is one. Owned by the caller. */
json_t *oc_rights_missing(const struct oc_rights *rights, const struct oc_kernel *kernel);

#endif
