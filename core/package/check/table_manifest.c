/* The checks of plugin.json and of what a folder must hold. SPDX-License-Identifier: MIT */
#include "core/package/check/table.h"

#define E OC_SEVERITY_ERROR
#define W OC_SEVERITY_WARNING
#define N OC_SEVERITY_NOTE

const struct oc_check oc_checks_manifest[] = {
    {"OC0001", E, "plugin.json is missing or cannot be read",
     "The folder has no plugin.json, or it cannot be opened, or it is larger than 256 KB.",
     "The manifest is what the host reads before anything else; without it there is no plugin.",
     "Write a plugin.json beside the library, or let `openclaw plugin create` write one."},
    {"OC0002", E, "plugin.json is not valid",
     "The manifest is no JSON, or a key is unknown, missing or of the wrong type.",
     "A host refuses to load a plugin whose manifest it does not understand, rather than guess.",
     "Correct the key that the message names; docs/plugin-guide.md lists all of them."},
    {"OC0003", E, "the library is missing",
     "The manifest names a library that is neither in the folder nor in its build folder.",
     "The plugin cannot be loaded.",
     "Build it with `openclaw plugin build`, or correct \"library\" in plugin.json."},
    {"OC0004", W, "the folder has another name than the plugin",
     "The folder's name is not the \"name\" of the manifest.",
     "Plugins are found by folder and listed by name; two names for one thing mislead whoever "
     "looks for it.",
     "Rename the folder, or correct \"name\" in plugin.json."},
    {"OC0005", W, "the summary is not one plain sentence",
     "The summary ends with a full stop, does not begin with a capital letter or is longer than "
     "120 characters.",
     "It is shown in one line of lists and search results, beside those of all the other plugins.",
     "Write one short sentence without a full stop, and leave the rest to \"description\" and the "
     "README."},
    {"OC0006", W, "no licence",
     "The manifest has no \"license\", or one that is no SPDX expression.",
     "Nobody may use what has no licence.",
     "Add \"license\" with an SPDX identifier such as \"MIT\" or \"Apache-2.0\"."},
    {"OC0007", W, "no README", "A folder with sources has no README.md.",
     "It is what people see in a registry before they install anything.",
     "Write a README.md: what the plugin does, its options, an example."},
    {"OC0008", W, "a metric without a unit", "A gauge or counter of the manifest has no \"unit\".",
     "A number without a unit cannot be shown, compared or judged.",
     "Add \"unit\"; \"\" says that the number has none."},
    {"OC0009", N, "a metric's name does not tell its unit",
     "A metric counts bytes, milliseconds, seconds or percent, and its name does not say so.",
     "Rules and dashboards see only the name; `queue_age` may be anything, `queue_age_seconds` may "
     "not.",
     "Let the name end in its unit, or name it in the word before the last dot."},
    {"OC0010", W, "the kind is not known",
     "The manifest's \"kind\" is none that this host has a service for.",
     "The plugin is loaded and nobody calls it.",
     "Correct \"kind\" to one that the message lists."},
    {"OC0011", E, "a permission is not understood",
     "A permission has a category, an action or a resource that this host does not know.",
     "What cannot be understood cannot be enforced, so it is refused.",
     "Correct the permission; docs/permissions.md has the grammar, `filesystem:read:/var/log/*` "
     "is an example."},
    {"OC0012", W, "a permission is very broad",
     "A permission gives everything of its kind: every file for writing, every TCP port, every "
     "program.",
     "People are asked to consent to it, and a fault of the plugin reaches as far as the "
     "permission does.",
     "Name what is needed (`network:tcp:5432`). When the configuration decides, say why under "
     "\"accepted_checks\"."},
    {"OC0013", N, "a permission is there twice",
     "Two permissions of the manifest are the same, or one contains the other.",
     "The list is shown to people who decide by it.", "Remove the narrower one."},
    {"OC0014", E, "the ABI of the manifest is not spoken by this host",
     "The manifest's \"abi\" has another major version, or a higher minor one, than this host.",
     "The host would refuse to load the plugin.",
     "Build against the SDK of this host, or update the host."},
    {"OC0015", E, "a skill without a sound SKILL.md",
     "The kind is \"skill\" and SKILL.md is missing, or its front matter has no name and "
     "description.",
     "Skills are found and offered to agents by that text; the rest of the file is what the agent "
     "reads.",
     "Begin SKILL.md with `---`, `name:`, `description:` and `---`."},
    {"OC0016", N, "an accepted check changes nothing",
     "\"accepted_checks\" names a check that does not exist, that found nothing, or that may not "
     "be accepted.",
     "A list of exceptions that nobody cleans up hides the next finding. Errors can never be "
     "accepted.",
     "Remove the entry, or correct its id."},
    {"OC0017", W, "a template's text is still there",
     "The manifest, the README or SKILL.md still has a variable that every template fills in, such "
     "as {{pluginName}} or {{authorName}}.",
     "It is what people will read.", "Replace it with what is meant."},
    {"OC0018", E, "a preset names a secret of the host",
     "An instance of a preset, or the default of one of its options, is \"$env:NAME\" or "
     "\"$file:PATH\".",
     "What a package says so would be read from the files and the environment of whoever installs "
     "it, and leave the host with the next request. The host refuses to run such a preset.",
     "Make an option of it, of the type \"secret\" and without a default."},
    {"OC0019", W, "a preset asks for less than the plugins that it uses",
     "A plugin that an instance of the preset names, as this host has it, asks for a permission "
     "that the preset does not ask for.",
     "Its instances have the rights of the plugins that it names, and whoever installs it consents "
     "only to what it asks for itself. The host refuses to run such a preset.",
     "Add the permissions that the message names to \"permissions\": \"network:tcp:*\" for one "
     "over `http`."},
    {0},
};
