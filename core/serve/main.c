/* openclaw-serve: a registry folder over HTTP. SPDX-License-Identifier: MIT
 *
 *   openclaw-serve DIR [--bind ADDRESS] [--port N]
 *
 * Serves the files below DIR/v1, nothing else, and cannot read anything else (Landlock). The first line on stdout is
 * {"url":"http://127.0.0.1:PORT"}; each request adds one {"client","method","path","status","bytes"}. It ends with SIGTERM or SIGINT. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/serve/file.h"
#include "core/sys/stdfd.h"

#define CONNECTIONS 256u
#define TIMEOUT_S   30u

struct request {
    char *method, *path;
    unsigned status;
    uint64_t bytes;
};

static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER;

static void put_line(json_t *line)
{
    char *text = oc_json_text(line);
    pthread_mutex_lock(&out_lock);
    printf("%s\n", text);
    fflush(stdout);
    pthread_mutex_unlock(&out_lock);
    free(text);
    json_decref(line);
}

/* ---- answering ---- */

static enum MHD_Result answer_text(struct MHD_Connection *c, struct request *r, unsigned status,
                                   const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "text/plain");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    }
    r->status = status;
    r->bytes = strlen(text);
    const enum MHD_Result rc = MHD_queue_response(c, status, response);
    MHD_destroy_response(response);
    return rc;
}

static void add_headers(struct MHD_Response *response, const struct oc_served *file)
{
    MHD_add_response_header(response, "Content-Type", file->type);
    MHD_add_response_header(response, "ETag", file->etag);
    MHD_add_response_header(response, "Accept-Ranges", "bytes");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Cache-Control",
                            file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
}

static enum MHD_Result answer_unchanged(struct MHD_Connection *c, struct request *r,
                                        const struct oc_served *file)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    add_headers(response, file);
    close(file->fd);
    r->status = MHD_HTTP_NOT_MODIFIED;
    const enum MHD_Result rc = MHD_queue_response(c, MHD_HTTP_NOT_MODIFIED, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result answer_file(struct MHD_Connection *c, struct request *r,
                                   const struct oc_served *file)
{
    uint64_t first = 0, count = file->size;
    const char *header = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Range");
    const int range = oc_served_range(header, file->size, &first, &count);
    if (range < 0) {
        close(file->fd);
        return answer_text(c, r, MHD_HTTP_RANGE_NOT_SATISFIABLE, "no such range\n");
    }
    struct MHD_Response *response =
        MHD_create_response_from_fd_at_offset64(count, file->fd, first); /* takes the descriptor */
    add_headers(response, file);
    if (range > 0) {
        char text[96];
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first,
                 (unsigned long long)(first + count - 1), (unsigned long long)file->size);
        MHD_add_response_header(response, "Content-Range", text);
    }
    r->status = range > 0 ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK;
    r->bytes = count;
    const enum MHD_Result rc = MHD_queue_response(c, r->status, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    struct oc_served file;
    struct request *r = *state;
    (void)version, (void)upload;
    if (!r) {
        *state = r = oc_calloc(1, sizeof *r);
        r->method = oc_strdup(method);
        r->path = oc_strdup(url);
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        return answer_text(c, r, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    if (!oc_served_open(*(int *)ctx, url, &file)) {
        return answer_text(c, r, MHD_HTTP_NOT_FOUND, "not found\n");
    }
    const char *known = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match");
    return known && (strcmp(known, "*") == 0 || strstr(known, file.etag))
               ? answer_unchanged(c, r, &file)
               : answer_file(c, r, &file);
}

static void on_done(void *ctx, struct MHD_Connection *c, void **state,
                    enum MHD_RequestTerminationCode code)
{
    struct request *r = *state;
    char client[INET6_ADDRSTRLEN] = "";
    (void)ctx, (void)code;
    if (!r) {
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info && info->client_addr->sa_family == AF_INET) {
        const void *in = info->client_addr;
        inet_ntop(AF_INET, &((const struct sockaddr_in *)in)->sin_addr, client, sizeof client);
    } else if (info) {
        const void *in = info->client_addr;
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)in)->sin6_addr, client, sizeof client);
    }
    json_t *line = json_object();
    oc_json_set_str(line, "client", client);
    oc_json_set_str(line, "method", r->method);
    oc_json_set_str(line, "path", r->path);
    oc_json_set_int(line, "status", r->status);
    oc_json_set_int(line, "bytes", strcmp(r->method, "HEAD") == 0 ? 0 : (int64_t)r->bytes);
    put_line(line);
    free(r->method);
    free(r->path);
    free(r);
    *state = NULL;
}

/* ---- starting ---- */

static void confine(int root)
{
    const struct landlock_ruleset_attr attr = {.handled_access_fs =
                                                   (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    const struct landlock_path_beneath_attr beneath = {
        .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
        .parent_fd = root};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (rules >= 0) {
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
        syscall(SYS_landlock_restrict_self, rules, 0);
        close(rules);
    }
}

static bool read_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *in4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &in4->sin_addr) == 1) {
        in4->sin_family = AF_INET;
        in4->sin_port = htons(port);
        return true;
    }
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    return inet_pton(AF_INET6, text, &in6->sin6_addr) == 1;
}

static struct MHD_Daemon *start(const struct sockaddr_storage *address, int *root)
{
    const unsigned v6 = address->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0;
    return MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | v6, 0, NULL, NULL,
                            on_request, root, MHD_OPTION_SOCK_ADDR,
                            (const struct sockaddr *)address, MHD_OPTION_NOTIFY_COMPLETED, on_done,
                            NULL, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
                            MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, MHD_OPTION_END);
}

static int serve(const char *bind, uint16_t port, int root)
{
    struct sockaddr_storage address;
    sigset_t wanted;
    int signum;
    if (!read_address(bind, port, &address)) {
        fprintf(stderr, "openclaw-serve: %s is no address\n", bind);
        return 64;
    }
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    struct MHD_Daemon *daemon = start(&address, &root);
    if (!daemon) {
        fprintf(stderr, "openclaw-serve: cannot listen on %s port %u: %s\n", bind, port,
                strerror(errno));
        return 1;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    const bool v6 = address.ss_family == AF_INET6;
    char *url = oc_asprintf("http://%s%s%s:%u", v6 ? "[" : "", bind, v6 ? "]" : "", info->port);
    put_line(json_pack("{s:s}", "url", url));
    free(url);
    sigwait(&wanted, &signum);
    MHD_stop_daemon(daemon);
    return 0;
}

int main(int argc, char **argv)
{
    oc_stdfd_fill();
    const char *bind = "127.0.0.1";
    long port = 0;
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--bind") == 0) {
            bind = argv[i + 1];
        } else if (strcmp(argv[i], "--port") == 0) {
            port = strtol(argv[i + 1], NULL, 10);
        }
    }
    if (argc < 2 || argc % 2 || port < 0 || port > 65535) {
        fputs("Usage: openclaw-serve DIR [--bind ADDRESS] [--port N]\n"
              "The server of `openclaw registry serve`: use that.\n",
              stderr);
        return 64;
    }
    const int root = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        fprintf(stderr, "openclaw-serve: cannot open %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    confine(root);
    const int status = serve(bind, (uint16_t)port, root);
    fflush(stdout);
    _exit(status); /* what runs at exit (a leak checker) needs rights that are given up */
}
