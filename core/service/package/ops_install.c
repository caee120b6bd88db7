/* The operations of the package worker about: install. SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "core/service/package/internal.h"
#include "core/sys/file.h"

#define CHANGES (OC_OP_MUTATES | OC_OP_EPHEMERAL)
#define PLANNED (CHANGES | OC_OP_PLANS)
#define LOOKS   OC_OP_EPHEMERAL

/* What every operation with a plan has. */
#define PLAN_OPTIONS(holder)                                                                       \
    {.name = "dry_run",                                                                            \
     .type = OC_OPT_BOOL,                                                                          \
     .offset = offsetof(holder, dry_run),                                                          \
     .help = "show what would be done, and do nothing"},                                           \
    {                                                                                              \
        .name = "plan", .type = OC_OPT_STRING, .flags = OC_OPT_ADVANCED,                           \
        .offset = offsetof(holder, plan),                                                          \
        .help = "the hash of a plan: done is this plan, or nothing"                                \
    }

#define CONSENT_OPTIONS(holder)                                                                    \
    {.name = "grant",                                                                              \
     .type = OC_OPT_STRINGS,                                                                       \
     .offset = offsetof(holder, grant),                                                            \
     .help = "a permission to consent to; may be given several times"},                            \
    {                                                                                              \
        .name = "accept_permissions", .type = OC_OPT_STRING,                                       \
        .offset = offsetof(holder, accept_permissions),                                            \
        .help = "consent to everything that the plan shows: the hash of its permission surface"    \
    }

/* ---- install, update ---- */

struct install_params {
    struct oc_list sources, grant, key;
    const char *bundle, *link, *lock_file, *plan, *accept_permissions;
    int32_t tier, enable, force, locked, frozen, offline, dry_run;
};
static const struct oc_option install_options[] = {
    {.name = "sources",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL,
     .choices = "name|file",
     .offset = offsetof(struct install_params, sources),
     .help = "name[@range] of a registry, [registry:]publisher/name[@range], a folder (./x), or a "
             ".ocp archive"},
    {.name = "bundle",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct install_params, bundle),
     .help = "install what a bundle holds"},
    {.name = "link",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct install_params, link),
     .help = "a folder under development: it is used where it lies"},
    {.name = "key",
     .type = OC_OPT_STRINGS,
     .choices = "name|file",
     .offset = offsetof(struct install_params, key),
     .help = "a public key, or its .pub file: archives must be signed with one of them"},
    {.name = "tier",
     .type = OC_OPT_ENUM,
     .choices = "default|inproc|process|sandbox",
     .default_text = "default",
     .offset = offsetof(struct install_params, tier),
     .help = "what it runs in"},
    {.name = "enable",
     .type = OC_OPT_BOOL,
     .default_text = "true",
     .offset = offsetof(struct install_params, enable),
     .help = "--enable also enables what lacks options; --no-enable enables nothing"},
    {.name = "force",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct install_params, force),
     .help = "also again, over a pin, over a plugin of another author"},
    {.name = "locked",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct install_params, locked),
     .help = "fail when it is not what the lock file says"},
    {.name = "frozen",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct install_params, frozen),
     .help = "install exactly what the lock file says, without a network"},
    {.name = "lock_file",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct install_params, lock_file),
     .help = "the lock file; default: openclaw.lock in the home folder"},
    {.name = "offline",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct install_params, offline),
     .help = "use the registry metadata that is here"},
    CONSENT_OPTIONS(struct install_params),
    PLAN_OPTIONS(struct install_params),
    {0}};

struct update_params {
    struct oc_list names, grant;
    const char *plan, *accept_permissions;
    int32_t check, force, offline, dry_run;
};
static const struct oc_option update_options[] = {
    {.name = "names",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct update_params, names),
     .help = "plugins to update; all when none is named"},
    {.name = "check",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct update_params, check),
     .help = "show what would be updated, with the changelog, and do nothing"},
    {.name = "force",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct update_params, force),
     .help = "also those that are pinned"},
    {.name = "offline",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct update_params, offline),
     .help = "use the registry metadata that is here"},
    CONSENT_OPTIONS(struct update_params),
    PLAN_OPTIONS(struct update_params),
    {0}};

struct outdated_params {
    int32_t offline;
};
static const struct oc_option outdated_options[] = {
    {.name = "offline",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct outdated_params, offline),
     .help = "use the registry metadata that is here"},
    {0}};

/* ---- names ---- */

struct names_params {
    struct oc_list names;
};
static const struct oc_option names_options[] = {{.name = "names",
                                                  .type = OC_OPT_STRINGS,
                                                  .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                                  .offset = offsetof(struct names_params, names),
                                                  .help = "the plugins, by name or publisher/name"},
                                                 {0}};

struct uninstall_params {
    struct oc_list names;
    const char *plan;
    int32_t purge, dry_run;
};
static const struct oc_option uninstall_options[] = {
    {.name = "names",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct uninstall_params, names),
     .help = "the plugins, by name or publisher/name"},
    {.name = "purge",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct uninstall_params, purge),
     .help = "also what they have kept in the key-value store"},
    PLAN_OPTIONS(struct uninstall_params),
    {0}};

struct grants_params {
    const char *name;
    struct oc_list permissions;
};
static const struct oc_option grants_options[] = {{.name = "name",
                                                   .type = OC_OPT_STRING,
                                                   .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                                   .offset = offsetof(struct grants_params, name),
                                                   .help = "the plugin"},
                                                  {0}};
static const struct oc_option grants_change_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct grants_params, name),
     .help = "the plugin"},
    {.name = "permissions",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct grants_params, permissions),
     .help = "permissions as `openclaw plugin grants` shows them, or narrower ones"},
    {0}};

/* ---- history ---- */

struct rollback_params {
    int64_t to;
    const char *plan;
    int32_t dry_run;
};
static const struct oc_option rollback_options[] = {
    {.name = "to",
     .type = OC_OPT_INT,
     .default_text = "-1",
     .min = -1,
     .max = 1e15,
     .offset = offsetof(struct rollback_params, to),
     .help = "the generation; -1 is the one before the current one"},
    PLAN_OPTIONS(struct rollback_params),
    {0}};

struct gc_params {
    const char *plan;
    int32_t dry_run;
};
static const struct oc_option gc_options[] = {PLAN_OPTIONS(struct gc_params), {0}};

struct verify_params {
    const char *name;
};
static const struct oc_option verify_options[] = {{.name = "name",
                                                   .type = OC_OPT_STRING,
                                                   .flags = OC_OPT_POSITIONAL,
                                                   .offset = offsetof(struct verify_params, name),
                                                   .help = "one plugin; all when none is named"},
                                                  {0}};

/* ---- files ---- */

struct lock_params {
    const char *lock_file;
};
static const struct oc_option lock_options[] = {
    {.name = "lock_file",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct lock_params, lock_file),
     .help = "the file to write; default: openclaw.lock in the home folder"},
    {0}};

struct bundle_params {
    const char *file;
    struct oc_list names;
};
static const struct oc_option bundle_options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct bundle_params, file),
     .help = "the bundle to write"},
    {.name = "names",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct bundle_params, names),
     .help = "plugins to put in; all when none is named"},
    {0}};

struct unbundle_params {
    const char *file, *plan, *accept_permissions;
    struct oc_list key, grant;
    int32_t force, dry_run;
};
static const struct oc_option unbundle_options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = offsetof(struct unbundle_params, file),
     .help = "the bundle"},
    {.name = "key",
     .type = OC_OPT_STRINGS,
     .choices = "name|file",
     .offset = offsetof(struct unbundle_params, key),
     .help = "a public key, or its .pub file: archives must be signed with one of them"},
    {.name = "force",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct unbundle_params, force),
     .help = "also over plugins of another author"},
    CONSENT_OPTIONS(struct unbundle_params),
    PLAN_OPTIONS(struct unbundle_params),
    {0}};

struct link_params {
    const char *dir, *plugin;
};
static const struct oc_option link_options[] = {{.name = "dir",
                                                 .type = OC_OPT_PATH,
                                                 .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                                 .offset = offsetof(struct link_params, dir),
                                                 .help = "the folder with plugin.json"},
                                                {0}};
static const struct oc_option unlink_options[] = {{.name = "plugin",
                                                   .type = OC_OPT_STRING,
                                                   .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
                                                   .choices = "name|file",
                                                   .offset = offsetof(struct link_params, plugin),
                                                   .help = "the plugin's name, or its folder"},
                                                  {0}};

/* What is not there is nothing to vote on. */
static int check_link(const struct oc_call *call, void *ctx, struct oc_error *err)
{
    const struct link_params *p = oc_call_params(call);
    (void)ctx;
    if (oc_file_exists(p->dir)) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_NOT_FOUND, "there is no folder %s", p->dir);
    oc_error_hint(err, "Name the folder of the plugin.");
    return OC_E_NOT_FOUND;
}

static const struct oc_option no_options[] = {{0}};

/* ---- the table ---- */

#define ROW(op, text, rights, op_flags, holder, table, how, sample)                                \
    .name = (op), .summary = (text), .role = (rights), .flags = (op_flags), .params = (table),     \
    .params_size = sizeof(holder), .view = (how), .example = (sample),                             \
    .handler = oc_package_forward

const struct oc_op oc_package_ops_install[] = {
    {ROW("plugin.install", "Install plugins, after showing what that means", OC_ROLE_ADMIN, PLANNED,
         struct install_params, install_options, "custom:plan",
         "openclaw plugin install hello@^1\nopenclaw plugin install ./hello-1.0.0.ocp --key "
         "RWQ...\nopenclaw plugin install --frozen"),
     .description =
         "Every plugin of the selection is fetched, verified, unpacked and checked before anything "
         "is "
         "changed; then the plan is shown: versions, sizes, who vouches for them, the permissions. "
         "What "
         "a plugin may do has to be consented to; a later update that wants more asks again.\n"
         "A plugin whose options are not set is installed disabled, so that nothing else is kept "
         "from "
         "working."},
    {ROW("plugin.update", "Update plugins from their registries", OC_ROLE_ADMIN, PLANNED,
         struct update_params, update_options, "custom:plan",
         "openclaw plugin update\nopenclaw plugin update hello --check"),
     .description =
         "The range with which a plugin was installed (name@^1) goes on counting; pinned plugins "
         "stay. Every update is one generation: `openclaw plugin rollback` takes it back."},
    {ROW("plugin.outdated", "Which plugins have a newer release", OC_ROLE_VIEWER, LOOKS,
         struct outdated_params, outdated_options,
         "table:name=Plugin,installed=Installed,latest=Latest,range=Range,pinned=Pinned,"
         "registry=Registry",
         "openclaw plugin outdated")},
    {ROW("plugin.uninstall", "Remove plugins", OC_ROLE_ADMIN, PLANNED, struct uninstall_params,
         uninstall_options, "custom:plan", "openclaw plugin uninstall hello"),
     .description = "Their files stay until `openclaw plugin gc`, so that a rollback finds them."},
    {ROW("plugin.enable", "Let plugins run", OC_ROLE_ADMIN, CHANGES, struct names_params,
         names_options, "custom:plan", "openclaw plugin enable hello")},
    {ROW("plugin.disable", "Keep plugins from running, without removing them", OC_ROLE_ADMIN,
         CHANGES, struct names_params, names_options, "custom:plan",
         "openclaw plugin disable hello")},
    {ROW("plugin.pin", "Keep plugins at their version", OC_ROLE_ADMIN, CHANGES, struct names_params,
         names_options, "custom:plan", "openclaw plugin pin hello")},
    {ROW("plugin.unpin", "Let plugins be updated again", OC_ROLE_ADMIN, CHANGES,
         struct names_params, names_options, "custom:plan", "openclaw plugin unpin hello")},
    {ROW("plugin.grants", "What a plugin may do", OC_ROLE_VIEWER, LOOKS, struct grants_params,
         grants_options, "table:permission=Permission,granted=Granted",
         "openclaw plugin grants hello")},
    {ROW("plugin.grants.add", "Give a plugin permissions that it requests", OC_ROLE_ADMIN, CHANGES,
         struct grants_params, grants_change_options, "custom:plan",
         "openclaw plugin grants add hello network:tcp:443")},
    {ROW("plugin.grants.remove", "Take permissions from a plugin", OC_ROLE_ADMIN, CHANGES,
         struct grants_params, grants_change_options, "custom:plan",
         "openclaw plugin grants remove hello network:tcp:443")},
    {ROW("plugin.rollback", "Go back to an earlier generation of the plugins", OC_ROLE_ADMIN,
         PLANNED, struct rollback_params, rollback_options, "custom:plan",
         "openclaw plugin rollback\nopenclaw plugin rollback --to 3")},
    {ROW("plugin.generations", "What was installed when", OC_ROLE_VIEWER, LOOKS, struct gc_params,
         no_options,
         "table:generation=Generation,current=Current,made=Made,op=By,about=What,count=Plugins",
         "openclaw plugin generations")},
    {ROW("plugin.gc", "Remove what no kept generation needs", OC_ROLE_ADMIN, PLANNED,
         struct gc_params, gc_options, "custom:plan", "openclaw plugin gc --dry-run"),
     .description = "Kept are the generation in force and the last five."},
    {ROW("plugin.verify", "Compare installed plugins with what was signed", OC_ROLE_VIEWER, LOOKS,
         struct verify_params, verify_options,
         "table:name=Plugin,version=Version,ok=OK,files=Files,signature=Signature,running="
         "Running,digest=Digest",
         "openclaw plugin verify"),
     .description = "Every file against the receipt of the installation, and the signature of the "
                    "archive again; and the library that each running instance has loaded, as "
                    "it was hashed when it was loaded. Of a linked folder only that it is there."},
    {ROW("plugin.lock", "Write what is installed into a lock file", OC_ROLE_VIEWER,
         LOOKS | OC_OP_PRIVATE, struct lock_params, lock_options, "custom:written",
         "openclaw plugin lock --lock-file openclaw.lock")},
    {ROW("plugin.bundle.create", "Put installed plugins into one file", OC_ROLE_ADMIN,
         LOOKS | OC_OP_PRIVATE, struct bundle_params, bundle_options, "custom:written",
         "openclaw plugin bundle create plugins.ocb"),
     .description =
         "For hosts without a network. The archives and their signatures are in it as they "
         "were published; whoever installs it verifies them again."},
    {ROW("plugin.bundle.install", "Install what a bundle holds", OC_ROLE_ADMIN, PLANNED,
         struct unbundle_params, unbundle_options, "custom:plan",
         "openclaw plugin bundle install plugins.ocb --key publisher.pub")},
    {ROW("plugin.link", "Use a folder under development as a plugin", OC_ROLE_ADMIN, CHANGES,
         struct link_params, link_options, "custom:plan", "openclaw plugin link ./hello/build"),
     .check = check_link},
    {ROW("plugin.unlink", "Forget a linked folder", OC_ROLE_ADMIN, CHANGES, struct link_params,
         unlink_options, "custom:plan", "openclaw plugin unlink hello")},
    {0},
};
