// The Vercel AI SDK: chat, streams, tools, structured output, errors, retries, cancellation.
import assert from 'node:assert/strict';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, Output, RetryError, embedMany, generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { BUSY, HAMLET, TEXT, WEATHER, apiKey, baseURL, calls, collect, model as name, pause, refusal, script, untilLeft, well } from './stage.mjs';

const openai = createOpenAI({ baseURL, apiKey });
const model = openai.chat(name);
const Play = z.object({ title: z.string(), year: z.number().int() });
const get_weather = tool({
  description: 'Looks out of the window',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `rain in ${city}`,
});
const quiet = { onError() {} };

// Chat and streams.
await script({ reply: TEXT });
const whole = await generateText({ model, prompt: 'Hi' });
assert.equal(whole.text, TEXT);
assert.ok(whole.usage.totalTokens > 0);
const pieces = await collect(streamText({ model, prompt: 'Hi' }).textStream);
assert.equal(pieces.join(''), TEXT);
assert.ok(pieces.length > 5);

// Tools.
await script(...WEATHER);
const request = { model, prompt: 'The weather?', tools: { get_weather }, stopWhen: stepCountIs(3) };
assert.equal((await generateText(request)).text, 'Take an umbrella.');
assert.equal((await collect(streamText(request).textStream)).join(''), 'Take an umbrella.');

// Structured output, as scripted and made up.
for (const reply of [{ json: HAMLET }, { generate: true }]) {
  await script({ reply });
  const { output } = await generateText({ model, prompt: 'What is on?', output: Output.object({ schema: Play }) });
  assert.ok(Play.safeParse(output).success);
}
await script({ reply: { json: HAMLET } });
const streamed = streamText({ model, prompt: 'What is on?', output: Output.object({ schema: Play }) });
assert.deepEqual((await collect(streamed.partialOutputStream)).at(-1), HAMLET);

// Errors and retries.
await script({ fault: 401 });
const refused = await refusal(generateText({ model, prompt: 'Hi', maxRetries: 0 }));
assert.ok(APICallError.isInstance(refused) && refused.statusCode === 401 && !refused.isRetryable);
await script({ fault: { status: 503, retry_after_s: 0.01 } });
assert.ok(RetryError.isInstance(await refusal(generateText({ model, prompt: 'Hi', maxRetries: 1 }))));
await script({ reply: 'ok', fault: BUSY });
const before = (await calls()).length;
assert.equal((await generateText({ model, prompt: 'Hi', maxRetries: 2 })).text, 'ok');
assert.deepEqual((await calls()).slice(before).map((call) => call.status), [503, 503, 200]);
await script({ reply: TEXT, fault: 'error_event' });
const parts = await collect(streamText({ model, prompt: 'Hi', ...quiet }).fullStream);
assert.ok(parts.some((part) => part.type === 'error'));

// Cancellation.
await script({ reply: TEXT, pace: { first_token_ms: 5000 } });
const controller = new AbortController();
const pending = refusal(generateText({ model, prompt: 'Hi', abortSignal: controller.signal }));
await pause(300);
controller.abort();
assert.equal((await pending).name, 'AbortError');
await untilLeft();
await script({ reply: TEXT, pace: { token_ms: 200 } });
const leaving = new AbortController();
for await (const part of streamText({ model, prompt: 'Hi', abortSignal: leaving.signal, ...quiet }).fullStream) {
  if (part.type === 'text-delta') leaving.abort();
}
await untilLeft();

// Embeddings.
const { embeddings } = await embedMany({ model: openai.embedding('text-embedding-3-small'), values: ['a', 'b'] });
assert.deepEqual(embeddings.map((embedding) => embedding.length), [1536, 1536]);
well();
