import { controller, secondCompute, tellCloudStory } from './cloud-story.ts';

/* As people would do it today, and guests move live between two computes. */
await tellCloudStory({ name: 'today', machines: [controller, secondCompute], fields: {} });
