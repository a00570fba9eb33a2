// OpenAI's package over a provider that speaks Anthropic's Messages.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { ADVICE, HAMLET, PROMPT, TEXT, WEATHER, asked, collect, messagesModel as model, refusal, script, url, well } from './stage.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0, timeout: 10_000 });
const request = { model, messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: PROMPT }] };

// Chat and streams.
await script({ reply: TEXT });
const whole = await client.chat.completions.create(request);
assert.equal(whole.choices[0].message.content, TEXT);
assert.equal(whole.choices[0].finish_reason, 'stop');
const chunks = await collect(await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } }));
assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), TEXT);
assert.ok(chunks.length > 10);
assert.deepEqual(chunks.at(-1).usage.completion_tokens, whole.usage.completion_tokens);

// Tools.
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
for (const stream of [false, true]) {
  await script(...WEATHER);
  const looks = { name: 'get_weather', description: 'Looks', parameters, parse: JSON.parse, function: ({ city }) => `rain in ${city}` };
  const runner = client.chat.completions.runTools({ ...request, stream, tools: [{ type: 'function', function: looks }] });
  assert.equal(await runner.finalContent(), ADVICE);
}

// Structured output.
await script({ reply: { json: HAMLET } });
const Play = z.object({ title: z.string(), year: z.number().int() });
const play = await client.chat.completions.parse({ ...request, response_format: zodResponseFormat(Play, 'play') });
assert.deepEqual(play.choices[0].message.parsed, HAMLET);
assert.deepEqual(await asked(), ['anthropic-messages']);

// Errors.
for (const [status, kind] of [[400, OpenAI.BadRequestError], [401, OpenAI.AuthenticationError], [429, OpenAI.RateLimitError], [529, OpenAI.InternalServerError]]) {
  await script({ fault: status, reply: TEXT });
  const refused = await refusal(client.chat.completions.create(request));
  assert.ok(refused instanceof kind, `${status}: ${refused}`);
  assert.ok(refused.error.message && refused.requestID);
}
await script({ reply: TEXT, fault: 'error_event' });
const broken = await refusal(client.chat.completions.create({ ...request, stream: true }).then(collect));
assert.ok(broken instanceof OpenAI.APIError, String(broken));

// Embeddings.
const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: [PROMPT, 'b'] });
assert.deepEqual(data.map((item) => item.embedding.length), [1536, 1536]);
const refused = await refusal(client.embeddings.create({ model, input: PROMPT }));
assert.ok(refused instanceof OpenAI.BadRequestError && refused.param === 'model', String(refused));
well();
