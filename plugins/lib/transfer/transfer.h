/* libcurl under the rules of the plugin ABI. SPDX-License-Identifier: MIT
 *
 * A transfer ends before the request's deadline, also while the name service hangs, so that the host
 * never has to fence the instance, and soon after the cancel flag is set: within a quarter of a second with a handle of
 * transfer_open, within about one second with one of curl_easy_init, where libcurl itself waits. [worker] */
#ifndef PLUGIN_TRANSFER_H
#define PLUGIN_TRANSFER_H

#include <curl/curl.h>

#include <openclaw/plugin.h>

/* Once for each instance, in `start`; paired with transfer_leave in `stop`. */
int32_t transfer_enter(struct oc_error *err);
void transfer_leave(void);

/* A handle that keeps its connections from one transfer to the next; the caller's, for transfer_close. NULL: out of memory. */
CURL *transfer_open(void);
/* Forgets every option, and keeps the connections: in place of curl_easy_reset, which would forget more. */
void transfer_reset(CURL *curl);
void transfer_close(CURL *curl); /* NULL is fine */

/* Certificates are checked, signals left alone, only `protocols` ("http,https") spoken, no redirect
 * followed. `ca_file` may be NULL. */
void transfer_prepare(CURL *curl, const char *protocols, const char *ca_file);

/* Runs it with the time that is left. `detail` receives libcurl's own words. */
CURLcode transfer_run(CURL *curl, const struct oc_request *req, char detail[CURL_ERROR_SIZE]);

/* What a failure of the transport means: fills `err`, returns its code. */
int32_t transfer_fail(CURLcode code, const char *detail, struct oc_error *err);

#endif
