/* The grammar of one permission: category, action, resource. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/manifest/rights.h"

#define PORTS_MAX                                                                                  \
    4096u /* a range costs the kernel a rule for each port; what is wider is written "*" */

/* Fills `right` from the resource, whose bytes are in right->text already. */
typedef int (*resource_fn)(struct oc_right *right, const char *resource, struct oc_error *err);

static int bad(struct oc_error *err, const char *resource, const char *what, const char *hint)
{
    oc_error_set(err, OC_E_CONFIG, "\"%s\" is not %s", resource, what);
    oc_error_hint(err, "%s", hint);
    return OC_E_CONFIG;
}

/* ---- files ---- */

static bool path_normal(const char *path)
{
    return !strstr(path, "//") && !strstr(path, "/./") && !strstr(path, "/../") &&
           !oc_ends(path, "/.") && !oc_ends(path, "/..") && !strchr(path, '?');
}

static const char *after_variable(const char *path)
{
    static const char *const names[] = {"{plugin}", "{state}", "{tmp}"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        size_t len = strlen(names[i]);
        if (strncmp(path, names[i], len) == 0 && (path[len] == '/' || !path[len])) {
            return path + len;
        }
    }
    return NULL;
}

/* Only the last part of a path that is written below may be a star: a rule on a folder is what the kernel has. */
static bool whole_folder_or_literal(const char *path)
{
    const char *star = strchr(path, '*');
    return !star || (!star[1] && (star == path || star[-1] == '/'));
}

static int path_resource(struct oc_right *right, const char *path, struct oc_error *err)
{
    if (strcmp(path, "*") == 0) {
        return OC_OK;
    }
    if ((*path != '/' && !after_variable(path)) || !path_normal(path)) {
        return bad(err, path, "an absolute path",
                   "Write /a/path, /a/folder/*, or begin with {plugin}, {state} or {tmp}; a path "
                   "holds no \"..\", \"//\" or \"?\".");
    }
    if (right->kind != OC_RIGHT_FILE_READ && !whole_folder_or_literal(path)) {
        return bad(err, path, "a file or a whole folder",
                   "Only filesystem:read takes a star inside a name; write the folder as "
                   "/a/folder/*.");
    }
    return OC_OK;
}

/* ---- network ---- */

static bool parse_port(const char *text, size_t len, uint16_t *port)
{
    unsigned value = 0;
    if (len == 0 || len > 5) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i])) {
            return false;
        }
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

static bool parse_ports(struct oc_right *right, const char *text)
{
    const char *dash = strchr(text, '-');
    if (strcmp(text, "*") == 0) {
        right->lo = 0;
        right->hi = UINT16_MAX;
        return true;
    }
    if (!dash) {
        bool ok = parse_port(text, strlen(text), &right->lo);
        right->hi = right->lo;
        return ok && (right->lo > 0 || right->kind == OC_RIGHT_NET_LISTEN);
    }
    return parse_port(text, (size_t)(dash - text), &right->lo) &&
           parse_port(dash + 1, strlen(dash + 1), &right->hi) && right->lo > 0 &&
           right->lo <= right->hi && (unsigned)(right->hi - right->lo) < PORTS_MAX;
}

static bool host_valid(const char *host, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)host[i]) && !strchr(".-_*:[]", host[i])) {
            return false;
        }
    }
    return len > 0 && len < 254;
}

/* Where the port begins in "host:port", "[::1]:port" or "port"; NULL when there is no host. */
static const char *port_colon(const char *resource)
{
    const char *from = *resource == '[' ? strchr(resource, ']') : resource;
    return from ? strchr(from, ':') : NULL;
}

static int take_host(struct oc_right *right, const char *host, size_t len, struct oc_error *err)
{
    if (!host_valid(host, len) || (*host == '[') != (host[len - 1] == ']')) {
        return bad(err, host, "a host", "Write a name, *.a.domain, an address, [::1], or *.");
    }
    if (len == 1 && *host == '*') {
        return OC_OK;
    }
    right->host = oc_strndup(host, len);
    return OC_OK;
}

static int endpoint_resource(struct oc_right *right, const char *resource, struct oc_error *err)
{
    const char *colon = port_colon(resource);
    if (!parse_ports(right, colon ? colon + 1 : resource)) {
        return bad(err, resource, "a port",
                   "Write a port (5432), a range of at most 4096 (8001-8011), * for all, or "
                   "host:port.");
    }
    return colon ? take_host(right, resource, (size_t)(colon - resource), err) : OC_OK;
}

static int listen_resource(struct oc_right *right, const char *resource, struct oc_error *err)
{
    if (!parse_ports(right, resource)) {
        return bad(err, resource, "a port",
                   "Write a port, a range of at most 4096, * for all, or 0 for one that the kernel "
                   "picks.");
    }
    return OC_OK;
}

static int url_host_resource(struct oc_right *right, const char *resource, struct oc_error *err)
{
    const char *colon = port_colon(resource);
    right->lo = right->hi = oc_starts(right->text, "network:https:") ? 443 : 80;
    if (colon && !parse_ports(right, colon + 1)) {
        return bad(err, colon + 1, "a port", "Write host, host:port, or * for any host.");
    }
    return take_host(right, resource, colon ? (size_t)(colon - resource) : strlen(resource), err);
}

static int socket_resource(struct oc_right *right, const char *resource, struct oc_error *err)
{
    (void)right;
    if (strcmp(resource, "*") != 0 &&
        ((*resource != '/' && *resource != '@') || !path_normal(resource))) {
        return bad(err, resource, "a socket",
                   "Write the absolute path of a socket, @name for an abstract one, or *.");
    }
    return OC_OK;
}

/* ---- names ---- */

static bool all_of(const char *text, const char *also)
{
    for (const char *p = text; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr(also, *p)) {
            return false;
        }
    }
    return *text != '\0';
}

static int program_resource(struct oc_right *right, const char *resource, struct oc_error *err)
{
    (void)right;
    bool path = *resource == '/' || after_variable(resource);
    if (strcmp(resource, "*") == 0 ||
        (path && path_normal(resource) && whole_folder_or_literal(resource)) ||
        (all_of(resource, "._+-") && *resource != '.')) {
        return OC_OK;
    }
    return bad(err, resource, "a program",
               "Write a name that is looked up in PATH (kubectl), an absolute path, a folder as "
               "/a/folder/*, or * for any.");
}

static int variable_resource(struct oc_right *right, const char *resource, struct oc_error *err)
{
    if (!all_of(resource, right->kind == OC_RIGHT_ENV ? "_*?" : "_.-")) {
        return bad(err, resource, "a name",
                   "Write the name of the variable or secret, such as SLACK_URL; "
                   "environment:read takes a pattern too.");
    }
    return OC_OK;
}

static int op_resource(struct oc_right *right, const char *resource, struct oc_error *err)
{
    (void)right;
    return all_of(resource, "_.*?-") ? OC_OK
                                     : bad(err, resource, "an operation",
                                           "Write its name, such as alert.list, or a pattern.");
}

static int stderr_resource(struct oc_right *right, const char *resource, struct oc_error *err)
{
    (void)right;
    return strcmp(resource, "stderr") == 0
               ? OC_OK
               : bad(err, resource, "stderr", "Write terminal:write:stderr.");
}

static int no_resource(struct oc_right *right, const char *resource, struct oc_error *err)
{
    (void)right;
    return !*resource || strcmp(resource, "*") == 0
               ? OC_OK
               : bad(err, resource, "expected here", "This permission takes no resource.");
}

/* ---- the table ---- */

static const struct permission {
    const char *head; /* category and action */
    enum oc_right_kind kind;
    resource_fn resource;
    const char *canonical; /* what it is another word for, or NULL */
} permissions[] = {
    {"filesystem:read", OC_RIGHT_FILE_READ, path_resource, NULL},
    {"filesystem:write", OC_RIGHT_FILE_WRITE, path_resource, NULL},
    {"filesystem:execute", OC_RIGHT_FILE_EXECUTE, path_resource, NULL},
    {"network:tcp", OC_RIGHT_NET_TCP, endpoint_resource, NULL},
    {"network:udp", OC_RIGHT_NET_UDP, endpoint_resource, NULL},
    {"network:http", OC_RIGHT_NET_HTTP, url_host_resource, NULL},
    {"network:https", OC_RIGHT_NET_HTTP, url_host_resource, NULL},
    {"network:listen", OC_RIGHT_NET_LISTEN, listen_resource, NULL},
    {"network:unix", OC_RIGHT_NET_UNIX, socket_resource, NULL},
    {"network:dns", OC_RIGHT_NET_DNS, no_resource, "network:dns"},
    {"process:spawn", OC_RIGHT_SPAWN, program_resource, NULL},
    {"process:signal", OC_RIGHT_SIGNAL, no_resource, "process:signal"},
    {"process:kill", OC_RIGHT_SIGNAL, no_resource, "process:signal"},
    {"environment:read", OC_RIGHT_ENV, variable_resource, NULL},
    {"secret:read", OC_RIGHT_SECRET, variable_resource, NULL},
    {"op:call", OC_RIGHT_OP, op_resource, NULL},
    {"terminal:write", OC_RIGHT_TERMINAL, stderr_resource, NULL},
};

/* Categories that older manifests use for what has no meaning of its own here. */
static const struct {
    const char *head, *hint;
} foreign[] = {
    {"database:",
     "Name how the server is reached, network:tcp:5432 or network:unix:*, or ask for the "
     "host's own store with op:call:kv.get."},
    {"agent:", "Agents are reached through operations: ask for op:call: and their names."},
    {"gateway:", "The gateway is reached over its port, network:tcp:18789, or through op:call."},
    {"environment:write", "A plugin cannot change the environment of the host; leave it out."},
};

static int unknown(const char *text, struct oc_error *err)
{
    for (size_t i = 0; i < OC_COUNT(foreign); i++) {
        if (oc_starts(text, foreign[i].head)) {
            oc_error_set(err, OC_E_UNSUPPORTED, "permission \"%s\" has no meaning on this host",
                         text);
            oc_error_hint(err, "%s", foreign[i].hint);
            return OC_E_UNSUPPORTED;
        }
    }
    const char *heads[OC_COUNT(permissions)];
    for (size_t i = 0; i < OC_COUNT(permissions); i++) {
        heads[i] = permissions[i].head;
    }
    const char *colon = strchr(text, ':');
    size_t len = strlen(text);
    if (colon && strchr(colon + 1, ':')) {
        len = (size_t)(strchr(colon + 1, ':') - text);
    }
    char *head = oc_strndup(text, len);
    const char *near = oc_nearest(head, heads, OC_COUNT(heads));
    oc_error_set(err, OC_E_CONFIG, "permission \"%s\" is not known", text);
    if (near) {
        oc_error_hint(err, "Did you mean %s?", near);
    } else {
        oc_error_hint(err, "A permission is category:action:resource, such as network:tcp:5432.");
    }
    free(head);
    return OC_E_CONFIG;
}

static const struct permission *find_permission(const char *text, const char **resource)
{
    for (size_t i = 0; i < OC_COUNT(permissions); i++) {
        size_t len = strlen(permissions[i].head);
        if (strncmp(text, permissions[i].head, len) == 0 && (text[len] == ':' || !text[len])) {
            *resource = text[len] ? text + len + 1 : text + len;
            return &permissions[i];
        }
    }
    return NULL;
}

static bool printable(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= OC_RIGHT_TEXT_MAX && oc_utf8_printable(text, len, false);
}

/* "/a/" is "/a" and "/a/ **" without the space is "/a/ *": one text for one right. */
static char *canonical(const struct permission *p, const char *text)
{
    char *copy = oc_strdup(p->canonical ? p->canonical : text), *to = copy;
    for (const char *from = copy; *from; from++) {
        if (!(from[0] == '*' && from[1] == '*')) {
            *to++ = *from;
        }
    }
    if (p->resource == path_resource && to - copy > 2 && to[-1] == '/' && to[-2] != ':') {
        to--;
    }
    *to = '\0';
    return copy;
}

int oc_right_parse(const char *text, struct oc_right *right, struct oc_error *err)
{
    const char *resource;
    *right = (struct oc_right){0};
    if (!printable(text)) {
        return oc_error_set(err, OC_E_CONFIG,
                            "a permission is 1 to %u bytes of text without control characters",
                            OC_RIGHT_TEXT_MAX);
    }
    const struct permission *p = find_permission(text, &resource);
    if (!p) {
        return unknown(text, err);
    }
    if (!*resource && p->resource != no_resource) {
        oc_error_set(err, OC_E_CONFIG, "permission \"%s\" names no resource", text);
        oc_error_hint(err, "Write %s: and what it is for.", p->head);
        return OC_E_CONFIG;
    }
    right->kind = p->kind;
    right->text = canonical(p, text);
    if (!find_permission(right->text, &right->what)) {
        right->what = "";
    }
    const char *checked = p->canonical ? resource : right->what;
    int code = p->resource(right, checked, err);
    if (code != OC_OK) {
        oc_error_prefix(err, "permission \"%s\"", text);
        oc_right_finish(right);
    }
    return code;
}

void oc_right_finish(struct oc_right *right)
{
    free(right->text);
    free(right->host);
    *right = (struct oc_right){0};
}
