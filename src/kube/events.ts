import { randomUUID } from 'node:crypto';
import type { Reason } from '../api/conditions.ts';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Client } from './client.ts';
import { eventKind, type KubeObject } from './kinds.ts';
import { isNotFound } from './kube-error.ts';

export interface Happening {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  /** What was being done: `Apply`, `Observe`, `Delete`. */
  readonly action: string;
  /** Sentences, without secrets; cut at 1024 bytes of UTF-8, which is what the API server takes. */
  readonly note: string;
}

/** Tells what happened to an object. Never fails and never waits: an event is worth less than the work. */
export interface Recorder {
  record(object: KubeObject, happening: Happening): void;
  /** Resolves when everything recorded so far was sent or given up. */
  flush(): Promise<void>;
}

/** As client-go has it: a repeated event is counted, more than ten alike in ten minutes become one, then a trickle. */
const seriesMs = 360_000;
const alikeMs = 600_000;
const alikeLimit = 10;
const burst = 25;
const refillMs = 300_000;
const queueLimit = 1000;
/** In bytes, though the API server calls them characters when it refuses more. */
const noteLimit = 1024;

interface Told {
  readonly name: string;
  count: number;
  lastAt: number;
}

interface Allowance {
  tokens: number;
  filledAt: number;
  readonly notes: Map<string, number>;
}

export function createRecorder(
  client: Client,
  reporter: { readonly controller: string; readonly instance: string },
  log: Logger,
  now: () => number = Date.now,
): Recorder {
  const told = new Map<string, Told>();
  const allowances = new Map<string, Allowance>();
  let sending = Promise.resolve();
  let waiting = 0;

  function forgetOld(at: number): void {
    for (const [id, event] of told) if (at - event.lastAt > seriesMs) told.delete(id);
    for (const [uid, allowance] of allowances) {
      if (at - allowance.filledAt > burst * refillMs) allowances.delete(uid);
    }
  }

  function mayTell(uid: string, at: number): Allowance | undefined {
    const allowance = allowances.get(uid) ?? { tokens: burst, filledAt: at, notes: new Map() };
    allowances.set(uid, allowance);
    const refill = Math.floor((at - allowance.filledAt) / refillMs);
    allowance.tokens = Math.min(burst, allowance.tokens + refill);
    allowance.filledAt += refill * refillMs;
    if (allowance.tokens === 0) return undefined;
    allowance.tokens -= 1;
    return allowance;
  }

  function isOneOfMany(allowance: Allowance, happening: Happening, at: number): boolean {
    for (const [note, seenAt] of allowance.notes) if (at - seenAt > alikeMs) allowance.notes.delete(note);
    allowance.notes.set(`${happening.reason}\n${happening.note}`, at);
    const alike = [...allowance.notes.keys()].filter((note) => note.startsWith(`${happening.reason}\n`));
    return alike.length > alikeLimit;
  }

  async function send(object: KubeObject, happening: Happening, at: number, combined: boolean): Promise<void> {
    const { namespace, name, uid } = object.metadata;
    const time = microTime(new Date(at));
    const id = [uid, happening.type, happening.reason, combined ? '' : happening.note].join('\n');
    const before = told.get(id);
    if (before !== undefined && at - before.lastAt <= seriesMs) {
      before.count += 1;
      before.lastAt = at;
      try {
        const series = { count: before.count, lastObservedTime: time };
        await client.mergePatch(eventKind, { namespace, name: before.name }, { series });
        return;
      } catch (error) {
        // Events are swept away by the server after an hour; then this one is told anew.
        if (!isNotFound(error)) throw error;
      }
    }
    const event = `${name.slice(0, 200)}.${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const note = combined ? `(combined from similar events) ${happening.note}` : happening.note;
    await client.create(eventKind, {
      metadata: { namespace, name: event },
      type: happening.type,
      reason: happening.reason,
      action: happening.action,
      note: cutNote(note),
      eventTime: time,
      reportingController: reporter.controller,
      reportingInstance: reporter.instance.slice(0, 128),
      regarding: { apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid },
    });
    told.set(id, { name: event, count: 1, lastAt: at });
  }

  return {
    record(object, happening) {
      const at = now();
      forgetOld(at);
      const allowance = mayTell(object.metadata.uid, at);
      if (allowance === undefined || waiting >= queueLimit) return;
      const combined = isOneOfMany(allowance, happening, at);
      waiting += 1;
      sending = sending
        .then(() => send(object, happening, at, combined))
        .catch((error) => log.warn({ reason: happening.reason }, errorMessage(error)))
        .finally(() => {
          waiting -= 1;
        });
    },
    flush: () => sending,
  };
}

function cutNote(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= noteLimit) return note;
  const fitting = bytes.subarray(0, noteLimit - Buffer.byteLength('…'));
  // A stream that goes on leaves out the character that is not whole yet.
  return `${new TextDecoder().decode(fitting, { stream: true })}…`;
}

/** RFC 3339 with microseconds: the only form that MicroTime fields accept. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
