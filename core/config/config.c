/* Finding the configuration files and laying the layers over each other. SPDX-License-Identifier: MIT */
#include "core/config/config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/layers.h"
#include "core/config/mask.h"
#include "core/config/merge.h"
#include "core/config/parse.h"
#include "core/config/path.h"
#include "core/sys/file.h"

#define SYSTEM_FILE "/etc/openclaw/openclaw.conf"
#define USER_HOME   "~/.openclaw"
#define ENV_PREFIX  "OPENCLAW__"
#define CONFD_MAX   256 /* files */
#define ENV_KEY_MAX 256 /* bytes */

extern char **environ;

struct load {
    struct oc_config *config;
    const struct oc_config_source *source;
    struct oc_diags *diags;
    struct oc_error *err;
    const struct oc_node *built_in; /* by itself */
    const struct oc_node *files;    /* laid over each other; NULL = there is none */
};

/* An environment variable of the program, unless the caller wants none. */
static const char *environment(const struct oc_config_source *source, const char *name)
{
    const char *value = source->no_environment ? NULL : getenv(name);
    return value && *value ? value : NULL;
}

/* ---- whole trees ---- */

/* Lays a tree over `under`, as a layer of its own. */
static const struct oc_node *push_tree(struct load *l, const struct oc_node *under,
                                       const struct oc_node *tree)
{
    struct oc_config *c = l->config;
    struct oc_layer_entry entry = {.node = tree};

    OC_VEC_PUSH(&c->layers, entry);
    return oc_merge(&c->arena, under, tree, l->diags);
}

/* What the files list together is known before it is laid over what is built in: an item takes from
 * the built-in one of its name, in whatever file it stands. */
static void push_files(struct load *l)
{
    struct oc_config *c = l->config;
    if (l->files) {
        c->root = oc_merge(&c->arena, c->root, l->files, l->diags);
    }
}

static int load_defaults(struct load *l)
{
    struct oc_parse_from from = {
        .file = "built in", .layer = OC_LAYER_DEFAULT, .includes = OC_INCLUDES_REFUSE};
    const char *text = l->source->defaults ? l->source->defaults : "";
    const struct oc_node *tree =
        oc_config_parse(&l->config->arena, text, strlen(text), &from, l->err);
    if (!tree) {
        return OC_E_CONFIG;
    }
    l->config->root = l->built_in = push_tree(l, NULL, tree);
    return 0;
}

static int take_tree(struct load *l, const struct oc_node *tree, const struct oc_error *err)
{
    if (!tree) {
        if (l->err) {
            *l->err = *err;
        }
        return err->code;
    }
    l->files = push_tree(l, l->files, tree);
    return 0;
}

static int load_file(struct load *l, const char *file, enum oc_layer layer)
{
    struct oc_error err;
    return take_tree(l, oc_config_parse_file(&l->config->arena, file, layer, &err), &err);
}

static int load_main(struct load *l)
{
    const struct oc_buf *text = l->source->text;
    const char *file = l->config->file;
    struct oc_error err;

    if (!text) {
        return load_file(l, file, OC_LAYER_FILE);
    }
    struct oc_parse_from from = {.file = file, .dir = l->config->folder, .layer = OC_LAYER_FILE};
    const struct oc_node *tree =
        oc_config_parse(&l->config->arena, text->data ? text->data : "", text->len, &from, &err);
    return take_tree(l, tree, &err);
}

/* Where the main file and conf.d are when nobody names a file; owned. */
static char *home_folder(const struct oc_config_source *source)
{
    const char *home = environment(source, "OPENCLAW_HOME");
    return oc_path_expand(home ? home : USER_HOME, NULL);
}

/* The main file: owned; NULL when there is none, which is fine unless somebody named one. */
static char *find_file(const struct oc_config_source *source)
{
    const char *named = source->file ? source->file : environment(source, "OPENCLAW_CONFIG");
    if (named) {
        return oc_path_expand(named, NULL);
    }
    char *dir = home_folder(source);
    char *file = oc_path_join(dir, "openclaw.conf");
    free(dir);
    if (!oc_file_exists(file)) {
        free(file);
        file = oc_file_exists(SYSTEM_FILE) ? oc_strdup(SYSTEM_FILE) : NULL;
    }
    return file;
}

static int is_conf(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && oc_ends(entry->d_name, ".conf");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_confd(struct load *l)
{
    char *confd = oc_path_join(l->config->folder, "conf.d");
    struct dirent **entries = NULL;
    int rc = 0, count = scandir(confd, &entries, is_conf, by_bytes), reason = errno;
    /* A home that nobody named may be closed to us: then there is none, as there is no file in it. */
    bool there = l->config->file || oc_file_exists(confd);

    if (count < 0 && there && reason != ENOENT && reason != ENOTDIR) {
        rc = oc_error_errno(l->err, 0, reason, "cannot read %s", confd);
    } else if (count > CONFD_MAX) {
        rc = oc_error_set(l->err, OC_E_CONFIG, "%s: more than %d files", confd, CONFD_MAX);
    }
    for (int i = 0; i < count; i++) {
        char *file = oc_path_join(confd, entries[i]->d_name);
        rc = rc ? rc : load_file(l, file, OC_LAYER_CONFD);
        free(file);
        free(entries[i]);
    }
    free(entries);
    free(confd);
    return rc;
}

/* ---- single values ---- */

static void set_value(struct load *l, enum oc_layer layer, const char *origin, const char *key,
                      const char *text)
{
    struct oc_config *c = l->config;
    struct oc_parse_from from = {.file = origin,
                                 .layer = layer,
                                 .includes = OC_INCLUDES_REFUSE,
                                 .secret = oc_mask_secret_key(key)};
    struct oc_node at = {.file = origin};
    struct oc_error err;
    struct oc_buf canonical = {0};

    const struct oc_node *value = oc_config_value(&c->arena, NULL, text, &from, &err);
    if (!value || oc_merge_at(&c->arena, &c->root, l->built_in, key, value, l->diags, &err)) {
        oc_diags_add(l->diags, false, &at, key, err.hint, "%s", err.message);
    } else if (oc_path_canonical(c->root, key, &canonical)) {
        struct oc_layer_entry entry = {.node = value,
                                       .key = oc_arena_strdup(&c->arena, canonical.data)};
        OC_VEC_PUSH(&c->layers, entry);
    }
    oc_buf_finish(&canonical);
}

/* OPENCLAW__STORE__RETENTION becomes store.retention. */
static void key_of_variable(const char *name, size_t len, struct oc_buf *key)
{
    oc_buf_clear(key);
    for (size_t i = 0; i < len; i++) {
        bool split = name[i] == '_' && i + 1 < len && name[i + 1] == '_';
        oc_buf_addc(key, split ? '.' : (char)tolower((unsigned char)name[i]));
        i += split;
    }
}

static void load_environment(struct load *l)
{
    size_t prefix = strlen(ENV_PREFIX);
    struct oc_buf key = {0}, origin = {0};
    const char *home = environment(l->source, "OPENCLAW_HOME");

    if (home) {
        set_value(l, OC_LAYER_ENV, "environment OPENCLAW_HOME", "host.home", home);
    }
    for (char **env = environ; *env && !l->source->no_environment; env++) {
        const char *name = *env, *equals = strchr(name, '=');
        if (!equals || !oc_starts(name, ENV_PREFIX) || equals - name > ENV_KEY_MAX) {
            continue;
        }
        oc_buf_clear(&origin);
        oc_buf_addf(&origin, "environment %.*s", (int)(equals - name), name);
        key_of_variable(name + prefix, (size_t)(equals - name) - prefix, &key);
        set_value(l, OC_LAYER_ENV, origin.data, key.data ? key.data : "", equals + 1);
    }
    oc_buf_finish(&key);
    oc_buf_finish(&origin);
}

static void load_sets(struct load *l)
{
    struct oc_node at = {.file = "flag --set"};
    for (const char *const *set = l->source->sets; set && *set; set++) {
        const char *equals = strchr(*set, '=');
        if (!equals || equals == *set) {
            oc_diags_add(l->diags, false, &at, *set, "Write it as --set key=value.",
                         "expected key=value");
            continue;
        }
        char *key = oc_strndup(*set, (size_t)(equals - *set));
        set_value(l, OC_LAYER_FLAG, at.file, key, equals + 1);
        free(key);
    }
}

/* ---- the whole ---- */

/* What the built-in layer says about paths is relative to the home. */
static void settle_built_in(struct oc_node *node, const char *home)
{
    if (node->layer == OC_LAYER_DEFAULT) {
        node->dir = home;
    }
    for (size_t i = 0; node->type >= OC_NODE_LIST && i < node->count; i++) {
        settle_built_in(node->children[i], home);
    }
}

static void find_home(struct oc_config *c)
{
    const struct oc_node *home = oc_node_get(c->root, "host.home");
    bool given = home && home->type == OC_NODE_STRING && *home->string;

    c->home = oc_path_expand(given ? home->string : USER_HOME, given ? home->dir : NULL);
    settle_built_in((struct oc_node *)c->root, c->home);
}

static int load_layers(struct load *l)
{
    struct oc_config *c = l->config;
    int rc = load_defaults(l);

    c->file = find_file(l->source);
    c->folder = c->file ? oc_path_dir(c->file) : home_folder(l->source);
    if (!rc && c->file) {
        rc = load_main(l);
    }
    rc = rc ? rc : load_confd(l);
    if (!rc) {
        push_files(l);
        load_environment(l);
        load_sets(l);
        find_home(c);
    }
    return rc;
}

struct oc_config *oc_config_load(const struct oc_config_source *source, struct oc_diags *diags,
                                 struct oc_error *err)
{
    struct oc_config *c = oc_calloc(1, sizeof *c);
    struct load l = {.config = c, .source = source, .diags = diags, .err = err};

    if (load_layers(&l)) {
        oc_config_destroy(c);
        return NULL;
    }
    return c;
}

void oc_config_destroy(struct oc_config *c)
{
    if (c) {
        OC_VEC_FINISH(&c->layers);
        oc_arena_finish(&c->arena);
        free(c->file);
        free(c->folder);
        free(c->home);
        free(c);
    }
}

const struct oc_node *oc_config_root(const struct oc_config *c)
{
    return c->root;
}

const struct oc_node *oc_config_default(const struct oc_config *c, const char *key)
{
    const struct oc_layer_entry *lowest = c->layers.count ? &c->layers.items[0] : NULL;
    return lowest && lowest->node->layer == OC_LAYER_DEFAULT && !lowest->key
               ? oc_node_get(lowest->node, key)
               : NULL;
}

const char *oc_config_file(const struct oc_config *c)
{
    return c->file;
}

const char *oc_config_folder(const struct oc_config *c)
{
    return c->folder;
}

const char *oc_config_home(const struct oc_config *c)
{
    return c->home;
}
