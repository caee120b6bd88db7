/* The verbs of the package worker about: registry. SPDX-License-Identifier: MIT */
#include "core/package/registry/consumer.h"
#include "core/package/registry/keeper.h"
#include "core/package/work.h"

const struct oc_verb oc_verbs_registry[] = {
    {"registry.add", oc_consumer_add},
    {"registry.list", oc_consumer_list},
    {"registry.remove", oc_consumer_remove},
    {"registry.refresh", oc_consumer_refresh},
    {"registry.status", oc_consumer_status},
    {"registry.init", oc_keeper_init},
    {"registry.delegate", oc_keeper_delegate},
    {"registry.publish", oc_keeper_publish},
    {"registry.yank", oc_keeper_yank},
    {"registry.advise", oc_keeper_advise},
    {"registry.sign", oc_keeper_sign},
    {"registry.rotate", oc_keeper_rotate},
    {"registry.verify", oc_keeper_verify},
    {"registry.mirror", oc_keeper_mirror},
    {"registry.serve", oc_keeper_serve},
    {"plugin.publish", oc_keeper_publish},
    {"plugin.search", oc_consumer_search},
    {"plugin.lookup", oc_consumer_lookup},
    {"plugin.audit", oc_consumer_audit},
    {"plugin.download", oc_consumer_download},
    {0},
};
