/* Prints the layout of the plugin ABI, or compares it with a record. SPDX-License-Identifier: MIT
 *
 *     abi_layout                 prints size and offset of every field and the value of every
 * constant abi_layout v1.0.layout     exit 1 when something that was recorded is not as it was
 *
 * What was released never changes: fields keep offset and size, constants their values, "fixed"
 * structs their size. The others may grow at the end, which is an addition to the file of the next
 * minor. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/plugin.h>

#define LINES_MAX 512
#define LINE_MAX_ 256

static char lines[LINES_MAX][LINE_MAX_];
static size_t count;

__attribute__((format(printf, 1, 2))) static void add(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(lines[count++], LINE_MAX_, fmt, ap);
    va_end(ap);
    if (count == LINES_MAX) {
        abort();
    }
}

#define FIXED(s) add("fixed %s size=%zu", #s, sizeof(struct s))
#define GROWS(s) add("grows %s size=%zu", #s, sizeof(struct s))
#define FIELD(s, f)                                                                                \
    add("field %s.%s offset=%zu size=%zu", #s, #f, offsetof(struct s, f),                          \
        sizeof(((struct s *)NULL)->f))
#define VALUE(c) add("value %s %lld", #c, (long long)(c))

static void data_structs(void)
{
    FIXED(oc_view);
    FIELD(oc_view, ptr);
    FIELD(oc_view, len);
    FIXED(oc_label);
    FIELD(oc_label, name);
    FIELD(oc_label, value);
    FIXED(oc_list);
    FIELD(oc_list, items);
    FIELD(oc_list, count);
    FIXED(oc_pair);
    FIELD(oc_pair, name);
    FIELD(oc_pair, value);
    GROWS(oc_error);
    FIELD(oc_error, struct_size);
    FIELD(oc_error, code);
    FIELD(oc_error, message);
    FIELD(oc_error, hint);
}

static void call_structs(void)
{
    GROWS(oc_record);
    FIELD(oc_record, struct_size);
    FIELD(oc_record, type);
    FIELD(oc_record, name);
    FIELD(oc_record, text);
    FIELD(oc_record, value);
    FIELD(oc_record, time_ms);
    FIELD(oc_record, kind);
    FIELD(oc_record, state);
    FIELD(oc_record, label_count);
    FIELD(oc_record, reserved);
    FIELD(oc_record, labels);
    GROWS(oc_sink);
    FIELD(oc_sink, struct_size);
    FIELD(oc_sink, reserved);
    FIELD(oc_sink, ctx);
    FIELD(oc_sink, emit);
    FIELD(oc_sink, flush);
    GROWS(oc_request);
    FIELD(oc_request, struct_size);
    FIELD(oc_request, reserved);
    FIELD(oc_request, params);
    FIELD(oc_request, deadline_ms);
    FIELD(oc_request, time_ms);
    FIELD(oc_request, cancel);
    FIELD(oc_request, read);
    FIELD(oc_request, read_ctx);
}

static void entry_structs(void)
{
    GROWS(oc_host);
    FIELD(oc_host, struct_size);
    FIELD(oc_host, abi_major);
    FIELD(oc_host, abi_minor);
    FIELD(oc_host, ctx);
    FIELD(oc_host, instance);
    FIELD(oc_host, plugin_dir);
    FIELD(oc_host, call);
    FIELD(oc_host, log);
    GROWS(oc_option);
    FIELD(oc_option, name);
    FIELD(oc_option, type);
    FIELD(oc_option, flags);
    FIELD(oc_option, offset);
    FIELD(oc_option, item_size);
    FIELD(oc_option, default_text);
    FIELD(oc_option, choices);
    FIELD(oc_option, min);
    FIELD(oc_option, max);
    FIELD(oc_option, options);
    FIELD(oc_option, help);
    GROWS(oc_method);
    FIELD(oc_method, id);
    FIELD(oc_method, fn);
    GROWS(oc_plugin_entry);
    FIELD(oc_plugin_entry, struct_size);
    FIELD(oc_plugin_entry, abi_major);
    FIELD(oc_plugin_entry, abi_minor);
    FIELD(oc_plugin_entry, option_size);
    FIELD(oc_plugin_entry, method_size);
    FIELD(oc_plugin_entry, instance_size);
    FIELD(oc_plugin_entry, options);
    FIELD(oc_plugin_entry, start);
    FIELD(oc_plugin_entry, stop);
    FIELD(oc_plugin_entry, methods);
}

static void result_values(void)
{
    VALUE(OC_ABI_MAJOR);
    VALUE(OC_OK);
    VALUE(OC_E_RETRY);
    VALUE(OC_E_TIMEOUT);
    VALUE(OC_E_CANCELLED);
    VALUE(OC_E_CONFIG);
    VALUE(OC_E_AUTH);
    VALUE(OC_E_DENIED);
    VALUE(OC_E_NOT_FOUND);
    VALUE(OC_E_CONFLICT);
    VALUE(OC_E_UNSUPPORTED);
    VALUE(OC_E_PERMANENT);
    VALUE(OC_E_INTERNAL);
    VALUE(OC_E_CRASHED);
}

static void record_values(void)
{
    VALUE(OC_RECORD_SAMPLE);
    VALUE(OC_RECORD_STATUS);
    VALUE(OC_RECORD_PROGRESS);
    VALUE(OC_RECORD_LOG);
    VALUE(OC_RECORD_JSON);
    VALUE(OC_RECORD_BYTES);
    VALUE(OC_RECORD_EVENT);
    VALUE(OC_KIND_GAUGE);
    VALUE(OC_KIND_COUNTER);
    VALUE(OC_KIND_BOOL);
    VALUE(OC_STATE_OK);
    VALUE(OC_STATE_WARNING);
    VALUE(OC_STATE_CRITICAL);
    VALUE(OC_STATE_UNKNOWN);
    VALUE(OC_LOG_ERROR);
    VALUE(OC_LOG_WARN);
    VALUE(OC_LOG_INFO);
    VALUE(OC_LOG_DEBUG);
}

static void option_values(void)
{
    VALUE(OC_OPT_BOOL);
    VALUE(OC_OPT_INT);
    VALUE(OC_OPT_FLOAT);
    VALUE(OC_OPT_DURATION);
    VALUE(OC_OPT_SIZE);
    VALUE(OC_OPT_STRING);
    VALUE(OC_OPT_SECRET);
    VALUE(OC_OPT_ENUM);
    VALUE(OC_OPT_PATH);
    VALUE(OC_OPT_URL);
    VALUE(OC_OPT_STRINGS);
    VALUE(OC_OPT_INTS);
    VALUE(OC_OPT_MAP);
    VALUE(OC_OPT_GROUP);
    VALUE(OC_OPT_GROUPS);
    VALUE(OC_OPT_REQUIRED);
    VALUE(OC_OPT_POSITIONAL);
    VALUE(OC_OPT_ADVANCED);
}

/* A recorded line still holds: it is there as it was, or it is a struct that has grown. */
static int holds(const char *recorded)
{
    char name[64];
    size_t then, now;
    if (sscanf(recorded, "grows %63s size=%zu", name, &then) == 2) {
        char now_name[64];
        for (size_t i = 0; i < count; i++) {
            if (sscanf(lines[i], "grows %63s size=%zu", now_name, &now) == 2 &&
                strcmp(name, now_name) == 0) {
                return now >= then;
            }
        }
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(lines[i], recorded) == 0) {
            return 1;
        }
    }
    return 0;
}

static int compare(const char *path)
{
    FILE *f = fopen(path, "re");
    char line[LINE_MAX_];
    int broken = 0;
    size_t read = 0;
    if (!f) {
        perror(path);
        return 2;
    }
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        read++;
        if (line[0] != '#' && line[0] && !holds(line)) {
            fprintf(stderr, "%s: no longer true: %s\n", path, line);
            broken = 1;
        }
    }
    fclose(f);
    return read < 100 ? 2 : broken;
}

int main(int argc, char **argv)
{
    data_structs();
    call_structs();
    entry_structs();
    result_values();
    record_values();
    option_values();
    if (argc > 1) {
        return compare(argv[1]);
    }
    for (size_t i = 0; i < count; i++) {
        puts(lines[i]);
    }
    return 0;
}
