/* The operations of the package worker about: author. SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "core/service/package/internal.h"

/* The worker reads the parameters as JSON; the structs are here for the table to be checked against. */

struct create_params {
    const char *name, *template_name, *output, *author, *email, *description, *display_name;
    struct oc_list var;
    int32_t list;
};
#define AT(member) offsetof(struct create_params, member)
static const struct oc_option create_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(name),
     .help = "the plugin's name: lower-case letters, digits and dashes"},
    {.name = "template",
     .type = OC_OPT_STRING,
     .offset = AT(template_name),
     .default_text = "basic",
     .help = "name of a template that --list shows, or path of a folder with a template.json"},
    {.name = "output",
     .type = OC_OPT_PATH,
     .offset = AT(output),
     .help = "folder in which the plugin's folder is made; default: here"},
    {.name = "author",
     .type = OC_OPT_STRING,
     .offset = AT(author),
     .help = "who writes it; default: you, as git or the account calls you"},
    {.name = "email",
     .type = OC_OPT_STRING,
     .offset = AT(email),
     .help = "address of the author; default: the one that git has of you"},
    {.name = "description",
     .type = OC_OPT_STRING,
     .offset = AT(description),
     .help = "what the plugin does, in one sentence; default: the kind of plugin that it is"},
    {.name = "display_name",
     .type = OC_OPT_STRING,
     .offset = AT(display_name),
     .help = "how the plugin is called in texts; default: made from the name"},
    {.name = "var", .type = OC_OPT_MAP, .offset = AT(var), .help = "a variable of the template"},
    {.name = "list", .type = OC_OPT_BOOL, .offset = AT(list), .help = "list the templates instead"},
    {0}};
#undef AT

struct template_params {
    const char *template_name;
};
static const struct oc_option template_options[] = {
    {.name = "template",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct template_params, template_name),
     .help = "name or path of the template; default: list all"},
    {0}};

struct path_params {
    const char *path;
};
static const struct oc_option path_options[] = {{.name = "path",
                                                 .type = OC_OPT_PATH,
                                                 .flags = OC_OPT_POSITIONAL,
                                                 .offset = offsetof(struct path_params, path),
                                                 .help = "folder of the plugin; default: here"},
                                                {0}};

struct pack_params {
    const char *path, *output;
};
static const struct oc_option pack_options[] = {
    {.name = "path",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_POSITIONAL,
     .offset = offsetof(struct pack_params, path),
     .help = "folder of the plugin; default: here"},
    {.name = "output",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct pack_params, output),
     .help = "the archive to write; default: NAME-VERSION.ocp here"},
    {0}};

struct keygen_params {
    const char *output, *password_file;
};
static const struct oc_option keygen_options[] = {
    {.name = "output",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct keygen_params, output),
     .help = "the files are OUTPUT.key and OUTPUT.pub; default: openclaw, here"},
    {.name = "password_file",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct keygen_params, password_file),
     .help = "file whose first line protects the secret key; default: no password"},
    {0}};

struct sign_params {
    const char *file, *key, *password_file, *id;
};
static const struct oc_option sign_options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = offsetof(struct sign_params, file),
     .help = "what is signed; the signature becomes FILE.minisig"},
    {.name = "key",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct sign_params, key),
     .help = "the secret key"},
    {.name = "password_file",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct sign_params, password_file),
     .help = "file whose first line is the key's password"},
    {.name = "id",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct sign_params, id),
     .help = "publisher/name to bind the signature to; default: the manifest's name"},
    {0}};

struct watch_params {
    const char *path;
    int32_t once;
};
static const struct oc_option watch_options[] = {{.name = "path",
                                                  .type = OC_OPT_PATH,
                                                  .flags = OC_OPT_POSITIONAL,
                                                  .offset = offsetof(struct watch_params, path),
                                                  .help = "folder of the plugin; default: here"},
                                                 {.name = "once",
                                                  .type = OC_OPT_BOOL,
                                                  .offset = offsetof(struct watch_params, once),
                                                  .help = "end after the first change"},
                                                 {0}};

#define AUTHORS (OC_OP_EPHEMERAL | OC_OP_PRIVATE)

const struct oc_op oc_package_ops_author[] = {
    {.name = "plugin.create",
     .summary = "Write a new plugin from a template",
     .flags = AUTHORS,
     .params = create_options,
     .params_size = sizeof(struct create_params),
     .view = "record",
     .description =
         "Makes a folder NAME that builds, passes its tests and is clean under `openclaw plugin "
         "check` as it stands. What the template wants to know and is not given is asked for on a "
         "terminal; elsewhere its default is taken, and without one it is an error. Nothing is "
         "ever overwritten, nothing of a template "
         "is executed, and values are escaped as each file needs it.",
     .example = "openclaw plugin create --list\n"
                "openclaw plugin create my-plugin\n"
                "openclaw plugin create disk-space --template collector --author 'Ann Lee' "
                "--description 'Watches how full disks are'",
     .handler = oc_package_forward},
    {.name = "plugin.template",
     .summary = "Show the templates, or what one of them wants to know",
     .flags = AUTHORS,
     .params = template_options,
     .params_size = sizeof(struct template_params),
     .view = "table:name=Template,kind=Kind,description=Description,error=Error",
     .example = "openclaw plugin template\nopenclaw plugin template tool",
     .handler = oc_package_forward},
    {.name = "plugin.build",
     .summary = "Build the plugin of a folder",
     .flags = AUTHORS,
     .params = path_options,
     .params_size = sizeof(struct path_params),
     .view = "record",
     .description = "Configures and builds with CMake in PATH/build, against the SDK of this "
                    "openclaw. The result is the folder PATH/build/plugins/NAME: the library, the "
                    "manifest and the assets. A preset or a skill is only copied.",
     .example = "openclaw plugin build ~/disk-space",
     .handler = oc_package_forward},
    {.name = "plugin.test",
     .summary = "Build the plugin of a folder and run its tests",
     .flags = AUTHORS,
     .params = path_options,
     .params_size = sizeof(struct path_params),
     .view = "record",
     .example = "openclaw plugin test ~/disk-space",
     .handler = oc_package_forward},
    {.name = "plugin.pack",
     .summary = "Build the plugin of a folder and pack it as an archive",
     .flags = AUTHORS,
     .params = pack_options,
     .params_size = sizeof(struct pack_params),
     .view = "record",
     .description = "What `openclaw plugin check --level 0` calls an error is not packed. The same "
                    "files give the same archive, byte for byte.",
     .example = "openclaw plugin pack ~/disk-space --output disk-space.ocp",
     .handler = oc_package_forward},
    {.name = "plugin.keygen",
     .summary = "Make a pair of keys to sign plugins with",
     .flags = AUTHORS,
     .params = keygen_options,
     .params_size = sizeof(struct keygen_params),
     .view = "record",
     .description = "The files are those of minisign. The secret key stays with you; the public "
                    "one is what others verify with.",
     .example = "openclaw plugin keygen --output ~/keys/ann",
     .handler = oc_package_forward},
    {.name = "plugin.sign",
     .summary = "Sign an archive",
     .flags = AUTHORS,
     .params = sign_options,
     .params_size = sizeof(struct sign_params),
     .view = "record",
     .description = "Writes FILE.minisig, which `minisign -V` verifies too. Its trusted comment "
                    "binds name, version and target.",
     .example = "openclaw plugin sign disk-space-1.0.0.ocp --key ~/keys/ann.key",
     .handler = oc_package_forward},
    {.name = "plugin.watch",
     .summary = "Tell when the sources of a plugin have changed",
     .flags = AUTHORS | OC_OP_STREAMS,
     .params = watch_options,
     .params_size = sizeof(struct watch_params),
     .description = "One row for each change, when the editor has finished writing. `openclaw "
                    "plugin dev` builds and reloads with it.",
     .example = "openclaw plugin watch ~/disk-space --once",
     .handler = oc_package_forward},
    {0}};
