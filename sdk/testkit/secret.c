/* Secrets of the test kit: "$env:NAME", "$file:PATH", or the text itself. SPDX-License-Identifier: MIT */
#include "kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET_MAX 65536 /* bytes of a secret file */

static char *from_environment(const char *key, const char *name, struct oc_error *err)
{
    const char *value = getenv(name);
    if (!value || !*value) {
        kit_fail(err, OC_E_CONFIG, "%s: %s is %s", key, name, value ? "empty" : "not set");
        return NULL;
    }
    return kit_format("%s", value);
}

/* The content without the line ends behind it; NULL and `err` when it is no text or too long. */
static char *read_secret(FILE *f, const char *key, const char *path, struct oc_error *err)
{
    char *secret = kit_alloc(SECRET_MAX + 2);
    size_t len = fread(secret, 1, SECRET_MAX + 1, f);
    const bool fits = !ferror(f) && len <= SECRET_MAX;
    while (len > 0 && strchr("\r\n", secret[len - 1])) {
        secret[--len] = '\0';
    }
    if (!fits || len == 0 || strlen(secret) != len) {
        kit_fail(err, OC_E_CONFIG, "%s: the secret file %s is %s", key, path,
                 !fits ? "too long or cannot be read"
                 : len ? "not a text"
                       : "empty");
        free(secret);
        return NULL;
    }
    return secret;
}

/* A relative path is one of the folder that the test runs in. */
static char *from_file(const char *key, const char *path, struct oc_error *err)
{
    struct stat st;
    char *secret = NULL;
    FILE *f = fopen(path, "re");
    if (!f) {
        kit_fail(err, OC_E_CONFIG, "%s: cannot open %s: %s", key, path, strerror(errno));
        return NULL;
    }
    if (fstat(fileno(f), &st) == 0 && st.st_mode & S_IROTH) {
        kit_fail(err, OC_E_CONFIG, "%s: the secret file %s can be read by everybody", key, path);
    } else {
        secret = read_secret(f, key, path, err);
    }
    fclose(f);
    return secret;
}

char *kit_secret(const char *key, const char *text, struct oc_error *err)
{
    static const char env[] = "$env:", file[] = "$file:";
    if (strncmp(text, env, sizeof env - 1) == 0) {
        return from_environment(key, text + sizeof env - 1, err);
    }
    if (strncmp(text, file, sizeof file - 1) == 0) {
        return from_file(key, text + sizeof file - 1, err);
    }
    return kit_format("%s", text);
}
