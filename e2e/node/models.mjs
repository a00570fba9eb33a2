import assert from 'node:assert/strict';
import { client, collect, well } from './stage.mjs';

const models = await collect(await client().models.list());
assert.ok(models.length > 0);
assert.ok(models.every((model) => model.object === 'model' && model.id));
well();
