/* How the human page looks. SPDX-License-Identifier: MIT */
#include "core/api/openapi/openapi.h"

const char oc_openapi_style[] =
    ":root{color-scheme:light dark;--line:#d0d7de;--soft:#f6f8fa;--ink:#1f2328;--link:#0550ae;"
    "--back:#fff;--dim:#57606a}\n"
    "@media(prefers-color-scheme:dark){:root{--line:#30363d;--soft:#161b22;--ink:#e6edf3;"
    "--link:#79c0ff;--back:#0d1117;--dim:#9198a1}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:72rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;"
    "color:var(--ink);background:var(--back)}\n"
    "a{color:var(--link)}\n"
    "nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1rem;list-style:none;padding:0}\n"
    "h2{margin-top:3rem;border-bottom:1px solid var(--line)}\n"
    "h3{margin:2rem 0 .3rem;font-size:1rem;overflow-wrap:anywhere}\n"
    "small,.statuses{color:var(--dim)}\n"
    ".method{display:inline-block;min-width:4.5em;padding:.1em .5em;border:1px solid var(--line);"
    "border-radius:.3em;text-align:center;text-transform:uppercase}\n"
    ".role{padding:.1em .5em;border-radius:1em;background:var(--soft);border:1px solid "
    "var(--line);font-size:.85em}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{padding:.3rem .6rem;border:1px solid var(--line);text-align:left;vertical-align:top}\n"
    "pre{padding:.6rem;background:var(--soft);border:1px solid var(--line);overflow-x:auto}\n";
