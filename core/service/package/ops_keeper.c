/* The operations of those who keep a registry. SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "core/service/package/internal.h"

/* The worker reads the parameters as JSON; the struct is here for the table to be checked against. */
struct params {
    const char *dir, *keys, *name, *publisher, *password_file, *publisher_key,
        *publisher_password_file, *changelog, *tier, *package, *reason, *advisory, *severity,
        *summary, *url, *fixed, *deprecate, *quarantine, *fingerprint, *source, *ca, *bind;
    int64_t root_keys, threshold, expires, snapshot_expires, root_expires, port, prune;
    struct oc_list popular, public_keys, key, files, remove, add;
    int32_t community, reviewed, undo, withdraw, what, role;
};
#define AT(member) offsetof(struct params, member)

/* What more than one of them takes. */
#define REGISTRY                                                                                   \
    {                                                                                              \
        .name = "dir", .type = OC_OPT_PATH, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,          \
        .offset = AT(dir), .help = "the registry's folder"                                         \
    }
#define SIGNING_KEYS                                                                               \
    {.name = "keys",                                                                               \
     .type = OC_OPT_PATH,                                                                          \
     .offset = AT(keys),                                                                           \
     .help = "folder of the secret keys; default: DIR.keys"},                                      \
        {.name = "key",                                                                            \
         .type = OC_OPT_STRINGS,                                                                   \
         .offset = AT(key),                                                                        \
         .help = "a secret key file more"},                                                        \
    {                                                                                              \
        .name = "password_file", .type = OC_OPT_PATH, .offset = AT(password_file),                 \
        .help = "file whose first line is the password of the keys"                                \
    }
#define TIMESTAMP_EXPIRES                                                                          \
    {                                                                                              \
        .name = "expires", .type = OC_OPT_DURATION, .offset = AT(expires),                         \
        .help = "how long the timestamp holds; default: 7d"                                        \
    }
#define EXPIRIES                                                                                   \
    TIMESTAMP_EXPIRES,                                                                             \
        {.name = "snapshot_expires",                                                               \
         .type = OC_OPT_DURATION,                                                                  \
         .offset = AT(snapshot_expires),                                                           \
         .help = "how long the snapshot holds; default: 90d"},                                     \
    {                                                                                              \
        .name = "root_expires", .type = OC_OPT_DURATION, .offset = AT(root_expires),               \
        .help = "how long the root holds; default: 365d"                                           \
    }
#define ARCHIVES                                                                                   \
    {                                                                                              \
        .name = "files", .type = OC_OPT_STRINGS, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,     \
        .offset = AT(files), .help = "the archives of one version: FILE.ocp of each target"        \
    }
#define RELEASE                                                                                    \
    {.name = "publisher",                                                                          \
     .type = OC_OPT_STRING,                                                                        \
     .flags = OC_OPT_REQUIRED,                                                                     \
     .offset = AT(publisher),                                                                      \
     .help = "who publishes it"},                                                                  \
        {.name = "publisher_key",                                                                  \
         .type = OC_OPT_PATH,                                                                      \
         .offset = AT(publisher_key),                                                              \
         .help = "the publisher's secret key; not needed when key and signature are there"},       \
        {.name = "publisher_password_file",                                                        \
         .type = OC_OPT_PATH,                                                                      \
         .offset = AT(publisher_password_file),                                                    \
         .help = "file whose first line is the password of that key; default: --password-file"},   \
        {.name = "changelog",                                                                      \
         .type = OC_OPT_STRING,                                                                    \
         .offset = AT(changelog),                                                                  \
         .help = "what is new in this version"},                                                   \
        {.name = "tier",                                                                           \
         .type = OC_OPT_STRING,                                                                    \
         .offset = AT(tier),                                                                       \
         .help = "the most isolated tier in which it works: inproc, process or sandbox"},          \
        {.name = "reviewed",                                                                       \
         .type = OC_OPT_BOOL,                                                                      \
         .offset = AT(reviewed),                                                                   \
         .help = "somebody has looked at a name that is near to a popular one"},                   \
    {                                                                                              \
        .name = "community", .type = OC_OPT_BOOL, .offset = AT(community),                         \
        .help = "of a new publisher: listed, and not vouched for"                                  \
    }
#define FINGERPRINT                                                                                \
    {                                                                                              \
        .name = "fingerprint", .type = OC_OPT_STRING, .offset = AT(fingerprint),                   \
        .help = "SHA-256 of a root file that its keeper has published"                             \
    }

static const struct oc_option init_options[] = {
    REGISTRY,
    {.name = "keys",
     .type = OC_OPT_PATH,
     .offset = AT(keys),
     .help = "folder of the secret keys; default: DIR.keys"},
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = AT(name),
     .help = "the registry's name; default: that of the folder"},
    {.name = "root_keys",
     .type = OC_OPT_INT,
     .offset = AT(root_keys),
     .min = 1,
     .max = 16,
     .help = "how many root keys are made; default: 3"},
    {.name = "threshold",
     .type = OC_OPT_INT,
     .offset = AT(threshold),
     .min = 1,
     .max = 16,
     .help = "how many of them sign a root; default: 2"},
    {.name = "popular",
     .type = OC_OPT_STRINGS,
     .offset = AT(popular),
     .help = "a name whose near misses are refused"},
    EXPIRIES,
    {0},
};
static const struct oc_option delegate_options[] = {
    REGISTRY,
    {.name = "publisher",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(publisher),
     .help = "name of the publisher"},
    {.name = "public_keys",
     .type = OC_OPT_STRINGS,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(public_keys),
     .help = "the publisher's public keys, files or texts; default: those it has"},
    {.name = "threshold",
     .type = OC_OPT_INT,
     .offset = AT(threshold),
     .min = 1,
     .max = 16,
     .help = "how many of them sign a release; default: 1"},
    {.name = "community",
     .type = OC_OPT_BOOL,
     .offset = AT(community),
     .help = "listed, and not vouched for: its plugins run in the sandbox"},
    SIGNING_KEYS,
    {0},
};
static const struct oc_option publish_options[] = {
    REGISTRY, ARCHIVES, RELEASE, SIGNING_KEYS, TIMESTAMP_EXPIRES, {0},
};
static const struct oc_option plugin_publish_options[] = {
    ARCHIVES,
    {.name = "dir",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(dir),
     .help = "the registry's folder"},
    RELEASE,
    SIGNING_KEYS,
    TIMESTAMP_EXPIRES,
    {0},
};
static const struct oc_option yank_options[] = {
    REGISTRY,
    {.name = "package",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(package),
     .help = "publisher/name@version"},
    {.name = "reason", .type = OC_OPT_STRING, .offset = AT(reason), .help = "why"},
    {.name = "undo", .type = OC_OPT_BOOL, .offset = AT(undo), .help = "take the yank back"},
    SIGNING_KEYS,
    TIMESTAMP_EXPIRES,
    {0},
};
static const struct oc_option advise_options[] = {
    REGISTRY,
    {.name = "package",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(package),
     .help = "publisher/name, and @range for an advisory"},
    {.name = "advisory",
     .type = OC_OPT_STRING,
     .offset = AT(advisory),
     .help = "id of an advisory"},
    {.name = "severity",
     .type = OC_OPT_STRING,
     .offset = AT(severity),
     .help = "low, medium, high, critical or malicious; default: medium"},
    {.name = "summary", .type = OC_OPT_STRING, .offset = AT(summary), .help = "what is wrong"},
    {.name = "url", .type = OC_OPT_STRING, .offset = AT(url), .help = "where it is described"},
    {.name = "fixed",
     .type = OC_OPT_STRING,
     .offset = AT(fixed),
     .help = "the first version without it"},
    {.name = "withdraw",
     .type = OC_OPT_BOOL,
     .offset = AT(withdraw),
     .help = "take the advisory back"},
    {.name = "deprecate",
     .type = OC_OPT_STRING,
     .offset = AT(deprecate),
     .help = "what to use instead; an empty text takes it back"},
    {.name = "quarantine",
     .type = OC_OPT_STRING,
     .offset = AT(quarantine),
     .help = "why nobody may install it now; an empty text takes it back"},
    SIGNING_KEYS,
    TIMESTAMP_EXPIRES,
    {0},
};
static const struct oc_option sign_options[] = {
    REGISTRY,
    {.name = "what",
     .type = OC_OPT_ENUM,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(what),
     .default_text = "timestamp",
     .choices = "timestamp|root",
     .help = "the timestamp (and the snapshot when it is old), or the draft of a root"},
    SIGNING_KEYS,
    {.name = "prune",
     .type = OC_OPT_INT,
     .offset = AT(prune),
     .min = 1,
     .max = 1e6,
     .help = "remove the files of all states but the last so many; default: none is removed"},
    EXPIRIES,
    {0},
};
static const struct oc_option rotate_options[] = {
    REGISTRY,
    {.name = "role",
     .type = OC_OPT_ENUM,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(role),
     .choices = "root|timestamp|snapshot|publish",
     .help = "whose keys are replaced"},
    {.name = "remove",
     .type = OC_OPT_STRINGS,
     .offset = AT(remove),
     .help = "id of a key that goes; default: all of the role"},
    {.name = "add",
     .type = OC_OPT_STRINGS,
     .offset = AT(add),
     .help = "file of a public key that comes; default: new keys are made"},
    {.name = "threshold",
     .type = OC_OPT_INT,
     .offset = AT(threshold),
     .min = 1,
     .max = 16,
     .help = "how many of them sign; default: as before"},
    SIGNING_KEYS,
    EXPIRIES,
    {0},
};
static const struct oc_option verify_options[] = {
    REGISTRY,
    FINGERPRINT,
    {0},
};
static const struct oc_option mirror_options[] = {
    {.name = "source",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(source),
     .help = "the registry to copy: https://host/path or a folder"},
    {.name = "dir",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(dir),
     .help = "folder of the copy"},
    FINGERPRINT,
    {.name = "ca",
     .type = OC_OPT_PATH,
     .offset = AT(ca),
     .help = "certificates to trust instead of the system's"},
    {0},
};
static const struct oc_option serve_options[] = {
    REGISTRY,
    {.name = "port",
     .type = OC_OPT_INT,
     .offset = AT(port),
     .default_text = "0",
     .min = 0,
     .max = 65535,
     .help = "0 takes a free one"},
    {.name = "bind",
     .type = OC_OPT_STRING,
     .offset = AT(bind),
     .default_text = "127.0.0.1",
     .help = "address; beyond loopback everyone can read the registry"},
    {0},
};

#define KEEPS (OC_OP_EPHEMERAL | OC_OP_PRIVATE)

const struct oc_op oc_package_ops_keeper[] = {
    {.name = "registry.init",
     .summary = "Make a registry in a new folder, with its keys",
     .flags = KEEPS,
     .params = init_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw registry init ./plugins --name acme",
     .handler = oc_package_forward},
    {.name = "registry.delegate",
     .summary = "Say whose keys sign the releases of a publisher",
     .flags = KEEPS,
     .params = delegate_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw registry delegate ./plugins acme acme.pub",
     .handler = oc_package_forward},
    {.name = "registry.publish",
     .summary = "Put a packed plugin into a registry as a new version",
     .flags = KEEPS,
     .params = publish_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw registry publish ./plugins queue-1.2.0.ocp --publisher acme "
                "--publisher-key acme.key",
     .handler = oc_package_forward},
    {.name = "registry.yank",
     .summary = "Take a version back: nobody new gets it",
     .flags = KEEPS,
     .params = yank_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw registry yank ./plugins acme/queue@1.2.0 --reason 'loses samples'",
     .handler = oc_package_forward},
    {.name = "registry.advise",
     .summary = "Publish an advisory, a deprecation or a quarantine",
     .flags = KEEPS,
     .params = advise_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw registry advise ./plugins 'acme/queue@<1.2.1' --advisory ACME-1 "
                "--severity high --summary 'leaks' --fixed 1.2.1",
     .handler = oc_package_forward},
    {.name = "registry.sign",
     .summary = "Sign the timestamp again, or the draft of a root",
     .flags = KEEPS,
     .params = sign_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw registry sign ./plugins",
     .handler = oc_package_forward},
    {.name = "registry.rotate",
     .summary = "Replace the keys of a role by a new root",
     .flags = KEEPS,
     .params = rotate_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw registry rotate ./plugins timestamp",
     .handler = oc_package_forward},
    {.name = "registry.verify",
     .summary = "Verify everything that a registry holds",
     .flags = KEEPS,
     .params = verify_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw registry verify ./plugins",
     .handler = oc_package_forward},
    {.name = "registry.mirror",
     .summary = "Copy a registry, every file of it verified",
     .flags = KEEPS,
     .params = mirror_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw registry mirror https://plugins.example.org ./mirror",
     .handler = oc_package_forward},
    {.name = "registry.serve",
     .summary = "Serve a registry over HTTP",
     .flags = KEEPS | OC_OP_STREAMS,
     .params = serve_options,
     .params_size = sizeof(struct params),
     .view = "custom:serve",
     .example = "openclaw registry serve ./plugins --port 8080",
     .handler = oc_package_forward},
    {.name = "plugin.publish",
     .summary = "Put a packed plugin into a registry folder",
     .flags = KEEPS,
     .params = plugin_publish_options,
     .params_size = sizeof(struct params),
     .view = "record",
     .example = "openclaw plugin publish queue-1.2.0.ocp --dir ./plugins --publisher acme "
                "--publisher-key acme.key",
     .handler = oc_package_forward},
    {0}};
