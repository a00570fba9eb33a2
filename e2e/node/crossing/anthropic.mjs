// Anthropic's package over a provider that speaks chat completions.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { ADVICE, HAMLET, PROMPT, TEXT, WEATHER, asked, chatModel as model, collect, refusal, script, url, well } from './stage.mjs';

const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0, timeout: 10_000 });
const messages = [{ role: 'user', content: PROMPT }];
const request = { model, max_tokens: 200, messages };

// Chat and streams.
await script({ reply: TEXT });
const whole = await client.messages.create({ ...request, system: 'Be brief.' });
assert.equal(whole.content[0].text, TEXT);
assert.equal(whole.stop_reason, 'end_turn');
assert.ok(whole.usage.input_tokens > 0 && whole.usage.output_tokens > 0 && whole._request_id);
const stream = client.messages.stream(request);
const pieces = [];
stream.on('text', (text) => pieces.push(text));
const final = await stream.finalMessage();
assert.equal(pieces.join(''), TEXT);
assert.ok(pieces.length > 5);
assert.equal(final.usage.output_tokens, whole.usage.output_tokens);

// Tools.
const tools = [{ name: 'get_weather', description: 'Looks out of the window', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];
for (const streamed of [false, true]) {
  await script(...WEATHER);
  const said = streamed ? await client.messages.stream({ ...request, tools }).finalMessage() : await client.messages.create({ ...request, tools });
  assert.equal(said.stop_reason, 'tool_use');
  const call = said.content.find((block) => block.type === 'tool_use');
  assert.deepEqual(call.input, { city: 'Oslo' });
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'rain in Oslo' }] };
  const answer = await client.messages.create({ ...request, tools, messages: [...messages, { role: 'assistant', content: said.content }, result] });
  assert.equal(answer.content[0].text, ADVICE);
}

// Structured output.
await script({ reply: { json: HAMLET } });
const schema = { type: 'object', properties: { title: { type: 'string' }, year: { type: 'integer' } }, required: ['title', 'year'], additionalProperties: false };
const play = await client.messages.create({ ...request, output_config: { format: { type: 'json_schema', schema } } });
assert.deepEqual(JSON.parse(play.content[0].text), HAMLET);
assert.deepEqual(await asked(), ['openai-chat']);

// Errors.
for (const [status, kind] of [[400, Anthropic.BadRequestError], [401, Anthropic.AuthenticationError], [429, Anthropic.RateLimitError], [503, Anthropic.InternalServerError]]) {
  await script({ fault: status, reply: TEXT });
  const refused = await refusal(client.messages.create(request));
  assert.ok(refused instanceof kind, `${status}: ${refused}`);
  assert.equal(refused.error.type, 'error');
  assert.ok(refused.requestID);
}
await script({ reply: TEXT, fault: 'error_event' });
const broken = await refusal(client.messages.create({ ...request, stream: true }).then(collect));
assert.ok(broken instanceof Anthropic.APIError, String(broken));
well();
