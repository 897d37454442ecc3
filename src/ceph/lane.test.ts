import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLane } from './lane.ts';

const never = new AbortController().signal;

test('a lane lets so many through, and the others in the order in which they came', async () => {
  const lane = createLane(2);
  const entered: number[] = [];
  const enter = async (id: number) => {
    const place = await lane.enter(never);
    entered.push(id);
    return place;
  };
  const places = [enter(1), enter(2), enter(3), enter(4)];
  const [first, second] = await Promise.all(places.slice(0, 2));
  assert.deepEqual(entered, [1, 2]);
  second?.[Symbol.dispose]();
  await places[2];
  first?.[Symbol.dispose]();
  await places[3];
  assert.deepEqual(entered, [1, 2, 3, 4]);
});

test('a place given back twice counts once', async () => {
  const lane = createLane(1);
  const place = await lane.enter(never);
  place[Symbol.dispose]();
  place[Symbol.dispose]();
  await lane.enter(never);
  await assert.rejects(lane.enter(AbortSignal.timeout(1)), { name: 'TimeoutError' });
});

test('one who gives up leaves the queue', async () => {
  const lane = createLane(1);
  const place = await lane.enter(never);
  const controller = new AbortController();
  const hasty = lane.enter(controller.signal);
  const patient = lane.enter(never);
  controller.abort(new Error('no time'));
  await assert.rejects(hasty, /no time/);
  place[Symbol.dispose]();
  await patient;
});
