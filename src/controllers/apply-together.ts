/** Does the independent steps of a stage at the same time. Waits for all of them, then throws what the first failure threw. */
export async function applyTogether<S>(
  stage: readonly S[],
  applyStep: (step: S) => Promise<void>,
  done: (step: S) => void,
): Promise<void> {
  const results = await Promise.allSettled(
    stage.map(async (step) => {
      await applyStep(step);
      done(step);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
