/* The checks of the files that are shipped. SPDX-License-Identifier: MIT */
#include "core/package/check/table.h"

#define E OC_SEVERITY_ERROR
#define W OC_SEVERITY_WARNING
#define N OC_SEVERITY_NOTE

const struct oc_check oc_checks_files[] = {
    {"OC0301", E, "a file with special rights", "A file has the setuid or the setgid bit.",
     "It would run with rights that nobody consented to.", "Remove the bit: chmod u-s,g-s."},
    {"OC0302", E, "a link or a special file",
     "There is a symbolic link, a file with several names, a pipe, a socket or a device.",
     "Links lead out of the folder, and archives with them are refused at installation.",
     "Ship plain files and folders only."},
    {"OC0303", E, "more than an archive may hold",
     "The folder has more than 4096 files, one of more than 64 MB, or more than 256 MB in all.",
     "An archive of it would be refused at installation.",
     "Leave out what can be fetched or made at run time."},
    {"OC0304", W, "an executable beside the library",
     "There is a program or a script that can be run, and no permission process:spawn asks for "
     "running it.",
     "It is code that no check of the library has seen.",
     "Remove it, or ask for `process:spawn:<program>`."},
    {"OC0305", E, "a secret", "A file holds what looks like a private key or an access token.",
     "What is published once is known for ever.",
     "Remove it, replace the secret where it is used, and let the configuration refer to it."},
    {"OC0306", E, "a name that does not survive everywhere",
     "Two names differ only in case, or a name has control characters, a backslash or more than "
     "200 bytes.",
     "On another file system they become one file, or none.",
     "Use short names of letters, digits, dots, dashes and underscores."},
    {"OC0307", W, "anybody may write to it", "A file or folder is writable for everybody.",
     "Any user of the machine decides what the host loads.", "chmod o-w."},
    {"OC0308", W, "a hidden file", "There is a file whose name begins with a dot.",
     "Nobody sees it in a listing, and such files often hold what was not meant to be shipped.",
     "Remove it."},
    {0},
};
