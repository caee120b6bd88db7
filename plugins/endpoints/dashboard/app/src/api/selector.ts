// Writing selectors of series. SPDX-License-Identifier: MIT

const quote = (v: string): string => `"${v.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;

/** `selector('http.up', {instance: 'web'})` is `http.up{instance="web"}`; labels without a value are left out. */
export function selector(name: string, labels: Record<string, string | null | undefined> = {}): string {
  const inner = Object.entries(labels)
    .filter((l): l is [string, string] => !!l[1])
    .map(([k, v]) => `${k}=${quote(v)}`);
  return inner.length ? `${name}{${inner.join(',')}}` : name;
}
