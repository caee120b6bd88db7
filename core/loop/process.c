/* Child processes over libuv. SPDX-License-Identifier: MIT */
#include "core/loop/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define READ_SIZE (64u << 10)
#define LINGER    5000 /* ms */

struct oc_process {
    struct oc_process_options options; /* the callbacks; NULL once it is forgotten */
    uv_process_t child;
    uv_pipe_t in, out, err;
    uv_write_t write;
    struct oc_loop *loop;
    struct oc_timer
        *linger; /* from the end of the child on: whoever that began may hold its output for ever */
    char *input;
    struct oc_buf line, errors;
    char piece[READ_SIZE];
    int status;
    unsigned open; /* handles that are not closed yet */
    bool exited, lingered;
};

static void end(struct oc_process *p)
{
    if (p->open > 0) {
        return;
    }
    if (p->options.on_exit) {
        p->options.on_exit(p->options.ctx, p->status, p->errors.data ? p->errors.data : "");
    }
    oc_timer_destroy(p->linger);
    oc_buf_finish(&p->line);
    oc_buf_finish(&p->errors);
    free(p->input);
    free(p);
}

static void on_closed(uv_handle_t *handle)
{
    struct oc_process *p = handle->data;
    p->open--;
    end(p);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_closed);
    }
}

static void tell_line(struct oc_process *p, const char *line, size_t len)
{
    if (p->options.on_line) {
        p->options.on_line(p->options.ctx, line, len);
    }
}

static void end_output(struct oc_process *p)
{
    if (!uv_is_closing((uv_handle_t *)&p->out) && p->line.len > 0) {
        tell_line(p, p->line.data, p->line.len);
    }
    close_handle((uv_handle_t *)&p->out);
}

static void on_linger(void *ctx)
{
    struct oc_process *p = ctx;
    if (!p->lingered) { /* what the child wrote is read first, however long the loop was held up */
        p->lingered = true;
        oc_timer_start(p->linger, 0, 0);
        return;
    }
    end_output(p);
    close_handle((uv_handle_t *)&p->err);
}

static void on_exit_status(uv_process_t *child, int64_t status, int signum)
{
    struct oc_process *p = child->data;
    p->status = signum ? 128 + signum : (int)status;
    p->exited = true;
    p->linger = oc_timer_create(p->loop, on_linger, p);
    oc_timer_start(p->linger, LINGER, 0);
    close_handle((uv_handle_t *)child);
    close_handle((uv_handle_t *)&p->in);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct oc_process *p = handle->data;
    (void)size;
    *buf = uv_buf_init(p->piece, READ_SIZE);
}

static void take_output(struct oc_process *p, const char *data, size_t len)
{
    const char *newline;
    while ((newline = memchr(data, '\n', len))) {
        const size_t part = (size_t)(newline - data);
        oc_buf_add(&p->line, data, part);
        tell_line(p, p->line.data ? p->line.data : "", p->line.len);
        oc_buf_clear(&p->line);
        data += part + 1;
        len -= part + 1;
    }
    oc_buf_add(&p->line, data, len);
    if (p->line.len > OC_PROCESS_LINE) {
        oc_buf_finish(&p->line);
        oc_process_kill(p, SIGKILL);
    }
}

static void on_read_out(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct oc_process *p = stream->data;
    if (n > 0) {
        take_output(p, buf->base, (size_t)n);
    } else if (n < 0) {
        end_output(p);
    }
}

static void on_read_err(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct oc_process *p = stream->data;
    if (n > 0 && p->errors.len < OC_PROCESS_STDERR) {
        const size_t room = OC_PROCESS_STDERR - p->errors.len;
        oc_buf_add(&p->errors, buf->base, (size_t)n < room ? (size_t)n : room);
    } else if (n < 0) {
        close_handle((uv_handle_t *)stream);
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct oc_process *p = write->data;
    (void)status; /* a child that does not read says so by its exit status */
    close_handle((uv_handle_t *)&p->in);
}

static void init_handles(struct oc_process *p, uv_loop_t *uv)
{
    uv_pipe_init(uv, &p->in, 0);
    uv_pipe_init(uv, &p->out, 0);
    uv_pipe_init(uv, &p->err, 0);
    p->in.data = p->out.data = p->err.data = p->child.data = p;
    p->open = 4;
}

static int spawn(struct oc_process *p, uv_loop_t *uv, const struct oc_process_options *o)
{
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&p->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->out},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->err}};
    uv_process_options_t options = {.exit_cb = on_exit_status,
                                    .file = o->file,
                                    .args = (char **)(uintptr_t)o->argv,
                                    .env = (char **)(uintptr_t)o->env,
                                    .cwd = o->cwd,
                                    .stdio = stdio,
                                    .stdio_count = 3};
    return uv_spawn(uv, &p->child, &options);
}

static void send_input(struct oc_process *p)
{
    const uv_buf_t buf = uv_buf_init(p->input, (unsigned)strlen(p->input));
    p->write.data = p;
    if (buf.len == 0 || uv_write(&p->write, (uv_stream_t *)&p->in, &buf, 1, on_written) != 0) {
        close_handle((uv_handle_t *)&p->in);
    }
}

struct oc_process *oc_process_start(struct oc_loop *loop, const struct oc_process_options *options,
                                    struct oc_error *err)
{
    struct oc_process *p = oc_calloc(1, sizeof *p);
    p->loop = loop;
    init_handles(p, oc_loop_uv(loop));
    const int rc = spawn(p, oc_loop_uv(loop), options);
    if (rc != 0) {
        oc_error_set(err, OC_E_PERMANENT, "cannot start %s: %s", options->file, uv_strerror(rc));
        oc_process_forget(p);
        return NULL;
    }
    p->options = *options;
    p->input = oc_strdup(options->input ? options->input : "");
    uv_read_start((uv_stream_t *)&p->out, on_alloc, on_read_out);
    uv_read_start((uv_stream_t *)&p->err, on_alloc, on_read_err);
    send_input(p);
    return p;
}

void oc_process_kill(struct oc_process *p, int signum)
{
    if (!p->exited) {
        uv_process_kill(&p->child, signum);
    }
}

void oc_process_forget(struct oc_process *p)
{
    if (!p) {
        return;
    }
    p->options.on_line = NULL;
    p->options.on_exit = NULL;
    if (p->child.pid > 0 && !p->exited) {
        uv_process_kill(&p->child, SIGKILL); /* its exit closes the rest */
    } else {
        close_handle((uv_handle_t *)&p->child);
        close_handle((uv_handle_t *)&p->in);
    }
    close_handle((uv_handle_t *)&p->out);
    close_handle((uv_handle_t *)&p->err);
}
