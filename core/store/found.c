/* A new store: its file is made in memory and written once, whole. SPDX-License-Identifier: MIT
 *
 * SQLite makes an empty file grow in four transactions, each with fsyncs of its own, and a host that starts for the first time would wait for
 * all of them before it watches anything. Here there is one fsync of the file and one of its folder, and after a crash there is a whole store
 * or none. */
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/store/db.h"
#include "core/sys/file.h"

/* Of the header of a database file: which kind of log its writers and its readers must know. */
#define WRITE_FORMAT 18
#define READ_FORMAT  19
#define FORMAT_WAL   2

/* Owned by the caller, sqlite3_free; NULL when it cannot be made. */
static unsigned char *make_image(sqlite3_int64 *size)
{
    struct oc_db db;
    unsigned char *image = NULL;
    if (oc_db_open(&db, ":memory:", OC_DB_WRITE, NULL) == OC_OK) {
        image = sqlite3_serialize(db.sql, "main", size, 0);
    }
    oc_db_close(&db);
    if (image && *size > READ_FORMAT) {
        image[WRITE_FORMAT] = image[READ_FORMAT] = FORMAT_WAL;
    }
    return image;
}

static bool is_free(const char *path, const char *suffix)
{
    struct stat st;
    char *name = oc_asprintf("%s%s", path, suffix);
    bool found = lstat(name, &st) == 0;
    free(name);
    return !found;
}

void oc_db_found(const char *path)
{
    sqlite3_int64 size = 0;
    /* What is beside a file that is gone would be taken for the log of the new one; of an empty file SQLite knows better. */
    if (!is_free(path, "") || !is_free(path, "-wal") || !is_free(path, "-journal")) {
        return;
    }
    unsigned char *image = make_image(&size);
    if (image) {
        /* another process that has made one meanwhile, and may write to it, keeps it */
        oc_file_create(path, image, (size_t)size, 0600, NULL);
        sqlite3_free(image);
    }
}
