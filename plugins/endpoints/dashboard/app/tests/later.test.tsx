// Code that comes later, or only the second time. SPDX-License-Identifier: MIT
import { createElement, Suspense } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Boundary } from '../src/app/Boundary';
import { later } from '../src/ui/later';
import { beginPage, draw, endPage } from './page';

beforeEach(beginPage);
afterEach(endPage);

it('is fetched anew after it could not be, when the view is opened again', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined); // React tells of what is caught
  let away = true;
  const view = later(async () => {
    if (away) throw new Error('no host');
    return { default: () => <p>here</p> };
  });
  const open = () => (
    <Boundary name="It">
      <Suspense fallback={null}>{createElement(view.pick())}</Suspense>
    </Boundary>
  );
  const first = await draw(open());
  expect(first.box.textContent).toContain('no host');
  await first.remove();
  away = false;
  const second = await draw(open());
  expect(second.box.textContent).toBe('here');
});
