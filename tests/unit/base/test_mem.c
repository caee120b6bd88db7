/* Tests of core/base/mem.c and vec.h. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/vec.h"

/* Runs fn in a child and returns the signal that ended it, 0 when it left by itself. */
static int fatal_signal(void (*fn)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 2);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void assert_false_thing(void)
{
    OC_ASSERT(1 + 1 == 3);
}

static void assert_true_thing(void)
{
    OC_ASSERT(1 + 1 == 2);
}

static void a_failed_assertion_aborts_in_every_build(void **state)
{
    (void)state;
    assert_int_equal(fatal_signal(assert_false_thing), SIGABRT);
    assert_int_equal(fatal_signal(assert_true_thing), 0);
}

static void nothing_can_be_allocated_and_freed(void **state)
{
    (void)state;
    void *a = oc_alloc(0), *b = oc_calloc(0, 8), *c = oc_memdup(NULL, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    a = oc_realloc(a, 0);
    assert_non_null(a);
    OC_FREE(a);
    assert_null(a);
    free(b);
    free(c);
}

static void calloc_memory_is_zero(void **state)
{
    (void)state;
    unsigned char *p = oc_calloc(16, 16);
    for (size_t i = 0; i < 256; i++) {
        assert_int_equal(p[i], 0);
    }
    free(p);
}

static void strings_are_copied(void **state)
{
    (void)state;
    const char source[3] = {'a', 'b', 'c'}; /* no terminator */
    char *s = oc_strdup("hello"), *n = oc_strndup(source, 3), *empty = oc_strndup(NULL, 0);
    assert_string_equal(s, "hello");
    assert_string_equal(n, "abc");
    assert_string_equal(empty, "");
    assert_null(oc_strdup(NULL));
    free(s);
    free(n);
    free(empty);
}

static void asprintf_formats_any_length(void **state)
{
    (void)state;
    char *s = oc_asprintf("%s-%0500d", "x", 7);
    assert_int_equal(strlen(s), 502);
    assert_string_equal(s + 499, "007");
    free(s);
}

static void a_vector_grows_and_keeps_its_order(void **state)
{
    (void)state;
    struct {
        OC_VEC(int);
    } v = {0};
    for (int i = 0; i < 100; i++) {
        OC_VEC_PUSH(&v, i);
    }
    OC_VEC_REMOVE(&v, 0);
    OC_VEC_REMOVE(&v, 49);
    OC_VEC_REMOVE(&v, v.count - 1);
    assert_int_equal(v.count, 97);
    assert_int_equal(v.items[0], 1);
    assert_int_equal(v.items[48], 49);
    assert_int_equal(v.items[49], 51);
    assert_int_equal(v.items[96], 98);
    OC_VEC_FINISH(&v);
    assert_null(v.items);
    assert_int_equal(v.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_assertion_aborts_in_every_build),
        cmocka_unit_test(nothing_can_be_allocated_and_freed),
        cmocka_unit_test(calloc_memory_is_zero),
        cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(asprintf_formats_any_length),
        cmocka_unit_test(a_vector_grows_and_keeps_its_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
