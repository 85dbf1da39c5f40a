/*
 * Builds the console into console/dist, which tools/embed.py puts into the binary.
 *
 * The page is served under a policy without inline scripts, styles or data: fonts, so nothing may be
 * inlined here. `npm run dev` proxies everything that is not the page to a running Parley.
 */
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const parley = process.env['PARLEY_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: here('.'),
  plugins: [vue()],
  resolve: { alias: { '@shared': here('../shared'), '@': here('./src') } },
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
  },
  server: {
    port: 5173,
    proxy: {
      '/api': parley,
      '/broadcasting': parley,
      '/webhooks': parley,
      '/app': { target: parley, ws: true },
    },
  },
  test: { silent: 'passed-only', environment: 'happy-dom', dir: here('..'), exclude: ['**/node_modules/**', '**/dist/**'] },
})
