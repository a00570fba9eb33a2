import assert from 'node:assert/strict';
import { client, collect, messages, model, textOf, well } from './stage.mjs';

const whole = await client().chat.completions.create({ model, messages });
const chunks = await collect(await client().chat.completions.create({ model, messages, stream: true }));
assert.equal(chunks[0].choices[0].delta.role, 'assistant');
assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
assert.equal(textOf(chunks), whole.choices[0].message.content);
assert.ok(chunks.every((chunk) => !chunk.usage), 'usage came though nobody asked for it');
well();
