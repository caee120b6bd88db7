/* Headers of HTTP requests, such that none becomes two. SPDX-License-Identifier: MIT  [worker] */
#ifndef PLUGIN_TRANSFER_HEADER_H
#define PLUGIN_TRANSFER_HEADER_H

#include <curl/curl.h>
#include <stdbool.h>

#include <openclaw/plugin.h>

bool transfer_header_value(const char *s); /* `s` can be one: no control characters but tabs */
/* The option `headers`, a list of struct oc_pair: OC_E_CONFIG and the name of the first that is no header. */
int32_t transfer_headers_check(const struct oc_list *pairs, struct oc_error *err);

/* Puts it at the end of the list, which stays as it was when memory is short (false). `value` NULL: libcurl leaves out its own
 * header of that name. */
bool transfer_header_add(struct curl_slist **list, const char *name, const char *value);
bool transfer_headers_add(struct curl_slist **list, const struct oc_list *pairs);

#endif
