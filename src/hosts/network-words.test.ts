import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkWords } from './network-words.ts';

const failed = (code: string, message: string) => Object.assign(new Error(message), { code });

for (const [error, words] of [
  [failed('ENOTFOUND', 'getaddrinfo ENOTFOUND x'), 'DNS does not know its name, so correct the address or the DNS'],
  [failed('EAI_AGAIN', 'getaddrinfo EAI_AGAIN x'), 'DNS does not answer'],
  [
    failed('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:22'),
    'nothing listens at this port, so start sshd there or correct the port',
  ],
  [failed('EHOSTUNREACH', 'connect EHOSTUNREACH 10.0.0.1:22'), 'no route leads to it, or it is switched off'],
  [failed('EPIPE', 'write EPIPE.'), 'write EPIPE'],
  [new Error('the connection was closed'), 'the connection was closed'],
] as const) {
  test(`networkWords() says "${words}" of "${error.message}"`, () => assert.equal(networkWords(error), words));
}
