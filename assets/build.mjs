// Builds the front end into publisher/static/dist: hashed names, one manifest.json, nothing fetched at run time.
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "..");
const dist = join(root, "publisher", "static", "dist");
const out = `${dist}.${process.pid}`; // built beside and swapped in, so that a running server hardly notices
const entries = ["js/app.js", "js/theme.js", "js/blog.js", "css/app.css", "css/blog.css"];

// Bootstrap's parts that no page uses: our own take their place, or nobody needs them.
const unused = new RegExp(
  "^(\\[data-bs-theme=\\w+\\] )?\\.(accordion|active\\.carousel|breadcrumb|bs-|btn-(check|close|outline|toolbar)|carousel|dropdown|dropup|dropend|" +
    "dropstart|form-(floating|range)|modal|navbar|offcanvas|page-|pagination|placeholder|popover|spinner|toast|tooltip|" +
    "(col|g|gx|gy|row-cols|offset|order|[mp][tbsexy]?)-(sm|xl|xxl)-)",
);
const rule = /^( *)((?:[^@{}\n]+,\n)*[^@{}\n]+) \{\n[^{}]*^\1\}\n/gm;

/** Bootstrap without the rules of which every selector is unused. */
const trimBootstrap = {
  name: "trim-bootstrap",
  setup(build) {
    build.onLoad({ filter: /bootstrap\.css$/ }, async ({ path }) => {
      const css = (await readFile(path, "utf8")).replace(/\/\*# sourceMappingURL.*/, "");
      const kept = css.replace(rule, (all, _indent, selectors) =>
        selectors.split(",").every((selector) => unused.test(selector.trim())) ? "" : all,
      );
      return { contents: kept, loader: "css", resolveDir: dirname(path) };
    });
  },
};

/** Bundle every entry; answers {"app.js": "app-1A2B3C4D.js", …}. */
async function bundles() {
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => join(here, entry)),
    outdir: out,
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    metafile: true,
    format: "iife",
    target: ["es2022", "chrome111", "firefox113", "safari16.4"],
    legalComments: "linked",
    plugins: [trimBootstrap],
    logLevel: "warning",
  });
  const files = {};
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint) files[basename(entryPoint)] = relative(out, resolve(root, path));
  }
  return files;
}

/** Write `text` under a name that carries its hash, so that it can be cached for ever. */
async function hashed(name, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();
  const dot = name.lastIndexOf(".");
  const file = `${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
  await writeFile(join(out, file), text);
  return file;
}

/** One sprite with the icons that icons.json names; a <symbol> each. */
async function sprite(names) {
  const folder = join(root, "node_modules", "bootstrap-icons", "icons");
  const symbols = await Promise.all(
    names.map(async (name) => {
      const svg = await readFile(join(folder, `${name}.svg`), "utf8");
      const viewBox = /viewBox="([^"]+)"/.exec(svg)[1];
      const body = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s*\n\s*/g, "");
      return `<symbol id="${name}" viewBox="${viewBox}">${body}</symbol>`;
    }),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

async function build() {
  await mkdir(out, { recursive: true });
  const files = await bundles();
  const icons = JSON.parse(await readFile(join(here, "icons", "icons.json"), "utf8"));
  files["icons.svg"] = await hashed("icons.svg", await sprite(icons));
  files["favicon.svg"] = await hashed("favicon.svg", await readFile(join(here, "icons", "favicon.svg"), "utf8"));
  const web = JSON.parse(await readFile(join(here, "app.webmanifest"), "utf8"));
  web.icons = [{ src: files["favicon.svg"], sizes: "any", type: "image/svg+xml" }];
  files["app.webmanifest"] = await hashed("app.webmanifest", JSON.stringify(web));
  await writeFile(join(out, "manifest.json"), JSON.stringify({ files, icons }, null, 1));
  await rm(dist, { recursive: true, force: true });
  await rename(out, dist);
  return files;
}

const files = await build().finally(() => rm(out, { recursive: true, force: true }));
console.log(`built ${Object.keys(files).length} assets in ${relative(process.cwd(), dist) || dist}`);
