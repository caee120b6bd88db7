/* What the mail server says to each command. SPDX-License-Identifier: MIT */
#include "replies.h"

#include <stdlib.h>
#include <string.h>

static void remember(struct text *t, const char *line, size_t len)
{
    char cut[200] = "";
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n')) {
        len--;
    }
    memcpy(cut, line, len < sizeof cut ? len : sizeof cut - 1);
    t->len = 0;
    text_add_line(t, cut);
}

/* The last line of the reply to RCPT TO; they come in the order of the list. */
static void take_verdict(struct replies *r, const char *line)
{
    r->of_recipient = false;
    if (!r->asked) {
        return;
    }
    if (line[0] == '2') {
        r->accepted++;
    } else {
        text_addf(&r->refusals, "%s%s (%s)", r->refused > 0 ? ", " : "", r->asked->data,
                  r->last.data ? r->last.data : "");
        r->refused++;
        r->temporary = r->temporary || line[0] == '4';
    }
    r->asked = r->asked->next;
}

/* "250-8BITMIME" is followed by more lines, "250 OK" is not. */
static bool is_last_line(const char *line, size_t len)
{
    return len >= 4 && line[3] != '-';
}

static bool begins(const char *data, size_t len, const char *command)
{
    const size_t n = strlen(command);
    return len >= n && memcmp(data, command, n) == 0;
}

static int on_debug(CURL *curl, curl_infotype type, char *data, size_t len, void *ctx)
{
    struct replies *r = ctx;
    (void)curl;
    if (type == CURLINFO_HEADER_OUT) {
        r->of_recipient = begins(data, len, "RCPT TO:");
        r->over = r->over || begins(data, len, "QUIT\r\n");
    } else if (type == CURLINFO_HEADER_IN && !r->over) {
        remember(&r->last, data, len);
        if (r->of_recipient && is_last_line(data, len)) {
            take_verdict(r, data);
        }
    }
    return 0;
}

void replies_watch(struct replies *r, CURL *curl, const struct curl_slist *recipients)
{
    r->asked = recipients;
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, r);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L); /* or it shows nothing; nothing is printed */
}

void replies_finish(struct replies *r)
{
    text_finish(&r->refusals);
    text_finish(&r->last);
}
