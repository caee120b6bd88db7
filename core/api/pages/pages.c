/* The dashboard's files, or a word about where they are. SPDX-License-Identifier: MIT
 *
 * A plugin whose manifest says "www": "FOLDER" brings a web application, and it must have come with the host: its scripts act
 * for whoever is signed in. It is one page, whose views stand behind a '#': a path that is no file and looks like a page's goes
 * there, and the application says what is at that place, or that nothing is. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/areas.h"
#include "core/api/pages/site.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

struct pages {
    struct oc_api *api;
    struct oc_site site;
};

static const char no_site[] =
    "<!doctype html><html lang=\"en\"><title>openclaw</title>"
    "<meta name=\"viewport\" content=\"width=device-width\"><h1>openclaw</h1>"
    "<p>The API is here: <a href=\"/api/docs\">/api/docs</a>. The dashboard was not built with "
    "this "
    "host: install Node.js 18 or newer with npm, and run <code>./dev build</code> again.</p>";

/* Browsers ask for it on every page that names no icon of its own. */
static const char icon[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><rect width=\"32\" "
    "height=\"32\" rx=\"7\" fill=\"#1f6f5c\"/><g fill=\"none\" stroke=\"#fff\" "
    "stroke-width=\"3\" stroke-linecap=\"round\"><path d=\"M9 25C5 16 8 9 13 7\"/><path d=\"M16 "
    "25C14 17 16 10 20 7\"/><path d=\"M23 25C23 18 24 12 26 9\"/></g></svg>";

static void get_icon(struct oc_http_request *r, void *ctx)
{
    struct pages *p = ctx;
    if (!oc_site_send(&p->site, r, "/favicon.ico")) {
        oc_http_set(r, "Cache-Control", "public, max-age=86400");
        oc_http_send_const(r, 200, "image/svg+xml", icon);
    }
}

/* Paths of programs are never answered with a page. */
static bool is_page(const struct oc_http_request *r)
{
    const char *path = oc_http_path(r), *accept = oc_http_header(r, "Accept");
    const char *last = strrchr(path, '/');
    return !oc_starts(path, "/api/") && !strchr(last ? last : path, '.') && accept &&
           strstr(accept, "text/html");
}

static void send_login(struct oc_http_request *r)
{
    oc_http_set(r, "Location", "/login");
    oc_http_send_empty(r, 303);
}

/* "/services" to "/#/services". */
static void send_view(struct oc_http_request *r, const char *path)
{
    struct oc_buf to = {0};
    oc_buf_adds(&to, "/#");
    for (; *path; path++) {
        const bool plain = isalnum((unsigned char)*path) || strchr("/-_.~", *path);
        oc_buf_addf(&to, plain ? "%c" : "%%%02X", (unsigned char)*path);
    }
    oc_http_set(r, "Location", to.data);
    oc_http_send_empty(r, 303);
    oc_buf_finish(&to);
}

static void get_page(struct oc_http_request *r, void *ctx)
{
    struct pages *p = ctx;
    const char *path = oc_http_path(r);
    const bool root = strcmp(path, "/") == 0 || strcmp(path, "/index.html") == 0;
    if (!root && oc_site_send(&p->site, r, path)) {
        return;
    }
    if (!root && !is_page(r)) {
        oc_http_send_nothing(r);
    } else if (oc_http_who(r)->kind == OC_IDENTITY_NONE) {
        send_login(r);
    } else if (!root && p->site.dir) {
        send_view(r, path);
    } else if (!oc_site_send(&p->site, r, "/index.html")) {
        oc_http_send_const(r, 200, OC_HTTP_TYPE_HTML, no_site);
    }
}

static const struct oc_route routes[] = {
    {"GET", "/", OC_ROUTE_PUBLIC, 0, get_page, NULL},
    {"GET", "/favicon.ico", OC_ROUTE_PUBLIC, 0, get_icon, NULL},
    {"GET", "/{path...}", OC_ROUTE_PUBLIC, OC_ROUTE_MAYBE, get_page, NULL},
    {0}};

static void *create(struct oc_api *api)
{
    struct pages *p = oc_calloc(1, sizeof *p);
    p->api = api;
    oc_router_add(&api->router, routes, p);
    return p;
}

static void look_at(void *ctx, struct oc_plugin *plugin)
{
    struct pages *p = ctx;
    const struct oc_manifest *m = oc_plugin_manifest(plugin);
    const char *www = m ? oc_json_str(m->json, "www", NULL) : NULL;
    const char *bundled = p->api->env->bundled;
    if (!www || p->site.dir || !bundled || !oc_starts(m->dir, bundled) || strchr(www, '/')) {
        return;
    }
    char *dir = oc_path_join(m->dir, www);
    oc_site_open(&p->site, dir);
    free(dir);
}

static void configure(void *area, struct oc_api *api)
{
    struct pages *p = area;
    oc_site_close(&p->site);
    oc_plugins_each(api->env->plugins, look_at, p);
}

static void destroy(void *area)
{
    struct pages *p = area;
    oc_site_close(&p->site);
    free(p);
}

const struct oc_area oc_area_pages = {
    .name = "pages", .create = create, .configure = configure, .destroy = destroy};
