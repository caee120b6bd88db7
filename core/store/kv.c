/* Small documents in named spaces, and durable transactions. SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/internal.h"
#include "core/sys/file.h"

#define SPACE_MAX 160
#define KEY_MAX   512
#define VALUE_MAX (1u << 20)

/* Whether a write may be tried at all. */
static int may_write(const struct oc_store *s, bool durable, struct oc_error *err)
{
    if (s->mode == OC_STORE_LOOK) {
        oc_error_set(err, OC_E_DENIED, "the store is open for reading only");
        oc_error_hint(err, "Ask the running daemon to make the change.");
        return OC_E_DENIED;
    }
    if (s->mode == OC_STORE_ADRIFT && durable) {
        oc_error_set(err, OC_E_DENIED,
                     "the store is in memory only, this would not survive a restart: %s",
                     s->why.message);
        oc_error_hint(err, "%s", s->why.hint);
        return OC_E_DENIED;
    }
    return OC_OK;
}

static int check_key(const char *space, const char *key, struct oc_error *err)
{
    size_t space_len = strlen(space), key_len = strlen(key);

    if (!space_len || space_len > SPACE_MAX || !key_len || key_len > KEY_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "a key has 1 to %d bytes, its space 1 to %d", KEY_MAX,
                            SPACE_MAX);
    }
    return OC_OK;
}

/* `text` NULL removes. Within begin and end the transaction is theirs. */
static int write_key(struct oc_store *s, const char *space, const char *key, const char *text,
                     struct oc_error *err)
{
    return text ? oc_db_run(&s->db, OC_SQL_KV_PUT, err, "ttt", space, key, text)
                : oc_db_run(&s->db, OC_SQL_KV_REMOVE, err, "tt", space, key);
}

static int write_group(struct oc_store *s, const char *space, const char *key, const char *text,
                       struct oc_error *err)
{
    if (s->group_rc == OC_OK) {
        s->group_rc = write_key(s, space, key, text, &s->group_err);
    }
    if (s->group_rc != OC_OK && err) {
        *err = s->group_err;
    }
    return s->group_rc;
}

static int write_alone(struct oc_store *s, const char *space, const char *key, const char *text,
                       bool durable, struct oc_error *err)
{
    int rc = durable ? oc_store_present(s, err) : OC_OK;

    rc = rc == OC_OK ? oc_db_begin(&s->db, durable, err) : rc;
    if (rc == OC_OK) {
        rc = write_key(s, space, key, text, err);
        if (rc == OC_OK) {
            rc = oc_db_commit(&s->db, err);
        } else {
            oc_db_rollback(&s->db);
        }
    }
    return oc_store_note(s, rc, err);
}

static int change(struct oc_store *s, const char *space, const char *key, const char *text,
                  bool durable, struct oc_error *err)
{
    struct oc_error local;

    err = err ? err : &local;
    oc_error_init(err);
    int rc = check_key(space, key, err);
    if (rc != OC_OK) {
        return rc;
    }
    if (s->depth) {
        return write_group(s, space, key, text, err);
    }
    rc = may_write(s, durable, err);
    return rc == OC_OK ? write_alone(s, space, key, text, durable, err) : rc;
}

int oc_kv_put(struct oc_store *s, const char *space, const char *key, const json_t *value,
              bool durable, struct oc_error *err)
{
    char *text = oc_json_text(value);
    int rc;

    if (!text || strlen(text) > VALUE_MAX) {
        rc = oc_error_set(err, OC_E_CONFIG, "the value of %s is no document of at most %u bytes",
                          key, VALUE_MAX);
    } else {
        rc = change(s, space, key, text, durable, err);
    }
    free(text);
    return rc;
}

int oc_kv_remove(struct oc_store *s, const char *space, const char *key, bool durable,
                 struct oc_error *err)
{
    return change(s, space, key, NULL, durable, err);
}

static json_t *parse(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? oc_json_parse(text, (size_t)sqlite3_column_bytes(row, column), NULL) : NULL;
}

/* Reading met damage: the file goes. Not while a transaction of the caller is open; its end will
 * see it. */
static void note_read(struct oc_store *s, int rc, const struct oc_error *err)
{
    if (rc < 0 && !s->depth && oc_db_corrupt(&s->db)) {
        oc_store_note(s, rc, err);
    }
}

json_t *oc_kv_get(struct oc_store *s, const char *space, const char *key)
{
    struct oc_error err;
    json_t *value = NULL;

    oc_error_init(&err);
    sqlite3_stmt *row = oc_db_select(&s->db, OC_SQL_KV_GET, &err, "tt", space, key);
    int rc = oc_db_row(&s->db, row, &err);
    if (rc > 0) {
        value = parse(row, 0);
    }
    oc_db_done(row);
    note_read(s, rc, &err);
    return value;
}

int oc_kv_peek(const char *path, const char *space, const char *key, json_t **value,
               struct oc_error *err)
{
    struct oc_db db;
    *value = NULL;
    if (!oc_file_exists(path)) {
        return oc_error_set(err, OC_E_NOT_FOUND, "there is no store %s", path);
    }
    int rc = oc_db_open(&db, path, OC_DB_LOOK, err);
    if (rc != OC_OK) {
        return rc;
    }
    sqlite3_stmt *row = oc_db_select(&db, OC_SQL_KV_GET, err, "tt", space, key);
    rc = oc_db_row(&db, row, err);
    if (rc > 0) {
        *value = parse(row, 0);
        rc = *value ? OC_OK : oc_error_set(err, OC_E_PERMANENT, "%s of %s is damaged", key, path);
    }
    oc_db_done(row);
    oc_db_close(&db);
    return rc;
}

json_t *oc_kv_all(struct oc_store *s, const char *space)
{
    struct oc_error err;
    json_t *all = json_object();
    int rc;

    oc_error_init(&err);
    sqlite3_stmt *rows = oc_db_select(&s->db, OC_SQL_KV_ALL, &err, "t", space);
    while ((rc = oc_db_row(&s->db, rows, &err)) > 0) {
        const char *key = (const char *)sqlite3_column_text(rows, 0);
        json_t *value = parse(rows, 1);
        if (key && value) {
            oc_json_take(all, key, value);
        } else {
            json_decref(value);
        }
    }
    oc_db_done(rows);
    note_read(s, rc, &err);
    return all;
}

void oc_store_begin(struct oc_store *s)
{
    if (s->depth++) {
        return; /* the outermost pair decides */
    }
    oc_error_init(&s->group_err);
    s->group_rc = may_write(s, true, &s->group_err);
    if (s->group_rc == OC_OK) {
        s->group_rc = oc_store_present(s, &s->group_err);
    }
    if (s->group_rc == OC_OK) {
        s->group_rc = oc_db_begin(&s->db, true, &s->group_err);
    }
}

int oc_store_end(struct oc_store *s, struct oc_error *err)
{
    OC_ASSERT(s->depth > 0);
    if (--s->depth) {
        return OC_OK;
    }
    if (s->group_rc == OC_OK) {
        s->group_rc = oc_db_commit(&s->db, &s->group_err);
    } else {
        oc_db_rollback(&s->db);
    }
    if (s->group_rc != OC_OK && err) {
        *err = s->group_err;
    }
    return oc_store_note(s, s->group_rc, &s->group_err);
}

int oc_kv_move(struct oc_store *s, const char *from, const char *to, struct oc_error *err)
{
    json_t *there = oc_kv_all(s, to),
           *all = json_object_size(there) > 0 ? NULL : oc_kv_all(s, from);
    json_t *value;
    const char *key;
    int rc = OC_OK;
    if (json_object_size(all) > 0) {
        oc_store_begin(s);
        json_object_foreach(all, key, value)
        {
            oc_kv_put(s, to, key, value, false, NULL);
            oc_kv_remove(s, from, key, false, NULL);
        }
        rc = oc_store_end(s, err);
    }
    json_decref(all);
    json_decref(there);
    return rc;
}
