import assert from 'node:assert/strict';
import { ANSWER, client, messages, model, well } from './stage.mjs';

const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const asked = [];
const runner = client().chat.completions.runTools({
  model,
  messages,
  stream: true,
  tools: [{
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather in a city',
      parameters,
      parse: JSON.parse,
      function: ({ city }) => {
        asked.push(city);
        return 'rain';
      },
    },
  }],
});
assert.equal(await runner.finalContent(), `${ANSWER} rain`);
assert.deepEqual(asked, ['Oslo']);
well();
