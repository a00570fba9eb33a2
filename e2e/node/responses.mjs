// OpenAI's client and the AI SDK over Responses: a tool whose answer is streamed, and what a break throws.
import assert from 'node:assert/strict';
import { createOpenAI } from '@ai-sdk/openai';
import { stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { ANSWER, client, collect, model, PROMPT, well } from './stage.mjs';

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const weather = { type: 'function', name: 'get_weather', description: 'The weather in a city', parameters, strict: true };

const openai = client();
const events = await collect(await openai.responses.create({ model, input: PROMPT, tools: [weather], stream: true }));
assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, number) => number));
const { output } = events.at(-1).response;
const call = output.find((item) => item.type === 'function_call');
assert.deepEqual(JSON.parse(call.arguments), { city: 'Oslo' });
const result = { type: 'function_call_output', call_id: call.call_id, output: 'rain' };
const input = [{ role: 'user', content: PROMPT }, ...output, result];
const answer = await openai.responses.create({ model, input, tools: [weather] });
assert.equal(answer.output_text, `${ANSWER} rain`);

const sdk = createOpenAI({ baseURL: process.env.BASE_URL, apiKey: 'none' });
// Where answers are kept, what was said is sent as references to them.
for (const store of [true, false]) {
  const asked = [];
  const told = streamText({
    model: sdk.responses(model),
    prompt: PROMPT,
    maxRetries: 0,
    stopWhen: stepCountIs(3),
    providerOptions: { openai: { store } },
    tools: {
      get_weather: tool({
        description: 'The weather in a city',
        inputSchema: z.object({ city: z.string() }),
        execute: ({ city }) => {
          asked.push(city);
          return 'rain';
        },
      }),
    },
  });
  assert.ok((await told.text).includes(ANSWER));
  assert.deepEqual(asked, ['Oslo']);
  assert.equal(await told.finishReason, 'stop');
}
well();
