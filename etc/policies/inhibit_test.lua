-- Tests of inhibit.lua: openclaw policy test inhibit_test.lua. SPDX-License-Identifier: MIT

tests = {
  {
    name = "information is kept back while something is critical in the same place",
    hook = "inhibit",
    args = { 0 },
    expect = {
      {
        name = "severity-cascade",
        source = { "severity=critical" },
        target = { "severity=info" },
        equal = { "instance" },
        window = "600s",
      },
    },
  },
}
