/* What a daemon of one operation hands to the running one: what that answers is heard. SPDX-License-Identifier: MIT */
#include "tests/unit/service/audit/ledger_world.h"

#include <endian.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- the running daemon: so many requests, each with the same answer ---- */

static struct {
    int listener;
    const char *answer; /* NULL: it goes without one */
    size_t asked, longest;
    pthread_t thread;
} peer;

static void read_all(int fd, void *data, size_t len)
{
    size_t at = 0;
    while (at < len) {
        const ssize_t n = read(fd, (char *)data + at, len - at);
        OC_ASSERT(n > 0);
        at += (size_t)n;
    }
}

static void *serve(void *ctx)
{
    (void)ctx;
    for (;;) {
        const int fd = accept(peer.listener, NULL, NULL);
        uint32_t len = 0;
        if (fd < 0) {
            return NULL;
        }
        read_all(fd, &len, sizeof len);
        char *text = oc_alloc(le32toh(len));
        read_all(fd, text, le32toh(len));
        free(text);
        peer.asked++;
        peer.longest = le32toh(len) > peer.longest ? le32toh(len) : peer.longest;
        if (peer.answer) {
            len = htole32((uint32_t)strlen(peer.answer));
            OC_ASSERT(write(fd, &len, sizeof len) == (ssize_t)sizeof len);
            OC_ASSERT(write(fd, peer.answer, strlen(peer.answer)) == (ssize_t)strlen(peer.answer));
        }
        close(fd);
    }
}

static void peer_begin(const char *answer)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char *run = oc_path_join(w.s.home, "run");
    memset(&peer, 0, sizeof peer);
    peer.answer = answer;
    assert_int_equal(oc_dir_make(run, 0700, NULL), OC_OK);
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s/openclawd.sock", run);
    peer.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer.listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(peer.listener, 8), 0);
    assert_int_equal(pthread_create(&peer.thread, NULL, serve, NULL), 0);
    free(run);
}

static void peer_end(void)
{
    shutdown(peer.listener, SHUT_RDWR);
    pthread_join(peer.thread, NULL);
    close(peer.listener);
}

/* ---- tests ---- */

/* The ledger of the home is not ours to write: as with a host that runs. */
static int hand_over(size_t pad, struct oc_error *err)
{
    char *text = oc_alloc(pad + 1);
    memset(text, 'z', pad);
    text[pad] = '\0';
    json_t *entry = json_pack("{s:s,s:{s:s}}", "op", "test.do", "params", "comment", text);
    oc_error_init(err);
    const int rc = oc_audit_hand_over(w.a, "operation", entry, err);
    json_decref(entry);
    free(text);
    return rc;
}

static void what_the_host_answers_is_heard_and_it_is_asked_once(void **state)
{
    struct oc_error err;
    (void)state;
    peer_begin(
        "{\"id\":1,\"ok\":false,\"error\":{\"code\":\"retry\",\"message\":\"cannot write the "
        "ledger\",\"hint\":\"Make room.\"}}");
    assert_int_equal(hand_over(10, &err), OC_E_RETRY);
    peer_end();
    assert_int_equal(peer.asked, 1);
    assert_string_equal(err.message, "cannot write the ledger");
    assert_string_equal(err.hint, "Make room.");
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 0);
}

static void what_is_too_long_is_shortened_before_it_is_sent(void **state)
{
    struct oc_error err;
    (void)state;
    peer_begin("{\"id\":1,\"ok\":true}");
    assert_int_equal(hand_over(OC_LEDGER_ENTRY_MAX * 2, &err), OC_OK);
    assert_int_equal(hand_over(1000, &err), OC_OK);
    peer_end();
    assert_int_equal(peer.asked, 2);
    assert_in_range(peer.longest, 1000, 3000);
}

/* It ends just now, and the home is free: what was done is written here. */
static void a_host_that_goes_without_an_answer_leaves_it_to_us(void **state)
{
    static const char *const ANSWERS[] = {
        NULL, "{\"id\":1,\"ok\":false,\"error\":{\"code\":\"cancelled\",\"message\":\"x\"}}"};
    struct oc_error err;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(ANSWERS); i++) {
        char *sock = oc_path_join(w.s.home, "run/openclawd.sock");
        unlink(sock);
        free(sock);
        shut_ledger();
        open_ledger(8);
        peer_begin(ANSWERS[i]);
        assert_int_equal(hand_over(10, &err), OC_OK);
        peer_end();
        assert_int_equal(peer.asked, 1);
    }
    shut_ledger();
    open_ledger(8);
    assert_int_equal(oc_ledger_size(w.s.env.ledger), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        audit_test(what_the_host_answers_is_heard_and_it_is_asked_once),
        audit_test(what_is_too_long_is_shortened_before_it_is_sent),
        audit_test(a_host_that_goes_without_an_answer_leaves_it_to_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
