/* What a crash leaves behind, and what is made of it. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/plugin.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plughost/fault.h"
#include "core/plugin/library/symbol.h"
#include "core/plugin/manifest/note.h"
#include "core/plugin/process/crash.h"
#include "core/sys/file.h"

#define LIBRARY OC_FIXTURES "/crasher/crasher.so"

static const struct oc_plugin_entry *entry;

static oc_method_fn method(const char *id)
{
    for (const struct oc_method *m = entry->methods; m->id; m++) {
        if (strcmp(m->id, id) == 0) {
            return m->fn;
        }
    }
    return NULL;
}

static int open_library(void **state)
{
    (void)state;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    entry = library ? dlsym(library, "oc_plugin_entry") : NULL;
    return entry ? 0 : -1;
}

/* ---- symbols ---- */

static void an_address_is_found_in_the_function_that_holds_it(void **state)
{
    (void)state;
    struct oc_buf image = {0};
    struct oc_symbol symbol;
    Dl_info info;
    assert_int_equal(oc_file_read(LIBRARY, OC_ELF_MAX, &image, NULL), OC_OK);
    const oc_method_fn fn = method("tool.echo/1");
    const char *at;
    memcpy(&at, &fn, sizeof at);
    assert_true(dladdr(at, &info) != 0);
    const uint64_t offset = (uint64_t)(at - (const char *)info.dli_fbase);
    assert_true(oc_symbol_find(image.data, image.len, offset, &symbol));
    assert_string_equal(symbol.name, "echo");
    assert_int_equal(symbol.offset, 0);
    assert_true(oc_symbol_find(image.data, image.len, offset + 5, &symbol));
    assert_string_equal(symbol.name, "echo");
    assert_int_equal(symbol.offset, 5);
    assert_false(oc_symbol_find(image.data, image.len, UINT64_MAX, &symbol));
    oc_buf_finish(&image);
}

static void the_build_id_is_read(void **state)
{
    (void)state;
    struct oc_buf image = {0};
    char hex[OC_BUILD_ID_HEX];
    assert_int_equal(oc_file_read(LIBRARY, OC_ELF_MAX, &image, NULL), OC_OK);
    oc_symbol_build_id(image.data, image.len, hex);
    assert_int_equal(strlen(hex), 40);
    assert_int_equal(strspn(hex, "0123456789abcdef"), 40);
    oc_buf_finish(&image);
}

static void damaged_files_have_no_symbols(void **state)
{
    (void)state;
    struct oc_buf image = {0};
    struct oc_symbol symbol;
    char hex[OC_BUILD_ID_HEX];
    assert_int_equal(oc_file_read(LIBRARY, OC_ELF_MAX, &image, NULL), OC_OK);
    for (size_t len = 0; len < image.len; len += image.len / 97 + 1) {
        void *part = oc_memdup(image.data, len);
        oc_symbol_find(part, len, 0x1200, &symbol);
        oc_symbol_build_id(part, len, hex);
        free(part);
    }
    for (size_t at = 0; at < 0x400; at++) {
        image.data[at] = (char)(image.data[at] ^ 0x5a);
        oc_symbol_find(image.data, image.len, 0x1200, &symbol);
        oc_symbol_build_id(image.data, image.len, hex);
        image.data[at] = (char)(image.data[at] ^ 0x5a);
    }
    oc_buf_finish(&image);
}

/* ---- the handler and the summary ---- */

/* Calls the method in a child with the handler installed; the summary of its end. */
static json_t *summary_of(const char *id, struct oc_fault_record *record)
{
    const pid_t child = fork();
    if (child == 0) {
        const struct oc_request req = {.struct_size = sizeof req};
        close(2); /* what sanitizers have to say */
        oc_fault_install(record);
        oc_fault_learn(entry);
        oc_fault_method(id);
        method(id)(NULL, &req, NULL, NULL);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    struct oc_log_tail tail = {0};
    oc_log_tail_add(&tail, "the last line");
    const struct oc_crash crash = {.at_ms = INT64_C(1800000000000),
                                   .uptime_ms = 5,
                                   .wait_status = status,
                                   .fault = record,
                                   .library = LIBRARY,
                                   .last_method = id,
                                   .tail = &tail};
    return oc_crash_summary(&crash);
}

static struct oc_fault_record *shared_record(void)
{
    struct oc_fault_record *r =
        mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(r != MAP_FAILED);
    return r;
}

static void a_write_to_nowhere_is_told_with_its_function(void **state)
{
    (void)state;
    struct oc_fault_record *record = shared_record();
    json_t *s = summary_of("tool.segv/1", record);
    assert_string_equal(oc_json_str(s, "signal", ""), "SIGSEGV");
    assert_string_equal(oc_json_str(s, "function", ""), "write_nowhere");
    assert_string_equal(oc_json_str(s, "library", ""), "crasher.so");
    assert_string_equal(oc_json_str(s, "address", ""), "0x8");
    assert_int_equal(strlen(oc_json_str(s, "build_id", "")), 40);
    assert_string_equal(oc_json_str(s, "last_method", ""), "tool.segv/1");
    assert_string_equal(oc_json_str(s, "at", ""), "2027-01-15T08:00:00.000Z");
    assert_string_equal(json_string_value(json_array_get(json_object_get(s, "log_tail"), 0)),
                        "the last line");
    assert_true(json_is_null(json_object_get(s, "exit_status")));
    assert_string_equal(
        oc_json_str(s, "message", ""),
        "the plugin's process ended by SIGSEGV in write_nowhere during tool.segv/1");
    assert_string_equal(record->method, "tool.segv/1");
    json_decref(s);
    munmap(record, sizeof *record);
}

/* The fault is in libc then, and the nearest frame of the plugin is what helps its author. */
static void an_abort_is_told_with_the_function_that_called_it(void **state)
{
    (void)state;
    struct oc_fault_record *record = shared_record();
    json_t *s = summary_of("tool.abort/1", record);
    assert_string_equal(oc_json_str(s, "signal", ""), "SIGABRT");
    assert_non_null(strstr(oc_json_str(s, "library", ""), "libc"));
#if !defined(__SANITIZE_ADDRESS__)
    assert_string_equal(oc_json_str(s, "function", ""), "give_up");
#endif
    json_decref(s);
    munmap(record, sizeof *record);
}

static void an_exit_is_told_with_its_status(void **state)
{
    (void)state;
    struct oc_fault_record *record = shared_record();
    json_t *s = summary_of("tool.exit/1", record);
    assert_true(json_is_null(json_object_get(s, "signal")));
    assert_true(json_is_null(json_object_get(s, "function")));
    assert_int_equal(oc_json_int(s, "exit_status", -1), 3);
    assert_string_equal(oc_json_str(s, "message", ""),
                        "the plugin's process left with exit status 3 during tool.exit/1");
    json_decref(s);
    munmap(record, sizeof *record);
}

/* The record is the process's own: nothing in it is believed but as text and numbers. */
static void a_record_that_lies_does_no_harm(void **state)
{
    (void)state;
    struct oc_fault_record record;
    memset(&record, 0xff, sizeof record);
    record.magic = OC_FAULT_MAGIC;
    record.signal = 12345;
    struct oc_crash crash = {.wait_status = SIGKILL, .fault = &record, .library = LIBRARY};
    json_t *s = oc_crash_summary(&crash);
    assert_string_equal(oc_json_str(s, "signal", ""), "signal 12345");
    json_decref(s);
    record.magic = 0;
    s = oc_crash_summary(&crash);
    assert_string_equal(oc_json_str(s, "signal", ""), "SIGKILL");
    json_decref(s);
    crash = (struct oc_crash){.wait_status = -1};
    s = oc_crash_summary(&crash);
    assert_string_equal(oc_json_str(s, "message", ""), "the plugin's process ended");
    json_decref(s);
}

static void the_last_five_are_kept(void **state)
{
    (void)state;
    json_t *list = json_array();
    for (int i = 0; i < 9; i++) {
        json_t *one = json_integer(i);
        oc_crash_keep(list, one);
        json_decref(one);
    }
    assert_int_equal(json_array_size(list), OC_CRASHES_KEPT);
    assert_int_equal(json_integer_value(json_array_get(list, 0)), 4);
    json_decref(list);
}

static void the_tail_of_the_log_is_bounded_and_in_order(void **state)
{
    (void)state;
    char text[400], last[16];
    struct oc_log_tail tail = {0};
    for (int i = 0; i < 37; i++) {
        snprintf(text, sizeof text, "%d %0*d", i, i == 36 ? 300 : 1, 0);
        oc_log_tail_add(&tail, text);
    }
    json_t *list = oc_log_tail_json(&tail);
    assert_int_equal(json_array_size(list), OC_LOG_TAIL_LINES);
    assert_string_equal(json_string_value(json_array_get(list, 0)), "27 0");
    snprintf(last, sizeof last, "%.5s", json_string_value(json_array_get(list, 9)));
    assert_string_equal(last, "36 00");
    assert_int_equal(strlen(json_string_value(json_array_get(list, 9))), OC_LOG_TAIL_TEXT - 1);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_found_in_the_function_that_holds_it),
        cmocka_unit_test(the_build_id_is_read),
        cmocka_unit_test(damaged_files_have_no_symbols),
        cmocka_unit_test(a_write_to_nowhere_is_told_with_its_function),
        cmocka_unit_test(an_abort_is_told_with_the_function_that_called_it),
        cmocka_unit_test(an_exit_is_told_with_its_status),
        cmocka_unit_test(a_record_that_lies_does_no_harm),
        cmocka_unit_test(the_last_five_are_kept),
        cmocka_unit_test(the_tail_of_the_log_is_bounded_and_in_order),
    };
    return cmocka_run_group_tests(tests, open_library, NULL);
}
