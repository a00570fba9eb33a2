import assert from 'node:assert/strict';
import { ANSWER, OpenAI, client, messages, model, refusal, textOf, well } from './stage.mjs';

const chunks = [];
const broken = await refusal((async () => {
  const stream = await client().chat.completions.create({ model, messages, stream: true });
  for await (const chunk of stream) chunks.push(chunk);
})());
assert.ok(broken instanceof OpenAI.APIError, String(broken));
assert.equal(textOf(chunks), ANSWER);
well();
