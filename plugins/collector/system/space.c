/* Space and inodes of the mounted file systems. SPDX-License-Identifier: MIT
 *
 * A file system is measured once, however often it is mounted, and a network one only on request:
 * statvfs on a server that is away does not come back. The mount table is read again when the
 * kernel says that it changed. */
#include "system.h"

#include <fnmatch.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#define MOUNTS_MAX 4096u

static const char *const local_types[] = {
    "ext4",  "xfs",  "btrfs", "ext3",    "ext2", "zfs", "f2fs",    "bcachefs", "vfat",
    "exfat", "ntfs", "ntfs3", "fuseblk", "jfs",  "ufs", "hfsplus", "nilfs2",   "reiserfs",
};
static const char *const network_types[] = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "afs", "lustre", "virtiofs", "fuse.*",
};

static bool is_one_of(struct oc_view type, const char *const *patterns, size_t count)
{
    char name[64];
    if (type.len >= sizeof name) {
        return false;
    }
    memcpy(name, type.ptr, type.len);
    name[type.len] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (fnmatch(patterns[i], name, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_named(const struct oc_system *s, const char *mount)
{
    const char *const *names = s->mount_names.items;
    for (uint64_t i = 0; i < s->mount_names.count; i++) {
        if (strcmp(names[i], mount) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_wanted_mount(const struct oc_system *s, const char *mount, struct oc_view type)
{
    bool network = is_one_of(type, network_types, sizeof network_types / sizeof *network_types);
    if (s->mount_names.count > 0) {
        return is_named(s, mount);
    }
    if (strcmp(mount, "/") == 0 && !oc_scan_is(type, "rootfs")) {
        return true; /* whatever it is (overlay in a container): we run from it, so it answers */
    }
    return network ? s->network_filesystems != 0
                   : is_one_of(type, local_types, sizeof local_types / sizeof *local_types);
}

/* The kernel writes blanks in paths as \040. */
static size_t unescape(struct oc_view in, char *out, size_t cap)
{
    size_t len = 0;
    for (uint64_t i = 0; i < in.len && len + 1 < cap; i++) {
        if (in.ptr[i] == '\\' && in.len - i > 3) {
            int code = (in.ptr[i + 1] - '0') * 64 + (in.ptr[i + 2] - '0') * 8 + in.ptr[i + 3] - '0';
            out[len++] = (char)code;
            i += 3;
        } else {
            out[len++] = in.ptr[i];
        }
    }
    out[len] = '\0';
    return len;
}

static void remove_mount(struct oc_system *s, uint32_t index)
{
    free(s->mounts[index].path);
    s->mounts[index] = s->mounts[--s->mount_count];
}

/* What is mounted over a mount point hides what was there before. */
static void remove_hidden(struct oc_system *s, const char *mount)
{
    for (uint32_t i = 0; i < s->mount_count; i++) {
        if (strcmp(s->mounts[i].label, mount) == 0) {
            remove_mount(s, i);
            return;
        }
    }
}

/* Of several mounts of one file system, the one that shows all of it, else the first. */
static bool is_better_elsewhere(struct oc_system *s, uint64_t device, bool whole)
{
    for (uint32_t i = 0; i < s->mount_count; i++) {
        if (s->mounts[i].device == device) {
            if (s->mounts[i].whole || !whole) {
                return true;
            }
            remove_mount(s, i);
            return false;
        }
    }
    return false;
}

static void add_mount(struct oc_system *s, const char *mount, uint64_t device, bool whole)
{
    size_t root_len = strlen(s->root);
    if (root_len > 0 && s->root[root_len - 1] == '/') {
        root_len--;
    }
    if (s->mount_count >= MOUNTS_MAX) {
        return;
    }
    struct oc_mount *grown = realloc(s->mounts, (s->mount_count + 1) * sizeof *grown);
    if (!grown) {
        return;
    }
    s->mounts = grown;
    struct oc_mount *m = &grown[s->mount_count];
    if (asprintf(&m->path, "%.*s%s", (int)root_len, s->root, mount) < 0) {
        return;
    }
    m->label = m->path + root_len;
    m->device = device;
    m->whole = whole;
    s->mount_count++;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": id, parent, device, root of the
 * mount in its file system, mount point, options, optional fields, a dash, the type. */
static void take_mount(struct oc_system *s, struct oc_scan *line)
{
    char mount[1024];
    oc_scan_word(line);
    oc_scan_word(line);
    uint64_t device = oc_scan_u64(line) << 32;
    oc_scan_literal(line, ":");
    device |= oc_scan_u64(line);
    bool whole = oc_scan_is(oc_scan_word(line), "/");
    if (unescape(oc_scan_word(line), mount, sizeof mount) == 0) {
        return;
    }
    struct oc_view word;
    do {
        word = oc_scan_word(line);
    } while (word.len > 0 && !oc_scan_is(word, "-"));
    struct oc_view type = oc_scan_word(line);
    remove_hidden(s, mount);
    if (type.len > 0 && is_wanted_mount(s, mount, type) && !is_better_elsewhere(s, device, whole)) {
        add_mount(s, mount, device, whole);
    }
}

static bool mounts_changed(struct oc_system *s)
{
    struct pollfd p = {.fd = s->files[OC_FILE_MOUNTINFO].fd, .events = POLLPRI};
    if (!s->mounts_known || !s->live || p.fd < 0) {
        return true;
    }
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLPRI | POLLERR)) != 0; /* see proc(5), mounts */
}

static void read_mounts(struct oc_system *s)
{
    struct oc_scan text, line;
    if (!oc_system_read(s, OC_FILE_MOUNTINFO, &text)) {
        return;
    }
    oc_system_space_free(s);
    while (oc_scan_line(&text, &line)) {
        take_mount(s, &line);
    }
    s->mounts_known = true;
}

static void put_bytes(struct oc_out *o, const char *mount, const char *kind, double bytes)
{
    struct oc_label labels[] = {oc_label("mount", mount), oc_label("kind", kind)};
    oc_out_sample(o, "system.disk_bytes", OC_KIND_GAUGE, bytes, labels, 2);
}

static void put_space(struct oc_system *s, struct oc_out *o, const struct oc_mount *m)
{
    struct statvfs fs;
    if (statvfs(m->path, &fs) != 0 || fs.f_blocks == 0) {
        return;
    }
    double block = (double)fs.f_frsize;
    double used = (double)(fs.f_blocks - fs.f_bfree);
    double available = (double)fs.f_bavail; /* without what is reserved for root, as df counts */
    double percent = oc_percent(used, used + available);
    if (percent > s->disk_percent) {
        s->disk_percent = percent;
        s->fullest = m->label;
    }
    oc_out_labelled(o, "system.disk_percent", OC_KIND_GAUGE, percent, "mount", m->label);
    put_bytes(o, m->label, "total", (double)fs.f_blocks * block);
    put_bytes(o, m->label, "used", used * block);
    put_bytes(o, m->label, "available", available * block);
    oc_out_labelled(o, "system.disk_read_only", OC_KIND_BOOL, (fs.f_flag & ST_RDONLY) ? 1 : 0,
                    "mount", m->label);
    if (fs.f_files > 0) { /* btrfs and vfat have no fixed number */
        oc_out_labelled(o, "system.disk_inodes_percent", OC_KIND_GAUGE,
                        oc_percent((double)(fs.f_files - fs.f_ffree), (double)fs.f_files), "mount",
                        m->label);
    }
}

void oc_system_space(struct oc_system *s, struct oc_out *o)
{
    if (mounts_changed(s)) {
        read_mounts(s);
    }
    for (uint32_t i = 0; i < s->mount_count; i++) {
        put_space(s, o, &s->mounts[i]);
    }
}

void oc_system_space_free(struct oc_system *s)
{
    for (uint32_t i = 0; i < s->mount_count; i++) {
        free(s->mounts[i].path);
    }
    free(s->mounts);
    s->mounts = NULL;
    s->mount_count = 0;
    s->fullest = NULL;
}
