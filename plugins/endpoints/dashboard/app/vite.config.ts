// How the application is built: no inline script or style, one chunk for each view. SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const target = process.env.OPENCLAW_URL ?? 'http://127.0.0.1:3000';

export default defineConfig({
  base: './',
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2020',
    outDir: 'dist',
    assetsInlineLimit: 0, // data: URLs in style sheets would need a wider content security policy
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    rollupOptions: { output: { hashCharacters: 'base36', manualChunks: { react: ['react', 'react-dom'] } } },
  },
  // `npm run dev` shows the sources beside a host that runs elsewhere
  server: {
    proxy: {
      '/api': target,
      '/login': target,
      '/logout': target,
      '/ws': { target, ws: true },
    },
  },
  test: { environment: 'jsdom', include: ['tests/**/*.test.{ts,tsx}'] },
});
