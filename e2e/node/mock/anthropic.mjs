// Anthropic's official package: chat, streams, tools, thinking, counts, models, errors, retries, cancellation.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { BUSY, HAMLET, TEXT, WEATHER, apiKey, ask, calls, collect, pause, refusal, script, untilLeft, well } from './stage.mjs';

const baseURL = process.env.URL;
const model = 'claude-haiku-4-5';
const client = (options) => new Anthropic({ baseURL, apiKey, maxRetries: 0, timeout: 10_000, ...options });
const asked = (more = {}) => ({ model, max_tokens: 200, messages: ask('Hi'), ...more });
const chat = (options, more) => client(options).messages.create(asked(more));
const textOf = (message) => message.content.map((block) => block.text ?? '').join('');

// Chat and streams.
await script({ reply: TEXT });
const whole = await chat();
assert.equal(textOf(whole), TEXT);
assert.ok(whole._request_id && whole.usage.input_tokens > 0);
const stream = client().messages.stream(asked());
const pieces = [];
stream.on('text', (piece) => pieces.push(piece));
const final = await stream.finalMessage();
assert.equal(textOf(final), TEXT);
assert.equal(pieces.join(''), TEXT);
assert.ok(pieces.length > 5);
assert.equal(final.usage.output_tokens, whole.usage.output_tokens);

// Tools.
const tools = [{ name: 'get_weather', description: 'Looks', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];
for (const streamed of [false, true]) {
  await script(...WEATHER);
  const say = (messages) => (streamed ? client().messages.stream(asked({ messages, tools })).finalMessage() : chat({}, { messages, tools }));
  const first = await say(ask('The weather?'));
  assert.equal(first.stop_reason, 'tool_use');
  const call = first.content.find((block) => block.type === 'tool_use');
  assert.deepEqual(call.input, { city: 'Oslo' });
  const result = { type: 'tool_result', tool_use_id: call.id, content: `rain in ${call.input.city}` };
  const told = [...ask('The weather?'), { role: 'assistant', content: first.content }, { role: 'user', content: [result] }];
  assert.equal(textOf(await say(told)), 'Take an umbrella.');
  const unanswered = await refusal(say([...told.slice(0, 2), ...ask('And?')]));
  assert.match(unanswered.message, /without `tool_result` blocks immediately after/);
}

// Thinking, signed and given back.
await script({ when: { turn: 2 }, reply: 'As I said.' }, { reply: { reasoning: 'The user greets.', text: TEXT } });
const thinking = { type: 'enabled', budget_tokens: 1024 };
const thought = await client().messages.stream(asked({ max_tokens: 4000, thinking })).finalMessage();
assert.equal(thought.content[0].thinking, 'The user greets.');
assert.ok(thought.content[0].signature.length > 0);
const again = [...ask('Hi'), { role: 'assistant', content: thought.content }, ...ask('again')];
assert.equal(textOf(await chat({}, { max_tokens: 4000, thinking, messages: again })), 'As I said.');

// Structured output, as scripted and made up.
const schema = { type: 'object', properties: { title: { type: 'string' }, year: { type: 'integer' } }, required: ['title', 'year'], additionalProperties: false };
for (const reply of [{ json: HAMLET }, { generate: true }]) {
  await script({ reply });
  const made = JSON.parse(textOf(await chat({}, { output_config: { format: { type: 'json_schema', schema } } })));
  assert.ok(typeof made.title === 'string' && Number.isInteger(made.year));
}

// Counts and models.
await script({ reply: TEXT });
const counted = await client().messages.countTokens({ model, messages: ask('Hi'), tools });
assert.equal(counted.input_tokens, (await chat({}, { tools })).usage.input_tokens);
const names = (await collect(client().models.list({ limit: 4 }))).map((each) => each.id);
assert.ok(names.length > 4 && names.includes('claude-haiku-4-5-20251001'));
assert.equal((await client().models.retrieve(model)).type, 'model');
assert.equal(textOf(await chat({ baseURL: `${baseURL}/anthropic` })), TEXT);

// Errors and retries.
const wrong = await refusal(chat({}, { temperature: 1.5 }));
assert.ok(wrong instanceof Anthropic.BadRequestError);
assert.equal(wrong.error.error.message, 'temperature: range: 0..1');
assert.ok((await refusal(chat({}, { model: 'claude-nought' }))) instanceof Anthropic.NotFoundError);
await script({ fault: 429 });
const limited = await refusal(chat());
assert.ok(limited instanceof Anthropic.RateLimitError && limited.headers.get('retry-after'));
await script({ fault: 529 });
assert.equal((await refusal(chat())).error.error.type, 'overloaded_error');
await script({ fault: 'reset_before_headers' });
assert.ok((await refusal(chat())) instanceof Anthropic.APIConnectionError);
await script({ reply: TEXT, fault: 'error_event' });
assert.ok((await refusal(collect(await chat({}, { stream: true })))) instanceof Anthropic.APIError);
await script({ reply: 'ok', fault: BUSY });
const before = (await calls()).length;
assert.equal(textOf(await chat({ maxRetries: 2 })), 'ok');
assert.deepEqual((await calls()).slice(before).map((call) => call.status), [503, 503, 200]);

// Cancellation.
await script({ reply: TEXT, pace: { token_ms: 200 } });
for await (const _ of await chat({}, { stream: true })) break;
await untilLeft();
await script({ reply: TEXT, pace: { first_token_ms: 5000 } });
const controller = new AbortController();
const pending = refusal(client().messages.create(asked(), { signal: controller.signal }));
await pause(200);
controller.abort();
assert.ok((await pending) instanceof Anthropic.APIUserAbortError);
await untilLeft();
well();
