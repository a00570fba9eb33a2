import assert from 'node:assert/strict';
import { client, messages, model, well } from './stage.mjs';

const { data, response, request_id } = await client().chat.completions.create({ model, messages }).withResponse();
assert.equal(response.status, 200);
assert.ok(request_id);
assert.equal(request_id, response.headers.get('x-request-id'));
assert.equal(data._request_id, request_id);
well();
