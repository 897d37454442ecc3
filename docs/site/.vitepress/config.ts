import { join } from 'node:path';
import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import { brokenLinks } from '../broken-links.ts';
import { contents } from '../contents.ts';
import { allPages, linkOnSite, projectRoot, stage } from '../pages.ts';

const pages = allPages();
const srcDir = stage(pages);
const base = process.env.DOCS_BASE || '/';

// biome-ignore lint/style/noDefaultExport: VitePress reads its configuration so.
export default defineConfig({
  title: 'ceph-openstack-operator',
  description: 'Keeps OpenStack wired to Ceph, from one declaration in Kubernetes',
  lang: 'en',
  base,
  srcDir,
  outDir: join(projectRoot, 'dist', 'docs'),
  markdown: {
    // The anchors that forges make, so that one link serves both.
    anchor: { slugify: slug },
    config(md) {
      md.core.ruler.push('links-of-the-project', ({ env, tokens }) => {
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.type === 'link_open' ? token.attrGet('href') : null;
          if (href !== null) token.attrSet('href', linkOnSite(pages, env.relativePath, href));
        }
      });
    },
  },
  themeConfig: {
    sidebar: contents(pages),
    outline: [2, 3],
    docFooter: { prev: false, next: false },
    search: { provider: 'local' },
  },
  buildEnd({ outDir }) {
    const broken = brokenLinks(outDir, base);
    if (broken.length > 0) throw new Error(`Links are broken:\n${broken.join('\n')}`);
  },
});
