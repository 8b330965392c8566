import { defineConfig } from "vite";

const pages = ["index", "event", "checkout", "order", "box-office", "gate", "admin", "api"];

export default defineConfig({
  build: {
    // The content security policy of the server allows nothing inline, data: addresses included.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: { input: Object.fromEntries(pages.map((page) => [page, `${page}.html`])) },
  },
});
