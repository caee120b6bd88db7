/* The verbs of the package worker about: author. SPDX-License-Identifier: MIT */
#include "core/package/author/author.h"

const struct oc_verb oc_verbs_author[] = {
    {"plugin.create", oc_author_create},
    {"plugin.template", oc_author_template},
    {"plugin.build", oc_author_build},
    {"plugin.test", oc_author_test},
    {"plugin.pack", oc_author_pack},
    {"plugin.keygen", oc_author_keygen},
    {"plugin.sign", oc_author_sign},
    {"plugin.watch", oc_author_watch},
    {0},
};
