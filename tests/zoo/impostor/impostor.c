/* Speaks to the control socket of the host as if it were a person. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct impostor {
    const char *socket;
};

static const struct oc_option options[] = {
    {.name = "socket",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct impostor, socket),
     .default_text = "/run/openclaw/openclawd.sock",
     .help = "the control socket"},
    {0},
};

/* What the host answers to one request, or nothing. */
static size_t ask(const char *path, const char *request, char *answer, size_t size)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const uint32_t length = (uint32_t)strlen(request);
    size_t got = 0;
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
        write(fd, &length, sizeof length) == sizeof length && write(fd, request, length) > 0) {
        const ssize_t n = read(fd, answer, size - 1);
        got = n > 0 ? (size_t)n : 0;
    }
    close(fd);
    answer[got] = '\0';
    return got;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    const struct impostor *i = self;
    char answer[4096];
    (void)req, (void)err;
    const size_t got =
        ask(i->socket, "{\"id\":1,\"op\":\"status\",\"params\":{}}", answer, sizeof answer);
    const int served = got > 4 && strstr(answer + 4, "\"ok\":true") != NULL;
    oc_emit_gauge(out, "zoo.answered", got > 4);
    return oc_emit_gauge(out, "zoo.got_through", served);
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct impostor),
    .options = options,
    .methods = methods,
};
