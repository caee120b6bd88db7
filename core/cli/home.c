/* Which folder is the daemon's: in microseconds, as only a file that includes others is parsed. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/cli/cli.h"
#include "core/config/locate.h"
#include "core/config/parse.h"
#include "core/sys/file.h"

#define USER_HOME   "~/.openclaw"
#define SYSTEM_FILE "/etc/openclaw/openclaw.conf"
#define FILE_MAX    (1u << 20)
#define HOME_KEY    "host.home"

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The content of the pieces of a libconfig string. */
static char *unquote(const char *text, size_t len)
{
    struct oc_buf out = {0};
    bool inside = false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"') {
            inside = !inside;
        } else if (inside) {
            i += text[i] == '\\' && i + 1 < len;
            oc_buf_addc(&out, text[i]);
        }
    }
    return oc_buf_take(&out);
}

/* What the file says together with those that it includes. */
static char *home_in_tree(const char *file)
{
    struct oc_arena arena = {0};
    const struct oc_node *root = oc_config_parse_file(&arena, file, OC_LAYER_FILE, NULL);
    const struct oc_node *node = root ? oc_node_get(root, HOME_KEY) : NULL;
    const bool given = node && node->type == OC_NODE_STRING && *node->string;
    char *home = given ? oc_path_expand(node->string, node->dir) : NULL;
    oc_arena_finish(&arena);
    return home;
}

/* The home that one file names: absolute, owned by the caller; NULL when it names none. */
static char *home_in_file(const char *file)
{
    struct oc_buf text = {0};
    struct oc_place place;
    char *home = NULL;
    const bool there = oc_file_read(file, FILE_MAX, &text, NULL) == OC_OK && text.len > 0;
    if (there && memmem(text.data, text.len, "@include", strlen("@include"))) {
        home = home_in_tree(file);
    }
    if (there && !home && oc_locate(text.data, text.len, HOME_KEY, &place) && place.found &&
        place.value_string) {
        char *dir = oc_path_dir(file);
        char *value = unquote(text.data + place.value_start, place.value_end - place.value_start);
        home = *value ? oc_path_expand(value, dir) : NULL;
        free(value);
        free(dir);
    }
    oc_buf_finish(&text);
    return home;
}

static int is_conf(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && oc_ends(entry->d_name, ".conf");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The last file of conf.d that names a home decides. */
static char *home_in_confd(const char *file)
{
    char *dir = oc_path_dir(file), *confd = oc_path_join(dir, "conf.d"), *home = NULL;
    struct dirent **entries = NULL;
    int count = scandir(confd, &entries, is_conf, by_bytes);
    for (int i = count; i-- > 0;) {
        char *path = oc_path_join(confd, entries[i]->d_name);
        home = home ? home : home_in_file(path);
        free(path);
        free(entries[i]);
    }
    free(entries);
    free(confd);
    free(dir);
    return home;
}

static const char *home_in_sets(const struct cli *cli)
{
    const char *home = NULL;
    for (const char *const *set = cli->sets; *set; set++) {
        if (oc_starts(*set, HOME_KEY "=")) {
            home = *set + strlen(HOME_KEY "=");
        }
    }
    return home;
}

/* What stands above every file; NULL when nothing does. */
static const char *home_by_hand(const struct cli *cli)
{
    const char *home = home_in_sets(cli);
    home = home ? home : environment("OPENCLAW__HOST__HOME");
    home = home ? home : cli->home;
    return home ? home : environment("OPENCLAW_HOME");
}

char *oc_cli_first_file(const struct cli *cli)
{
    const char *home = cli->home ? cli->home : environment("OPENCLAW_HOME");
    char *dir = oc_path_expand(home ? home : USER_HOME, NULL);
    char *file = oc_path_join(dir, "openclaw.conf");
    free(dir);
    return file;
}

static const char *named_file(const struct cli *cli)
{
    return cli->config ? cli->config : environment("OPENCLAW_CONFIG");
}

int oc_cli_check_config(const struct cli *cli, struct oc_error *err)
{
    const char *named = named_file(cli);
    char *file = named ? oc_path_expand(named, NULL) : NULL;
    struct oc_buf text = {0};
    const int rc = file ? oc_file_read(file, FILE_MAX, &text, err) : OC_OK;
    oc_buf_finish(&text);
    free(file);
    if (rc == OC_E_DENIED && home_by_hand(cli)) {
        oc_error_init(err); /* who may use the socket need not be one who may read the file */
        return OC_OK;
    }
    return rc;
}

char *oc_cli_config_file(const struct cli *cli)
{
    const char *named = named_file(cli);
    if (named) {
        return oc_path_expand(named, NULL);
    }
    char *file = oc_cli_first_file(cli);
    if (!oc_file_exists(file)) {
        free(file);
        file = oc_file_exists(SYSTEM_FILE) ? oc_strdup(SYSTEM_FILE) : NULL;
    }
    return file;
}

char *oc_cli_home(const struct cli *cli)
{
    const char *by_hand = home_by_hand(cli);
    if (by_hand) {
        char *bare = *by_hand == '"' ? unquote(by_hand, strlen(by_hand)) : oc_strdup(by_hand);
        char *home = oc_path_expand(bare, NULL);
        free(bare);
        return home;
    }
    char *file = oc_cli_config_file(cli);
    file = file ? file : oc_cli_first_file(cli); /* conf.d counts without it */
    char *home = home_in_confd(file);
    home = home ? home : home_in_file(file);
    free(file);
    return home ? home : oc_path_expand(USER_HOME, NULL);
}

char *oc_cli_socket(const struct cli *cli)
{
    char *home = oc_cli_home(cli), *socket = oc_path_join(home, "run/openclawd.sock");
    free(home);
    return socket;
}
