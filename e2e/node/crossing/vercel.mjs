// The Vercel AI SDK over providers of the other protocol than it speaks itself.
import assert from 'node:assert/strict';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, Output, embedMany, generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { ADVICE, HAMLET, PROMPT, TEXT, WEATHER, asked, chatModel, collect, messagesModel, refusal, script, url, well } from './stage.mjs';

const options = { baseURL: `${url}/v1`, apiKey: 'none' };
const openai = createOpenAI(options);
const clients = [
  [createAnthropic(options)(chatModel), 'openai-chat'],
  [openai.chat(messagesModel), 'anthropic-messages'],
];
const Play = z.object({ title: z.string(), year: z.number().int() });
const get_weather = tool({
  description: 'Looks out of the window',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `rain in ${city}`,
});

for (const [model, upstream] of clients) {
  const request = { model, prompt: PROMPT, maxRetries: 0 };

  // Chat and streams.
  await script({ reply: TEXT });
  const whole = await generateText({ ...request, system: 'Be brief.' });
  assert.equal(whole.text, TEXT);
  assert.equal(whole.finishReason, 'stop');
  assert.ok(whole.usage.totalTokens > 0);
  const streaming = streamText(request);
  const pieces = await collect(streaming.textStream);
  assert.equal(pieces.join(''), TEXT);
  assert.ok(pieces.length > 5);
  assert.equal((await streaming.usage).outputTokens, whole.usage.outputTokens);

  // Tools.
  await script(...WEATHER);
  const looking = { ...request, tools: { get_weather }, stopWhen: stepCountIs(3) };
  assert.equal((await generateText(looking)).text, ADVICE);
  assert.equal((await collect(streamText(looking).textStream)).join(''), ADVICE);

  // Structured output.
  await script({ when: { tools: ['json'] }, reply: { tool_calls: [{ name: 'json', arguments: HAMLET }] } }, { reply: { json: HAMLET } });
  const { output } = await generateText({ ...request, output: Output.object({ schema: Play }) });
  assert.deepEqual(output, HAMLET);
  const partly = streamText({ ...request, output: Output.object({ schema: Play }) });
  assert.deepEqual((await collect(partly.partialOutputStream)).at(-1), HAMLET);
  assert.deepEqual(await asked(), [upstream]);

  // Errors.
  await script({ fault: 401, reply: TEXT });
  const refused = await refusal(generateText(request));
  assert.ok(APICallError.isInstance(refused) && refused.statusCode === 401 && !refused.isRetryable, String(refused));
  await script({ fault: 429, reply: TEXT });
  assert.equal((await refusal(generateText(request))).isRetryable, true);
  await script({ reply: TEXT, fault: 'error_event' });
  const parts = await collect(streamText({ ...request, onError() {} }).fullStream);
  assert.ok(parts.some((part) => part.type === 'error'));
}

// Embeddings.
const { embeddings } = await embedMany({ model: openai.embedding('text-embedding-3-small'), values: [PROMPT, 'b'] });
assert.deepEqual(embeddings.map((embedding) => embedding.length), [1536, 1536]);
well();
