/** Every condition type that a status may hold. `docs/operations.md` says what each means. */
export const conditionTypes = [
  'Ready',
  'Reconciling',
  'Stalled',
  'Distributed',
  'CopyOnWrite',
  'AutoscalerRunning',
  'LocksBreakable',
  'AccessVerified',
  'ServicesRunning',
  'ImageLocationsHidden',
] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** Every reason that a condition or an event may carry. `docs/operations.md` says what each means and what to do. */
export const reasons = [
  // all kinds
  'Converged',
  'Progressing',
  'ChangesPlanned',
  'Failed',
  'InvalidSpec',
  'Deleting',
  'DeletionBlocked',
  'Contested',
  'Conflict',
  'AlreadyExists',
  'OwnedByAnother',
  'PolicyForbids',
  // the connection
  'ConnectionMissing',
  'ConnectionInvalid',
  'ConnectionGone',
  'CephUnreachable',
  'CephAccessDenied',
  'WrongCluster',
  // pools
  'WaitingForPool',
  'PlacementGroupBudget',
  'WrongPoolType',
  'CrushRuleDiffers',
  'AutoscalerAbsent',
  // clients
  'WaitingForClient',
  'KeyTypeUnsupported',
  'SecretConflict',
  'SessionsOpen',
  'LocksUnbreakable',
  // bindings
  'WaitingForHosts',
  'HostsNotReady',
  'RolloutPaused',
  'CopyOnWriteUnavailable',
  // hosts
  'HostUnreachable',
  'HostKeyMismatch',
  'HostKeyUnknown',
  'SshInvalid',
  'SshRefused',
  'HostUnsupported',
  'HostAnswerInvalid',
  'ReleaseUnknown',
  'ReleaseMismatch',
  'PackagesMissing',
  'RoleNotInstalled',
  'OptionShadowed',
  'InstancesOnLocalDisk',
  'VolumesWouldBeOrphaned',
  'GuestsUseSecret',
  'LibvirtUnreachable',
  'AccessDenied',
  'ServiceStopped',
  'RestartFailed',
  'RestartNeeded',
  'ImageLocationsExposed',
  'WaitingForRevision',
  'StepFailed',
  // what an event says
  'Applied',
  'DriftRepaired',
  'Abandoned',
] as const;
export type Reason = (typeof reasons)[number];
