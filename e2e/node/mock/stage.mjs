// What the scripts for the double share: where it is, how a script is put, what it was asked.
import OpenAI from 'openai';

const { URL: root, NAMESPACE: namespace } = process.env;
export const baseURL = `${root}/v1`;
export const apiKey = `sk-test-${namespace}`;
export const model = 'gpt-4o-mini';
export const TEXT = 'The quick brown fox jumps over the lazy dog.';
export const HAMLET = { title: 'Hamlet', year: 1601 };
export const BUSY = { status: 503, times: 2, retry_after_s: 0.01 };

export function client(options = {}) {
  return new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 10_000, ...options });
}

/** Follows a script: `await script({ reply: 'Hello' }, …)`. */
export async function script(...rules) {
  const answer = await fetch(`${root}/__playhouse/namespaces/${namespace}/script`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rules }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

export async function calls() {
  const answer = await fetch(`${root}/__playhouse/namespaces/${namespace}/calls`);
  return (await answer.json()).calls;
}

/** Waits until the double has noticed that the client of the last call has left. */
export async function untilLeft() {
  for (let tries = 0; tries < 150; tries += 1) {
    if ((await calls()).at(-1)?.ended === 'client_left') return;
    await pause(20);
  }
  throw new Error('the double did not notice that its client left');
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The error that this promise is rejected with. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('there was an answer where a refusal was expected');
}

export async function collect(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

export const ask = (text) => [{ role: 'user', content: text }];

/** Calls the tool, and then tells what it said. */
export const WEATHER = [
  { when: { tool_result: { name: 'get_weather', content: 'rain in Oslo' } }, reply: 'Take an umbrella.' },
  { when: { tools: ['get_weather'] }, reply: { tool_calls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] } },
];

export function well() {
  console.log('well');
}
