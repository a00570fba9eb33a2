// The official package: chat, streams, tools, structured output, errors, retries, cancellation, Responses.
import assert from 'node:assert/strict';
import { zodResponseFormat } from 'openai/helpers/zod';
import OpenAI from 'openai';
import { z } from 'zod';
import { BUSY, HAMLET, TEXT, WEATHER, ask, calls, client, collect, model, pause, refusal, script, untilLeft, well } from './stage.mjs';

const chat = (options, more = {}) => client(options).chat.completions.create({ model, messages: ask('Hi'), ...more });
const Play = z.object({ title: z.string(), year: z.number().int() });

// Chat and streams.
await script({ reply: TEXT });
assert.equal((await chat()).choices[0].message.content, TEXT);
const chunks = await collect(await chat({}, { stream: true, stream_options: { include_usage: true } }));
assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), TEXT);
assert.ok(chunks.length > 10 && chunks.at(-1).usage.total_tokens > 0);

// Tools.
for (const stream of [false, true]) {
  await script(...WEATHER);
  const get_weather = ({ city }) => `rain in ${city}`;
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const runner = client().chat.completions.runTools({
    model,
    messages: ask('The weather?'),
    stream,
    tools: [{ type: 'function', function: { name: 'get_weather', description: 'Looks', parameters, parse: JSON.parse, function: get_weather } }],
  });
  assert.equal(await runner.finalContent(), 'Take an umbrella.');
}

// Structured output, as scripted and made up.
for (const reply of [{ json: HAMLET }, { generate: true }]) {
  await script({ reply });
  const answer = await client().chat.completions.parse({ model, messages: ask('What is on?'), response_format: zodResponseFormat(Play, 'play') });
  assert.ok(Play.safeParse(answer.choices[0].message.parsed).success);
}

// Errors and retries.
await script({ fault: 429 });
assert.ok((await refusal(chat())) instanceof OpenAI.RateLimitError);
await script({ fault: 'reset_before_headers' });
assert.ok((await refusal(chat())) instanceof OpenAI.APIConnectionError);
await script({ reply: TEXT, fault: 'error_event' });
assert.ok((await refusal(collect(await chat({}, { stream: true })))) instanceof OpenAI.APIError);
await script({ reply: 'ok', fault: BUSY });
const before = (await calls()).length;
assert.equal((await chat({ maxRetries: 2 })).choices[0].message.content, 'ok');
assert.deepEqual((await calls()).slice(before).map((call) => call.status), [503, 503, 200]);

// Cancellation.
await script({ reply: TEXT, pace: { first_token_ms: 5000 } });
const controller = new AbortController();
const pending = refusal(client().chat.completions.create({ model, messages: ask('Hi') }, { signal: controller.signal }));
await pause(200);
controller.abort();
assert.ok((await pending) instanceof OpenAI.APIUserAbortError);
await untilLeft();
await script({ reply: TEXT, pace: { token_ms: 200 } });
const stream = await chat({}, { stream: true });
for await (const _ of stream) break;
await untilLeft();

// Responses: whole, streamed, gone on with, kept.
await script({ when: { turn: 2 }, reply: 'The second.' }, { reply: TEXT });
const response = await client().responses.create({ model, input: 'Hi' });
assert.equal(response.output_text, TEXT);
const following = client().responses.stream({ model, input: 'again', previous_response_id: response.id });
let told = '';
following.on('response.output_text.delta', ({ delta }) => (told += delta));
const followed = await following.finalResponse();
assert.deepEqual([followed.output_text, told], ['The second.', 'The second.']);
assert.equal((await client().responses.retrieve(followed.id)).output_text, 'The second.');
await client().responses.delete(followed.id);
assert.ok((await refusal(client().responses.retrieve(followed.id))) instanceof OpenAI.NotFoundError);
assert.ok((await refusal(client().responses.create({ model, input: 'Hi', previous_response_id: followed.id }))) instanceof OpenAI.BadRequestError);

// Embeddings and models.
const { data } = await client().embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] });
assert.deepEqual(data.map((item) => item.embedding.length), [1536, 1536]);
assert.equal((await client().models.retrieve(model)).id, model);
well();
