/* HTML without script, under a policy that allows none. SPDX-License-Identifier: MIT */
#include "core/api/login/page.h"

#include "core/base/text.h"

const char oc_login_css[] =
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1b1f24;--dim:#57606a;"
    "--line:#8c959f;--accent:#0a5ec2;--on-accent:#fff;--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--bg:#0f1318;--card:#181d24;--text:#e8ebef;"
    "--dim:#a3adb8;--line:#6b7682;--accent:#7ab7ff;--on-accent:#07213f;--bad:#ff9b93}}"
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--bg);"
    "color:var(--text);font:16px/1.5 system-ui,sans-serif}"
    "main{width:min(26rem,100vw - 2rem);padding:2rem;background:var(--card);border-radius:12px;"
    "box-shadow:0 1px 3px #0003}"
    "h1{margin:0 0 1rem;font-size:1.5rem}"
    "label{display:block;margin-bottom:.25rem;font-weight:600}"
    "input[type=password]{width:100%;padding:.6rem .75rem;border:1px solid var(--line);"
    "border-radius:6px;background:var(--bg);color:var(--text);font:inherit}"
    "button{width:100%;margin-top:1rem;padding:.65rem;border:0;border-radius:6px;"
    "background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;cursor:pointer}"
    ":focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
    "p{margin:.75rem 0 0;color:var(--dim)}"
    ".bad{margin:0 0 1rem;color:var(--bad);font-weight:600}"
    "code{font-family:ui-monospace,monospace;color:var(--text)}"
    "a{color:var(--accent)}";

static void begin(struct oc_buf *out, const char *refresh)
{
    oc_buf_adds(out, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    if (refresh) {
        oc_buf_adds(out, "<meta http-equiv=\"refresh\" content=\"0; url=");
        oc_markup_add(out, refresh);
        oc_buf_adds(out, "\">");
    }
    oc_buf_adds(out, "<title>Sign in - openclaw</title>"
                     "<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" "
                     "href=\"/login.css\"></head><body><main>");
}

void oc_login_form(struct oc_buf *out, const char *problem, const char *code, const char *next)
{
    begin(out, NULL);
    oc_buf_adds(out, "<h1>Sign in to openclaw</h1>");
    if (problem) {
        oc_buf_adds(out, "<p class=\"bad\" id=\"problem\" role=\"alert\">");
        oc_markup_add(out, problem);
        oc_buf_adds(out, "</p>");
    }
    /* Without an action the browser keeps what is behind the # of the address: the view that somebody wanted to see. */
    oc_buf_addf(out, "<form method=\"post\"%s><input type=\"hidden\" name=\"next\" value=\"",
                code ? " action=\"/login\"" : "");
    oc_markup_add(out, next);
    oc_buf_adds(out, "\">");
    if (code) {
        oc_buf_adds(out, "<input type=\"hidden\" name=\"secret\" value=\"");
        oc_markup_add(out, code);
        oc_buf_adds(out, "\">");
    } else {
        oc_buf_addf(out,
                    "<input name=\"username\" value=\"openclaw\" autocomplete=\"username\" hidden>"
                    "<label for=\"secret\">Token or one-time code</label>"
                    "<input id=\"secret\" name=\"secret\" type=\"password\" required autofocus "
                    "autocomplete=\"current-password\" spellcheck=\"false\" maxlength=\"256\"%s>",
                    problem ? " aria-invalid=\"true\" aria-describedby=\"problem\"" : "");
    }
    oc_buf_adds(out, "<button>Sign in</button></form><p>On the machine that openclaw runs on, "
                     "<code>openclaw login</code> makes a link that signs you in.</p>"
                     "</main></body></html>\n");
}

void oc_login_welcome(struct oc_buf *out, const char *role, const char *next)
{
    begin(out, next);
    oc_buf_addf(out, "<h1>You are signed in</h1><p role=\"status\">Your role is %s. <a href=\"",
                role);
    oc_markup_add(out, next);
    oc_buf_adds(out, "\">Go on</a></p></main></body></html>\n");
}
