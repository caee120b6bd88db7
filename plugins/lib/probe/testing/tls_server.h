/* A real TLS server (openssl s_server) with a CA of its own, for the tests of network plugins.
 * SPDX-License-Identifier: MIT
 *
 * Header-only; finds `openssl` at run time. Everything is in a private folder that tls_server_stop
 * removes. */
#ifndef OC_PROBE_TESTING_TLS_SERVER_H
#define OC_PROBE_TESTING_TLS_SERVER_H

#include "probe/testing/peer.h"

#include <fcntl.h>
#include <stdbool.h>

struct tls_server {
    char dir[64];
    char ca[96]; /* the CA's certificate */
    int port;
    pid_t pid;
};

static inline int tls_shell(const struct tls_server *s, const char *commands)
{
    pid_t pid = fork();
    int status = 1;
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        if (chdir(s->dir) == 0) {
            execl("/bin/sh", "sh", "-ec", commands, (char *)NULL);
        }
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return status;
}

static inline void tls_wait(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 200; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int code = connect(fd, (struct sockaddr *)&addr, sizeof addr);
        close(fd);
        if (code == 0) {
            return;
        }
        usleep(25000);
    }
}

/* A certificate for `name` (a DNS name) and 127.0.0.1 that ends in `days`, and a server with it
 * that answers every request with 200. `client` = it wants a client certificate (client.pem in the
 * folder). False: no openssl here. */
static inline bool tls_server_start(struct tls_server *s, const char *name, int days, bool client)
{
    char commands[2048], port[16];
    memset(s, 0, sizeof *s);
    snprintf(s->dir, sizeof s->dir, "/tmp/oc-tls-XXXXXX");
    if (!mkdtemp(s->dir)) {
        return false;
    }
    snprintf(s->ca, sizeof s->ca, "%s/ca.pem", s->dir);
    snprintf(commands, sizeof commands,
             "K='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'\n"
             "openssl req -x509 $K -keyout ca.key -out ca.pem -subj /CN=test-ca -days 30\n"
             "openssl req $K -keyout server.key -out server.csr -subj /CN=%s\n"
             "echo 'subjectAltName=DNS:%s,IP:127.0.0.1' > ext\n"
             "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out "
             "server.pem -days %d "
             "-extfile ext\n"
             "openssl req $K -keyout client.key -out client.csr -subj /CN=client\n"
             "openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out "
             "client.pem -days 30\n"
             "cat client.key >> client.pem\n",
             name, name, days);
    if (tls_shell(s, commands) != 0) {
        return false;
    }
    s->port = peer_dead_port();
    snprintf(port, sizeof port, "127.0.0.1:%d", s->port);
    s->pid = fork();
    if (s->pid == 0) {
        int null = open("/dev/null", O_RDWR);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        if (chdir(s->dir) == 0) {
            execlp("openssl", "openssl", "s_server", "-accept", port, "-cert", "server.pem", "-key",
                   "server.key", "-www", "-quiet", client ? "-Verify" : (char *)NULL, "1",
                   "-verify_return_error", "-CAfile", "ca.pem", (char *)NULL);
        }
        _exit(127);
    }
    tls_wait(s->port);
    return true;
}

static inline void tls_server_stop(struct tls_server *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    tls_shell(s, "rm -f ca.* server.* client.* ext; rmdir \"$PWD\"");
}

#endif
