/* What the end-to-end scripts need beside a shell: JSON, ports, a terminal. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int usage(void)
{
    fputs("tool document FILE true|false\ntool lines FILE\ntool field FILE PATH\ntool port\n"
          "tool listen PORT\ntool tty KEYS COMMAND...\n",
          stderr);
    return 2;
}

/* ---- JSON ---- */

static bool is_document(const json_t *document, const char *problem)
{
    static const char *const members[] = {"schema", "ok", "data", "warnings", "error"};
    bool right = json_object_size(document) == 5;
    for (size_t i = 0; i < 5; i++) {
        right = right && json_object_get(document, members[i]);
    }
    const char *schema = json_string_value(json_object_get(document, "schema"));
    right = right && schema && strcmp(schema, "openclaw/v1") == 0;
    right = right && json_is_array(json_object_get(document, "warnings"));
    right = right && json_is_null(json_object_get(document, "error")) ==
                         json_is_true(json_object_get(document, "ok"));
    if (!right) {
        fprintf(stderr, "not a document of openclaw/v1 %s\n", problem);
    }
    return right;
}

/* json_load_file refuses whatever follows the document: there is exactly one. */
static int check_document(const char *file, bool ok)
{
    json_error_t where;
    json_t *document = json_load_file(file, 0, &where);
    bool right =
        is_document(document, where.text) && json_is_true(json_object_get(document, "ok")) == ok;
    json_decref(document);
    return right ? 0 : 1;
}

static int check_lines(const char *file)
{
    static char line[1u << 20];
    FILE *in = fopen(file, "r");
    int count = 0;
    while (in && fgets(line, sizeof line, in)) {
        json_error_t where;
        json_t *document = json_loads(line, 0, &where);
        bool right = is_document(document, where.text);
        json_decref(document);
        if (!right) {
            fclose(in);
            return 1;
        }
        count++;
    }
    if (in) {
        fclose(in);
    }
    printf("%d\n", count);
    return count > 0 ? 0 : 1;
}

/* "data.checks.0.state" */
static int print_field(const char *file, char *path)
{
    json_t *document = json_load_file(file, 0, NULL);
    const json_t *value = document;
    for (char *step; value && (step = strsep(&path, "."));) {
        value = json_is_array(value) ? json_array_get(value, strtoul(step, NULL, 10))
                                     : json_object_get(value, step);
    }
    if (json_is_string(value)) {
        puts(json_string_value(value));
    } else if (value) {
        json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
        putchar('\n');
    }
    int rc = value ? 0 : 1;
    json_decref(document);
    return rc;
}

/* ---- ports ---- */

static int bound(int port, struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    socklen_t len = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_port = htons((unsigned short)port),
                                    .sin_addr = {htonl(INADDR_LOOPBACK)}};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)address, sizeof *address) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &len) != 0) {
        perror("bind");
        exit(1);
    }
    return fd;
}

static int print_port(void)
{
    struct sockaddr_in address;
    close(bound(0, &address));
    printf("%d\n", ntohs(address.sin_port));
    return 0;
}

static int serve(int port)
{
    struct sockaddr_in address;
    int fd = bound(port, &address);
    if (listen(fd, 64) != 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        int peer = accept(fd, NULL, NULL);
        if (peer >= 0) {
            close(peer);
        }
    }
}

/* ---- a terminal ---- */

/* Runs a command on a terminal of 80 columns, types KEYS, and copies what the terminal shows. */
static int run_on_terminal(const char *keys, char **command)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    char chunk[4096];
    int terminal, status = 0;
    pid_t pid = forkpty(&terminal, NULL, NULL, &size);
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    size_t len = strlen(keys);
    if (pid < 0 || write(terminal, keys, len) != (ssize_t)len) {
        return 1;
    }
    for (ssize_t n; (n = read(terminal, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR);) {
        fwrite(chunk, 1, n > 0 ? (size_t)n : 0, stdout);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "document") == 0 && argc == 4) {
        return check_document(argv[2], strcmp(argv[3], "true") == 0);
    }
    if (strcmp(what, "lines") == 0 && argc == 3) {
        return check_lines(argv[2]);
    }
    if (strcmp(what, "field") == 0 && argc == 4) {
        return print_field(argv[2], argv[3]);
    }
    if (strcmp(what, "port") == 0) {
        return print_port();
    }
    if (strcmp(what, "listen") == 0 && argc == 3) {
        return serve((int)strtol(argv[2], NULL, 10));
    }
    if (strcmp(what, "tty") == 0 && argc > 3) {
        return run_on_terminal(argv[2], argv + 3);
    }
    return usage();
}
