/* What the parts of the test kit share; not installed. SPDX-License-Identifier: MIT */
#ifndef OC_TESTKIT_KIT_H
#define OC_TESTKIT_KIT_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <openclaw/testkit.h>

struct kit_list { /* owned pointers, freed together */
    void **items;
    size_t count, cap;
};

struct kit_records {
    struct oc_record *items; /* their text and labels are in `memory` */
    size_t count, cap, refused;
    size_t limit, counted; /* all but BYTES count */
    struct kit_list memory;
};

struct kit_host {
    struct oc_host host;
    pthread_mutex_t lock; /* everything below: plugins log from any thread */
    json_t *answers;      /* op -> {"code", "json"} */
    json_t *kv;
    json_t *calls; /* op -> {"count", "params"} */
    struct kit_list logs;
};

struct oc_test {
    void *library;
    const struct oc_plugin_entry *entry;
    char *dir;
    json_t *manifest; /* {} when there is none beside the .so */
    json_t *config;
    void *self;              /* NULL when not started */
    struct kit_list bound;   /* what the options point to */
    struct kit_list scratch; /* answers of the finders; lives until the next call */
    struct kit_records records;
    struct kit_host host;
    struct oc_error err;
    json_t *before; /* descriptors and threads at start: name -> true */
    int32_t cancel;
    int64_t cancel_after_ms, time_ms, took_ms;
    struct oc_view input;
    size_t input_read;
    int leaks;
};

void *kit_alloc(size_t size); /* zeroed; aborts when there is no memory */
char *kit_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *kit_keep(struct kit_list *list, void *memory); /* the list owns it; returns it */
void kit_list_finish(struct kit_list *list);
int64_t kit_now_ms(void);
int32_t kit_fail(struct oc_error *err, int32_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* bind.c: writes `config` into `self` by the table; OC_E_CONFIG and `err` for the first mistake. */
int32_t kit_bind(const struct oc_plugin_entry *entry, const json_t *config, void *self,
                 struct kit_list *memory, struct oc_error *err);

/* secret.c: what the secret `text` of option `key` stands for, to be freed; NULL and `err` when it
 * cannot be had. */
char *kit_secret(const char *key, const char *text, struct oc_error *err);

/* records.c */
int32_t kit_emit(void *test, const struct oc_record *record);
int32_t kit_flush(void *test);
void kit_records_clear(struct oc_test *t);

/* host.c */
void kit_host_init(struct oc_test *t);
void kit_host_finish(struct oc_test *t);

/* leaks.c: what the process holds now, as an object of names; and how many are new against
 * `before`. */
json_t *kit_leaks_snapshot(void);
int kit_leaks_count(const json_t *before);

#endif
