import assert from 'node:assert/strict';
import { client, collect, messages, model, well } from './stage.mjs';

const asked = { model, messages, stream: true, stream_options: { include_usage: true } };
const chunks = await collect(await client().chat.completions.create(asked));
assert.deepEqual(chunks.at(-1).choices, []);
assert.ok(chunks.at(-1).usage.total_tokens > 0);
assert.ok(chunks.slice(0, -1).every((chunk) => !chunk.usage));

const final = await client().chat.completions.stream(asked).finalChatCompletion();
assert.equal(final.choices[0].finish_reason, 'stop');
assert.equal(final.usage.total_tokens, chunks.at(-1).usage.total_tokens);
well();
