/* Giving up root. SPDX-License-Identifier: MIT */
#include "core/daemon/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

int oc_privilege_drop(const char *user, const char *home, struct oc_error *err)
{
    if (geteuid() != 0) {
        oc_error_set(err, OC_E_DENIED, "--user %s needs root", user);
        oc_error_hint(err, "Start openclawd as root, or as %s without --user.", user);
        return OC_E_DENIED;
    }
    errno = 0;
    const struct passwd *pw = getpwnam(user);
    if (!pw) {
        return oc_error_set(err, OC_E_NOT_FOUND, "no user is named %s", user);
    }
    uid_t uid = pw->pw_uid;
    gid_t gid = pw->pw_gid;
    if (home && (mkdir(home, 0700) != 0 && errno != EEXIST)) {
        return oc_error_errno(err, 0, errno, "cannot make %s", home);
    }
    if (home && lchown(home, uid, gid) != 0) {
        return oc_error_errno(err, 0, errno, "cannot give %s to %s", home, user);
    }
    setenv("HOME", pw->pw_dir, 1);
    setenv("USER", user, 1);
    if (initgroups(user, gid) != 0 || setresgid(gid, gid, gid) != 0 ||
        setresuid(uid, uid, uid) != 0) {
        return oc_error_errno(err, OC_E_DENIED, errno, "cannot become %s", user);
    }
    if (uid != 0 && setuid(0) == 0) {
        return oc_error_set(err, OC_E_INTERNAL, "root could be taken back after becoming %s", user);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return OC_OK;
}
