/* The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
 *
 * A channel for alerts. As it stands it appends a line to a file. The host routes, groups, limits and tries again. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openclaw/emit.h>

#define LINE_MAX_LEN 2048

struct channel {
    const char *path; /* option */
};

static const struct oc_option options[] = {
    {.name = "path",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct channel, path),
     .help = "the file that gets a line for each alert"},
    {0},
};

/* The parameters as an object; NULL and `err` when they are none. */
static json_t *read_params(const struct oc_request *req, struct oc_error *err)
{
    json_t *params = json_loadb(req->params.ptr ? req->params.ptr : "", req->params.len, 0, NULL);
    if (!json_is_object(params)) {
        json_decref(params);
        oc_fail(err, OC_E_CONFIG, "the parameters have to be a JSON object");
        return NULL;
    }
    return params;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* A receiver that is away is OC_E_RETRY: the host tries again. What somebody has to put right is CONFIG or DENIED, and what
 * will fail again in the same way OC_E_PERMANENT. */
static int32_t fail(struct oc_error *err, const char *what, const char *path, int problem)
{
    int32_t code = OC_E_RETRY;
    if (problem == ENOENT || problem == ENOTDIR) {
        code = OC_E_CONFIG;
    } else if (problem == EACCES || problem == EPERM || problem == EROFS) {
        code = OC_E_DENIED;
    }
    return oc_fail(err, code, "cannot %s %s: %s", what, path, strerror(problem));
}

/* One write as a rule, so that lines never mix. A disk that is nearly full takes a part first; why it takes no more is said
 * by the next write. */
static int write_all(int fd, const char *data, size_t len, size_t *written)
{
    while (*written < len) {
        const ssize_t n = write(fd, data + *written, len - *written);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        *written += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Half a line would be glued to the next try. Of a pipe nothing can be taken back, and what others have written behind it is
 * left alone. */
static int take_back(int fd, const struct stat *before, size_t written)
{
    struct stat now;
    if (!S_ISREG(before->st_mode) || fstat(fd, &now) != 0 ||
        now.st_size != before->st_size + (off_t)written) {
        return 0;
    }
    return ftruncate(fd, before->st_size);
}

static int32_t append(const char *path, const char *line, struct oc_error *err)
{
    struct stat before;
    size_t written = 0;
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
    if (fd < 0) {
        return fail(err, "open", path, errno);
    }
    int32_t rc = OC_OK;
    if (fstat(fd, &before) != 0) {
        rc = fail(err, "look at", path, errno);
    } else if (write_all(fd, line, strlen(line), &written) != 0) {
        rc = fail(err, "write to", path, errno);
        if (take_back(fd, &before, written) != 0) {
            rc = fail(err, "take back half a line of", path, errno);
        }
    }
    close(fd);
    return rc;
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    static const char answer[] = "{\"answer\":\"written\"}";
    const struct channel *c = self;
    char line[LINE_MAX_LEN];
    json_t *params = read_params(req, err);
    if (!params) {
        return err->code;
    }
    const json_t *alert = json_object_get(params, "alert");
    snprintf(line, sizeof line - 1, "%s %s %s: %s", text_of(params, "event"),
             text_of(alert, "severity"), text_of(alert, "title"), text_of(alert, "message"));
    for (char *ch = line; *ch; ch++) {
        *ch = *ch == '\n' || *ch == '\r' ? ' ' : *ch; /* nobody forges a second line */
    }
    memcpy(line + strlen(line), "\n", 2); /* there is room for it */
    json_decref(params);
    const int32_t rc = append(c->path, line, err);
    return rc == OC_OK ? oc_emit_text(out, OC_RECORD_JSON, answer, strlen(answer)) : rc;
}

static const struct oc_method methods[] = {{"alert.send/1", send_alert}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct channel),
    .options = options,
    .methods = methods,
};
