/* Who sits at the keyboard, read from the environment, git's files and the account. SPDX-License-Identifier: MIT */
#include "core/package/author/identity.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/package/author/subst.h"
#include "core/sys/file.h"

#define GITCONFIG_MAX (256u << 10)

/* ---- git's configuration ---- */

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r')) {
        at++;
    }
    return at;
}

/* "[user]", in any case; a subsection as in [user "x"] is another section. */
static bool is_user_section(const char *at, const char *end)
{
    static const char word[] = "user";
    at = skip_blanks(at + 1, end);
    if ((size_t)(end - at) < sizeof word - 1 || strncasecmp(at, word, sizeof word - 1) != 0) {
        return false;
    }
    at = skip_blanks(at + sizeof word - 1, end);
    return at < end && *at == ']';
}

/* What stands behind the equals sign: quotes and backslashes resolved, comment and blanks at the end left out. */
static char *value_of(const char *at, const char *end)
{
    struct oc_buf out = {0};
    size_t kept = 0;
    bool quoted = false;
    for (at = skip_blanks(at, end); at < end; at++) {
        if (*at == '"') {
            quoted = !quoted;
        } else if (!quoted && (*at == '#' || *at == ';')) {
            break;
        } else {
            at += *at == '\\' && at + 1 < end;
            oc_buf_addc(&out, *at);
        }
        kept = quoted || !strchr(" \t\r", *at) ? out.len : kept;
    }
    oc_buf_addc(&out, '\0');
    out.data[kept] = '\0';
    return oc_buf_take(&out);
}

/* The value when the line sets the key, else NULL. */
static char *value_of_line(const char *at, const char *end, const char *key)
{
    const size_t len = strlen(key);
    if ((size_t)(end - at) <= len || strncasecmp(at, key, len) != 0) {
        return NULL;
    }
    at = skip_blanks(at + len, end);
    return at < end && *at == '=' ? value_of(at + 1, end) : NULL;
}

char *oc_gitconfig_user(const char *text, size_t len, const char *key)
{
    const char *const end = text + len;
    bool inside = false;
    char *found = NULL;
    for (const char *line = text, *next; line < end; line = next) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        stop = stop ? stop : end;
        next = stop + (stop < end);
        line = skip_blanks(line, stop);
        if (line < stop && *line == '[') {
            inside = is_user_section(line, stop);
            continue;
        }
        char *value = inside ? value_of_line(line, stop, key) : NULL;
        if (value) {
            free(found);
            found = value;
        }
    }
    return found;
}

/* ---- where to ask ---- */

/* The text when it can be somebody's name or address; else it is freed, and NULL. */
static char *plain(char *text)
{
    if (text && *text && oc_subst_check_value("author", text, NULL) == OC_OK) {
        return text;
    }
    free(text);
    return NULL;
}

static char *of_file(char *path, const char *key)
{
    struct oc_buf text = {0};
    char *found = NULL;
    if (path && oc_file_read(path, GITCONFIG_MAX, &text, NULL) == OC_OK && text.len) {
        found = plain(oc_gitconfig_user(text.data, text.len, key));
    }
    oc_buf_finish(&text);
    free(path);
    return found;
}

static char *of_git(const char *variable, const char *key)
{
    const char *given = getenv(variable), *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
    char *found = plain(given ? oc_strdup(given) : NULL);
    if (!found && home) {
        found = of_file(oc_path_join(home, ".gitconfig"), key);
    }
    if (!found && xdg && *xdg) {
        return of_file(oc_path_join(xdg, "git/config"), key);
    }
    return found || !home ? found : of_file(oc_path_join(home, ".config/git/config"), key);
}

/* The full name of the account, or how it is called. */
static char *of_account(void)
{
    struct passwd entry, *found = NULL;
    char buf[4096];
    if (getpwuid_r(geteuid(), &entry, buf, sizeof buf, &found) != 0 || !found) {
        return NULL;
    }
    const char *full = found->pw_gecos ? found->pw_gecos : "";
    char *name = plain(oc_strndup(full, strcspn(full, ",")));
    return name ? name : plain(oc_strdup(found->pw_name));
}

char *oc_author_name(void)
{
    char *name = of_git("GIT_AUTHOR_NAME", "name");
    name = name ? name : of_account();
    return name ? name : oc_strdup("unknown");
}

char *oc_author_email(void)
{
    return of_git("GIT_AUTHOR_EMAIL", "email");
}
