import { controller, tellCloudStory } from './cloud-story.ts';

/* With the caps and options of the guide. */
await tellCloudStory({
  name: 'the guide',
  machines: [controller],
  fields: {
    glance: { client: { capsStyle: 'Legacy' }, chunkSizeMB: 8 },
    cinder: { backends: [{ name: 'ceph', client: { capsStyle: 'Legacy' } }] },
    cinderBackup: { client: { capsStyle: 'Legacy' } },
    cephConf: { rbdCache: 'Enabled', adminSocket: 'Enabled' },
  },
});
