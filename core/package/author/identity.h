/* Who sits at the keyboard: the author of a new plugin when nobody else is named. SPDX-License-Identifier: MIT  [any]
 *
 * Asked in this order: GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, user.name and user.email of ~/.gitconfig, then of
 * $XDG_CONFIG_HOME/git/config (~/.config/git/config), and for the name the account. The files are read as files: no git is
 * run, and their includes are not followed. What is no plain line of text counts as not there. */
#ifndef OC_PACKAGE_AUTHOR_IDENTITY_H
#define OC_PACKAGE_AUTHOR_IDENTITY_H

#include <stddef.h>

/* The name, never empty. Owned by the caller. */
char *oc_author_name(void);
/* The address; NULL when none is known. Owned by the caller. */
char *oc_author_email(void);

/* The value of `key` in the section [user] of a git configuration, the last one; NULL when it has none. Owned by the caller. */
char *oc_gitconfig_user(const char *text, size_t len, const char *key);

#endif
