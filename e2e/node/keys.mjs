import assert from 'node:assert/strict';
import { KEY, OpenAI, client, messages, model, refusal, well } from './stage.mjs';

const refused = await refusal(client('sk-wrong-key').chat.completions.create({ model, messages }));
assert.ok(refused instanceof OpenAI.AuthenticationError, String(refused));
assert.equal(refused.code, 'invalid_api_key');
assert.ok(!refused.message.includes('sk-wrong-key'));

const completion = await client(KEY).chat.completions.create({ model, messages });
assert.ok(completion.choices[0].message.content);
well();
