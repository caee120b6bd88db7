/* What the mail server says to each command. SPDX-License-Identifier: MIT  [worker]
 *
 * libcurl goes on when a recipient is refused, and tells at the end whether one was left. Who was refused, and why, only the
 * server's replies say; they are read from what libcurl shows to whoever debugs. */
#ifndef EMAIL_REPLIES_H
#define EMAIL_REPLIES_H

#include "alert/text.h"

#include <curl/curl.h>

struct replies {
    const struct curl_slist *asked; /* the recipients whose replies have not come; borrowed */
    bool of_recipient;              /* the command that is being answered is one of theirs */
    bool over;                      /* we said goodbye: what comes is no verdict */
    unsigned accepted, refused;
    bool temporary;       /* one of the refused may be taken later (4xx) */
    struct text refusals; /* "<a@b.example> (550 no such user), ..." */
    struct text last; /* the last line that came before the goodbye, without control characters */
};

/* `recipients` are those of CURLOPT_MAIL_RCPT. `r`, zeroed, is borrowed until the transfer is over. */
void replies_watch(struct replies *r, CURL *curl, const struct curl_slist *recipients);
void replies_finish(struct replies *r);

#endif
