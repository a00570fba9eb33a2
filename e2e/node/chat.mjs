import assert from 'node:assert/strict';
import { client, messages, model, well } from './stage.mjs';

const completion = await client().chat.completions.create({ model, messages });
assert.equal(completion.object, 'chat.completion');
assert.equal(completion.choices[0].finish_reason, 'stop');
assert.ok(completion.choices[0].message.content.trim());
const { prompt_tokens, completion_tokens, total_tokens } = completion.usage;
assert.ok(total_tokens > 0 && total_tokens === prompt_tokens + completion_tokens);
well();
