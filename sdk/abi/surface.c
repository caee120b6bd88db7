/* Every type of the plugin ABI in the debug information of one small library, for abidiff. SPDX-License-Identifier: MIT
 *
 * Never installed. What the entry does not lead to by itself stands in the signature of a function. */
#include <openclaw/plugin.h>

static const struct oc_method methods[] = {{0}};
static const struct oc_option options[] = {{0}};

OC_PLUGIN_ENTRY = {OC_ENTRY_HEAD, .options = options, .methods = methods};

__attribute__((visibility("default"))) int32_t
oc_abi_surface(const struct oc_view *view, const struct oc_label *label, const struct oc_error *err,
               const struct oc_record *record, const struct oc_sink *sink,
               const struct oc_request *request, const struct oc_host *host,
               const struct oc_list *list, const struct oc_pair *pair);

int32_t oc_abi_surface(const struct oc_view *view, const struct oc_label *label,
                       const struct oc_error *err, const struct oc_record *record,
                       const struct oc_sink *sink, const struct oc_request *request,
                       const struct oc_host *host, const struct oc_list *list,
                       const struct oc_pair *pair)
{
    return view && label && err && record && sink && request && host && list && pair;
}
