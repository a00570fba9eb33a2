import assert from 'node:assert/strict';
import { OpenAI, client, messages, model, refusal, well } from './stage.mjs';

const bad = await refusal(client().chat.completions.create({ model, messages: [] }));
assert.ok(bad instanceof OpenAI.BadRequestError, String(bad));
assert.equal(bad.param, 'messages');
assert.equal(bad.type, 'invalid_request_error');
assert.ok(bad.requestID);

const streamed = await refusal(client().chat.completions.create({ model, messages: 'hello', stream: true }));
assert.ok(streamed instanceof OpenAI.BadRequestError, String(streamed));

const missing = await refusal(client().post('/no/such/route', { body: { model, messages } }));
assert.ok(missing instanceof OpenAI.NotFoundError, String(missing));
well();
