export const roles = ['GlanceApi', 'CinderVolume', 'CinderBackup', 'NovaCompute'] as const;
export type Role = (typeof roles)[number];

/** Family of distributions and init system: what decides about names of packages, units and files. */
export type Platform = 'debian-systemd';
