/* Keys and signatures, against files that minisign made and against the tool itself. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/keys.h"
#include "core/sys/file.h"

extern char **environ;

/* Made by minisign 0.11: -G -W, then -S of "hello\n", hashed and in the old way. */
static const char public_file[] = "untrusted comment: minisign public key C6617B0B0098F8BA\n"
                                  "RWS6+JgAC3thxo81348HTBRz+6PiSmBRMPcajdhENBoMm9RNg4sJ9UyZ\n";
static const char secret_file[] =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAuviYAAt7YcZPtspOZkCy"
    "3kSRWhTreWF9p4v96KKir6OA/edW6f3IT481348HTBRz+6PiSmBRMPcajdhENBoMm9RNg4sJ9UyZAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
static const char comment[] = "id:acme/hello version:1.0.0 target:linux-x86_64-glibc sha256:00";
static const char minisig[] =
    "untrusted comment: signature from minisign secret key\n"
    "RUS6+JgAC3thxiTIUoFhocgsXXPmd1AfDnzk4ANjk9sMgTiDnVZx3r40Np/"
    "n19teUGEEXS077A+0AeCyvmHcyT+l2Ykt/BmUJAQ=\n"
    "trusted comment: id:acme/hello version:1.0.0 target:linux-x86_64-glibc sha256:00\n"
    "OXkYT2QWOvJz2QZIAdvIBaR3aNJuGI7H3EuNCIv9j4W+dgIwi+yhhUAWtn740SA2aARVXqnNY1zdiyJR0i20Bg==\n";

struct folder {
    char path[64];
};

static int setup(void **state)
{
    struct folder *f = oc_calloc(1, sizeof *f);
    oc_copy(f->path, sizeof f->path, "/tmp/openclaw-keys-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct folder *f = *state;
    static const char *const names[] = {"a.key", "a.pub", "content", "content.minisig"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        char *path = oc_path_join(f->path, names[i]);
        unlink(path);
        free(path);
    }
    assert_int_equal(rmdir(f->path), 0);
    free(f);
    return 0;
}

static char *put(const struct folder *f, const char *name, const char *text)
{
    char *path = oc_path_join(f->path, name);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
    return path;
}

static int content(const char *text)
{
    const int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(oc_fd_write_all(fd, text, strlen(text)), 0);
    return fd;
}

static int verify(const char *text, const char *signature, struct oc_error *err)
{
    struct oc_public_key key;
    assert_int_equal(oc_key_public_parse(public_file, strlen(public_file), &key, NULL), OC_OK);
    const int fd = content(text);
    oc_error_init(err);
    const int code = oc_minisign_verify(&key, fd, signature, strlen(signature), NULL, err);
    close(fd);
    return code;
}

static void a_public_key_is_read_alone_and_with_its_comment(void **state)
{
    struct oc_public_key a, b;
    char id[OC_KEY_ID_TEXT];
    struct oc_buf text = {0};
    (void)state;
    const char *alone = strchr(public_file, '\n') + 1;
    assert_int_equal(oc_key_public_parse(public_file, strlen(public_file), &a, NULL), OC_OK);
    assert_int_equal(oc_key_public_parse(alone, 56, &b, NULL), OC_OK);
    assert_memory_equal(&a, &b, sizeof a);
    oc_key_id_text(a.id, id);
    assert_string_equal(id, "C6617B0B0098F8BA");
    oc_key_public_text(&a, &text);
    assert_memory_equal(text.data, alone, 56);
    oc_buf_finish(&text);
}

static void what_is_no_public_key_is_refused(void **state)
{
    static const char *const wrong[] = {"", "RW", "untrusted comment: x\n",
                                        "AAS6+JgAC3thxo81348HTBRz+6PiSmBRMPcajdhENBoMm9RNg4sJ9UyZ",
                                        "RWS6+JgAC3thxo81348HTBRz+6PiSmBRMPcajdhENBoMm9RNg4sJ9Uy"};
    struct oc_public_key key;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        struct oc_error err;
        oc_error_init(&err);
        assert_int_equal(oc_key_public_parse(wrong[i], strlen(wrong[i]), &key, &err), OC_E_CONFIG);
        assert_true(err.hint[0]);
    }
}

static void what_minisign_signed_verifies(void **state)
{
    struct oc_error err;
    struct oc_buf trusted = {0};
    struct oc_public_key key;
    (void)state;
    assert_int_equal(verify("hello\n", minisig, &err), OC_OK);
    oc_key_public_parse(public_file, strlen(public_file), &key, NULL);
    const int fd = content("hello\n");
    assert_int_equal(oc_minisign_verify(&key, fd, minisig, strlen(minisig), &trusted, &err), OC_OK);
    assert_string_equal(trusted.data, comment);
    oc_buf_finish(&trusted);
    close(fd);
}

static void changed_content_comment_and_key_are_refused(void **state)
{
    struct oc_error err;
    (void)state;
    assert_int_equal(verify("hellO\n", minisig, &err), OC_E_VERIFY);
    assert_string_equal(err.message, "the signature does not fit the content");
    char *changed = oc_strdup(minisig);
    memcpy(strstr(changed, "1.0.0"), "9.0.0", 5);
    assert_int_equal(verify("hello\n", changed, &err), OC_E_VERIFY);
    assert_string_equal(err.message, "the signature does not fit its trusted comment");
    free(changed);

    struct oc_secret_key secret;
    struct oc_public_key other;
    oc_key_generate(&secret, &other);
    const int fd = content("hello\n");
    assert_int_equal(oc_minisign_verify(&other, fd, minisig, strlen(minisig), NULL, &err),
                     OC_E_VERIFY);
    assert_non_null(strstr(err.message, "C6617B0B0098F8BA"));
    close(fd);
}

static void a_signature_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len + 1 < strlen(minisig); len++) {
        struct oc_error err;
        char *part = oc_strndup(minisig, len);
        assert_int_equal(verify("hello\n", part, &err), OC_E_VERIFY);
        free(part);
    }
}

static void a_key_of_minisign_signs_as_minisign_does(void **state)
{
    struct oc_secret_key secret;
    struct oc_buf out = {0};
    struct oc_error err;
    char *path = put(*state, "a.key", secret_file);
    assert_int_equal(oc_key_secret_load(path, NULL, &secret, NULL), OC_OK);
    const int fd = content("hello\n");
    assert_int_equal(oc_minisign_sign(&secret, fd, comment, &out, NULL), OC_OK);
    /* Ed25519 is deterministic: all but the first line is the same text */
    assert_string_equal(strchr(out.data, '\n'), strchr(minisig, '\n'));
    assert_int_equal(verify("hello\n", out.data, &err), OC_OK);
    assert_int_equal(oc_minisign_sign(&secret, fd, "two\nlines", &out, &err), OC_E_CONFIG);
    close(fd);
    oc_buf_finish(&out);
    free(path);
}

static void a_saved_key_comes_back_and_is_never_overwritten(void **state)
{
    const struct folder *f = *state;
    struct oc_secret_key secret, again;
    struct oc_public_key public_key, same;
    struct oc_error err;
    char *path = oc_path_join(f->path, "a.key"), *pub = oc_path_join(f->path, "a.pub");
    oc_key_generate(&secret, &public_key);
    oc_error_init(&err);
    assert_int_equal(oc_key_secret_save(path, NULL, &secret, &err), OC_OK);
    assert_int_equal(oc_key_secret_load(path, NULL, &again, &err), OC_OK);
    assert_memory_equal(&secret, &again, sizeof secret);
    assert_int_equal(oc_key_secret_save(path, NULL, &secret, &err), OC_E_CONFLICT);
    assert_int_equal(oc_key_public_save(pub, &public_key, &err), OC_OK);
    assert_int_equal(oc_key_public_load(pub, &same, &err), OC_OK);
    assert_memory_equal(&public_key, &same, sizeof same);
    oc_key_public_of(&secret, &same);
    assert_memory_equal(&public_key, &same, sizeof same);
    free(path);
    free(pub);
}

static void a_password_is_asked_for_and_checked(void **state)
{
    const struct folder *f = *state;
    struct oc_secret_key secret, again;
    struct oc_public_key public_key;
    struct oc_error err;
    char *path = oc_path_join(f->path, "a.key");
    oc_key_generate(&secret, &public_key);
    oc_error_init(&err);
    assert_int_equal(oc_key_secret_save(path, "correct horse", &secret, &err), OC_OK);
    assert_int_equal(oc_key_secret_load(path, NULL, &again, &err), OC_E_AUTH);
    assert_int_equal(oc_key_secret_load(path, "wrong horse", &again, &err), OC_E_AUTH);
    assert_int_equal(oc_key_secret_load(path, "correct horse", &again, &err), OC_OK);
    assert_memory_equal(&secret, &again, sizeof secret);
    free(path);
}

/* ---- with the tool ---- */

static bool have_minisign(void)
{
    return access("/usr/bin/minisign", X_OK) == 0;
}

/* Runs minisign with `input` on stdin; its exit status. */
static int minisign(const char *input, char *const argv[])
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int ends[2], status = -1;
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    assert_int_equal(posix_spawn(&pid, "/usr/bin/minisign", &actions, NULL, argv, environ), 0);
    close(ends[0]);
    const int written = oc_fd_write_all(ends[1], input, strlen(input));
    assert_true(written == 0 || written == -EPIPE); /* it may have ended without wanting any */
    close(ends[1]);
    waitpid(pid, &status, 0);
    posix_spawn_file_actions_destroy(&actions);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void minisign_verifies_what_we_signed(void **state)
{
    const struct folder *f = *state;
    struct oc_secret_key secret;
    struct oc_public_key public_key;
    struct oc_buf out = {0};
    if (!have_minisign()) {
        skip();
    }
    oc_key_generate(&secret, &public_key);
    char *pub = oc_path_join(f->path, "a.pub"), *file = put(f, "content", "some bytes");
    assert_int_equal(oc_key_public_save(pub, &public_key, NULL), OC_OK);
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    assert_int_equal(oc_minisign_sign(&secret, fd, comment, &out, NULL), OC_OK);
    close(fd);
    free(put(f, "content.minisig", out.data));
    char *const verify_it[] = {"minisign", "-V", "-p", pub, "-m", file, NULL};
    assert_int_equal(minisign("", verify_it), 0);
    free(put(f, "content", "other bytes"));
    assert_int_not_equal(minisign("", verify_it), 0);
    oc_buf_finish(&out);
    free(pub);
    free(file);
}

static void minisign_signs_with_a_key_of_ours(void **state, const char *password)
{
    const struct folder *f = *state;
    struct oc_secret_key secret;
    struct oc_public_key public_key;
    struct oc_buf text = {0};
    oc_key_generate(&secret, &public_key);
    char *key = oc_path_join(f->path, "a.key"), *file = put(f, "content", "some bytes");
    assert_int_equal(oc_key_secret_save(key, password, &secret, NULL), OC_OK);
    char *const sign_it[] = {"minisign", "-S", "-s", key, "-m", file, NULL};
    char *input = oc_asprintf("%s\n", password ? password : "");
    assert_int_equal(minisign(input, sign_it), 0);
    char *sig = oc_path_join(f->path, "content.minisig");
    assert_int_equal(oc_file_read(sig, 4096, &text, NULL), OC_OK);
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    assert_int_equal(oc_minisign_verify(&public_key, fd, text.data, text.len, NULL, NULL), OC_OK);
    close(fd);
    oc_buf_finish(&text);
    free(input);
    free(key);
    free(file);
    free(sig);
}

static void minisign_signs_with_our_key_without_a_password(void **state)
{
    if (!have_minisign()) {
        skip();
    }
    minisign_signs_with_a_key_of_ours(state, NULL);
}

static void minisign_signs_with_our_key_and_its_password(void **state)
{
    if (!have_minisign()) {
        skip();
    }
    minisign_signs_with_a_key_of_ours(state, "correct horse");
}

static void the_old_kind_of_signature_is_read(void **state)
{
    const struct folder *f = *state;
    struct oc_public_key key;
    struct oc_buf text = {0};
    if (!have_minisign()) {
        skip();
    }
    char *secret = put(f, "a.key", secret_file), *file = put(f, "content", "hello\n");
    char *const sign_it[] = {"minisign", "-S", "-l", "-s", secret, "-m", file, NULL};
    assert_int_equal(minisign("", sign_it), 0);
    char *sig = oc_path_join(f->path, "content.minisig");
    assert_int_equal(oc_file_read(sig, 4096, &text, NULL), OC_OK);
    oc_key_public_parse(public_file, strlen(public_file), &key, NULL);
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    assert_int_equal(oc_minisign_verify(&key, fd, text.data, text.len, NULL, NULL), OC_OK);
    close(fd);
    oc_buf_finish(&text);
    free(secret);
    free(file);
    free(sig);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* a minisign that wants no input has ended before it is written */

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_public_key_is_read_alone_and_with_its_comment),
        cmocka_unit_test(what_is_no_public_key_is_refused),
        cmocka_unit_test(what_minisign_signed_verifies),
        cmocka_unit_test(changed_content_comment_and_key_are_refused),
        cmocka_unit_test(a_signature_cut_anywhere_is_refused),
        cmocka_unit_test_setup_teardown(a_key_of_minisign_signs_as_minisign_does, setup, teardown),
        cmocka_unit_test_setup_teardown(a_saved_key_comes_back_and_is_never_overwritten, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_password_is_asked_for_and_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(minisign_verifies_what_we_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(minisign_signs_with_our_key_without_a_password, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(minisign_signs_with_our_key_and_its_password, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_old_kind_of_signature_is_read, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
