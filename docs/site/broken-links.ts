import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What is wrong with the links of a site built to be served under `base`, a sentence each: a page or file that is not there, an anchor that the page
 * does not have, or something that a browser would load from elsewhere.
 */
export function brokenLinks(folder: string, base: string): string[] {
  const pages = new Map(globSync('**/*.html', { cwd: folder }).map((file) => [file, pageOf(join(folder, file), base)]));
  const wrong: string[] = [];
  for (const [file, { links, loads }] of pages) {
    for (const url of loads) {
      if (/^(https?:)?\/\//.test(url)) wrong.push(`${file} loads "${url}", which is not of this site`);
      else if (!existsSync(join(folder, url))) wrong.push(`${file} loads "${url}", which is not there`);
    }
    for (const url of links) {
      const [path = '', anchor = ''] = url.split('#');
      const target = path === '' ? file : path.replace(/^\//, '').replace(/(^|\/)$/, '$1index.html');
      const page = pages.get(target);
      if (page === undefined && !existsSync(join(folder, target)))
        wrong.push(`${file} links to "${url}": no such page`);
      else if (anchor !== '' && !page?.anchors.has(decodeURIComponent(anchor))) {
        wrong.push(`${file} links to "${url}": no such section`);
      }
    }
  }
  for (const file of globSync('**/*.css', { cwd: folder })) {
    for (const [, url] of readFileSync(join(folder, file), 'utf8').matchAll(/url\(["']?((?:https?:)?\/\/[^)"']*)/g)) {
      wrong.push(`${file} loads "${url}", which is not of this site`);
    }
  }
  return [...new Set(wrong)].sort();
}

function pageOf(path: string, base: string) {
  const html = readFileSync(path, 'utf8');
  const attributes = (pattern: RegExp) =>
    [...html.matchAll(pattern)].map(([, url = '']) => {
      const plain = url.replaceAll('&amp;', '&');
      return plain.startsWith(base) ? `/${plain.slice(base.length)}` : plain;
    });
  return {
    links: attributes(/<a [^>]*href="([^"]*)"/g).filter((url) => !/^[a-z]+:/.test(url)),
    loads: [...attributes(/ src="([^"]*)"/g), ...attributes(/<link [^>]*href="([^"]*)"/g)].filter(
      (url) => !url.startsWith('data:'),
    ),
    anchors: new Set(attributes(/ id="([^"]*)"/g)),
  };
}
