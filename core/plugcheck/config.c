/* Plausible and odd configurations from an option table. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/config/bind.h"
#include "core/plugcheck/plugcheck.h"

#define ODD_TEXT_LEN 70000

struct maker {
    size_t stride;
    int port;
    const char *dir;
};

static json_t *make_group(const struct maker *m, const struct oc_option *table, bool all);

static json_t *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static json_t *text(const char *fmt, ...)
{
    char buf[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    return json_string(buf);
}

/* Where the port begins in a default such as "redis://127.0.0.1:6379/0"; NULL when it is none. */
static const char *port_of_default(const struct oc_option *o)
{
    static const char *const hosts[] = {"127.0.0.1:", "localhost:"};
    for (size_t i = 0; i < OC_COUNT(hosts); i++) {
        const char *at = o->default_text ? strstr(o->default_text, hosts[i]) : NULL;
        if (at) {
            return at + strlen(hosts[i]);
        }
    }
    return NULL;
}

static json_t *make_string(const struct maker *m, const struct oc_option *o)
{
    const char *port = port_of_default(o);
    if (port) {
        return text("%.*s%d%s", (int)(port - o->default_text), o->default_text, m->port,
                    port + strspn(port, "0123456789"));
    }
    if (strcmp(o->name, "from") == 0 || strcmp(o->name, "to") == 0) {
        return text("nobody@example.org");
    }
    const bool address = strstr(o->name, "address") || strstr(o->name, "listen");
    if (address) {
        return text("127.0.0.1:%d", m->port);
    }
    if (strcmp(o->name, "url") == 0 || strcmp(o->name, "server") == 0) {
        return text("http://127.0.0.1:%d/", m->port);
    }
    return text("%s", strstr(o->name, "host") ? "127.0.0.1" : "x");
}

static json_t *make_url(const struct maker *m, const struct oc_option *o)
{
    if (port_of_default(o)) {
        return make_string(m, o);
    }
    const char *schemes = o->choices ? o->choices : "http";
    if (strncmp(schemes, "unix", 4) == 0 || strncmp(schemes, "file", 4) == 0) {
        return text("%.*s://%s/x", 4, schemes, m->dir);
    }
    return text("%.*s://127.0.0.1:%d/x", (int)strcspn(schemes, "|"), schemes, m->port);
}

static json_t *make_value(const struct maker *m, const struct oc_option *o)
{
    switch (o->type) {
    case OC_OPT_BOOL:
        return json_false();
    case OC_OPT_INT:
        return json_integer(strcmp(o->name, "port") == 0 ? m->port : (json_int_t)fmax(o->min, 1));
    case OC_OPT_FLOAT:
        return json_real(fmax(o->min, 1));
    case OC_OPT_DURATION:
        return text("%.0fms", fmax(o->min, 1000));
    case OC_OPT_SIZE:
        return json_integer((json_int_t)fmax(o->min, 1));
    case OC_OPT_ENUM:
        return text("%.*s", (int)strcspn(o->choices, "|"), o->choices);
    case OC_OPT_PATH:
        return text("%s/file", m->dir);
    case OC_OPT_URL:
        return make_url(m, o);
    case OC_OPT_STRINGS:
        return json_pack("[o]", make_string(m, o));
    case OC_OPT_INTS:
        return json_pack("[i]", 1);
    case OC_OPT_MAP:
        return json_pack("{s:s}", "k", "v");
    case OC_OPT_GROUP:
        return make_group(m, o->options, false);
    case OC_OPT_GROUPS:
        return json_pack("[o]", make_group(m, o->options, false));
    default:
        return make_string(m, o);
    }
}

/* A value leads somewhere: without it a collector would go to a real server, or nowhere. */
static bool is_wanted(const struct oc_option *o)
{
    static const char *const names[] = {"host", "port", "url", "address", "server", "socket"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        if (strcmp(o->name, names[i]) == 0) {
            return true;
        }
    }
    return port_of_default(o) || (o->flags & OC_OPT_REQUIRED) || o->type == OC_OPT_URL ||
           o->type == OC_OPT_GROUPS;
}

static json_t *make_group(const struct maker *m, const struct oc_option *table, bool all)
{
    json_t *group = json_object();
    for (size_t i = 0; table && oc_option_at(table, m->stride, i)->name; i++) {
        const struct oc_option *o = oc_option_at(table, m->stride, i);
        if (all || is_wanted(o)) {
            json_object_set_new(group, o->name, make_value(m, o));
        }
    }
    return group;
}

json_t *config_plausible(const struct oc_plugin_entry *entry, int port, const char *dir)
{
    const struct maker m = {entry->option_size, port, dir};
    return make_group(&m, entry->options, false);
}

static json_t *long_text(void)
{
    char *s = oc_alloc(ODD_TEXT_LEN + 1);
    memset(s, 'a', ODD_TEXT_LEN);
    s[ODD_TEXT_LEN] = '\0';
    json_t *value = json_string(s);
    free(s);
    return value;
}

static json_t *odd_value(size_t way)
{
    switch (way) {
    case 0:
        return json_string("");
    case 1:
        return json_string("\x01\x7f\n ../../..\xc3\xa9%s%n");
    case 2:
        return long_text();
    case 3:
        return json_integer(INT64_MAX);
    case 4:
        return json_integer(INT64_MIN);
    case 5:
        return json_real(-1e300);
    case 6:
        return json_array();
    case 7:
        return json_object();
    case 8:
        return json_pack("[[]]");
    case 9:
        return json_true();
    case 10:
        return json_string("http://[::1");
    case 11:
        return json_null();
    default:
        return NULL;
    }
}

json_t *config_odd(const struct oc_plugin_entry *entry, int port, const char *dir, size_t n,
                   size_t way)
{
    size_t i = 0;
    while (entry->options && i < n && oc_option_at(entry->options, entry->option_size, i)->name) {
        i++;
    }
    if (!entry->options || !oc_option_at(entry->options, entry->option_size, i)->name) {
        return NULL;
    }
    json_t *value = odd_value(way);
    if (!value) {
        return NULL;
    }
    json_t *config = config_plausible(entry, port, dir);
    json_object_set_new(config, oc_option_at(entry->options, entry->option_size, n)->name, value);
    return config;
}

static const char *without_help(const struct oc_option *table, size_t stride)
{
    for (size_t i = 0; table && oc_option_at(table, stride, i)->name; i++) {
        const struct oc_option *o = oc_option_at(table, stride, i);
        const char *nested = without_help(o->options, stride);
        const size_t len = o->help ? strlen(o->help) : 0;
        if (nested || len == 0 || o->help[len - 1] == '.') {
            return nested ? nested : o->name;
        }
    }
    return NULL;
}

const char *config_without_help(const struct oc_plugin_entry *entry)
{
    return without_help(entry->options, entry->option_size);
}
