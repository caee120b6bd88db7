/* The verbs of the package worker about: install. SPDX-License-Identifier: MIT */
#include "core/package/install/verbs.h"
#include "core/package/work.h"

const struct oc_verb oc_verbs_install[] = {
    {"plugin.install", oc_verb_install},
    {"plugin.link", oc_verb_link},
    {"plugin.unlink", oc_verb_unlink},
    {"plugin.uninstall", oc_verb_uninstall},
    {"plugin.update", oc_verb_update},
    {"plugin.outdated", oc_verb_outdated},
    {"plugin.enable", oc_verb_enable},
    {"plugin.disable", oc_verb_disable},
    {"plugin.pin", oc_verb_pin},
    {"plugin.unpin", oc_verb_unpin},
    {"plugin.grants", oc_verb_grants},
    {"plugin.grants.add", oc_verb_grants_add},
    {"plugin.grants.remove", oc_verb_grants_remove},
    {"plugin.rollback", oc_verb_rollback},
    {"plugin.generations", oc_verb_generations},
    {"plugin.gc", oc_verb_gc},
    {"plugin.verify", oc_verb_verify},
    {"plugin.lock", oc_verb_lock},
    {"plugin.bundle.create", oc_verb_bundle_create},
    {"plugin.bundle.install", oc_verb_bundle_install},
    {0},
};
