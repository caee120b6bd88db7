/* The style sheet of the status page. SPDX-License-Identifier: MIT */
#include "core/api/status/status.h"

/* clang-format off */
const char oc_status_css[] =
    ":root{color-scheme:light dark;--bg:#fbfbfa;--fg:#1b1b1a;--dim:#5a5a57;--line:#deded9;--card:#fff;"
    "--ok:#2e7d32;--degraded:#946200;--down:#c62828;--maintenance:#1565c0;--none:#c9c9c4}\n"
    "@media (prefers-color-scheme:dark){:root{--bg:#161615;--fg:#ecebe8;--dim:#a8a7a2;--line:#34342f;--card:#1f1f1d;"
    "--ok:#66bb6a;--degraded:#ffb74d;--down:#ef7a76;--maintenance:#64b5f6;--none:#45453f}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}\n"
    "main,footer{max-width:56rem;margin:0 auto;padding:1rem}\n"
    "h1{font-size:1.6rem;margin:1rem 0}h2{font-size:1.1rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0;overflow-wrap:anywhere}\n"
    "ul{list-style:none;margin:0;padding:0}\n"
    "li{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:0 0 .75rem}\n"
    ".overall{font-weight:600;padding:1rem;border:1px solid var(--line);border-left:.4rem solid var(--none);border-radius:.5rem;background:var(--card)}\n"
    ".overall.operational{border-left-color:var(--ok)}.overall.degraded{border-left-color:var(--degraded)}\n"
    ".overall.down{border-left-color:var(--down)}.overall.maintenance{border-left-color:var(--maintenance)}\n"
    ".head{display:flex;justify-content:space-between;gap:1rem}.state{font-weight:600;color:var(--dim)}\n"
    ".state.operational{color:var(--ok)}.state.degraded{color:var(--degraded)}.state.down{color:var(--down)}.state.maintenance{color:var(--maintenance)}\n"
    ".bars{display:flex;flex-wrap:wrap;gap:.5rem 2rem}\n"
    "figure{margin:.5rem 0 0}.days{flex:3 1 20rem}.hours{flex:1 1 10rem}\n"
    "svg{display:block;width:100%;height:2rem}\n"
    "figcaption{display:flex;justify-content:space-between;color:var(--dim);font-size:.8rem}\n"
    "path{fill:var(--none)}rect.operational{fill:var(--ok)}rect.degraded{fill:var(--degraded)}rect.down{fill:var(--down)}rect.maintenance{fill:var(--maintenance)}\n"
    ".incidents li{border-left:.4rem solid var(--degraded)}.incidents li.down{border-left-color:var(--down)}.incidents p{margin:.25rem 0 0}\n"
    "footer{color:var(--dim);font-size:.85rem}a{color:inherit}\n";
/* clang-format on */
