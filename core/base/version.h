/* The version of this program; the build defines it. SPDX-License-Identifier: MIT */
#ifndef OC_BASE_VERSION_H
#define OC_BASE_VERSION_H

#ifndef OC_VERSION
#define OC_VERSION "1.0.0"
#endif
#define OC_SCHEMA "openclaw/v1" /* of every JSON document on stdout */

#endif
