/* Tests of core/package/author/diagnose.c on what real tools print. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/author/diagnose.h"

static void expect(const char *const *lines, const char *first, size_t errors)
{
    struct oc_diagnose d;
    oc_diagnose_init(&d, "/home/ann/spool");
    for (; *lines; lines++) {
        oc_diagnose_line(&d, *lines);
    }
    assert_int_equal(d.errors, errors);
    const json_t *found = oc_diagnose_first(&d);
    char *text = found ? oc_diagnose_text(found) : oc_strdup("");
    assert_string_equal(text, first);
    free(text);
    oc_diagnose_finish(&d);
}

static void gcc_names_file_line_and_column(void **state)
{
    (void)state;
    expect((const char *const[]){"[1/2] Building C object x.o",
                                 "/home/ann/spool/spool.c: In function 'f':",
                                 "/home/ann/spool/spool.c:7:9: warning: unused variable 'a'",
                                 "/home/ann/spool/spool.c:12:5: error: 'b' undeclared",
                                 "/usr/include/x.h:3: fatal error: y.h: No such file", NULL},
           "spool.c:12:5: error: 'b' undeclared", 2);
}

static void the_linker_names_what_is_missing(void **state)
{
    (void)state;
    expect(
        (const char *const[]){"/usr/bin/ld: spool.c.o: in function `f':",
                              "/usr/bin/ld: spool.c:(.text+0x5): undefined reference to `nothing'",
                              NULL},
        "spool.c: error: undefined reference to `nothing'", 1);
}

static void cmake_puts_its_text_below(void **state)
{
    (void)state;
    expect((const char *const[]){"CMake Error at CMakeLists.txt:4 (find_package):", "",
                                 "  By not providing \"Findx.cmake\"", "  more", NULL},
           "CMakeLists.txt:4: error: By not providing \"Findx.cmake\"", 1);
    expect((const char *const[]){"CMake Error: The source directory is not there", NULL},
           "error: The source directory is not there", 1);
}

static void rust_puts_its_place_below(void **state)
{
    (void)state;
    expect((const char *const[]){"error[E0308]: mismatched types", "  --> /home/ann/spool/x.rs:3:5",
                                 "   |", "error: aborting due to 1 previous error", NULL},
           "x.rs:3:5: error: mismatched types", 1);
}

static void progress_is_a_fraction(void **state)
{
    struct oc_diagnose d;
    (void)state;
    oc_diagnose_init(&d, "/x");
    oc_diagnose_line(&d, "[1/4] Building");
    assert_true(d.fraction == 0.25);
    oc_diagnose_line(&d, "[ 50%] Built target x");
    assert_true(d.fraction == 0.5);
    oc_diagnose_line(&d, "[1/0] [/] [x] [");
    assert_true(d.fraction == 0.5);
    oc_diagnose_finish(&d);
}

static void findings_are_bounded(void **state)
{
    struct oc_diagnose d;
    (void)state;
    oc_diagnose_init(&d, "/x");
    for (int i = 0; i < 1000; i++) {
        oc_diagnose_line(&d, "a.c:1:1: error: again");
        oc_diagnose_line(&d, "error: again");
        oc_diagnose_line(&d, " --> a.rs:1:1");
        oc_diagnose_line(&d, "CMake Error at a:1 (b):");
        oc_diagnose_line(&d, "  text");
    }
    assert_int_equal(d.errors, 3000);
    assert_int_equal(json_array_size(d.findings), OC_DIAGNOSE_MAX);
    oc_diagnose_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gcc_names_file_line_and_column),
        cmocka_unit_test(the_linker_names_what_is_missing),
        cmocka_unit_test(cmake_puts_its_text_below),
        cmocka_unit_test(rust_puts_its_place_below),
        cmocka_unit_test(progress_is_a_fraction),
        cmocka_unit_test(findings_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
