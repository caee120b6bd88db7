/* The file under the open database: is it still there, and is it still ours? SPDX-License-Identifier: MIT
 *
 * SQLite goes on writing into a file that was removed, and tells nobody. While it is open all can still be read, so it
 * is written to its path again. The file is never opened here: closing it would drop the locks that SQLite holds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/store/internal.h"
#include "core/sys/file.h"

static struct oc_file_id look(const char *path, const char *suffix)
{
    struct oc_file_id id = {0};
    struct stat st;
    char *name = oc_asprintf("%s%s", path, suffix);

    if (stat(name, &st) == 0) {
        id = (struct oc_file_id){st.st_dev, st.st_ino};
    }
    free(name);
    return id;
}

static bool same(struct oc_file_id a, struct oc_file_id b)
{
    return a.device == b.device && a.inode == b.inode;
}

void oc_store_remember(struct oc_store *s)
{
    s->file = look(s->path, "");
    s->log = look(s->path, "-wal");
}

/* Read through SQLite's own descriptor. */
static bool header_whole(struct oc_store *s)
{
    static const char magic[16] = "SQLite format 3";
    char head[sizeof magic];
    sqlite3_file *file = NULL;

    sqlite3_file_control(s->db.sql, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return !file || !file->pMethods ||
           (file->pMethods->xRead(file, head, sizeof head, 0) == SQLITE_OK &&
            memcmp(head, magic, sizeof magic) == 0);
}

static int unlink_suffix(const char *path, const char *suffix)
{
    char *name = oc_asprintf("%s%s", path, suffix);
    int rc = unlink(name) == 0 || errno == ENOENT ? OC_OK : OC_E_DENIED;

    free(name);
    return rc;
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int rc = fd >= 0 && fsync(fd) == 0 ? OC_OK : OC_E_RETRY;

    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

/* A whole copy of the open database at `copy`, private and on the disk. */
static int write_copy(struct oc_store *s, const char *copy, struct oc_error *err)
{
    unlink(copy);
    int rc = oc_file_write(copy, "", 0, 0600, err);
    char *sql = sqlite3_mprintf("VACUUM main INTO %Q", copy);

    OC_ASSERT(sql);
    if (rc == OC_OK) {
        rc = oc_db_exec(&s->db, sql, err);
    }
    if (rc == OC_OK && sync_path(copy, O_RDONLY) != OC_OK) {
        rc = oc_error_errno(err, OC_E_RETRY, errno, "could not write the store again");
    }
    sqlite3_free(sql);
    return rc;
}

/* The old database is closed before the new one takes its name: closing could remove the log at the path. */
static int put_in_place(struct oc_store *s, const char *copy, struct oc_error *err)
{
    char *dir = oc_path_dir(s->path);

    s->db.last = SQLITE_OK;
    sqlite3_db_config(s->db.sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    oc_db_close(&s->db);
    int rc = unlink_suffix(s->path, "-wal") == OC_OK && unlink_suffix(s->path, "-shm") == OC_OK &&
                     rename(copy, s->path) == 0
                 ? OC_OK
                 : oc_error_errno(err, OC_E_DENIED, errno, "could not write the store again");
    sync_path(dir, O_RDONLY | O_DIRECTORY);
    free(dir);
    if (rc == OC_OK) {
        rc = oc_db_open(&s->db, s->path, OC_DB_WRITE, err);
    }
    if (rc != OC_OK) {
        s->mode = OC_STORE_ADRIFT;
        oc_store_fail(s, err);
        oc_db_open(&s->db, ":memory:", OC_DB_WRITE, NULL);
        return rc;
    }
    oc_store_remember(s);
    return OC_OK;
}

static int restore(struct oc_store *s, struct oc_error *err)
{
    struct oc_error why;
    char *copy = oc_asprintf("%s.rescue", s->path);

    oc_error_init(&why);
    int rc = write_copy(s, copy, &why);
    if (rc != OC_OK) {
        unlink(copy);
    } else {
        rc = put_in_place(s, copy, &why); /* when that fails the copy stays: it is the only one */
    }
    if (rc == OC_OK) {
        oc_warn("the database file was removed and was written again, nothing is lost", "path=%s",
                s->path);
        oc_error_init(err);
    } else {
        err->code = rc;
    }
    free(copy);
    return rc;
}

int oc_store_present(struct oc_store *s, struct oc_error *err)
{
    if (s->mode != OC_STORE_DISK || !s->file.inode) {
        return OC_OK;
    }
    struct oc_file_id file = look(s->path, ""), log = look(s->path, "-wal");
    if (file.inode && !same(file, s->file)) {
        oc_error_set(err, OC_E_DENIED, "the database file was replaced under the running daemon");
        oc_error_hint(err, "Restart openclawd to use the new file; what it notes now is not kept.");
        oc_store_fail(s, err);
        return OC_E_DENIED;
    }
    if (!header_whole(s)) {
        s->db.last = SQLITE_NOTADB;
        return oc_error_set(err, OC_E_PERMANENT,
                            "the database file was overwritten under the running daemon");
    }
    if (!file.inode || (s->log.inode && !same(log, s->log))) {
        oc_error_set(err, OC_E_DENIED, "the database file was removed under the running daemon");
        oc_error_hint(err, "If the home folder is gone as well, restart openclawd.");
        oc_store_fail(s, err);
        return restore(s, err);
    }
    return OC_OK;
}
