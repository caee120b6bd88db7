// Whether a component is still there when what it began has ended. SPDX-License-Identifier: MIT
import { useEffect, useRef, type MutableRefObject } from 'react';

/** `left` is called when it goes. */
export function useHere(left?: () => void): Readonly<MutableRefObject<boolean>> {
  const here = useRef(true);
  const last = useRef(left);
  last.current = left;
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
      last.current?.();
    };
  }, []);
  return here;
}
