import theme from 'vitepress/theme-without-fonts';
import './site.css';

// biome-ignore lint/style/noDefaultExport: VitePress reads its theme so.
export default theme;
